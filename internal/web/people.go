package web

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"sallyport/internal/admin"
	"sallyport/internal/channel"
	"sallyport/internal/errs"
	"sallyport/internal/httpx"
	"sallyport/internal/password"
	"sallyport/internal/reauth"
	"sallyport/internal/user"
)

// peoplePath is the list of users.
const peoplePath = "/admin/users"

// somebody reads whom the address names, for a page that asks whether the administrator is sure.
func (s *Site) somebody(r *http.Request) (Somebody, user.User, error) {
	u, err := s.Admin.Target(r.Context(), signed(r), r.PathValue("id"))
	return Somebody{ID: u.ID, Name: u.Name, Email: u.Email}, u, err
}

// fresh is the evidence that the administrator's second factor was proved just now.
func (s *Site) fresh(r *http.Request) reauth.SecondFactor { return signed(r).SecondFactor(s.Now()) }

// person makes a page about somebody that asks whether the administrator is sure, from how it describes itself.
func (s *Site) person(view func(*http.Request, Somebody, user.User) View) httpx.Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		p, u, err := s.somebody(r)
		if err != nil {
			return err
		}
		return s.render(w, r, http.StatusOK, PlaceUsers, view(r, p, u))
	}
}

// act does something to somebody, and shows its page again if it could not be done.
func (s *Site) act(field string, told Notice, do func(ctx context.Context, r *http.Request, value string) error,
	view func(r *http.Request, p Somebody, u user.User, value string, f *FormError) View,
) httpx.Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		var fields []string
		if field != "" {
			fields = append(fields, field)
		}
		form, err := httpx.Form(r, fields...)
		if err != nil {
			return err
		}
		if err := do(r.Context(), r, form.Get(field)); err != nil {
			return s.notDone(w, r, err, func(p Somebody, u user.User, f *FormError) View { return view(r, p, u, form.Get(field), f) })
		}
		if told == NoticeUserRemoved {
			return done(w, peoplePath, told)
		}
		return done(w, peoplePath+"/"+r.PathValue("id"), told)
	}
}

// notDone says why something was not done to somebody: at its form, or if they are out of reach, on a page of its own.
func (s *Site) notDone(w http.ResponseWriter, r *http.Request, err error, view func(Somebody, user.User, *FormError) View) error {
	if errors.Is(err, reauth.ErrFactorNeeded) {
		return toConfirm(w, r)
	}
	p, u, readErr := s.somebody(r)
	if readErr != nil {
		return err
	}
	return s.again(r, err, PlaceUsers, func(f *FormError) View { return view(p, u, f) })
}

func (s *Site) resetUserView(r *http.Request, p Somebody, reason string, f *FormError) View {
	return ResetUser{Somebody: p, Reason: reason, Off: !signed(r).Account.Policy.AdminReset, Error: f}
}

func (s *Site) showResetUser(w http.ResponseWriter, r *http.Request) error {
	return s.person(func(r *http.Request, p Somebody, _ user.User) View { return s.resetUserView(r, p, "", nil) })(w, r)
}

// resetUser is the reset of somebody's second factor (T12, T14).
func (s *Site) resetUser(w http.ResponseWriter, r *http.Request) error {
	return s.act("reason", NoticeUserReset, func(ctx context.Context, r *http.Request, reason string) error {
		return s.Admin.Reset(ctx, s.fresh(r), signed(r), r.PathValue("id"), reason, by(r))
	}, func(r *http.Request, p Somebody, _ user.User, reason string, f *FormError) View {
		return s.resetUserView(r, p, reason, f)
	})(w, r)
}

func (s *Site) giveCodeView(r *http.Request, p Somebody, reason string, f *FormError) View {
	return GiveCode{Somebody: p, Reason: reason, Off: !signed(r).Account.Policy.AdminCodes, Error: f}
}

