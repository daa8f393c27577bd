package machine_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"net/netip"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"sallyport/internal/account"
	"sallyport/internal/admin"
	"sallyport/internal/apikey"
	"sallyport/internal/audit"
	"sallyport/internal/db"
	"sallyport/internal/db/dbtest"
	"sallyport/internal/domaintest"
	"sallyport/internal/errs"
	"sallyport/internal/factor"
	"sallyport/internal/httpsig"
	"sallyport/internal/machine"
	"sallyport/internal/outbox"
	"sallyport/internal/session"
	"sallyport/internal/throttle"
	"sallyport/internal/user"
)

const step = 30 * time.Second

// soak is the count for a night if SALLYPORT_SOAK is set, else the one for every day.
func soak(day, night int) int {
	if os.Getenv("SALLYPORT_SOAK") != "" {
		return night
	}
	return day
}

var here = netip.MustParseAddr("192.0.2.7")

// program is a key with its device and its key pair.
type program struct {
	apikey.Key
	value string
	phone domaintest.Phone
	pair  crypto.Signer
}

// makeKey makes a key for u in a session of theirs, with what of a second factor it is to have.
func makeKey(t *testing.T, w *domaintest.World, u user.User, device bool, pair crypto.Signer, n apikey.New) program {
	t.Helper()
	b := w.Browse(t, u)
	if n.Name == "" {
		n.Name = "Program"
	}
	if n.Scopes == nil {
		n.Scopes = []apikey.Scope{apikey.Read}
	}
	if pair != nil {
		der, err := x509.MarshalPKIXPublicKey(pair.Public())
		if err != nil {
			t.Fatal(err)
		}
		n.PublicKey = base64.StdEncoding.EncodeToString(der)
	}
	m, err := w.Machines.Make(t.Context(), b.Signed, machine.NewKey{New: n, Device: device}, domaintest.Password, b.As())
	if err != nil {
		t.Fatalf("make a key: %v", err)
	}
	p := program{Key: m.Key, value: m.Value, pair: pair}
	if device {
		p.phone = domaintest.Scan(t, m.Device.Factor.ID, m.Device.URI)
		if err := w.Machines.ConfirmDevice(t.Context(), b.Signed, m.Key.ID, p.phone.Code(w.Clock.Now()), b.As()); err != nil {
			t.Fatalf("confirm the key’s device: %v", err)
		}
		w.Clock.Advance(step)
	}
	return p
}

func ed(t *testing.T) crypto.Signer {
	t.Helper()
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func p256(t *testing.T) crypto.Signer {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// call is a call of the key alone that reads.
func (p program) call() machine.Call {
	return machine.Call{Value: p.value, Scope: apikey.Read, From: here, By: domaintest.By}
}

// withCode is a call with a code beside the key.
func (p program) withCode(code string) machine.Call {
	c := p.call()
	c.Code = code
	return c
}

// signed is a signed call.
func (p program) signed(t *testing.T, now time.Time, nonce string) machine.Call {
	t.Helper()
	m := httpsig.Message{Method: "GET", TargetURI: "https://login.acme.test/v1/me", Header: map[string][]string{"Authorization": {"Bearer " + p.value}}}
	headers, err := httpsig.Sign(m, httpsig.Params{
		Components: []string{"@method", "@target-uri", "authorization"}, KeyID: p.ID, Created: now, Nonce: nonce, Tag: httpsig.Tag,
	}, p.pair)
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range headers {
		m.Header[name] = []string{value}
	}
	c := p.call()
	c.Signed = &m
	return c
}

func check(t *testing.T, w *domaintest.World, c machine.Call) error {
	t.Helper()
	_, err := w.Machines.Check(t.Context(), c)
	return err
}

func wantError(t *testing.T, what string, got, want error) {
	t.Helper()
	if !errors.Is(got, want) {
		t.Errorf("%s: %v, want %v", what, got, want)
	}
}

// TestOneCodeOnce: one code, shown to two servers at once, beside the key and for a token, is taken once.
func TestOneCodeOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := domaintest.New(t, d)
		worlds := []*domaintest.World{w, w.Restart(t, d)}
		p := makeKey(t, w, w.Grace, true, nil, apikey.New{})
		rounds, began := soak(50, 10_000), time.Now()
		for range rounds {
			code := p.phone.Code(w.Clock.Now())
			race(t, func(i int) error {
				if i/2 == 0 {
					return check(t, worlds[i%2], p.withCode(code))
				}
				_, _, err := worlds[i%2].Machines.Token(t.Context(), machine.Grant{Key: p.value, Code: code, From: here, By: domaintest.By})
				return err
			}, factor.ErrUsedCode)
			w.Clock.Advance(step)
		}
		t.Logf("%d races in %s", rounds, time.Since(began).Round(time.Millisecond))
	})
}

