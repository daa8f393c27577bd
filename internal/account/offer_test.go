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
