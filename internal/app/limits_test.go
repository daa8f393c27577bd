package app_test

import (
	"strings"
	"testing"

	"sallyport/internal/apptest"
	"sallyport/internal/brake"
	"sallyport/internal/config"
	"sallyport/internal/db/dbtest"
	"sallyport/internal/domaintest"
	"sallyport/internal/errs"
	"sallyport/internal/factor"
	"sallyport/internal/phone"
	"sallyport/internal/session"
	"sallyport/internal/user"
)

// TestLimitsAndCountriesAreTheSettings: what the operator writes, and what an account's policy asks for, is what stops a text (B94, C20).
func TestLimitsAndCountriesAreTheSettings(t *testing.T) {
	for name, tt := range map[string]struct {
		change func(*config.Config)
		policy string
		limit  brake.Limit
	}{
		"account": {func(c *config.Config) { c.SMSLimits.Account = 1 }, "sms_daily_budget=0", brake.PerAccount},
		"prefix":  {func(c *config.Config) { c.SMSLimits.Prefix = 1 }, "sms_daily_budget=5", brake.PerPrefix},
		"day":     {func(c *config.Config) { c.SMSLimits.Day = 1 }, "sms_daily_budget=5", brake.PerDay},
		"budget":  {func(*config.Config) {}, "sms_daily_budget=1", brake.PerAccount},
	} {
		t.Run(name, func(t *testing.T) {
			s := apptest.Start(t, dbtest.SQLite(t), func(c *config.Config) {
				tt.change(c)
				c.SMSCountries, _ = phone.ParseCountries([]string{"AT"})
				c.Demo = true // the inbox takes the texts
			})
			s.SetPolicy(t, tt.policy)
			add := func(u user.User, number string) (*session.Signed, factor.Factor, error) {
				w := s.Browse(t, u).Signed
				f, err := s.Profile.AddAddress(t.Context(), w, factor.SMS, "My number", number, domaintest.Proofs, domaintest.By)
				return w, f, err
			}
			w, f, err := add(s.Ada, "+436641234567")
			if err == nil {
				_, err = s.Profile.Sent(t.Context(), w, f.ID)
			}
			if err != nil {
				t.Errorf("the first text: %v", err)
			}
			if w, f, err = add(s.Alan, "+436641234568"); err == nil {
				err = s.Profile.SendProof(t.Context(), w, f.ID, domaintest.By)
			}
			if brake.LimitOf(err) != tt.limit {
				t.Errorf("the second text: %v, want the limit per %s", err, tt.limit)
			}
			if _, _, err = add(s.Grace, "+4915112345678"); err == nil || !strings.Contains(errs.From(err).Message, "Germany") {
				t.Errorf("a number of a country that is not in the settings: %v", err)
			}
			if page := s.Client(t).Get("/metrics").Body; !strings.Contains(page, `sallyport_sends_stopped_total{limit="`+string(tt.limit)+`"} 2`) {
				t.Error("the scrape does not tell what was stopped")
			}
		})
	}
}
