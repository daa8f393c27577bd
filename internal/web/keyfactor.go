package web

import (
	"errors"
	"net/http"

	"sallyport/internal/apikey"
	"sallyport/internal/factor"
	"sallyport/internal/httpx"
	"sallyport/internal/machine"
	"sallyport/internal/reauth"
)

// changeKey does something to the second factor of the key that the address names, and shows its page again if it could not be done.
func (s *Site) changeKey(w http.ResponseWriter, r *http.Request, err error, told Notice, view func(APIKey, *FormError) View) error {
	switch {
	case err == nil:
		return done(w, keysPath+"/"+r.PathValue("id"), told)
	case errors.Is(err, reauth.ErrFactorNeeded):
		return toConfirm(w, r)
	case errors.Is(err, apikey.ErrNotFound):
		return keyGone(w, err)
	}
	k, readErr := s.key(r)
	if readErr != nil {
		return keyGone(w, readErr)
	}
	return s.again(r, err, PlaceAPIKeys, func(f *FormError) View { return view(k, f) })
}

// keyPage makes a page about the key that the address names.
func (s *Site) keyPage(view func(*http.Request, APIKey) View) httpx.Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		k, err := s.key(r)
		if err != nil {
			return keyGone(w, err)
		}
		return s.render(w, r, http.StatusOK, PlaceAPIKeys, view(r, k))
	}
}

func keyDeviceView(r *http.Request, k APIKey, f *FormError) View {
	return KeyDevice{
		ID: k.ID, Name: k.Name, Replaces: k.Device == "confirmed" || k.Device == "locked",
		AskPassword: machine.NeedsPassword(signed(r)), Email: signed(r).User.Email, Error: f,
	}
}

func (s *Site) showKeyDevice(w http.ResponseWriter, r *http.Request) error {
	return s.keyPage(func(r *http.Request, k APIKey) View { return keyDeviceView(r, k, nil) })(w, r)
}

// beginKeyDevice answers with the QR code itself: the secret is in this one response and nowhere else.
func (s *Site) beginKeyDevice(w http.ResponseWriter, r *http.Request) error {
	form, err := httpx.Form(r, "password")
	if err != nil {
		return err
	}
	e, err := s.Machines.BeginDevice(r.Context(), signed(r), r.PathValue("id"), form.Get("password"), by(r))
	if err != nil {
		return s.changeKey(w, r, err, "", func(k APIKey, f *FormError) View { return keyDeviceView(r, k, f) })
	}
	return s.showMade(w, r, machine.Made{Key: apikey.Key{ID: r.PathValue("id"), Name: e.Factor.Name}, Device: &e})
}

func (s *Site) showConfirmKeyDevice(w http.ResponseWriter, r *http.Request) error {
	return s.keyPage(func(_ *http.Request, k APIKey) View { return ConfirmKeyDevice{ID: k.ID, Name: k.Name} })(w, r)
}

func (s *Site) confirmKeyDevice(w http.ResponseWriter, r *http.Request) error {
	form, err := httpx.Form(r, "code")
	if err != nil {
		return err
	}
	err = s.Machines.ConfirmDevice(r.Context(), signed(r), r.PathValue("id"), form.Get("code"), by(r))
	if errors.Is(err, factor.ErrNotFound) { // it is confirmed already, or its time is over: the key's page says which
		return done(w, keysPath+"/"+r.PathValue("id"), NoticeKeyNoDevice)
	}
	return s.changeKey(w, r, err, NoticeKeyDevice, func(k APIKey, f *FormError) View { return ConfirmKeyDevice{k.ID, k.Name, f} })
}

func keyPublicView(r *http.Request, k APIKey, typed string, f *FormError) View {
	return KeyPublic{
		ID: k.ID, Name: k.Name, Present: k.PublicKey, Typed: typed, AskPassword: machine.NeedsPassword(signed(r)), Email: signed(r).User.Email, Error: f,
	}
}

func (s *Site) showKeyPublic(w http.ResponseWriter, r *http.Request) error {
	return s.keyPage(func(r *http.Request, k APIKey) View { return keyPublicView(r, k, "", nil) })(w, r)
}

func (s *Site) setKeyPublic(w http.ResponseWriter, r *http.Request) error {
	form, err := httpx.Form(r, "public_key", "password")
	if err != nil {
		return err
	}
	typed := pasted(form.Get("public_key"))
	if typed == "" {
		typed = "-" // refused as what was left out: nothing would take the key away
	}
	err = s.Machines.SetPublicKey(r.Context(), signed(r), r.PathValue("id"), typed, form.Get("password"), by(r))
	return s.changeKey(w, r, err, NoticeKeyPublic, func(k APIKey, f *FormError) View { return keyPublicView(r, k, form.Get("public_key"), f) })
}

func (s *Site) dropView(r *http.Request, k APIKey, public bool, f *FormError) View {
	who := signed(r)
	v := DropKeyFactor{
		ID: k.ID, Name: k.Name, PublicKey: public, Alone: s.alone(who), AskPassword: machine.NeedsPassword(who), Email: who.User.Email, Error: f,
	}
	v.Last = public && k.Device != "confirmed" && k.Device != "locked" || !public && k.PublicKey == ""
	return v
}

// showDrop asks whether the device, or the public key, is to be taken away.
func (s *Site) showDrop(public bool) httpx.Handler {
	return s.keyPage(func(r *http.Request, k APIKey) View { return s.dropView(r, k, public, nil) })
}

func (s *Site) drop(public bool) httpx.Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		form, err := httpx.Form(r, "password")
		if err != nil {
			return err
		}
		notice := NoticeKeyDeviceGone
		if public {
			notice = NoticeKeyPublicGone
			err = s.Machines.SetPublicKey(r.Context(), signed(r), r.PathValue("id"), "", form.Get("password"), by(r))
		} else {
			err = s.Machines.RemoveDevice(r.Context(), signed(r), r.PathValue("id"), form.Get("password"), by(r))
		}
		if errors.Is(err, factor.ErrNotFound) {
			return done(w, keysPath+"/"+r.PathValue("id"), NoticeKeyNoDevice)
		}
		return s.changeKey(w, r, err, notice, func(k APIKey, f *FormError) View { return s.dropView(r, k, public, f) })
	}
}

// keyToEnd describes the API key that the address names for an administrator; nil for all.
func (s *Site) keyToEnd(r *http.Request) (*APIKey, error) {
	form, err := httpx.Query(r, "key")
	if err != nil || form.Get("key") == "" {
		return nil, err
	}
	one, err := s.Admin.Key(r.Context(), signed(r), r.PathValue("id"), form.Get("key"))
	if err != nil {
		return nil, err
	}
	row := keyRow(one, nil, s.Now())
	return &row, nil
}
