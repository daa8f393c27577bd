package web

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"

	"sallyport/internal/errs"
	"sallyport/internal/factor"
	"sallyport/internal/httpx"
	"sallyport/internal/signin"
)

// errNoAnswer is what a form says that came without what the script puts into it.
var errNoAnswer = errs.New(errs.Invalid, "passkey_missing", "A passkey needs JavaScript in your browser. Switch it on and press again, or use another way.").In("credential")

// answered refuses the form of a passkey that came as it stood.
func answered(form httpx.Values) error {
	if form.Has("credential") && form.Get("credential") == "" && !form.Has("code") {
		return errNoAnswer
	}
	return nil
}

// question answers the script with what the browser asks a passkey. Nothing is stored for it, so whoever reads pages costs no write.
func question(w http.ResponseWriter, options json.RawMessage, ceremony string) error {
	body, err := json.Marshal(struct {
		Options  json.RawMessage `json:"options"`
		Ceremony string          `json:"ceremony"`
	}{options, ceremony})
	if err != nil {
		return err
	}
	return answerJSON(w, body)
}

func answerJSON(w http.ResponseWriter, body []byte) error {
	w.Header().Set("Content-Type", "application/json")
	_, err := w.Write(body)
	return err
}

// askAnyPasskey asks for a passkey at the first door, when the button is pressed or the browser can offer one.
func (s *Site) askAnyPasskey(w http.ResponseWriter, r *http.Request) error {
	options, ceremony, err := s.SignIns.AskPasskeyAlone(r.Context())
	if err != nil {
		return err
	}
	return question(w, options, ceremony)
}

// askPasskey asks for one at the second door.
func (s *Site) askPasskey(w http.ResponseWriter, r *http.Request) error {
	options, ceremony, err := s.second(r).AskPasskey(r.Context(), pendingCookie(r))
	if err != nil {
		return err
	}
	return question(w, options, ceremony)
}

// askPasskeyAgain asks for one within a session, for what asks for the second factor again (K1).
func (s *Site) askPasskeyAgain(w http.ResponseWriter, r *http.Request) error {
	options, ceremony, err := s.Profile.AskPasskey(r.Context(), signed(r))
	if err != nil {
		return err
	}
	return question(w, options, ceremony)
}

// passkeySignIn is both doors at once.
func (s *Site) passkeySignIn(w http.ResponseWriter, r *http.Request) error {
	form, err := httpx.Form(r, "account", "next", "credential", "ceremony")
	if err != nil {
		return err
	}
	next, _ := httpx.ReturnTo(form.Get("next"))
	v := SignIn{Account: form.Get("account"), Next: next}
	step, err := signin.Step{}, answered(form)
	if err == nil {
		step, err = s.SignIns.Passkey(r.Context(), signin.PasskeyCredentials{
			Ceremony: form.Get("ceremony"), Response: form.Get("credential"), ReturnTo: next, Known: s.known(r),
		}, by(r))
		s.countStep(step, err, string(factor.Passkey))
	}
	if err != nil {
		if e := errs.From(err); e.Kind == errs.Forbidden {
			err = e.In("email") // locked or suspended: said at the form, to somebody who has the passkey
		}
		v.AccountName = s.facing(r, v.Account).Name
		return s.again(r, err, "", func(f *FormError) View { v.Error = f; return v })
	}
	if v.Account != "" {
		httpx.SetCookie(w, httpx.AccountCookie, step.Account.Slug, rememberAccount)
	}
	return s.enter(w, r, step, NoticeSignedIn)
}

func (s *Site) addPasskeyView(r *http.Request) (AddPasskey, error) {
	who := signed(r)
	v := AddPasskey{AskPassword: s.Profile.ToAdd(who).Password, Email: who.User.Email}
	devices, err := s.devices(r)
	if err != nil {
		return v, err
	}
	v.Method, err = s.methodState(r, devices, factor.Passkey)
	return v, err
}

func (s *Site) showAddPasskey(w http.ResponseWriter, r *http.Request) error {
	v, err := s.addPasskeyView(r)
	if err != nil {
		return err
	}
	v.Next, _ = httpx.ReturnTo(r.URL.Query().Get("next"))
	return s.render(w, r, http.StatusOK, PlaceTwoFactor, v)
}

