package gate

import (
	"errors"
	"net/http"
	"strings"

	"sallyport/internal/apikey"
	"sallyport/internal/httpsig"
	"sallyport/internal/httpx"
	"sallyport/internal/machine"
	"sallyport/internal/session"
	"sallyport/internal/token"
)

// credential is the credential of ours in the header Authorization: an API key, an access token, or a session's token. Whatever else stands
// there is between the client and the program, so that a dashboard with a password or tokens of its own works behind the door as before.
func credential(h http.Header) (value string, err error) {
	for _, line := range h["Authorization"] {
		scheme, v, _ := strings.Cut(line, " ")
		if _, ours := token.Parse(v, ""); !strings.EqualFold(scheme, "Bearer") || !ours && !apikey.IsKey(v) {
			continue
		}
		if len(h["Authorization"]) > 1 {
			return "", machine.ErrMixed
		}
		return v, nil
	}
	return "", nil
}

// caller is whom a credential stands for, by the rules of the REST interface and with the scope read. A signature is over the request
// that the proxy asks about, as its client sent it.
func (s *Server) caller(r *http.Request, value string, want want, about asked) (*session.Signed, error) {
	codes := r.Header.Values(machine.OTPHeader)
	signed := len(r.Header["Signature"]) > 0 || len(r.Header["Signature-Input"]) > 0
	switch {
	case len(codes) > 1:
		return nil, machine.ErrMixed
	case apikey.IsKey(value):
	case signed || len(codes) > 0:
		return nil, machine.ErrMixed
	default:
		return s.Sessions.Check(r.Context(), value)
	}
	call := machine.Call{
		Value: value, Code: strings.Join(codes, ""), Scope: apikey.Read, From: httpx.InfoOf(r.Context()).Client,
		Strong: want.level == session.AAL2 || want.maxAge > 0, By: by(r),
	}
	if signed {
		call.Signed = &httpsig.Message{Method: about.method, TargetURI: about.origin + about.uri, Header: r.Header, Unseen: true}
	}
	c, err := s.Machines.Check(r.Context(), call)
	var needed *machine.Needed
	if errors.Is(err, machine.ErrSecondFactor) && errors.As(err, &needed) && len(needed.How) > 0 {
		err = machine.ErrSecondFactor.Saying("An API key alone is not enough here. Sign the request, send a code of the key’s device beside it in Sallyport-OTP, or exchange both for an access token.").Because(needed)
	}
	if err != nil {
		return nil, err
	}
	return c.Signed, nil
}
