package sms

import (
	"errors"
	"net/url"
	"reflect"
	"strings"
	"testing"

	"sallyport/internal/errs"
)

func TestParse(t *testing.T) {
	d, err := Parse("twilio://AC12:t%2Fk%40n@api.twilio.com?from=+15551234567")
	if err != nil {
		t.Fatal(err)
	}
	if c := d.HTTP; c.URL != "https://api.twilio.com/2010-04-01/Accounts/{user}/Messages.json" || c.User != "AC12" || c.Password != "t/k@n" || c.From != "+15551234567" || c.Plain {
		t.Errorf("twilio: %+v", c)
	}
	service := "MG0123456789abcdef0123456789abcdef"
	if d, err = Parse("twilio://AC12:x@api.twilio.com?from=" + service); err != nil || !strings.Contains(d.HTTP.Body, "MessagingServiceSid={from}") {
		t.Errorf("twilio with a service: %+v, %v", d.HTTP, err)
	}
	if d, err = Parse("vonage://k:s@rest.nexmo.com/?from=%2B4366"); err == nil {
		t.Errorf("a number that is too short is taken: %+v", d.HTTP)
	}
	if d, err = Parse("vonage://k:s@rest.nexmo.com/?from=+436601234567"); err != nil || d.HTTP.URL != "https://rest.nexmo.com/sms/json" || d.HTTP.From != "436601234567" {
		t.Errorf("vonage: %+v, %v", d.HTTP, err)
	}
	if d, err = Parse("kannel+http://u:p@127.0.0.1:13013?from=12345"); err != nil || !strings.HasPrefix(d.HTTP.URL, "http://127.0.0.1:13013/cgi-bin/sendsms?username={user}&") {
		t.Errorf("kannel: %+v, %v", d.HTTP, err)
	}
	if d, err = Parse("kannel+http://u:p@127.0.0.1/{to}?from=Acme"); err != nil || !strings.Contains(d.HTTP.URL, "/%7Bto%7D?") {
		t.Errorf("a placeholder in a setting: %+v, %v", d.HTTP, err)
	}
	d, err = Parse("smpp://id:p%2B@gw.example:3550?from=Acme&tls=yes&system_type=OTP&window=5&bind=transmitter")
	want := &SMPPConfig{Host: "gw.example", Port: "3550", SystemID: "id", Password: "p+", SystemType: "OTP", From: "Acme", TLS: true, Transmitter: true, Window: 5}
	if err != nil || !reflect.DeepEqual(d.SMPP, want) {
		t.Errorf("smpp: %+v, %v", d.SMPP, err)
	}
	if d, err = Parse("smpp://id:p@[::1]?from=+436601234567"); err != nil || d.SMPP.Host != "::1" || d.SMPP.Port != "2775" || d.SMPP.TLS || d.SMPP.Plain {
		t.Errorf("smpp here: %+v, %v", d.SMPP, err)
	}
	if d, err = Parse("smpp://id:p@gw.example?from=Acme&tls=no"); err != nil || !d.SMPP.Plain {
		t.Errorf("smpp without TLS, on purpose: %+v, %v", d.SMPP, err)
	}
}

