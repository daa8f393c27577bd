package web

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"sallyport/internal/admin"
	"sallyport/internal/channel"
	"sallyport/internal/errs"
	"sallyport/internal/httpx"
	"sallyport/internal/mail"
	"sallyport/internal/reauth"
	"sallyport/internal/session"
	"sallyport/internal/texts"
)

// showAdmin tells an administrator what the organisation has (K17, C14).
func (s *Site) showAdmin(w http.ResponseWriter, r *http.Request) error {
	who, now := signed(r), s.Now()
	plan, known := s.Profile.Plans.Of(who.Account)
	v := Admin{Account: who.Account.Name, Plan: plan.Name, Unknown: !known, InTrial: who.Account.InTrial(now), Support: s.Support}
	if ends := who.Account.TrialEndsAt; !ends.IsZero() {
		v.TrialEnds = lastMoment(ends)
	}
	var err error
	if v.HeldBack, err = s.Profile.Channels.HoldsBack(r.Context(), who.Account.ID); err != nil {
		return err
	}
	counted, err := s.Admin.AdoptionOf(r.Context(), who)
	if err != nil {
		return err
	}
	v.Rollout = standing(counted)
	offers, err := s.Profile.Offers(r.Context(), who)
	if err != nil {
		return err
	}
	for _, o := range offers {
		m := MethodState{Kind: string(o.Method), Why: string(o.Why), Support: s.Support}
		if !o.Until.IsZero() {
			m.Until = lastMoment(o.Until)
		}
		v.Methods = append(v.Methods, m)
	}
	for _, g := range who.Account.Allowances {
		v.Exceptions = append(v.Exceptions, Exception{Kind: string(g.Method), Reason: g.Reason, Until: lastMoment(g.Until), Ended: !g.Runs(now)})
	}
	return s.render(w, r, http.StatusOK, PlaceAdmin, v)
}

// lastMoment is the last moment before an end: what ends with a day is said to last until that day, not the next.
func lastMoment(end time.Time) time.Time { return end.Add(-time.Second) }

// mailServerView describes the page with what is stored. Port and security are filled in for a first server.
func (s *Site) mailServerView(r *http.Request) (MailServer, error) {
	who := signed(r)
	m, err := s.Admin.MailServer(r.Context(), who)
	v := MailServer{
		Deployment: m.Deployment, Mine: who.User.Email, Locked: who.Level != session.AAL2, Security: string(mail.StartTLS),
	}
	if err != nil || m.Own == nil {
		return v, err
	}
	v.Own, v.Server, v.Keeps, v.ByAdmin = true, m.Own.String(), m.Own.HasPassword, !m.Own.ByOwner
	v.Host, v.Port, v.Security, v.User, v.From = m.Own.Host, strconv.Itoa(m.Own.Port), string(m.Own.Security), m.Own.User, m.Own.From
	if m.Own.Last.Code != "" {
		v.Result = resultWords(catalogueOf(r), m.Own.Last)
	}
	return v, nil
}

// resultWords says how a send went. What the other side said is in English, whatever the language.
func resultWords(say texts.Catalogue, last channel.Result) *MailResult {
	res := &MailResult{OK: last.Code == channel.ResultOK, At: last.At}
	if !res.OK {
		res.Words = say.Error(&errs.Error{Code: last.Code, Message: last.Detail})
		if res.Words != last.Detail {
			res.Detail = last.Detail
		}
	}
	return res
}

func (s *Site) showMailServer(w http.ResponseWriter, r *http.Request) error {
	v, err := s.mailServerView(r)
	if err != nil {
		return err
	}
	return s.render(w, r, http.StatusOK, PlaceMail, v)
}

// serverForm reads a mail server; without a port it has the one that is usual for how the connection is secured.
func serverForm(form httpx.Values) mail.Server {
	server := mail.Server{
		Host: strings.TrimSpace(form.Get("host")), Security: mail.Security(form.Get("security")),
		User: strings.TrimSpace(form.Get("user")), Password: form.Get("server_password"), From: strings.TrimSpace(form.Get("from")),
	}
	port := strings.TrimSpace(form.Get("port"))
	switch {
	case port != "":
		server.Port, _ = strconv.Atoi(port) // what is no number becomes one that is no port
	case server.Security == mail.TLS:
		server.Port = 465
	default:
		server.Port = 587
	}
	return server
}

