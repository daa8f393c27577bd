package web

import (
	"errors"
	"html/template"
	"net/http"
	"strings"

	"sallyport/internal/account"
	"sallyport/internal/factor"
	"sallyport/internal/httpx"
	"sallyport/internal/profile"
	"sallyport/internal/qr"
	"sallyport/internal/signin"
	"sallyport/internal/texts"
	"sallyport/internal/totp"
)

func (s *Site) devices(r *http.Request) ([]factor.Factor, error) {
	who := signed(r)
	return factor.List(r.Context(), s.DB, who.User.AccountID, who.User.ID, s.Now())
}

// device gives the device that the address names: any state, but only one's own.
func (s *Site) device(r *http.Request) (factor.Factor, error) {
	devices, err := s.devices(r)
	for _, d := range devices {
		if d.ID == r.PathValue("id") {
			return d, err
		}
	}
	if err != nil {
		return factor.Factor{}, err
	}
	return factor.Factor{}, factor.ErrNotFound
}

func countConfirmed(devices []factor.Factor) (n int) {
	for _, d := range devices {
		if d.State == factor.Confirmed {
			n++
		}
	}
	return n
}

func (s *Site) backupCodes(r *http.Request) (factor.Set, error) {
	who := signed(r)
	return factor.BackupCodes(r.Context(), s.DB, who.User.AccountID, who.User.ID)
}

// showTwoFactor is the list of devices and the backup codes (A3, C21).
func (s *Site) showTwoFactor(w http.ResponseWriter, r *http.Request) error {
	devices, err := s.devices(r)
	if err != nil {
		return err
	}
	v := TwoFactor{NoCodes: !signed(r).Account.Policy.BackupCodes, Demand: s.demand(r)}
	if v.Methods, err = s.methods(r, devices); err != nil {
		return err
	}
	if v.On() {
		set, err := s.backupCodes(r)
		if err != nil {
			return err
		}
		v.Backup = &BackupState{Left: set.Left, Made: set.MadeAt}
		v.EndsAt = signed(r).User.TwoFactorEndsAt
		v.ReEnrol = signin.Effect(signed(r).Account, signed(r).User) == account.MailedDisableReEnrol
	}
	return s.render(w, r, http.StatusOK, PlaceTwoFactor, v)
}

// demand is what the organisation asks of the person's own switch (K4): the same whether they have a second factor or not.
func (s *Site) demand(r *http.Request) Demand {
	who := signed(r)
	owed := who.Account.Owes(who.User.Standing(0), s.Now())
	return Demand{Required: who.Account.Requires(who.User.Role.Administers()), Recommended: owed.Demand == account.Advised, Until: owed.By}
}

func (s *Site) addDeviceView(r *http.Request, devices []factor.Factor) (AddDevice, error) {
	offered, err := catalogueOf(r).Text("device.default") // A6
	if err != nil {
		return AddDevice{}, err
	}
	who := signed(r)
	v := AddDevice{
		Name: freeName(offered, devices), AskPassword: s.Profile.ToAdd(who).Password, Email: who.User.Email,
		MaxDevices: who.Account.Policy.MaxDevicesPerKind,
	}
	apps := 0
	for _, d := range devices {
		if d.State == factor.Confirmed && d.Kind == factor.TOTP {
			apps++
		}
	}
	v.Full = apps >= v.MaxDevices
	return v, nil
}

func (s *Site) showAddDevice(w http.ResponseWriter, r *http.Request) error {
	devices, err := s.devices(r)
	if err != nil {
		return err
	}
	v, err := s.addDeviceView(r, devices)
	if err != nil {
		return err
	}
	v.Next, _ = httpx.ReturnTo(r.URL.Query().Get("next"))
	return s.render(w, r, http.StatusOK, PlaceTwoFactor, v)
}

// addDevice answers with the QR code itself: the secret is in this one response and nowhere else (A11).
func (s *Site) addDevice(w http.ResponseWriter, r *http.Request) error {
	form, err := httpx.Form(r, "name", "password", "next")
	if err != nil {
		return err
	}
	next, _ := httpx.ReturnTo(form.Get("next"))
	e, err := s.Profile.AddDevice(r.Context(), signed(r), form.Get("name"), profile.Proofs{Password: form.Get("password")}, by(r))
	if err != nil {
		devices, readErr := s.devices(r)
		if readErr != nil {
			return readErr
		}
		v, viewErr := s.addDeviceView(r, devices)
		if viewErr != nil {
			return viewErr
		}
		v.Name, v.Next = form.Get("name"), next
		return s.again(r, err, PlaceTwoFactor, func(f *FormError) View {
			if f.Field == "password" {
				v.AskPassword = true
			}
			v.Error = f
			return v
		})
	}
	v, err := showKey(catalogueOf(r), e)
	if err != nil {
		return err
	}
	v.Next = next
	return s.render(w, r, http.StatusOK, PlaceTwoFactor, v)
}

