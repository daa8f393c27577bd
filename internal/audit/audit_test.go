package audit_test

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"sallyport/internal/audit"
	"sallyport/internal/db"
	"sallyport/internal/db/dbtest"
)

// TestWhatIsRecordedIsRead, newest first, an account's own only, whatever a client claims to be.
func TestWhatIsRecordedIsRead(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		now := time.Date(2026, time.November, 23, 9, 0, 0, 0, time.UTC)
		for i, account := range []string{"acc_1", "acc_2", "acc_1", "acc_1"} {
			e := audit.Event{
				AccountID: account, Action: audit.SignedIn, Target: "usr_1", Detail: map[string]string{"text": "a\x00\xff\"'</script>"},
				Actor: audit.Actor{Address: "192.0.2.1\x00", UserAgent: "x\x00\xff\r\n" + strings.Repeat("ü", 300)}.As("usr_1"),
			}
			if err := d.Run(t.Context(), audit.Record(now.Add(time.Duration(i)*time.Second), e)); err != nil {
				t.Fatal(err)
			}
		}
		events, err := audit.List(t.Context(), d, "acc_1", 2)
		if err != nil || len(events) != 2 {
			t.Fatalf("%d events, %v", len(events), err)
		}
		e := events[0]
		if !e.At.Equal(now.Add(3*time.Second)) || e.Actor.Kind != audit.KindUser || e.Actor.ID != "usr_1" || e.AccountID != "acc_1" {
			t.Errorf("the newest is %+v", e)
		}
		if a := e.Actor.UserAgent; utf8.RuneCountInString(a) != 256 || strings.ContainsAny(a, "\x00\r\n") {
			t.Errorf("the client is %q", a)
		}
	})
}

// FuzzClaim: one line, printable, short, and fit for both engines.
func FuzzClaim(f *testing.F) {
	for _, s := range []string{"", "Mozilla/5.0", "\x00", "a\xffb", "\x1b[31m", "line\r\nline", "\u0085", strings.Repeat("€", 300)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := audit.Claim(s)
		if !utf8.ValidString(got) || utf8.RuneCountInString(got) > 256 || strings.ContainsAny(got, "\x00\r\n\x1b\u0085") || audit.Claim(got) != got {
			t.Errorf("%q gives %q", s, got)
		}
	})
}
