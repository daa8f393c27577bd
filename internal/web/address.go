package web

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"sallyport/internal/account"
	"sallyport/internal/factor"
	"sallyport/internal/httpx"
	"sallyport/internal/session"
)

// methods describes what can be set up, each with the devices there are (C21, K18).
func (s *Site) methods(r *http.Request, devices []factor.Factor) ([]MethodState, error) {
	who := signed(r)
	offers, err := s.Profile.OwnOffers(r.Context(), who)
	if err != nil {
		return nil, err
	}
	var all []MethodState
	for _, o := range offers {
		m := MethodState{Kind: string(o.Method), Why: string(o.Why), Until: o.Until, Support: s.Support, Max: who.Account.Policy.MaxDevicesPerKind}
		for _, d := range devices {
			if d.Kind == factor.Kind(o.Method) {
				m.Devices = append(m.Devices, deviceRow(d, who))
			}
		}
		if m.Why == string(account.NotByPolicy) && len(m.Devices) == 0 {
			continue // what the organisation does not want is not dangled before its people
		}
		all = append(all, m)
	}
	return all, nil
}

// methodState describes one method, whether or not the organisation wants it.
func (s *Site) methodState(r *http.Request, devices []factor.Factor, k factor.Kind) (MethodState, error) {
	all, err := s.methods(r, devices)
	for _, m := range all {
		if m.Kind == string(k) {
			return m, err
		}
	}
	return MethodState{Kind: string(k), Why: string(account.NotByPolicy)}, err
}

func deviceRow(d factor.Factor, who *session.Signed) Device {
	return Device{
		ID: d.ID, Kind: string(d.Kind), Name: d.Name, Hint: hintOf(d), Synced: d.Hint == factor.Synced, Confirmed: d.State == factor.Confirmed, Preferred: d.ID == who.User.PreferredFactor,
		Locked: d.Locked(), Added: d.AddedAt, LastUsed: d.LastUsedAt,
	}
}

func (s *Site) addAddressView(r *http.Request, k factor.Kind) (AddAddress, error) {
	who := signed(r)
	devices, err := s.devices(r)
	if err != nil {
		return AddAddress{}, err
	}
	v := AddAddress{Kind: string(k), AskPassword: s.Profile.ToAdd(who).Password, Email: who.User.Email}
	if v.Method, err = s.methodState(r, devices, k); err != nil {
		return v, err
	}
	name, err := catalogueOf(r).Text("address.name_" + string(k))
	if err != nil {
		return v, err
	}
	v.Name = freeName(name, devices)
	if k == factor.Email {
		v.Address = who.User.Email
	} else {
		v.Countries = s.Profile.CountryNames(who)
	}
	return v, nil
}

// freeName is a name that no confirmed device has: "My Phone", "My Phone 2".
func freeName(name string, devices []factor.Factor) string {
	taken := map[string]bool{}
	for _, d := range devices {
		if d.State == factor.Confirmed {
			taken[strings.ToLower(d.Name)] = true
		}
	}
	free := name
	for n := 2; taken[strings.ToLower(free)]; n++ {
		free = name + " " + strconv.Itoa(n)
	}
	return free
}

func (s *Site) showAddAddress(k factor.Kind) httpx.Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		v, err := s.addAddressView(r, k)
		if err != nil {
			return err
		}
		v.Next, _ = httpx.ReturnTo(r.URL.Query().Get("next"))
		return s.render(w, r, http.StatusOK, PlaceTwoFactor, v)
	}
}

// addAddress sends the first code and leads to the page that takes it (C16, C17).
func (s *Site) addAddress(k factor.Kind) httpx.Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		form, err := httpx.Form(r, "name", "address", "password", "next")
		if err != nil {
			return err
		}
		next, _ := httpx.ReturnTo(form.Get("next"))
		f, err := s.Profile.AddAddress(r.Context(), signed(r), k, form.Get("name"), form.Get("address"), proofs(form), by(r))
		if err == nil {
			return httpx.SeeOther(w, confirmPath(f.ID, next))
		}
		v, readErr := s.addAddressView(r, k)
		if readErr != nil {
			return readErr
		}
		v.Name, v.Address, v.Next = form.Get("name"), form.Get("address"), next
		return s.again(r, err, PlaceTwoFactor, func(f *FormError) View {
			v.AskPassword = v.AskPassword || f.Field == "password"
			v.Error = f
			return v
		})
	}
}

// confirmPath is the page that takes the first code of a device.
func confirmPath(factorID, next string) string {
	query := url.Values{}
	if next != "" {
		query.Set("next", next)
	}
	return withQuery("/settings/two-factor/"+factorID+"/confirm", query)
}

// sendProof sends another code to an address that waits to be confirmed.
func (s *Site) sendProof(w http.ResponseWriter, r *http.Request) error {
	form, err := httpx.Form(r, "next")
	if err != nil {
		return err
	}
	next, _ := httpx.ReturnTo(form.Get("next"))
	d, err := s.device(r)
	if err != nil {
		return s.gone(w, err)
	}
	if err := s.Profile.SendProof(r.Context(), signed(r), d.ID, by(r)); err != nil {
		v, readErr := s.confirmView(r, d, next)
		if readErr != nil {
			return readErr
		}
		return s.again(r, err, PlaceTwoFactor, func(f *FormError) View {
			f.Field = ""
			v.Error = f
			return v
		})
	}
	return done(w, confirmPath(d.ID, next), NoticeCodeSent)
}

// confirmView describes the page that takes the first code of a device.
func (s *Site) confirmView(r *http.Request, d factor.Factor, next string) (ConfirmDevice, error) {
	v := ConfirmDevice{ID: d.ID, Kind: string(d.Kind), Name: d.Name, Hint: d.Hint, Ends: d.ExpiresAt, Next: next}
	if !d.Kind.Sent() {
		return v, nil
	}
	var err error
	v.Sent, err = s.sentFor(r, d.AccountID, d.UserID, d.ID, d.ID)
	return v, err
}

// preferDevice makes a device the one that sign-in asks for first (K9).
func (s *Site) preferDevice(w http.ResponseWriter, r *http.Request) error {
	if _, err := httpx.Form(r); err != nil {
		return err
	}
	err := s.Profile.Prefer(r.Context(), signed(r), r.PathValue("id"), by(r))
	if err != nil {
		return s.gone(w, err)
	}
	return done(w, "/settings/two-factor", NoticeDevicePreferred)
}
