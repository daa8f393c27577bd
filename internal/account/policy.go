package account

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"sallyport/internal/errs"
)

// Removal is what a person must show to remove a second factor (K1).
type Removal string

// The choices for removal.
const (
	RemovalPassword        Removal = "password"
	RemovalPasswordAndCode Removal = "password_and_code"
	RemovalRecentSignIn    Removal = "recent_sign_in"
)

// Enrolment is what a person must show to add a second factor (K7).
type Enrolment string

// The choices for enrolment.
const (
	EnrolmentPassword     Enrolment = "password"
	EnrolmentRecentSignIn Enrolment = "recent_sign_in"
)

// MailedDisable is what a token does that is mailed to a person who can't give the second
// factor at the sign-in (K2). Where the account demands a second factor, disable acts as re_enrol.
type MailedDisable string

// The choices for the mailed token.
const (
	MailedDisableOff     MailedDisable = "off"      // there is none
	MailedDisableDisable MailedDisable = "disable"  // it switches the second factor off (P13–P15)
	MailedDisableReEnrol MailedDisable = "re_enrol" // it lets a new device be set up
)

// Enforcement is whether an account demands a second factor of its people (K4).
type Enforcement string

// The steps of enforcement, the mildest first.
const (
	Optional    Enforcement = "optional"    // everybody's own choice
	Recommended Enforcement = "recommended" // they are reminded, and may leave it
	Required    Enforcement = "required"    // nobody signs in without one, once the grace is over
)

// Enforcements lists the steps, the mildest first.
func Enforcements() []Enforcement { return []Enforcement{Optional, Recommended, Required} }

// PasskeyRule is whose second factor must be a passkey, the strongest method (K8).
type PasskeyRule string

// The choices for passkeys.
const (
	PasskeyOptional PasskeyRule = "optional" // one method among others
	PasskeyAdmins   PasskeyRule = "admins"   // owners and administrators need one
	PasskeyEveryone PasskeyRule = "everyone" // everybody with a second factor needs one
)

// APIRule is whether the second factor guards calls of programs too, or web pages only (K15).
type APIRule string

// The choices for programs.
const (
	APIRequired APIRule = "required" // an API key of somebody who has a second factor, or must have one, is worth nothing alone
	APIOff      APIRule = "off"      // it is, unless it has a second factor of its own; administrators' work needs one still, and so does binding or ending a factor
)

// of reports whether an administrator's, or anybody else's, second factor must be a passkey.
func (r PasskeyRule) of(administrator bool) bool {
	return r == PasskeyEveryone || r == PasskeyAdmins && administrator
}

// WantsMorePasskeys reports whether p demands a passkey of people of whom was does not.
func (p Policy) WantsMorePasskeys(was Policy) bool {
	return p.PasskeyRequired.of(true) && !was.PasskeyRequired.of(true) || p.PasskeyRequired.of(false) && !was.PasskeyRequired.of(false)
}

// Seconds is a time span that JSON and people write as "90s" or "24h".
type Seconds time.Duration

// Std is the span as the standard library knows it.
func (s Seconds) Std() time.Duration { return time.Duration(s) }

// String writes the span without idle parts: "90s", "24h".
func (s Seconds) String() string {
	text := s.Std().String()
	text = strings.TrimSuffix(text, "m0s") + map[bool]string{true: "m"}[strings.HasSuffix(text, "m0s")]
	return strings.TrimSuffix(text, "h0m") + map[bool]string{true: "h"}[strings.HasSuffix(text, "h0m")]
}

// MarshalText writes the span as String does.
func (s Seconds) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads what time.ParseDuration reads, in whole seconds.
func (s *Seconds) UnmarshalText(text []byte) error {
	d, err := time.ParseDuration(string(text))
	if err != nil || d%time.Second != 0 {
		return fmt.Errorf("%q is no time span in whole seconds like 30s, 15m or 24h", text)
	}
	*s = Seconds(d)
	return nil
}

