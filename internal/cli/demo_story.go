package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"sallyport/internal/account"
	"sallyport/internal/admin"
	"sallyport/internal/adoption"
	"sallyport/internal/app"
	"sallyport/internal/audit"
	"sallyport/internal/backupcode"
	"sallyport/internal/browser"
	"sallyport/internal/db"
	"sallyport/internal/factor"
	"sallyport/internal/otp"
	"sallyport/internal/outbox"
	"sallyport/internal/reauth"
	"sallyport/internal/sentcode"
	"sallyport/internal/totp"
	"sallyport/internal/user"
)

// The demo's account has a past of three months: forty people in every state, so that the administrators' pages have
// something to show. Nobody knows the passwords of the thirty-seven whom this file adds. What happened is
// made by the same methods as ever, with a clock that stands in the past.

// storyDays is how long ago the account was made.
const storyDays = 92

// colleague is one of the thirty-seven.
type colleague struct {
	name    string // the address is made of it
	first   int    // the day on which they came
	device  string // what they set up: "totp", "sms", "email", "totp+sms"; empty for nothing
	on      int    // the day on which they did
	outcome string // "locked", "reset", "forgot" (a device locked by wrong codes); empty for nothing
}

var colleagues = []colleague{
	{"Annie Easley", 0, "totp", 1, ""},
	{"Barbara Liskov", 0, "totp", 2, ""},
	{"Betty Holberton", 0, "totp+sms", 2, ""},
	{"Brendan Byrne", 0, "sms", 5, ""},
	{"Chidi Okafor", 0, "totp", 6, ""},
	{"Claude Shannon", 0, "totp", 9, ""},
	{"Dorothy Vaughan", 0, "email", 10, ""},
	{"Edith Clarke", 0, "totp", 12, "reset"},
	{"Edsger Dijkstra", 0, "totp", 15, ""},
	{"Élodie Martin", 1, "totp", 18, ""},
	{"Fatima al-Zahra Hassan", 1, "totp+sms", 20, ""},
	{"Frances Allen", 1, "totp", 24, ""},
	{"Gottfried Müller", 2, "sms", 25, ""},
	{"Hedy Lamarr", 2, "totp", 30, ""},
	{"Ida Rhodes", 3, "totp", 31, "forgot"},
	{"Jean Bartik", 5, "email", 37, ""},
	{"Joan Clarke", 8, "totp", 40, ""},
	{"Karen Spärck Jones", 9, "totp", 45, ""},
	{"Katherine Johnson", 12, "totp", 47, ""},
	{"Lê Thị Hương", 15, "sms", 50, ""},
	{"Lynn Conway", 20, "totp", 55, ""},
	{"Margaret Hamilton", 24, "totp+sms", 58, ""},
	{"Mary Kenneth Keller", 28, "totp", 63, ""},
	{"Niklaus Wirth", 31, "totp", 70, ""},
	{"Radia Perlman", 35, "totp", 78, ""},
	{"Sophie Wilson", 40, "email", 84, ""},
	{"Thelma Estrin", 41, "totp", 88, "locked"},
	{"Wanda Orlikowski", 45, "", 0, ""},
	{"William Gates-Ó Briain", 48, "", 0, ""},
	{"Xu Zhang", 52, "", 0, ""},
	{"Yusuf Demir", 55, "", 0, "locked"},
	{"Zoë van der Berg", 60, "", 0, ""},
	{"Maximiliane Donaudampfschifffahrt", 66, "", 0, ""},
	{"Ole Nordmann", 73, "", 0, ""},
	{"Priya Raman", 80, "", 0, ""},
	{"Quentin Roux", 86, "", 0, ""},
	{"Tove Jensen", 90, "", 0, ""},
}

// story writes the account's past.
type story struct {
	ctx    context.Context
	app    *app.App
	acme   account.Account
	boss   audit.Actor // who administers
	began  time.Time
	hash   string   // of a password that nobody knows
	shown  []string // ten backup codes, the same for everybody here: hashing them costs half a second
	stored []factor.Code
}

// tellStory adds the colleagues and what they did.
func tellStory(ctx context.Context, a *app.App, acme account.Account, boss user.User) error {
	s := &story{ctx: ctx, app: a, acme: acme, began: a.Now().AddDate(0, 0, -storyDays).Truncate(24 * time.Hour).Add(8 * time.Hour)}
	s.boss = audit.Actor{Address: "198.51.100.7", UserAgent: storyAgents[0]}.As(boss.ID)
	var err error
	if s.hash, err = a.Hasher.Hash(ctx, demoPassword()+demoPassword()); err != nil {
		return err
	}
	if s.shown, s.stored, err = backupcode.New(ctx, a.Hasher); err != nil {
		return err
	}
	// All at once, so that they share the disk's waits.
	failed := make([]error, len(colleagues))
	var all sync.WaitGroup
	for i, c := range colleagues {
		all.Go(func() {
			if err := s.tell(i, c); err != nil {
				failed[i] = fmt.Errorf("the demo's %s: %w", c.name, err)
			}
		})
	}
	all.Wait()
	return errors.Join(append(failed, a.DB.Run(ctx, s.adoption()...))...)
}

