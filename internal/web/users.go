package web

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"sallyport/internal/account"
	"sallyport/internal/admin"
	"sallyport/internal/errs"
	"sallyport/internal/httpx"
	"sallyport/internal/session"
	"sallyport/internal/sheet"
	"sallyport/internal/user"
)

// userFields are the search and the filters of the list, as its form and its addresses name them.
var userFields = []string{"search", "second_factor", "kind", "role", "state", "sort"}

// usersQuery reads what the list is asked for.
func usersQuery(form httpx.Values) user.Query {
	sort, down := strings.CutPrefix(form.Get("sort"), "-")
	return user.Query{
		Search: strings.TrimSpace(form.Get("search")), SecondFactor: form.Get("second_factor"), Kind: form.Get("kind"), Role: form.Get("role"),
		State: form.Get("state"), Sort: sort, Descending: down, At: form.Get("at"),
	}
}

// usersAddress is where a list is found that is asked for q from the page at on.
func usersAddress(base string, q user.Query, at string) string {
	sort := q.Sort
	if q.Descending {
		sort = "-" + sort
	}
	query := url.Values{}
	for name, value := range map[string]string{
		"search": q.Search, "second_factor": q.SecondFactor, "kind": q.Kind, "role": q.Role, "state": q.State, "sort": sort, "at": at,
	} {
		if value != "" {
			query.Set(name, value)
		}
	}
	return withQuery(base, query)
}

// usersTable is a page of the list of users for a page at base that hands it the query of its own address.
func (s *Site) usersTable(r *http.Request, q user.Query, base string) (UsersTable, error) {
	who := signed(r)
	p, err := s.Admin.People(r.Context(), who, q)
	if err != nil {
		return UsersTable{}, err
	}
	var t UsersTable
	if p.Before != "" {
		t.Before = usersAddress(base, q, p.Before)
	}
	if p.After != "" {
		t.After = usersAddress(base, q, p.After)
	}
	for _, u := range p.People {
		row := userRow(who, u.User, s.Now())
		row.LastUsed = u.LastUsed
		t.Rows = append(t.Rows, row)
	}
	return t, nil
}

// userRow describes a user to who looks.
func userRow(who *session.Signed, u user.User, now time.Time) UserRow {
	row := UserRow{
		ID: u.ID, Email: u.Email, Name: u.Name, Role: string(u.Role), You: u.ID == who.User.ID, Kinds: strings.Fields(u.TwoFactorKinds), Since: u.TwoFactorSince,
		By: who.Account.Owes(u.Standing(u.Devices()), now).By, Reset: mayReset(who, u),
	}
	for _, state := range user.StatesOf(who.Account, u, now) {
		row.States = append(row.States, string(state))
	}
	return row
}

// mayReset reports whether a reset is offered to who looks. The page of the reset decides.
func mayReset(who *session.Signed, u user.User) bool {
	return who.Level == session.AAL2 && who.Account.Policy.AdminReset && u.Devices() > 0 && admin.Over(who.User, u) == nil
}

// showUsers lists the people of the organisation.
func (s *Site) showUsers(w http.ResponseWriter, r *http.Request) error {
	form, err := httpx.Query(r, append(userFields, "at")...)
	if err != nil {
		return err
	}
	q := usersQuery(form)
	v := s.usersView(r, q)
	if v.Table, err = s.usersTable(r, q, "/admin/users"); err == nil {
		return s.render(w, r, http.StatusOK, PlaceUsers, v)
	}
	// What can't be shown is said above the list that can.
	shown := user.Query{}
	if errs.From(err).Is(user.ErrPage) {
		shown = q
		shown.At = ""
	}
	return s.usersAgain(r, err, v, shown)
}

// usersAgain shows the list with what was wrong.
func (s *Site) usersAgain(r *http.Request, wrong error, v Users, q user.Query) error {
	if errs.From(wrong).Kind != errs.Invalid {
		return wrong
	}
	table, err := s.usersTable(r, q, "/admin/users")
	if err != nil {
		return err
	}
	return s.again(r, wrong, PlaceUsers, func(f *FormError) View {
		v.Table, v.Narrow, v.Error = table, q.Narrowed(), f
		return v
	})
}