// Policy is an account's settings, one field for each difference between the
// demands (product.md section 2). The zero value is not valid; start from Default.
type Policy struct {
	Enforcement        Enforcement   `json:"enforcement"`          // K4: of everybody
	EnforcementAdmins  Enforcement   `json:"enforcement_admins"`   // K4: of owners and administrators; the stricter of the two counts for them
	GraceDays          int           `json:"grace_days"`           // K5: from the demand to its effect, 0 … 90
	MailedSetUp        bool          `json:"mailed_set_up"`        // a mailed code comes before the first device that is set up at sign-in
	BackupCodes        bool          `json:"backup_codes"`         // K13: people have ten backup codes; off, the ones they have do not count
	AdminReset         bool          `json:"admin_reset"`          // K13: administrators may reset people's second factor
	AdminCodes         bool          `json:"admin_codes"`          // K13, K14: administrators may give out single backup codes
	Removal            Removal       `json:"removal"`              // K1
	Enrolment          Enrolment     `json:"enrolment"`            // K7
	MaxDevicesPerKind  int           `json:"max_devices_per_kind"` // K6: 1 … 20
	ClockTolerance     Seconds       `json:"clock_tolerance"`      // K10: 0 … 180 s
	Methods            []Method      `json:"methods"`              // K8: the first is offered first; narrowed by Plans.Entitled
	PasskeyRequired    PasskeyRule   `json:"passkey_required"`     // K8: whose second factor must be a passkey
	PasskeyModels      []string      `json:"passkey_models"`       // K8: AAGUIDs of the models that may be added, sorted; empty for all
	TrustedBrowserDays int           `json:"trusted_browser_days"` // K11: 0 … 365; 0 for never: everybody is asked at every sign-in
	MailedDisable      MailedDisable `json:"mailed_disable"`       // K2
	MailedDisableDelay Seconds       `json:"mailed_disable_delay"` // K2: from the token to its effect, 0 … 30 days
	SMSCountries       []string      `json:"sms_countries"`        // C20: ISO 3166 codes, sorted; empty for all that the operator allows
	SMSDailyBudget     int           `json:"sms_daily_budget"`     // B94: texts a day, 0 … 1,000,000; 0 for the deployment's limit, which stands above it
	SessionLifetime    Seconds       `json:"session_lifetime"`     // section 3: whole length of a session, 5 min … 30 days
	SessionIdle        Seconds       `json:"session_idle"`         // section 3: length without use, 1 min … session_lifetime
	APISecondFactor    APIRule       `json:"api_second_factor"`    // K15: whether an API key of somebody with a second factor needs one too
}

// Default is the policy of a new account.
func Default() Policy {
	return Policy{
		Enforcement:        Optional,
		EnforcementAdmins:  Optional,
		BackupCodes:        true,
		AdminReset:         true,
		AdminCodes:         true,
		Removal:            RemovalPassword,
		Enrolment:          EnrolmentPassword,
		MaxDevicesPerKind:  5,
		TrustedBrowserDays: 90,
		ClockTolerance:     Seconds(30 * time.Second),
		Methods:            Methods(),
		PasskeyRequired:    PasskeyOptional,
		PasskeyModels:      []string{},
		MailedDisable:      MailedDisableOff,
		SMSCountries:       []string{},
		SessionLifetime:    Seconds(24 * time.Hour),
		SessionIdle:        Seconds(time.Hour),
		APISecondFactor:    APIRequired,
	}
}

// ErrPolicy says what is wrong with a policy; its field names the setting.
var ErrPolicy = errs.New(errs.Invalid, "policy_invalid", "The policy is not valid.")

func refuse(field, format string, args ...any) error {
	return ErrPolicy.In(field).Saying(field + ": " + fmt.Sprintf(format, args...))
}

