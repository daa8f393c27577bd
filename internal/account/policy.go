package account

import (
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
	Removal           Removal   `json:"removal"`              // K1
	Enrolment         Enrolment `json:"enrolment"`            // K7
	MaxDevicesPerKind int       `json:"max_devices_per_kind"` // K6: 1 … 20
	ClockTolerance    Seconds   `json:"clock_tolerance"`      // K10: 0 … 180 s
	SessionLifetime   Seconds   `json:"session_lifetime"`     // section 3: whole length of a session, 5 min … 30 days
	SessionIdle       Seconds   `json:"session_idle"`         // section 3: length without use, 1 min … session_lifetime
}

// Default is the policy of a new account.
func Default() Policy {
	return Policy{
		Removal:           RemovalPassword,
		Enrolment:         EnrolmentPassword,
		MaxDevicesPerKind: 5,
		ClockTolerance:    Seconds(30 * time.Second),
		SessionLifetime:   Seconds(24 * time.Hour),
		SessionIdle:       Seconds(time.Hour),
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
	switch {
	case !slices.Contains(removals, p.Removal):
		return refuse("removal", "%q is not one of password, password_and_code, recent_sign_in.", p.Removal)
	case !slices.Contains(enrolments, p.Enrolment):
		return refuse("enrolment", "%q is not one of password, recent_sign_in.", p.Enrolment)
	case p.MaxDevicesPerKind < 1 || p.MaxDevicesPerKind > 20:
		return refuse("max_devices_per_kind", "%d is not between 1 and 20.", p.MaxDevicesPerKind)
	case p.ClockTolerance < 0 || p.ClockTolerance.Std() > 180*time.Second:
		return refuse("clock_tolerance", "%s is not between 0s and 180s.", p.ClockTolerance)
	case p.SessionLifetime.Std() < 5*time.Minute || p.SessionLifetime.Std() > 30*24*time.Hour:
		return refuse("session_lifetime", "%s is not between 5m and 720h.", p.SessionLifetime)
	case p.SessionIdle.Std() < time.Minute || p.SessionIdle > p.SessionLifetime:
		return refuse("session_idle", "%s is not between 1m and session_lifetime.", p.SessionIdle)
	}
	return nil
}

// With returns the policy with settings of the form "name=value" applied, checked as a whole.
func (p Policy) With(settings ...string) (Policy, error) {
	changed := p
	for _, s := range settings {
		var err error
		if changed, err = changed.with(s); err != nil {
			return p, err
		}
	}
	if err := changed.Check(); err != nil {
		return p, err
	}
	return changed, nil
}

// with applies one setting by way of the policy's JSON form, which knows the names.
func (p Policy) with(setting string) (Policy, error) {
	fields := map[string]any{}
	raw, _ := json.Marshal(p) // a struct of plain values always encodes
	if err := json.Unmarshal(raw, &fields); err != nil {
		return p, err
	}
	name, value, ok := strings.Cut(setting, "=")
	was, known := fields[name]
	if !ok || !known {
		names := strings.Join(slices.Sorted(maps.Keys(fields)), ", ")
		return p, ErrPolicy.In(name).Saying(fmt.Sprintf("%q is not a setting. Write name=value with one of: %s.", setting, names))
	}
	fields[name] = value
	if _, number := was.(float64); number {
		n, err := strconv.Atoi(value)
		if err != nil {
			return p, refuse(name, "%q is not a number.", value)
		}
		fields[name] = n
	}
	raw, _ = json.Marshal(fields)
	changed, err := decodePolicy(raw)
	if err != nil { // texts fit every field but time spans
		return p, refuse(name, "%q is not a time span in whole seconds like 30s, 15m or 24h.", value)
	}
	return changed, nil
}

// decodePolicy reads a stored policy. A field it lacks, because an older version wrote it, has its default.
func decodePolicy(raw []byte) (Policy, error) {
	p := Default()
	err := json.Unmarshal(raw, &p)
	return p, err
}
