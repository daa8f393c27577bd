package web

import (
	"errors"
	"net/http"
	"strings"
	"time"

	"sallyport/internal/account"
	"sallyport/internal/apikey"
	"sallyport/internal/factor"
	"sallyport/internal/httpx"
	"sallyport/internal/machine"
	"sallyport/internal/reauth"
	"sallyport/internal/session"
)

const keysPath = "/settings/api-keys"

// keyRow says a key as its list and its page do.
func keyRow(k apikey.Key, devices map[string]factor.Factor, now time.Time) APIKey {
	row := APIKey{
		ID: k.ID, Name: k.Name, Networks: apikey.JoinNetworks(k.Networks), PublicKey: k.PublicKey, Created: k.CreatedAt,
		Ends: k.ExpiresAt, Ended: k.Expired(now), LastUsed: k.LastUsedAt, LastAddress: k.LastAddress,
	}
	for _, s := range k.Scopes {
		row.Scopes = append(row.Scopes, string(s))
	}
	if f, has := devices[k.ID]; has {
		row.Device = string(f.State)
		if f.Locked() {
			row.Device = "locked"
		}
	}
	return row
}

// alone reports whether a key of the person's that has no second factor is enough (K15).
func (s *Site) alone(who *session.Signed) bool {
	demand := who.Owed(s.Now()).Demand
	return who.Account.Policy.APISecondFactor == account.APIOff || demand != account.Prove && demand != account.SetUp
}

// changing lets somebody change a key only if what proves them is fresh: the second factor of those who have one; else their password
// is asked for with the form.
func (s *Site) changing(h httpx.Handler) httpx.Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		if who := signed(r); !machine.NeedsPassword(who) && !s.recent(r, who) {
			return toConfirm(w, r)
		}
		return h(w, r)
	}
}

// keyGone leads from the page of a key that is not there to the list, which shows what is.
func keyGone(w http.ResponseWriter, err error) error {
	if !errors.Is(err, apikey.ErrNotFound) {
		return err
	}
	return done(w, keysPath, NoticeKeyGone)
}

// key is the row of the key that the address names.
func (s *Site) key(r *http.Request) (APIKey, error) {
	k, err := s.Machines.Key(r.Context(), signed(r), r.PathValue("id"))
	if err != nil {
		return APIKey{}, err
	}
	_, devices, err := s.Machines.Of(r.Context(), signed(r))
	return keyRow(k, devices, s.Now()), err
}

func (s *Site) showKeys(w http.ResponseWriter, r *http.Request) error {
	keys, devices, err := s.Machines.Of(r.Context(), signed(r))
	if err != nil {
		return err
	}
	v := APIKeys{Alone: s.alone(signed(r)), Full: len(keys) >= apikey.Most}
	for _, k := range keys {
		v.Keys = append(v.Keys, keyRow(k, devices, s.Now()))
	}
	return s.render(w, r, http.StatusOK, PlaceAPIKeys, v)
}

func (s *Site) showKeyPage(w http.ResponseWriter, r *http.Request) error {
	k, err := s.key(r)
	if err != nil {
		return keyGone(w, err)
	}
	return s.render(w, r, http.StatusOK, PlaceAPIKeys, OneAPIKey{k, s.alone(signed(r))})
}

func (s *Site) newKeyView(r *http.Request) (NewAPIKey, error) {
	who := signed(r)
	keys, _, err := s.Machines.Of(r.Context(), who)
	return NewAPIKey{
		Scopes: map[string]bool{"read": true}, Way: "device", Administrator: who.User.Role.Administers(), Alone: s.alone(who),
		Full: len(keys) >= apikey.Most, AskPassword: machine.NeedsPassword(who), Email: who.User.Email,
	}, err
}

func (s *Site) showNewKey(w http.ResponseWriter, r *http.Request) error {
	v, err := s.newKeyView(r)
	if err != nil {
		return err
	}
	return s.render(w, r, http.StatusOK, PlaceAPIKeys, v)
}

