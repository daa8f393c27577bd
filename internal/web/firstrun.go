package web

import (
	"errors"
	"net/http"
	"net/url"

	"sallyport/internal/admin"
	"sallyport/internal/errs"
	"sallyport/internal/httpx"
	"sallyport/internal/password"
)

// showFirstRun is where the link of a first start leads. The link's secret moves into
// the form, so that it leaves the address with the next step.
func (s *Site) showFirstRun(w http.ResponseWriter, r *http.Request) error {
	secret := r.URL.Query().Get("token")
	if err := s.Admin.CheckFirstRun(r.Context(), secret); err != nil {
		return s.firstRunOver(w, r, err)
	}
	return s.render(w, r, http.StatusOK, "", FirstRun{Token: secret, MinPassword: password.MinCharacters})
}

func (s *Site) firstRunOver(w http.ResponseWriter, r *http.Request, err error) error {
	if !errors.Is(err, admin.ErrFirstRunLink) {
		return err
	}
	return s.render(w, r, http.StatusGone, "", FirstRunOver{})
}

func (s *Site) firstRun(w http.ResponseWriter, r *http.Request) error {
	form, err := httpx.Form(r, "token", "organisation", "your_name", "email", "password")
	if err != nil {
		return err
	}
	a, _, err := s.Admin.FirstRun(r.Context(), form.Get("token"), form.Get("organisation"),
		admin.NewUser{Email: form.Get("email"), Name: form.Get("your_name"), Password: form.Get("password")}, by(r))
	switch {
	case errors.Is(err, admin.ErrFirstRunLink):
		return s.firstRunOver(w, r, err)
	case err != nil:
		if e := errs.From(err); e.Field == "name" {
			err = e.In("your_name")
		}
		return s.again(r, err, "", func(f *FormError) View {
			return FirstRun{
				Token: form.Get("token"), Organisation: form.Get("organisation"), Name: form.Get("your_name"),
				Email: form.Get("email"), MinPassword: password.MinCharacters, Error: f,
			}
		})
	}
	return done(w, withQuery("/sign-in", url.Values{"account": {a.Slug}}), NoticeAccountCreated)
}
