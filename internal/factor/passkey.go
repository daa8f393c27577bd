package factor

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"time"

	"sallyport/internal/account"
	"sallyport/internal/audit"
	"sallyport/internal/db"
	"sallyport/internal/errs"
	"sallyport/internal/outbox"
	"sallyport/internal/reauth"
	"sallyport/internal/seal"
	"sallyport/internal/throttle"
	"sallyport/internal/user"
)

// AskedFor is how long a passkey may take to answer what it was asked at a sign-in or in a session.
const AskedFor = 5 * time.Minute

// Alone is the request of a passkey that is a sign-in by itself.
const Alone = "alone"

// What is known of where a passkey lies; a factor's Hint.
const (
	Synced      = "synced"       // by its provider, to the person's other devices
	DeviceBound = "device-bound" // it can't leave its device
)

// The reasons for which this package refuses an answer; its Method has more.
const (
	SignCount = "sign_count" // the counter did not rise: there may be a copy of the passkey
	spent     = "challenge_spent"
	notAsked  = "not_asked" // for this request, or not by us
	late      = "late"
	taken     = "credential_taken"
	nobody    = "no_passkey" // the person has none
)

// Errors about passkeys.
var (
	ErrPasskey     = errs.New(errs.Invalid, "passkey_refused", "That passkey wasn’t accepted. Try it once more, or use another way.").In("credential")
	ErrModel       = errs.New(errs.Forbidden, "passkey_model", "Your organisation allows certain models of passkeys only, and this one did not show that it is one of them. Use another, or ask your administrator which they are.").In("credential")
	ErrPasskeyOver = errs.New(errs.Expired, "passkey_over", "That took too long, so the passkey’s answer no longer counts. Try it once more.").In("credential")
	// ErrPasskeyNeeded says that only a passkey will do, of which the person has one (K8).
	ErrPasskeyNeeded = errs.New(errs.Forbidden, "passkey_needed", "Your organisation wants a passkey here. Use yours, or a backup code.").In("code")
	errSpent         = errs.New(errs.Conflict, "challenge_spent", "") // inside Consume only: the challenge was answered already
)

// Asker is a Method whose proof is the answer to a challenge of ours, made with a key that we do not have.
type Asker interface {
	Method
	// Enrol makes what a new one is asked: what the browser gets, and what Match needs as the Candidate's Asked.
	Enrol(e Enrolling) (options json.RawMessage, asked []byte, err error)
	// Ask asks one of those given; of none given, any.
	Ask(keys []Candidate) (options json.RawMessage, asked []byte, err error)
	// Owner tells whom an answer names. It proves nothing.
	Owner(answer string) (accountID, userID string, ok bool)
}

// Enrolling is for whom a passkey is made.
type Enrolling struct {
	User   user.User
	Issuer string      // what it is shown under
	Attest bool        // it must show its model
	Has    []Candidate // the person's passkeys already
}

// Answer is what a passkey answered, checked.
type Answer struct {
	Record    []byte // what is to be stored of it from now on
	ID        []byte // of the credential
	Challenge string
	AMR       []string // RFC 8176
	Model     string   // what it may be called, if it has no name

	sealed []byte
	ends   time.Time // of the challenge
}

// Refusal is why an answer is not right.
type Refusal struct {
	Why    string // for the audit log
	Said   error  // to the person; nil for ErrPasskey
	Cause  error  // for the log
	Factor Factor // the passkey; zero if it is none of the person's
}

// enrolment is the secret of a passkey that is not confirmed.
type enrolment struct {
	Request string          `json:"request"` // the session or sign-in in which it was begun, and for which alone it is made
	Options json.RawMessage `json:"options"`
	Asked   json.RawMessage `json:"asked"`
}

// ceremony is what a passkey was asked. It travels through the browser, sealed for its request.
type ceremony struct {
	Asked json.RawMessage `json:"asked"`
	Ends  time.Time       `json:"ends"`
}

func ceremonyAD(request string) string { return seal.AD("passkey_ceremony", request) }

// asker is the method of passkeys; account.ErrNoPasskeys where the deployment can have none.
func (s *Service) asker() (Asker, error) {
	if m, err := s.method(Passkey); err == nil {
		if a, ok := m.(Asker); ok {
			return a, nil
		}
	}
	return nil, account.ErrNoPasskeys
}

