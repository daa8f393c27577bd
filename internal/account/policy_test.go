package account

import (
	"encoding/json"
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/quick"
	"time"

	"sallyport/internal/errs"
)

// TestPolicyBounds walks each setting to both ends and one beyond.
func TestPolicyBounds(t *testing.T) {
	cases := []struct {
		setting string
		field   string // of the refusal; empty if accepted
	}{
		{"removal=password", ""},
		{"removal=password_and_code", ""},
		{"removal=recent_sign_in", ""},
		{"removal=", "removal"},
		{"removal=Password", "removal"},
		{"removal=5", "removal"},
		{"enrolment=password", ""},
		{"enrolment=recent_sign_in", ""},
		{"enrolment=none", "enrolment"},
		{"max_devices_per_kind=1", ""},
		{"max_devices_per_kind=20", ""},
		{"max_devices_per_kind=0", "max_devices_per_kind"},
		{"max_devices_per_kind=21", "max_devices_per_kind"},
		{"max_devices_per_kind=two", "max_devices_per_kind"},
		{"clock_tolerance=0s", ""},
		{"clock_tolerance=180s", ""},
		{"clock_tolerance=3m", ""},
		{"clock_tolerance=181s", "clock_tolerance"},
		{"clock_tolerance=-1s", "clock_tolerance"},
		{"clock_tolerance=30", "clock_tolerance"},
		{"clock_tolerance=1.5s", "clock_tolerance"},
		{"session_lifetime=60m", ""},
		{"session_lifetime=720h", ""},
		{"session_lifetime=720h1s", "session_lifetime"},
		{"session_lifetime=299s", "session_lifetime"},
		{"session_lifetime=59m", "session_idle"},
		{"session_idle=1m", ""},
		{"session_idle=24h", ""},
		{"session_idle=59s", "session_idle"},
		{"session_idle=25h", "session_idle"},
		{"methods=totp", ""},
		{"methods=email, sms,passkey,totp", ""},
		{"methods=", "methods"},
		{"methods= , ", "methods"},
		{"methods=totp,", "methods"},
		{"methods=totp,sms,totp", "methods"},
		{"methods=TOTP", "methods"},
		{"methods=backup_code", "methods"},
		{"mailed_disable=off", ""},
		{"mailed_disable=disable", ""},
		{"mailed_disable=re_enrol", ""},
		{"mailed_disable=", "mailed_disable"},
		{"mailed_disable=on", "mailed_disable"},
		{"mailed_disable_delay=0s", ""},
		{"mailed_disable_delay=720h", ""},
		{"mailed_disable_delay=720h1s", "mailed_disable_delay"},
		{"mailed_disable_delay=-1s", "mailed_disable_delay"},
		{"sms_daily_budget=0", ""},
		{"sms_daily_budget=1000000", ""},
		{"sms_daily_budget=1000001", "sms_daily_budget"},
		{"sms_daily_budget=-1", "sms_daily_budget"},
		{"sms_daily_budget=many", "sms_daily_budget"},
		{"sms_countries=", ""},
		{"sms_countries=AT", ""},
		{"sms_countries=de, at", ""},
		{"sms_countries=at,AT", "sms_countries"},
		{"sms_countries=AUT", "sms_countries"},
		{"sms_countries=A", "sms_countries"},
		{"sms_countries=A1", "sms_countries"},
		{"sms_countries=ſe", "sms_countries"}, // a long s, whose capital is S
		{"sms_countries=at,", "sms_countries"},
		{"colour=red", "colour"},
		{"removal", "removal"},
		{"", ""},
	}
	for _, c := range cases {
		p, err := Default().With(c.setting)
		if c.setting == "" { // no name at all
			if !errors.Is(err, ErrPolicy) {
				t.Errorf("an empty setting: %v", err)
			}
			continue
		}
		if c.field == "" {
			if err != nil || p.Check() != nil {
				t.Errorf("%s: %v", c.setting, err)
			}
			continue
		}
		if !errors.Is(err, ErrPolicy) || errs.From(err).Field != c.field {
			t.Errorf("%s: %v in field %q, want a refusal in %q", c.setting, err, errs.From(err).Field, c.field)
		}
	}
	if err := (Policy{}).Check(); err == nil {
		t.Error("the zero policy passes")
	}
}

// TestListsAreStoredInOneForm: the order of methods is the person's, that of countries is the alphabet's.
func TestListsAreStoredInOneForm(t *testing.T) {
	p, err := Default().With("methods=email , totp", "sms_countries=us, DE,at", "sms_countries=us, DE,at")
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(p.Methods, []Method{Email, TOTP}) || !slices.Equal(p.SMSCountries, []string{"AT", "DE", "US"}) {
		t.Errorf("stored as %v, %v", p.Methods, p.SMSCountries)
	}
	if p, err = p.With("sms_countries="); err != nil || len(p.SMSCountries) != 0 {
		t.Errorf("emptied: %v, %v", p.SMSCountries, err)
	}
	p.SMSCountries = nil // as the JSON of a client may leave it
	if p, err = p.With("sms_countries=no"); err != nil || !slices.Equal(p.SMSCountries, []string{"NO"}) {
		t.Errorf("filled: %v, %v", p.SMSCountries, err)
	}
	p.SMSCountries = []string{"DE", "AT"}
	if err := p.Check(); err == nil {
		t.Error("a list out of order passes the check")
	}
}

