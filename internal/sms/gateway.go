package sms

import (
	"context"
	"errors"
	"html"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"sallyport/internal/errs"
)

// Custom describes an HTTP gateway; the presets of [Parse] are made of it too. URL, headers, body
// and the receipts' parameters are templates: {to} is "+43660…", {digits} the same without its
// plus, {text}, {id}, {from}, {receipt_url}, {user}, {password}, {basic} both in base64 for an
// Authorization header, {coding} 0 or 2 and {alphabet} text or unicode, by the text's characters.
type Custom struct {
	URL         string            `yaml:"url"`          // https, without user and password; no placeholder before the path
	Method      string            `yaml:"method"`       // GET, PUT or POST; by default POST, or GET without a body
	Headers     map[string]string `yaml:"headers"`      // beside Content-Type
	ContentType string            `yaml:"content_type"` // of the body: form (default) or json
	Body        string            `yaml:"body"`
	From        string            `yaml:"from"`
	User        string            `yaml:"user"`
	Password    string            `yaml:"password" json:"-"`
	Plain       bool              `yaml:"plain"` // permits http to other machines: the way there is protected otherwise
	Success     Success           `yaml:"success"`
	Reference   Where             `yaml:"reference"`
	Receipts    Receipts          `yaml:"receipts"`

	faultAt Where
	faults  map[string]*errs.Error
	signed  bool // receipts bear Twilio's signature
}

// String and LogValue keep the password out of logs.
func (d Custom) String() string { return "SMS gateway " + d.host() }

// LogValue is String.
func (d Custom) LogValue() slog.Value { return slog.StringValue(d.String()) }

func (d Custom) host() string {
	if begin := authority.FindStringSubmatch(d.URL); begin != nil {
		return begin[2] + begin[3]
	}
	return "at no address"
}

// Gateway sends through an HTTP gateway.
type Gateway struct {
	d            Custom
	url, body    template
	headers      map[string]template
	contentType  string
	success      success
	reference    where
	faultAt      where
	receiptURL   string
	client       *http.Client
	wantsReceipt bool
}

const (
	maxAnswer = 64 << 10
	maxReason = 160 // of an answer, in errors and receipts
	formType  = "application/x-www-form-urlencoded"
	jsonType  = "application/json"
)

// authority is a URL's beginning up to its path or query, which no value may change.
var authority = regexp.MustCompile(`^(https?)://([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?([/?]|$)`)

// headerName is an HTTP token (RFC 9110, section 5.6.2).
var headerName = regexp.MustCompile("^[A-Za-z0-9!#$%&'*+.^_`|~-]+$")

// NewGateway checks the description. Its errors say what is wrong and where.
func NewGateway(d Custom, o Options) (*Gateway, error) {
	g := &Gateway{d: d, headers: map[string]template{}}
	begin := authority.FindStringSubmatch(d.URL)
	if begin == nil {
		return nil, setting("url does not begin with https:// and a host, and no user, password or placeholder there")
	}
	host := strings.Trim(begin[2], "[]")
	plain := begin[1] == "http"
	if plain && !d.Plain && !isLoopback(host) {
		return nil, setting("url is http: passwords and codes would travel readable; use https, or say plain if the way there is protected otherwise")
	}
	if err := g.wantReceipts(o.ReceiptURL); err != nil {
		return nil, err
	}
	if err := g.request(); err != nil {
		return nil, err
	}
	var err error
	if g.success, err = d.Success.compile(); err != nil {
		return nil, err
	}
	if g.reference, err = d.Reference.compile("reference"); err != nil {
		return nil, err
	}
	if g.faultAt, err = d.faultAt.compile("faults"); err != nil {
		return nil, err
	}
	g.client = &http.Client{
		Timeout: o.timeout(),
		// The message and the password were meant for the address in the settings and no other.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{
			// No proxy from the environment: the address that is checked must be the gateway's own.
			DialContext:     o.dialer(plain && !d.Plain).DialContext,
			TLSClientConfig: o.tls(""),
			// On a connection that was used before, net/http sends a GET again when it breaks, and the
			// person gets the text twice. Each message has its own connection, then nothing is repeated.
			DisableKeepAlives:      true,
			DisableCompression:     true,
			MaxResponseHeaderBytes: maxAnswer,
		},
	}
	return g, nil
}

