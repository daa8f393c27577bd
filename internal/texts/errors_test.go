package texts

import (
	"testing"
	"time"

	"sallyport/internal/errs"
)

func TestError(t *testing.T) {
	blocked := errs.New(errs.TooMany, "blocked", "Blocked.")
	busy := errs.New(errs.Unavailable, "busy", "Busy.").After(time.Minute)
	german := Catalogue{
		"wait.seconds.other": "{n} Sekunden", "wait.seconds.one": "1 Sekunde",
		"error.blocked": "Gesperrt.", "error.blocked.wait": "Gesperrt für {wait}.", "error.busy": "Ausgelastet.",
	}
	for _, tc := range []struct {
		say  Catalogue
		err  *errs.Error
		want string
	}{
		{german, blocked, "Gesperrt."},
		{german, blocked.After(30 * time.Second).Saying("Wait 30 seconds."), "Gesperrt für 30 Sekunden."},
		{german, blocked.After(time.Nanosecond), "Gesperrt für 1 Sekunde."},
		{german, busy, "Ausgelastet."},
		{german, errs.New(errs.Invalid, "other", "Something else."), "Something else."},
		{In(English), blocked.After(30 * time.Second).Saying("Wait 30 seconds."), "Wait 30 seconds."},
		{Catalogue{}, busy, "Busy."},
	} {
		if got := tc.say.Error(tc.err); got != tc.want {
			t.Errorf("%s after %v: %q, want %q", tc.err.Code, tc.err.RetryAfter, got, tc.want)
		}
	}
}
