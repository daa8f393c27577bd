package account

import (
	"errors"
	"testing"
)

// TestPasskeysNeedAName: where the deployment can have no passkeys nobody is offered one, and one that is all there is leaves no way.
func TestPasskeysNeedAName(t *testing.T) {
	plans := Plans{Default: "all", All: map[string]Plan{"all": {Methods: Methods()}}}
	only := Account{Policy: Policy{Methods: []Method{Passkey}}}
	if offers := plans.Offers(only, false, false, noon); NoWay(offers) || Offered(offers, Passkey) != nil {
		t.Errorf("passkeys alone are no way: %+v", offers)
	}
	plans.NoPasskeys = true
	if offers := plans.Offers(only, true, true, noon); !NoWay(offers) || !errors.Is(Offered(offers, Passkey), ErrNoPasskeys) {
		t.Errorf("without a name, passkeys are offered: %+v", offers)
	}
	if offers := plans.Offers(Account{Policy: Policy{Methods: Methods()}}, false, false, noon); NoWay(offers) || Offered(offers, TOTP) != nil {
		t.Errorf("without passkeys, the others are not offered: %+v", offers)
	}
}

// TestModelsNeedRoots: where models can't be checked nobody is offered a passkey of an account that allows certain ones, and no
// account begins to allow certain ones; what else it changes stands.
func TestModelsNeedRoots(t *testing.T) {
	plans := Plans{Default: "all", All: map[string]Plan{"all": {Methods: Methods()}}}
	p, err := Default().With("passkey_models=2FC0579F-8113-47EA-B116-BB5A8DB9202A,00000000-0000-0000-0000-000000000001")
	if err != nil || p.PasskeyModels[0] != "00000000-0000-0000-0000-000000000001" || p.PasskeyModels[1] != "2fc0579f-8113-47ea-b116-bb5a8db9202a" {
		t.Fatalf("%v, %v", p.PasskeyModels, err)
	}
	if err := plans.checkModels(Default(), p); !errors.Is(err, ErrPolicy) {
		t.Errorf("models without roots: %v", err)
	}
	if offers := plans.Offers(Account{Policy: p}, true, true, noon); !errors.Is(Offered(offers, Passkey), ErrNoRoots) || Offered(offers, TOTP) != nil {
		t.Errorf("without roots: %+v", offers)
	}
	q := p
	q.GraceDays = 7
	if err := plans.checkModels(p, q); err != nil {
		t.Errorf("another change without roots: %v", err)
	}
	if err := plans.checkModels(p, Default()); err != nil {
		t.Errorf("allowing all without roots: %v", err)
	}
	plans.PasskeyRoots = true
	if err := plans.checkModels(Default(), p); err != nil {
		t.Errorf("models with roots: %v", err)
	}
	if offers := plans.Offers(Account{Policy: p}, true, true, noon); Offered(offers, Passkey) != nil {
		t.Errorf("with roots: %+v", offers)
	}
	for _, bad := range []string{"x", "00000000-0000-0000-0000-000000000000", "2fc0579f81134 7eab116bb5a8db9202a", "2fc0579f-8113-47ea-b116-bb5a8db9202a,2FC0579F-8113-47EA-B116-BB5A8DB9202A", "{2fc0579f-8113-47ea-b116-bb5a8db9202a}"} {
		if _, err := Default().With("passkey_models=" + bad); !errors.Is(err, ErrPolicy) {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

// TestNobodyIsLockedOutByPasskeys: a passkey is demanded of more people only where they can add one; a demand that stands can be
// loosened, and anything else changed beside it.
func TestNobodyIsLockedOutByPasskeys(t *testing.T) {
	free, admins, everyone := Default(), Default(), Default()
	admins.PasskeyRequired, everyone.PasskeyRequired = PasskeyAdmins, PasskeyEveryone
	longer := everyone
	longer.GraceDays = 7
	certain := everyone
	certain.PasskeyModels = []string{"2fc0579f-8113-47ea-b116-bb5a8db9202a"}
	all := Plans{Default: "all", All: map[string]Plan{"all": {Methods: Methods()}}}
	numbered, small := all, Plans{Default: "small", All: map[string]Plan{"small": {Methods: []Method{TOTP}}}}
	numbered.NoPasskeys = true
	for _, c := range []struct {
		what    string
		plans   Plans
		was, is Policy
		refused bool
	}{
		{"where there are passkeys", all, free, everyone, false},
		{"where the server has no name", numbered, free, everyone, true},
		{"of administrators there", numbered, free, admins, true},
		{"of everybody else too", numbered, admins, everyone, true},
		{"not of others any more", numbered, everyone, admins, false},
		{"not any more", numbered, everyone, free, false},
		{"beside another change", numbered, everyone, longer, false},
		{"where the plan has none", small, free, admins, true},
		{"where models can't be checked, which they were", all, func() Policy { p := certain; p.PasskeyRequired = PasskeyOptional; return p }(), certain, true},
	} {
		if err := c.plans.CheckPasskeys(Account{Policy: c.was}, c.is, noon); errors.Is(err, ErrPolicy) != c.refused {
			t.Errorf("%s: %v", c.what, err)
		}
	}
}
