package web

import (
	"fmt"
	"html/template"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"sallyport/internal/account"
	"sallyport/internal/admin"
	"sallyport/internal/audit"
	"sallyport/internal/browser"
	"sallyport/internal/httpx"
	"sallyport/internal/place"
	"sallyport/internal/session"
	"sallyport/internal/texts"
	"sallyport/internal/user"
)

const (
	auditPath = "/admin/audit"
	auditPage = 16 // entries on one page

	// An export takes as long as the reader does; each batch must get through within the second time.
	exportFor  = 15 * time.Minute
	exportStep = 30 * time.Second
)

// groupPrefix marks a choice that stands for a group of actions.
const groupPrefix = "group:"

// auditForm is the filter as it was entered.
type auditForm struct{ action, person, from, to string }

// query is the filter as part of an address, with the place where a page begins.
func (f auditForm) query(before string) string {
	q := url.Values{}
	for name, value := range map[string]string{"action": f.action, "person": f.person, "from": f.from, "to": f.to, "before": before} {
		if value != "" {
			q.Set(name, value)
		}
	}
	return withQuery("", q)
}

// readAuditForm reads the filter from wherever get finds its fields.
func readAuditForm(get func(string) string) auditForm {
	clean := func(name string) string {
		value := strings.TrimSpace(get(name))
		if len(value) > 320 || !utf8.ValidString(value) || strings.ContainsFunc(value, func(r rune) bool { return r < ' ' || r == 0x7f }) {
			return "?" // nothing that we look for; it is refused, and said so, like every other slip
		}
		return value
	}
	return auditForm{action: clean("action"), person: clean("person"), from: clean("from"), to: clean("to")}
}

// auditFilter makes of the form what it asks for.
func (s *Site) auditFilter(r *http.Request, form auditForm) (audit.Filter, error) {
	q := admin.AuditQuery{Action: form.action, Person: form.person, From: form.from, To: form.to}
	if group, ok := strings.CutPrefix(form.action, groupPrefix); ok {
		if q.Action, q.Group = "", group; group == "" {
			return audit.Filter{}, audit.ErrAction
		}
	}
	return s.Admin.AuditFilter(r.Context(), signed(r), q)
}

// auditView is the page without its entries.
func auditView(r *http.Request, form auditForm) Audit {
	return Audit{
		Action: form.action, Person: form.person, From: form.from, To: form.to, Query: form.query(""), Locked: signed(r).Level != session.AAL2,
	}
}

func (s *Site) showAudit(w http.ResponseWriter, r *http.Request) error {
	query := r.URL.Query()
	form, before := readAuditForm(query.Get), query.Get("before")
	v := auditView(r, form)
	f, err := s.auditFilter(r, form)
	if err == nil {
		err = s.fillAudit(r, &v, f, form, before)
	}
	if err == nil {
		return s.render(w, r, http.StatusOK, PlaceAudit, v)
	}
	return s.refuseAudit(r, v, err)
}

// refuseAudit shows the filter again with what was wrong with it.
func (s *Site) refuseAudit(r *http.Request, v Audit, err error) error {
	actions, readErr := s.Admin.AuditActions(r.Context(), signed(r))
	if readErr != nil {
		return readErr
	}
	v.Choices = auditChoices(catalogueOf(r), actions, v.Action)
	return s.again(r, err, PlaceAudit, func(failure *FormError) View {
		v.Error = failure
		return v
	})
}

// fillAudit puts the entries on the page.
func (s *Site) fillAudit(r *http.Request, v *Audit, f audit.Filter, form auditForm, before string) error {
	who, say := signed(r), catalogueOf(r)
	p, err := s.Admin.Audit(r.Context(), who, f, before, auditPage)
	if err != nil {
		return err
	}
	if n, there := p.People[form.person]; there { // by a link, which names the id
		v.Person = n.Email
	}
	v.Choices, v.Later = auditChoices(say, p.Actions, form.action), before != ""
	if p.Older != "" {
		v.Older = auditPath + form.query(p.Older)
	}
	for _, e := range p.Events {
		entry, err := auditEntry(say, who.Account, e, p.People, s.Places)
		if err != nil {
			return err
		}
		v.Entries = append(v.Entries, entry)
	}
	return nil
}

// exportAudit sends the whole log, as far as it passes the filter, while it is read.
func (s *Site) exportAudit(w http.ResponseWriter, r *http.Request) error {
	values, err := httpx.Form(r, "action", "person", "from", "to", "format")
	if err != nil {
		return err
	}
	who, form := signed(r), readAuditForm(values.Get)
	f, err := s.auditFilter(r, form)
	var format audit.Format
	if err == nil {
		format, err = audit.ParseFormat(values.Get("format"))
	}
	if err != nil {
		return s.refuseAudit(r, auditView(r, form), err)
	}
	x, wire := audit.NewExporter(w, format), http.NewResponseController(w)
	err = s.Admin.ExportAudit(r.Context(), who, f, format, by(r), func(events []audit.Event, people map[string]audit.Named) error {
		if h := w.Header(); h.Get("Content-Disposition") == "" {
			h.Set("Content-Type", map[audit.Format]string{audit.CSV: "text/csv; charset=utf-8; header=present", audit.JSON: "application/json"}[format])
			h.Set("Content-Disposition", fmt.Sprintf(`attachment; filename="audit-%s-%s.%s"`, who.Account.Slug, s.Now().UTC().Format(time.DateOnly), format))
		}
		if err := wire.SetWriteDeadline(time.Now().Add(exportStep)); err != nil {
			return err
		}
		return x.Write(events, people)
	})
	if err != nil {
		return err // if it has begun, it is cut off, and the browser says so
	}
	return x.End()
}

