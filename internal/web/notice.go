package web

import (
	"html/template"
	"net/http"
	"strings"
	"time"

	"sallyport/internal/account"
	"sallyport/internal/factor"
	"sallyport/internal/httpx"
	"sallyport/internal/texts"
)

// Notice names one of the quiet lines that a page shows after something was done.
type Notice string

// The notices.
const (
	NoticeSignedIn          Notice = "signed_in"
	NoticeBackupCodeUsed    Notice = "backup_code_used" // signed in with one
	NoticeSignedOut         Notice = "signed_out"
	NoticeSessionEnded      Notice = "session_ended"   // the session is over: sign in again
	NoticeSetUpRequired     Notice = "set_up_required" // the session is over, because the account demands a second factor by now
	NoticeDoorAgain         Notice = "door_again"      // a program's site wants a fresh sign-in
	NoticeDoorSetUp         Notice = "door_set_up"     // a program's site wants a second factor of somebody who has none
	NoticeCancelled         Notice = "cancelled"       // a sign-in was cancelled at the second step
	NoticePasswordChanged   Notice = "password_changed"
	NoticePasswordChosen    Notice = "password_chosen" // with a mailed token: sign in
	NoticeEmailAsked        Notice = "email_asked"     // the new address is to be proved
	NoticeEmailChanged      Notice = "email_changed"
	NoticeLanguageChanged   Notice = "language_changed"
	NoticeAccountCreated    Notice = "account_created"  // first set-up is done: sign in
	NoticeDeviceConfirmed   Notice = "device_confirmed" // one more, so without backup codes
	NoticeConfirmedBefore   Notice = "confirmed_before" // the form of a device that is confirmed already was sent again
	NoticeDeviceGone        Notice = "device_gone"      // the page of a device that is no longer there was opened
	NoticeDeviceRemoved     Notice = "device_removed"
	NoticeTwoFactorOff      Notice = "two_factor_off" // the last device was removed
	NoticeDeviceRenamed     Notice = "device_renamed"
	NoticeCodeSent          Notice = "code_sent" // by mail or text
	NoticeDevicePreferred   Notice = "device_preferred"
	NoticeTokenSent         Notice = "token_sent"      // by mail
	NoticeMailedOff         Notice = "mailed_off"      // signed in by the mailed way out, or after its delay
	NoticeTwoFactorKept     Notice = "two_factor_kept" // its planned end was called off
	NoticeCodesSaved        Notice = "codes_saved"     // the first ten
	NoticeCodesReplaced     Notice = "codes_replaced"  // later ones
	NoticeOneSessionEnded   Notice = "one_session_ended"
	NoticeOthersEnded       Notice = "others_ended"
	NoticeBrowserRenamed    Notice = "browser_renamed"
	NoticeBrowserEnded      Notice = "browser_ended"
	NoticeBrowsersEnded     Notice = "browsers_ended"
	NoticeKeyRemoved        Notice = "key_removed"
	NoticeKeyGone           Notice = "key_gone"      // the page of a key that is no longer there was opened
	NoticeKeyDevice         Notice = "key_device"    // it is confirmed
	NoticeKeyNoDevice       Notice = "key_no_device" // the form of a device that is not there was sent
	NoticeKeyDeviceGone     Notice = "key_device_removed"
	NoticeKeyPublic         Notice = "key_public"
	NoticeKeyPublicGone     Notice = "key_public_removed"
	NoticeUserKeysEnded     Notice = "user_keys_ended"
	NoticeMailServerSet     Notice = "mail_server_set"
	NoticeMailServerGone    Notice = "mail_server_removed"
	NoticePolicySet         Notice = "policy_set"
	NoticeReminded          Notice = "reminded"
	NoticeTestSent          Notice = "test_sent" // a test message, to one's own address
	NoticeFaceSet           Notice = "face_set"
	NoticeLogoSet           Notice = "logo_set"
	NoticeLogoGone          Notice = "logo_removed"
	NoticeTextSet           Notice = "text_set"
	NoticeTextRestored      Notice = "text_restored"
	NoticeUserReset         Notice = "user_reset"
	NoticeRoleSet           Notice = "role_set"
	NoticeUserLinked        Notice = "user_linked"
	NoticeUserLocked        Notice = "user_locked"
	NoticeUserUnlocked      Notice = "user_unlocked"
	NoticeUserRemoved       Notice = "user_removed"
	NoticeUserInvited       Notice = "user_invited"
	NoticeUserSessionsEnded Notice = "user_sessions_ended"
	NoticeUserBrowsersEnded Notice = "user_browsers_ended"
	NoticeJoined            Notice = "joined" // an invitation was accepted: sign in
)