// makeKey answers with the key itself: it is in this one response and nowhere else.
func (s *Site) makeKey(w http.ResponseWriter, r *http.Request) error {
	form, err := httpx.Form(r, "name", "scope_read", "scope_factors", "scope_admin", "scope_checks", "ends", "networks", "way", "public_key", "password")
	if err != nil {
		return err
	}
	n, err := newKey(form)
	if err == nil {
		var made machine.Made
		if made, err = s.Machines.Make(r.Context(), signed(r), n, form.Get("password"), by(r)); err == nil {
			return s.showMade(w, r, made)
		}
	}
	if errors.Is(err, reauth.ErrFactorNeeded) {
		return toConfirm(w, r)
	}
	v, readErr := s.newKeyView(r)
	if readErr != nil {
		return readErr
	}
	v.Name, v.Ends, v.Networks, v.Way, v.PublicKey = form.Get("name"), form.Get("ends"), form.Get("networks"), form.Get("way"), form.Get("public_key")
	v.Scopes = map[string]bool{}
	for _, scope := range n.Scopes {
		v.Scopes[string(scope)] = true
	}
	return s.again(r, err, PlaceAPIKeys, func(f *FormError) View {
		switch f.Field {
		case "expires_at":
			f.Field = "ends"
		case "scopes":
			f.Field = "scope_read"
		}
		v.Error = f
		return v
	})
}

// newKey reads the form. What can't be read is told where package apikey would tell it.
func newKey(form httpx.Values) (n machine.NewKey, err error) {
	n.Name, n.Device = form.Get("name"), form.Get("way") == "device"
	for _, scope := range apikey.Scopes(true) {
		if form.Get("scope_"+string(scope)) != "" {
			n.Scopes = append(n.Scopes, scope)
		}
	}
	if form.Get("way") == "signature" {
		if n.PublicKey = pasted(form.Get("public_key")); n.PublicKey == "" {
			n.PublicKey = "-" // refused as what was left out
		}
	}
	if day := strings.TrimSpace(form.Get("ends")); day != "" {
		last, err := time.Parse(time.DateOnly, day)
		if err != nil {
			return n, apikey.ErrExpiry
		}
		n.ExpiresAt = last.AddDate(0, 0, 1)
	}
	n.Networks, err = apikey.ParseNetworks(form.Get("networks"))
	return n, err
}

// pasted is a public key without the lines around it: a field of one line takes a PEM file without its line breaks.
func pasted(text string) string {
	text = strings.TrimPrefix(strings.TrimSpace(text), "-----BEGIN PUBLIC KEY-----")
	return strings.Join(strings.Fields(strings.TrimSuffix(text, "-----END PUBLIC KEY-----")), "")
}

func (s *Site) showMade(w http.ResponseWriter, r *http.Request, made machine.Made) error {
	v := MadeAPIKey{ID: made.Key.ID, Name: made.Key.Name, Value: made.Value}
	if made.Device != nil {
		scan, err := showKey(catalogueOf(r), *made.Device)
		if err != nil {
			return err
		}
		v.Scan = &scan
	}
	return s.render(w, r, http.StatusOK, PlaceAPIKeys, v)
}

func (s *Site) showRemoveKey(w http.ResponseWriter, r *http.Request) error {
	k, err := s.key(r)
	if err != nil {
		return keyGone(w, err)
	}
	return s.render(w, r, http.StatusOK, PlaceAPIKeys, RemoveAPIKey{k})
}

func (s *Site) removeKey(w http.ResponseWriter, r *http.Request) error {
	if _, err := httpx.Form(r); err != nil {
		return err
	}
	if err := s.Machines.End(r.Context(), signed(r), r.PathValue("id"), by(r)); err != nil {
		return keyGone(w, err)
	}
	return done(w, keysPath, NoticeKeyRemoved)
}
