package e2e

import (
	"net/http"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"sallyport/internal/chrometest"
	"sallyport/internal/mail/eximtest"
	"sallyport/internal/porttest"
	"sallyport/internal/sms/kanneltest"
)

// post is a server as a company runs it, with a real mail server and a real SMS gateway behind it.
type post struct {
	base  string
	exim  *eximtest.Exim
	kanel *kanneltest.Kannel
}

// startPost runs the shipped program with the account Acme, whose people are these, all with password.
func startPost(t *testing.T, password string, people ...string) post {
	t.Helper()
	p := post{exim: eximtest.Start(t, eximtest.Options{}), kanel: kanneltest.Start(t, kanneltest.Options{})}
	dir, listen := t.TempDir(), porttest.Free(t).String()
	env := []string{
		"SALLYPORT_KEY_FILE=" + filepath.Join(dir, "sallyport.key"),
		"SALLYPORT_DATABASE=sqlite:" + filepath.Join(dir, "sallyport.db"),
		"SALLYPORT_LISTEN=" + listen,
		"SALLYPORT_SMTP_URL=" + p.exim.URL("Acme <no-reply@mail.test>"),
		"SALLYPORT_SMS_URL=" + p.kanel.Setting("Acme"),
		"SSL_CERT_FILE=" + p.exim.CAFile, // as the certificate of a company's own authority is made known
	}
	command(t, env, "", "key", "new")
	command(t, env, "", "account", "create", "acme", "Acme")
	command(t, env, "", "account", "set-policy", "acme", "mailed_disable=disable")
	for _, email := range people {
		command(t, env, password+"\n", "user", "create", "acme", email, "--role", "member", "--password-file", "-")
	}
	start(t, env, []string{"serve"}, func(line string) bool {
		if u := address.FindString(line); u != "" && p.base == "" {
			p.base = strings.TrimRight(u, "/")
		}
		return p.base != ""
	})
	return p
}

// mailed waits for the n-th mail to a person and returns its subject and text.
func (p post) mailed(t *testing.T, person string, n int) eximtest.Mail {
	t.Helper()
	return p.exim.Wait(t, person, n)[n-1]
}

// mailedCode waits for the n-th mail that carries a code and returns the code.
func (p post) mailedCode(t *testing.T, person string, n int) string {
	t.Helper()
	for all := n; ; all++ {
		found := 0
		for _, m := range p.exim.Wait(t, person, all) {
			if c := sentCode.FindStringSubmatch(m.Text); c != nil {
				if found++; found == n {
					return c[1]
				}
			}
		}
	}
}

var (
	sentCode  = regexp.MustCompile(`(?m)^([0-9]{6})$`)
	sentToken = regexp.MustCompile(`(?m)^([0-9a-z]{26})$`)
)

// texted waits for the n-th text to a number and returns its code. The text must arrive letter by letter.
func (p post) texted(t *testing.T, number string, n int) string {
	t.Helper()
	text := p.kanel.WaitTexts(t, number, `#[0-9]{6}$`, n)[n-1].Text
	code := text[len(text)-6:]
	if want := code + " is your Sallyport code. Give it to nobody.\n\n@localhost #" + code; text != want {
		t.Errorf("the text is %q, want %q", text, want)
	}
	return code
}