// atTheDoor reports whether the notice is for somebody who is not signed in.
func (n Notice) atTheDoor() bool {
	switch n {
	case NoticeSignedOut, NoticeSessionEnded, NoticeSetUpRequired, NoticeDoorAgain, NoticeCancelled, NoticeAccountCreated, NoticePasswordChosen, NoticeTokenSent, NoticeJoined:
		return true
	}
	return false
}

// anywhere reports whether the notice is for somebody who is signed in as well as for somebody who is not.
func (n Notice) anywhere() bool { return n == NoticeCodeSent || n == NoticeEmailChanged }

// neutral reports whether it tells what happened rather than what succeeded.
func (n Notice) neutral() bool {
	return n == NoticeSessionEnded || n == NoticeSetUpRequired || n == NoticeDoorAgain || n == NoticeDoorSetUp || n == NoticeCancelled || n == NoticeDeviceGone || n == NoticeKeyGone || n == NoticeKeyNoDevice
}

// notice gives the line for what a page has to tell, or nothing for an unknown notice.
func notice(say texts.Catalogue, told Chrome) (template.HTML, error) {
	key := "notice." + string(told.Notice)
	if told.Notice == NoticeBackupCodeUsed {
		line, err := say.Count(key, told.Left)
		return template.HTML(template.HTMLEscapeString(line)), err
	}
	line, known := say[key]
	switch {
	case !known:
		return "", nil
	case strings.Contains(line, "{about}"):
		return say.Rich(key, "about", told.About)
	}
	return say.Rich(key)
}

// noticeCookie takes a notice to the next page and ends there, or soon. In an address it would
// come back with every reload, and a stranger's link could claim that something was done.
const (
	noticeCookie = "__Host-sallyport-notice"
	noticeFor    = time.Minute
)

// done sends the browser on to a page with a quiet line about what was done.
func done(w http.ResponseWriter, path string, n Notice) error {
	httpx.SetCookie(w, noticeCookie, string(n), noticeFor)
	return httpx.SeeOther(w, path)
}

// takeNotice moves the notice that waits for the browser, if it is one for this page's reader, into c.
func (s *Site) takeNotice(w http.ResponseWriter, r *http.Request, c *Chrome) error {
	value, ok := httpx.ReadCookie(r, noticeCookie)
	n := Notice(value)
	if !ok || r.Method != http.MethodGet || !n.anywhere() && n.atTheDoor() != (c.Person == nil) {
		return nil
	}
	httpx.ClearCookie(w, noticeCookie)
	if strings.Contains(value, ".") {
		return nil // part of a text, and no name of ours
	}
	switch n {
	case NoticeAccountCreated:
		slug := r.URL.Query().Get("account")
		if account.CheckSlug(slug) != nil {
			return nil
		}
		c.About = s.signInAddress(slug)
	case NoticeTestSent:
		c.About = c.Person.Email
	case NoticeBackupCodeUsed:
		set, err := s.backupCodes(r)
		if err != nil {
			return err
		}
		c.Left = set.Left
	case NoticeDeviceConfirmed, NoticeConfirmedBefore:
		devices, err := s.devices(r)
		if err != nil {
			return err
		}
		newest := newestConfirmed(devices)
		if newest.ID == "" {
			return nil
		}
		c.About = newest.Name
	}
	c.Notice = n
	return nil
}

// newestConfirmed is the device that was confirmed last; the zero one if none is.
func newestConfirmed(devices []factor.Factor) (newest factor.Factor) {
	for _, d := range devices {
		if d.State == factor.Confirmed && d.ConfirmedAt.After(newest.ConfirmedAt) {
			newest = d
		}
	}
	return newest
}