// showKey describes the page with the QR code.
func showKey(say texts.Catalogue, e totp.Enrolment) (ShowKey, error) {
	title, err := say.Text("scan.qr_title", "issuer", e.Issuer)
	if err != nil {
		return ShowKey{}, err
	}
	svg, err := qr.SVG(e.URI, title)
	if err != nil {
		return ShowKey{}, err
	}
	return ShowKey{
		ID: e.Factor.ID, Name: e.Factor.Name, QR: template.HTML(svg), // of numbers and escaped text, by package qr
		Key: strings.ReplaceAll(e.Key, " ", ""), URI: e.URI, Issuer: e.Issuer, Account: e.Account, Ends: e.Factor.ExpiresAt,
	}, nil
}

// gone leads from the page of a device that is not there to the list, which shows what is.
func (s *Site) gone(w http.ResponseWriter, err error) error {
	if !errors.Is(err, factor.ErrNotFound) {
		return err
	}
	return done(w, "/settings/two-factor", NoticeDeviceGone)
}

func (s *Site) showConfirmDevice(w http.ResponseWriter, r *http.Request) error {
	d, err := s.device(r)
	if err != nil {
		return s.gone(w, err)
	}
	if d.State == factor.Confirmed {
		return httpx.SeeOther(w, "/settings/two-factor")
	}
	next, _ := httpx.ReturnTo(r.URL.Query().Get("next"))
	if d.Kind == factor.Passkey {
		return s.showCreatePasskey(w, r, d, next)
	}
	v, err := s.confirmView(r, d, next)
	if err != nil {
		return err
	}
	return s.render(w, r, http.StatusOK, PlaceTwoFactor, v)
}

// confirmDevice closes back to the list, with the first device by way of the backup codes (C8, A15).
func (s *Site) confirmDevice(w http.ResponseWriter, r *http.Request) error {
	form, err := httpx.Form(r, "code", "credential", "next")
	if err != nil {
		return err
	}
	next, _ := httpx.ReturnTo(form.Get("next"))
	who, id := signed(r), r.PathValue("id")
	cookie, codes, err := "", []string(nil), answered(form)
	if err == nil {
		cookie, codes, err = s.Profile.ConfirmDevice(r.Context(), who, id, proofs(form).Code, by(r))
	}
	if err != nil {
		d, readErr := s.device(r)
		if readErr != nil {
			return err
		}
		if d.State == factor.Confirmed { // sent again: its codes can't be shown a second time
			return s.confirmedTwice(w, r, who, next)
		}
		if d.Kind == factor.Passkey {
			return s.createPasskeyAgain(w, r, d, next, err)
		}
		v, readErr := s.confirmView(r, d, next)
		if readErr != nil {
			return readErr
		}
		return s.again(r, err, PlaceTwoFactor, func(f *FormError) View {
			v.Error = f
			return v
		})
	}
	httpx.SetCookie(w, httpx.SessionCookie, cookie, 0)
	if codes == nil {
		return done(w, orTwoFactor(next), NoticeDeviceConfirmed)
	}
	return s.showCodes(w, r, BackupCodes{Codes: codes, First: true, Next: next})
}

// orTwoFactor is next, or the list of devices.
func orTwoFactor(next string) string {
	if next == "" {
		return "/settings/two-factor"
	}
	return next
}

func (s *Site) showCodes(w http.ResponseWriter, r *http.Request, v BackupCodes) error {
	who := signed(r)
	v.Host, v.Account, v.Email, v.Made = s.PublicURL.Host, who.Account.Name, who.User.Email, s.Now()
	return s.render(w, r, http.StatusOK, PlaceTwoFactor, v)
}

func (s *Site) savedBackupCodes(w http.ResponseWriter, r *http.Request) error {
	form, err := httpx.Form(r, "next", "first")
	if err != nil {
		return err
	}
	next, _ := httpx.ReturnTo(form.Get("next"))
	if form.Has("first") {
		return done(w, orTwoFactor(next), NoticeCodesSaved)
	}
	return done(w, orTwoFactor(next), NoticeCodesReplaced)
}

func (s *Site) showNewBackupCodes(w http.ResponseWriter, r *http.Request) error {
	v, err := s.newBackupCodesView(r)
	if errors.Is(err, factor.ErrNoFactor) {
		return httpx.SeeOther(w, "/settings/two-factor") // which says when there are any
	}
	if err != nil {
		return err
	}
	return s.render(w, r, http.StatusOK, PlaceTwoFactor, v)
}

func (s *Site) newBackupCodesView(r *http.Request) (NewBackupCodes, error) {
	devices, err := s.devices(r)
	if err != nil {
		return NewBackupCodes{}, err
	}
	if countConfirmed(devices) == 0 || !signed(r).Account.Policy.BackupCodes {
		return NewBackupCodes{}, factor.ErrNoFactor
	}
	set, err := s.backupCodes(r)
	if err != nil {
		return NewBackupCodes{}, err
	}
	needs := s.Profile.ToRemove(signed(r))
	v := NewBackupCodes{Set: set.ID, Left: set.Left, AskPassword: needs.Password, AskCode: needs.Code, Email: signed(r).User.Email}
	if v.AskCode {
		v.Send, err = s.codeWays(r, "/settings/two-factor/backup-codes")
	}
	return v, err
}