// auditChoices lists the groups of actions, each with those that have happened. One that is chosen is there in any case.
func auditChoices(say texts.Catalogue, actions []audit.Action, chosen string) (all []AuditChoice) {
	for _, g := range audit.Groups() {
		c := AuditChoice{Label: say["audit.group."+string(g)], Value: groupPrefix + string(g)}
		for _, a := range actions {
			if a.Group() == g {
				c.Actions = append(c.Actions, AuditChoice{Label: actionWords(say, a), Value: string(a)})
			}
		}
		slices.SortFunc(c.Actions, func(a, b AuditChoice) int { return strings.Compare(a.Label, b.Label) })
		if len(c.Actions) > 0 || chosen == c.Value {
			all = append(all, c)
		}
	}
	if chosen != "" && !strings.HasPrefix(chosen, groupPrefix) && !slices.Contains(actions, audit.Action(chosen)) && audit.CheckAction(chosen) == nil {
		all = append(all, AuditChoice{Label: say["audit.never"], Actions: []AuditChoice{{Label: actionWords(say, audit.Action(chosen)), Value: chosen}}})
	}
	return all
}

// actionWords names an action in a few words; one that this version has no words for goes by its stable name.
func actionWords(say texts.Catalogue, a audit.Action) string {
	if words, known := say["audit.action."+string(a)]; known {
		return words
	}
	return string(a)
}

// auditEntry says one event.
func auditEntry(say texts.Catalogue, a account.Account, e audit.Event, people map[string]user.Name, places *place.Database) (AuditEntry, error) {
	entry := AuditEntry{At: e.At, Reason: e.Detail["reason"], Command: e.Actor.Kind == audit.KindOperator, Address: e.Actor.Address}
	var err error
	if entry.Says, err = saysEvent(say, e, people); err != nil {
		return entry, err
	}
	if e.Actor.UserAgent != "" {
		if entry.Client, err = browser.Words(say, e.Actor.UserAgent, places.Of(e.Actor.Address)); err != nil {
			return entry, err
		}
	}
	fact := func(name, value, link string) {
		if value != "" {
			entry.Facts = append(entry.Facts, AuditFact{Label: say["audit.fact."+name], Name: name, Value: value, Link: link})
		}
	}
	about := func(userID string) (email, link string) {
		if userID == "" {
			return "", ""
		}
		n, there := people[userID]
		if !there {
			n.Email = userID
		}
		return n.Email, auditPath + auditForm{person: userID}.query("")
	}
	email, link := about(e.Actor.ID)
	fact("actor", email, link)
	if e.Person != e.Actor.ID {
		email, link = about(e.Person)
		fact("person", email, link)
	}
	for _, name := range slices.Sorted(maps.Keys(e.Detail)) {
		if name != "reason" && name != "user" {
			fact(name, e.Detail[name], "")
		}
	}
	if e.Target != e.Person && e.Target != a.ID {
		fact("target", e.Target, "")
	}
	fact("client", e.Actor.UserAgent, "")
	fact("action", string(e.Action), auditPath+auditForm{action: string(e.Action)}.query(""))
	fact("entry", e.ID, "")
	return entry, nil
}

// saysEvent says in a sentence what happened: of a person's doing to themselves in other words than of somebody else's. An action
// that this version has no words for is named.
func saysEvent(say texts.Catalogue, e audit.Event, people map[string]user.Name) (template.HTML, error) {
	key := "audit.says." + string(e.Action)
	if _, known := say[key]; !known {
		key = "audit.says_other"
		if e.Person == "" || e.Person == e.Actor.ID {
			key = "audit.says_plain"
		}
	}
	if _, apart := say[key+".self"]; apart && e.Actor.ID != "" && e.Actor.ID == e.Person {
		key += ".self"
	}
	var pairs []any
	for _, place := range []string{"actor", "person", "action", "name", "from", "to", "method", "kind", "plan", "host", "email", "format", "role", "origin"} {
		if strings.Contains(say[key], "{"+place+"}") {
			pairs = append(pairs, place, saysPlace(say, place, e, people))
		}
	}
	return say.Rich(key, pairs...)
}

// saysPlace is what stands in a sentence's place.
func saysPlace(say texts.Catalogue, place string, e audit.Event, people map[string]user.Name) string {
	called := func(userID string) string {
		switch n, there := people[userID]; {
		case there:
			return n.Called()
		case userID == "":
			return say["audit.nobody"]
		default:
			return userID // somebody who is gone
		}
	}
	switch place {
	case "actor":
		if e.Actor.Kind == audit.KindOperator {
			return say["audit.operator"]
		}
		return called(e.Actor.ID)
	case "person":
		return called(e.Person)
	case "action":
		return string(e.Action)
	case "method", "kind":
		if words, known := say["audit.kind."+e.Detail[place]]; known {
			return words
		}
	case "role", "from", "to":
		if words, known := say["role."+e.Detail[place]]; known && (place == "role" || e.Action == audit.UserRoleChanged) {
			return words
		}
	}
	if value := e.Detail[place]; value != "" {
		return value
	}
	return "–"
}
