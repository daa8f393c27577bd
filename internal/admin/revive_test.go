package admin_test

import (
	"strings"
	"testing"
	"time"

	"sallyport/internal/audit"
	"sallyport/internal/db"
	"sallyport/internal/db/dbtest"
	"sallyport/internal/domaintest"
	"sallyport/internal/session"
	"sallyport/internal/user"
)

// operatorSets changes the policy, setting by setting, as the operator does.
func operatorSets(t *testing.T, w *domaintest.World, settings string) {
	t.Helper()
	_, a, err := w.Admin.OperatorChangesPolicy(t.Context(), w.Acme.ID, strings.Fields(settings), audit.Operator())
	if err != nil {
		t.Fatalf("%s: %v", settings, err)
	}
	w.Acme = a
}

// TestWhatAPolicyEndedStaysEnded: a session that is over by a policy does not live again by a later one, however long that lets it. Nobody
// has looked at it in between, so its row is there still. Who was within all of them goes on.
func TestWhatAPolicyEndedStaysEnded(t *testing.T) {
	const long = "session_lifetime=24h session_idle=24h"
	for name, c := range map[string]struct {
		was, then  string        // the policies, one after the other
		used, last time.Duration // when the session is used, and when the last policy comes
		want       error
	}{
		"idle":                    {"session_idle=5m", "", 0, 5 * time.Minute, session.ErrNone},
		"not quite idle":          {"session_idle=5m", "", 0, 5*time.Minute - time.Second, nil},
		"idle by the one between": {"session_idle=2h", "session_idle=5m", 0, 10 * time.Minute, session.ErrNone},
		"within the one between":  {"session_idle=2h", "session_idle=15m", 0, 10 * time.Minute, nil},
		"over by the one between": {long, "session_lifetime=10m session_idle=10m", 6 * time.Minute, 10 * time.Minute, session.ErrNone},
		"not quite over by that":  {long, "session_lifetime=10m session_idle=10m", 6 * time.Minute, 10*time.Minute - time.Second, nil},
		"idle for long":           {"session_idle=1m", "", 0, time.Hour, session.ErrNone},
	} {
		t.Run(name, func(t *testing.T) {
			dbtest.Each(t, func(t *testing.T, d *db.DB) {
				w := domaintest.New(t, d)
				operatorSets(t, w, c.was)
				b := w.SignInPlain(t, w.Grace)
				began := w.Clock.Now()
				operatorSets(t, w, c.then+" trusted_browser_days=1")
				if c.used > 0 {
					w.Clock.Set(began.Add(c.used))
					w.Open(t, b.Cookie)
				}
				w.Clock.Set(began.Add(c.last))
				operatorSets(t, w, long)
				operatorSets(t, w, "sms_daily_budget=7") // a change of something else takes nothing back
				w.Clock.Advance(time.Second)
				_, err := w.Sessions.Check(t.Context(), b.Cookie)
				wantError(t, "the session", err, c.want)
				w.Open(t, w.SignInPlain(t, w.Grace).Cookie)
			})
		})
	}
}

// TestAPolicyOfAClockAhead: what a policy ended was noted by a clock that was a year ahead. It keeps nobody out, and the next change is
// noted by the right one.
func TestAPolicyOfAClockAhead(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := domaintest.New(t, d)
		w.Clock.Advance(365 * 24 * time.Hour)
		operatorSets(t, w, "session_idle=5m")
		w.Clock.Advance(-365 * 24 * time.Hour)
		b := w.SignInPlain(t, w.Grace)
		w.Clock.Advance(5 * time.Minute)
		operatorSets(t, w, "session_idle=24h")
		w.Clock.Advance(time.Second)
		_, err := w.Sessions.Check(t.Context(), b.Cookie)
		wantError(t, "the session", err, session.ErrNone)
	})
}

