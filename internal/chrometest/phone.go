package chrometest

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

// Period is the time step that every authenticator app uses.
const Period = 30 * time.Second

// Phone is an authenticator app with one entry. It never shows the same code twice: when the
// present one was used it gives the next, which a server that allows one step takes at once.
type Phone struct {
	Issuer, Account, Secret string
	Used                    int64 // the newest time step whose code was given out
}

// Scan reads the QR code off a picture of the page.
func Scan(t *testing.T, png []byte) *Phone {
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
	return Enter(t, strings.TrimSpace(string(out)))
}

// Enter opens an otpauth address, as tapping the link on the phone itself does.
func Enter(t *testing.T, text string) *Phone {
	t.Helper()
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "otpauth" || u.Host != "totp" {
		t.Fatalf("not an otpauth address for time-based codes: %.20s…", text)
	}
	issuer, account, found := strings.Cut(strings.TrimPrefix(u.Path, "/"), ":")
	if !found || issuer != u.Query().Get("issuer") {
		t.Errorf("label %q and issuer %q: apps expect the same issuer twice", u.Path, u.Query().Get("issuer"))
	}
	return &Phone{Issuer: issuer, Account: strings.TrimSpace(account), Secret: u.Query().Get("secret")}
}

// Code is the next code that this phone can give and the server has not seen. It waits only
// when the present and the next one are both used.
func (p *Phone) Code(t *testing.T) string {
	t.Helper()
	now := time.Now().Unix() / int64(Period.Seconds())
	step := max(now, p.Used+1)
	if early := step - now - 1; early > 0 {
		wait := time.Until(time.Unix((step-1)*int64(Period.Seconds()), 0))
		t.Logf("waiting %s for a fresh code", wait.Round(time.Second))
		time.Sleep(wait)
	}
	p.Used = step
	return p.At(t, time.Unix(step*int64(Period.Seconds()), 0))
}

// At is what the phone shows at the given time.
func (p *Phone) At(t *testing.T, when time.Time) string {
	t.Helper()
	cmd := exec.Command("oathtool", "--totp", "--base32", "--now", when.UTC().Format("2006-01-02 15:04:05 UTC"), p.Secret)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("oathtool: %v: %s", err, stderr.String())
	}
	return strings.TrimSpace(string(out))
}

// WrongCode is six digits that are no code of this phone near now.
func (p *Phone) WrongCode(t *testing.T) string {
	t.Helper()
	near := map[string]bool{}
	for d := -8; d <= 8; d++ {
		near[p.At(t, time.Now().Add(time.Duration(d)*Period))] = true
	}
	for n := range len(near) + 1 {
		if code := fmt.Sprintf("%06d", 271828+n); !near[code] {
			return code
		}
	}
	panic("unreachable: one of n+1 codes is not among n")
}
