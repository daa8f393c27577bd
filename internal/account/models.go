package account

import (
	"regexp"
	"slices"
	"time"

	"sallyport/internal/errs"
)

// An account may allow certain models of passkeys only. That is checked when one is added, by its attestation, which
// must end at a root that the operator has named: without roots it can't be checked, and then nobody adds one.

// maxModels is more than any organisation buys.
const maxModels = 100

var (
	modelShape = regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)
	noModel    = "00000000-0000-0000-0000-000000000000" // of those that do not tell
)

// ErrNoRoots says that nobody can add a passkey of the models that the account allows.
var ErrNoRoots = errs.New(errs.Conflict, "passkey_roots_missing",
	"Your organisation allows certain models of passkeys only, and this server can’t check models: nobody can add one now. Choose another way, and tell your administrator.").In("name")

// checkModels looks at the shape of AAGUIDs and their order.
func checkModels(models []string) error {
	if len(models) > maxModels {
		return refuse("passkey_models", "%d are more than %d.", len(models), maxModels)
	}
	for i, m := range models {
		if !modelShape.MatchString(m) || m == noModel {
			return refuse("passkey_models", "%.100q is no model’s AAGUID like 2fc0579f-8113-47ea-b116-bb5a8db9202a.", m)
		}
		if i > 0 && models[i-1] >= m {
			return refuse("passkey_models", "%s stands twice or out of order.", m)
		}
	}
	return nil
}

// CheckPasskeys refuses what can't be followed in this deployment when is takes the place of a's policy: models that can't be checked, and
// passkeys demanded of more people where nobody can add one. Those would be locked out, the administrator who demands it first of all.
func (p Plans) CheckPasskeys(a Account, is Policy, now time.Time) error {
	if err := p.checkModels(a.Policy, is); err != nil || !is.WantsMorePasskeys(a.Policy) {
		return err
	}
	a.Policy = is
	if err := Offered(p.Offers(a, false, false, now), Passkey); err != nil {
		return refuse("passkey_required", "nobody could add a passkey on this server and plan, so whoever must have one would be locked out.")
	}
	return nil
}

// checkModels refuses other models than before where the deployment can't check them.
func (p Plans) checkModels(was, is Policy) error {
	if len(is.PasskeyModels) > 0 && !p.PasskeyRoots && !slices.Equal(was.PasskeyModels, is.PasskeyModels) {
		return refuse("passkey_models", "models can’t be checked on this server: the operator has to set passkey_roots first.")
	}
	return nil
}