// adoption is how far the account was on each day.
func (s *story) adoption() (days []db.Stmt) {
	for day := range storyDays {
		at := s.began.AddDate(0, 0, day)
		c := adoption.Counts{Free: len(demoPeople), Sets: map[string]int{}}
		for _, one := range colleagues {
			switch {
			case one.device != "" && one.on <= day:
				c.Ready++
				c.Sets[strings.ReplaceAll(one.device, "+", " ")]++
			case one.first <= day:
				c.Free++
			}
		}
		days = append(days, adoption.Brought(s.acme.ID, at, c))
	}
	return days
}

var storyAgents = []string{
	"Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0",
	"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36",
	"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.0 Safari/605.1.15",
	"Mozilla/5.0 (iPhone; CPU iPhone OS 26_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.0 Mobile/15E148 Safari/604.1",
}

// at is a moment of a working day, for the i-th person another one.
func (s *story) at(day, i int) time.Time {
	return s.began.AddDate(0, 0, day).Add(time.Duration(i*17%540) * time.Minute).Add(time.Duration(i*29%60) * time.Second)
}

// tell adds one person.
func (s *story) tell(i int, c colleague) error {
	role := user.Member
	if i%12 == 1 {
		role = user.Admin
	}
	email := account.SlugOf(c.name) + "@acme.test"
	u, stmts, err := user.Creating(s.at(c.first, i), user.New{AccountID: s.acme.ID, Email: email, Name: c.name, Role: role, PasswordHash: s.hash}, s.boss)
	if err != nil {
		return err
	}
	if err := s.app.DB.Run(s.ctx, stmts...); err != nil {
		return err
	}
	by := audit.Actor{Address: fmt.Sprintf("203.0.113.%d", 10+i), UserAgent: storyAgents[i%len(storyAgents)]}.As(u.ID)
	var phone otp.Key
	switch c.device {
	case "totp", "totp+sms":
		phone, err = s.addApp(u, s.at(c.on, i), by)
	case "sms":
		err = s.addAddress(u, s.at(c.on, i), factor.SMS, "My number", fmt.Sprintf("+43664%07d", 1234500+i), by)
	case "email":
		err = s.addAddress(u, s.at(c.on, i), factor.Email, "My mailbox", email, by)
	}
	if err == nil && c.device == "totp+sms" {
		err = s.addAddress(u, s.at(c.on, i).Add(time.Hour), factor.SMS, "My number", fmt.Sprintf("+43664%07d", 1234500+i), by)
	}
	if err != nil {
		return err
	}
	if err := s.signIns(i, c, u, phone, by); err != nil {
		return err
	}
	if err := s.end(i, c, u, by); err != nil {
		return err
	}
	return s.app.DB.Run(s.ctx, outbox.Clear(u.AccountID, u.ID)) // nobody is told today of what happened then
}

// then is the service of second factors, with a clock that stands at t.
func (s *story) then(t time.Time) *factor.Service {
	past := *s.app.Factors
	past.Now = func() time.Time { return t }
	past.NewCodes = func(context.Context) ([]string, []factor.Code, error) { return s.shown, s.stored, nil }
	return &past
}

// addApp sets up an authenticator app.
func (s *story) addApp(u user.User, t time.Time, by audit.Actor) (otp.Key, error) {
	past := s.then(t)
	proof, _ := reauth.Recent(u, t, t)
	e, err := totp.Begin(s.ctx, past, proof, s.acme, u, "My Phone")
	if err != nil {
		return otp.Key{}, err
	}
	key, _, _, err := otp.ParseURI(e.URI)
	if err != nil {
		return key, err
	}
	return key, s.confirm(past, u, factor.Try{FactorID: e.Factor.ID, Code: key.Code(key.Step(t)), By: by})
}

// addAddress sets up a number or mailbox.
func (s *story) addAddress(u user.User, t time.Time, k factor.Kind, name, address string, by audit.Actor) error {
	past := s.then(t)
	proof, _ := reauth.Recent(u, t, t)
	n, err := sentcode.ReadAddress(k, address, s.app.Config.SMSCountries)
	if err != nil {
		return err
	}
	n.Name = name
	f, err := past.Begin(s.ctx, proof, u, n, s.acme.Policy.MaxDevicesPerKind)
	if err != nil {
		return err
	}
	code, err := s.send(past, t, f, f.ID, by)
	if err != nil {
		return err
	}
	return s.confirm(past, u, factor.Try{FactorID: f.ID, Code: code, Request: f.ID, By: by})
}