// addPasskey leads to the page on which the browser makes it.
func (s *Site) addPasskey(w http.ResponseWriter, r *http.Request) error {
	form, err := httpx.Form(r, "name", "password", "next")
	if err != nil {
		return err
	}
	next, _ := httpx.ReturnTo(form.Get("next"))
	f, _, err := s.Profile.AddPasskey(r.Context(), signed(r), form.Get("name"), proofs(form), by(r))
	if err == nil {
		return httpx.SeeOther(w, confirmPath(f.ID, next))
	}
	v, readErr := s.addPasskeyView(r)
	if readErr != nil {
		return readErr
	}
	v.Name, v.Next = form.Get("name"), next
	return s.again(r, err, PlaceTwoFactor, func(f *FormError) View {
		v.AskPassword = v.AskPassword || f.Field == "password"
		v.Error = f
		return v
	})
}

// createView describes the page on which the browser makes the passkey that is being set up.
func (s *Site) createView(r *http.Request, d factor.Factor, next string) (CreatePasskey, error) {
	options, err := s.Factors.PasskeyOptions(r.Context(), signed(r).User, signed(r).ID, d.ID)
	return CreatePasskey{ID: d.ID, Options: string(options), Next: next, Ends: d.ExpiresAt}, err
}

func (s *Site) showCreatePasskey(w http.ResponseWriter, r *http.Request, d factor.Factor, next string) error {
	v, err := s.createView(r, d, next)
	if err != nil {
		return s.gone(w, err) // its time was over just now
	}
	return s.render(w, r, http.StatusOK, PlaceTwoFactor, v)
}

func (s *Site) createPasskeyAgain(w http.ResponseWriter, r *http.Request, d factor.Factor, next string, err error) error {
	v, readErr := s.createView(r, d, next)
	if readErr != nil {
		return s.gone(w, readErr)
	}
	return s.again(r, err, PlaceTwoFactor, func(f *FormError) View {
		f.Field = "" // there is none for people
		v.Error = f
		return v
	})
}

// createSetUpView is the same within a sign-in.
func (s *Site) createSetUpView(r *http.Request, p *signin.Pending, f factor.Factor) (CreatePasskey, error) {
	options, err := s.Factors.PasskeyOptions(r.Context(), p.User, p.Request(), f.ID)
	return CreatePasskey{At: door(r), ID: f.ID, Options: string(options), SigningIn: true, Next: wayBack(r, p), Ends: p.ExpiresAt}, err
}

func (s *Site) showCreateSetUp(w http.ResponseWriter, r *http.Request, p *signin.Pending, f factor.Factor) error {
	v, err := s.createSetUpView(r, p, f)
	if errors.Is(err, factor.ErrNotFound) {
		return httpx.SeeOther(w, door(r).To("/set-up"))
	}
	if err != nil {
		return err
	}
	return s.render(w, r, http.StatusOK, "", v)
}

func (s *Site) createSetUpAgain(w http.ResponseWriter, r *http.Request, p *signin.Pending, f factor.Factor, err error) error {
	v, readErr := s.createSetUpView(r, p, f)
	if errors.Is(readErr, factor.ErrNotFound) {
		return httpx.SeeOther(w, door(r).To("/set-up"))
	}
	if readErr != nil {
		return readErr
	}
	return s.again(r, err, "", func(f *FormError) View {
		f.Field = ""
		v.Error = f
		return v
	})
}

// withPasskeys makes one way of all of a person's passkeys: the browser chooses among them.
func withPasskeys(devices []factor.Factor) (ways []Way) {
	var names []string
	at := -1
	for _, d := range devices {
		if d.Kind == factor.Passkey {
			if names = append(names, d.Name); at >= 0 {
				continue
			}
			at = len(ways)
		}
		ways = append(ways, Way{ID: d.ID, Kind: string(d.Kind), Name: d.Name, Hint: hintOf(d)})
	}
	if at >= 0 {
		ways[at].Name = strings.Join(names, ", ")
	}
	return ways
}

// hintOf is the masked number or address of a device.
func hintOf(d factor.Factor) string {
	if d.Kind.Sent() {
		return d.Hint
	}
	return ""
}

// passkeyEndpoints tells password managers where passkeys are added and looked after (W3C passkey-endpoints).
func (s *Site) passkeyEndpoints(w http.ResponseWriter, _ *http.Request) error {
	body, err := json.Marshal(map[string]string{
		"enroll": s.PublicURL.JoinPath("/settings/two-factor/add-passkey").String(),
		"manage": s.PublicURL.JoinPath("/settings/two-factor").String(),
	})
	if err != nil {
		return err
	}
	return answerJSON(w, body)
}

// relatedOrigins tells browsers where else the passkeys of this name may be used (WebAuthn Level 3, section 5.11).
func (s *Site) relatedOrigins(w http.ResponseWriter, _ *http.Request) error {
	if len(s.Related) == 0 {
		return httpx.ErrNoPage
	}
	body, err := json.Marshal(map[string][]string{"origins": s.Related})
	if err != nil {
		return err
	}
	return answerJSON(w, body)
}
