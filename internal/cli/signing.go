package cli

import (
	"crypto/ed25519"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
)

type keySigningCmd struct {
	File string `arg:"" help:"Where to write the private key; the public key is written beside it, with .pub at the end." type:"path"`
}

// Run makes a key pair. Neither file is ever overwritten: what signs with the old one would stop.
func (c keySigningCmd) Run(s *session) error {
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		return err
	}
	secret, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return err
	}
	open, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		return err
	}
	if err := create(c.File, 0o600, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret})); err != nil {
		return err
	}
	if err := create(c.File+".pub", 0o644, pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: open})); err != nil {
		return errors.Join(err, os.Remove(c.File)) // a key that nobody can register is of no use
	}
	s.print("The private key is in %s, readable by you alone. Give the API key the public one, %s.pub: Settings, API keys.", c.File, c.File)
	return nil
}

// create writes a new file.
func create(path string, mode os.FileMode, content []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%s is there already, and is never overwritten; nothing was changed. Name another file, or move that one away", path)
	}
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	return errors.Join(err, f.Sync(), f.Close())
}
