package api

import (
	"context"
	"encoding/json"
	"time"

	"sallyport/internal/factor"
	"sallyport/internal/httpx"
)

// backupCodes tells about a person's backup codes, which are told once and never again.
type backupCodes struct {
	Left   int        `json:"left" example:"10" doc:"How many are unused."`
	MadeAt *time.Time `json:"made_at,omitempty" doc:"When they were made; absent if there are none."`
}

type backupCodesAnswer struct{ Body backupCodes }

type newBackupCodesRequest struct {
	Password   string          `json:"password,omitempty" maxLength:"4096" doc:"One’s password, where “removal” of /v1/me asks for it."`
	Code       string          `json:"code,omitempty" maxLength:"100" example:"123456" doc:"A code, where it asks for one."`
	Credential json.RawMessage `json:"credential,omitempty" doc:"Instead of a code, a passkey’s answer: the PublicKeyCredential in JSON."`
	Ceremony   string          `json:"ceremony,omitempty" maxLength:"1000" doc:"With a credential: what came with the options."`
}

// newBackupCodes are ten backup codes, told this one time.
type newBackupCodes struct {
	BackupCodes []string `json:"backup_codes" example:"[\"7KQM-9XTA-RVNC-H4WD\"]" doc:"Ten codes, each good once, in place of those before."`
	Session     *renewed `json:"session,omitempty" doc:"The session goes on under a new token. Absent for a program that calls with an API key."`
}

type newBackupCodesAnswer struct{ Body newBackupCodes }

func (s *Server) backupCodeCalls(t *table) {
	add(t, call{
		id: "getBackupCodes", route: "GET /v1/me/backup-codes", level: httpx.AAL1, fresh: httpx.AnyAge, scope: httpx.Self, key: "read",
		group: "Second factors", summary: "How many backup codes are left",
	}, s.backupCodes)
	add(t, call{
		id: "newBackupCodes", route: "POST /v1/me/backup-codes", level: httpx.AAL1, fresh: httpx.Proved, scope: httpx.Self, key: "factors", status: 201,
		group: "Second factors", summary: "Make ten new backup codes", tells: "Those before end at once, and so do all other sessions of the person; this one goes on under a new token.",
	}, s.newBackupCodes)
}

func (s *Server) backupCodes(ctx context.Context, _ *struct{}) (*backupCodesAnswer, error) {
	w := signedIn(ctx)
	set, err := factor.BackupCodes(ctx, s.DB, w.User.AccountID, w.User.ID)
	return &backupCodesAnswer{backupCodes{set.Left, when(set.MadeAt)}}, err
}

func (s *Server) newBackupCodes(ctx context.Context, in *struct{ Body newBackupCodesRequest }) (*newBackupCodesAnswer, error) {
	w, b := signedIn(ctx), in.Body
	set, err := factor.BackupCodes(ctx, s.DB, w.User.AccountID, w.User.ID) // of two calls at once, one replaces these
	if err != nil {
		return nil, err
	}
	token, codes, err := s.Profile.NewBackupCodes(ctx, w, proofs(b.Password, b.Code, b.Credential, b.Ceremony), set.ID, by(ctx))
	if err != nil {
		return nil, err
	}
	carriedOut(ctx)
	on, err := s.goesOn(ctx, token)
	return &newBackupCodesAnswer{newBackupCodes{codes, on}}, err
}