// wrongServer is what is said of each field. The error has one code for all that can be wrong with a server.
var wrongServer = map[string]string{
	"host": "mailserver.wrong.host", "port": "mailserver.wrong.port", "security": "mailserver.wrong.security",
	"user": "mailserver.wrong.user", "server_password": "mailserver.wrong.server_password", "from": "mailserver.wrong.from",
}

// setMailServer saves the organisation's own mail server (X6).
func (s *Site) setMailServer(w http.ResponseWriter, r *http.Request) error {
	form, err := httpx.Form(r, "host", "port", "security", "user", "server_password", "from", "password")
	if err != nil {
		return err
	}
	who, server := signed(r), serverForm(form)
	if err = s.Admin.CheckMailServer(r.Context(), who, server); err == nil {
		var proof reauth.Proof
		if proof, err = s.Profile.Reauth.Password(r.Context(), who.User, form.Get("password"), by(r)); err == nil {
			err = s.Admin.SetMailServer(r.Context(), proof, who, server, by(r))
		}
	}
	if err == nil {
		return done(w, "/admin/mail", NoticeMailServerSet)
	}
	v, readErr := s.mailServerView(r)
	if readErr != nil {
		return readErr
	}
	v.Host, v.Port, v.Security, v.User, v.From = form.Get("host"), form.Get("port"), form.Get("security"), form.Get("user"), form.Get("from")
	e := errs.From(err)
	if e.Field == "password" && (e.Is(mail.ErrServer) || e.Is(channel.ErrPassword)) {
		e = e.In("server_password") // "password" is the administrator's own
	}
	return s.again(r, e, PlaceMail, func(f *FormError) View {
		if key := wrongServer[f.Field]; key != "" && e.Is(mail.ErrServer) {
			f.Message = catalogueOf(r)[key]
		}
		v.Error = f
		return v
	})
}

// testMailServer sends a test message and shows what came of it.
func (s *Site) testMailServer(w http.ResponseWriter, r *http.Request) error {
	if _, err := httpx.Form(r); err != nil { // it takes no fields, but a body that is too large is refused like everywhere
		return err
	}
	err := s.Admin.TestMailServer(r.Context(), signed(r), by(r))
	if err == nil {
		return done(w, "/admin/mail", NoticeTestSent)
	}
	e := errs.From(err)
	if e.Kind == errs.Internal || e.Is(admin.ErrNotAdministrator) || e.Is(session.ErrLevel) {
		return err
	}
	v, readErr := s.mailServerView(r)
	if readErr != nil {
		return readErr
	}
	if v.Result != nil {
		v.Result.Words = "" // the summary on top says it
	}
	summary, err := catalogueOf(r).Text("mailserver.test_failed")
	if err != nil {
		return err
	}
	return s.again(r, e, PlaceMail, func(f *FormError) View {
		f.Summary = summary
		v.Error = f
		return v
	})
}

func (s *Site) removeMailServerView(r *http.Request) (RemoveMailServer, bool, error) {
	who := signed(r)
	m, err := s.Admin.MailServer(r.Context(), who)
	if err != nil || m.Own == nil {
		return RemoveMailServer{}, false, err
	}
	return RemoveMailServer{
		Server: m.Own.String(), Deployment: m.Deployment, Mailboxes: m.Mailboxes, Locked: who.Level != session.AAL2, Mine: who.User.Email,
	}, true, nil
}

func (s *Site) showRemoveMailServer(w http.ResponseWriter, r *http.Request) error {
	v, ok, err := s.removeMailServerView(r)
	if err != nil {
		return err
	}
	if !ok {
		return httpx.SeeOther(w, "/admin/mail")
	}
	return s.render(w, r, http.StatusOK, PlaceMail, v)
}

func (s *Site) removeMailServer(w http.ResponseWriter, r *http.Request) error {
	form, err := httpx.Form(r, "password")
	if err != nil {
		return err
	}
	v, ok, err := s.removeMailServerView(r)
	if err != nil {
		return err
	}
	if !ok { // sent twice: it is gone
		return done(w, "/admin/mail", NoticeMailServerGone)
	}
	who := signed(r)
	proof, err := s.Profile.Reauth.Password(r.Context(), who.User, form.Get("password"), by(r))
	if err == nil {
		err = s.Admin.RemoveMailServer(r.Context(), proof, who, by(r))
	}
	if err != nil {
		return s.again(r, err, PlaceMail, func(f *FormError) View { v.Error = f; return v })
	}
	return done(w, "/admin/mail", NoticeMailServerGone)
}
