package web

// ConfirmIdentity is /settings/confirm: the second factor is proved again before sensitive work. Posts code and next.
type ConfirmIdentity struct {
	Next  string // where the person was going
	Back  string // where Cancel leads
	Send  CodeWays
	Error *FormError
}

func (ConfirmIdentity) page() string   { return "confirmidentity" }
func (ConfirmIdentity) onCard() bool   { return false }
func (v ConfirmIdentity) failed() bool { return v.Error != nil }
