package api

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"sallyport/internal/admin"
	"sallyport/internal/httpx"
	"sallyport/internal/session"
	"sallyport/internal/user"
)

// AccountUser is a user as the administrators of the account see them. It is exported for huma alone, which documents no embedded type that is not.
type AccountUser struct {
	ID           string    `json:"id" example:"usr_01jd3k8zq0c4m" doc:"The user’s id."`
	Email        string    `json:"email" example:"grace@example.com" doc:"What they sign in with."`
	Name         string    `json:"name" example:"Grace Hopper" doc:"What they are called; may be empty."`
	Role         string    `json:"role" enum:"owner,admin,member" doc:"What they may do in the account."`
	SecondFactor string    `json:"second_factor" enum:"on,off" doc:"Whether they have confirmed a second factor."`
	Kinds        []string  `json:"kinds" enum:"totp,passkey,sms,email" doc:"The kinds of their confirmed second factors."`
	Since        time.Time `json:"second_factor_since,omitzero" doc:"When the oldest of them was confirmed."`
	LastUsed     time.Time `json:"second_factor_last_used_at,omitzero" doc:"When one of them was last used."`
	Locked       bool      `json:"locked" doc:"Whether their access is locked."`
	States       []string  `json:"states" enum:"locked,invited,set_up,grace,overdue" doc:"What is worth knowing besides: locked; invited and not yet come; set_up, a reset demands a new device; grace, they must have a second factor by grace_ends_at; overdue, they must set one up at their next sign-in."`
	GraceEndsAt  time.Time `json:"grace_ends_at,omitzero" doc:"By when they must have a second factor, in the state grace."`
	ExternalID   string    `json:"external_id,omitempty" example:"customer-4711" doc:"What a program calls them that keeps their password itself."`
	CreatedAt    time.Time `json:"created_at" doc:"Since when they belong to the account, or when they were invited."`
}

// accountUserList is a page of the account's users.
type accountUserList struct {
	Items []AccountUser `json:"items" doc:"The users of this page."`
	Next  string        `json:"next,omitempty" doc:"The cursor of the next page; absent on the last."`
}

// accountUserDevice is a second factor of somebody's as administrators see it.
type accountUserDevice struct {
	ID          string    `json:"id" example:"fac_01jd3k8zq0c4m" doc:"The device’s id."`
	Kind        string    `json:"kind" enum:"totp,passkey,sms,email" doc:"Its method."`
	Name        string    `json:"name" example:"My Phone" doc:"What its owner calls it."`
	Hint        string    `json:"hint,omitempty" example:"+43 ••• 67" doc:"Of a number or mailbox, its beginning and end."`
	Locked      bool      `json:"locked" doc:"Whether too many wrong codes have locked it."`
	ConfirmedAt time.Time `json:"confirmed_at" doc:"When it was confirmed."`
	LastUsedAt  time.Time `json:"last_used_at,omitzero" doc:"When it was last used."`
}

// accountUserSession is a session of somebody's as administrators see it.
type accountUserSession struct {
	ID         string    `json:"id" doc:"The session’s id; no secret."`
	Level      string    `json:"level" enum:"aal1,aal2" doc:"How strongly it was authenticated (NIST SP 800-63B)."`
	AMR        []string  `json:"amr" doc:"By which methods (RFC 8176)."`
	Address    string    `json:"address" example:"192.0.2.7" doc:"From where it was opened."`
	UserAgent  string    `json:"user_agent" doc:"What its browser says of itself: a claim."`
	SignedInAt time.Time `json:"signed_in_at" doc:"When it began."`
	LastSeenAt time.Time `json:"last_seen_at" doc:"When it was last used."`
	ExpiresAt  time.Time `json:"expires_at" doc:"When it ends at the latest."`
}

