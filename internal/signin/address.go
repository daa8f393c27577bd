package signin

import (
	"encoding/hex"

	"sallyport/internal/account"
	"sallyport/internal/db"
	"sallyport/internal/reauth"
	"sallyport/internal/throttle"
	"sallyport/internal/token"
	"sallyport/internal/user"
)

// canonical brings what was typed into the form that is looked up and counted (security.md
// D6), and names the address's counter. What has no such form is looked up as nobody's,
// and counted and answered like any unknown address.
func canonical(c Credentials) (slug, email string, address throttle.Key) {
	slug = account.Sought(c.Account)
	email, err := user.CanonicalEmail(c.Email)
	if err != nil {
		return slug, "", addressKey("not an address: " + c.Email) // no real address has a blank
	}
	return slug, email, addressKey(email)
}

// addressKey names the counter of an e-mail address, which counts at this door only, the
// same for people who exist and who do not, through whatever account's sign-in address:
// were the unknown counted by account and the known by user, two tries would tell them
// apart. The text is hashed because people type passwords into the wrong field.
func addressKey(email string) throttle.Key {
	return throttle.Key{Subject: "address:" + hex.EncodeToString(token.Hash(email))}
}

// counters names those that a wrong password is charged to: the address's and, where
// there is one, the person's, which is shared with all places that ask for the password again.
func (p person) counters(address throttle.Key) []throttle.Key {
	if !p.known() {
		return []throttle.Key{address}
	}
	return []throttle.Key{reauth.PasswordKey(p.user.AccountID, p.user.ID), address} // in the order in which a sign-in holds them
}

// forgive returns the statements that clear the counters, for the transaction of a
// complete sign-in. The address may belong to somebody in another account too, whose own counter stays.
func forgive(u user.User) []db.Stmt {
	return []db.Stmt{throttle.Clear(reauth.PasswordKey(u.AccountID, u.ID)), throttle.Clear(addressKey(u.Email))}
}
