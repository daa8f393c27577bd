package web

import (
	"time"

	"sallyport/internal/account"
)

// key names a text, and option a value that the form offers. They are no plain strings, so that nothing typed is taken for one.
type (
	key    string
	option string
)

// Text is the key as templates hand it to the catalogue.
func (k key) Text() string { return string(k) }

// choice is one of the values that a setting can have.
type choice struct {
	Value option
	Label key
}

// setting is a field of the organisation's policy, or a part of one, as the form asks for it.
type setting struct {
	Name    option // of its input, and in the policy
	Label   key
	Why     key      // a sentence about it, with its default; empty where the group says it
	Choices []choice // empty for what is typed
	Radio   bool     // the choices are worth being seen at once
	Span    bool     // a time: a number and its unit
	Wide    bool     // a text, not a number
}

// settingGroup is what stands under one heading.
type settingGroup struct {
	ID       option
	Title    key
	Lead     key // about the whole group; may be empty
	Settings []setting
}

// yesNo are the choices of a switch.
var yesNo = []choice{{"on", "policy.yes"}, {"off", "policy.no"}}

// places are what a method can have: where it stands in the order, or none.
var places = []choice{{"1", "policy.first"}, {"2", "policy.second"}, {"3", "policy.third"}, {"4", "policy.fourth"}, {"", "policy.not_allowed"}}

// units are what a number of a time can mean, the largest first.
var units = []choice{{"d", "policy.days"}, {"h", "policy.hours"}, {"m", "policy.minutes"}, {"s", "policy.seconds"}}

// settingGroups is every setting there is, in the order of the page.
var settingGroups = []settingGroup{
	{ID: "demand", Title: "policy.demand", Settings: []setting{
		{Name: "enforcement", Label: "policy.enforcement", Why: "policy.enforcement_why", Radio: true, Choices: []choice{
			{"optional", "policy.optional"}, {"recommended", "policy.recommended"}, {"required", "policy.required"},
		}},
		{Name: "enforcement_admins", Label: "policy.enforcement_admins", Why: "policy.enforcement_admins_why", Radio: true, Choices: []choice{
			{"optional", "policy.same"}, {"recommended", "policy.recommended"}, {"required", "policy.required"},
		}},
		{Name: "grace_days", Label: "policy.grace_days", Why: "policy.grace_days_why"},
		{Name: "mailed_set_up", Label: "policy.mailed_set_up", Why: "policy.mailed_set_up_why", Choices: yesNo},
	}},
	{ID: "methods", Title: "policy.methods", Lead: "policy.methods_why", Settings: []setting{
		{Name: "method_totp", Label: "ways.totp", Choices: places},
		{Name: "method_passkey", Label: "ways.passkey", Choices: places},
		{Name: "method_sms", Label: "two_factor.sms", Choices: places},
		{Name: "method_email", Label: "two_factor.email", Choices: places},
		{Name: "passkey_required", Label: "policy.passkey_required", Why: "policy.passkey_required_why", Choices: []choice{
			{"optional", "policy.passkey_optional"}, {"admins", "policy.passkey_admins"}, {"everyone", "policy.passkey_everyone"},
		}},
	}},
	{ID: "devices", Title: "policy.devices", Settings: []setting{
		{Name: "enrolment", Label: "policy.enrolment", Why: "policy.enrolment_why", Choices: []choice{
			{"password", "policy.password"}, {"recent_sign_in", "policy.recent"},
		}},
		{Name: "removal", Label: "policy.removal", Why: "policy.removal_why", Choices: []choice{
			{"password", "policy.password"}, {"password_and_code", "policy.password_and_code"}, {"recent_sign_in", "policy.recent"},
		}},
		{Name: "max_devices_per_kind", Label: "policy.max_devices", Why: "policy.max_devices_why"},
		{Name: "clock_tolerance", Label: "policy.clock", Why: "policy.clock_why", Span: true},
	}},
	{ID: "lost", Title: "policy.lost", Settings: []setting{
		{Name: "backup_codes", Label: "backup.title", Why: "policy.backup_codes_why", Choices: yesNo},
		{Name: "mailed_disable", Label: "policy.mailed_disable", Why: "policy.mailed_disable_why", Choices: []choice{
			{"off", "policy.no"}, {"disable", "policy.mailed_disables"}, {"re_enrol", "policy.mailed_re_enrol"},
		}},
		{Name: "mailed_disable_delay", Label: "policy.delay", Why: "policy.delay_why", Span: true},
		{Name: "admin_reset", Label: "policy.admin_reset", Why: "policy.admin_reset_why", Choices: yesNo},
		{Name: "admin_codes", Label: "policy.admin_codes", Why: "policy.admin_codes_why", Choices: yesNo},
	}},
	{ID: "messages", Title: "policy.texts", Settings: []setting{
		{Name: "sms_countries", Label: "policy.countries", Why: "policy.countries_why", Wide: true},
		{Name: "sms_daily_budget", Label: "policy.budget", Why: "policy.budget_why"},
	}},
	{ID: "sessions", Title: "policy.sessions", Settings: []setting{
		{Name: "trusted_browser_days", Label: "policy.trusted_days", Why: "policy.trusted_days_why"},
		{Name: "session_lifetime", Label: "policy.lifetime", Why: "policy.lifetime_why", Span: true},
		{Name: "session_idle", Label: "policy.idle", Why: "policy.idle_why", Span: true},
	}},
	{ID: "programs", Title: "policy.programs", Settings: []setting{
		{Name: "api_second_factor", Label: "policy.api_second_factor", Why: "policy.api_second_factor_why", Choices: []choice{
			{"required", "policy.yes"}, {"off", "policy.no"},
		}},
	}},
}