// Check refuses a policy with a value outside of its range.
func (p Policy) Check() error {
	removals := []Removal{RemovalPassword, RemovalPasswordAndCode, RemovalRecentSignIn}
	enrolments := []Enrolment{EnrolmentPassword, EnrolmentRecentSignIn}
	mailed := []MailedDisable{MailedDisableOff, MailedDisableDisable, MailedDisableReEnrol}
	switch {
	case !slices.Contains(Enforcements(), p.Enforcement):
		return refuse("enforcement", "%q is not one of optional, recommended, required.", p.Enforcement)
	case !slices.Contains(Enforcements(), p.EnforcementAdmins):
		return refuse("enforcement_admins", "%q is not one of optional, recommended, required.", p.EnforcementAdmins)
	case p.GraceDays < 0 || p.GraceDays > 90:
		return refuse("grace_days", "%d is not between 0 and 90.", p.GraceDays)
	case !slices.Contains([]PasskeyRule{PasskeyOptional, PasskeyAdmins, PasskeyEveryone}, p.PasskeyRequired):
		return refuse("passkey_required", "%q is not one of optional, admins, everyone.", p.PasskeyRequired)
	case p.PasskeyRequired != PasskeyOptional && !slices.Contains(p.Methods, Passkey):
		return refuse("passkey_required", "passkeys are not among the methods.")
	case p.TrustedBrowserDays < 0 || p.TrustedBrowserDays > 365:
		return refuse("trusted_browser_days", "%d is not between 0 and 365.", p.TrustedBrowserDays)
	case !slices.Contains(removals, p.Removal):
		return refuse("removal", "%q is not one of password, password_and_code, recent_sign_in.", p.Removal)
	case !slices.Contains(enrolments, p.Enrolment):
		return refuse("enrolment", "%q is not one of password, recent_sign_in.", p.Enrolment)
	case p.MaxDevicesPerKind < 1 || p.MaxDevicesPerKind > 20:
		return refuse("max_devices_per_kind", "%d is not between 1 and 20.", p.MaxDevicesPerKind)
	case p.ClockTolerance < 0 || p.ClockTolerance.Std() > 180*time.Second:
		return refuse("clock_tolerance", "%s is not between 0s and 180s.", p.ClockTolerance)
	case !slices.Contains(mailed, p.MailedDisable):
		return refuse("mailed_disable", "%q is not one of off, disable, re_enrol.", p.MailedDisable)
	case p.MailedDisableDelay < 0 || p.MailedDisableDelay.Std() > 30*24*time.Hour:
		return refuse("mailed_disable_delay", "%s is not between 0s and 720h.", p.MailedDisableDelay)
	case p.SMSDailyBudget < 0 || p.SMSDailyBudget > 1_000_000:
		return refuse("sms_daily_budget", "%d is not between 0 and 1000000.", p.SMSDailyBudget)
	case p.SessionLifetime.Std() < 5*time.Minute || p.SessionLifetime.Std() > 30*24*time.Hour:
		return refuse("session_lifetime", "%s is not between 5m and 720h.", p.SessionLifetime)
	case !slices.Contains([]APIRule{APIRequired, APIOff}, p.APISecondFactor):
		return refuse("api_second_factor", "%q is not one of required, off.", p.APISecondFactor)
	case p.SessionIdle.Std() < time.Minute || p.SessionIdle > p.SessionLifetime:
		return refuse("session_idle", "%s is not between 1m and session_lifetime.", p.SessionIdle)
	}
	if err := checkMethods(p.Methods); err != nil {
		return err
	}
	if (p.Enforcement == Required || p.EnforcementAdmins == Required) && !slices.ContainsFunc(p.Methods, Method.alone) {
		return refuse("methods", "who must have a second factor needs one that works without a mail server or gateway: add totp.")
	}
	if err := checkModels(p.PasskeyModels); err != nil {
		return err
	}
	return checkCountries(p.SMSCountries)
}

// checkMethods demands at least one method, or nobody of the account could ever set one
// up, and each only once, since their order means something.
func checkMethods(methods []Method) error {
	if len(methods) == 0 {
		return refuse("methods", "name at least one of %s.", JoinMethods(Methods()))
	}
	for i, m := range methods {
		if !slices.Contains(Methods(), m) {
			return refuse("methods", "%q is not one of %s.", m, JoinMethods(Methods()))
		}
		if slices.Contains(methods[:i], m) {
			return refuse("methods", "%s stands twice.", m)
		}
	}
	return nil
}

// checkCountries looks at the shape only; which codes are a country's is package phone's knowledge.
func checkCountries(codes []string) error {
	for i, c := range codes {
		if len(c) != 2 || c[0] < 'A' || c[0] > 'Z' || c[1] < 'A' || c[1] > 'Z' {
			return refuse("sms_countries", "%q is not a country’s two letters like AT.", c)
		}
		if i > 0 && codes[i-1] >= c {
			return refuse("sms_countries", "%s stands twice or out of order.", c)
		}
	}
	return nil
}

