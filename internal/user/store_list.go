package user

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"sallyport/internal/account"
	"sallyport/internal/db"
)

// few is how many people a filter may let through and still be read as a whole. A filter of more is met so often that its
// people are found by going through the list in its order: of 100,000 people, 26 hits are met among 2,600.
const few = 1000

// some is how many times few people may have a word for all of them to be read before the list is gone through: asking for the word at
// each place costs several times as much as that place itself.
const some = 5

// condition is what a list asks of its people.
type condition struct {
	find  string // the people by the condition's own index: of the table w, see below
	check string // what is asked of one user u, if that is not the same
	along []Sort // the orders whose index find is a range of
	found []any  // what stands for ? in find
	asked []any  // and in check
	word  bool
}

// asks is what is asked of one user, with its arguments.
func (c condition) asks() (string, []any) {
	if c.check == "" {
		return strings.ReplaceAll(c.find, `w.`, `u.`), c.found
	}
	return c.check, c.asked
}

// exact reports whether find finds nobody who does not meet the condition.
func (c condition) exact() bool { return c.word || c.check == "" }

// table is where find finds.
func (c condition) table() string {
	if c.word {
		return `user_words`
	}
	return `users`
}

// Select returns a page of the account's users. What was typed is never part of a statement: those are put together from the
// constants below.
//
// A page costs about the same however many people there are: it is read in the order of an index, or it is of few people in all.
// Errors: ErrFilter, ErrSearch, ErrPage.
func Select(ctx context.Context, r db.Querier, a account.Account, q Query, now time.Time) (Page, error) {
	return page(ctx, r, a, q, now, cmp.Or(q.Most, PageSize), few)
}

// Export calls each for the pages of the whole list from the first on, whatever q.At says.
func Export(ctx context.Context, r db.Querier, a account.Account, q Query, now time.Time, each func([]Listed) error) error {
	q.At = ""
	for {
		p, err := page(ctx, r, a, q, now, few, few)
		if err != nil {
			return err
		}
		if err := each(p.People); err != nil || p.After == "" {
			return err
		}
		q.At = p.After
	}
}

func page(ctx context.Context, r db.Querier, a account.Account, q Query, now time.Time, size, few int) (Page, error) {
	if err := q.check(); err != nil {
		return Page{}, err
	}
	if q.Sort == "" {
		q.Sort = string(SortEmail)
	}
	sort := Sort(q.Sort)
	var from *cursor
	if q.At != "" {
		c, err := parseCursor(sort, q.At)
		if err != nil {
			return Page{}, err
		}
		from = &c
	}
	conditions, possible := q.conditions(a, now)
	if !possible {
		return Page{}, nil
	}
	down := q.Descending != (from != nil && from.back) // a page before another is read backwards
	places, err := find(ctx, r, a.ID, conditions, few, sort, down, from, size+1)
	if err != nil {
		return Page{}, err
	}
	more := len(places) > size
	places = places[:min(size, len(places))]
	back := from != nil && from.back
	if back {
		slices.Reverse(places)
	}
	var p Page
	if len(places) > 0 {
		if more && back || from != nil && !back {
			p.Before = cursor{places[0], true}.in(sort)
		}
		if more && !back || back {
			p.After = cursor{places[len(places)-1], false}.in(sort)
		}
	}
	p.People, err = read(ctx, r, a.ID, places)
	return p, err
}

