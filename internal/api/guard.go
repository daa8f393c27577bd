package api

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/netip"
	"slices"
	"strings"

	"sallyport/internal/admin"
	"sallyport/internal/apikey"
	"sallyport/internal/audit"
	"sallyport/internal/errs"
	"sallyport/internal/httpsig"
	"sallyport/internal/httpx"
	"sallyport/internal/machine"
	"sallyport/internal/reauth"
	"sallyport/internal/session"
	"sallyport/internal/signin"
	"sallyport/internal/texts"
)

// errNoCredential says that a call came without the credential that it needs.
var errNoCredential = errs.New(errs.Unauthenticated, "not_signed_in", "This call needs a credential. Send it as “Authorization: Bearer …”.")

// errOperator refuses, on the operator's calls, every credential that counts elsewhere.
var errOperator = errs.New(errs.Forbidden, "operator_only", "This call is for the operator of the server, with the operator key.")

// errOperatorNetwork refuses the operator's key from where it must not be used.
var errOperatorNetwork = errs.New(errs.Forbidden, "operator_network", "The operator key is not taken from your network address. The setting operator_networks says from where it is.")

type callerKey struct{}

// caller is who makes a call.
type caller struct {
	signed *session.Signed // nil on public calls
	by     audit.Actor
}

// signedIn is who makes the call, in a handler of a route of level AAL1 or higher.
func signedIn(ctx context.Context) *session.Signed { return ctx.Value(callerKey{}).(*caller).signed }

// by is who makes the call and from where, for the record.
func by(ctx context.Context) audit.Actor { return ctx.Value(callerKey{}).(*caller).by }

// guard lets a call through only at its route's level. A program needs the scope besides. admit judges the rate of a program's key, before
// anything is used up for its call.
func (s *Server) guard(scope apikey.Scope, rt httpx.Route, r *http.Request, admit func(keyID string) error) (*http.Request, error) {
	c := &caller{by: audit.Actor{Kind: audit.KindNobody, Address: httpx.InfoOf(r.Context()).Client.String(), UserAgent: r.UserAgent(), Language: string(texts.Match("", strings.Join(r.Header.Values("Accept-Language"), ",")))}}
	r = r.WithContext(context.WithValue(r.Context(), callerKey{}, c))
	if rt.Level < httpx.AAL1 { // a pending sign-in is named in the body, where its handler reads it
		return r, nil
	}
	value, err := bearer(r)
	if err != nil {
		return nil, err
	}
	if (rt.Scope == httpx.Operator || rt.Scope == httpx.Program) && s.OperatorKey.Is(value) {
		client := httpx.InfoOf(r.Context()).Client
		if !slices.ContainsFunc(s.OperatorNets, func(n netip.Prefix) bool { return n.Contains(client) }) {
			return nil, errOperatorNetwork
		}
		c.by.Kind = audit.KindOperator
		return r, nil
	}
	if err := s.enter(c, value, scope, rt, r, admit); err != nil {
		return nil, err
	}
	if rt.Scope == httpx.Operator && !c.signed.ByKey() { // the scope of a key was checked above
		return nil, errOperator
	}
	if rt.Scope == httpx.Program { // whose result it is, hangs on the key
		if _, err := signin.KeyProgram(c.signed); err != nil {
			return nil, err
		}
	}
	if rt.Scope == httpx.Account {
		if err := admin.Administrator(c.signed.User); err != nil {
			return nil, err
		}
	}
	if rt.Level == httpx.AAL2 && c.signed.Level != session.AAL2 {
		return nil, session.ErrLevel
	}
	acts := rt.Scope == httpx.Account && rt.Level == httpx.AAL2
	if rt.Fresh == httpx.Recent && !reauth.FactorFresh(c.signed.ProvedAt, s.Now(), reauth.Fresh) || (acts || rt.Fresh == httpx.Whole) && c.signed.Spared() {
		return nil, reauth.ErrFactorNeeded
	}
	return r, nil
}

// enter finds out who calls: a person in a session, or a program with a key or an access token.
func (s *Server) enter(c *caller, value string, scope apikey.Scope, rt httpx.Route, r *http.Request, admit func(keyID string) error) (err error) {
	codes := r.Header.Values(machine.OTPHeader)
	if len(codes) > 1 {
		return machine.ErrMixed
	}
	signed, err := s.signature(r)
	if err != nil {
		return err
	}
	if apikey.IsKey(value) {
		program, err := s.Machines.Check(r.Context(), machine.Call{
			Value: value, Code: strings.Join(codes, ""), Scope: scope, Strong: rt.Level == httpx.AAL2, Binds: rt.Fresh == httpx.Proved, Anew: rt.Scope == httpx.Operator, Signed: signed,
			From: httpx.InfoOf(r.Context()).Client, By: c.by, Admit: admit,
		})
		c.signed, c.by = program.Signed, program.By
		return err
	}
	if len(codes) > 0 || signed != nil {
		return machine.ErrMixed
	}
	if c.signed, err = s.Sessions.Check(r.Context(), value); err != nil {
		return err
	}
	c.by = c.by.As(c.signed.User.ID)
	return nil
}

// signature is the call as its signature must have been made over it, with the address at which this server is known; nil if it has none.
func (s *Server) signature(r *http.Request) (*httpsig.Message, error) {
	if len(r.Header.Values("Signature")) == 0 && len(r.Header.Values("Signature-Input")) == 0 {
		return nil, nil
	}
	m := &httpsig.Message{Method: r.Method, TargetURI: s.PublicURL.Scheme + "://" + s.PublicURL.Host + r.RequestURI, Header: r.Header}
	if r.Body != nil && r.Body != http.NoBody {
		var err error
		if m.Body, err = io.ReadAll(r.Body); err != nil {
			return nil, err
		}
		r.Body = io.NopCloser(bytes.NewReader(m.Body))
	}
	return m, nil
}

// bearer reads the one credential of a call (RFC 6750 §2.1).
func bearer(r *http.Request) (string, error) {
	all := r.Header.Values("Authorization")
	if len(all) != 1 {
		return "", errNoCredential
	}
	scheme, value, ok := strings.Cut(all[0], " ")
	if !ok || !strings.EqualFold(scheme, "Bearer") || value == "" || strings.ContainsAny(value, " ,") {
		return "", errNoCredential
	}
	return value, nil
}
