package web

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"sallyport/internal/account"
	"sallyport/internal/errs"
	"sallyport/internal/httpx"
	"sallyport/internal/texts"
	"sallyport/internal/user"
)

// typed is what stands in the form, by the names of its inputs.
type typed map[string]string

// policyFields are the names of all inputs of the form.
func policyFields() (names []string) {
	for _, g := range settingGroups {
		for _, s := range g.Settings {
			names = append(names, string(s.Name))
			if s.Span {
				names = append(names, string(s.Name)+"_unit")
			}
		}
	}
	return names
}

// typedOf is the form as it shows a policy.
func typedOf(p account.Policy) typed {
	form := typed{
		"enforcement": string(p.Enforcement), "enforcement_admins": string(p.EnforcementAdmins), "grace_days": strconv.Itoa(p.GraceDays),
		"mailed_set_up": onOff(p.MailedSetUp), "enrolment": string(p.Enrolment), "removal": string(p.Removal),
		"passkey_required": string(p.PasskeyRequired), "trusted_browser_days": strconv.Itoa(p.TrustedBrowserDays),
		"max_devices_per_kind": strconv.Itoa(p.MaxDevicesPerKind), "backup_codes": onOff(p.BackupCodes),
		"mailed_disable": string(p.MailedDisable), "admin_reset": onOff(p.AdminReset), "admin_codes": onOff(p.AdminCodes),
		"sms_countries": strings.Join(p.SMSCountries, ", "), "sms_daily_budget": strconv.Itoa(p.SMSDailyBudget),
		"api_second_factor": string(p.APISecondFactor),
	}
	for name, span := range map[string]account.Seconds{
		"clock_tolerance": p.ClockTolerance, "mailed_disable_delay": p.MailedDisableDelay, "session_lifetime": p.SessionLifetime, "session_idle": p.SessionIdle,
	} {
		form[name], form[name+"_unit"] = splitSpan(span.Std())
	}
	for _, m := range account.Methods() {
		form["method_"+string(m)] = ""
	}
	for i, m := range p.Methods {
		form["method_"+string(m)] = strconv.Itoa(i + 1)
	}
	return form
}

func onOff(on bool) string {
	if on {
		return "on"
	}
	return "off"
}

// unitLong is how long each unit is.
var unitLong = map[option]time.Duration{"d": 24 * time.Hour, "h": time.Hour, "m": time.Minute, "s": time.Second}

// splitSpan writes a time as a number of the largest unit that divides it.
func splitSpan(d time.Duration) (number, unit string) {
	for _, u := range units {
		if long := unitLong[u.Value]; d != 0 && d%long == 0 {
			return strconv.FormatInt(int64(d/long), 10), string(u.Value)
		}
	}
	return "0", "h"
}

// joinSpan is the time that a number and a unit mean, as the policy reads it. What is none stays as it was typed, and is refused there.
func joinSpan(number, unit string) string {
	n, err := strconv.Atoi(number)
	long := unitLong[option(unit)]
	if err != nil || n < 0 || n > 1_000_000 || long == 0 {
		return number
	}
	return (time.Duration(n) * long).String()
}

// settingsIn reads the form's settings as the policy takes them. What was not sent stays as it is.
func settingsIn(form typed) (settings []string) {
	for _, g := range settingGroups {
		for _, s := range g.Settings {
			value, sent := form[string(s.Name)]
			value = strings.TrimSpace(value)
			switch {
			case !sent || strings.HasPrefix(string(s.Name), "method_"):
				continue
			case s.Span:
				value = joinSpan(value, form[string(s.Name)+"_unit"])
			}
			settings = append(settings, string(s.Name)+"="+value)
		}
	}
	if methods, sent := methodsIn(form); sent {
		settings = append(settings, "methods="+account.JoinMethods(methods))
	}
	return settings
}

// methodsIn reads the order of the methods. Of two at one place the one goes first that does so by default.
func methodsIn(form typed) (methods []account.Method, sent bool) {
	for _, c := range places {
		for _, m := range account.Methods() {
			place, known := form["method_"+string(m)]
			sent = sent || known
			if c.Value != "" && place == string(c.Value) {
				methods = append(methods, m)
			}
		}
	}
	return methods, sent
}

// policyGroups are the settings with what stands in the form.
func policyGroups(form typed, failure *FormError) (groups []SettingGroup) {
	for _, g := range settingGroups {
		shown := SettingGroup{ID: g.ID, Title: g.Title, Lead: g.Lead}
		for _, s := range g.Settings {
			shown.Settings = append(shown.Settings, Setting{setting: s, Value: form[string(s.Name)], Unit: form[string(s.Name)+"_unit"], Error: failure})
		}
		groups = append(groups, shown)
	}
	return groups
}

// tellSaved adds to each setting in which the form differs from what is saved what that is, in words.
func tellSaved(say texts.Catalogue, groups []SettingGroup, saved account.Policy) error {
	now := typedOf(saved)
	for _, g := range groups {
		for i := range g.Settings {
			s := &g.Settings[i]
			name := string(s.Name)
			if s.Value == now[name] && s.Unit == now[name+"_unit"] {
				continue
			}
			words := now[name]
			for _, c := range s.Choices {
				if string(c.Value) == words {
					words = say[string(c.Label)]
					break
				}
			}
			for _, u := range units {
				if s.Span && string(u.Value) == now[name+"_unit"] {
					words += " " + say[string(u.Label)]
				}
			}
			if words == "" {
				words = say["policy.nothing"]
			}
			var err error
			if s.Saved, err = say.Text("policy.saved_now", "value", words); err != nil {
				return err
			}
		}
	}
	return nil
}

