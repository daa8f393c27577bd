package e2e

import (
	"bytes"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// period is the time step that every authenticator app uses.
const period = 30 * time.Second

// phone is an authenticator app with one entry. It never shows the same code twice: when the
// present one was used it gives the next, which a server that allows one step takes at once.
type phone struct {
	issuer, account, secret string
	used                    int64 // the newest time step whose code was given out
}

// scan reads the QR code off a picture of the page.
func scan(t *testing.T, png []byte) *phone {
	t.Helper()
	picture := filepath.Join(t.TempDir(), "page.png")
	if err := os.WriteFile(picture, png, 0o600); err != nil {
		t.Fatal(err)
	}
	// Without --nodbus it prints noise on the bus that is not there.
	out, err := exec.Command("zbarimg", "--nodbus", "-q", "--raw", picture).Output()
	if err != nil {
		t.Fatalf("no QR code found on the page: %v", err)
	}
	return enter(t, strings.TrimSpace(string(out)))
}

// enter opens an otpauth address, as tapping the link on the phone itself does.
func enter(t *testing.T, text string) *phone {
	t.Helper()
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "otpauth" || u.Host != "totp" {
		t.Fatalf("not an otpauth address for time-based codes: %.20s…", text)
	}
	issuer, account, found := strings.Cut(strings.TrimPrefix(u.Path, "/"), ":")
	if !found || issuer != u.Query().Get("issuer") {
		t.Errorf("label %q and issuer %q: apps expect the same issuer twice", u.Path, u.Query().Get("issuer"))
	}
	return &phone{issuer: issuer, account: strings.TrimSpace(account), secret: u.Query().Get("secret")}
}

// code is the next code that this phone can give and the server has not seen. It waits only
// when the present and the next one are both used.
func (p *phone) code(t *testing.T) string {
	t.Helper()
	now := time.Now().Unix() / int64(period.Seconds())
	step := max(now, p.used+1)
	if early := step - now - 1; early > 0 {
		wait := time.Until(time.Unix((step-1)*int64(period.Seconds()), 0))
		t.Logf("waiting %s for a fresh code", wait.Round(time.Second))
		time.Sleep(wait)
	}
	p.used = step
	return p.at(t, time.Unix(step*int64(period.Seconds()), 0))
}

// at is what the phone shows at the given time.
func (p *phone) at(t *testing.T, when time.Time) string {
	t.Helper()
	cmd := exec.Command("oathtool", "--totp", "--base32", "--now", when.UTC().Format("2006-01-02 15:04:05 UTC"), p.secret)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("oathtool: %v: %s", err, stderr.String())
	}
	return strings.TrimSpace(string(out))
}

// wrongCode is six digits that are no code of this phone near now.
func (p *phone) wrongCode(t *testing.T) string {
	t.Helper()
	near := map[string]bool{}
	for d := -8; d <= 8; d++ {
		near[p.at(t, time.Now().Add(time.Duration(d)*period))] = true
	}
	for n := range len(near) + 1 {
		if code := fmt.Sprintf("%06d", 271828+n); !near[code] {
			return code
		}
	}
	panic("unreachable: one of n+1 codes is not among n")
}