// conditions are what the query asks for; possible is false if nobody can meet them.
func (q Query) conditions(a account.Account, now time.Time) (all []condition, possible bool) {
	words := split(folded(q.Search))
	if len(words) == 0 && strings.TrimSpace(q.Search) != "" {
		return nil, false // of signs alone nobody's name is made
	}
	for _, w := range words {
		begins := []any{w, w + "\U0010ffff"} // no letter sorts after that
		all = append(all, condition{
			word: true, find: `w.word >= ? AND w.word < ?`, found: begins, asked: begins,
			check: `(SELECT count(*) FROM user_words w WHERE w.account_id = u.account_id AND w.user_id = u.user_id AND w.word >= ? AND w.word < ?) > 0`,
		})
	}
	if q.Role != "" {
		all = append(all, condition{find: `w.role = ?`, found: []any{q.Role}})
	}
	if q.Kind != "" {
		all = append(all, ofKind(q.Kind))
	}
	if q.Kind != "" || q.SecondFactor == "on" {
		all = append(all, condition{find: `w.two_factor_since > 0`, along: []Sort{SortSince}})
	}
	if q.SecondFactor == "off" {
		all = append(all, condition{find: `w.two_factor_since = 0`, along: []Sort{SortSince, SortAdded}})
	}
	with, without := q.Kind != "" || q.SecondFactor == "on", q.SecondFactor == "off"
	switch State(q.State) {
	case Locked:
		all = append(all, condition{find: `w.locked_at > 0`})
	case Invited:
		all = append(all, condition{find: `w.invited_at > 0`})
	case SetUp:
		all = append(all, condition{find: `w.set_up_required = TRUE`, check: `u.set_up_required AND u.two_factor_since + u.invited_at = 0`})
		without = true
	case Grace, Overdue:
		due, required := dueBy(a, now, State(q.State))
		all = append(all, due...)
		if !required {
			return nil, false
		}
		without = true
	}
	return all, !(with && without)
}

// ofKind is who has confirmed a device of a kind. Which kinds somebody has is one text, in which the kinds stand in their order.
func ofKind(kind string) condition {
	var c condition
	combinations := []string{""}
	for _, m := range account.Methods() {
		for _, before := range combinations {
			combinations = append(combinations, before+string(m)+" ")
		}
	}
	for _, kinds := range combinations {
		if slices.Contains(strings.Fields(kinds), kind) {
			c.found = append(c.found, kinds)
		}
	}
	c.find = `w.two_factor_kinds IN (?` + strings.Repeat(`, ?`, len(c.found)-1) + `)`
	return c
}

// dueBy is who StatesOf says is in grace, or overdue; required is false if nobody can be.
func dueBy(a account.Account, now time.Time, s State) (all []condition, required bool) {
	type bound struct {
		applies  bool
		from, to db.Time // when they came: after from, by to
	}
	bounds := make([]bound, 2) // of members, of administrators
	for i := range bounds {
		since, required := a.Due(i == 1, now)
		bounds[i] = bound{applies: required, from: -1, to: db.At(now.AddDate(1000, 0, 0))}
		switch {
		case s == Grace && !since.IsZero():
			bounds[i].from = db.At(since)
		case s == Overdue && since.IsZero():
			bounds[i].applies = false
		case s == Overdue:
			bounds[i].to = db.At(since)
		}
	}
	members, administrators := bounds[0], bounds[1]
	if !administrators.applies { // what is asked of members is asked of administrators too
		return nil, false
	}
	if !members.applies {
		members = administrators
		all = append(all, condition{find: `w.role IN ('owner', 'admin')`})
	}
	return append(all, condition{
		find:  `w.two_factor_since = 0 AND w.created_at > ? AND w.created_at <= ?`,
		found: []any{min(members.from, administrators.from), max(members.to, administrators.to)},
		check: `u.two_factor_since + u.invited_at = 0 AND NOT u.set_up_required AND CASE WHEN u.role IN ('owner', 'admin') THEN u.created_at > ? AND u.created_at <= ? ELSE u.created_at > ? AND u.created_at <= ? END`,
		asked: []any{administrators.from, administrators.to, members.from, members.to},
		along: []Sort{SortSince, SortAdded},
	}), true
}

// statement is put together from constants, with its arguments beside it.
type statement struct {
	text strings.Builder
	args []any
}

// add appends a part, in which each ? stands for the next of the arguments.
func (s *statement) add(part string, args ...any) {
	for _, arg := range args {
		before, after, _ := strings.Cut(part, "?")
		s.args = append(s.args, arg)
		s.text.WriteString(before + "$" + strconv.Itoa(len(s.args)))
		part = after
	}
	s.text.WriteString(part)
}

// keys are what is sorted by.
var keys = map[Sort]string{SortEmail: `email`, SortName: `called`, SortSince: `two_factor_since`, SortAdded: `created_at`}

