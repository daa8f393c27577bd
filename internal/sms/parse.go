package sms

import (
	"net/url"
	"strconv"
	"strings"

	"sallyport/internal/errs"
)

// Description is what one setting says of a gateway: exactly one of the two is set.
type Description struct {
	HTTP *Custom
	SMPP *SMPPConfig
}

// Parse reads a gateway from a URL, in which special characters are percent-encoded:
//
//	twilio://SID:TOKEN@api.twilio.com?from=+15551234567
//	vonage://KEY:SECRET@rest.nexmo.com?from=Acme
//	kannel+https://user:password@host:13013/cgi-bin/sendsms?from=Acme
//	smpp://system_id:password@host:2775?from=Acme&tls=yes
//
// from is the number (with +), short code or name that the text comes from; for Twilio it may
// be a messaging service (MG…). kannel+http, and plain=yes behind twilio and vonage, speak http:
// to this machine only, or with plain=yes to others too. smpp needs tls=yes or tls=no, unless it
// stays on this machine; it also knows system_type, window and bind=transmitter.
//
// Errors never quote the setting: it has a password in it.
func Parse(s string) (Description, error) {
	if len(s) > 4096 || !ascii(s) {
		return Description{}, setting("the URL has characters that must be percent-encoded, or is longer than 4096")
	}
	u, err := url.Parse(s)
	if err != nil || u.Opaque != "" || u.Fragment != "" || strings.HasSuffix(s, "#") {
		return Description{}, setting("the URL is not one; percent-encode special characters of the password, # as %23 and / as %2F")
	}
	// In a form "+" is a space, but here it begins a number.
	query, err := url.ParseQuery(strings.ReplaceAll(u.RawQuery, "+", "%2B"))
	if err != nil {
		return Description{}, setting("what follows ? in the URL is not name=value, joined by &")
	}
	word, _ := u.User.Password()
	if u.User.Username() == "" || word == "" || u.Hostname() == "" {
		return Description{}, setting("the URL has no user:password@host")
	}
	f := fields{u: u, query: query, word: word}
	var d Description
	switch u.Scheme {
	case "twilio":
		d.HTTP = f.twilio()
	case "vonage":
		d.HTTP = f.vonage()
	case "kannel+http", "kannel+https":
		d.HTTP = f.kannel()
	case "smpp":
		d.SMPP = f.smpp()
	default:
		return Description{}, setting("the URL begins with none of twilio, vonage, kannel+http, kannel+https, smpp")
	}
	if f.failed == "" {
		for k := range f.query {
			f.fail("the URL's parameter " + strconv.QuoteToASCII(printable(k, 30)) + " is unknown here")
		}
	}
	if f.failed != "" {
		return Description{}, setting(f.failed)
	}
	return d, nil
}

// fields takes a URL apart; what is taken from the query is gone, so that what is left is unknown.
type fields struct {
	u      *url.URL
	query  url.Values
	word   string
	failed string // the first complaint
}

func (f *fields) fail(what string) {
	if f.failed == "" {
		f.failed = what
	}
}

func (f *fields) take(name string) string {
	all := f.query[name]
	if delete(f.query, name); len(all) > 1 {
		f.fail("the URL's parameter " + name + " stands there twice")
	}
	return strings.Join(all, "")
}

func (f *fields) yes(name string) (yes, given bool) {
	switch f.take(name) {
	case "":
		return false, false
	case "yes", "true", "1":
		return true, true
	case "no", "false", "0":
		return false, true
	}
	f.fail("the URL's parameter " + name + " is neither yes nor no")
	return false, false
}

func (f *fields) from() string {
	from := f.take("from")
	if f.u.Scheme == "twilio" && isService(from) {
		return from
	}
	if _, err := source(from); err != nil || from == "" {
		f.fail("the URL needs from=: a number with +, a short code of at most 8 digits, or a name of at most 11 characters")
	}
	return from
}

// custom begins the description of a preset at a path of its host.
func (f *fields) custom(path string) *Custom {
	scheme := "https"
	plain, _ := f.yes("plain")
	if plain && f.u.Scheme != "kannel+https" || f.u.Scheme == "kannel+http" {
		scheme = "http"
	}
	return &Custom{URL: scheme + "://" + f.u.Host + path, User: f.u.User.Username(), Password: f.word, Plain: plain}
}

func (f *fields) noPath() {
	if f.u.Path != "" && f.u.Path != "/" {
		f.fail("the URL has a path, which this gateway does not need")
	}
}

func (f *fields) smpp() *SMPPConfig {
	f.noPath()
	c := &SMPPConfig{
		Host: f.u.Hostname(), Port: f.u.Port(), SystemID: f.u.User.Username(), Password: f.word,
		SystemType: f.take("system_type"), From: f.from(),
	}
	if c.Port == "" {
		c.Port = "2775" // as registered with IANA
	}
	var given bool
	if c.TLS, given = f.yes("tls"); !given && !isLoopback(c.Host) {
		f.fail("the URL needs tls=yes, or tls=no where the way to the gateway is protected otherwise")
	}
	c.Plain = given && !c.TLS
	switch bind := f.take("bind"); bind {
	case "", "transceiver":
	case "transmitter":
		c.Transmitter = true
	default:
		f.fail("the URL's bind is neither transceiver nor transmitter")
	}
	if w := f.take("window"); w != "" {
		var err error
		if c.Window, err = strconv.Atoi(w); err != nil || c.Window < 1 || c.Window > maxWindow {
			f.fail("the URL's window is not a number from 1 to " + strconv.Itoa(maxWindow))
		}
	}
	return c
}