// TestOneNonceOnce: one signed call, sent to two servers at once, counts once.
func TestOneNonceOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := domaintest.New(t, d)
		worlds := []*domaintest.World{w, w.Restart(t, d)}
		p := makeKey(t, w, w.Grace, false, ed(t), apikey.New{})
		rounds, began := soak(50, 10_000), time.Now()
		for range rounds {
			call := p.signed(t, w.Clock.Now(), "")
			race(t, func(i int) error { return check(t, worlds[i%2], call) }, apikey.ErrReplayed)
		}
		t.Logf("%d races in %s", rounds, time.Since(began).Round(time.Millisecond))
		call := p.signed(t, w.Clock.Now(), "")
		wantError(t, "once", check(t, w, call), nil)
		w.Clock.Advance(-time.Minute)
		if _, err := apikey.SweepNonces(t.Context(), d, w.Clock.Now(), 1000); err != nil {
			t.Fatal(err)
		}
		wantError(t, "with the clock put back", check(t, worlds[1], call), apikey.ErrReplayed)
	})
}

// race does it four times at once; one must succeed, and the others fail with lost.
func race(t *testing.T, do func(i int) error, lost error) {
	t.Helper()
	var won atomic.Int64
	var all sync.WaitGroup
	start := make(chan struct{})
	for i := range 4 {
		all.Go(func() {
			<-start
			switch err := do(i); {
			case err == nil:
				won.Add(1)
			case !errors.Is(err, lost):
				t.Errorf("%v, want %v", err, lost)
			}
		})
	}
	close(start)
	all.Wait()
	if n := won.Load(); n != 1 {
		t.Fatalf("it counted %d times", n)
	}
}

// TestSignatures is way (c) with both sorts of keys, and what is refused.
func TestSignatures(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := domaintest.New(t, d)
		for name, pair := range map[string]crypto.Signer{"Ed25519": ed(t), "P-256": p256(t)} {
			p := makeKey(t, w, w.Grace, false, pair, apikey.New{Name: name})
			caller, err := w.Machines.Check(t.Context(), p.signed(t, w.Clock.Now(), ""))
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if s := caller.Signed; s.Level != session.AAL2 || !s.ByKey() || !s.ProvedAt.Equal(w.Clock.Now()) || !s.FullAt().IsZero() {
				t.Errorf("%s: %+v", name, s.Session)
			}
			wantError(t, name+" unsigned", check(t, w, p.call()), machine.ErrSecondFactor)
			wantError(t, name+" a minute and a second old", check(t, w, p.signed(t, w.Clock.Now().Add(-61*time.Second), "")), httpsig.ErrCreated)
			wantError(t, name+" from the future", check(t, w, p.signed(t, w.Clock.Now().Add(61*time.Second), "")), httpsig.ErrCreated)
			wantError(t, name+" a minute old", check(t, w, p.signed(t, w.Clock.Now().Add(-time.Minute), "")), nil)
			other := p
			other.pair = ed(t)
			wantError(t, name+" by another key pair", check(t, w, other.signed(t, w.Clock.Now(), "")), httpsig.ErrWrong)
			other = p
			other.ID = "key_other"
			wantError(t, name+" with another key’s id", check(t, w, other.signed(t, w.Clock.Now(), "")), httpsig.ErrWrong)
			both := p.signed(t, w.Clock.Now(), "")
			both.Code = "123456"
			wantError(t, name+" and a code", check(t, w, both), machine.ErrMixed)
		}
		plain := makeKey(t, w, w.Grace, true, nil, apikey.New{Name: "Device"})
		plain.pair = ed(t)
		wantError(t, "a key without a public key", check(t, w, plain.signed(t, w.Clock.Now(), "")), machine.ErrSecondFactor)
		refused := 0
		events, err := audit.List(t.Context(), d, w.Acme.ID, 100)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range events {
			if e.Action == audit.KeyRefused {
				refused++
				if e.Actor.ID != w.Grace.ID || e.Detail["api_key"] == "" || e.Person != w.Grace.ID {
					t.Errorf("recorded: %+v", e)
				}
			}
		}
		if refused != 8 {
			t.Errorf("%d refusals recorded, want 8", refused)
		}
	})
}

