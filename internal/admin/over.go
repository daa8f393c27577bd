package admin

import (
	"sallyport/internal/errs"
	"sallyport/internal/user"
)

// Errors of acting on people (product.md section 3; B64).
var (
	ErrSelf = errs.New(errs.Forbidden, "not_on_yourself", "You can’t do this to yourself. Use your own settings, or ask another administrator.")
	ErrRank = errs.New(errs.Forbidden, "role_too_high", "Only an owner can do this to an owner or administrator. Ask one of the owners.")
)

// Over refuses one person's acting on another's access: nobody acts on themselves, and on owners and administrators only
// an owner does.
func Over(by, target user.User) error {
	switch {
	case by.AccountID == target.AccountID && by.ID == target.ID:
		return ErrSelf
	case !by.Role.Over(target.Role):
		return ErrRank
	}
	return nil
}
