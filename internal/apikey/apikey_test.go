package apikey_test

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
)

// TestNetworks: what is typed has one form, an IPv4 address in its IPv6 form is what it is, and what can't be read is refused.
func TestNetworks(t *testing.T) {
	for typed, want := range map[string]string{
		"": "", "192.0.2.7": "192.0.2.7", "192.0.2.7/24": "192.0.2.0/24", " 192.0.2.7,\n2001:DB8::/32 ": "192.0.2.7 2001:db8::/32", "::1": "::1",
		"::ffff:192.0.2.7": "192.0.2.7", "::ffff:192.0.2.7/120": "192.0.2.0/24", "::ffff:0.0.0.0/96": "0.0.0.0/0", "192.0.2.7 192.0.2.7/32": "192.0.2.7", "0.0.0.0/0": "0.0.0.0/0",
	} {
		all, err := apikey.ParseNetworks(typed)
		if err != nil || apikey.JoinNetworks(all) != want {
			t.Errorf("%q: %q, %v, want %q", typed, apikey.JoinNetworks(all), err, want)
		}
	}
	many := ""
	for i := range 21 {
		many += netip.AddrFrom4([4]byte{192, 0, 2, byte(i)}).String() + " "
	}
	for _, typed := range []string{"here", "192.0.2", "192.0.2.0/33", "192.0.2.0/024", "192.0.2.0/", "fe80::1%eth0", "fe80::%1/64", "::ffff:0.0.0.0/95", "192.0.2.007", many} {
		if all, err := apikey.ParseNetworks(typed); !errors.Is(err, apikey.ErrNetworks) {
			t.Errorf("%q was read as %v, %v", typed, all, err)
		}
	}
	k := apikey.Key{Networks: []netip.Prefix{{}}} // as a row that can't be read
	if k.From(netip.MustParseAddr("192.0.2.7")) {
		t.Error("a prefix that can’t be read contains an address")
	}
}

// FuzzNetworks: what is read is written in a form that is read as the same, and never opens a key to everybody unless asked to.
func FuzzNetworks(f *testing.F) {
	for _, seed := range []string{"192.0.2.7", "2001:db8::/32", "::ffff:1.2.3.4/100", "0.0.0.0/0", "fe80::1%x", ",, ", "1.2.3.4/8,::/0"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, typed string) {
		all, err := apikey.ParseNetworks(typed)
		if err != nil {
			return
		}
		written := apikey.JoinNetworks(all)
		again, err := apikey.ParseNetworks(written)
		if err != nil || apikey.JoinNetworks(again) != written {
			t.Fatalf("%q is written as %q and read as %v, %v", typed, written, again, err)
		}
		for _, p := range all {
			if !p.IsValid() || p.Addr().Is4In6() || p != p.Masked() {
				t.Fatalf("%q gives %v", typed, p)
			}
		}
	})
}

// TestSweep: tokens and nonces whose time is over are removed, and those that count stay.
func TestSweep(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := domaintest.New(t, d)
		ctx, now := t.Context(), w.Clock.Now()
		m, err := w.Machines.OperatorMake(ctx, w.Grace, apikey.New{Name: "Program", Scopes: []apikey.Scope{apikey.Read}})
		if err != nil {
			t.Fatal(err)
		}
		c, err := w.Machines.Keys.Check(ctx, m.Value)
		if err != nil {
			t.Fatal(err)
		}
		for _, at := range []time.Time{now.Add(-apikey.TokenFor), now.Add(-apikey.TokenFor + time.Second)} {
			_, _, stmts := apikey.IssueToken(at, c, c.Scopes())
			if err := d.Run(ctx, stmts...); err != nil {
				t.Fatal(err)
			}
		}
		for nonce, until := range map[string]time.Time{"old": now, "new": now.Add(time.Second)} {
			if err := d.Run(ctx, apikey.SpendNonce(c.Key, nonce, until)); err != nil {
				t.Fatal(err)
			}
		}
		if n, err := apikey.SweepTokens(ctx, d, now, 10); n != 1 || err != nil {
			t.Errorf("%d tokens swept, %v", n, err)
		}
		if n, err := apikey.SweepNonces(ctx, d, now, 10); n != 1 || err != nil {
			t.Errorf("%d nonces swept, %v", n, err)
		}
		if err := d.Run(ctx, apikey.SpendNonce(c.Key, "new", now.Add(time.Hour))); !errors.Is(err, apikey.ErrReplayed) {
			t.Errorf("a nonce that counts: %v", err)
		}
		// An ended key that is remembered does nothing any more.
		if err := w.Admin.OperatorEndKeys(ctx, w.Grace, c.Key.ID); err != nil {
			t.Fatal(err)
		}
		if err := d.Run(ctx, c.Held(), audit.Record(now, audit.Event{AccountID: w.Acme.ID, Action: audit.KeyMade})); !errors.Is(err, apikey.ErrKey) {
			t.Errorf("in the name of an ended key: %v", err)
		}
		_, _, stmts := apikey.IssueToken(now, c, c.Scopes())
		if err := d.Run(ctx, stmts...); !errors.Is(err, apikey.ErrKey) {
			t.Errorf("a token of an ended key: %v", err)
		}
	})
}