// Setting is a setting with what stands in it.
type Setting struct {
	setting
	Value string
	Unit  string // of a span
	Saved string // in words: what is saved now, where it is another value and somebody else was faster; else empty
	Error *FormError
}

// Field is the setting's input for the parts that all inputs share.
func (s Setting) Field(hint string) field {
	return newField(string(s.Name), s.Value, s.Error).Hint(hint)
}

// Units are what its number can mean.
func (Setting) Units() []choice { return units }

// SettingGroup is a group with what stands in its settings.
type SettingGroup struct {
	ID       option
	Title    key
	Lead     key
	Settings []Setting
}

// Policy is /admin/two-factor: how far the organisation is, and the policy. The form posts to it, "Remind them" to
// /admin/two-factor/remind.
type Policy struct {
	Rollout Rollout
	Table   UsersTable // who has a second factor (T13, T14)
	Stale   bool       // the second factor was proved too long ago to change anything: a code is asked for first
	Locked  bool       // signed in without a second factor: there is nothing to press
	Shown   string     // names the policy that the form began with
	Groups  []SettingGroup
	Error   *FormError
}

func (Policy) page() string   { return "policy" }
func (Policy) onCard() bool   { return false }
func (v Policy) failed() bool { return v.Error != nil }

// PolicyConfirm says what a policy would do now, before it does it. It posts what was typed to /admin/two-factor again, with
// confirmed or back.
type PolicyConfirm struct {
	Effects []PolicyEffect
	Names   []string // how the first people are called that are asked
	Others  int      // how many more there are
	Ended   int      // people whose session ends at once
	Gone    []string // methods that are allowed no more, as in Way
	Only    int      // people who have only such
	// Passkeys is how many people with a second factor must add a passkey.
	Passkeys  int
	TrustEnds bool // every browser that is trusted now is asked again
	NoWay     bool // nothing can be set up
	Counted   time.Time
	Fields    []HiddenField
	Confirm   string // names the policy that is confirmed
}

func (PolicyConfirm) page() string { return "policyconfirm" }
func (PolicyConfirm) onCard() bool { return false }
func (PolicyConfirm) failed() bool { return false }

// Asked is how many people are asked for a second factor that they do not have.
func (v PolicyConfirm) Asked() (n int) {
	for _, e := range v.Effects {
		n += e.People
	}
	return n
}

// PolicyEffect is what is asked of the people of a role who have no second factor.
type PolicyEffect struct {
	Role   string
	People int
	Demand account.Demand
	By     time.Time // in grace: when the first must have one
}

// HiddenField takes what was typed to the next page.
type HiddenField struct {
	Name  option
	Value string
}

// Rollout is how far the organisation is.
type Rollout struct {
	Known                               bool // it was counted
	People, Ready, Grace, Overdue, Free int
	GraceEnds                           time.Time // when the first grace ends
	CountedAt                           time.Time // zero if it was counted for this page
	Methods                             []MethodShare
	Chart                               *Chart // nil before the second day
	Remindable                          int    // people whom a reminder would tell
	Reminded                            time.Time
	Told                                int
	Telling                             bool // not all are told yet
	MayRemind                           bool
	NoWay                               bool // nobody can set anything up
}

// Share is so many of the people, in per cent.
func (v Rollout) Share(n int) int { return share(n, v.People) }

func share(n, of int) int { return n * 100 / max(1, of) }

// MethodShare is how many people have a second factor of a method.
type MethodShare struct {
	Kind   string // as in Way
	People int
	Share  int // of those who have any, in per cent
}

// Chart is the people over time, and of these who have a second factor. The picture is chartWide by chartHigh; its words
// stand beside it, in the size of the page.
type Chart struct {
	Area, Line, All string // paths of SVG
	Most            int    // at the upper edge
	From, To        time.Time
	Rows            []ChartRow // a week each, the newest first, for those who can't see it
}

// ChartRow is a day in the table.
type ChartRow struct {
	Day           time.Time
	Ready, People int
}

// The measures of the chart's own space.
const (
	chartWide = 900
	chartHigh = 160
)