// words turns lists of a gateway's words into the table of their states.
func words(sent, delivered, failed []string) map[string]State {
	all := map[string]State{}
	for _, w := range sent {
		all[w] = Sent
	}
	for _, w := range delivered {
		all[w] = Delivered
	}
	for _, w := range failed {
		all[w] = Failed
	}
	return all
}

// faults turns lists of a gateway's error numbers into the table of what they mean.
func faults(login, throttled, number, unreachable []string) map[string]*errs.Error {
	all := map[string]*errs.Error{}
	for e, list := range map[*errs.Error][]string{ErrLogin: login, ErrThrottled: throttled, ErrNumber: number, ErrUnreachable: unreachable} {
		for _, v := range list {
			all[v] = e
		}
	}
	return all
}

// twilio: Programmable Messaging, "Create a Message" and "Outbound message status".
func (f *fields) twilio() *Custom {
	f.noPath()
	d := f.custom("/2010-04-01/Accounts/{user}/Messages.json")
	d.From = f.from()
	d.Headers = map[string]string{"Authorization": "Basic {basic}"}
	d.Body = "To={to}&Body={text}&From={from}"
	if isService(d.From) {
		d.Body = "To={to}&Body={text}&MessagingServiceSid={from}"
	}
	d.Success = Success{Status: []int{200, 201}, JSON: map[string]string{"error_code": ""}}
	d.Reference = Where{JSON: "sid"}
	d.faultAt = Where{JSON: "code"}
	d.faults = faults(
		[]string{"20003", "20403"},
		[]string{"20429", "14107", "30001"},
		[]string{"21211", "21217", "21408", "21610", "21612", "21614", "21635"},
		nil)
	d.Receipts = Receipts{
		Params: "StatusCallback={receipt_url}", State: "MessageStatus", Reference: "MessageSid", Detail: "ErrorCode",
		States: words([]string{"accepted", "scheduled", "queued", "sending", "sent"}, []string{"delivered", "read"}, []string{"undelivered", "failed", "canceled"}),
	}
	d.signed = true
	return d
}

// isService recognises the SID of a Twilio messaging service.
func isService(from string) bool {
	return len(from) == 34 && strings.HasPrefix(from, "MG") && !strings.ContainsFunc(from[2:], func(r rune) bool { return !strings.ContainsRune("0123456789abcdef", r) })
}

// vonage: the SMS API, "Send an SMS" and "Delivery receipts". It answers 200 to everything; the
// status is in the body, once for each part of a long text.
func (f *fields) vonage() *Custom {
	f.noPath()
	d := f.custom("/sms/json")
	d.From = strings.TrimPrefix(f.from(), "+")
	d.Body = "api_key={user}&api_secret={password}&to={digits}&from={from}&text={text}&type={alphabet}&client-ref={id}"
	d.Success = Success{Status: []int{200}, JSON: map[string]string{"messages.*.status": "0"}}
	d.Reference = Where{JSON: "messages.0.message-id"}
	d.faultAt = Where{JSON: "messages.*.status"}
	d.faults = faults([]string{"4", "14"}, []string{"1", "10"}, []string{"7", "29", "33"}, []string{"5"})
	d.Receipts = Receipts{
		Params: "status-report-req=1&callback={receipt_url}", State: "status", Reference: "messageId", Detail: "err-code",
		States: words([]string{"accepted", "buffered", "submitted", "unknown"}, []string{"delivered"}, []string{"expired", "failed", "rejected", "deleted", "undeliverable"}),
	}
	return d
}

// deniedByKannel is smsbox's sentence for a number that its lists or prefixes exclude.
const deniedByKannel = "Number(s) has/have been denied by white- and/or black-lists."

// kannel: the User Guide's chapters "Using the HTTP interface to send SMS messages" and "Delivery
// reports". The path is that of smsbox's sendsms-url. dlr-mask is a sum: 1 delivered, 2 failed, 8 at the message
// centre, 16 refused by it; %d, %F and %A in dlr-url are Kannel's own and stand for the state, the
// centre's id and its text.
func (f *fields) kannel() *Custom {
	path := f.u.EscapedPath() // in which braces are %7B and %7D, so there is no placeholder in it
	if path == "" || path == "/" {
		path = "/cgi-bin/sendsms"
	}
	d := f.custom(path + "?username={user}&password={password}&from={from}&to={to}&charset=UTF-8&coding={coding}&text={text}")
	d.From = f.from()
	d.Success = Success{Status: []int{200, 202}, BodyMatches: `^(0: |3: |Sent)`}
	d.faultAt = Where{Matches: `^(Number\(s\) has/have been denied by white- and/or black-lists\.)`}
	d.faults = map[string]*errs.Error{deniedByKannel: ErrNumber}
	d.Receipts = Receipts{
		Params: "dlr-mask=27&dlr-url={receipt_url}%3Fstate%3D%25d%26reference%3D%25F%26detail%3D%25A",
		State:  "state", Reference: "reference", Detail: "detail",
		States: words([]string{"4", "8"}, []string{"1"}, []string{"2", "16"}),
	}
	return d
}
