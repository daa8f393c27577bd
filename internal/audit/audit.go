// Package audit keeps the record of what happened to whom, by whom and from where.
//
// It is append-only: the package offers no way to change or remove an event. An
// event is a statement for the caller's own transaction, so the change and its
// record are committed together or not at all. Details never hold a secret.
//
// Behind the writers, a [Chain] seals what has settled: batch after batch, each with the hash of the one before, the
// last of all under the key file. So whoever changes the table behind the program's back is found by [Chain.Verify];
// what that shows and what it does not is in docs/security.md.
package audit

import (
	"strings"
	"time"
	"unicode"
)

// ActorKind says what sort of actor did it.
type ActorKind string

// The kinds of actor.
const (
	KindUser     ActorKind = "user"     // a signed-in person, or one who is signing in
	KindOperator ActorKind = "operator" // whoever runs the server, by command line
	KindNobody   ActorKind = "nobody"   // somebody who has proved nothing yet
)

// Actor is who did it and from where.
type Actor struct {
	Kind      ActorKind
	ID        string // a user's id; empty for the others
	Address   string // the client's address; empty on the command line
	UserAgent string // as the client said it: a claim, cut to 256 characters
	Language  string // what the client reads, for messages to it; not recorded
	Key       string // the API key with which a program acts in the user's name, recorded as the detail "api_key"; empty for people
}

// Operator is the actor of the command line.
func Operator() Actor { return Actor{Kind: KindOperator} }

// As returns the actor with its identity set to a user's.
func (a Actor) As(userID string) Actor {
	a.Kind, a.ID = KindUser, userID
	return a
}

// Action names what happened: an object, a full stop, a verb in the past.
type Action string

// The actions.
const (
	AccountCreated          Action = "account.created"
	AccountPolicyChanged    Action = "account.policy_changed"
	AccountPlanChanged      Action = "account.plan_changed"
	AccountMethodAllowed    Action = "account.method_allowed"
	AccountMethodDisallowed Action = "account.method_disallowed"
	AccountFaceChanged      Action = "account.face_changed"
	AccountReminded         Action = "account.two_factor_reminded"
	AccountSuspended        Action = "account.suspended"
	AccountResumed          Action = "account.resumed"

	UserCreated         Action = "user.created"
	UsersExported       Action = "users.exported"
	UserLocked          Action = "user.locked"
	UserUnlocked        Action = "user.unlocked"
	UserPasswordChanged Action = "user.password_changed"
	UserReset           Action = "user.two_factor_reset"
	UserRoleChanged     Action = "user.role_changed"
	UserInvited         Action = "user.invited"
	UserJoined          Action = "user.joined" // accepted an invitation
	UserRemoved         Action = "user.removed"
	UserLinked          Action = "user.linked" // to what a program calls them

	FactorAdded         Action = "factor.added"
	FactorPreferred     Action = "factor.preferred"
	FactorRenamed       Action = "factor.renamed"
	FactorRemoved       Action = "factor.removed"
	FactorLocked        Action = "factor.locked"
	CodeSent            Action = "code.sent"
	CodeStopped         Action = "code.send_stopped"
	BackupCodesMade     Action = "backup_codes.made"
	BackupCodeIssued    Action = "backup_codes.issued" // one, by an administrator (X13)
	PasswordRefused     Action = "password.refused"
	CodeRefused         Action = "code.refused"
	CodeUsedTwice       Action = "code.used_twice"
	PasskeyRefused      Action = "passkey.refused"
	SignedIn            Action = "session.signed_in"
	SignedOut           Action = "session.signed_out"
	DoorEntered         Action = "session.door_entered" // a program behind the door
	SessionEnded        Action = "session.ended"
	OtherSessionsEnd    Action = "session.others_ended"
	AllSessionsEnd      Action = "session.all_ended" // by an administrator
	BrowserTrusted      Action = "browser.trusted"
	BrowserEnded        Action = "browser.trust_ended" // its environment is another one
	BrowserUsedTwice    Action = "browser.used_twice"  // its cookie was copied
	BrowserRenamed      Action = "browser.renamed"
	BrowserRevoked      Action = "browser.revoked"
	BrowsersRevoked     Action = "browser.all_revoked"
	KeyMade             Action = "api_key.made"
	KeyRemoved          Action = "api_key.removed"
	KeysEnded           Action = "api_key.all_ended" // by an administrator, the operator or a reset
	KeyFactorChanged    Action = "api_key.second_factor_changed"
	KeyRefused          Action = "api_key.refused" // the key was right, and what came with it was not
	KeyTokenIssued      Action = "api_key.token_issued"
	CheckBegun          Action = "check.begun"
	CheckPassed         Action = "check.passed"
	CheckTaken          Action = "check.result_given"
	CheckCancelled      Action = "check.cancelled"
	MailServerSet       Action = "mail_server.set"
	MailServerRemoved   Action = "mail_server.removed"
	MailHeldBack        Action = "mail_server.held_back" // a mail to somebody who ranks above whoever chose the server
	TwoFactorOffAsked   Action = "two_factor.off_asked"
	TwoFactorMailedOff  Action = "two_factor.mailed_off"
	TwoFactorOffPlanned Action = "two_factor.off_planned"
	TwoFactorKept       Action = "two_factor.kept"
	SetUpMailAsked      Action = "two_factor.set_up_mail_asked"
	PasswordMailAsked   Action = "password.mail_asked"
	EmailChangeAsked    Action = "user.email_change_asked"
	UserEmailChanged    Action = "user.email_changed"
	UserLanguageChanged Action = "user.language_changed"
	KeysRotated         Action = "deployment.key_rotated"
	Restored            Action = "deployment.restored" // a backup was put in the place of the database
	Exported            Action = "audit.exported"
)

