package gate

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"sallyport/internal/account"
	"sallyport/internal/errs"
	"sallyport/internal/reauth"
	"sallyport/internal/session"
	"sallyport/internal/user"
)

// ErrWant refuses a question that this server does not understand, rather than to answer another one.
var ErrWant = errs.New(errs.Invalid, "door_question", "The door does not understand this question. It knows accounts, level=aal1 or aal2, roles, max_age and redirect=off, each once: look at the proxy’s configuration.")

// want is what a route of a program asks of whoever comes.
type want struct {
	accounts []string // short names of the organisations whose people it is for; none for all
	level    session.Level
	role     int           // the least rank that will do; 0 for everybody
	maxAge   time.Duration // since the sign-in, or since the second factor was proved last; 0 for any
	stay     bool          // answer 401 and never a redirect: nginx takes nothing else
	asked    string        // the question itself
}

// parameters are what a question may have, each once.
var parameters = []string{"accounts", "level", "roles", "max_age", "redirect"}

// readWant reads the query of a question.
func readWant(raw string) (want, error) {
	w, seen := want{level: session.AAL1, asked: raw}, 0
	if len(raw) > 500 {
		return w, ErrWant
	}
	for pair := range strings.SplitSeq(raw, "&") {
		if pair == "" { // as url.ParseQuery has it: a proxy may have nothing to add behind its "&"
			continue
		}
		name, value, _ := strings.Cut(pair, "=")
		value, err := url.QueryUnescape(value)
		bit := 1 << (slices.Index(parameters, name) + 1) // 1 for what is not known
		if err != nil || bit == 1 || seen&bit != 0 || !w.set(name, value) {
			return w, ErrWant
		}
		seen |= bit
	}
	return w, nil
}

// again is the question as it is asked again where somebody signs in, with where to go from there.
func (w want) again(to string) string {
	query, err := url.ParseQuery(w.asked)
	if err != nil {
		query = url.Values{} // readWant has read it
	}
	query.Del("redirect")
	query.Set("to", to)
	return query.Encode()
}

func (w *want) set(name, value string) bool {
	switch name {
	case "accounts":
		w.accounts = strings.Split(value, ",")
		return !slices.ContainsFunc(w.accounts, func(slug string) bool { return account.CheckSlug(slug) != nil })
	case "level":
		w.level = session.Level(value)
		return w.level == session.AAL1 || w.level == session.AAL2
	case "roles":
		for role := range strings.SplitSeq(value, ",") {
			rank := ranks[user.Role(role)]
			if rank == 0 {
				return false
			}
			if w.role == 0 || rank < w.role {
				w.role = rank
			}
		}
		return true
	case "max_age":
		seconds, err := strconv.ParseUint(value, 10, 31)
		w.maxAge = time.Duration(seconds) * time.Second
		return err == nil && seconds > 0
	case "redirect":
		w.stay = true
		return value == "off"
	}
	return false
}

// met says what a sign-in lacks of what is wanted at now, or nil.
func (w want) met(signed *session.Signed, now time.Time) error {
	if len(w.accounts) > 0 && !slices.Contains(w.accounts, signed.Account.Slug) {
		return ErrAccount
	}
	if ranks[signed.User.Role] < w.role {
		return ErrRole
	}
	if w.level == session.AAL2 && signed.Level != session.AAL2 {
		return session.ErrLevel
	}
	if w.maxAge > 0 && !reauth.FactorFresh(signed.LastProof(), now, w.maxAge) {
		if signed.ByKey() {
			return ErrOld.Saying("This address wants the key’s second factor to have been proved just now. Exchange the key and a new code for an access token.")
		}
		return ErrOld
	}
	return nil
}
