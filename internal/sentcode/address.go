package sentcode

import (
	"strings"

	"sallyport/internal/account"
	"sallyport/internal/errs"
	"sallyport/internal/factor"
	"sallyport/internal/phone"
	"sallyport/internal/user"
)

// ReadAddress brings a number or mailbox that was typed into the one form that is stored, and masks it for lists. A
// number must be of one of the countries. Errors: those of the address, in the field "address"; factor.ErrNotFound for
// a kind whose codes are not sent.
func ReadAddress(k factor.Kind, typed string, countries phone.Countries) (factor.New, error) {
	if strings.TrimSpace(typed) == "" {
		return factor.New{}, errs.New(errs.Invalid, "address_missing", "Enter the number or address that the codes are to go to.").In("address")
	}
	n := factor.New{Kind: k}
	switch k {
	case factor.SMS:
		number, err := phone.Parse(typed, "")
		if err == nil {
			err = number.CheckMobile()
		}
		if err == nil {
			err = countries.Allows(number)
		}
		if err != nil {
			return n, errs.From(err).In("address")
		}
		n.Address, n.Hint = string(number), number.Masked()
	case factor.Email:
		email, err := user.CanonicalEmail(typed)
		if err != nil {
			return n, errs.From(err).In("address")
		}
		n.Address, n.Hint = email, MaskedEmail(email)
	default:
		return n, factor.ErrNotFound
	}
	n.Secret = []byte(n.Address)
	return n, nil
}

// Countries are those whose numbers an account's people may add: the operator's, narrowed by the account (C20).
func Countries(a account.Account, operator phone.Countries) phone.Countries {
	if len(a.Policy.SMSCountries) == 0 {
		return operator
	}
	own, err := phone.ParseCountries(a.Policy.SMSCountries)
	if err != nil { // a policy was checked before it was stored; one that does not read allows nothing
		return phone.Countries{}
	}
	return operator.Intersect(own)
}

// MaskedEmail shows the first letter and the domain: "a•••@acme.test".
func MaskedEmail(email string) string {
	local, domain, _ := strings.Cut(email, "@")
	return local[:min(1, len(local))] + "•••@" + domain
}