// accountUserBrowser is a browser that somebody trusts, as administrators see it.
type accountUserBrowser struct {
	ID         string    `json:"id" doc:"The browser’s id; no secret."`
	Name       string    `json:"name,omitempty" doc:"What its owner calls it."`
	Browser    string    `json:"browser,omitempty" example:"Firefox" doc:"Its family."`
	System     string    `json:"system,omitempty" example:"Linux" doc:"Its operating system."`
	Country    string    `json:"country,omitempty" example:"AT" doc:"Where it was trusted, if the server knows."`
	Address    string    `json:"address" example:"192.0.2.7" doc:"From where it was last used."`
	TrustedAt  time.Time `json:"trusted_at" doc:"Since when it is trusted."`
	LastUsedAt time.Time `json:"last_used_at" doc:"When it was last used."`
	ExpiresAt  time.Time `json:"expires_at" doc:"Until when it is trusted."`
}

// accountUserCodes tells of somebody's backup codes, never the codes.
type accountUserCodes struct {
	Left   int       `json:"left" doc:"How many are unused."`
	MadeAt time.Time `json:"made_at" doc:"When they were made."`
}

// accountUserDetails is all that administrators see of one user.
type accountUserDetails struct {
	AccountUser
	Demand     string               `json:"demand" enum:"nothing,advised,grace,set_up,prove" doc:"What their next sign-in asks of the second factor."`
	Cause      string               `json:"cause,omitempty" enum:"own_choice,recommended,required,required_of_admin,reset" doc:"Why."`
	AddPasskey bool                 `json:"add_passkey" doc:"Whether their next sign-in also asks them to add a passkey."`
	Stuck      bool                 `json:"stuck" doc:"Whether they can’t do what is demanded, because no allowed method is part of the plan and working."`
	SignedInAt time.Time            `json:"signed_in_at,omitzero" doc:"When they last signed in."`
	Devices    []accountUserDevice  `json:"devices" doc:"Their confirmed second factors, the oldest first."`
	Codes      *accountUserCodes    `json:"backup_codes,omitempty" doc:"Their own backup codes; absent if they have none."`
	Sessions   []accountUserSession `json:"sessions" doc:"Their sessions, the last used first."`
	Browsers   []accountUserBrowser `json:"trusted_browsers" doc:"The browsers they trust, the last used first."`
}

type accountUserAnswer struct {
	Location string `header:"Location" doc:"Where the new user is found."`
	Body     accountUserDetails
}

// describe tells of a user of the caller's account.
func (s *Server) describe(w *session.Signed, u user.User) AccountUser {
	now := s.Now()
	d := AccountUser{
		ID: u.ID, Email: u.Email, Name: u.Name, Role: string(u.Role), SecondFactor: "off", Kinds: strings.Fields(u.TwoFactorKinds), Since: stamp(u.TwoFactorSince),
		Locked: !u.LockedAt.IsZero(), States: []string{}, ExternalID: u.ExternalID, CreatedAt: stamp(u.CreatedAt),
	}
	if u.Devices() > 0 {
		d.SecondFactor = "on"
	}
	for _, state := range user.StatesOf(w.Account, u, now) {
		d.States = append(d.States, string(state))
		if state == user.Grace {
			d.GraceEndsAt = stamp(w.Account.Owes(u.Standing(u.Devices()), now).By)
		}
	}
	return d
}

