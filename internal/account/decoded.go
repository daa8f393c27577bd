package account

import (
	"slices"
	"sync"
)

// decoded remembers policies by the text in which they are stored. Every request reads its account, and most accounts have one of a few
// texts; reading one takes a twentieth of a second step.
var decoded = struct {
	sync.RWMutex
	byText map[string]Policy
}{byText: map[string]Policy{}}

const maxDecoded = 256

// readPolicy is decodePolicy for what is read often.
func readPolicy(text string) (Policy, error) {
	decoded.RLock()
	p, ok := decoded.byText[text]
	decoded.RUnlock()
	if !ok {
		var err error
		if p, err = decodePolicy([]byte(text)); err != nil {
			return p, err
		}
		decoded.Lock()
		if len(decoded.byText) >= maxDecoded {
			clear(decoded.byText)
		}
		decoded.byText[text] = p
		decoded.Unlock()
	}
	// The lists are the caller's own to change.
	p.Methods, p.PasskeyModels, p.SMSCountries = slices.Clone(p.Methods), slices.Clone(p.PasskeyModels), slices.Clone(p.SMSCountries)
	return p, nil
}
