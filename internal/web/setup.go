package web

import (
	"net/http"

	"sallyport/internal/factor"
	"sallyport/internal/httpx"
	"sallyport/internal/signin"
)

// confirmSetUpPath is the form that ends a sign-in with the first code of a new device.
const confirmSetUpPath = "/sign-in/set-up/confirm"

// showSetUp asks for the name of the device that has to be set up before this sign-in goes on (T15).
func (s *Site) showSetUp(w http.ResponseWriter, r *http.Request) error {
	p, err := s.pendingSignIn(r)
	if err != nil {
		return s.ended(w, r, err)
	}
	if p.State(s.Now()) != signin.SetUp {
		return httpx.SeeOther(w, "/sign-in/verify")
	}
	name, err := catalogueOf(r).Text("device.default")
	if err != nil {
		return err
	}
	return s.render(w, r, http.StatusOK, "", SetUp{Name: name, Ends: p.ExpiresAt})
}

func (s *Site) setUp(w http.ResponseWriter, r *http.Request) error {
	form, err := httpx.Form(r, "name")
	if err != nil {
		return err
	}
	p, e, err := s.SignIns.BeginSetUp(r.Context(), pendingCookie(r), form.Get("name"))
	if p == nil {
		return s.ended(w, r, err)
	}
	readBy(r, p.User)
	if err != nil {
		return s.again(r, err, "", func(f *FormError) View {
			return SetUp{Name: form.Get("name"), Ends: p.ExpiresAt, Error: f}
		})
	}
	v, err := showKey(catalogueOf(r), e)
	if err != nil {
		return err
	}
	v.SigningIn, v.Ends = true, p.ExpiresAt
	return s.render(w, r, http.StatusOK, "", v)
}

func (s *Site) confirmSetUp(w http.ResponseWriter, r *http.Request) error {
	form, err := httpx.Form(r, "id", "code")
	if err != nil {
		return err
	}
	step, codes, err := s.SignIns.ConfirmSetUp(r.Context(), pendingCookie(r), form.Get("id"), form.Get("code"), by(r))
	s.countStep(step, err, string(factor.TOTP))
	if err != nil {
		p, readErr := s.pendingSignIn(r)
		if readErr != nil {
			return s.ended(w, r, readErr)
		}
		return s.again(r, err, "", func(f *FormError) View {
			return ConfirmDevice{ID: form.Get("id"), Name: p.DeviceName(form.Get("id")), SigningIn: true, Ends: p.ExpiresAt, Error: f}
		})
	}
	if err := s.handOver(w, r, step); err != nil {
		return err
	}
	readBy(r, step.User)
	return s.render(w, r, http.StatusOK, "", BackupCodes{
		Codes: codes, First: true, SigningIn: true, Host: s.PublicURL.Host, Account: step.Account.Name, Email: step.User.Email,
		Made: s.Now(), Next: step.ReturnTo,
	})
}
