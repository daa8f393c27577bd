package signin_test

import (
	"os"
	"sync"
	"testing"

	"sallyport/internal/check"
	"sallyport/internal/domaintest"
)

// TestCheckRaces: of all who take a result at one moment, on two replicas, one gets it; and of all codes that pass one check, one does.
func TestCheckRaces(t *testing.T) {
	rounds := 20
	if os.Getenv("SALLYPORT_SOAK") != "" {
		rounds = 10_000
	}
	replicas(t, func(t *testing.T, w, b *domaintest.World) {
		both := []*domaintest.World{w, b}
		p := program(t, w, "key_one", w.Ada)
		enrolCheck(t, w, p)
		for round := range rounds {
			c, _ := beginCheck(t, w, p)
			// The test of the code itself is TestCheck's and package factor's: here the row is passed by the statement that a right code runs.
			race := func(try func(w *domaintest.World) error) (won int) {
				var wg sync.WaitGroup
				var mu sync.Mutex
				start := make(chan struct{})
				for i := range 4 {
					wg.Go(func() {
						<-start
						if try(both[i%2]) == nil {
							mu.Lock()
							won++
							mu.Unlock()
						}
					})
				}
				close(start)
				wg.Wait()
				return won
			}
			st := findCheck(t, w, p, c.ID)
			if won := race(func(w *domaintest.World) error {
				return w.DB.Run(t.Context(), check.Pass(w.Clock.Now(), st.Check, st.User.Epoch, "totp", []string{"pwd", "otp", "mfa"}, domaintest.By)...)
			}); won != 1 {
				t.Fatalf("round %d: passed %d times", round, won)
			}
			if won := race(func(w *domaintest.World) error {
				_, _, err := w.Checks.Result(t.Context(), p, c.ID, domaintest.By)
				return err
			}); won != 1 {
				t.Fatalf("round %d: %d results", round, won)
			}
		}
		t.Logf("%d rounds of 4 takers on 2 replicas: one result each", rounds)
	})
}
