package config

import (
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"sallyport/internal/sms"
)

const secret = "hunter2"

// TestChannelsSayWhatIsWrong: each mistake is one problem with its place and what to do, and no password is repeated.
func TestChannelsSayWhatIsWrong(t *testing.T) {
	gateway := "sms_gateway:\n  url: https://sms.example.com/\n"
	for _, c := range []struct {
		text           string
		where, message string
	}{
		{"smtp_url: smtp://mail.example.com?from=a@b.example", "s.yaml:1", "smtp_url is not a list; write it in brackets"},
		{"smtp_url: [smtp://ada:hunter2@mail.example.com]", "s.yaml:1", "smtp_url can't be used: there is no sender; give an address like no-reply@example.com"},
		{"smtp_url: ['smtp://ada:hunter2@mail example?from=a@b.example']", "s.yaml:1", "is not a URL like"},
		{"smtp_url: [http://ada:hunter2@mail.example.com?from=a@b.example]", "s.yaml:1", "begins with smtp:// (STARTTLS) or smtps://"},
		{"smtp_url: ['smtp://ada:hunter2@localhost?security=none&from=a@b.example']", "s.yaml:1", "encrypted connection only; use starttls"},
		{"mail_networks: [10.0.0.1/8]", "s.yaml:1", "mail_networks has 10.0.0.1/8, an address inside a network"},
		{"sms_url: twilio://SID:hunter2@api.twilio.com", "s.yaml:1", "the URL needs from="},
		{"sms_url: tvilio://SID:hunter2@api.twilio.com?from=Acme", "s.yaml:1", "begins with none of twilio"},
		{"sms_url: smpp://acme:hunter2@smsc.example.com?from=Acme", "s.yaml:1", "needs tls=yes"},
		{"sms_url: smpp://a-system-id-too-long:hunter2@smsc.example.com?from=Acme&tls=yes", "s.yaml:1", "system_id has at most 15 characters"},
		{"sms_url: [a, b]", "s.yaml:1", "sms_url is not a plain value"},
		{"sms_url: vonage://KEY:hunter2@rest.nexmo.com?from=Acme\n" + gateway, "s.yaml:1", "sms_url is set, and so is sms_gateway; keep one"},
		{"sms_gateway_password: hunter2", "s.yaml:1", "sms_gateway_password is set, but there is no sms_gateway"},
		{"sms_gateway: https://sms.example.com", "s.yaml:1", "there are no settings here"},
		{"sms_gateway: {}", "s.yaml:1", "url does not begin with https://"},
		{gateway + "  password: hunter2", "s.yaml:3", "sms_gateway.password is a setting of its own; write sms_gateway_password"},
		{gateway + "  headres: {}", "s.yaml:3", "no setting sms_gateway.headres; did you mean sms_gateway.headers?"},
		{gateway + "  receipts:\n    stat: x", "s.yaml:4", "no setting sms_gateway.receipts.stat; did you mean sms_gateway.receipts.state?"},
		{gateway + "  plain: yes", "s.yaml:3", "sms_gateway.plain is neither true nor false"},
		{gateway + "  success: {status: [ok]}", "s.yaml:3", "sms_gateway.success.status has ok, which is no number"},
		{gateway + "  success: {status: 200}", "s.yaml:3", "sms_gateway.success.status is not a list"},
		{gateway + "  body: {to: x}", "s.yaml:3", "in quotation marks if it has braces in it"},
		{gateway + "  body: 'to={to}&text={tekst}'", "s.yaml:3", `body, line 1, column 14: unknown placeholder "{tekst}"; there are {alphabet}`},
		{gateway + "  body: 'to={to'", "s.yaml:3", "body, line 1, column 4: the placeholder that begins here has no end"},
		{gateway + "  content_type: json\n  body: '{\"to\": {to}}'", "s.yaml:4", "body, line 1, column 8: a placeholder in JSON stands in quotation marks"},
		{gateway + "  body: " + strings.Repeat("x", 70_000), "s.yaml:3", "body is longer than 64 KiB"},
		{gateway + "  headers:\n    X-Text: '{text}'", "s.yaml:4", "headers.X-Text, line 1, column 1: {text} may have line breaks"},
		{gateway + "  success:\n    body_matches: '('", "s.yaml:4", "success.body_matches is not a regular expression"},
		{gateway + "  receipts:\n    states: {ok: arrived}", "s.yaml:4", "receipts.states: ok is none of sent, delivered, failed"},
		{"sms_gateway:\n  url: http://sms.example.com/", "s.yaml:2", "url is http: passwords and codes would travel readable"},
		{"sms_countries: []", "s.yaml:1", "sms_countries is empty; name at least one"},
		{"sms_countries: [AT, ZZ]", "s.yaml:1", `sms_countries has "ZZ", which is no country's code; write two letters`},
		{"sms_countries: [Austria]", "s.yaml:1", `has "Austria"`},
		{"sms_limits: {day: -1}", "s.yaml:1", `sms_limits.day is "-1"; write a whole number from 0`},
		{"sms_limits: {dya: 1}", "s.yaml:1", "did you mean sms_limits.day?"},
	} {
		_, err := Load(write(t, "s.yaml", c.text+"\n"), []string{"SALLYPORT_PUBLIC_URL=https://login.example.com"})
		var problems Problems
		if !errors.As(err, &problems) || len(problems) != 1 {
			t.Errorf("%.200q: %.300v", c.text, err)
			continue
		}
		if p := problems[0]; p.Where != c.where || !strings.Contains(p.String(), c.message) || strings.Contains(p.String(), secret) {
			t.Errorf("%.200q: %s", c.text, p)
		}
	}
}

