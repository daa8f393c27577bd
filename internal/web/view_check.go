package web

// CheckDone is where a check ends that leads nowhere: passed, or cancelled. Or passed by a first device, whose backup codes were shown before.
type CheckDone struct {
	Cancelled bool
	Codes     bool   // they are shown only once
	Return    string // the way back to the program; empty for none
}

func (CheckDone) page() string { return "checkdone" }
func (CheckDone) onCard() bool { return true }
func (CheckDone) failed() bool { return false }
