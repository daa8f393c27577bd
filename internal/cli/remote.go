package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"

	"golang.org/x/term"

	"sallyport/client"
)

// apiKey names an API key, for commands that call a running server. It is read from a file or from the environment; an argument could
// be read by everybody on this machine.
type apiKey struct {
	APIKeyFile string `help:"Read the API key from the first line of this file; else SALLYPORT_API_KEY_FILE names it, or SALLYPORT_API_KEY is the key." placeholder:"FILE"`
}

// device names the secret of an API key's device.
type device struct {
	SecretFile string `help:"Compute the code from the device’s secret in this file (Base32 or an otpauth link); else SALLYPORT_API_SECRET_FILE names it." placeholder:"FILE" xor:"proof"`
}

// signing names the private key that calls are signed with.
type signing struct {
	SigningKeyFile string `help:"Sign with the private key (PEM) in this file; else SALLYPORT_SIGNING_KEY_FILE names it." placeholder:"FILE" xor:"proof"`
}

// server names a running server.
type server struct {
	Server string `help:"The server’s address, such as https://login.example.com; else SALLYPORT_SERVER is it." placeholder:"URL"`
}

// env is a variable of the environment; "" if it is not set.
func (s *session) env(name string) string {
	value := ""
	for _, entry := range s.Environ {
		if v, is := strings.CutPrefix(entry, name+"="); is {
			value = v
		}
	}
	return value
}

// read reads the key.
func (k apiKey) read(s *session) (string, error) {
	if file := cmp.Or(k.APIKeyFile, s.env("SALLYPORT_API_KEY_FILE")); file != "" {
		return s.secret("API key", file)
	}
	if key := s.env("SALLYPORT_API_KEY"); key != "" {
		return key, nil
	}
	return "", usage{errors.New("which API key? Name its file with --api-key-file, or set SALLYPORT_API_KEY_FILE or SALLYPORT_API_KEY")}
}

// codes makes the codes of the device; nil if no secret was given.
func (d device) codes(s *session) (client.CodeFunc, error) {
	file := cmp.Or(d.SecretFile, s.env("SALLYPORT_API_SECRET_FILE"))
	if file == "" {
		return nil, nil
	}
	secret, err := s.secret("secret", file)
	if err != nil {
		return nil, err
	}
	return client.Codes(secret)
}

// with is the key with a signature of each call; nil if no private key was given.
func (g signing) with(s *session, key string) (client.Credentials, error) {
	file := cmp.Or(g.SigningKeyFile, s.env("SALLYPORT_SIGNING_KEY_FILE"))
	if file == "" {
		return nil, nil
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("the private key can’t be read: %w", err)
	}
	signer, err := client.ParseSigner(text)
	if err != nil {
		return nil, err
	}
	return client.SignedKey(key, signer)
}

// address is where the server is.
func (r server) address(s *session) (string, error) {
	if address := cmp.Or(r.Server, s.env("SALLYPORT_SERVER")); address != "" {
		return address, nil
	}
	return "", usage{errors.New("which server? Name its address with --server, or set SALLYPORT_SERVER")}
}

type tokenCmd struct {
	server
	apiKey
	device
	CodeFile string   `help:"Read the code from the first line of this file (- is the standard input) instead of prompting." placeholder:"FILE" xor:"proof"`
	Scope    []string `help:"Only with these of the key’s scopes: read, factors, admin, operator." placeholder:"SCOPE"`
}

// Run prints the token alone, so that a script can take it.
func (c tokenCmd) Run(s *session) error {
	address, err := c.address(s)
	if err != nil {
		return err
	}
	key, err := c.read(s)
	if err != nil {
		return err
	}
	code, err := c.codes(s)
	if err != nil {
		return err
	}
	if code == nil || c.CodeFile != "" {
		code = func(context.Context) (string, error) { return s.code(c.CodeFile) }
	}
	to, err := client.New(address, nil)
	if err != nil {
		return usage{err}
	}
	got, err := to.CreateToken(s.ctx, key, code, c.Scope...)
	if err != nil {
		return err
	}
	s.print("%s", got.Value)
	return nil
}

// code prompts for the code of a key's device, or reads it from a file.
func (s *session) code(file string) (string, error) {
	if file != "" {
		return s.secret("code", file)
	}
	if !term.IsTerminal(int(s.Stdin.Fd())) {
		return "", usage{errors.New("there is no terminal to prompt for the code on. Name a file with --code-file, or the device’s secret with --secret-file")}
	}
	fmt.Fprint(s.Stderr, "Code: ")
	return firstLine("code", s.Stdin)
}

type signCmd struct {
	apiKey
	signing
	Method string `arg:"" help:"The method: GET, POST, PUT, PATCH or DELETE."`
	URL    string `arg:"" help:"The whole address that is called."`
	Body   string `help:"The file that is sent as the body, byte for byte; JSON." placeholder:"FILE" type:"existingfile"`
}

// Run prints one header a line, as "curl --header @-" reads them.
func (c signCmd) Run(s *session) error {
	key, err := c.read(s)
	if err != nil {
		return err
	}
	credentials, err := c.with(s, key)
	if err != nil {
		return err
	}
	if credentials == nil {
		return usage{errors.New("which private key? Name its file with --signing-key-file, or set SALLYPORT_SIGNING_KEY_FILE")}
	}
	r, err := http.NewRequestWithContext(s.ctx, strings.ToUpper(c.Method), c.URL, nil)
	if err != nil {
		return usage{fmt.Errorf("%s %s can’t be called", c.Method, c.URL)}
	}
	var body []byte
	names := []string{"Authorization", "Content-Type", "Content-Digest", "Signature-Input", "Signature"}
	if c.Body != "" {
		if body, err = os.ReadFile(c.Body); err != nil {
			return fmt.Errorf("the body can’t be read: %w", err)
		}
		r.Header.Set("Content-Type", "application/json")
	}
	if err := client.Sign(r, body, credentials); err != nil {
		return err
	}
	for _, name := range names {
		if value := r.Header.Get(name); value != "" {
			s.print("%s: %s", name, value)
		}
	}
	return nil
}
