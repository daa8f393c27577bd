package e2e

import (
	"strings"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/webauthn"
	"github.com/chromedp/chromedp"

	"sallyport/internal/chrometest"
)

// key is Chromium's own virtual authenticator in a browser: what makes and keeps passkeys, and the hand that confirms.
type key struct {
	b   *browser
	id  webauthn.AuthenticatorID
	bar page.ScriptIdentifier // what keeps the browser from filling in passkeys; empty if it does
}

// plugIn gives the browser an authenticator that verifies its user, and whose passkeys are synced or stay on it.
func (b *browser) plugIn(synced bool) *key {
	b.T.Helper()
	_, err := chromedp.Call(b.Ctx, webauthn.Enable, webauthn.EnableParams{})
	b.Must(err, "switching virtual authenticators on")
	got, err := chromedp.Call(b.Ctx, webauthn.AddVirtualAuthenticator, webauthn.AddVirtualAuthenticatorParams{Options: &webauthn.VirtualAuthenticatorOptions{
		Protocol: webauthn.AuthenticatorProtocolCtap2, Ctap2version: webauthn.Ctap2versionCtap21, Transport: webauthn.AuthenticatorTransportInternal,
		HasResidentKey: true, HasUserVerification: true, IsUserVerified: true, AutomaticPresenceSimulation: true,
		DefaultBackupEligibility: synced, DefaultBackupState: synced,
	}})
	b.Must(err, "plugging an authenticator in")
	k := &key{b: b, id: got.AuthenticatorID}
	k.fills(false)
	return k
}

// unplug takes it away.
func (k *key) unplug() {
	k.b.T.Helper()
	_, err := chromedp.Call(k.b.Ctx, webauthn.RemoveVirtualAuthenticator, webauthn.RemoveVirtualAuthenticatorParams{AuthenticatorID: k.id})
	k.b.Must(err, "unplugging the authenticator")
}

// fills says whether the browser offers passkeys among what it fills in. Nobody has to choose one then: a virtual authenticator
// whose user confirms at once chooses by itself, which would come before any button.
func (k *key) fills(yes bool) {
	k.b.T.Helper()
	if yes {
		_, err := chromedp.Call(k.b.Ctx, page.RemoveScriptToEvaluateOnNewDocument, page.RemoveScriptToEvaluateOnNewDocumentParams{Identifier: k.bar})
		k.b.Must(err, "letting the browser fill passkeys in")
		return
	}
	got, err := chromedp.Call(k.b.Ctx, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{
		Source: "if (globalThis.PublicKeyCredential) PublicKeyCredential.isConditionalMediationAvailable = async () => false",
	})
	k.b.Must(err, "keeping the browser from filling passkeys in")
	k.bar = got.Identifier
}

// verifies says whether the authenticator recognises its user.
func (k *key) verifies(yes bool) {
	k.b.T.Helper()
	_, err := chromedp.Call(k.b.Ctx, webauthn.SetUserVerified, webauthn.SetUserVerifiedParams{AuthenticatorID: k.id, IsUserVerified: yes})
	k.b.Must(err, "choosing whether the user is recognised")
}

// fails presses a button that asks for the passkey and waits for what the page then says without another one.
func (k *key) fails(name, says string) {
	k.b.T.Helper()
	k.b.Do("pressing "+name, chromedp.Click(chrometest.Control(name)))
	k.b.wait("the page to say "+says, func() bool { return strings.Contains(k.b.said(), says) })
}

// said is what the line for what browsers say against a passkey reads out.
func (b *browser) said() string {
	b.T.Helper()
	return eval[string](b, `[...document.querySelectorAll("[data-unsupported]")].map(e => e.innerText).join(" ")`)
}

// passkeys are those that the authenticator keeps.
func (k *key) passkeys() []*webauthn.Credential {
	k.b.T.Helper()
	got, err := chromedp.Call(k.b.Ctx, webauthn.GetCredentials, webauthn.GetCredentialsParams{AuthenticatorID: k.id})
	k.b.Must(err, "reading the authenticator")
	return got.Credentials
}

// addCredential is webauthn.AddCredential without the members that Chromium refuses even when they say no.
var addCredential = cdp.Command[kept, cdp.Empty]{Method: webauthn.CommandAddCredential}

type kept struct {
	AuthenticatorID webauthn.AuthenticatorID `json:"authenticatorId"`
	Credential      map[string]any           `json:"credential"`
}

// keeps replaces all that the authenticator keeps.
func (k *key) keeps(all ...*webauthn.Credential) {
	k.b.T.Helper()
	_, err := chromedp.Call(k.b.Ctx, webauthn.ClearCredentials, webauthn.ClearCredentialsParams{AuthenticatorID: k.id})
	k.b.Must(err, "clearing the authenticator")
	for _, c := range all {
		_, err := chromedp.Call(k.b.Ctx, addCredential, kept{k.id, map[string]any{
			"credentialId": c.CredentialID, "isResidentCredential": c.IsResidentCredential, "rpId": c.RpID, "privateKey": c.PrivateKey,
			"userHandle": c.UserHandle, "signCount": c.SignCount, "backupEligibility": c.BackupEligibility, "backupState": c.BackupState,
			"userName": c.UserName, "userDisplayName": c.UserDisplayName,
		}})
		k.b.Must(err, "putting a passkey on the authenticator")
	}
}

// addPasskey adds one in the settings, and returns the backup codes if it is the first device.
func (k *key) addPasskey(name, password string) []string {
	k.b.T.Helper()
	k.b.Open("/settings/two-factor/add-passkey")
	k.b.Sees("Add a passkey")
	k.b.Fill("Name of the passkey (optional)", name)
	k.b.Fill("Password", password)
	k.b.Press("Next")
	k.b.Sees("Create the passkey")
	k.b.Press("Create the passkey")
	codes := k.b.backupCodes()
	if len(codes) > 0 {
		k.b.Press("I have saved them")
	}
	return codes
}