// send draws a code for a request and returns it.
func (s *story) send(past *factor.Service, t time.Time, f factor.Factor, request string, by audit.Actor) (string, error) {
	stored, err := past.Stored(s.ctx, f.AccountID, f.UserID, f.ID)
	if err != nil {
		return "", err
	}
	codes := *s.app.Codes
	codes.Factors, codes.Now = past, past.Now
	if err := codes.Send(s.ctx, stored, request, 0, by); err != nil {
		return "", err
	}
	sent, err := factor.Sent(s.ctx, s.app.DB, f.AccountID, f.UserID, request)
	if err != nil {
		return "", err
	}
	d, err := past.Deliver(s.ctx, f.AccountID, f.UserID, sent.ID)
	return d.Code, err
}

func (s *story) confirm(past *factor.Service, u user.User, t factor.Try) error {
	u, err := user.Get(s.ctx, s.app.DB, u.AccountID, u.ID)
	if err != nil {
		return err
	}
	t.AccountID, t.UserID, t.Tolerance = u.AccountID, u.ID, s.acme.Policy.ClockTolerance.Std()
	_, err = past.Confirm(s.ctx, u, t, s.acme.Policy.MaxDevicesPerKind, func(factor.Match) []db.Stmt { return []db.Stmt{user.RaiseEpoch(u)} })
	return err
}

// signIns is what the person did on some days since.
func (s *story) signIns(i int, c colleague, u user.User, phone otp.Key, by audit.Actor) error {
	for day := c.first; day < storyDays; day += 6 + i%5 {
		t := s.at(day, i*3+day)
		if t.Before(s.at(c.first, i)) || t.After(s.app.Now()) {
			continue
		}
		method := "password"
		if c.device != "" && t.After(s.at(c.on, i).Add(2*time.Hour)) {
			method = c.device
		}
		var err error
		if method == "totp" || method == "totp+sms" {
			method = "totp"
			_, err = s.then(t).Prove(s.ctx, u, phone.Code(phone.Step(t)), "", s.acme.Policy.ClockTolerance.Std(), by)
		}
		if err != nil {
			return err
		}
		stmts := []db.Stmt{audit.Record(t, audit.Event{
			AccountID: u.AccountID, Action: audit.SignedIn, Actor: by, Target: u.ID, Detail: map[string]string{"method": method},
		})}
		if (i+day)%7 == 0 { // a slip first
			stmts = append(stmts, audit.Record(t.Add(-40*time.Second), audit.Event{
				AccountID: u.AccountID, Action: audit.PasswordRefused, Actor: audit.Actor{Kind: audit.KindNobody, Address: by.Address, UserAgent: by.UserAgent}, Target: u.ID,
			}))
		}
		if err := s.app.DB.Run(s.ctx, stmts...); err != nil {
			return err
		}
	}
	return nil
}

// end is what became of the person lately.
func (s *story) end(i int, c colleague, u user.User, by audit.Actor) error {
	t := s.at(storyDays-1, i)
	if t.After(s.app.Now()) {
		t = s.app.Now().Add(-time.Hour)
	}
	u, err := user.Get(s.ctx, s.app.DB, u.AccountID, u.ID)
	if err != nil {
		return err
	}
	desk := &admin.Service{DB: s.app.DB, Hasher: s.app.Hasher, Channels: s.app.Channels, Now: func() time.Time { return t }}
	switch c.outcome {
	case "":
		return s.trust(i, c, u, by)
	case "locked":
		return desk.Lock(s.ctx, u, s.boss)
	case "reset":
		return desk.ResetTwoFactor(s.ctx, u, "Lost the phone on the train; called from the desk number we know.", s.boss)
	case "forgot":
		for n := range 5 { // the fifth begins the wait
			_, err := s.then(t.Add(time.Duration(n)*time.Second)).Prove(s.ctx, u, fmt.Sprintf("00000%d", n), "", 0, by)
			if err == nil {
				return errors.New("a guess was right") // one in two hundred thousand
			}
		}
	}
	return nil
}

// trust has some of those who have a second factor not asked for it in their browser.
func (s *story) trust(i int, c colleague, u user.User, by audit.Actor) error {
	t := s.at(storyDays-12, i)
	if c.device == "" || c.on >= storyDays-12 || i%3 > 0 {
		return nil
	}
	_, _, stmts := browser.Trust(t, s.acme, u, s.app.Browsers.Environment(by.UserAgent, by.Address), by)
	return s.app.DB.Run(s.ctx, stmts...)
}