// request compiles what is sent.
func (g *Gateway) request() error {
	d := &g.d
	if d.Method == "" {
		d.Method = http.MethodPost
		if d.Body == "" {
			d.Method = http.MethodGet
		}
	}
	if !slices.Contains([]string{http.MethodGet, http.MethodPost, http.MethodPut}, d.Method) || d.Method == http.MethodGet && d.Body != "" {
		return setting("method is GET (without a body), POST or PUT")
	}
	at := inForm
	switch d.ContentType {
	case "", "form", formType:
		g.contentType = formType
	case "json", jsonType:
		g.contentType, at = jsonType, inJSON
	default:
		return setting("content_type is form or json")
	}
	address, body := d.URL, d.Body
	if params := d.Receipts.Params; params != "" && g.wantsReceipt {
		switch {
		case body == "" && strings.Contains(address, "?"):
			address += "&" + params
		case body == "":
			address += "?" + params
		case at == inForm:
			body += "&" + params
		default:
			return setting("receipts.params are added to a form; write {receipt_url} into the JSON body instead")
		}
	}
	var err error
	if g.url, err = parseTemplate("url", address, inPath); err != nil {
		return err
	}
	if u, err := url.Parse(g.url.fill(values{})); err != nil || u.Fragment != "" || strings.ContainsAny(address, " \t\r\n") {
		return setting("url is not one: spaces and special characters in it are written as %20 and the like, and it has no #")
	}
	if body != "" {
		if g.body, err = parseTemplate("body", body, at); err != nil {
			return err
		}
	}
	for name, value := range d.Headers {
		if !headerName.MatchString(name) || slices.Contains([]string{"Host", "Content-Length", "Content-Type", "Transfer-Encoding", "Connection"}, http.CanonicalHeaderKey(name)) {
			return setting("headers has a name that is none or that is not yours to set: Host, Content-Length, Content-Type, Transfer-Encoding, Connection")
		}
		if g.headers[name], err = parseTemplate("headers."+name, value, inHeader); err != nil {
			return err
		}
		if !ascii(value) {
			return setting("headers." + name + " has characters that are not printable ASCII")
		}
	}
	for _, s := range []string{d.From, d.User, d.Password} {
		if strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r == 0x7F }) {
			return setting("from, user or password has control characters")
		}
	}
	if !g.wantsReceipt && (g.url.uses("receipt_url") || g.body.uses("receipt_url")) {
		return setting("{receipt_url} is used, but this server has no address for receipts")
	}
	return nil
}

// Send makes one request and judges its answer.
func (g *Gateway) Send(ctx context.Context, m Message) (Accepted, error) {
	if err := m.check(); err != nil {
		return Accepted{}, err
	}
	v := values{message: m, from: g.d.From, receiptURL: g.receiptAddress(m.ID), user: g.d.User, password: g.d.Password}
	var body io.Reader
	if g.body != nil {
		body = strings.NewReader(g.body.fill(v))
	}
	req, err := http.NewRequestWithContext(ctx, g.d.Method, g.url.fill(v), body)
	if err != nil {
		return Accepted{}, because(ErrSetting, "the filled-in URL is not valid") // err quotes it, with the password
	}
	for name, t := range g.headers {
		req.Header.Set(name, t.fill(v))
	}
	if body != nil {
		req.Header.Set("Content-Type", g.contentType)
	}
	req.Header.Set("User-Agent", "Sallyport")
	resp, err := g.client.Do(req)
	if err != nil {
		return Accepted{}, unreachable(withoutURL(err))
	}
	defer func() { _ = resp.Body.Close() }() // nothing is lost: it was read, or the request failed
	text, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	if err != nil {
		return Accepted{}, unreachable(withoutURL(err))
	}
	if len(text) > maxAnswer {
		return Accepted{}, because(ErrAnswer, "it is longer than 64 KiB")
	}
	a := answer{status: resp.StatusCode, header: resp.Header, body: text}
	if err := g.judge(a, func() string { return excerpt(text, v) }); err != nil {
		return Accepted{}, err
	}
	return Accepted{Reference: reference(g.reference.value(a))}, nil
}

// withoutURL takes the cause out of net/http's error, which quotes the URL: Kannel's has the
// password and the text in it.
func withoutURL(err error) error {
	var u *url.Error
	for errors.As(err, &u) {
		err = u.Err
	}
	return err
}

// codeLike are the words of a text that may be its code.
var codeLike = regexp.MustCompile(`[0-9A-Za-z]*[0-9][0-9A-Za-z]*`)

// excerpt is the beginning of an answer for the log, without what we sent that is nobody's
// business there: gateways like to repeat a request in their complaint about it.
func excerpt(body []byte, v values) string {
	secret := []string{v.password, placeholders["basic"](v), v.message.Text, v.message.To, placeholders["digits"](v), v.user}
	for _, w := range codeLike.FindAllString(v.message.Text, -1) {
		if len(w) >= 3 { // "123 456" too
			secret = append(secret, w)
		}
	}
	s := string(body)
	for _, x := range secret {
		for _, form := range []string{x, escapeFor(inForm, x), url.QueryEscape(x), escapeFor(inJSON, x), html.EscapeString(x)} {
			if form != "" {
				s = strings.ReplaceAll(s, form, "…")
			}
		}
	}
	return printable(s, maxReason)
}
