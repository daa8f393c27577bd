package web

// SignOut is /sign-out: one button, which posts there.
type SignOut struct{}

func (SignOut) page() string { return "signout" }
func (SignOut) onCard() bool { return true }
func (SignOut) failed() bool { return false }