// BeginPasskey stores a new, pending passkey as Begin does, and returns what the browser asks it. The request, a session or a sign-in, is the only one
// in which it can be finished: the proof was given there, and a stolen session elsewhere must not put its own key in.
func (s *Service) BeginPasskey(ctx context.Context, proof reauth.Proof, u user.User, a account.Account, request, name string) (Factor, json.RawMessage, error) {
	m, err := s.asker()
	if err != nil {
		return Factor{}, nil, err
	}
	rows, err := load(ctx, s.DB, u.AccountID, u.ID)
	if err != nil {
		return Factor{}, nil, err
	}
	has, err := s.keys(rows, nil)
	if err != nil {
		return Factor{}, nil, err
	}
	options, asked, err := m.Enrol(Enrolling{User: u, Issuer: a.Issuer(), Attest: len(a.Policy.PasskeyModels) > 0, Has: has})
	if err != nil {
		return Factor{}, nil, err
	}
	secret, err := json.Marshal(enrolment{request, options, asked})
	if err != nil {
		return Factor{}, nil, err
	}
	f, err := s.Begin(ctx, proof, u, New{Kind: Passkey, Name: name, Secret: secret}, a.Policy.MaxDevicesPerKind)
	return f, options, err
}

// PasskeyOptions returns what BeginPasskey returned, for as long as the passkey waits and for its own request; else ErrNotFound.
func (s *Service) PasskeyOptions(ctx context.Context, u user.User, request, factorID string) (json.RawMessage, error) {
	f, err := s.Stored(ctx, u.AccountID, u.ID, factorID)
	if err != nil {
		return nil, err
	}
	if f.Kind != Passkey || f.State != Pending {
		return nil, ErrNotFound
	}
	e, err := s.openEnrolment(f, request)
	return e.Options, err
}

// openEnrolment opens a pending passkey for the request that began it; ErrNotFound for any other.
func (s *Service) openEnrolment(f Stored, request string) (e enrolment, err error) {
	secret, err := s.open(f)
	if err == nil {
		err = json.Unmarshal(secret, &e)
	}
	if err == nil && e.Request != request {
		return enrolment{}, ErrNotFound
	}
	return e, err
}

// keys opens the confirmed passkeys among rows, all of which were asked the same.
func (s *Service) keys(rows []Stored, asked []byte) (keys []Candidate, err error) {
	for _, f := range rows {
		if f.Kind != Passkey || f.State != Confirmed {
			continue
		}
		secret, err := s.open(f)
		if err != nil {
			return nil, err
		}
		keys = append(keys, Candidate{Factor: f.Factor, Secret: secret, Asked: asked})
	}
	return keys, nil
}

// Ask asks the passkeys among rows, for a request that ends at the given time. It returns what the browser asks them, and the ceremony, which comes
// back with the answer. Errors: ErrNotFound if there is none.
func (s *Service) Ask(rows []Stored, request string, ends time.Time) (options json.RawMessage, ceremony string, err error) {
	keys, err := s.keys(rows, nil)
	if err != nil {
		return nil, "", err
	}
	if len(keys) == 0 {
		return nil, "", ErrNotFound
	}
	return s.ask(keys, request, ends)
}

// AskFor is Ask for a request of the user's that does not end before.
func (s *Service) AskFor(ctx context.Context, u user.User, request string) (options json.RawMessage, ceremony string, err error) {
	rows, err := load(ctx, s.DB, u.AccountID, u.ID)
	if err != nil {
		return nil, "", err
	}
	return s.Ask(rows, request, s.Now().Add(AskedFor))
}

// AskAnyone asks for a passkey of whoever sits there, as a sign-in by itself.
func (s *Service) AskAnyone() (options json.RawMessage, ceremony string, err error) {
	return s.ask(nil, Alone, s.Now().Add(AskedFor))
}

func (s *Service) ask(keys []Candidate, request string, ends time.Time) (json.RawMessage, string, error) {
	m, err := s.asker()
	if err != nil {
		return nil, "", err
	}
	options, asked, err := m.Ask(keys)
	if err != nil {
		return nil, "", err
	}
	if most := s.Now().Add(AskedFor); ends.After(most) {
		ends = most
	}
	plain, err := json.Marshal(ceremony{asked, ends})
	if err != nil {
		return nil, "", err
	}
	sealed, err := s.Ring.Seal(plain, ceremonyAD(request))
	return options, base64.RawURLEncoding.EncodeToString(sealed), err
}

