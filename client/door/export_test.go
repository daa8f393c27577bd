package door

import "time"

// SetClock lets a test choose the time.
func (d *Door) SetClock(now func() time.Time) { d.now = now }
