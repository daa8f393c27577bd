package api

import (
	"context"
	"time"

	"sallyport/internal/channel"
	"sallyport/internal/errs"
	"sallyport/internal/httpx"
	"sallyport/internal/mail"
	"sallyport/internal/reauth"
)

// mailResult is how the last mail went.
type mailResult struct {
	OK     bool      `json:"ok" doc:"Whether the server took it."`
	Code   string    `json:"code" example:"ok" doc:"What came of it, for programs."`
	Detail string    `json:"detail,omitempty" doc:"What came of it, for people. What the server said is in it: not to be trusted."`
	At     time.Time `json:"at" doc:"When."`
}

// mailServer is an account's own mail server, without its password.
type mailServer struct {
	Host        string      `json:"host" example:"mail.example.com" doc:"Its name or address."`
	Port        int         `json:"port" example:"587" doc:"Its port."`
	Security    string      `json:"security" enum:"starttls,tls" doc:"How the connection is encrypted."`
	User        string      `json:"user" example:"robot@example.com" doc:"The name to sign in with; may be empty."`
	HasPassword bool        `json:"has_password" doc:"Whether a password is stored. It is never told."`
	From        string      `json:"from" example:"Acme <no-reply@example.com>" doc:"Who sends."`
	ByOwner     bool        `json:"by_owner" doc:"Whether an owner or the operator chose it. Through one that an administrator chose goes nothing that opens the account of an owner or administrator: their mail takes the shared server, where there is one."`
	Last        *mailResult `json:"last_result,omitempty" doc:"How the last mail went."`
}

// mailSettings are how an account's mail leaves.
type mailSettings struct {
	Own       *mailServer `json:"server,omitempty" doc:"The account’s own mail server; absent if it has none."`
	Shared    bool        `json:"shared" doc:"Whether there is a server for everybody where an account has none of its own."`
	HoldsBack bool        `json:"holds_back" doc:"Whether owners and administrators are mailed nothing that opens their account: an administrator chose the server, no owner has saved it since, and nothing is shared. A forgotten password is then answered as always, and nothing is sent."`
	Mailboxes int         `json:"mailboxes" doc:"How many people have codes by e-mail as a second factor."`
}

type mailSettingsAnswer struct{ Body mailSettings }

func (s *Server) mailCalls(t *table) {
	add(t, call{
		id: "getMailServer", route: "GET /v1/account/mail", level: httpx.AAL1, fresh: httpx.AnyAge, scope: httpx.Account, key: "admin",
		group: "Account", summary: "The account’s mail server",
	}, s.mail)
	add(t, call{
		id: "setMailServer", route: "PUT /v1/account/mail", level: httpx.AAL2, fresh: httpx.Proved, scope: httpx.Account, key: "admin",
		group: "Account", summary: "Give the account a mail server of its own",
		tells: "Whoever has that server reads every code that is mailed, so it asks for your own password, and you are told by mail, with the owners if you are an administrator. What opens the account of an owner or administrator goes through it only if an owner chose it. Without `server_password` the stored one stays, as long as host, port, security and user are the same.",
	}, s.setMail)
	add(t, call{
		id: "removeMailServer", route: "POST /v1/account/mail/remove", level: httpx.AAL2, fresh: httpx.Proved, scope: httpx.Account, key: "admin",
		group: "Account", summary: "Take the account’s own mail server away",
	}, s.removeMail)
	add(t, call{
		id: "testMailServer", route: "POST /v1/account/mail/test", level: httpx.AAL2, fresh: httpx.AnyAge, scope: httpx.Account, key: "admin",
		group: "Account", summary: "Send a test message to your own address",
		tells: "Waits for what comes of it, fifteen seconds at most. What the mail server refuses is answered with 409.",
	}, s.testMail)
}

func (s *Server) mail(ctx context.Context, _ *struct{}) (*mailSettingsAnswer, error) {
	m, err := s.Admin.MailServer(ctx, signedIn(ctx))
	if err != nil {
		return nil, err
	}
	told := mailSettings{Shared: m.Deployment, HoldsBack: m.HoldsBack, Mailboxes: m.Mailboxes}
	if own := m.Own; own != nil {
		told.Own = &mailServer{Host: own.Host, Port: own.Port, Security: string(own.Security), User: own.User, HasPassword: own.HasPassword, From: own.From, ByOwner: own.ByOwner}
		if last := own.Last; last.Code != "" {
			told.Own.Last = &mailResult{last.Code == channel.ResultOK, last.Code, last.Detail, stamp(last.At)}
		}
	}
	return &mailSettingsAnswer{told}, nil
}

// setMailRequest is a mail server that an account is to have.
type setMailRequest struct {
	Host           string `json:"host" maxLength:"255" example:"mail.example.com" doc:"Its name or address."`
	Port           int    `json:"port" minimum:"1" maximum:"65535" example:"587" doc:"Its port; usually 587 with starttls, 465 with tls."`
	Security       string `json:"security" enum:"starttls,tls" doc:"How the connection is encrypted."`
	User           string `json:"user,omitempty" maxLength:"1000" example:"robot@example.com" doc:"The name to sign in with."`
	ServerPassword string `json:"server_password,omitempty" maxLength:"1000" example:"an app password" doc:"The password that goes with it; it is stored sealed, and never told."`
	From           string `json:"from" maxLength:"500" example:"Acme <no-reply@example.com>" doc:"Who sends."`
	Password       string `json:"password" maxLength:"4096" example:"correct horse battery staple" doc:"Your own password."`
}

func (s *Server) setMail(ctx context.Context, in *struct{ Body setMailRequest }) (*mailSettingsAnswer, error) {
	w, b := signedIn(ctx), in.Body
	server := mail.Server{Host: b.Host, Port: b.Port, Security: mail.Security(b.Security), User: b.User, Password: b.ServerPassword, From: b.From}
	if err := s.Admin.CheckMailServer(ctx, w, server); err != nil {
		if e := errs.From(err); e.Field == "password" { // that is the caller's own
			return nil, e.In("server_password")
		}
		return nil, err
	}
	proof, err := s.ownPassword(ctx, b.Password)
	if err != nil {
		return nil, err
	}
	if err := s.Admin.SetMailServer(ctx, proof, w, server, by(ctx)); err != nil {
		return nil, err
	}
	return s.mail(ctx, nil)
}

// ownPassword checks the caller's own password.
func (s *Server) ownPassword(ctx context.Context, password string) (reauth.Proof, error) {
	return s.Profile.Reauth.Password(ctx, signedIn(ctx).User, password, by(ctx))
}

// removeMailRequest confirms that the account's own mail server is to go.
type removeMailRequest struct {
	Password string `json:"password" maxLength:"4096" example:"correct horse battery staple" doc:"Your own password."`
}

func (s *Server) removeMail(ctx context.Context, in *struct{ Body removeMailRequest }) (*struct{}, error) {
	proof, err := s.ownPassword(ctx, in.Body.Password)
	if err != nil {
		return nil, err
	}
	return nil, s.Admin.RemoveMailServer(ctx, proof, signedIn(ctx), by(ctx))
}

func (s *Server) testMail(ctx context.Context, _ *struct{}) (*struct{}, error) {
	return nil, s.Admin.TestMailServer(ctx, signedIn(ctx), by(ctx))
}
