package sms

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"sallyport/internal/errs"
)

const (
	receiptBase = "https://login.example.com/sms/receipts"
	receiptPath = "/sms/receipts/sms_0123456789"
)

// preset is the gateway of a setting that wants receipts.
func preset(t *testing.T, setting string) *Gateway {
	t.Helper()
	d, err := Parse(setting)
	if err != nil {
		t.Fatal(err)
	}
	g, err := NewGateway(*d.HTTP, Options{ReceiptURL: receiptBase})
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func posted(kind, body string) *http.Request {
	r := httptest.NewRequest("POST", receiptPath, strings.NewReader(body))
	r.Header.Set("Content-Type", kind)
	return r
}

func TestReceiptsOfKannelAndVonage(t *testing.T) {
	kannel, vonage := preset(t, "kannel+http://u:p@127.0.0.1?from=Acme"), preset(t, "vonage://k:s@rest.nexmo.com?from=Acme")
	for _, c := range []struct {
		name string
		g    *Gateway
		r    *http.Request
		want Receipt
	}{
		{"Kannel, delivered", kannel, httptest.NewRequest("GET", receiptPath+"?state=1&reference=A1&detail=ACK%2F", nil), Receipt{"sms_0123456789", "A1", Delivered, "ACK/"}},
		{"Kannel, failed", kannel, httptest.NewRequest("GET", receiptPath+"?state=2&reference=&detail=", nil), Receipt{"sms_0123456789", "", Failed, "2"}},
		{"Kannel, at the centre", kannel, httptest.NewRequest("GET", receiptPath+"?state=8", nil), Receipt{"sms_0123456789", "", Sent, "8"}},
		{"Kannel, refused by it", kannel, httptest.NewRequest("GET", receiptPath+"?state=16&detail=NACK%0A%1b[31m", nil), Receipt{"sms_0123456789", "", Failed, "NACK [31m"}},
		{"Kannel, with the message in it", kannel, httptest.NewRequest("GET", receiptPath+"?state=1&detail=id:7+stat:DELIVRD+Text:Your+code+is+123456", nil), Receipt{"sms_0123456789", "", Delivered, "id:7 stat:DELIVRD"}},
		{"Vonage, form", vonage, posted(formType, "messageId=0C1&status=delivered&err-code=0"), Receipt{"sms_0123456789", "0C1", Delivered, "delivered"}},
		{"Vonage, JSON", vonage, posted("application/json; charset=utf-8", `{"messageId":"0C1","status":"failed","err-code":"6","x":[1]}`), Receipt{"sms_0123456789", "0C1", Failed, "6"}},
		{"Vonage, query", vonage, httptest.NewRequest("GET", receiptPath+"?messageId=0C1&status=buffered", nil), Receipt{"sms_0123456789", "0C1", Sent, "buffered"}},
		{"a reference that can't be one", vonage, posted(formType, "status=delivered&messageId="+url.QueryEscape("a\nb")), Receipt{"sms_0123456789", "", Delivered, "delivered"}},
	} {
		got, err := c.g.Receipt(c.r)
		if err != nil || got != c.want {
			t.Errorf("%s: %+v, %v, want %+v", c.name, got, err, c.want)
		}
	}
}

func TestReceiptsThatAreNone(t *testing.T) {
	vonage := preset(t, "vonage://k:s@rest.nexmo.com?from=Acme")
	for name, r := range map[string]*http.Request{
		"unknown state":  posted(formType, "status=eaten"),
		"no state":       posted(formType, "messageId=1"),
		"state in query": httptest.NewRequest("POST", receiptPath+"?status=delivered", nil),
		"no id":          httptest.NewRequest("GET", "/sms/receipts/?status=delivered", nil),
		"other method":   httptest.NewRequest("PUT", receiptPath+"?status=delivered", nil),
		"no JSON":        posted(jsonType, `["delivered"]`),
		"bad form":       posted(formType, "status=%zz"),
		"too long":       posted(formType, "x="+strings.Repeat("x", maxAnswer)+"&status=delivered"),
		"too long JSON":  posted(jsonType, `{"x":"`+strings.Repeat("x", maxAnswer)+`","status":"delivered"}`),
	} {
		if got, err := vonage.Receipt(r); !errors.Is(err, ErrReceipt) || errs.From(err).Kind != errs.Invalid {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
	plain, err := NewGateway(Custom{URL: "https://h/?t={text}"}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if got, err := plain.Receipt(posted(formType, "=delivered")); !errors.Is(err, ErrReceipt) {
		t.Errorf("a gateway without receipts: %+v, %v", got, err)
	}
}

// TestTwilioVector is the example of Twilio's documentation, "Validating requests".
func TestTwilioVector(t *testing.T) {
	form := url.Values{
		"CallSid": {"CA1234567890ABCDE"}, "Caller": {"+14158675309"}, "Digits": {"1234"}, "From": {"+14158675309"}, "To": {"+18005551212"},
	}
	got := twilioSignature("12345", "https://mycompany.com/myapp.php?foo=1&bar=2", form)
	if want := "RSOYDt4T1cUTdK1PDd93/VVr8B8="; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestReceiptsOfTwilioAreSigned(t *testing.T) {
	g := preset(t, "twilio://AC12:t0ken@api.twilio.com?from=+15551234567")
	form := url.Values{"MessageSid": {"SM1"}, "MessageStatus": {"undelivered"}, "ErrorCode": {"30003"}, "To": {"+436601234567"}}
	send := func(key, address, body string) (Receipt, error) {
		r := posted(formType, body)
		r.Host = "attacker.example" // what the request says of our name does not count
		r.Header.Set("X-Twilio-Signature", twilioSignature(key, address, form))
		return g.Receipt(r)
	}
	got, err := send("t0ken", receiptBase+"/sms_0123456789", form.Encode())
	if want := (Receipt{"sms_0123456789", "SM1", Failed, "30003"}); err != nil || got != want {
		t.Fatalf("%+v, %v", got, err)
	}
	for name, c := range map[string]struct{ key, address, body string }{
		"other key":     {"guess", receiptBase + "/sms_0123456789", form.Encode()},
		"other message": {"t0ken", receiptBase + "/sms_9876543210", form.Encode()},
		"other state":   {"t0ken", receiptBase + "/sms_0123456789", strings.Replace(form.Encode(), "undelivered", "delivered", 1)},
		"one more":      {"t0ken", receiptBase + "/sms_0123456789", form.Encode() + "&A=b"},
	} {
		if got, err := send(c.key, c.address, c.body); !errors.Is(err, ErrForged) {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
	if got, err := g.Receipt(posted(formType, form.Encode())); !errors.Is(err, ErrForged) {
		t.Errorf("without a signature: %+v, %v", got, err)
	}
}

func FuzzReceipt(f *testing.F) {
	f.Add("status=delivered&messageId=1", false)
	f.Add(`{"status":"failed","err-code":6}`, true)
	d, err := Parse("vonage://k:s@rest.nexmo.com?from=Acme")
	if err != nil {
		f.Fatal(err)
	}
	g, err := NewGateway(*d.HTTP, Options{ReceiptURL: receiptBase})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, body string, object bool) {
		kind := formType
		if object {
			kind = jsonType
		}
		r, err := g.Receipt(posted(kind, body))
		if err != nil && !errors.Is(err, ErrReceipt) {
			t.Fatal(err)
		}
		if err == nil && (r.ID != "sms_0123456789" || len(r.Detail) > maxReason || !ascii(r.Reference) || strings.ContainsAny(r.Detail, "\n\r\x00\x1b")) {
			t.Fatalf("%+v", r)
		}
	})
}