// tidy gives what can be written in several ways the one form that is stored.
func (p Policy) tidy() Policy {
	// ASCII only: strings.ToUpper would make a country of "ſe".
	upper := func(r rune) rune {
		if r >= 'a' && r <= 'z' {
			return r - 'a' + 'A'
		}
		return r
	}
	models := make([]string, len(p.PasskeyModels))
	for i, m := range p.PasskeyModels {
		models[i] = strings.ToLower(m) // of anything but ASCII, checkModels makes no AAGUID
	}
	slices.Sort(models)
	p.PasskeyModels = models
	codes := make([]string, len(p.SMSCountries))
	for i, c := range p.SMSCountries {
		codes[i] = strings.Map(upper, c)
	}
	slices.Sort(codes)
	p.SMSCountries = codes
	return p
}

// With returns the policy with settings of the form "name=value" applied, checked as a
// whole. A list is written with commas: "methods=totp,email".
func (p Policy) With(settings ...string) (Policy, error) {
	changed := p
	for _, s := range settings {
		var err error
		if changed, err = changed.with(s); err != nil {
			return p, err
		}
	}
	changed = changed.tidy()
	if err := changed.Check(); err != nil {
		return p, err
	}
	return changed, nil
}

// with applies one setting by way of the policy's JSON form, which knows the names.
func (p Policy) with(setting string) (Policy, error) {
	fields := p.fields()
	name, value, ok := strings.Cut(setting, "=")
	was, known := fields[name]
	if !ok || !known {
		names := strings.Join(slices.Sorted(maps.Keys(fields)), ", ")
		return p, ErrPolicy.In(name).Saying(fmt.Sprintf("%q is not a setting. Write name=value with one of: %s.", setting, names))
	}
	fields[name] = value
	switch was.(type) {
	case bool:
		on, known := map[string]bool{"on": true, "true": true, "off": false, "false": false}[value]
		if !known {
			return p, refuse(name, "%q is neither on nor off.", value)
		}
		fields[name] = on
	case float64:
		n, err := strconv.Atoi(value)
		if err != nil {
			return p, refuse(name, "%q is not a number.", value)
		}
		fields[name] = n
	case []any, nil: // a list; one that nobody filled is null
		fields[name] = list(value)
	}
	raw, _ := json.Marshal(fields)
	changed, err := decodePolicy(raw)
	if err != nil { // texts and lists fit every field but time spans
		return p, refuse(name, "%q is not a time span in whole seconds like 30s, 15m or 24h.", value)
	}
	return changed, nil
}

// Fingerprint names the policy: two have the same only if they are the same.
func (p Policy) Fingerprint() string {
	raw, err := json.Marshal(p.tidy())
	if err != nil {
		panic(err) // as in fields
	}
	sum := sha256.Sum256(raw)
	return hex.EncodeToString(sum[:16])
}

// fields is the policy by its settings' names, as its JSON form has them.
func (p Policy) fields() map[string]any {
	fields := map[string]any{}
	raw, err := json.Marshal(p)
	if err == nil {
		err = json.Unmarshal(raw, &fields)
	}
	if err != nil {
		panic(err) // a struct of plain values always encodes, and reads back
	}
	return fields
}

// changes tells for each setting in which q differs from p "was → is".
func (p Policy) changes(q Policy) map[string]string {
	changed := map[string]string{}
	was, is := p.fields(), q.fields()
	for name := range was {
		if before, after := shown(was[name]), shown(is[name]); before != after {
			changed[name] = before + " → " + after
		}
	}
	return changed
}

// shown writes a setting's value as people enter it.
func shown(value any) string {
	switch v := value.(type) {
	case bool:
		return map[bool]string{true: "on", false: "off"}[v]
	case []any:
		items := make([]string, len(v))
		for i, item := range v {
			items[i] = fmt.Sprint(item)
		}
		return strings.Join(items, ",")
	case nil:
		return ""
	default:
		return fmt.Sprint(v)
	}
}

// list reads "totp, email"; nothing at all is the empty list.
func list(value string) []string {
	if strings.TrimSpace(value) == "" {
		return []string{}
	}
	items := strings.Split(value, ",")
	for i, item := range items {
		items[i] = strings.TrimSpace(item)
	}
	return items
}

// decodePolicy reads a stored policy. A field it lacks, because an older version wrote it, has its default.
func decodePolicy(raw []byte) (Policy, error) {
	p := Default()
	err := json.Unmarshal(raw, &p)
	return p, err
}