func (s *Site) usersView(r *http.Request, q user.Query) Users {
	v := Users{
		Asked:  UsersQuery{Search: q.Search, SecondFactor: q.SecondFactor, Kind: q.Kind, Role: q.Role, State: q.State, Sort: q.Sort},
		Narrow: q.Narrowed(), Locked: signed(r).Level != session.AAL2,
	}
	if q.Descending {
		v.Asked.Sort = "-" + q.Sort
	}
	for _, m := range account.Methods() {
		v.Methods = append(v.Methods, string(m))
	}
	for _, state := range user.States() {
		v.States = append(v.States, string(state))
	}
	return v
}

// usersExportFor bounds an export. A list of 100,000 takes a few seconds, and slow lines take their time.
const usersExportFor = 5 * time.Minute

// exported are the columns of an export, and the names in its JSON form.
var exported = []string{"id", "email", "name", "role", "second_factor", "kinds", "since", "last_used", "state", "added"}

// exportUsers gives the list as a file. It is posted, because it is recorded: who only looks changes nothing.
func (s *Site) exportUsers(w http.ResponseWriter, r *http.Request) error {
	form, err := httpx.Form(r, append(userFields, "format")...)
	if err != nil {
		return err
	}
	who, q, format := signed(r), usersQuery(form), form.Get("format")
	begin, known := map[string]func(io.Writer) (func(...string) error, func() error, error){"csv": csvOf, "json": jsonOf}[format]
	if !known {
		return httpx.ErrMalformed.In("format")
	}
	var row func(...string) error
	var end func() error
	err = s.Admin.ExportPeople(r.Context(), who, q, format, by(r), func(part []user.Listed) error {
		if row == nil { // nothing is written before the export is recorded
			httpx.Download(w, "users-"+s.Now().UTC().Format(time.DateOnly)+"."+format, map[string]string{"csv": "text/csv; charset=utf-8", "json": "application/json"}[format])
			if err := http.NewResponseController(w).SetWriteDeadline(time.Now().Add(usersExportFor)); err != nil {
				return err
			}
			if row, end, err = begin(w); err != nil {
				return err
			}
		}
		for _, u := range part {
			if err := row(cellsOf(who.Account, u, s.Now())...); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		if row == nil {
			return s.usersAgain(r, err, s.usersView(r, q), user.Query{})
		}
		return err
	}
	return end()
}

func cellsOf(a account.Account, u user.Listed, now time.Time) []string {
	at := func(t time.Time) string {
		if t.IsZero() {
			return ""
		}
		return t.UTC().Format(time.RFC3339)
	}
	on := "off"
	if u.Devices() > 0 {
		on = "on"
	}
	var states []string
	for _, state := range user.StatesOf(a, u.User, now) {
		states = append(states, string(state))
	}
	return []string{
		u.ID, u.Email, u.Name, string(u.Role), on, strings.TrimSpace(u.TwoFactorKinds), at(u.TwoFactorSince), at(u.LastUsed), strings.Join(states, " "), at(u.CreatedAt),
	}
}

func csvOf(w io.Writer) (row func(...string) error, end func() error, err error) {
	c, err := sheet.New(w, exported...)
	return c.Row, func() error { return nil }, err
}

// jsonOf writes one object for each row, in a list.
func jsonOf(w io.Writer) (row func(...string) error, end func() error, err error) {
	between := "\n"
	row = func(cells ...string) error {
		object := make(map[string]string, len(cells))
		for i, cell := range cells {
			object[exported[i]] = cell
		}
		raw, _ := json.Marshal(object) // a map of strings always encodes
		_, err := io.WriteString(w, between+string(raw))
		between = ",\n"
		return err
	}
	end = func() error {
		_, err := io.WriteString(w, "\n]\n")
		return err
	}
	_, err = io.WriteString(w, "[")
	return row, end, err
}