// TestEveryMistakeOfAGatewayIsReported: package sms names one at a time, check-config all of them.
func TestEveryMistakeOfAGatewayIsReported(t *testing.T) {
	_, err := Load(write(t, "s.yaml", `smtp_url: [smtp://a.example, 'smtp://b.example?from=a@b.example', https://c.example]
sms_gateway:
  url: ftp://sms.example.com
  headers:
    X-One: '{nothing}'
    X-Two: '{text}'
  body: '{'
  success: {status: [404]}
  reference: {json: a, header: b}
  receipts: {states: {a: b}}
sms_countries: [XX, AT, YY]
`), nil)
	var problems Problems
	_ = errors.As(err, &problems)
	var places []string
	for _, p := range problems {
		places = append(places, p.Where)
	}
	slices.Sort(places)
	want := []string{"s.yaml:1", "s.yaml:1", "s.yaml:10", "s.yaml:11", "s.yaml:11", "s.yaml:3", "s.yaml:5", "s.yaml:6", "s.yaml:7", "s.yaml:8", "s.yaml:9"}
	if !slices.Equal(places, want) {
		t.Errorf("got\n%v", err)
	}
	if !strings.Contains(err.Error(), "number 1: there is no sender") || !strings.Contains(err.Error(), "number 3: ") {
		t.Errorf("the servers are not told apart:\n%v", err)
	}
}