// details tells all of a user of the caller's account.
func (s *Server) details(ctx context.Context, w *session.Signed, userID string) (d accountUserDetails, err error) {
	offers, err := s.Profile.Offers(ctx, w)
	if err != nil {
		return d, err
	}
	p, err := s.Admin.Person(ctx, w, offers, userID)
	if err != nil {
		return d, err
	}
	d = accountUserDetails{
		AccountUser: s.describe(w, p.User), Demand: string(p.Owed.Demand), Cause: string(p.Owed.Cause), AddPasskey: p.Owed.AddPasskey, Stuck: p.Owed.Stuck,
		SignedInAt: stamp(p.SignedInAt), Devices: []accountUserDevice{}, Sessions: []accountUserSession{}, Browsers: []accountUserBrowser{},
	}
	for _, f := range p.Devices {
		one := accountUserDevice{ID: f.ID, Kind: string(f.Kind), Name: f.Name, Locked: f.Locked(), ConfirmedAt: stamp(f.ConfirmedAt), LastUsedAt: stamp(f.LastUsedAt)}
		if f.Kind.Sent() {
			one.Hint = f.Hint
		}
		if f.LastUsedAt.After(d.LastUsed) {
			d.LastUsed = stamp(f.LastUsedAt)
		}
		d.Devices = append(d.Devices, one)
	}
	if p.Codes.ID != "" {
		d.Codes = &accountUserCodes{p.Codes.Left, stamp(p.Codes.MadeAt)}
	}
	for _, one := range p.Sessions {
		d.Sessions = append(d.Sessions, accountUserSession{
			one.ID, string(one.Level), one.AMR, one.Address, one.UserAgent, stamp(one.SignedInAt), stamp(one.LastSeenAt), stamp(one.ExpiresAt),
		})
	}
	for _, b := range p.Browsers {
		d.Browsers = append(d.Browsers, accountUserBrowser{
			b.ID, b.Name, b.Browser, b.System, b.Country, b.Address, stamp(b.TrustedAt), stamp(b.LastUsedAt), stamp(b.ExpiresAt),
		})
	}
	return d, nil
}

// usersPath is where the account's users are.
const usersPath = Prefix + "account/users"

func (s *Server) userCalls(t *table) {
	looks := func(c call) call {
		c.level, c.fresh, c.scope, c.key, c.group = httpx.AAL1, httpx.AnyAge, httpx.Account, "admin", "Account"
		return c
	}
	acts := func(c call) call {
		c.level, c.fresh, c.scope, c.key, c.group = httpx.AAL2, httpx.Recent, httpx.Account, "admin", "Account"
		return c
	}
	add(t, looks(call{
		id: "listUsers", route: "GET " + usersPath, summary: "The account’s users",
		tells: "Search and filters narrow the list together. `?second_factor=on` lists who has a second factor.",
	}), s.listUsers)
	add(t, acts(call{
		id: "inviteUser", route: "POST " + usersPath, summary: "Invite somebody", status: http.StatusCreated,
		tells: "Mails a link with which they join, good once and for a week. For somebody who is invited already, it ends the link before it, and name and role are as they are now. Administrators invite members, owners anybody.",
	}), s.inviteUser)
	add(t, looks(call{id: "getUser", route: "GET " + usersPath + "/{id}", summary: "One user, with devices, sessions and trusted browsers"}), s.getUser)
	add(t, acts(call{
		id: "updateUser", route: "PATCH " + usersPath + "/{id}", summary: "Change somebody’s role, lock or unlock them, or link them to a program’s id",
		tells: "All of it or nothing is done, and what is so already is no error. Only owners change roles. Each change ends the person’s sessions; role and lock are told to them. Unlocking also forgives the wrong codes that locked a device.",
	}), s.updateUser)
	add(t, acts(call{
		id: "removeUser", route: "DELETE " + usersPath + "/{id}", summary: "Take somebody off the account for good",
		tells: "With all that they sign in with. The record of what they did stays.",
	}), s.removeUser)
	add(t, acts(call{
		id: "resetUser", route: "POST " + usersPath + "/{id}/reset", summary: "Reset somebody’s second factor",
		tells: "Ends their devices, backup codes, sessions and trusted browsers. Their next sign-in demands the set-up of a new device. They are told, with the reason.",
	}), s.resetUser)
	add(t, acts(call{
		id: "issueBackupCode", route: "POST " + usersPath + "/{id}/backup-code", summary: "Give out a backup code for somebody", status: http.StatusCreated,
		tells: "For somebody who lost their devices: it works once, for an hour, beside their password. It is in this answer and nowhere else. They are told, with the reason.",
	}), s.issueBackupCode)
	add(t, acts(call{
		id: "endUserSessions", route: "DELETE " + usersPath + "/{id}/sessions", summary: "End all of somebody’s sessions",
		tells: "And their half-finished sign-ins, mailed tokens and the trust in their browsers.",
	}), s.endUserSessions)
	add(t, acts(call{id: "endUserSession", route: "DELETE " + usersPath + "/{id}/sessions/{session}", summary: "End one of somebody’s sessions"}), s.endUserSession)
	add(t, acts(call{id: "endUserBrowsers", route: "DELETE " + usersPath + "/{id}/trusted-browsers", summary: "End the trust in all of somebody’s browsers"}), s.endUserBrowsers)
	add(t, acts(call{id: "endUserBrowser", route: "DELETE " + usersPath + "/{id}/trusted-browsers/{browser}", summary: "End the trust in one of somebody’s browsers"}), s.endUserBrowser)
}