// TestReplacedPublicKey: whoever has the private key of a public key that was replaced signs nothing any more, at another server either, though that one
// remembers the old one for less than a second.
func TestReplacedPublicKey(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := domaintest.New(t, d)
		other := w.Restart(t, d)
		w.Enrol(t, w.Grace)
		p := makeKey(t, w, w.Grace, false, ed(t), apikey.New{})
		wantError(t, "before", check(t, other, p.signed(t, w.Clock.Now(), "")), nil)
		wantError(t, "remembered", check(t, other, p.signed(t, w.Clock.Now(), "")), nil) // the first noted the use
		fresh, err := x509.MarshalPKIXPublicKey(ed(t).Public())
		if err != nil {
			t.Fatal(err)
		}
		b := w.Browse(t, w.Grace)
		if err := w.Machines.SetPublicKey(t.Context(), b.Signed, p.ID, base64.StdEncoding.EncodeToString(fresh), "", b.As()); err != nil {
			t.Fatal(err)
		}
		if err := check(t, other, p.signed(t, w.Clock.Now(), "")); err == nil {
			t.Error("the old private key signs at another server")
		}
	})
}

// TestWrongCodesLockTheKeyAlone: a hundred wrong codes lock the key's device for good, whose person signs in as before.
func TestWrongCodesLockTheKeyAlone(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := domaintest.New(t, d)
		phone, _ := w.Enrol(t, w.Grace)
		p := makeKey(t, w, w.Grace, true, nil, apikey.New{})
		for n := int64(1); n <= throttle.Lock; n++ {
			err := check(t, w, p.withCode(p.phone.Wrong(w.Clock.Now())))
			if e := errs.From(err); n < throttle.Lock && e.Code != factor.ErrWrongCode.Code || n == throttle.Lock && e.Code != factor.ErrLocked.Code {
				t.Fatalf("wrong code %d: %v", n, err)
			}
			if wait := throttle.Wait(n); wait > 0 && n < throttle.Lock {
				wantError(t, "in the wait", check(t, w, p.withCode(p.phone.Code(w.Clock.Now()))), throttle.ErrBlocked)
				w.Clock.Advance(wait)
			}
		}
		w.Clock.Advance(24 * time.Hour)
		wantError(t, "a right code", check(t, w, p.withCode(p.phone.Code(w.Clock.Now()))), factor.ErrLocked)
		b := w.SignInWith(t, w.Grace, phone)
		told := 0
		for _, l := range w.Letters(t) {
			switch l.Kind {
			case outbox.KeyLocked:
				told++
			case outbox.FactorLocked, outbox.SignInUnfinished:
				t.Errorf("the person was told of %s", l.Kind)
			}
		}
		if told != 1 {
			t.Errorf("told %d times that the key’s device is locked", told)
		}
		// A new device opens the key again.
		w.Clock.Advance(step)
		e, err := w.Machines.BeginDevice(t.Context(), b.Signed, p.ID, "", b.As())
		if err != nil {
			t.Fatal(err)
		}
		p.phone = domaintest.Scan(t, e.Factor.ID, e.URI)
		if err := w.Machines.ConfirmDevice(t.Context(), b.Signed, p.ID, p.phone.Code(w.Clock.Now()), b.As()); err != nil {
			t.Fatal(err)
		}
		w.Clock.Advance(step)
		wantError(t, "with the new device", check(t, w, p.withCode(p.phone.Code(w.Clock.Now()))), nil)
	})
}