// TestFewerDaysEndTrust: more days afterwards take nothing back.
func TestFewerDaysEndTrust(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := domaintest.New(t, d)
		operatorSets(t, w, "trusted_browser_days=30")
		trust(t, w, w.Acme, w.Grace)
		w.Clock.Advance(time.Second)
		operatorSets(t, w, "trusted_browser_days=20")
		operatorSets(t, w, "trusted_browser_days=365")
		if got := trusted(t, w, w.Grace); got != "" {
			t.Errorf("trusted are%s", got)
		}
	})
}

// TestADemandTakenBackRevivesNothing: sessions end when a second factor, or a passkey, is demanded that their person does not have. They
// stay ended when it no longer is, or later; the sessions of those of whom it was not demanded go on.
func TestADemandTakenBackRevivesNothing(t *testing.T) {
	for name, c := range map[string]struct {
		demand, easier string
		since          time.Duration // before now, the demand
		ended          string        // whose sessions
	}{
		"of all":               {"enforcement=required grace_days=0", "enforcement=optional", 0, "alan grace newcomer"},
		"of all, with grace":   {"enforcement=required grace_days=3", "grace_days=90", 48 * time.Hour, "alan grace"},
		"of administrators":    {"enforcement_admins=required grace_days=0", "enforcement_admins=recommended", 0, "alan"},
		"not of members":       {"enforcement=required enforcement_admins=required grace_days=0", "enforcement=optional", 0, "alan grace newcomer"},
		"not in force":         {"enforcement=required grace_days=30", "enforcement=optional", 0, ""},
		"a passkey":            {"passkey_required=everyone", "passkey_required=admins", 0, "phone"},
		"a passkey of admins":  {"passkey_required=admins", "passkey_required=optional", 0, ""},
		"something else eased": {"enforcement=required grace_days=30", "sms_daily_budget=7", 0, ""},
	} {
		t.Run(name, func(t *testing.T) {
			dbtest.Each(t, func(t *testing.T, d *db.DB) {
				w := domaintest.New(t, d)
				operatorSets(t, w, "session_lifetime=240h session_idle=240h")
				w.Clock.Advance(48 * time.Hour)
				phone := w.AddUser(t, w.Acme, "phone@acme.test", "Phone", user.Member)
				newcomer := w.AddUser(t, w.Acme, "new@acme.test", "New", user.Member)
				w.Enrol(t, phone)
				w.Enrol(t, w.Ada)
				cookies := map[string]string{"phone": w.Browse(t, phone).Cookie}
				for who, u := range map[string]user.User{"alan": w.Alan, "grace": w.Grace, "newcomer": newcomer} {
					cookies[who] = w.SignInPlain(t, u).Cookie
				}
				operatorSets(t, w, c.demand)
				if c.since > 0 {
					if _, err := d.Exec(t.Context(), `UPDATE accounts SET required_at = required_at - $1`, c.since.Microseconds()); err != nil {
						t.Fatal(err)
					}
				}
				w.Clock.Advance(71 * time.Hour)
				operatorSets(t, w, c.easier)
				w.Clock.Advance(time.Second)
				ended := ""
				for _, who := range []string{"alan", "grace", "newcomer", "phone"} {
					if _, err := w.Sessions.Check(t.Context(), cookies[who]); err != nil {
						ended += " " + who
					}
				}
				if strings.TrimSpace(ended) != c.ended {
					t.Errorf("ended are%s, want %s", ended, c.ended)
				}
			})
		})
	}
}

// TestGraceOfADemandOfThisMoment: a program with a key demands a second factor, and lengthens the grace in the same second. What is remembered
// of the key's account does not know of the demand yet; nobody's session ends by that.
func TestGraceOfADemandOfThisMoment(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := domaintest.New(t, d)
		w.Clock.Advance(10 * 24 * time.Hour)
		grace, b := w.SignInPlain(t, w.Grace), strong(t, w, w.Ada)
		for _, settings := range []string{"enforcement=required grace_days=3", "grace_days=30"} {
			if _, err := w.Admin.ChangePolicy(t.Context(), proof(w, b), b.Signed, "", strings.Fields(settings), b.As()); err != nil {
				t.Fatal(err)
			}
		}
		w.Clock.Advance(time.Second)
		w.Open(t, grace.Cookie)
	})
}