func (s *Site) showGiveCode(w http.ResponseWriter, r *http.Request) error {
	return s.person(func(r *http.Request, p Somebody, _ user.User) View { return s.giveCodeView(r, p, "", nil) })(w, r)
}

// giveCode answers with the code itself: it is in this one response and nowhere else (X13).
func (s *Site) giveCode(w http.ResponseWriter, r *http.Request) error {
	form, err := httpx.Form(r, "reason")
	if err != nil {
		return err
	}
	g, err := s.Admin.GiveCode(r.Context(), s.fresh(r), signed(r), r.PathValue("id"), form.Get("reason"), by(r))
	if err != nil {
		return s.notDone(w, r, err, func(p Somebody, _ user.User, f *FormError) View { return s.giveCodeView(r, p, form.Get("reason"), f) })
	}
	return s.render(w, r, http.StatusOK, PlaceUsers, GivenCode{
		Somebody: Somebody{ID: g.To.ID, Name: g.To.Name, Email: g.To.Email}, Code: g.Code, Ends: g.Ends,
	})
}

func (s *Site) showSetRole(w http.ResponseWriter, r *http.Request) error {
	return s.person(func(_ *http.Request, p Somebody, u user.User) View {
		return SetRole{Somebody: p, Present: string(u.Role), Role: string(u.Role)}
	})(w, r)
}

func (s *Site) setRole(w http.ResponseWriter, r *http.Request) error {
	return s.act("role", NoticeRoleSet, func(ctx context.Context, r *http.Request, role string) error {
		return s.Admin.SetRole(ctx, s.fresh(r), signed(r), r.PathValue("id"), user.Role(role), by(r))
	}, func(_ *http.Request, p Somebody, u user.User, role string, f *FormError) View {
		return SetRole{Somebody: p, Present: string(u.Role), Role: role, Error: f}
	})(w, r)
}

func (s *Site) showLinkUser(w http.ResponseWriter, r *http.Request) error {
	return s.person(func(_ *http.Request, p Somebody, u user.User) View {
		return LinkUser{Somebody: p, ExternalID: u.ExternalID}
	})(w, r)
}

func (s *Site) linkUser(w http.ResponseWriter, r *http.Request) error {
	return s.act("external_id", NoticeUserLinked, func(ctx context.Context, r *http.Request, externalID string) error {
		externalID = strings.TrimSpace(externalID) // pasted with a blank at its end, more often than not
		return s.Admin.ChangeUser(ctx, s.fresh(r), signed(r), r.PathValue("id"), admin.Change{ExternalID: &externalID}, by(r))
	}, func(_ *http.Request, p Somebody, _ user.User, externalID string, f *FormError) View {
		return LinkUser{Somebody: p, ExternalID: externalID, Error: f}
	})(w, r)
}

func (s *Site) showLockUser(w http.ResponseWriter, r *http.Request) error {
	return s.person(func(_ *http.Request, p Somebody, _ user.User) View { return LockUser{Somebody: p} })(w, r)
}

func (s *Site) lockUser(w http.ResponseWriter, r *http.Request) error {
	return s.act("", NoticeUserLocked, func(ctx context.Context, r *http.Request, _ string) error {
		return s.Admin.LockUser(ctx, s.fresh(r), signed(r), r.PathValue("id"), by(r))
	}, func(_ *http.Request, p Somebody, _ user.User, _ string, f *FormError) View { return LockUser{p, f} })(w, r)
}

func (s *Site) showUnlockUser(w http.ResponseWriter, r *http.Request) error {
	return s.person(func(_ *http.Request, p Somebody, _ user.User) View { return UnlockUser{Somebody: p} })(w, r)
}

func (s *Site) unlockUser(w http.ResponseWriter, r *http.Request) error {
	return s.act("", NoticeUserUnlocked, func(ctx context.Context, r *http.Request, _ string) error {
		return s.Admin.UnlockUser(ctx, s.fresh(r), signed(r), r.PathValue("id"), by(r))
	}, func(_ *http.Request, p Somebody, _ user.User, _ string, f *FormError) View { return UnlockUser{p, f} })(w, r)
}

