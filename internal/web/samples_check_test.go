package web

import (
	"strings"
	"time"
)

// checkedFor is where the program is that asked for a check.
const checkedFor = "https://app.example.com/in"

// checkSamples are the pages that only checks have, or that look otherwise there.
func checkSamples(outside, boss Chrome, ends time.Time) []sample {
	boss.Place = PlaceUsers
	return []sample{
		{"check-verify", outside, Verify{At: atCheck, Device: "My Phone", Method: "fac_1", Kind: "totp", BackupCodes: true, Ends: ends}},
		{"check-set-up", outside, SetUp{At: atCheck, Cause: "check", Ways: []string{"totp", "passkey"}, Kind: "totp", Name: "My Phone", Ends: ends}},
		{"check-set-up-stuck", outside, SetUp{At: atCheck, Cause: "check", Unavailable: []MethodState{{Kind: "totp", Why: "plan", Support: "sales@sallyport.test"}}, Ends: ends}},
		{"check-codes", outside, BackupCodes{
			At: atCheck, Return: checkedFor + "?check=chk_1", First: true, SigningIn: true, Host: "sign-in.example.com",
			Account: "Acme", Email: "kay@acme.test", Codes: []string{"7KQM-9XTA-RVNC-H4WD", "3HWD-KQM7-TA9X-NCRV"}, Made: ends,
		}},
		{"check-codes-nowhere", outside, BackupCodes{
			At: atCheck, First: true, SigningIn: true, Host: "sign-in.example.com", Account: "Acme", Email: "kay@acme.test", Codes: []string{"7KQM-9XTA-RVNC-H4WD"}, Made: ends,
		}},
		{"linkuser", boss, LinkUser{Somebody: Somebody{ID: "usr_3", Name: "Grace Hopper", Email: "grace@acme.test"}, ExternalID: "customer-4711"}},
		{"linkuser-taken", boss, LinkUser{
			Somebody: Somebody{ID: "usr_4", Email: "an-unusually-long-mailbox-name-without-any-blank@subdomain.donaudampfschifffahrt.example"}, ExternalID: strings.Repeat("k", 200),
			Error: &FormError{Field: "external_id", Message: "Another user of this organisation has this id already.", Code: "external_id_taken"},
		}},
		{"check-link", outside, Problem{
			Status: 410, Code: "check_link", Nowhere: true, Reference: "req_01kcz7",
			Message: "This link was used already, or is too old. Go back to where you came from, and sign in there again.",
		}},
		{"check-done", outside, CheckDone{}},
		{"confirmed-before", outside, ConfirmedBefore{"/settings/sessions"}},
		{"check-done-codes", outside, CheckDone{Codes: true, Return: checkedFor + "?check=chk_1"}},
		{"check-cancelled", outside, CheckDone{Cancelled: true}},
	}
}