// NotRecorded is the detail "further" of an event that may happen as often as somebody likes: those that follow it within a minute of the
// first are not recorded.
const NotRecorded = "not_recorded"

// Object is what the action happened to: "session" of "session.signed_in".
func (a Action) Object() string {
	object, _, _ := strings.Cut(string(a), ".")
	return object
}

// Event is one thing that happened.
type Event struct {
	ID        string
	AccountID string // empty while no account is known
	At        time.Time
	Action    Action
	Actor     Actor
	Target    string            // the id of what it happened to
	Detail    map[string]string // small facts, never secrets; "user" is whom it concerns, if the target is a thing of theirs
	Person    string            // the user's id whom it concerns; Record finds it by the rest
}

// person is whom an event concerns: who is named, or is the target, or did it.
func (e Event) person() string {
	switch {
	case e.Person != "":
		return e.Person
	case e.Detail["user"] != "":
		return e.Detail["user"]
	case strings.HasPrefix(e.Target, "usr_"):
		return e.Target
	}
	return e.Actor.ID
}

// Claim makes what a client says of itself fit to be stored and printed: at most 256
// characters of valid UTF-8, none of them a control character (PostgreSQL refuses NUL
// and broken UTF-8, and a sign-in must not fail by that).
func Claim(s string) string {
	s = strings.ToValidUTF8(s, "?")
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, s)
	if runes := []rune(s); len(runes) > 256 {
		s = string(runes[:256])
	}
	return s
}

// Group is a kind of action that one looks for as a whole.
type Group string

// The groups.
const (
	SignIns       Group = "sign_ins"
	SecondFactors Group = "second_factors"
	People        Group = "people"
	Organisation  Group = "organisation"
	APIKeys       Group = "api_keys"
	Others        Group = "others"
)

// Groups lists them in the order in which they are offered.
func Groups() []Group { return []Group{SignIns, SecondFactors, APIKeys, People, Organisation, Others} }

// groups says by its object where an action belongs; what is not here is among the others.
var groups = map[string]Group{
	"session": SignIns, "password": SignIns, "code": SignIns, "passkey": SignIns, "browser": SignIns,
	"factor": SecondFactors, "backup_codes": SecondFactors, "two_factor": SecondFactors, "admin_code": SecondFactors,
	"api_key": APIKeys,
	"user":    People, "invitation": People,
	"account": Organisation, "mail_server": Organisation, "policy": Organisation, "brand": Organisation,
}

// Group says where the action belongs.
func (a Action) Group() Group {
	if a == UserReset {
		return SecondFactors
	}
	if g, known := groups[a.Object()]; known {
		return g
	}
	return Others
}