// UserID names a user in the address; exported as Page is.
type UserID struct {
	ID string `path:"id" maxLength:"100" example:"usr_01jd3k8zq0c4m" doc:"The user’s id."`
}

type listUsersCall struct {
	Page
	Search       string `query:"search" maxLength:"320" example:"grace" doc:"Words of the name and address, or their beginnings; ten at most."`
	SecondFactor string `query:"second_factor" enum:"on,off" doc:"Only who has a second factor, or who has none."`
	Kind         string `query:"kind" enum:"totp,passkey,sms,email" doc:"Only who has a second factor of this kind."`
	Role         string `query:"role" enum:"owner,admin,member" doc:"Only people of this role."`
	State        string `query:"state" enum:"locked,invited,set_up,grace,overdue" doc:"Only people in this state."`
	Sort         string `query:"sort" enum:"email,name,second_factor,added,-email,-name,-second_factor,-added" default:"email" doc:"The order: by address, by name, by since when there is a second factor (those without come first), by since when they belong to the account. A minus turns it round."`
}

type accountUserListAnswer struct{ Body accountUserList }

func (s *Server) listUsers(ctx context.Context, in *listUsersCall) (*accountUserListAnswer, error) {
	w := signedIn(ctx)
	sort, down := strings.CutPrefix(in.Sort, "-")
	p, err := s.Admin.People(ctx, w, user.Query{
		Search: in.Search, SecondFactor: in.SecondFactor, Kind: in.Kind, Role: in.Role, State: in.State, Sort: sort, Descending: down, At: in.Cursor, Most: in.Limit,
	})
	if errors.Is(err, user.ErrPage) {
		err = errCursor
	}
	if err != nil {
		return nil, err
	}
	list := accountUserList{Items: []AccountUser{}, Next: p.After}
	for _, u := range p.People {
		one := s.describe(w, u.User)
		one.LastUsed = stamp(u.LastUsed)
		list.Items = append(list.Items, one)
	}
	return &accountUserListAnswer{list}, nil
}

// inviteUserRequest says who is to be invited.
type inviteUserRequest struct {
	Email string `json:"email" maxLength:"320" example:"grace@example.com" doc:"Where the invitation goes, and what they will sign in with."`
	Name  string `json:"name,omitempty" maxLength:"200" example:"Grace Hopper" doc:"What they are called; they can change it when they join."`
	Role  string `json:"role,omitempty" enum:"owner,admin,member" default:"member" doc:"What they may do in the account."`
}

func (s *Server) inviteUser(ctx context.Context, in *struct{ Body inviteUserRequest }) (*accountUserAnswer, error) {
	w := signedIn(ctx)
	u, err := s.Admin.Invite(ctx, w.SecondFactor(s.Now()), w, admin.Invitee{Email: in.Body.Email, Name: in.Body.Name, Role: user.Role(in.Body.Role)}, by(ctx))
	if err != nil {
		return nil, err
	}
	carriedOut(ctx)
	d, err := s.details(ctx, w, u.ID)
	return &accountUserAnswer{Location: usersPath + "/" + u.ID, Body: d}, err
}

type accountUserGot struct{ Body accountUserDetails }

func (s *Server) getUser(ctx context.Context, in *UserID) (*accountUserGot, error) {
	d, err := s.details(ctx, signedIn(ctx), in.ID)
	return &accountUserGot{d}, err
}