// find returns the first places, limit at most, in the order sort, down or up, from the cursor on.
func find(ctx context.Context, r db.Querier, accountID string, all []condition, few int, sort Sort, down bool, from *cursor, limit int) ([]place, error) {
	counts, err := count(ctx, r, accountID, all, few)
	if err != nil || slices.Contains(counts, 0) && few > 0 {
		return nil, err
	}
	rarest, walked := -1, slices.Clone(all)
	for i, n := range counts {
		switch {
		case n <= few && (rarest < 0 || n < counts[rarest]):
			rarest = i
		case all[i].word && n <= few*some:
			walked[i].check = `u.user_id IN (SELECT w.user_id FROM user_words w WHERE w.account_id = ? AND ` + all[i].find + `)`
			walked[i].asked = append([]any{accountID}, all[i].found...)
		}
	}
	if len(all) == 1 && all[0].word && !sort.counts() && counts[0] <= few*some {
		return beside(ctx, r, accountID, all[0], sort, down, from, limit)
	}
	if rarest < 0 {
		return walk(ctx, r, accountID, walked, sort, down, from, limit)
	}
	places, err := gather(ctx, r, accountID, all, rarest, sort)
	if err != nil {
		return nil, err
	}
	compare := sort.order
	if down {
		compare = func(x, y place) int { return sort.order(y, x) }
	}
	slices.SortFunc(places, compare)
	if from != nil {
		places = slices.DeleteFunc(places, func(p place) bool { return compare(p, from.place) <= 0 })
	}
	return places[:min(limit, len(places))], nil
}

// count counts the people who meet each condition, a little further than few; those with a word some times as far.
func count(ctx context.Context, r db.Querier, accountID string, all []condition, few int) ([]int, error) {
	if len(all) == 0 {
		return nil, nil
	}
	var s statement
	counts := make([]int, len(all))
	dest := make([]any, len(all))
	for i, c := range all {
		dest[i] = &counts[i]
		s.add(map[bool]string{true: `SELECT `, false: `, `}[i == 0])
		s.add(`(SELECT count(*) FROM (SELECT 1 FROM `+c.table()+` w WHERE w.account_id = ? AND `, accountID)
		s.add(c.find, c.found...)
		limit := few + 1
		if c.word {
			limit = max(limit, few*some+1)
		}
		s.add(` LIMIT ` + strconv.Itoa(limit) + `) AS found)`)
	}
	err := r.Get(ctx, s.text.String(), s.args, dest...)
	return counts, err
}

// gather returns the places of all who meet the rarest condition, which is at a place of its own among all, and the others too.
func gather(ctx context.Context, r db.Querier, accountID string, all []condition, at int, sort Sort) (places []place, err error) {
	rarest := all[at]
	// A subquery of one value is asked row by row on both engines: what the condition's index finds leads to the users, never the
	// other way. The words of one person may be found more than once.
	var s statement
	s.add(`SELECT ` + map[bool]string{true: `DISTINCT `, false: ``}[rarest.word] + `w.user_id, (SELECT CAST(u.` + keys[sort] + ` AS text)
		FROM users u WHERE u.account_id = w.account_id AND u.user_id = w.user_id`)
	if others := slices.Delete(slices.Clone(all), at, at+1); rarest.exact() {
		s.checks(others)
	} else {
		s.checks(all)
	}
	s.add(`) FROM `+rarest.table()+` w WHERE w.account_id = ? AND `, accountID)
	s.add(rarest.find, rarest.found...)
	err = r.Each(ctx, s.text.String(), s.args, func(scan func(...any) error) error {
		var id string
		var key *string // without one, another condition is not met
		err := scan(&id, &key)
		if key != nil {
			places = append(places, place{*key, id})
		}
		return err
	})
	return places, err
}