// maxCeremony bounds what is decoded, in bytes: a ceremony names the person and the site, and none of the credentials.
const maxCeremony = 4 << 10

// openCeremony opens what was asked for the request, and says why it does not count.
func (s *Service) openCeremony(t Try, now time.Time) (c ceremony, why string) {
	sealed, err := base64.RawURLEncoding.DecodeString(t.Ceremony)
	if err != nil || len(sealed) > maxCeremony {
		return c, notAsked
	}
	plain, err := s.Ring.Unseal(sealed, ceremonyAD(t.Request))
	if err != nil || json.Unmarshal(plain, &c) != nil {
		return c, notAsked
	}
	// One that ends later than any can was made by a clock that was ahead (security.md F15).
	if !now.Before(c.Ends) || c.Ends.After(now.Add(AskedFor+db.Skew)) {
		return c, late
	}
	return c, ""
}

// Owner tells whom an answer names, which proves nothing; false if it can name nobody.
func (s *Service) Owner(answer string) (accountID, userID string, ok bool) {
	m, err := s.asker()
	if err == nil {
		answer, err = m.Clean(answer)
	}
	if err != nil {
		return "", "", false
	}
	return m.Owner(answer)
}

// ProveAnswer is Prove with the answer of a passkey that was asked for the request.
func (s *Service) ProveAnswer(ctx context.Context, u user.User, answer, ceremony, request string, by audit.Actor, more ...db.Stmt) (Match, error) {
	rows, err := load(ctx, s.DB, u.AccountID, u.ID)
	if err != nil {
		return Match{}, err
	}
	t := Try{AccountID: u.AccountID, UserID: u.ID, Factors: rows, Kind: Passkey, Code: answer, Ceremony: ceremony, Request: request, By: by}
	return s.Consume(ctx, t, func(Match) []db.Stmt { return more })
}

// consumeAnswer is Consume for the answer of a passkey. It counts if it was asked for this request, in its time, and no
// answer to the same challenge counted before, which is decided by the write that notes the challenge. Nothing is charged for one that
// does not: it can't be guessed.
func (s *Service) consumeAnswer(ctx context.Context, m Asker, t Try, answer string, now time.Time, more func(Match) []db.Stmt) (Match, error) {
	c, why := s.openCeremony(t, now)
	switch why {
	case "":
	case late: // no secret, and what to do is clear
		return Match{}, s.refuseAnswer(ctx, t, Refusal{Why: why, Said: ErrPasskeyOver}, now)
	default:
		return Match{}, s.refuseAnswer(ctx, t, Refusal{Why: why}, now)
	}
	keys, err := s.keys(t.Factors, c.Asked)
	if err != nil {
		return Match{}, err
	}
	if len(keys) == 0 {
		return Match{}, s.refuseAnswer(ctx, t, Refusal{Why: nobody}, now)
	}
	found, err := m.Match(ctx, answer, keys, now, 0)
	if err != nil {
		return Match{}, err
	}
	if found.Right == nil {
		return Match{}, s.refuseFound(ctx, t, found, c, now)
	}
	right := *found.Right
	right.Answer.ends = c.Ends
	if right.Answer.sealed, err = s.seal(right.Factor, right.Answer.Record); err != nil {
		return Match{}, err
	}
	stmts := append(useAnswer(right, now), more(right)...)
	err = s.DB.Run(ctx, append(stmts, forgiveOthers(t.Factors, right.Factor)...)...)
	switch {
	case errors.Is(err, errSpent):
		return Match{}, s.refuseAnswer(ctx, t, Refusal{Why: spent, Factor: right.Factor}, now)
	case errors.Is(err, errRefused): // since the rows were read, the passkey was removed, or answered with a higher counter
		r := Refusal{Why: SignCount, Factor: right.Factor}
		if _, err := s.Stored(ctx, t.AccountID, t.UserID, r.Factor.ID); errors.Is(err, ErrNotFound) {
			r.Why = nobody
		} else if err != nil {
			return Match{}, err
		}
		return Match{}, s.refuseFound(ctx, t, Finding{Refusal: &r}, c, now)
	case err != nil:
		return Match{}, err
	}
	return right, nil
}

