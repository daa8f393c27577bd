package profile_test

import (
	"errors"
	"testing"
	"time"

	"sallyport/internal/account"
	"sallyport/internal/audit"
	"sallyport/internal/db"
	"sallyport/internal/db/dbtest"
	"sallyport/internal/domaintest"
	"sallyport/internal/errs"
	"sallyport/internal/factor"
	"sallyport/internal/user"
)

const mobile = "+436641234567"

// TestWhatIsNotOfferedIsRefused is B41: policy, plan, trial and channel are asked where it happens, whatever a page
// has shown, and again when the device is confirmed; nothing is sent, and the password is not even asked.
func TestWhatIsNotOfferedIsRefused(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := domaintest.New(t, d)
		plans := w.Profile.Plans
		app := []account.Method{account.TOTP, account.Passkey}
		cases := []struct {
			code string
			set  func()
		}{
			{"factor_not_allowed", func() { w.SetPolicy(t, "methods=passkey") }},
			{"method_not_in_plan", func() {
				w.SetPolicy(t, "methods=totp,sms,email")
				w.Profile.Plans.All = map[string]account.Plan{"all": {Name: "all", Methods: app}}
			}},
			{"method_not_in_trial", func() {
				w.Profile.Plans.All = map[string]account.Plan{"all": {Name: "all", Methods: account.Methods(), TrialMethods: app}}
				if err := d.Run(t.Context(), db.Write(`UPDATE accounts SET trial_ends_at = $1`, db.At(w.Clock.Now().AddDate(0, 1, 0)))); err != nil {
					t.Fatal(err)
				}
			}},
			{"method_not_configured", func() {
				w.Profile.Plans = plans
				w.Profile.Plans.All = map[string]account.Plan{"all": {Name: "all", Methods: account.Methods()}}
				w.Channels.Mail, w.Channels.SMS = nil, nil
			}},
		}
		// Ada has begun both before her organisation loses the right; she has a number of before.
		u := w.AddAddress(t, w.Ada, factor.SMS, "+436641234999")
		b := w.Browse(t, w.Ada)
		begun := map[factor.Kind]factor.Factor{}
		for kind, address := range map[factor.Kind]string{factor.SMS: mobile, factor.Email: "ada@elsewhere.test"} {
			f, err := w.Profile.AddAddress(t.Context(), b.Signed, kind, "New "+string(kind), address, domaintest.Proofs, b.As())
			if err != nil {
				t.Fatal(err)
			}
			begun[kind] = f
		}
		queued := len(w.Letters(t))
		refused := func(what, code string, err error) {
			t.Helper()
			if e := errs.From(err); err == nil || e.Code != code || e.Field == "" {
				t.Errorf("%s: %v in the field %q, want %s", what, err, e.Field, code)
			}
		}
		for _, c := range cases {
			c.set()
			b = w.Browse(t, w.Ada)
			if c.code == "factor_not_allowed" {
				_, err := w.Profile.AddDevice(t.Context(), b.Signed, "An app", domaintest.Proofs, b.As())
				refused("an app", c.code, err)
			}
			for kind, f := range begun {
				_, err := w.Profile.AddAddress(t.Context(), b.Signed, kind, "Other", map[factor.Kind]string{factor.SMS: mobile, factor.Email: "b@acme.test"}[kind],
					domaintest.Proofs, b.As())
				refused("add "+string(kind), c.code, err)
				refused("send for "+string(kind), c.code, w.Profile.SendProof(t.Context(), b.Signed, f.ID, b.As()))
				_, _, err = w.Profile.ConfirmDevice(t.Context(), b.Signed, f.ID, w.SentCode(t, w.Ada, f.ID), b.As())
				refused("confirm "+string(kind), c.code, err)
			}
			if n := len(w.Letters(t)); n != queued {
				t.Errorf("%s: %d messages were queued", c.code, n-queued)
			}
			if c.code == "method_not_configured" {
				continue
			}
			// What is set up goes on working.
			w.Clock.Advance(1)
			if err := w.Codes.Send(t.Context(), w.Stored(t, w.Ada, u.ID), "ses_"+c.code, 0, domaintest.By); err != nil {
				t.Fatalf("%s: a code to the old number: %v", c.code, err)
			}
			if _, err := w.Factors.Prove(t.Context(), w.Ada, w.SentCode(t, w.Ada, "ses_"+c.code), "ses_"+c.code, 0, domaintest.By); err != nil {
				t.Errorf("%s: the old number: %v", c.code, err)
			}
			queued = len(w.Letters(t))
			w.Clock.Advance(1)
		}
	})
}

