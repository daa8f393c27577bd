package web

import (
	"net/http"

	"sallyport/internal/admin"
	"sallyport/internal/errs"
	"sallyport/internal/factor"
	"sallyport/internal/session"
)

// sessionsShown is how many of somebody's sessions their page names, those last used. All are ended on a page of their own.
const sessionsShown = 20

// showUser tells an administrator about one person, and what can be done there.
func (s *Site) showUser(w http.ResponseWriter, r *http.Request) error {
	who := signed(r)
	offers, err := s.Profile.Offers(r.Context(), who)
	if err != nil {
		return err
	}
	p, err := s.Admin.Person(r.Context(), who, offers, r.PathValue("id"))
	if err != nil {
		return err
	}
	v := UserPage{
		UserRow: userRow(who, p.User, s.Now()), SignedIn: p.SignedInAt, Added: p.User.CreatedAt, ExternalID: p.User.ExternalID,
		Demand: string(p.Owed.Demand), Cause: string(p.Owed.Cause), Ends: p.Owed.By, Support: s.Support,
		AddPasskey: p.Owed.AddPasskey, Passkey: p.Owed.Passkey,
	}
	for _, d := range p.Devices {
		v.Devices = append(v.Devices, Device{
			ID: d.ID, Kind: string(d.Kind), Name: d.Name, Hint: hintOf(d), Synced: d.Hint == factor.Synced, Confirmed: true, Locked: d.Locked(), Added: d.ConfirmedAt, LastUsed: d.LastUsedAt,
		})
	}
	if p.Codes.ID != "" {
		v.Backup = &BackupState{Left: p.Codes.Left, Made: p.Codes.MadeAt}
	}
	if p.Owed.Stuck {
		for _, o := range p.Offers {
			if o.Why != "" {
				v.Stuck = append(v.Stuck, MethodState{Kind: string(o.Method), Why: string(o.Why), Support: s.Support})
			}
		}
	}
	v.Actions, v.Why = actionsOn(who, p)
	say := catalogueOf(r)
	v.AllSessions = len(p.Sessions)
	if v.Sessions, err = s.sessionRows(say, p.Sessions[:min(len(p.Sessions), sessionsShown)]); err != nil {
		return err
	}
	for _, k := range p.Keys {
		v.Keys = append(v.Keys, keyRow(k, p.KeyDevices, s.Now()))
	}
	if v.Browsers, err = s.browserRows(say, p.Browsers); err != nil {
		return err
	}
	for _, e := range p.Events {
		says, err := saysEvent(say, e, p.People)
		if err != nil {
			return err
		}
		v.Events = append(v.Events, UserEvent{At: e.At, Says: says, Reason: e.Detail["reason"]})
	}
	return s.render(w, r, http.StatusOK, PlaceUsers, v)
}

// actionsOn lists what who looks may do there, or says why nothing. Each action's own page decides.
func actionsOn(who *session.Signed, p admin.Person) (actions []string, why string) {
	switch err := errs.From(admin.Over(who.User, p.User)); {
	case err != nil && err.Is(admin.ErrSelf):
		return nil, "self"
	case err != nil:
		return nil, "rank"
	case who.Level != session.AAL2:
		return nil, "level"
	}
	if !p.User.InvitedAt.IsZero() {
		actions = append(actions, "invite")
	}
	if mayReset(who, p.User) {
		actions = append(actions, "reset")
	}
	if who.Account.Policy.AdminCodes && p.User.Devices() > 0 && p.User.LockedAt.IsZero() {
		actions = append(actions, "backup-code")
	}
	if len(p.Sessions) > 0 {
		actions = append(actions, "end-sessions")
	}
	if len(p.Browsers) > 0 {
		actions = append(actions, "end-browsers")
	}
	if len(p.Keys) > 0 {
		actions = append(actions, "end-keys")
	}
	actions = append(actions, "role")
	if p.User.InvitedAt.IsZero() {
		actions = append(actions, "link")
	}
	if p.User.LockedAt.IsZero() {
		actions = append(actions, "lock")
	} else {
		actions = append(actions, "unlock")
	}
	return append(actions, "remove"), ""
}
