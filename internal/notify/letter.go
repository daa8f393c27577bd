package notify

import (
	"bytes"
	_ "embed"
	"errors"
	"fmt"
	htmltemplate "html/template"
	"net/url"
	"strconv"
	"strings"
	texttemplate "text/template"
	"time"

	"sallyport/internal/account"
	"sallyport/internal/brand"
	"sallyport/internal/browser"
	"sallyport/internal/mail"
	"sallyport/internal/outbox"
	"sallyport/internal/place"
	"sallyport/internal/texts"
	"sallyport/internal/user"
)

//go:embed mail.html
var htmlSource string

//go:embed mail.txt
var textSource string

var (
	htmlMail = htmltemplate.Must(htmltemplate.New("mail").Parse(htmlSource))
	textMail = texttemplate.Must(texttemplate.New("mail").Parse(textSource))
)

// letter is a message with all that it is written from.
type letter struct {
	message   outbox.Message
	account   account.Account
	user      user.User
	to        string
	secret    string          // the code or token
	way       []byte          // the mail server that this message goes through, if it is another one than counts now
	enrolling bool            // the code proves a new address
	product   string          // of the deployment
	say       texts.Catalogue // in the person's language, and the account's own words
	public    *url.URL
	atlas     *place.Database
}

// page is a mail as its two templates see it.
type page struct {
	Language string
	Product  string
	Title    string
	Lead     string
	Secret   string // on a line of its own, to be copied
	Ends     string
	Facts    []fact
	Link     string
	LinkText string
	NotYou   string
	Foot     string
	Help     string // whom to ask
	Light    brand.Scheme
	Dark     brand.Scheme
}

type fact struct{ Name, Value string }

// language is the person's choice, else that of the browser that caused the message.
func (l letter) language() texts.Language {
	return texts.Match(l.user.Language, l.message.Language)
}

// writer says texts until the first that is missing.
type writer struct {
	say texts.Catalogue
	err error
}

func (w *writer) text(key string, pairs ...any) string {
	s, err := w.say.Text(key, pairs...)
	w.err = errors.Join(w.err, err)
	return s
}

// name is the text's key for this message: "mail.code", and for a code that proves a new address "mail.prove".
func (l letter) name() string {
	if l.message.Kind == outbox.Code && l.enrolling {
		return "mail.prove"
	}
	return "mail." + string(l.message.Kind)
}

// mail writes the message in both forms.
func (l letter) mail() (mail.Message, error) {
	language := l.language()
	w := &writer{say: l.say}
	p := l.page(w, language)
	var html, text bytes.Buffer
	if err := errors.Join(w.err, htmlMail.Execute(&html, p), textMail.Execute(&text, p)); err != nil {
		return mail.Message{}, fmt.Errorf("notify: write %s: %w", l.message.Kind, err)
	}
	subject := p.Title
	if l.message.Kind == outbox.Code { // readable in the list of mails, without opening it
		subject = w.text("mail.code_subject", "code", l.secret, "product", l.account.Brand(l.product))
	}
	return mail.Message{
		ID: l.message.ID, To: l.to, Subject: mail.Subject(subject), // an organisation's own words may be longer
		Text: text.String(), HTML: html.String(), Language: string(language), At: l.message.CreatedAt,
	}, w.err
}

// page fills in what the kind of message says. Its facts are data of ours or claims of a browser; both templates escape them.
func (l letter) page(w *writer, language texts.Language) page {
	f, name := l.message.Facts, l.account.Brand(l.product)
	p := page{
		Language: string(language), Product: name, Title: w.text(l.name() + ".title"), Secret: l.secret,
		Foot: w.text("mail.foot", "product", name, "account", l.account.Name, "email", l.to),
	}
	p.Light, p.Dark = accent(l.account.Face.Accent)
	if l.account.Face.Support != "" {
		p.Help = w.text("mail.help", "support", l.account.Face.Support)
	}
	p.Lead = w.text(l.name()+".lead", l.places(w)...)
	if l.secret != "" {
		p.Ends = w.text("mail.ends."+string(l.message.Kind), "time", w.when(l.message.ExpiresAt))
	}
	for _, name := range []string{"name", "key", "hint", "to", "host", "sender", "reason", "admin"} {
		if f[name] != "" {
			p.Facts = append(p.Facts, fact{w.text("mail.fact." + name), f[name]})
		}
	}
	p.Facts = append(p.Facts, fact{w.text("mail.fact.time"), w.when(l.message.CreatedAt)})
	switch f["by"] {
	case "operator":
		p.Facts = append(p.Facts, fact{w.text("mail.fact.by"), w.text("mail.by.operator")})
	default:
		if f["by_id"] != "" && f["by_id"] != l.user.ID {
			p.Facts = append(p.Facts, fact{w.text("mail.fact.by"), w.text("mail.by.admin")})
		}
	}
	if f["agent"] != "" {
		words, err := browser.Words(l.say, f["agent"], l.atlas.Of(f["address"]))
		w.err = errors.Join(w.err, err)
		p.Facts = append(p.Facts, fact{w.text("mail.fact.browser"), words})
	}
	if f["address"] != "" {
		p.Facts = append(p.Facts, fact{w.text("mail.fact.address"), f["address"]})
	}
	if path := links[l.message.Kind]; path != "" {
		link := l.public.JoinPath(path)
		if l.secret != "" {
			link.Fragment = l.secret // after the #: it reaches the page's script and never a server
		}
		p.Link, p.LinkText = link.String(), w.text("mail.link."+string(l.message.Kind))
	}
	if l.message.Kind != outbox.TestMail {
		p.NotYou = w.text(l.name() + ".not_you")
	}
	return p
}