// TestChannelsFromTheEnvironment: each secret may be in a variable, or in a file that a variable names.
func TestChannelsFromTheEnvironment(t *testing.T) {
	servers := write(t, "servers", "smtps://ada:hunter2@mail.example.com?from=no-reply@acme.example\nsmtp://localhost?security=none&from=no-reply@acme.example\n")
	word := write(t, "word", secret+"\n")
	c, err := Load(write(t, "s.yaml", "sms_gateway:\n  url: https://sms.example.com/\n"), []string{
		"SALLYPORT_SMTP_URL_FILE=" + servers, "SALLYPORT_SMS_GATEWAY_PASSWORD_FILE=" + word, "SALLYPORT_SMS_COUNTRIES=at,de", "SALLYPORT_SMS_LIMITS_DAY=5",
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(c.SMTP) != 2 || c.SMTP[0].Password != secret || c.SMTP[1].Port != 25 || c.SMSGateway.Password != secret || c.SMSLimits.Day != 5 || len(c.SMSCountries.Codes()) != 2 {
		t.Errorf("got %s", c)
	}
	c, err = Load("", []string{"SALLYPORT_SMS_URL_FILE=" + write(t, "url", "smpp://acme:hunter2@smsc.example.com?from=Acme&tls=yes\n")})
	if err != nil || c.Gateway().SMPP == nil || c.Gateway().SMPP.Password != secret {
		t.Errorf("got %s, %v", c, err)
	}
	_, err = Load("", []string{"SALLYPORT_SMS_GATEWAY_URL=https://sms.example.com"})
	if err == nil || err.Error() != "SALLYPORT_SMS_GATEWAY_URL: sms_gateway has no variables; write it in the settings file, below sms_gateway:" {
		t.Errorf("%v", err)
	}
}

// TestNoPrintShowsAChannelsPassword is TestNoPrintShowsThePassword for mail servers and gateways.
func TestNoPrintShowsAChannelsPassword(t *testing.T) {
	for _, env := range [][]string{
		{"SALLYPORT_SMTP_URL=smtp://ada:hunter2@mail.example.com?from=a@b.example"},
		{"SALLYPORT_SMS_URL=twilio://SID:hunter2@api.twilio.com?from=Acme"},
		{"SALLYPORT_SMS_URL=smpp://acme:hunter2@localhost?from=Acme"},
		{"SALLYPORT_CONFIG=" + write(t, "s.yaml", "sms_gateway: {url: 'https://sms.example.com/?key=hunter2', headers: {X-Key: hunter2}}\nsms_gateway_password: hunter2\n")},
	} {
		c, err := Load("", env)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range []string{c.String(), fmt.Sprintf("%v %+v", c, &c), fmt.Sprintf("%#v", c)} {
			if strings.Contains(s, secret) {
				t.Errorf("%s: printed as %s", env, s)
			}
		}
		if !strings.Contains(c.String(), "mail.example.com:587") && !strings.Contains(c.String(), "gateway ") {
			t.Errorf("the channel is not named in\n%s", c)
		}
	}
}

// TestReceiptsAreAskedForWhereTheyCanCome: an address of this machine means nothing to a gateway elsewhere.
func TestReceiptsAreAskedForWhereTheyCanCome(t *testing.T) {
	for _, tt := range []struct{ public, gateway, want string }{
		{"https://login.example.com", "https://sms.example.com/", "https://login.example.com/receipts/sms"},
		{"http://localhost:8080", "https://sms.example.com/", ""},
		{"http://localhost:8080", "http://127.0.0.1:13013/", "http://localhost:8080/receipts/sms"},
	} {
		c, err := Load("", []string{"SALLYPORT_PUBLIC_URL=" + tt.public})
		if err != nil {
			t.Fatal(err)
		}
		c.SMSGateway = &sms.Custom{URL: tt.gateway}
		if got := c.SMSOptions().ReceiptURL; got != tt.want {
			t.Errorf("%s at %s: %q, want %q", tt.gateway, tt.public, got, tt.want)
		}
	}
	_, err := Load(write(t, "s.yaml", "sms_gateway:\n  url: https://sms.example.com/\n  body: 'callback={receipt_url}'\n"), nil)
	if err == nil || !strings.Contains(err.Error(), "or set public_url to an address that the gateway can reach") {
		t.Errorf("a gateway that is told an address that does not exist: %v", err)
	}
}

// TestAccountsServersLieOutside: an administrator of an account cannot make this server knock at its neighbours' doors (B93).
func TestAccountsServersLieOutside(t *testing.T) {
	c := Default()
	c.MailNetworks = []netip.Prefix{netip.MustParsePrefix("10.2.0.0/16")}
	for address, want := range map[string]bool{
		"8.8.8.8": true, "10.2.3.4": true, "::ffff:10.2.3.4": true,
		"10.3.0.1": false, "127.0.0.1": false, "::1": false, "169.254.169.254": false, "::ffff:127.0.0.1": false, "fd00::1": false,
	} {
		if got := c.MayReach(netip.MustParseAddr(address)); got != want {
			t.Errorf("%s: %v, want %v", address, got, want)
		}
	}
}

// TestDocumentedGatewaysWork: whoever copies a line of docs/operating.md gets settings that are good.
func TestDocumentedGatewaysWork(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", "operating.md"))
	if err != nil {
		t.Fatal(err)
	}
	public := "SALLYPORT_PUBLIC_URL=https://login.example.com"
	urls := regexp.MustCompile("`((smtps?|twilio|vonage|kannel[+]https|smpp)://[^`]+[?][^`]+)`").FindAllStringSubmatch(string(text), -1)
	for _, m := range urls {
		setting := "SALLYPORT_SMS_URL="
		if strings.HasPrefix(m[1], "smtp") {
			setting = "SALLYPORT_SMTP_URL="
		}
		if _, err := Load("", []string{public, setting + m[1]}); err != nil {
			t.Errorf("%s: %v", m[1], err)
		}
	}
	_, sample, _ := strings.Cut(string(text), "\nsms_gateway:\n")
	sample, _, found := strings.Cut(sample, "```")
	c, err := Load(write(t, "s.yaml", "sms_gateway:\n"+sample), []string{public})
	if err != nil || !found || c.SMSGateway.Receipts.Detail != "reason" || len(urls) != 7 {
		t.Errorf("%d addresses and the sample\n%s\n%v", len(urls), sample, err)
	}
}
