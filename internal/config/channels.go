package config

import (
	"fmt"
	"net/netip"
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"

	"sallyport/internal/errs"
	"sallyport/internal/httpx"
	"sallyport/internal/mail"
	"sallyport/internal/phone"
	"sallyport/internal/sms"
)

// ReceiptsPath is where gateways report what became of a text, below the public URL.
const ReceiptsPath = "/receipts/sms"

// maxTexts bounds the daily limits: more than any gateway sends in a day.
const maxTexts = 100_000_000

// password is a secret on its way into the part of the Config that knows how to keep it. No format prints it.
type password string

func (password) String() string   { return "" }
func (password) GoString() string { return `""` }

// SMSOptions is what the server tells its gateway. A gateway elsewhere can't reach a server whose public URL is
// this machine's, so it is not asked for receipts: some refuse a message because of such an address.
func (c Config) SMSOptions() sms.Options {
	if httpx.IsLoopback(c.PublicURL.Hostname()) && !c.gatewayIsHere() {
		return sms.Options{}
	}
	return sms.Options{ReceiptURL: strings.TrimSuffix(c.PublicURL.String(), "/") + ReceiptsPath}
}

// gatewayIsHere says whether the gateway runs on this machine.
func (c Config) gatewayIsHere() bool {
	d := c.Gateway().HTTP
	if d == nil {
		return false
	}
	u, err := url.Parse(d.URL)
	return err == nil && httpx.IsLoopback(u.Hostname())
}

// Gateway is the SMS gateway, from whichever setting it came; empty if there is none.
func (c Config) Gateway() sms.Description {
	if c.SMSGateway != nil {
		return sms.Description{HTTP: c.SMSGateway}
	}
	return c.SMS
}

// MayReach says whether an account's own mail server may lie at an address: on the public internet, or in
// one of the networks that the operator named (B93).
func (c Config) MayReach(a netip.Addr) bool {
	if mail.PublicOnly(a) {
		return true
	}
	for _, n := range c.MailNetworks {
		if n.Contains(a.Unmap()) {
			return true
		}
	}
	return false
}

// setMailServers reads the deployment's mail servers; none is a choice too.
func setMailServers(c *Config, values []string) error {
	var servers []mail.Server
	var wrong badValues
	for i, v := range values {
		s, err := mail.ParseURL(v)
		if err != nil {
			which := "can't be used"
			if len(values) > 1 {
				which = fmt.Sprintf("has a server that can't be used, number %d", i+1)
			}
			wrong = append(wrong, badSentences(which, errs.From(err).Message))
			continue
		}
		servers = append(servers, s)
	}
	if len(wrong) > 0 {
		return wrong
	}
	c.SMTP = servers
	return nil
}

func showMailServers(servers []mail.Server) string {
	parts := make([]string, len(servers))
	for i, s := range servers {
		parts[i] = fmt.Sprintf("%s (%s, from %s)", s, s.Security, s.From)
	}
	return "[" + strings.Join(parts, ", ") + "]"
}

const urlForm = "write, for example, twilio://SID:TOKEN@api.twilio.com?from=+15551234567; docs/operating.md has one for each gateway"

// setSMSURL reads the gateway's URL; nothing means that there is none.
func setSMSURL(c *Config, values []string) error {
	v := strings.Join(values, "")
	c.SMS = sms.Description{}
	if v == "" {
		return nil
	}
	d, err := sms.Parse(v)
	if err == nil && d.SMPP != nil {
		_, err = sms.NewSMPP(*d.SMPP, sms.Options{}, nil)
	}
	if err != nil {
		return bad("can't be used: "+gatewayFault(err), urlForm)
	}
	c.SMS = d
	return nil
}

// showGateway names the gateway of sms_url.
func showGateway(d sms.Description) string {
	switch {
	case d.SMPP != nil:
		return d.SMPP.String()
	case d.HTTP != nil:
		return d.HTTP.String()
	}
	return ""
}

// setCountries reads the operator's table of countries.
func setCountries(c *Config, values []string) error {
	if len(values) == 0 {
		return bad("is empty", "name at least one country, or leave the line out for all that are supported")
	}
	var wrong badValues
	for _, v := range values {
		if _, err := phone.ParseCountries([]string{v}); err != nil {
			wrong = append(wrong, &badValue{fmt.Sprintf("has %.20q, which is no country's code", v), "write two letters, as in AT"})
		}
	}
	if len(wrong) > 0 {
		return wrong
	}
	var err error
	c.SMSCountries, err = phone.ParseCountries(values)
	return err
}

// gatewayFault is what package sms says about a gateway's settings, without its opening words.
func gatewayFault(err error) string {
	text := strings.TrimPrefix(errs.From(err).Message, strings.TrimSuffix(sms.ErrSetting.Message, ".")+": ")
	return strings.TrimSuffix(text, ".")
}

// badSentences makes a problem of a message in sentences: the first says what is wrong, the others what to write.
func badSentences(which, message string) *badValue {
	what, instead, _ := strings.Cut(strings.TrimSuffix(message, "."), ". ")
	return &badValue{which + ": " + small(what), small(instead)}
}

// small makes a sentence go on after a colon.
func small(s string) string {
	r, size := utf8.DecodeRuneInString(s)
	if !unicode.IsUpper(r) {
		return s
	}
	return string(unicode.ToLower(r)) + s[size:]
}