// TestDeadWithinASecond: whatever ends a key or a token is in force on another server within a second.
func TestDeadWithinASecond(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := domaintest.New(t, d)
		other := w.Restart(t, d)
		w.Enrol(t, w.Ada)
		fresh := func() domaintest.Browser { return w.Browse(t, w.Ada) }
		ctx := t.Context()
		for i, c := range []struct {
			name       string
			do         func(u user.User, p program) error
			key, token error // what comes of them
		}{
			{"removed", func(u user.User, p program) error {
				b := w.Browse(t, u)
				return w.Machines.End(ctx, b.Signed, p.ID, b.As())
			}, apikey.ErrKey, apikey.ErrToken},
			{"removed by an administrator", func(u user.User, p program) error {
				b := fresh()
				return w.Admin.EndKeys(ctx, b.Signed.SecondFactor(w.Clock.Now()), b.Signed, u.ID, p.ID, b.As())
			}, apikey.ErrKey, apikey.ErrToken},
			{"all ended by an administrator", func(u user.User, p program) error {
				b := fresh()
				return w.Admin.EndKeys(ctx, b.Signed.SecondFactor(w.Clock.Now()), b.Signed, u.ID, "", b.As())
			}, apikey.ErrKey, apikey.ErrToken},
			{"ended by the operator", func(u user.User, p program) error { return w.Admin.OperatorEndKeys(ctx, u, p.ID) }, apikey.ErrKey, apikey.ErrToken},
			{"locked", func(u user.User, _ program) error { return w.Admin.Lock(ctx, u, audit.Operator()) }, apikey.ErrKey, apikey.ErrToken},
			{"reset", func(u user.User, _ program) error { return w.Admin.ResetTwoFactor(ctx, u, "lost", audit.Operator()) }, apikey.ErrKey, apikey.ErrToken},
			{"person removed", func(u user.User, _ program) error { return w.Admin.OperatorRemove(ctx, u) }, apikey.ErrKey, apikey.ErrToken},
			{"password changed", func(u user.User, _ program) error {
				return w.Admin.SetPassword(ctx, w.Acme, u, "another twelve quiet geese", audit.Operator())
			}, nil, apikey.ErrToken},
			{"sessions ended", func(u user.User, _ program) error { return w.Admin.OperatorEndSessions(ctx, u, "") }, nil, apikey.ErrToken},
			{"device taken away", func(u user.User, p program) error {
				b := w.Browse(t, u)
				return w.Machines.RemoveDevice(ctx, b.Signed, p.ID, domaintest.Password, b.As())
			}, machine.ErrSecondFactor, apikey.ErrToken},
		} {
			u := w.AddUser(t, w.Acme, string(rune('a'+i))+"@acme.test", "", user.Member)
			w.Enrol(t, u)
			p := makeKey(t, w, u, true, nil, apikey.New{})
			token, _, err := w.Machines.Token(ctx, machine.Grant{Key: p.value, Code: p.phone.Code(w.Clock.Now()), From: here, By: domaintest.By})
			if err != nil {
				t.Fatal(err)
			}
			w.Clock.Advance(step)
			byToken := p.call()
			byToken.Value = token
			wantError(t, c.name+": token before", check(t, other, byToken), nil)
			wantError(t, c.name+": key before", check(t, other, p.withCode(p.phone.Code(w.Clock.Now()))), nil)
			w.Clock.Advance(step - time.Second)
			wantError(t, c.name+": token a moment before", check(t, other, byToken), nil)
			wantError(t, c.name+": key a moment before", check(t, other, p.call()), machine.ErrSecondFactor)
			if err := c.do(u, p); err != nil {
				t.Fatalf("%s: %v", c.name, err)
			}
			w.Clock.Advance(time.Second)
			for i, server := range []*domaintest.World{w, other} {
				wantError(t, c.name+": token", check(t, server, byToken), c.token)
				code := p.phone.Code(w.Clock.Now().Add(time.Duration(i) * step))
				wantError(t, c.name+": key", check(t, server, p.withCode(code)), c.key)
			}
		}
		me := fresh()
		if err := w.Admin.EndKeys(ctx, me.Signed.SecondFactor(w.Clock.Now()), me.Signed, w.Ada.ID, "", me.As()); !errors.Is(err, admin.ErrSelf) {
			t.Errorf("on oneself: %v", err)
		}
		u := w.AddUser(t, w.Acme, "z@acme.test", "", user.Member)
		p := makeKey(t, w, u, false, nil, apikey.New{})
		wantError(t, "before the account is suspended", check(t, other, p.call()), nil)
		if err := account.SetSuspended(ctx, d, w.Clock.Now(), w.Acme.ID, true, audit.Operator()); err != nil {
			t.Fatal(err)
		}
		w.Clock.Advance(time.Second)
		wantError(t, "the account is suspended", check(t, other, p.call()), apikey.ErrKey)
	})
}

// TestNewDeviceTakesThePlace: the device that a key has counts until the new one is confirmed, and not a moment longer.
func TestNewDeviceTakesThePlace(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := domaintest.New(t, d)
		p := makeKey(t, w, w.Grace, true, nil, apikey.New{})
		b := w.Browse(t, w.Grace)
		e, err := w.Machines.BeginDevice(t.Context(), b.Signed, p.ID, domaintest.Password, b.As())
		if err != nil {
			t.Fatal(err)
		}
		fresh := domaintest.Scan(t, e.Factor.ID, e.URI)
		wantError(t, "the new one before it is confirmed", check(t, w, p.withCode(fresh.Code(w.Clock.Now()))), factor.ErrWrongCode)
		wantError(t, "the old one", check(t, w, p.withCode(p.phone.Code(w.Clock.Now()))), nil)
		if err := w.Machines.ConfirmDevice(t.Context(), b.Signed, p.ID, fresh.Code(w.Clock.Now()), b.As()); err != nil {
			t.Fatal(err)
		}
		w.Clock.Advance(step)
		wantError(t, "the old one after that", check(t, w, p.withCode(p.phone.Code(w.Clock.Now()))), factor.ErrWrongCode)
		wantError(t, "the new one", check(t, w, p.withCode(fresh.Code(w.Clock.Now()))), nil)
	})
}
