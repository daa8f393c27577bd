package web

import "time"

// APIKey is one API key as its list and its page show it.
type APIKey struct {
	ID, Name    string
	Scopes      []string // read, factors, admin, checks, operator
	Networks    string   // empty for anywhere
	Device      string   // empty, pending, confirmed or locked
	PublicKey   string   // empty for none
	Created     time.Time
	Ends        time.Time // zero for never
	Ended       bool
	LastUsed    time.Time // zero for never
	LastAddress string
}

// Proved reports whether the key has a second factor of its own.
func (k APIKey) Proved() bool {
	return k.Device == "confirmed" || k.Device == "locked" || k.PublicKey != ""
}

// APIKeys is /settings/api-keys.
type APIKeys struct {
	Keys  []APIKey
	Alone bool // a key without a second factor of its own is enough
	Full  bool // one more is too many
}

func (APIKeys) page() string { return "apikeys" }
func (APIKeys) onCard() bool { return false }
func (APIKeys) failed() bool { return false }

// OneAPIKey is /settings/api-keys/{id}.
type OneAPIKey struct {
	APIKey
	Alone bool
}

func (OneAPIKey) page() string { return "apikey" }
func (OneAPIKey) onCard() bool { return false }
func (OneAPIKey) failed() bool { return false }

// NewAPIKey is /settings/api-keys/new. Posts name, scope_read, scope_factors, scope_admin, scope_checks, ends, networks, way (device, signature or
// none), public_key and, where it is asked for, password. The answer is MadeAPIKey.
type NewAPIKey struct {
	Name      string // as typed before, like the rest
	Scopes    map[string]bool
	Ends      string // the last day, as 2027-01-31
	Networks  string
	Way       string
	PublicKey string

	Administrator bool // may give the scope of one
	Alone         bool
	Full          bool
	AskPassword   bool
	Email         string
	Error         *FormError
}

func (NewAPIKey) page() string   { return "newapikey" }
func (NewAPIKey) onCard() bool   { return false }
func (v NewAPIKey) failed() bool { return v.Error != nil }

// MadeAPIKey is the answer to NewAPIKey: the only page that ever shows the key. Without a value it is the answer to KeyDevice. The
// device's form posts code to /settings/api-keys/{id}/device/confirm.
type MadeAPIKey struct {
	ID, Name string
	Value    string
	Scan     *ShowKey // nil if the key is to have no device
}

func (MadeAPIKey) page() string { return "madeapikey" }
func (MadeAPIKey) onCard() bool { return false }
func (MadeAPIKey) failed() bool { return false }

// KeyDevice is /settings/api-keys/{id}/device. Posts password, where it is asked for; the answer is MadeAPIKey.
type KeyDevice struct {
	ID, Name    string
	Replaces    bool // the key has a device
	AskPassword bool
	Email       string
	Error       *FormError
}

func (KeyDevice) page() string   { return "keydevice" }
func (KeyDevice) onCard() bool   { return false }
func (v KeyDevice) failed() bool { return v.Error != nil }

// ConfirmKeyDevice is /settings/api-keys/{id}/device/confirm. Posts code.
type ConfirmKeyDevice struct {
	ID, Name string
	Error    *FormError
}

func (ConfirmKeyDevice) page() string   { return "confirmkeydevice" }
func (ConfirmKeyDevice) onCard() bool   { return false }
func (v ConfirmKeyDevice) failed() bool { return v.Error != nil }

// KeyPublic is /settings/api-keys/{id}/public-key. Posts public_key and, where it is asked for, password.
type KeyPublic struct {
	ID, Name    string
	Present     string
	Typed       string
	AskPassword bool
	Email       string
	Error       *FormError
}

func (KeyPublic) page() string   { return "keypublic" }
func (KeyPublic) onCard() bool   { return false }
func (v KeyPublic) failed() bool { return v.Error != nil }

// DropKeyFactor is /settings/api-keys/{id}/device/remove and …/public-key/remove. Posts password, where it is asked for.
type DropKeyFactor struct {
	ID, Name    string
	PublicKey   bool // it is about the public key, else about the device
	Last        bool // the key has no second factor then
	Alone       bool
	AskPassword bool
	Email       string
	Error       *FormError
}

func (DropKeyFactor) page() string   { return "dropkeyfactor" }
func (DropKeyFactor) onCard() bool   { return false }
func (v DropKeyFactor) failed() bool { return v.Error != nil }

// RemoveAPIKey is /settings/api-keys/{id}/end.
type RemoveAPIKey struct {
	APIKey
}

func (RemoveAPIKey) page() string { return "removeapikey" }
func (RemoveAPIKey) onCard() bool { return false }
func (RemoveAPIKey) failed() bool { return false }

// EndKeys is /admin/users/{id}/end-keys. Its form's address has key, of the one to be ended; empty for all.
type EndKeys struct {
	Somebody
	One   *APIKey // nil for all
	Error *FormError
}

func (EndKeys) page() string   { return "endkeys" }
func (EndKeys) onCard() bool   { return false }
func (v EndKeys) failed() bool { return v.Error != nil }