func TestParseRefuses(t *testing.T) {
	for s, says := range map[string]string{
		"":                                                  "no user:password@host",
		"http://u:hunter2@h?from=Acme":                      "begins with none of",
		"smpp://h?from=Acme":                                "no user:password@host",
		"smpp://u@h?from=Acme":                              "no user:password@host",
		"smpp://u:hunter2@?from=Acme":                       "no user:password@host",
		"smpp://u:hunter2@h?from=Acme":                      "tls=yes, or tls=no",
		"smpp://u:hunter2@h?from=Acme&tls=ja":               "neither yes nor no",
		"smpp://u:hunter2@h/x?from=Acme&tls=yes":            "has a path",
		"smpp://u:hunter2@127.0.0.1?from=Acme&from=Acme":    "stands there twice",
		"smpp://u:hunter2@127.0.0.1?from=Acme&window=0":     "window",
		"smpp://u:hunter2@127.0.0.1?from=Acme&bind=both":    "bind",
		"smpp://u:hunter2@127.0.0.1?from=Acme&hunter3=1":    "is unknown here",
		"smpp://u:hunter2@127.0.0.1?from=MuchTooLongAName":  "needs from=",
		"smpp://u:hunter2@127.0.0.1":                        "needs from=",
		"vonage://u:hunter2@rest.nexmo.com?from=123456789":  "needs from=",
		"twilio://u:hun#ter2@api.twilio.com?from=Acme":      "percent-encode",
		"twilio://u:hun%zzter2@api.twilio.com?from=Acme":    "percent-encode",
		"twilio://u:hunter2ä@api.twilio.com?from=Acme":      "percent-encoded",
		"twilio://u:hunter2@api.twilio.com?from=Acme&x=%zz": "name=value",
	} {
		_, err := Parse(s)
		if !errors.Is(err, ErrSetting) || !strings.Contains(errs.From(err).Message, says) {
			t.Errorf("%s: %v, want %q", s, errs.From(err), says)
			continue
		}
		if text := err.Error() + errs.From(err).Message; strings.Contains(text, "hun") && !strings.Contains(text, `"hunter3"`) {
			t.Errorf("the error tells the password: %s", text)
		}
	}
}

// TestParsedIsUsable: what Parse accepts, the senders accept.
func TestParsedIsUsable(t *testing.T) {
	for _, s := range []string{
		"twilio://AC12:x@api.twilio.com?from=+15551234567",
		"vonage://k:s@rest.nexmo.com?from=Acme",
		"kannel+http://u:p@localhost:13013/cgi-bin/sendsms?from=Acme",
		"kannel+https://u:p@sms.example/cgi-bin/sendsms?from=Acme",
		"kannel+http://u:p@10.0.0.7:13013?from=Acme&plain=yes",
		"smpp://id:p@localhost?from=Acme",
		"smpp://id:p@smsc.example?from=Acme&tls=no",
	} {
		d, err := Parse(s)
		if err != nil {
			t.Errorf("%s: %v", s, errs.From(err).Message)
			continue
		}
		for _, base := range []string{"", "https://login.example.com/sms/receipts"} {
			if d.HTTP != nil {
				_, err = NewGateway(*d.HTTP, Options{ReceiptURL: base})
			} else {
				_, err = NewSMPP(*d.SMPP, Options{}, nil)
			}
			if err != nil {
				t.Errorf("%s: %v", s, errs.From(err).Message)
			}
		}
	}
	d, err := Parse("kannel+http://u:p@10.0.0.7:13013?from=Acme")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := NewGateway(*d.HTTP, Options{}); !errors.Is(err, ErrSetting) || !strings.Contains(errs.From(err).Message, "travel readable") {
		t.Errorf("http to another machine: %v", err)
	}
	if _, err := NewSMPP(SMPPConfig{Host: "10.0.0.7", Port: "2775"}, Options{}, nil); !errors.Is(err, ErrSetting) {
		t.Errorf("SMPP without TLS to another machine: %v", err)
	}
}

