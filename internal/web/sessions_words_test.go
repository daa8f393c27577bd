package web

import (
	"strings"
	"testing"
)

func TestHowSomebodySignedIn(t *testing.T) {
	for amr, want := range map[string]string{
		"pwd": "password", "pwd otp mfa": "code", "pwd sms mfa": "sms", "pwd email mfa": "email", "pwd trusted_browser": "trusted",
		"pwd hwk user mfa": "key", "pwd swk mfa": "key", "hwk user mfa": "passkey", "swk user mfa": "passkey", "": "password",
	} {
		if got := how(strings.Fields(amr)); got != want {
			t.Errorf("%q is said as %s, want %s", amr, got, want)
		}
	}
}
