package api

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"sallyport/internal/httpx"
	"sallyport/internal/session"
)

// renewed is the session that goes on after a change which ends all others. A key goes on as it is.
type renewed struct {
	Token     string    `json:"token" doc:"From now on the session’s token; the one that made this call has ended." example:"acc_01jd3k8zq0c4m.usr_01jd3k8zq0c4n.kX0Qd3…"`
	ExpiresAt time.Time `json:"expires_at" doc:"When the session ends, as before."`
	AMR       []string  `json:"amr" doc:"By which methods (RFC 8176)." example:"[\"pwd\",\"otp\",\"mfa\"]"`
}

// renewal is the answer to a change that ends all other sessions of the person.
type renewal struct {
	Session *renewed `json:"session,omitempty" doc:"The session goes on under a new token. Absent for a program that calls with an API key."`
}

type renewalAnswer struct{ Body renewal }

// goesOn describes the session that a change has renewed under the token.
func (s *Server) goesOn(ctx context.Context, token string) (*renewed, error) {
	if token == "" {
		return nil, nil
	}
	w, err := s.Sessions.Check(ctx, token)
	if err != nil {
		return nil, err
	}
	return &renewed{token, stamp(w.ExpiresAt), w.AMR}, nil
}

// sessionEntry is one session in the list.
type sessionEntry struct {
	ID         string    `json:"id" doc:"Names the session. It opens nothing."`
	Current    bool      `json:"current" doc:"Whether it makes this call."`
	Level      string    `json:"level" enum:"aal1,aal2" doc:"How strongly it is authenticated (NIST SP 800-63B)."`
	AMR        []string  `json:"amr" doc:"By which methods (RFC 8176)." example:"[\"pwd\",\"otp\",\"mfa\"]"`
	Address    string    `json:"address" doc:"Where the sign-in came from." example:"192.0.2.7"`
	UserAgent  string    `json:"user_agent" doc:"What the browser or program said of itself." example:"Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"`
	SignedInAt time.Time `json:"signed_in_at" doc:"When it began."`
	LastSeenAt time.Time `json:"last_seen_at" doc:"When it was last used, to within a minute."`
	ExpiresAt  time.Time `json:"expires_at" doc:"When it ends, used or not."`
}

type sessionEntries struct {
	Items []sessionEntry `json:"items" doc:"The last used first."`
}

type sessionEntriesAnswer struct{ Body sessionEntries }

type sessionEntryAnswer struct{ Body sessionEntry }

type sessionPath struct {
	ID string `path:"id" maxLength:"100" doc:"The session’s id."`
}

type proveRequest struct {
	Code       string          `json:"code,omitempty" maxLength:"100" doc:"An authentication code or a backup code." example:"123456"`
	Credential json.RawMessage `json:"credential,omitempty" doc:"Instead of a code, a passkey’s answer: the PublicKeyCredential in JSON."`
	Ceremony   string          `json:"ceremony,omitempty" maxLength:"1000" doc:"With a credential: what came with the options."`
}

