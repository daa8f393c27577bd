package web

import (
	"errors"
	"net/http"
	"net/url"
	"time"

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
	form, err := httpx.Form(r, "method", "again")
	if err != nil {
		return err
	}
	method := form.Get("method")
	err = s.SignIns.Send(r.Context(), pendingCookie(r), method, by(r))
	here := withQuery("/sign-in/verify", url.Values{"method": {method}})
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
	return s.again(r, err, "", func(f *FormError) View {
		if !v.Locked {
			v.Error = f
		}
		return v
	})
}