func TestCustomIsRefused(t *testing.T) {
	good := Custom{URL: "https://sms.example/v1", Body: "to={to}&text={text}"}
	if _, err := NewGateway(good, Options{}); err != nil {
		t.Fatal(errs.From(err).Message)
	}
	for says, change := range map[string]func(*Custom){
		"does not begin with https": func(c *Custom) { c.URL = "https://u:p@sms.example/" },
		"no user, password or":      func(c *Custom) { c.URL = "https://{user}.example/" },
		"and a host":                func(c *Custom) { c.URL = "ftp://sms.example/" },
		"url is not one":            func(c *Custom) { c.URL = "https://sms.example/a b" },
		"it has no #":               func(c *Custom) { c.URL = "https://sms.example/#a" },
		"url, line 1, column 22":    func(c *Custom) { c.URL = "https://sms.example/?{x}" },
		"method is GET":             func(c *Custom) { c.Method = "GET" },
		"POST or PUT":               func(c *Custom) { c.Method = "DELETE" },
		"content_type":              func(c *Custom) { c.ContentType = "text/xml" },
		"body is not valid JSON":    func(c *Custom) { c.ContentType = "json"; c.Body = "[" },
		"headers has a name":        func(c *Custom) { c.Headers = map[string]string{"host": "x"} },
		"headers.X-A, line 1":       func(c *Custom) { c.Headers = map[string]string{"X-A": "{"} },
		"not printable":             func(c *Custom) { c.Headers = map[string]string{"X-A": "a\r\nX-B: c"} },
		"control characters":        func(c *Custom) { c.Password = "a\nb" },
		"success.status":            func(c *Custom) { c.Success.Status = []int{302} },
		"success.body_matches":      func(c *Custom) { c.Success.BodyMatches = "(" },
		"reference has more":        func(c *Custom) { c.Reference = Where{JSON: "a", Header: "b"} },
		"reference.matches":         func(c *Custom) { c.Reference = Where{Matches: "id=.*"} },
		"no address for receipts":   func(c *Custom) { c.Body += "&cb={receipt_url}" },
		"receipts.states":           func(c *Custom) { c.Receipts.States = map[string]State{"ok": "fine"} },
	} {
		c := good
		change(&c)
		_, err := NewGateway(c, Options{})
		if !errors.Is(err, ErrSetting) || !strings.Contains(errs.From(err).Message, says) {
			t.Errorf("want %q, got %v", says, errs.From(err))
		}
	}
	json := good
	json.ContentType, json.Body, json.Receipts.Params = "json", `{"t":"{text}"}`, "cb={receipt_url}"
	if _, err := NewGateway(json, Options{ReceiptURL: "https://a.example/r"}); !errors.Is(err, ErrSetting) {
		t.Errorf("parameters added to JSON: %v", err)
	}
	for _, base := range []string{"a.example/r", "https://a.example/r?x", "https://a.example/%41", "ftp://a.example", "https://u@a.example", "https:///r"} {
		if _, err := NewGateway(good, Options{ReceiptURL: base}); !errors.Is(err, ErrSetting) {
			t.Errorf("receipts to %s: %v", base, err)
		}
	}
}

func TestSourceAddresses(t *testing.T) {
	for from, want := range map[string]address{
		"+436601234567": {1, 1, "436601234567"}, "12345": {3, 0, "12345"}, "Acme Corp": {5, 0, "Acme Corp"}, "": {},
	} {
		if got, err := source(from); err != nil || got != want {
			t.Errorf("%s: %+v, %v", from, got, err)
		}
	}
	for _, from := range []string{"436601234567", "+43", "TwelveLetter", "Ümläut", "a\x00b", "+0123456789", "++++"} {
		if got, err := source(from); err == nil {
			t.Errorf("%q is taken as %+v", from, got)
		}
	}
	if want := (address{1, 1, "436601234567"}); destination("+436601234567") != want {
		t.Error("the destination has another form")
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{
		"twilio://AC12:t0ken@api.twilio.com?from=+15551234567", "vonage://k:s@rest.nexmo.com?from=Acme",
		"kannel+http://u:p@127.0.0.1:13013/cgi-bin/sendsms?from=Acme&plain=yes", "smpp://id:p@[::1]:2775?from=12345&tls=no&window=7",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		d, err := Parse(s)
		if err != nil {
			if u, e := url.Parse(s); e == nil {
				if secret, _ := u.User.Password(); len(secret) > 20 && strings.Contains(errs.From(err).Message+err.Error(), secret) {
					t.Fatalf("%q: the error tells the password", s)
				}
			}
			return
		}
		if (d.HTTP == nil) == (d.SMPP == nil) {
			t.Fatalf("%q gives both or none", s)
		}
		// What is accepted either works or is refused with a reason; it never panics.
		if d.HTTP != nil {
			if _, err := NewGateway(*d.HTTP, Options{}); err != nil && !errors.Is(err, ErrSetting) {
				t.Fatal(err)
			}
		} else if _, err := NewSMPP(*d.SMPP, Options{}, nil); err != nil && !errors.Is(err, ErrSetting) {
			t.Fatal(err)
		}
	})
}