// checks asks of a user all that the list does. Within CASE no engine takes it for a way to find people, nor PostgreSQL for a sign
// that there are so few that it had better read and sort everybody.
func (s *statement) checks(all []condition) {
	for i, c := range all {
		asks, asked := c.asks()
		s.add(map[bool]string{true: ` AND CASE WHEN `, false: ` AND `}[i == 0]+`(`+asks+`)`, asked...)
	}
	if len(all) > 0 {
		s.add(` THEN TRUE ELSE FALSE END`)
	}
}

// walk goes through the list in its order and returns the first places whose people meet all conditions.
func walk(ctx context.Context, r db.Querier, accountID string, all []condition, sort Sort, down bool, from *cursor, limit int) ([]place, error) {
	var s statement
	s.add(`SELECT u.user_id, CAST(u.`+keys[sort]+` AS text) FROM users u WHERE u.account_id = ?`, accountID)
	s.checks(all)
	for _, c := range all {
		if slices.Contains(c.along, sort) {
			s.add(` AND `+strings.ReplaceAll(c.find, `w.`, `u.`), c.found...) // its own index, in that order
		}
	}
	s.beyond(from, `u.`, sort, down)
	return s.places(ctx, r, `u.`, sort, down, limit)
}

// beside returns the first places of those who have a word, by the names and addresses that stand beside it: no user is read. The words
// of one person may be found more than once; SQLite takes twice as long for DISTINCT.
func beside(ctx context.Context, r db.Querier, accountID string, c condition, sort Sort, down bool, from *cursor, limit int) ([]place, error) {
	var s statement
	s.add(`SELECT w.user_id, w.`+keys[sort]+` FROM user_words w WHERE w.account_id = ? AND `, accountID)
	s.add(c.find, c.found...)
	s.beyond(from, `w.`, sort, down)
	s.add(` GROUP BY w.` + keys[sort] + `, w.user_id`)
	return s.places(ctx, r, `w.`, sort, down, limit)
}

// beyond leaves out what stands in a table's order before the cursor, if there is one.
func (s *statement) beyond(from *cursor, table string, sort Sort, down bool) {
	if from == nil {
		return
	}
	var key any = from.key
	if sort.counts() {
		key, _ = strconv.ParseInt(from.key, 10, 64) // parseCursor has looked at it
	}
	s.add(` AND (`+table+keys[sort]+`, `+table+`user_id) `+map[bool]string{true: `<`, false: `>`}[down]+` (?, ?)`, key, from.id)
}

// places ends a statement that selects places of a table, and asks for the first ones.
func (s *statement) places(ctx context.Context, r db.Querier, table string, sort Sort, down bool, limit int) (places []place, err error) {
	direction := map[bool]string{true: ` DESC`, false: ``}[down]
	s.add(` ORDER BY ` + table + keys[sort] + direction + `, ` + table + `user_id` + direction + ` LIMIT ` + strconv.Itoa(limit))
	err = r.Each(ctx, s.text.String(), s.args, func(scan func(...any) error) error {
		var p place
		err := scan(&p.id, &p.key)
		places = append(places, p)
		return err
	})
	return places, err
}

// read returns the users at the places, in their order.
func read(ctx context.Context, r db.Querier, accountID string, places []place) ([]Listed, error) {
	if len(places) == 0 {
		return nil, nil
	}
	var s statement
	s.add(`SELECT `+Columns+`, COALESCE((SELECT max(f.last_used_at) FROM factors f
		WHERE f.account_id = u.account_id AND f.user_id = u.user_id AND f.kind <> 'backup_code'), 0) FROM users u WHERE u.account_id = ? AND u.user_id IN (?`, accountID, places[0].id)
	for _, p := range places[1:] {
		s.add(`, ?`, p.id)
	}
	s.add(`)`)
	byID := map[string]Listed{}
	err := r.Each(ctx, s.text.String(), s.args, func(scan func(...any) error) error {
		var row Scanner
		var used db.Time
		err := scan(append(row.Dest(), &used)...)
		byID[row.u.ID] = Listed{row.Finish(), used.Std()}
		return err
	})
	people := make([]Listed, 0, len(places))
	for _, p := range places {
		if u, there := byID[p.id]; there { // who was removed meanwhile is not
			people = append(people, u)
		}
	}
	return people, err
}