// updateUserRequest says what is to become of a user.
type updateUserRequest struct {
	Role   *user.Role `json:"role,omitempty" enum:"owner,admin,member" doc:"Their role from now on."`
	Locked *bool      `json:"locked,omitempty" doc:"Whether their access is locked from now on."`

	ExternalID *string `json:"external_id,omitempty" maxLength:"400" example:"customer-4711" doc:"What a program calls them that keeps their password itself, and asks for their second factor with /v1/checks; unique in the account. Empty for nothing."`
}

func (s *Server) updateUser(ctx context.Context, in *struct {
	UserID
	Body updateUserRequest
},
) (*accountUserGot, error) {
	w := signedIn(ctx)
	if err := s.Admin.ChangeUser(ctx, w.SecondFactor(s.Now()), w, in.ID, admin.Change(in.Body), by(ctx)); err != nil {
		return nil, err
	}
	d, err := s.details(ctx, w, in.ID)
	return &accountUserGot{d}, err
}

func (s *Server) removeUser(ctx context.Context, in *UserID) (*struct{}, error) {
	w := signedIn(ctx)
	return nil, s.Admin.RemoveUser(ctx, w.SecondFactor(s.Now()), w, in.ID, by(ctx))
}

// reasonRequest says why something is done to somebody.
type reasonRequest struct {
	Reason string `json:"reason" maxLength:"400" example:"Lost the phone, called back" doc:"Why, in up to 200 characters. The person is told it, and it stands in the audit log."`
}

type reasonCall struct {
	UserID
	Body reasonRequest
}

func (s *Server) resetUser(ctx context.Context, in *reasonCall) (*struct{}, error) {
	w := signedIn(ctx)
	return nil, s.Admin.Reset(ctx, w.SecondFactor(s.Now()), w, in.ID, in.Body.Reason, by(ctx))
}

// issuedBackupCode is a backup code that was given out.
type issuedBackupCode struct {
	Code      string    `json:"code" example:"7KQX-M3VR-9TPA-C4WE" doc:"The code. It is shown only now."`
	ExpiresAt time.Time `json:"expires_at" doc:"When it is worth nothing any more."`
}

type issuedBackupCodeAnswer struct{ Body issuedBackupCode }

func (s *Server) issueBackupCode(ctx context.Context, in *reasonCall) (*issuedBackupCodeAnswer, error) {
	w := signedIn(ctx)
	g, err := s.Admin.GiveCode(ctx, w.SecondFactor(s.Now()), w, in.ID, in.Body.Reason, by(ctx))
	if err != nil {
		return nil, err
	}
	carriedOut(ctx)
	return &issuedBackupCodeAnswer{issuedBackupCode{g.Code, stamp(g.Ends)}}, nil
}

func (s *Server) endUserSessions(ctx context.Context, in *UserID) (*struct{}, error) {
	w := signedIn(ctx)
	return nil, s.Admin.EndSessions(ctx, w.SecondFactor(s.Now()), w, in.ID, "", by(ctx))
}

func (s *Server) endUserSession(ctx context.Context, in *struct {
	UserID
	Session string `path:"session" maxLength:"100" doc:"The session’s id."`
},
) (*struct{}, error) {
	w := signedIn(ctx)
	return nil, s.Admin.EndSessions(ctx, w.SecondFactor(s.Now()), w, in.ID, in.Session, by(ctx))
}

func (s *Server) endUserBrowsers(ctx context.Context, in *UserID) (*struct{}, error) {
	w := signedIn(ctx)
	return nil, s.Admin.EndBrowsers(ctx, w.SecondFactor(s.Now()), w, in.ID, "", by(ctx))
}

func (s *Server) endUserBrowser(ctx context.Context, in *struct {
	UserID
	Browser string `path:"browser" maxLength:"100" doc:"The browser’s id."`
},
) (*struct{}, error) {
	w := signedIn(ctx)
	return nil, s.Admin.EndBrowsers(ctx, w.SecondFactor(s.Now()), w, in.ID, in.Browser, by(ctx))
}