// TestBadAddresses: each is refused with its own word, in the field, before the password is looked at, and nothing is sent.
func TestBadAddresses(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := domaintest.New(t, d)
		w.AddAddress(t, w.Ada, factor.SMS, mobile)
		b := w.Browse(t, w.Ada)
		queued := len(w.Letters(t))
		for _, c := range []struct {
			kind          factor.Kind
			address, code string
		}{
			{factor.SMS, "", "address_missing"},
			{factor.SMS, " \t", "address_missing"},
			{factor.SMS, "0664 1234567", "phone_country_missing"},
			{factor.SMS, "+43 CALL ME", "phone_invalid"},
			{factor.SMS, "+43 664 1", "phone_invalid"},
			{factor.SMS, "+43 664 1234567890123", "phone_invalid"},
			{factor.SMS, "+43 1 58858", "phone_not_mobile"},
			{factor.SMS, "+61 412 345 678", "country_not_supported"},
			{factor.SMS, "+7 912 345-67-89", "country_not_supported"},
			{factor.SMS, "+43 664 1234567\x00", "phone_invalid"},
			{factor.SMS, "+43 664 123 45 67", "address_taken"},
			{factor.Email, "", "address_missing"},
			{factor.Email, "ada", "email_invalid"},
			{factor.Email, "ada@acme.test\r\nBcc: eve@evil.test", "email_invalid"},
			{factor.Email, "a@b.test,c@d.test", "email_invalid"},
			{factor.Email, "Ada <ada@acme.test>", "email_invalid"},
			{factor.TOTP, "x", "factor_not_found"},
			{factor.BackupCode, "x", "factor_not_allowed"},
		} {
			_, err := w.Profile.AddAddress(t.Context(), b.Signed, c.kind, "New", c.address, domaintest.Proofs, b.As())
			if e := errs.From(err); e == nil || e.Code != c.code || e.Field != "address" && c.kind != factor.TOTP {
				t.Errorf("%s %q: %v in %q, want %s", c.kind, c.address, err, errs.From(err).Field, c.code)
			}
		}
		_, err := w.Profile.AddAddress(t.Context(), b.Signed, factor.SMS, "", mobile, domaintest.Proofs, b.As())
		if !errors.Is(err, factor.ErrName) {
			t.Errorf("without a name: %v", err)
		}
		wrong := domaintest.Proofs
		wrong.Password = "not the password"
		if _, err := w.Profile.AddAddress(t.Context(), b.Signed, factor.SMS, "New", "+436641234568", wrong, b.As()); errs.From(err).Field != "password" {
			t.Errorf("with a wrong password: %v", err)
		}
		if n := len(w.Letters(t)); n != queued {
			t.Errorf("%d messages were queued", n-queued)
		}
	})
}

// TestTwoPeopleOneNumber: both begin with it, the first to confirm has it; a limit and a number of one's own are told too.
// Whoever begins later is not told before a code has shown that the number is theirs.
func TestTwoPeopleOneNumber(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := domaintest.New(t, d)
		w.SetPolicy(t, "max_devices_per_kind=1")
		begin := func(u user.User) (domaintest.Browser, factor.Factor) {
			b := w.Browse(t, u)
			f, err := w.Profile.AddAddress(t.Context(), b.Signed, factor.SMS, "Mine", mobile, domaintest.Proofs, b.As())
			if err != nil {
				t.Fatal(err)
			}
			return b, f
		}
		adas, ada := begin(w.Ada)
		alans, alan := begin(w.Alan)
		confirm := func(b domaintest.Browser, f factor.Factor) error {
			_, _, err := w.Profile.ConfirmDevice(t.Context(), b.Signed, f.ID, w.SentCode(t, b.Signed.User, f.ID), audit.Actor{})
			return err
		}
		if err := confirm(adas, ada); err != nil {
			t.Fatal(err)
		}
		if err := confirm(alans, alan); !errors.Is(err, factor.ErrAddress) {
			t.Errorf("the second: %v", err)
		}
		if s := w.Stored(t, w.Alan, alan.ID).State; s != factor.Pending {
			t.Errorf("the second is %s", s)
		}
		w.Clock.Advance(time.Hour)
		graces, grace := begin(w.Grace)
		for range 2 {
			if _, _, err := w.Profile.ConfirmDevice(t.Context(), graces.Signed, grace.ID, domaintest.Other(w.SentCode(t, w.Grace, grace.ID)), audit.Actor{}); !errors.Is(err, factor.ErrWrongCode) {
				t.Errorf("the third, with a wrong code: %v", err)
			}
		}
		if err := confirm(graces, grace); !errors.Is(err, factor.ErrAddress) || errs.From(err).Field != "" {
			t.Errorf("the third: %v", err)
		}
		w.Clock.Advance(1e9)
		b := w.Browse(t, w.Ada)
		if _, err := w.Profile.AddAddress(t.Context(), b.Signed, factor.SMS, "More", "+436641234568", domaintest.Proofs, b.As()); !errors.Is(err, factor.ErrLimit) {
			t.Errorf("above the limit: %v", err)
		}
	})
}
