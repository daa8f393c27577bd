package client

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"strings"
)

// Settings say which server to call, and as whom, as programs find them in their environment. Secrets are read from files, which
// container platforms mount and nobody else reads.
type Settings struct {
	Server         string // SALLYPORT_SERVER: the server's address
	APIKeyFile     string // SALLYPORT_API_KEY_FILE: a file whose first line is the API key
	APIKey         string // SALLYPORT_API_KEY: the key itself, where there is no file
	SecretFile     string // SALLYPORT_API_SECRET_FILE: a file whose first line is the secret of the key's device: calls go with tokens
	SigningKeyFile string // SALLYPORT_SIGNING_KEY_FILE: a file with the private key in PEM: calls are signed
}

// SettingsOf reads settings from an environment, such as os.Getenv.
func SettingsOf(getenv func(string) string) Settings {
	return Settings{
		Server: getenv("SALLYPORT_SERVER"), APIKeyFile: getenv("SALLYPORT_API_KEY_FILE"), APIKey: getenv("SALLYPORT_API_KEY"),
		SecretFile: getenv("SALLYPORT_API_SECRET_FILE"), SigningKeyFile: getenv("SALLYPORT_SIGNING_KEY_FILE"),
	}
}

// FromEnvironment makes a client from this program's environment.
func FromEnvironment(options ...Option) (*Client, error) {
	return SettingsOf(os.Getenv).Client(options...)
}

// Client makes a client from the settings.
func (s Settings) Client(options ...Option) (*Client, error) {
	if s.Server == "" {
		return nil, errors.New("client: which server? SALLYPORT_SERVER is not set")
	}
	c, err := s.Credentials()
	if err != nil {
		return nil, err
	}
	return New(s.Server, c, options...)
}

// Credentials are the API key with the second factor that the settings name: the private key, else the device, else none.
func (s Settings) Credentials() (Credentials, error) {
	key, err := firstLine(s.APIKeyFile)
	if err != nil {
		return nil, err
	}
	if key = cmp.Or(key, s.APIKey); key == "" {
		return nil, errors.New("client: which API key? Neither SALLYPORT_API_KEY_FILE nor SALLYPORT_API_KEY is set")
	}
	if s.SigningKeyFile != "" {
		text, err := os.ReadFile(s.SigningKeyFile)
		if err != nil {
			return nil, fmt.Errorf("client: the private key can’t be read: %w", err)
		}
		signer, err := ParseSigner(text)
		if err != nil {
			return nil, err
		}
		return SignedKey(key, signer)
	}
	secret, err := firstLine(s.SecretFile)
	if err != nil || secret == "" {
		return Key(key), err
	}
	code, err := Codes(secret)
	return KeyForToken(key, code), err
}

// firstLine reads the first line of a file; nothing if no file is named.
func firstLine(file string) (string, error) {
	if file == "" {
		return "", nil
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return "", fmt.Errorf("client: %w", err)
	}
	line, _, _ := strings.Cut(string(text), "\n")
	if line = strings.TrimSpace(line); line == "" {
		return "", fmt.Errorf("client: the first line of %s is empty", file)
	}
	return line, nil
}
