package mail

import (
	"bytes"
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/wneessen/go-mail/smtp"
)

// login picks the best way that the server offers. The library's own choice is not used: it would prefer NTLM and
// CRAM-MD5 to what any server of today has, and knows no limit for SCRAM. Channel binding (-PLUS) adds
// nothing here, because the certificate was verified.
func login(s Server, offered string) (smtp.Auth, error) {
	ways := strings.Fields(strings.ToUpper(offered))
	switch {
	case slices.Contains(ways, "SCRAM-SHA-256"):
		return encrypted{&boundedSCRAM{Auth: smtp.ScramSHA256Auth(s.User, s.Password)}}, nil
	case slices.Contains(ways, "SCRAM-SHA-1"):
		return encrypted{&boundedSCRAM{Auth: smtp.ScramSHA1Auth(s.User, s.Password)}}, nil
	case slices.Contains(ways, "PLAIN"):
		return encrypted{smtp.PlainAuth("", s.User, s.Password, s.Host, false)}, nil
	case slices.Contains(ways, "LOGIN"):
		return encrypted{smtp.LoginAuth(s.User, s.Password, s.Host, false)}, nil
	}
	return nil, errNoLogin
}

// encrypted signs in over TLS only. The library makes exceptions, for localhost and for SCRAM; we do not.
type encrypted struct{ smtp.Auth }

func (a encrypted) Start(server *smtp.ServerInfo) (string, []byte, error) {
	if !server.TLS {
		return "", nil, smtp.ErrUnencrypted
	}
	return a.Auth.Start(server)
}

// boundedSCRAM refuses a number of rounds that nobody means: fewer than RFC 5802 allows (section 5.1) would make the proof
// easy to turn back into the password, and two thousand millions keep a processor busy for many minutes that no time
// limit ends. It computes one proof: asked again and again, even few rounds would do the same.
type boundedSCRAM struct {
	smtp.Auth

	asked bool
}

const (
	fewestRounds = 4096       // what Dovecot and Cyrus SASL store if not told otherwise
	mostRounds   = 128 * 4096 // what the client of Dovecot takes; under half a second
)

var (
	errRounds = errors.New("SCRAM with an unreasonable number of rounds")
	errAgain  = errors.New("SCRAM that asks for a second proof")
)

func (a *boundedSCRAM) Next(fromServer []byte, more bool) ([]byte, error) {
	if more && bytes.HasPrefix(fromServer, []byte("r=")) {
		if a.asked {
			return nil, errAgain
		}
		a.asked = true
		for field := range bytes.SplitSeq(fromServer, []byte(",")) {
			text, is := bytes.CutPrefix(field, []byte("i="))
			if !is {
				continue
			}
			if n, err := strconv.Atoi(string(text)); err != nil || n < fewestRounds || n > mostRounds {
				return nil, errRounds
			}
		}
	}
	return a.Auth.Next(fromServer, more)
}
