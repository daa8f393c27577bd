package web

// CheckDone is where a check ends that leads nowhere: passed, or cancelled.
type CheckDone struct {
	Cancelled bool
}

func (CheckDone) page() string { return "checkdone" }
func (CheckDone) onCard() bool { return true }
func (CheckDone) failed() bool { return false }