// refuseFound refuses an answer that Match did not find right. One that was sent again has the counter that was
// stored with it, which is no sign of a copy: somebody reloaded a page.
func (s *Service) refuseFound(ctx context.Context, t Try, found Finding, c ceremony, now time.Time) error {
	r := found.Refusal
	if r == nil {
		return errors.New("a passkey's answer is neither right nor refused")
	}
	if r.Why == SignCount {
		var asked struct {
			Challenge string `json:"challenge"`
		}
		if err := json.Unmarshal(c.Asked, &asked); err != nil {
			return err
		}
		switch again, err := isSpent(ctx, s.DB, r.Factor, asked.Challenge); {
		case err != nil:
			return err
		case again:
			r.Why = spent
		}
	}
	return s.refuseAnswer(ctx, t, *r, now)
}

// refuseAnswer records why an answer was refused and says only that it was. Of a sign-in by itself nothing is recorded where the passkey is
// none of the person's: a stranger must not fill the record. Nor must whoever has the password: of each reason it is recorded as often as
// package throttle allows in a minute.
func (s *Service) refuseAnswer(ctx context.Context, t Try, r Refusal, now time.Time) error {
	said := ErrPasskey
	if r.Said != nil {
		said = errs.From(r.Said)
	}
	said = said.Because(errors.Join(errors.New(r.Why), r.Cause))
	if t.Request == Alone && r.Factor.ID == "" {
		return said
	}
	target := r.Factor.ID
	if target == "" {
		target = t.UserID
	}
	ctx = context.WithoutCancel(ctx)
	counter := throttle.Key{AccountID: t.AccountID, Subject: "passkey:" + t.UserID + ":" + r.Why}
	err := throttle.Sparingly(ctx, s.DB, counter, now, func(last bool) []db.Stmt {
		detail := map[string]string{"user": t.UserID, "reason": r.Why}
		if last {
			detail["further"] = audit.NotRecorded
		}
		return []db.Stmt{audit.Record(now, audit.Event{AccountID: t.AccountID, Action: audit.PasskeyRefused, Actor: t.By, Target: target, Detail: detail})}
	})
	if err != nil {
		return err
	}
	if r.Why == SignCount {
		err = s.DB.Run(ctx, outbox.NoticeOnce(now, t.AccountID, t.UserID, outbox.PasskeyCopied,
			"passkey_copied:"+r.Factor.ID+":"+now.UTC().Format(time.DateOnly), map[string]string{"name": r.Factor.Name}, t.By))
		if err != nil {
			return err
		}
	}
	return said
}

// matchNew judges the first answer of a passkey that is being enrolled.
func (s *Service) matchNew(ctx context.Context, m Asker, pending Stored, t Try, answer string, rows []Stored) (Match, error) {
	now := s.Now()
	e, err := s.openEnrolment(pending, t.Within)
	if err != nil {
		return Match{}, err
	}
	a, err := account.Get(ctx, s.DB, pending.AccountID)
	if err != nil {
		return Match{}, err
	}
	found, err := m.Match(ctx, answer, []Candidate{{Factor: pending.Factor, Models: a.Policy.PasskeyModels, Asked: e.Asked}}, now, 0)
	if err != nil {
		return Match{}, err
	}
	if found.Right == nil {
		return Match{}, s.refuseFound(ctx, t, found, ceremony{Asked: e.Asked}, now)
	}
	right := *found.Right
	if right.Factor.Name == "" {
		right.Factor.Name = unusedName(rows, right.Answer.Model)
	}
	right.Answer.sealed, err = s.seal(right.Factor, right.Answer.Record)
	return right, err
}

// unusedName is the name, with a number behind it if one of the confirmed devices has it.
func unusedName(rows []Stored, name string) string {
	used := map[string]bool{}
	for _, f := range rows {
		if f.State == Confirmed {
			used[strings.ToLower(f.Name)] = true
		}
	}
	for n, free := 2, name; ; n++ {
		if !used[strings.ToLower(free)] {
			return free
		}
		free = name + " " + strconv.Itoa(n)
	}
}