// TestSentCodes is the life of a person without an app: a phone number, then a mailbox, set up and
// used through a real gateway and a real mail server, a code sent again, and in the end the way out by mail.
func TestSentCodes(t *testing.T) {
	chrometest.Tools(t)
	t.Parallel() // waits a minute between two codes, in which others can go on
	const password = "seven unrelated ferry bells"
	p := startPost(t, password, "ada@mail.test", "alan@mail.test")
	for _, c := range []struct {
		name, person, number string
		withoutScript        bool
	}{
		{"script", "ada", "+436641234567", false},
		{"no script", "alan", "+436641234568", chrometest.NoScript},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			b := openBrowser(t, p.base, c.withoutScript)
			email := c.person + "@mail.test"

			// C15–C18: configure a number, prove it with the text.
			b.Open("/sign-in?account=acme")
			b.signIn(email, password)
			b.Press("Not now")
			b.Open("/settings/two-factor")
			b.Inspect("methods")
			b.Press("Configure Phone number (SMS)")
			b.Inspect("number")
			b.Fill("Mobile number", "+43 1 5880 10")
			b.Fill("Password", password)
			b.Press("Next")
			b.Refuses("Add a phone number")
			b.Fill("Mobile number", c.number[:3]+" "+c.number[3:6]+" "+c.number[6:])
			b.Fill("Password", password)
			b.Press("Next")
			b.Sees("Confirm “My number”", "We sent a text message")
			b.Inspect("confirm-number")
			b.Fill("Authentication code", spaced(p.texted(t, c.number, 1)))
			b.Press("Verify")
			if codes := b.backupCodes(); len(codes) != 10 {
				t.Fatalf("%d backup codes, want ten", len(codes))
			}
			b.Press("I have saved them")
			b.Sees("Two-factor authentication", "My number", c.number[len(c.number)-2:], "confirmed")
			if strings.Contains(b.Text(), c.number[6:]) {
				t.Error("the list shows the whole number")
			}

			// C11: the text comes by itself at the next sign-in.
			b.signOut()
			b.signIn(email, password)
			b.Sees("Enter your authentication code", "We sent a text message")
			b.Inspect("code-by-text")
			right := p.texted(t, c.number, 2)
			b.Fill("Authentication code", other(right))
			b.Press("Verify")
			b.Refuses("Enter your authentication code")
			b.Fill("Authentication code", right)
			b.Press("Verify")
			b.onSettings()

			// X5: codes by mail, asked for first from now on.
			b.Open("/settings/two-factor")
			b.Press("Configure E-mail codes")
			if got := b.Value("E-mail"); got != email {
				t.Errorf("the address offered is %q", got)
			}
			b.Fill("Password", password)
			b.Press("Next")
			b.Sees("Confirm “My mailbox”", "We sent a mail")
			b.Fill("Authentication code", p.mailedCode(t, c.person, 1))
			b.Press("Verify")
			b.Press("Ask for this first My mailbox")
			b.Sees("Two-factor authentication", "asked for first")
			b.signOut()
			b.signIn(email, password)
			b.Sees("Enter your authentication code", "We sent a mail")
			first := p.mailedCode(t, c.person, 2)

			// X14: a new code after a minute, and the one before it is dead.
			sent := time.Now()
			if c.withoutScript {
				if got := b.Press("Resend code"); got != http.StatusTooManyRequests {
					t.Errorf("resent within the minute: status %d", got)
				}
				b.Refuses("Enter your authentication code")
			} else if !eval[bool](b, `document.querySelector("[data-resend]").disabled`) {
				t.Error("the script lets the button be pressed within the minute")
			}
			time.Sleep(time.Until(sent.Add(61 * time.Second)))
			b.Press("Resend code")
			b.Sees("Enter your authentication code", "A code is on its way.")
			second := p.mailedCode(t, c.person, 3)
			if first == second {
				t.Skip("one time in a million, two codes are the same")
			}
			b.Fill("Authentication code", first)
			b.Press("Verify")
			b.Refuses("Enter your authentication code")
			b.Press("Try another way")
			b.Sees("Choose another way", "Text message", "E-mail", "Use a backup code", "@mail.test")
			b.Inspect("ways")
			b.Open("/sign-in/verify")
			b.Fill("Authentication code", second)
			b.Press("Verify")
			b.onSettings()

			// P13–P15: the mailed way out.
			b.signOut()
			b.signIn(email, password)
			b.Press("Disable two-factor authentication")
			b.Inspect("disable")
			b.Press("Mail the token")
			b.Inspect("disable-token")
			token := ""
			for n := 1; token == ""; n++ {
				if m := p.mailed(t, c.person, n); m.Subject == "Disable two-factor authentication" {
					token = sentToken.FindStringSubmatch(m.Text)[1]
				}
			}
			b.Fill("Token from the mail", token)
			b.Press("Disable two-factor authentication")
			b.Sees("Make your account safer")
			b.Open("/settings/two-factor")
			b.Sees("Two-factor authentication", "Off")
			b.signOut()
			b.signIn(email, password)
			b.onSettings()
		})
	}
}

// onSettings demands that the person is signed in.
func (b *browser) onSettings() {
	b.T.Helper()
	if !strings.HasPrefix(b.Path(), "/settings") {
		b.T.Fatalf("signed in, the browser stands on %s", b.Where())
	}
}

// other is a code that differs from this one in each digit.
func other(code string) string {
	return strings.Map(func(r rune) rune { return '0' + (r-'0'+1)%10 }, code)
}
