package machine_test

import (
	"errors"
	"net/netip"
	"testing"
	"time"

	"sallyport/internal/apikey"
	"sallyport/internal/audit"
	"sallyport/internal/db"
	"sallyport/internal/db/dbtest"
	"sallyport/internal/domaintest"
	"sallyport/internal/errs"
	"sallyport/internal/factor"
	"sallyport/internal/httpsig"
	"sallyport/internal/machine"
	"sallyport/internal/throttle"
)

// refusals counts what was recorded of refused keys, by the reason, and the entries that say that further ones are not.
func refusals(t *testing.T, w *domaintest.World, d *db.DB) (whys map[string]int, told int) {
	t.Helper()
	events, err := audit.List(t.Context(), d, w.Acme.ID, 1000)
	if err != nil {
		t.Fatal(err)
	}
	whys = map[string]int{}
	for _, e := range events {
		if e.Action == audit.KeyRefused {
			whys[e.Detail["why"]]++
			if e.Detail["further"] == audit.NotRecorded {
				told++
			}
		}
	}
	return whys, told
}

// TestLeakedKeyDoesNotFillTheRecord: who has a key that is worth nothing alone is refused as often as they like, and recorded a few times a
// minute by all servers together; it hides no refusal of another kind or of another key.
func TestLeakedKeyDoesNotFillTheRecord(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := domaintest.New(t, d)
		worlds := []*domaintest.World{w, w.Restart(t, d)}
		p := makeKey(t, w, w.Grace, false, ed(t), apikey.New{Networks: []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}})
		other := makeKey(t, w, w.Grace, false, ed(t), apikey.New{Name: "Other", Networks: []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}})
		away := p.call()
		away.From = netip.MustParseAddr("198.51.100.1")
		flood := func() {
			t.Helper()
			for i := range 3 * throttle.PerMinute {
				wantError(t, "from another network", check(t, worlds[i%2], away), machine.ErrNetwork)
				_, _, err := worlds[i%2].Machines.Token(t.Context(), machine.Grant{Key: p.value, From: away.From, By: domaintest.By})
				wantError(t, "for a token, from there", err, machine.ErrNetwork)
			}
		}
		want := func(what, why string, n, lasts int) {
			t.Helper()
			if whys, told := refusals(t, w, d); whys[why] != n || told != lasts {
				t.Errorf("%s: %v recorded, %d of them told to be the last, want %d of %s and %d", what, whys, told, n, why, lasts)
			}
		}
		flood()
		want("a flood", machine.ErrNetwork.Code, throttle.PerMinute, 1)
		forged := p
		forged.pair = ed(t)
		for range 2 * throttle.PerMinute {
			wantError(t, "a bad signature", check(t, w, forged.signed(t, w.Clock.Now(), "")), httpsig.ErrWrong)
		}
		want("bad signatures behind it", httpsig.ErrWrong.Code, throttle.PerMinute, 2)
		call := p.signed(t, w.Clock.Now(), "")
		wantError(t, "its owner", check(t, w, call), nil)
		wantError(t, "a call sent again", check(t, w, call), apikey.ErrReplayed)
		want("a replay behind both", apikey.ErrReplayed.Code, 1, 2)
		away.Value = other.value
		wantError(t, "another key", check(t, w, away), machine.ErrNetwork)
		want("another key behind it", machine.ErrNetwork.Code, throttle.PerMinute+1, 2)
		away.Value = p.value
		w.Clock.Advance(time.Minute)
		flood()
		want("a minute later", machine.ErrNetwork.Code, 2*throttle.PerMinute+1, 3)
	})
}

// TestNotAdmittedUsesNothingUp: a call that is one too many uses up neither its nonce nor its code, and one that is refused is never
// asked about.
func TestNotAdmittedUsesNothingUp(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := domaintest.New(t, d)
		p := makeKey(t, w, w.Grace, true, ed(t), apikey.New{})
		tooMany, asked := errs.New(errs.TooMany, "test_rate", "Too many."), 0
		over := func(c machine.Call) machine.Call {
			c.Admit = func(id string) error {
				asked++
				if id != p.ID {
					t.Errorf("asked about %q", id)
				}
				return tooMany
			}
			return c
		}
		signed, coded := p.signed(t, w.Clock.Now(), ""), p.withCode(p.phone.Code(w.Clock.Now()))
		forged := p
		forged.pair = ed(t)
		wantError(t, "a bad signature", check(t, w, over(forged.signed(t, w.Clock.Now(), ""))), httpsig.ErrWrong)
		wantError(t, "alone", check(t, w, over(p.call())), machine.ErrSecondFactor)
		if asked != 0 {
			t.Errorf("asked %d times about what is refused", asked)
		}
		wantError(t, "signed", check(t, w, over(signed)), tooMany)
		wantError(t, "with a code", check(t, w, over(coded)), tooMany)
		wantError(t, "with a wrong code", check(t, w, over(p.withCode(p.phone.Wrong(w.Clock.Now())))), tooMany)
		if whys, _ := refusals(t, w, d); whys[tooMany.Code] != 0 {
			t.Errorf("%v recorded", whys)
		}
		wantError(t, "signed, later", check(t, w, signed), nil)
		wantError(t, "with the code, later", check(t, w, coded), nil)
		wantError(t, "signed, again", check(t, w, signed), apikey.ErrReplayed)
		if err := check(t, w, coded); !errors.Is(err, factor.ErrUsedCode) {
			t.Errorf("with the code, again: %v", err)
		}
	})
}