// accent is the account's colour, or the product's. A mail has no picture: one that is fetched tells who reads what and when, and
// one that is not is a hole.
func accent(colour string) (light, dark brand.Scheme) {
	c, err := brand.ParseColour(colour)
	if err != nil { // there is none
		return brand.Product()
	}
	return brand.Schemes(c)
}

// longestInText is the longest name that a text message bears, in bytes. It is paid for by its length.
const longestInText = 30

// links are the pages that messages lead to. A link never signs anybody in and never acts by being opened.
var links = map[outbox.Kind]string{
	outbox.ResetToken:       "/forgot-password/new",
	outbox.EmailToken:       "/confirm-email",
	outbox.Invitation:       "/invitation",
	outbox.AdminCodeIssued:  "/.well-known/change-password",
	outbox.AdminCodeUsed:    "/settings/two-factor",
	outbox.DisableCancel:    "/sign-in/keep",
	outbox.BackupCodeUsed:   "/settings/two-factor",
	outbox.BackupCodesLow:   "/settings/two-factor/backup-codes",
	outbox.SignInUnknown:    "/settings/sessions",
	outbox.SignInUnfinished: "/.well-known/change-password",
	outbox.BrowserUsedTwice: "/.well-known/change-password",
	outbox.SessionsEnded:    "/settings/sessions",
	outbox.BrowsersEnded:    "/settings/browsers",
	outbox.KeyMade:          "/settings/api-keys",
	outbox.KeyRemoved:       "/settings/api-keys",
	outbox.KeyChanged:       "/settings/api-keys",
	outbox.KeyLocked:        "/settings/api-keys",
	outbox.KeysEnded:        "/settings/api-keys",
	outbox.EmailAsked:       "/.well-known/change-password",
	outbox.TwoFactorAsked:   "/settings/two-factor",
	outbox.MailServerSet:    "/admin/mail",
	outbox.MailServerGone:   "/admin/mail",
	outbox.MailServerChosen: "/admin/mail",
	outbox.MailServerTaken:  "/admin/mail",
}

// places are the values that the lead of a message tells.
func (l letter) places(w *writer) []any {
	switch f := l.message.Facts; l.message.Kind {
	case outbox.Invitation:
		return []any{"account", l.account.Name}
	case outbox.RoleChanged:
		return []any{"role", roleName(w, user.Role(f["role"]))}
	case outbox.BackupCodeUsed, outbox.BackupCodesLow, outbox.AdminCodeUsed:
		n, err := w.say.Count("mail.left", left(f))
		w.err = errors.Join(w.err, err)
		return []any{"left", n}
	case outbox.TwoFactorAsked:
		return []any{"what", w.asked(f)}
	case outbox.DisableCancel:
		return []any{"time", w.when(l.message.ExpiresAt)}
	case outbox.SessionsEnded, outbox.BrowsersEnded:
		if f["of_address"] == "" {
			return []any{"what", w.text("mail." + string(l.message.Kind) + ".all")}
		}
		called, err := f["of"], error(nil)
		if called == "" {
			called, err = browser.Words(l.say, f["of_agent"], l.atlas.Of(f["of_address"]))
		}
		w.err = errors.Join(w.err, err)
		return []any{"what", w.text("mail."+string(l.message.Kind)+".one", "browser", called)}
	}
	return nil
}

// asked says what an account demands of somebody who has no second factor, and by when.
func (w *writer) asked(f map[string]string) string {
	switch account.Demand(f["demand"]) {
	case account.InGrace:
		until, err := time.Parse(time.RFC3339, f["until"]) // written by us
		w.err = errors.Join(w.err, err)
		return w.text("mail.two_factor_asked.grace", "time", w.when(until))
	case account.SetUp:
		return w.text("mail.two_factor_asked.now")
	default:
		return w.text("mail.two_factor_asked.advised")
	}
}

// roleName is a role in words.
func roleName(w *writer, r user.Role) string {
	switch r {
	case user.Owner:
		return w.text("mail.role.owner")
	case user.Admin:
		return w.text("mail.role.admin")
	default:
		return w.text("mail.role.member")
	}
}

// when says a moment in full: a message may be read on another day than it was written.
func (w *writer) when(t time.Time) string {
	s, err := w.say.Moment(t)
	w.err = errors.Join(w.err, err)
	return s
}

// text writes the message for a telephone: the line for people first, and last the line that binds a code
// to this site, so that a browser offers it here and nowhere else (origin-bound one-time codes, WICG). A token
// stands in the text and not in the address, which servers write down.
func (l letter) text() (string, error) {
	w := &writer{say: l.say}
	name := l.account.Brand(l.product)
	if len(name) > longestInText {
		name = l.product
	}
	if l.message.Kind == outbox.DisableCancel {
		return w.text("sms.disable_cancel", "product", name, "time", w.when(l.message.ExpiresAt),
			"page", l.public.JoinPath(links[outbox.DisableCancel]).String(), "token", l.secret), w.err
	}
	line := w.text("sms.code", "code", l.secret, "product", name)
	return strings.Join([]string{line, "", "@" + l.public.Hostname() + " #" + l.secret}, "\n"), w.err
}

// left is how many backup codes the message says are left.
func left(facts map[string]string) int {
	n, _ := strconv.Atoi(facts["left"]) // written by us; a message without it says none
	return n
}
