package gate_test

import (
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"sallyport/internal/apptest"
)

// TestPressedTwice: of a form that is sent twice on the way to a program, the second answer is the one that a browser shows. It leads
// to the page that was wanted all the same, or, where the browser threw the first answer and its session away, to a sign-in that does.
func TestPressedTwice(t *testing.T) {
	apptest.Each(t, func(t *testing.T, s *apptest.Server) {
		phone, _ := s.Enrolled(t, apptest.Grace)
		code := func() string {
			s.Clock.Advance(time.Minute)
			return phone.Code(s.Clock.Now())
		}
		// onward follows a page of Sallyport's to the program, as v's browser does.
		onward := func(what string, v *visitor, address string) {
			t.Helper()
			p := v.home.Send(v.home.Request(http.MethodGet, address, nil))
			for range 3 {
				if to := p.Header.Get("Location"); strings.HasPrefix(to, shop) {
					if back := led(t, v.at(shop, http.MethodGet, to[len(shop):], nil), shop); back != "/report?of=2026" {
						t.Errorf("%s: back at %s", what, back)
					}
					return
				}
				p = v.home.Send(v.home.Request(http.MethodGet, led(t, p, ""), nil))
			}
			t.Errorf("%s: the way leads to %s", what, p.Path)
		}
		toVerify := func() (*visitor, *apptest.Page) {
			t.Helper()
			v := visit(t, s, s.Client(t))
			p := v.home.Get(v.start(shop, "to="+url.QueryEscape("/report?of=2026")+"&level=aal2&max_age=60"))
			return v, p.Press("Sign in", "email", apptest.Grace, "password", apptest.Password).Follow().Sees(http.StatusOK)
		}

		// One after the other, the first answer's cookies taken; the second press with the page's cookies and with the new ones.
		for what, keep := range map[string]bool{"with the cookies of the page": true, "with the new cookies": false} {
			v, p := toVerify()
			pending := v.home.Clone().Cookies
			c := code()
			led(t, p.Press("Verify", "code", c), "/door?")
			if keep {
				for name, value := range pending {
					v.home.Cookies[name] = value
				}
			}
			onward(what, v, led(t, p.Press("Verify", "code", c), ""))
		}

		// Both at once, in a browser that throws the first answer away with its cookies.
		for round := range 4 {
			v, p := toVerify()
			c, answers, browsers := code(), make([]*apptest.Page, 2), []*apptest.Client{v.home.Clone(), v.home.Clone()}
			var wg sync.WaitGroup
			for i, browser := range browsers {
				wg.Go(func() { answers[i] = p.In(browser).Press("Verify", "code", c) })
			}
			wg.Wait()
			if answers[0].Status != http.StatusSeeOther {
				answers[0], answers[1], browsers[0], browsers[1] = answers[1], answers[0], browsers[1], browsers[0]
			}
			v.home = browsers[0]
			onward("the first", v, led(t, answers[0], ""))
			v.home = browsers[1]
			again := answers[1].Sees(http.StatusGone).Find(`<a class="button primary" href="([^"]+)"`)
			p = v.home.Get(again).Sees(http.StatusOK, "Sign in").Press("Sign in", "email", apptest.Grace, "password", apptest.Password)
			if onward("after signing in again", v, led(t, p.Follow().Press("Verify", "code", code()), "")); t.Failed() {
				t.Fatalf("in round %d", round)
			}
		}

		// The question for a code: the first press has answered it.
		v, p := toVerify()
		onward("signing in", v, led(t, p.Press("Verify", "code", code()), ""))
		for range 2 {
			s.Clock.Advance(2 * time.Minute)
			p = v.home.Get(v.start(shop, "to="+url.QueryEscape("/report?of=2026")+"&level=aal2&max_age=60")).Sees(http.StatusOK)
			c := code()
			led(t, p.Press("Confirm", "code", c), "/door?")
			onward("after confirming twice", v, led(t, p.Press("Confirm", "code", c), ""))
		}
	}, withDoor)
}