func removeUserView(r *http.Request, p Somebody, u user.User, f *FormError) View {
	return RemoveUser{Somebody: p, Account: signed(r).Account.Name, Invited: !u.InvitedAt.IsZero(), Error: f}
}

func (s *Site) showRemoveUser(w http.ResponseWriter, r *http.Request) error {
	return s.person(func(r *http.Request, p Somebody, u user.User) View { return removeUserView(r, p, u, nil) })(w, r)
}

func (s *Site) removeUser(w http.ResponseWriter, r *http.Request) error {
	return s.act("", NoticeUserRemoved, func(ctx context.Context, r *http.Request, _ string) error {
		return s.Admin.RemoveUser(ctx, s.fresh(r), signed(r), r.PathValue("id"), by(r))
	}, func(r *http.Request, p Somebody, u user.User, _ string, f *FormError) View {
		return removeUserView(r, p, u, f)
	})(w, r)
}

func (s *Site) inviteUserView(r *http.Request) (InviteUser, error) {
	who := signed(r)
	v := InviteUser{Owner: who.User.Role == user.Owner, Role: string(user.Member)}
	_, err := s.Recovery.Channels.MailOf(r.Context(), who.Account.ID)
	if errors.Is(err, channel.ErrNoMail) {
		v.NoMail, err = true, nil
	}
	return v, err
}

func (s *Site) showInviteUser(w http.ResponseWriter, r *http.Request) error {
	v, err := s.inviteUserView(r)
	if err != nil {
		return err
	}
	return s.render(w, r, http.StatusOK, PlaceUsers, v)
}

func (s *Site) inviteUser(w http.ResponseWriter, r *http.Request) error {
	form, err := httpx.Form(r, "email", "name", "role")
	if err != nil {
		return err
	}
	n := admin.Invitee{Email: form.Get("email"), Name: form.Get("name"), Role: user.Role(form.Get("role"))}
	if n.Role == "" {
		n.Role = user.Member
	}
	if _, err = s.Admin.Invite(r.Context(), s.fresh(r), signed(r), n, by(r)); err == nil {
		return done(w, peoplePath, NoticeUserInvited)
	}
	if errors.Is(err, reauth.ErrFactorNeeded) {
		return toConfirm(w, r)
	}
	v, readErr := s.inviteUserView(r)
	if readErr != nil {
		return readErr
	}
	v.Email, v.Name, v.Role = n.Email, n.Name, string(n.Role)
	e := errs.From(err)
	if e.Is(admin.ErrOwners) && !v.Owner { // whoever saw no such field made the request by hand
		e = e.In("")
	}
	return s.again(r, e, PlaceUsers, func(f *FormError) View { v.Error = f; return v })
}

// showInvitation takes the token from the address's fragment, which no server sees, by script; else it is pasted.
func (s *Site) showInvitation(w http.ResponseWriter, r *http.Request) error {
	return s.render(w, r, http.StatusOK, "", Invitation{MinPassword: password.MinCharacters})
}

// join accepts an invitation. It signs nobody in: it leads to the sign-in.
func (s *Site) join(w http.ResponseWriter, r *http.Request) error {
	form, err := httpx.Form(r, "token", "your_name", "new_password")
	if err != nil {
		return err
	}
	a, err := s.Recovery.Join(r.Context(), form.Get("token"), form.Get("your_name"), form.Get("new_password"), by(r))
	if err != nil {
		return s.again(r, err, "", func(f *FormError) View {
			return Invitation{Token: form.Get("token"), Name: form.Get("your_name"), MinPassword: password.MinCharacters, Error: f}
		})
	}
	return done(w, withQuery("/sign-in", url.Values{"account": {a.Slug}}), NoticeJoined)
}