func (s *Server) sessionCalls(t *table) {
	add(t, call{
		id: "signOut", route: "DELETE /v1/session", level: httpx.AAL1, fresh: httpx.AnyAge, scope: httpx.Self,
		group: "Session", summary: "Sign out",
	}, s.signOut)
	add(t, call{
		id: "confirmSession", route: "POST /v1/session/confirm", level: httpx.AAL2, fresh: httpx.Proved, scope: httpx.Self,
		group: "Session", summary: "Prove the second factor again",
		tells: "Administrators’ work wants a proof of the last 15 minutes, and so does changing one’s factors in a session that a trusted browser began. " +
			"A call that answers factor_needed can be made again after this one. The code is used up.",
	}, s.confirmSession)
	add(t, call{
		id: "askSessionPasskey", route: "POST /v1/session/passkey/options", level: httpx.AAL2, fresh: httpx.AnyAge, scope: httpx.Self,
		group: "Session", summary: "Ask for a passkey to prove the second factor again",
	}, s.askSessionPasskey)
	add(t, call{
		id: "listSessions", route: "GET /v1/me/sessions", level: httpx.AAL1, fresh: httpx.AnyAge, scope: httpx.Self, key: "read",
		group: "Sessions and browsers", summary: "List one’s sessions",
		tells: "The last used first. Of one person a hundred are kept: a further sign-in ends the one that was used longest ago.",
	}, s.listSessions)
	add(t, call{
		id: "getSession", route: "GET /v1/me/sessions/{id}", level: httpx.AAL1, fresh: httpx.AnyAge, scope: httpx.Self, key: "read",
		group: "Sessions and browsers", summary: "Look at a session",
	}, s.getSession)
	add(t, call{
		id: "endSession", route: "DELETE /v1/me/sessions/{id}", level: httpx.AAL1, fresh: httpx.AnyAge, scope: httpx.Self, key: "factors",
		group: "Sessions and browsers", summary: "End a session", tells: "Ending the one that makes the call is a sign-out.",
	}, s.endSession)
	add(t, call{
		id: "endOtherSessions", route: "DELETE /v1/me/sessions", level: httpx.AAL1, fresh: httpx.AnyAge, scope: httpx.Self, key: "factors",
		group: "Sessions and browsers", summary: "End all other sessions", tells: "The trust in all browsers and all half-finished sign-ins end with them.",
	}, s.endOtherSessions)
}

func (s *Server) signOut(ctx context.Context, _ *struct{}) (*struct{}, error) {
	err := s.Sessions.SignOut(ctx, signedIn(ctx), by(ctx))
	if errors.Is(err, session.ErrNone) { // ended at this moment, by somebody else
		err = nil
	}
	return nil, err
}

func (s *Server) confirmSession(ctx context.Context, in *struct{ Body proveRequest }) (*struct{}, error) {
	p := proofs("", in.Body.Code, in.Body.Credential, in.Body.Ceremony)
	return nil, s.Profile.ProveFactor(ctx, signedIn(ctx), p.Code, p.Ceremony, by(ctx))
}

func (s *Server) askSessionPasskey(ctx context.Context, _ *struct{}) (*passkeyQuestionAnswer, error) {
	return question(s.Profile.AskPasskey(ctx, signedIn(ctx)))
}

func (s *Server) listSessions(ctx context.Context, _ *struct{}) (*sessionEntriesAnswer, error) {
	w := signedIn(ctx)
	list, err := s.Sessions.List(ctx, w)
	v := sessionEntries{Items: []sessionEntry{}}
	for _, one := range list {
		v.Items = append(v.Items, describeSession(one, w))
	}
	return &sessionEntriesAnswer{v}, err
}

// describeSession says a session as its list does.
func describeSession(one session.Session, w *session.Signed) sessionEntry {
	return sessionEntry{
		ID: one.ID, Current: one.ID == w.ID, Level: string(one.Level), AMR: one.AMR, Address: one.Address, UserAgent: one.UserAgent,
		SignedInAt: stamp(one.SignedInAt), LastSeenAt: stamp(one.LastSeenAt), ExpiresAt: stamp(one.ExpiresAt),
	}
}

func (s *Server) getSession(ctx context.Context, in *sessionPath) (*sessionEntryAnswer, error) {
	w := signedIn(ctx)
	list, err := s.Sessions.List(ctx, w)
	for _, one := range list {
		if one.ID == in.ID {
			return &sessionEntryAnswer{describeSession(one, w)}, nil
		}
	}
	if err == nil {
		err = session.ErrNotFound
	}
	return nil, err
}

func (s *Server) endSession(ctx context.Context, in *sessionPath) (*struct{}, error) {
	if in.ID == signedIn(ctx).ID {
		return s.signOut(ctx, nil)
	}
	return nil, s.Sessions.End(ctx, signedIn(ctx), in.ID, by(ctx))
}

func (s *Server) endOtherSessions(ctx context.Context, _ *struct{}) (*renewalAnswer, error) {
	token, err := s.Profile.EndOthers(ctx, signedIn(ctx), "", by(ctx))
	if err != nil {
		return nil, err
	}
	on, err := s.goesOn(ctx, token)
	return &renewalAnswer{renewal{on}}, err
}