// fewUsers is how many of the users with a second factor the page shows.
const fewUsers = 3

// policyView is the page with what stands in the form.
func (s *Site) policyView(r *http.Request, form typed) (Policy, error) {
	who := signed(r)
	v := Policy{Locked: locked(who), Stale: !locked(who) && !s.recent(r, who), Shown: who.Account.Policy.Fingerprint(), Groups: policyGroups(form, nil)}
	var err error
	if v.Rollout, err = s.rollout(r); err != nil {
		return v, err
	}
	v.Table, err = s.usersTable(r, user.Query{SecondFactor: "on", Most: fewUsers}, peoplePath)
	v.Table.After = "" // the list of users has them all
	return v, err
}

func (s *Site) showPolicy(w http.ResponseWriter, r *http.Request) error {
	v, err := s.policyView(r, typedOf(signed(r).Account.Policy))
	if err != nil {
		return err
	}
	return s.render(w, r, http.StatusOK, PlacePolicy, v)
}

// wrongPolicy is what is said at each setting. The error has one code for all that can be wrong with a policy.
var wrongPolicy = map[string]key{
	"enforcement": "policy.wrong.choice", "enforcement_admins": "policy.wrong.choice", "enrolment": "policy.wrong.choice", "removal": "policy.wrong.choice",
	"mailed_disable": "policy.wrong.choice", "mailed_set_up": "policy.wrong.choice", "backup_codes": "policy.wrong.choice", "admin_reset": "policy.wrong.choice",
	"admin_codes": "policy.wrong.choice", "passkey_required": "policy.wrong.passkey", "trusted_browser_days": "policy.wrong.trusted_days", "grace_days": "policy.wrong.grace_days", "max_devices_per_kind": "policy.wrong.max_devices",
	"clock_tolerance": "policy.wrong.clock", "mailed_disable_delay": "policy.wrong.delay", "methods": "policy.wrong.methods",
	"sms_countries": "policy.wrong.countries", "sms_daily_budget": "policy.wrong.budget", "session_lifetime": "policy.wrong.lifetime", "session_idle": "policy.wrong.idle",
	"api_second_factor": "policy.wrong.choice",
}

// setPolicy saves the policy. One that demands more is shown with what it does first, and saved when that is confirmed.
func (s *Site) setPolicy(w http.ResponseWriter, r *http.Request) error {
	read, err := httpx.Form(r, append(policyFields(), "shown", "confirmed", "back")...)
	if err != nil {
		return err
	}
	who, form := signed(r), typed(read)
	was := who.Account.Policy
	if read.Has("back") {
		v, err := s.policyView(r, form)
		if err != nil {
			return err
		}
		v.Shown = form["shown"] // what is saved meanwhile is noticed when it is sent again
		return s.render(w, r, http.StatusOK, PlacePolicy, v)
	}
	if form["shown"] != was.Fingerprint() {
		return s.policyAgain(r, form, account.ErrChanged)
	}
	p, err := was.With(settingsIn(form)...)
	if err != nil {
		return s.policyAgain(r, form, err)
	}
	preview, stricter, err := s.Admin.Preview(r.Context(), who, p)
	if err != nil {
		return s.policyAgain(r, form, err)
	}
	if stricter && form["confirmed"] != p.Fingerprint() {
		return s.render(w, r, http.StatusOK, PlacePolicy, policyConfirm(preview, p, form))
	}
	err = s.Admin.SetPolicy(r.Context(), s.fresh(r), who, was, p, by(r))
	s.Sessions.Forget(who.User.AccountID, who.User.ID) // who did it sees it at once
	if err != nil {
		return s.policyAgain(r, form, err)
	}
	return done(w, "/admin/two-factor", NoticePolicySet)
}

// policyAgain shows the form once more with what was typed. Where somebody else was faster, it begins with what is saved now and
// tells it at each setting that differs.
func (s *Site) policyAgain(r *http.Request, form typed, err error) error {
	who, say := signed(r), catalogueOf(r)
	saved, readErr := account.Get(r.Context(), s.DB, who.Account.ID)
	if readErr != nil {
		return readErr
	}
	v, readErr := s.policyView(r, form)
	if readErr != nil {
		return readErr
	}
	v.Shown = saved.Policy.Fingerprint()
	e := errs.From(err)
	if e.Is(account.ErrChanged) {
		if readErr := tellSaved(say, v.Groups, saved.Policy); readErr != nil {
			return readErr
		}
	}
	return s.again(r, err, PlacePolicy, func(f *FormError) View {
		if words := wrongPolicy[f.Field]; words != "" && e.Is(account.ErrPolicy) {
			f.Message = say[string(words)]
		}
		if f.Field == "methods" {
			f.Field = "method_totp"
		}
		v.Error = f
		for _, g := range v.Groups {
			for i := range g.Settings {
				g.Settings[i].Error = f
			}
		}
		return v
	})
}

// remind mails those who have no second factor.
func (s *Site) remind(w http.ResponseWriter, r *http.Request) error {
	if _, err := httpx.Form(r); err != nil { // it takes no fields, but a body that is too large is refused like everywhere
		return err
	}
	_, err := s.Admin.Remind(r.Context(), s.fresh(r), signed(r), by(r))
	if err == nil {
		return done(w, "/admin/two-factor", NoticeReminded)
	}
	return s.policyAgain(r, typedOf(signed(r).Account.Policy), err)
}