func (s *Site) newBackupCodes(w http.ResponseWriter, r *http.Request) error {
	form, err := httpx.Form(r, "password", "code", "credential", "ceremony", "set")
	if err != nil {
		return err
	}
	cookie, codes, err := s.Profile.NewBackupCodes(r.Context(), signed(r), proofs(form), form.Get("set"), by(r))
	if err != nil {
		return s.newBackupCodesAgain(w, r, err)
	}
	httpx.SetCookie(w, httpx.SessionCookie, cookie, 0)
	return s.showCodes(w, r, BackupCodes{Codes: codes})
}

func (s *Site) newBackupCodesAgain(w http.ResponseWriter, r *http.Request, err error) error {
	v, readErr := s.newBackupCodesView(r)
	if errors.Is(readErr, factor.ErrNoFactor) {
		return httpx.SeeOther(w, "/settings/two-factor")
	}
	if readErr != nil {
		return readErr
	}
	return s.again(r, err, PlaceTwoFactor, func(f *FormError) View {
		v.AskPassword = v.AskPassword || f.Field == "password"
		v.Error = f
		return v
	})
}

// proofs are what a form says to show that it is them: a passkey's answer goes before a code.
func proofs(form httpx.Values) profile.Proofs {
	p := profile.Proofs{Password: form.Get("password"), Code: form.Get("code")}
	if answer := form.Get("credential"); answer != "" {
		p.Code, p.Ceremony = answer, form.Get("ceremony")
	}
	return p
}

func (s *Site) showRenameDevice(w http.ResponseWriter, r *http.Request) error {
	d, err := s.device(r)
	if err != nil {
		return s.gone(w, err)
	}
	if d.State != factor.Confirmed { // its name can be chosen anew by adding it again
		return httpx.SeeOther(w, "/settings/two-factor/"+d.ID+"/confirm")
	}
	return s.render(w, r, http.StatusOK, PlaceTwoFactor, RenameDevice{ID: d.ID, Name: d.Name, Present: d.Name})
}

func (s *Site) renameDevice(w http.ResponseWriter, r *http.Request) error {
	form, err := httpx.Form(r, "name")
	if err != nil {
		return err
	}
	d, err := s.device(r)
	if err != nil {
		return err
	}
	if err := s.Profile.RenameDevice(r.Context(), signed(r), d.ID, form.Get("name"), by(r)); err != nil {
		return s.again(r, err, PlaceTwoFactor, func(f *FormError) View {
			return RenameDevice{ID: d.ID, Name: form.Get("name"), Present: d.Name, Error: f}
		})
	}
	return done(w, "/settings/two-factor", NoticeDeviceRenamed)
}

func (s *Site) removeDeviceView(r *http.Request) (RemoveDevice, error) {
	d, err := s.device(r)
	if err != nil {
		return RemoveDevice{}, err
	}
	devices, err := s.devices(r)
	if err != nil {
		return RemoveDevice{}, err
	}
	needs := s.Profile.ToRemove(signed(r))
	confirmed := d.State == factor.Confirmed
	v := RemoveDevice{
		ID: d.ID, Name: d.Name, Confirmed: confirmed, Last: confirmed && countConfirmed(devices) == 1, Sent: d.Kind.Sent(), Passkey: d.Kind == factor.Passkey,
		AskPassword: needs.Password, AskCode: needs.Code, Email: signed(r).User.Email,
	}
	if v.Name == "" { // a passkey that was only begun
		if v.Name, err = catalogueOf(r).Text("passkey.unnamed"); err != nil {
			return v, err
		}
	}
	v.Kept = v.Last && s.demand(r).Required
	if v.AskCode {
		v.Send, err = s.codeWays(r, removePath(d.ID))
	}
	return v, err
}

// removePath is the page on which a device is removed.
func removePath(factorID string) string { return "/settings/two-factor/" + factorID + "/remove" }

func (s *Site) showRemoveDevice(w http.ResponseWriter, r *http.Request) error {
	v, err := s.removeDeviceView(r)
	if err != nil {
		return s.gone(w, err)
	}
	return s.render(w, r, http.StatusOK, PlaceTwoFactor, v)
}

func (s *Site) removeDevice(w http.ResponseWriter, r *http.Request) error {
	form, err := httpx.Form(r, "password", "code", "credential", "ceremony")
	if err != nil {
		return err
	}
	cookie, last, err := s.Profile.RemoveDevice(r.Context(), signed(r), r.PathValue("id"), proofs(form), by(r))
	if err != nil {
		return s.removeDeviceAgain(r, err)
	}
	httpx.SetCookie(w, httpx.SessionCookie, cookie, 0)
	if last {
		return done(w, "/settings/two-factor", NoticeTwoFactorOff)
	}
	return done(w, "/settings/two-factor", NoticeDeviceRemoved)
}

func (s *Site) removeDeviceAgain(r *http.Request, err error) error {
	v, readErr := s.removeDeviceView(r)
	if readErr != nil {
		return readErr
	}
	return s.again(r, err, PlaceTwoFactor, func(f *FormError) View {
		v.AskPassword = v.AskPassword || f.Field == "password"
		v.Error = f
		return v
	})
}