// FuzzPolicy: whatever a setting says, the outcome is valid and reads back the same, or it is refused.
func FuzzPolicy(f *testing.F) {
	for _, s := range []string{"removal=password", "clock_tolerance=90s", "session_idle=1h0m5s", "max_devices_per_kind=+7", "session_lifetime=9223372036854775807ns", "=", "a=b=c", "clock_tolerance=null", "removal=\xff", "methods=sms,totp", "methods=[]", "sms_countries=de,,AT", "sms_countries=\xff"} {
		f.Add(s, "session_idle=2m")
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		p, err := Default().With(a, b)
		if err != nil {
			return
		}
		if err := p.Check(); err != nil {
			t.Fatalf("%q, %q accepted, but %v", a, b, err)
		}
		raw, err := json.Marshal(p)
		if err != nil {
			t.Fatal(err)
		}
		if again, err := decodePolicy(raw); err != nil || !reflect.DeepEqual(again, p) {
			t.Errorf("%s reads back as %+v, %v", raw, again, err)
		}
	})
}

// TestStoredPolicies: one of an older version has the defaults, one of a newer version is read as far as it goes.
func TestStoredPolicies(t *testing.T) {
	if p, err := decodePolicy([]byte(`{}`)); err != nil || !reflect.DeepEqual(p, Default()) {
		t.Errorf("empty: %+v, %v", p, err)
	}
	if p, err := decodePolicy([]byte(`{"removal":"recent_sign_in","from_the_future":[1]}`)); err != nil || p.Removal != RemovalRecentSignIn || p.ClockTolerance != Default().ClockTolerance {
		t.Errorf("newer: %+v, %v", p, err)
	}
	if _, err := decodePolicy([]byte(`{"removal":`)); err == nil {
		t.Error("a damaged policy is taken for one")
	}
}

// TestSecondsRoundTrip: every whole number of seconds is written in the shortest form and read back.
func TestSecondsRoundTrip(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "0s", 90 * time.Second: "1m30s", time.Minute: "1m", time.Hour: "1h", 24 * time.Hour: "24h", 10 * time.Minute: "10m",
		time.Hour + 10*time.Minute: "1h10m", time.Hour + 5*time.Second: "1h0m5s", 100 * time.Hour: "100h",
	} {
		if got := Seconds(d).String(); got != want {
			t.Errorf("%s is written %q, want %q", d, got, want)
		}
	}
	back := func(n int32) bool {
		s, read := Seconds(time.Duration(n)*time.Second), Seconds(0)
		return read.UnmarshalText([]byte(s.String())) == nil && read == s
	}
	if err := quick.Check(back, &quick.Config{MaxCount: 20_000}); err != nil {
		t.Error(err)
	}
}

func TestSlugOf(t *testing.T) {
	for name, want := range map[string]string{
		"Acme & Sons": "acme-sons", "Müller & Söhne": "mueller-soehne", "GROSSE STRAẞE": "grosse-strasse", "Ångström Société": "angstroem-societe",
		"Cafe\u0301": "cafe", "Łódź Mały": "lodz-maly", "日本": "account", "  --A": "account",
	} {
		if got := SlugOf(name); got != want {
			t.Errorf("%q gives %q, want %q", name, got, want)
		}
	}
}

// FuzzSlugOf: what is proposed for any organisation is acceptable.
func FuzzSlugOf(f *testing.F) {
	for _, s := range []string{"Acme", "Acme & Sons", "", "-", "Ünder", "日本", strings.Repeat("a-", 60), "A", "40 " + strings.Repeat("x", 38) + " y"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, name string) {
		if err := CheckSlug(SlugOf(name)); err != nil {
			t.Errorf("%q gives %q: %v", name, SlugOf(name), err)
		}
	})
}

func TestNames(t *testing.T) {
	for name, want := range map[string]string{"  Acme ": "Acme", "Société Générale": "Société Générale", strings.Repeat("ü", 80): strings.Repeat("ü", 80)} {
		if got, err := CheckName(name); err != nil || got != want {
			t.Errorf("%q: %q, %v", name, got, err)
		}
	}
	for _, bad := range []string{"", " ", strings.Repeat("x", 81), "Acme: Ltd", "a\x00", "a\nb", "\xff", "a\u202eb", "a\u0085b"} {
		if got, err := CheckName(bad); err == nil {
			t.Errorf("%q is accepted as %q", bad, got)
		}
	}
	for _, bad := range []string{"", "a", "-a", "a-", "Ab", "a_b", "a b", strings.Repeat("x", 41), "a\n"} {
		if CheckSlug(bad) == nil {
			t.Errorf("short name %q is accepted", bad)
		}
	}
}
