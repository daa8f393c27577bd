package web

import (
	"net/http"

	"sallyport/internal/factor"
	"sallyport/internal/httpx"
)

// routes is every page and form there is, with what it asks for. A form whose handler
// demands the password, or a code of the device itself, is Proved.
func (s *Site) routes() []httpx.Route {
	public := func(pattern string, h httpx.Handler) httpx.Route {
		return httpx.Route{Pattern: pattern, Level: httpx.Public, Handler: h}
	}
	pending := func(pattern string, h httpx.Handler) httpx.Route {
		return httpx.Route{Pattern: pattern, Level: httpx.Pending, Handler: h}
	}
	inCheck := pending // with the cookie of a check: see checkGuard
	self := func(pattern string, fresh httpx.Fresh, h httpx.Handler) httpx.Route {
		return httpx.Route{Pattern: pattern, Level: httpx.AAL1, Fresh: fresh, Scope: httpx.Self, Handler: h}
	}
	// An administrator's work needs a second factor (ASVS 6.3.3); looking, and being told so, does not.
	admin := func(pattern string, h httpx.Handler) httpx.Route {
		return httpx.Route{Pattern: pattern, Level: httpx.AAL1, Fresh: httpx.AnyAge, Scope: httpx.Account, Handler: h}
	}
	// A page with a form of such work asks first, so that what is typed is not lost to the question.
	form := func(pattern string, h httpx.Handler) httpx.Route {
		return httpx.Route{Pattern: pattern, Level: httpx.AAL1, Fresh: httpx.Whole, Scope: httpx.Account, Handler: h}
	}
	acts := func(pattern string, fresh httpx.Fresh, h httpx.Handler) httpx.Route {
		return httpx.Route{Pattern: pattern, Level: httpx.AAL2, Fresh: fresh, Scope: httpx.Account, Handler: h}
	}
	return []httpx.Route{
		public("GET /{$}", s.home),
		public("GET /static/{file}", s.static),
		public("GET /favicon.ico", s.favicon),
		public("GET /brand/{file}", s.brandFile),
		public("GET /.well-known/change-password", to("/settings")), // where password managers look for the form (W3C change-password-url)
		public("GET /.well-known/passkey-endpoints", s.passkeyEndpoints),
		public("GET /.well-known/webauthn", s.relatedOrigins),
		public("GET /demo/inbox", s.showInbox),
		public("GET /set-up", s.showFirstRun),
		public("POST /set-up", s.firstRun),

		public("GET /sign-in", s.showSignIn),
		public("POST /sign-in", s.signIn),
		public("GET /sign-in/passkey/options", s.askAnyPasskey),
		public("POST /sign-in/passkey", s.passkeySignIn),
		public("GET /forgot-password", s.showForgotPassword),
		public("POST /forgot-password", s.forgotPassword),
		public("GET /forgot-password/sent", s.showForgotSent),
		public("GET /forgot-password/new", s.showNewPassword),
		public("POST /forgot-password/new", s.newPassword),
		public("GET /invitation", s.showInvitation),
		public("POST /invitation", s.join),
		public("GET /confirm-email", s.showConfirmEmail),
		public("POST /confirm-email", s.confirmEmail),
		pending("GET /sign-in/verify", s.showVerify),
		pending("POST /sign-in/verify", s.verify),
		pending("GET /sign-in/verify/passkey", s.askPasskey),
		pending("GET /sign-in/methods", s.showOtherWays),
		pending("POST /sign-in/methods", s.leaveVerify),
		pending("POST /sign-in/send", s.sendCode),
		pending("GET /sign-in/set-up", s.showSetUp),
		pending("POST /sign-in/set-up", s.setUp),
		pending("GET "+confirmSetUpPath, s.showConfirmSetUp),
		pending("POST "+confirmSetUpPath, s.confirmSetUp),
		pending("POST /sign-in/set-up/send", s.sendSetUp),
		pending("POST /sign-in/set-up/mail", s.askSetUpMail),
		pending("POST /sign-in/set-up/mail/confirm", s.proveSetUpMail),
		pending("GET /sign-in/disable", s.showDisable),
		pending("POST /sign-in/disable", s.askDisable),
		pending("POST /sign-in/disable/confirm", s.confirmDisable),
		public("GET /sign-in/keep", s.showKeep),
		public("POST /sign-in/keep", s.keep),
		public("POST /sign-in/cancel", s.cancelSignIn),
		self("GET "+signOutPath, httpx.AnyAge, s.showSignOut), // for programs behind the door, which lead here
		self("POST "+signOutPath, httpx.AnyAge, s.signOut),
		self("GET "+doorPath, httpx.AnyAge, s.door),
		public("GET /check", s.openCheck),
		inCheck("GET /check/verify", s.showVerify),
		inCheck("POST /check/verify", s.verify),
		inCheck("GET /check/verify/passkey", s.askPasskey),
		inCheck("GET /check/methods", s.showOtherWays),
		inCheck("POST /check/send", s.sendCode),
		inCheck("GET /check/set-up", s.showSetUp),
		inCheck("POST /check/set-up", s.setUp),
		inCheck("GET /check/set-up/confirm", s.showConfirmSetUp),
		inCheck("POST /check/set-up/confirm", s.confirmSetUp),
		inCheck("POST /check/set-up/send", s.sendSetUp),
		inCheck("POST /check/set-up/mail", s.askSetUpMail),
		inCheck("POST /check/set-up/mail/confirm", s.proveSetUpMail),
		inCheck("POST /check/cancel", s.cancelCheck),

		self("GET /settings", httpx.AnyAge, s.showProfile),
		self("POST /settings/password", httpx.Proved, s.changePassword),
		self("GET /settings/email", httpx.AnyAge, s.showChangeEmail),
		self("POST /settings/email", httpx.Proved, s.changeEmail),
		self("POST /settings/email/send", httpx.AnyAge, s.sendEmailCode),
		self("POST /settings/language", httpx.AnyAge, s.setLanguage),
		self("GET /settings/welcome", httpx.AnyAge, s.showWelcome),
		self("POST /settings/welcome", httpx.AnyAge, s.welcome),

		self("GET /settings/two-factor", httpx.AnyAge, s.showTwoFactor),
		self("GET /settings/two-factor/add", httpx.Whole, s.showAddDevice),
		self("POST /settings/two-factor/add", httpx.Proved, s.addDevice),
		self("GET /settings/two-factor/add-sms", httpx.Whole, s.showAddAddress(factor.SMS)),
		self("POST /settings/two-factor/add-sms", httpx.Proved, s.addAddress(factor.SMS)),
		self("GET /settings/two-factor/add-email", httpx.Whole, s.showAddAddress(factor.Email)),
		self("POST /settings/two-factor/add-email", httpx.Proved, s.addAddress(factor.Email)),
		self("GET /settings/two-factor/add-passkey", httpx.Whole, s.showAddPasskey),
		self("POST /settings/two-factor/add-passkey", httpx.Proved, s.addPasskey),
		self("GET /settings/passkey/options", httpx.AnyAge, s.askPasskeyAgain),
		self("POST /settings/two-factor/{id}/send", httpx.AnyAge, s.sendProof),
		self("POST /settings/two-factor/{id}/prefer", httpx.AnyAge, s.preferDevice),
		self("GET /settings/two-factor/{id}/confirm", httpx.AnyAge, s.showConfirmDevice),
		self("POST /settings/two-factor/{id}/confirm", httpx.Proved, s.confirmDevice),
		self("GET /settings/two-factor/{id}/rename", httpx.AnyAge, s.showRenameDevice),
		self("POST /settings/two-factor/{id}/rename", httpx.AnyAge, s.renameDevice),
		self("GET /settings/two-factor/{id}/remove", httpx.Whole, s.showRemoveDevice),
		self("POST /settings/two-factor/{id}/remove", httpx.Proved, s.removeDevice),
		self("POST /settings/two-factor/{id}/remove/send", httpx.AnyAge, s.sendRemovalCode),
		self("GET /settings/two-factor/backup-codes", httpx.Whole, s.showNewBackupCodes),
		self("POST /settings/two-factor/backup-codes", httpx.Proved, s.newBackupCodes),
		self("POST /settings/two-factor/backup-codes/send", httpx.AnyAge, s.sendBackupCodesCode),
		self("POST /settings/two-factor/backup-codes/saved", httpx.AnyAge, s.savedBackupCodes),
		{Pattern: "POST /settings/two-factor/keep", Level: httpx.AAL2, Fresh: httpx.AnyAge, Scope: httpx.Self, Handler: s.keepTwoFactor},

		{Pattern: "GET " + stepUpPath, Level: httpx.AAL2, Fresh: httpx.AnyAge, Scope: httpx.Self, Handler: s.showConfirmIdentity},
		{Pattern: "POST " + stepUpPath, Level: httpx.AAL2, Fresh: httpx.Proved, Scope: httpx.Self, Handler: s.confirmIdentity},
		{Pattern: "POST " + stepUpPath + "/send", Level: httpx.AAL2, Fresh: httpx.AnyAge, Scope: httpx.Self, Handler: s.sendConfirmIdentity},

		self("GET /settings/sessions", httpx.AnyAge, s.showSessions),
		self("POST /settings/sessions/{id}/end", httpx.AnyAge, s.endSession),
		self("POST /settings/sessions/end-others", httpx.AnyAge, s.endOtherSessions),
		self("GET "+keysPath, httpx.AnyAge, s.showKeys),
		self("GET "+keysPath+"/new", httpx.Whole, s.changing(s.showNewKey)),
		self("POST "+keysPath+"/new", httpx.Proved, s.makeKey),
		self("GET "+keysPath+"/{id}", httpx.AnyAge, s.showKeyPage),
		self("GET "+keysPath+"/{id}/device", httpx.Whole, s.changing(s.showKeyDevice)),
		self("POST "+keysPath+"/{id}/device", httpx.Proved, s.beginKeyDevice),
		self("GET "+keysPath+"/{id}/device/confirm", httpx.AnyAge, s.showConfirmKeyDevice),
		self("POST "+keysPath+"/{id}/device/confirm", httpx.Proved, s.confirmKeyDevice),
		self("GET "+keysPath+"/{id}/device/remove", httpx.Whole, s.changing(s.showDrop(false))),
		self("POST "+keysPath+"/{id}/device/remove", httpx.Proved, s.drop(false)),
		self("GET "+keysPath+"/{id}/public-key", httpx.Whole, s.changing(s.showKeyPublic)),
		self("POST "+keysPath+"/{id}/public-key", httpx.Proved, s.setKeyPublic),
		self("GET "+keysPath+"/{id}/public-key/remove", httpx.Whole, s.changing(s.showDrop(true))),
		self("POST "+keysPath+"/{id}/public-key/remove", httpx.Proved, s.drop(true)),
		self("GET "+keysPath+"/{id}/end", httpx.AnyAge, s.showRemoveKey),
		self("POST "+keysPath+"/{id}/end", httpx.AnyAge, s.removeKey),
		self("GET /settings/browsers", httpx.AnyAge, s.showBrowsers),
		self("GET /settings/browsers/{id}/rename", httpx.AnyAge, s.showRenameBrowser),
		self("POST /settings/browsers/{id}/rename", httpx.AnyAge, s.renameBrowser),
		self("POST /settings/browsers/{id}/end", httpx.AnyAge, s.endBrowser),
		self("POST /settings/browsers/end-all", httpx.AnyAge, s.endBrowsers),

		admin("GET /admin", s.showAdmin),
		admin("GET /admin/users", s.showUsers),
		{Pattern: "POST /admin/users/export", Level: httpx.AAL2, Fresh: httpx.AnyAge, Scope: httpx.Account, Timeout: exportFor, Handler: s.exportUsers},
		admin("GET /admin/users/{id}", s.showUser),
		admin("GET /admin/two-factor", s.showPolicy),
		acts("POST /admin/two-factor", httpx.Recent, s.setPolicy),
		acts("POST /admin/two-factor/remind", httpx.Recent, s.remind),
		form("GET /admin/mail", s.showMailServer),
		acts("POST /admin/mail", httpx.Proved, s.setMailServer),
		acts("POST /admin/mail/test", httpx.AnyAge, s.testMailServer),
		form("GET /admin/mail/remove", s.showRemoveMailServer),
		acts("POST /admin/mail/remove", httpx.Proved, s.removeMailServer),
		admin("GET /admin/audit", s.showAudit),
		{Pattern: "POST /admin/audit/export", Level: httpx.AAL2, Fresh: httpx.AnyAge, Scope: httpx.Account, Handler: s.exportAudit, Timeout: exportFor},
		form("GET /admin/brand", s.showAppearance),
		acts("POST /admin/brand", httpx.AnyAge, s.setAppearance),
		{Pattern: "POST /admin/brand/logo", Level: httpx.AAL2, Fresh: httpx.AnyAge, Scope: httpx.Account, Handler: s.setLogo, Body: uploadBody, Upload: true},
		admin("GET /admin/brand/texts", s.showTexts),
		form("GET /admin/brand/text", s.showText),
		acts("POST /admin/brand/text", httpx.AnyAge, s.setText),

		acts("GET /admin/users/invite", httpx.Recent, s.showInviteUser),
		acts("POST /admin/users/invite", httpx.Recent, s.inviteUser),
		acts("GET /admin/users/{id}/reset", httpx.Recent, s.showResetUser),
		acts("POST /admin/users/{id}/reset", httpx.Recent, s.resetUser),
		acts("GET /admin/users/{id}/backup-code", httpx.Recent, s.showGiveCode),
		acts("POST /admin/users/{id}/backup-code", httpx.Recent, s.giveCode),
		acts("GET /admin/users/{id}/role", httpx.Recent, s.showSetRole),
		acts("POST /admin/users/{id}/role", httpx.Recent, s.setRole),
		acts("GET /admin/users/{id}/link", httpx.Recent, s.showLinkUser),
		acts("POST /admin/users/{id}/link", httpx.Recent, s.linkUser),
		acts("GET /admin/users/{id}/lock", httpx.Recent, s.showLockUser),
		acts("POST /admin/users/{id}/lock", httpx.Recent, s.lockUser),
		acts("GET /admin/users/{id}/end-sessions", httpx.Recent, s.showEndSessions),
		acts("POST /admin/users/{id}/end-sessions", httpx.Recent, s.endSessions),
		acts("GET /admin/users/{id}/end-browsers", httpx.Recent, s.showEndBrowsers),
		acts("POST /admin/users/{id}/end-browsers", httpx.Recent, s.endUserBrowsers),
		acts("GET /admin/users/{id}/end-keys", httpx.Recent, s.showEndKeys),
		acts("POST /admin/users/{id}/end-keys", httpx.Recent, s.endUserKeys),
		acts("GET /admin/users/{id}/unlock", httpx.Recent, s.showUnlockUser),
		acts("POST /admin/users/{id}/unlock", httpx.Recent, s.unlockUser),
		acts("GET /admin/users/{id}/remove", httpx.Recent, s.showRemoveUser),
		acts("POST /admin/users/{id}/remove", httpx.Recent, s.removeUser),

		// Addresses that only take forms stand in the address bar when a form was refused.
		// Opened from there, they lead to the page with the form.
		public("GET /sign-in/cancel", to("/sign-in")),
		public("GET /sign-in/passkey", to("/sign-in")),
		pending("GET /sign-in/set-up/send", to(setUpPath)),
		pending("GET /sign-in/set-up/mail", to(setUpPath)),
		pending("GET /sign-in/set-up/mail/confirm", to(setUpPath)),
		pending("GET /sign-in/send", to("/sign-in/verify")),
		inCheck("GET /check/send", s.showCheck),
		inCheck("GET /check/cancel", s.showCheck),
		inCheck("GET /check/set-up/send", s.showCheck),
		inCheck("GET /check/set-up/mail", s.showCheck),
		inCheck("GET /check/set-up/mail/confirm", s.showCheck),
		pending("GET /sign-in/disable/confirm", to("/sign-in/disable")),
		self("GET /settings/two-factor/keep", httpx.AnyAge, to("/settings/two-factor")),
		self("GET /settings/two-factor/{id}/send", httpx.AnyAge, to("/settings/two-factor")),
		self("GET /settings/two-factor/{id}/prefer", httpx.AnyAge, to("/settings/two-factor")),
		self("GET /settings/password", httpx.AnyAge, to("/settings")),
		self("GET /settings/email/send", httpx.AnyAge, to("/settings/email")),
		self("GET /settings/language", httpx.AnyAge, to("/settings")),
		self("GET /settings/two-factor/{id}/remove/send", httpx.AnyAge, to("/settings/two-factor")),
		self("GET /settings/two-factor/backup-codes/send", httpx.AnyAge, to("/settings/two-factor/backup-codes")),
		self("GET /settings/two-factor/backup-codes/saved", httpx.AnyAge, to("/settings/two-factor")),
		{Pattern: "GET " + stepUpPath + "/send", Level: httpx.AAL2, Fresh: httpx.AnyAge, Scope: httpx.Self, Handler: to(stepUpPath)},
		self("GET /settings/sessions/{id}/end", httpx.AnyAge, to("/settings/sessions")),
		admin("GET /admin/users/export", to("/admin/users")),
		admin("GET /admin/two-factor/remind", to("/admin/two-factor")),
		admin("GET /admin/mail/test", to("/admin/mail")),
		admin("GET /admin/audit/export", to("/admin/audit")),
		admin("GET /admin/brand/logo", to("/admin/brand")),
		self("GET /settings/sessions/end-others", httpx.AnyAge, to("/settings/sessions")),
		self("GET /settings/browsers/{id}/end", httpx.AnyAge, to(browsersPath)),
		self("GET /settings/browsers/end-all", httpx.AnyAge, to(browsersPath)),
	}
}

// to leads to another page.
func to(path string) httpx.Handler {
	return func(w http.ResponseWriter, _ *http.Request) error { return httpx.SeeOther(w, path) }
}

func (s *Site) home(w http.ResponseWriter, r *http.Request) error {
	if _, err := s.current(r); err == nil {
		return httpx.SeeOther(w, "/settings")
	}
	return httpx.SeeOther(w, "/sign-in")
}

func (s *Site) static(w http.ResponseWriter, r *http.Request) error {
	s.Pages.Static().ServeHTTP(w, r)
	return nil
}

// favicon answers the browsers that ask without having read a page.
func (s *Site) favicon(w http.ResponseWriter, _ *http.Request) error {
	path, err := s.Pages.assets.url("mark.svg")
	if err != nil {
		return err
	}
	return httpx.SeeOther(w, path)
}
