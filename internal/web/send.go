package web

import (
	"errors"
	"net/http"
	"net/url"
	"time"

	"sallyport/internal/errs"
	"sallyport/internal/factor"
	"sallyport/internal/httpx"
	"sallyport/internal/outbox"
	"sallyport/internal/user"
)

// knownCookie remembers whom this browser has signed in, so that they are not told of an unknown one.
const (
	knownCookie = "__Host-sallyport-known"
	knownFor    = 400 * 24 * time.Hour // the longest that browsers keep a cookie
)

// known tells whom the browser has signed in before.
func (s *Site) known(r *http.Request) func(accountID, userID string) bool {
	cookie, _ := httpx.ReadCookie(r, knownCookie)
	return s.SignIns.Known(cookie)
}

// remember adds a person to those whom the browser has signed in.
func (s *Site) remember(w http.ResponseWriter, r *http.Request, u user.User) error {
	cookie, _ := httpx.ReadCookie(r, knownCookie)
	value, err := s.SignIns.Remember(cookie, u.AccountID, u.ID)
	if err != nil {
		return err
	}
	httpx.SetCookie(w, knownCookie, value, knownFor)
	return nil
}

// sentFor tells what became of the code that was sent for a request to one of the person's addresses.
func (s *Site) sentFor(r *http.Request, accountID, userID, request, factorID string) (*SentCode, error) {
	c, err := factor.Sent(r.Context(), s.DB, accountID, userID, request)
	if errors.Is(err, factor.ErrNotFound) || err == nil && c.FactorID != factorID {
		return &SentCode{}, nil
	}
	if err != nil {
		return nil, err
	}
	state, detail, err := outbox.StateOf(r.Context(), s.DB, accountID, userID, c.ID)
	if err != nil {
		return nil, err
	}
	now := s.Now()
	return &SentCode{
		Alive:   c.Live(now),
		Failed:  state == outbox.Failed || state == outbox.Queued && detail != "", // refused, or tried in vain so far
		Arrived: state == outbox.Delivered,
		Wait:    min(max(0, c.ResendAt().Sub(now)), factor.ResendAfter),
	}, nil
}

// sendCode sends a code for the sign-in: by the button of the code page, or by choosing
// this way among the others. Who comes back to a code that was just sent is shown its page.
func (s *Site) sendCode(w http.ResponseWriter, r *http.Request) error {
	form, err := httpx.Form(r, "method", "again", "trust")
	if err != nil {
		return err
	}
	method := form.Get("method")
	err = s.second(r).Send(r.Context(), pendingCookie(r), method, by(r))
	query := url.Values{"method": {method}}
	if form.Get("trust") != "" {
		query.Set("trust", "yes")
	}
	here := withQuery(door(r).To("/verify"), query)
	switch {
	case err == nil:
		return done(w, here, NoticeCodeSent)
	case errors.Is(err, factor.ErrTooSoon) && !form.Has("again"), errors.Is(err, factor.ErrNotFound):
		return httpx.SeeOther(w, here)
	}
	p, readErr := s.pendingSignIn(r)
	if readErr != nil {
		return s.ended(w, r, readErr)
	}
	v, readErr := s.verifyView(r, p, method)
	if readErr != nil {
		return readErr
	}
	v.Trust = form.Get("trust") != ""
	return s.again(r, err, "", func(f *FormError) View {
		if !v.Locked {
			v.Error = f
		}
		return v
	})
}

// codeWays describes where a code can be sent for a page that asks for one again (K1), and where one is on its way.
func (s *Site) codeWays(r *http.Request, page string) (CodeWays, error) {
	who, v := signed(r), CodeWays{Action: page + "/send"}
	sent, err := s.Profile.Sent(r.Context(), who, who.ID)
	if err != nil && !errors.Is(err, factor.ErrNotFound) {
		return v, err
	}
	devices, err := s.devices(r)
	for _, d := range devices {
		v.Passkey = v.Passkey || d.State == factor.Confirmed && d.Kind == factor.Passkey
		if d.State != factor.Confirmed || !d.Kind.Sent() || s.Profile.PasskeyOnly(who) {
			continue
		}
		v.Ways = append(v.Ways, Way{ID: d.ID, Kind: string(d.Kind), Name: d.Name, Hint: d.Hint})
		if sent.FactorID == d.ID && sent.Live(s.Now()) {
			v.SentTo = d.Hint
		}
	}
	return v, err
}

// sendRepeated sends a code for a page that asks for one again, and leads back to it; again shows it with what went wrong.
func (s *Site) sendRepeated(w http.ResponseWriter, r *http.Request, page string, again func(error) error) error {
	form, err := httpx.Form(r, "method")
	if err != nil {
		return err
	}
	err = s.Profile.SendRepeated(r.Context(), signed(r), form.Get("method"), by(r))
	switch {
	case errors.Is(err, factor.ErrNotFound):
		return httpx.SeeOther(w, page) // which shows what there is
	case err != nil:
		return again(errs.From(err).In(""))
	}
	return done(w, page, NoticeCodeSent)
}

func (s *Site) sendEmailCode(w http.ResponseWriter, r *http.Request) error {
	return s.sendRepeated(w, r, "/settings/email", func(err error) error { return s.changeEmailAgain(w, r, err, "") })
}

func (s *Site) sendBackupCodesCode(w http.ResponseWriter, r *http.Request) error {
	return s.sendRepeated(w, r, "/settings/two-factor/backup-codes", func(err error) error { return s.newBackupCodesAgain(w, r, err) })
}

func (s *Site) sendRemovalCode(w http.ResponseWriter, r *http.Request) error {
	d, err := s.device(r)
	if err != nil {
		return s.gone(w, err)
	}
	return s.sendRepeated(w, r, removePath(d.ID), func(err error) error { return s.removeDeviceAgain(r, err) })
}
