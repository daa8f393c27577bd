package account

import (
	"slices"
	"strings"

	"sallyport/internal/errs"
)

// Method is a kind of second factor that people may set up. Backup codes are none: they
// come with any of these.
type Method string

// The methods.
const (
	TOTP    Method = "totp"
	Passkey Method = "passkey"
	SMS     Method = "sms"
	Email   Method = "email"
)

// Methods lists every method, in the order in which people are offered them by default.
func Methods() []Method { return []Method{TOTP, Passkey, SMS, Email} }

// alone reports whether people can set the method up whatever else is configured. So they can
// always be offered a method that is not one of the weak ones (security.md D10).
func (m Method) alone() bool { return m == TOTP }

// ErrMethod refuses a name that is no method's.
var ErrMethod = errs.New(errs.Invalid, "method_unknown", "There is no such method. The methods are "+JoinMethods(Methods())+".").In("method")

// ParseMethod reads a method's name, or refuses it with ErrMethod.
func ParseMethod(name string) (Method, error) {
	if m := Method(name); slices.Contains(Methods(), m) {
		return m, nil
	}
	return "", ErrMethod
}

// JoinMethods writes methods as "totp, email".
func JoinMethods(methods []Method) string {
	names := make([]string, len(methods))
	for i, m := range methods {
		names[i] = string(m)
	}
	return strings.Join(names, ", ")
}
