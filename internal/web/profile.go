package web

import (
	"net/http"
	"time"

	"sallyport/internal/account"
	"sallyport/internal/errs"
	"sallyport/internal/factor"
	"sallyport/internal/httpx"
	"sallyport/internal/password"
	"sallyport/internal/signin"
)

func (s *Site) showProfile(w http.ResponseWriter, r *http.Request) error {
	v, err := s.profileView(r)
	if err != nil {
		return err
	}
	return s.render(w, r, http.StatusOK, PlaceProfile, v)
}

func (s *Site) profileView(r *http.Request) (Profile, error) {
	who := signed(r)
	v := Profile{Name: who.User.Name, Email: who.User.Email, Role: string(who.User.Role), Account: who.Account.Name, MinPassword: password.MinCharacters, Language: who.User.Language}
	sessions, err := s.Sessions.List(r.Context(), who)
	if err != nil {
		return v, err
	}
	v.Sessions = len(sessions)
	devices, err := factor.List(r.Context(), s.DB, who.User.AccountID, who.User.ID, s.Now())
	if err != nil {
		return v, err
	}
	for _, d := range devices {
		v.TwoFactorOn = v.TwoFactorOn || d.State == factor.Confirmed
	}
	return v, nil
}

func (s *Site) changePassword(w http.ResponseWriter, r *http.Request) error {
	form, err := httpx.Form(r, "current_password", "new_password")
	if err != nil {
		return err
	}
	cookie, err := s.Profile.ChangePassword(r.Context(), signed(r), form.Get("current_password"), form.Get("new_password"), by(r))
	if err != nil {
		v, readErr := s.profileView(r)
		if readErr != nil {
			return readErr
		}
		e := errs.From(err)
		switch e.Field {
		case "password":
			err = e.In("current_password")
		case "new":
			err = e.In("new_password")
		}
		return s.again(r, err, PlaceProfile, func(f *FormError) View { v.Error = f; return v })
	}
	httpx.SetCookie(w, httpx.SessionCookie, cookie, 0)
	return done(w, "/settings", NoticePasswordChanged)
}

// showWelcome recommends two-factor sign-in (A1), or says until when it must be set up (K5).
func (s *Site) showWelcome(w http.ResponseWriter, r *http.Request) error {
	next, _ := httpx.ReturnTo(r.URL.Query().Get("next"))
	who := signed(r)
	owed := who.Owed(s.Now())
	if owed.Demand == account.Prove { // set up already
		return s.onward(w, next, NoticeSignedIn)
	}
	offers, err := s.Profile.OwnOffers(r.Context(), who)
	if err != nil {
		return err
	}
	v := Recommend{Next: next, Organisation: owed.Demand == account.Advised, By: owed.By, App: account.Offered(offers, account.TOTP) == nil}
	if owed.Demand == account.InGrace {
		v.Days = int((owed.By.Sub(s.Now()) + 24*time.Hour - 1) / (24 * time.Hour))
	}
	return s.render(w, r, http.StatusOK, "", v)
}

// welcome is "Not now": it is not recommended again by a page of its own, but by who requires it.
func (s *Site) welcome(w http.ResponseWriter, r *http.Request) error {
	form, err := httpx.Form(r, "next")
	if err != nil {
		return err
	}
	if err := s.Profile.NotNow(r.Context(), signed(r)); err != nil {
		return err
	}
	next, _ := httpx.ReturnTo(form.Get("next"))
	return s.onward(w, next, NoticeSignedIn)
}

// welcomeAgain is how long after "Not now" an organisation's recommendation comes again.
const welcomeAgain = 7 * 24 * time.Hour

// welcomes reports whether a sign-in without a second factor leads through the page that asks for one.
func welcomes(step signin.Step, now time.Time) bool {
	switch step.Owed.Demand {
	case account.Prove, account.SetUp:
		return step.TwoFactorEnded
	case account.InGrace:
		return true
	case account.Advised:
		return step.TwoFactorEnded || now.Sub(step.User.WelcomedAt) >= welcomeAgain
	default:
		return step.TwoFactorEnded || step.User.WelcomedAt.IsZero()
	}
}
