package sms_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"sallyport/internal/errs"
	"sallyport/internal/sms"
	"sallyport/internal/sms/kanneltest"
)

// bound is a client that runs until the test ends.
func bound(t *testing.T, setting string, o sms.Options, onReceipt func(context.Context, sms.Receipt) error) *sms.SMPP {
	t.Helper()
	d, err := sms.Parse(setting)
	if err != nil {
		t.Fatal(errs.From(err).Message)
	}
	s, err := sms.NewSMPP(*d.SMPP, o, onReceipt)
	if err != nil {
		t.Fatal(errs.From(err).Message)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { s.Run(ctx) })
	t.Cleanup(func() { cancel(); running.Wait() })
	return s
}

// TestSMPPOctets: what arrives at a message centre, byte for byte.
func TestSMPPOctets(t *testing.T) {
	t.Parallel()
	centre := kanneltest.StartSMSC(t, kanneltest.SMSCOptions{})
	s := bound(t, centre.Setting("Acme"), sms.Options{}, nil)
	n := 0
	for name, text := range texts {
		a, err := s.Send(t.Context(), message(text))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		n++
		e := centre.WaitNth(t, "submit_sm", n)
		want := sms.GSM
		if strings.ContainsAny(text, "К👍") {
			want = sms.UCS2
		}
		if got := sms.Decode(sms.Coding(e.DataCoding), e.Octets(t)); got != text || e.DataCoding != int(want) {
			t.Errorf("%s: %q arrived in coding %d", name, got, e.DataCoding)
		}
		if e.Source != "5/0/Acme" || e.Destination != "1/1/436601234567" || e.Registered != 1 || e.ESMClass != 0 || e.MessageID != a.Reference {
			t.Errorf("%s: %+v, accepted as %+v", name, e, a)
		}
	}
	if b := centre.WaitNth(t, "bind", 1); b.Command != "bind_transceiver" || b.Version != 0x34 {
		t.Errorf("bound with %+v", b)
	}
	// The code itself, without our own decoder: TS 23.038 has "@" as 00 and "#" as 23.
	if _, err := s.Send(t.Context(), message(codeText)); err != nil {
		t.Fatal(err)
	}
	want := "596f757220636f646520666f722041636d65206973203132333435362e0a0a006c6f67696e2e6578616d706c652e636f6d2023313233343536"
	if got := centre.WaitNth(t, "submit_sm", n+1).Hex; got != want {
		t.Errorf("the code arrived as\n%s, want\n%s", got, want)
	}
}

func TestSMPPLongText(t *testing.T) {
	t.Parallel()
	centre := kanneltest.StartSMSC(t, kanneltest.SMSCOptions{})
	s := bound(t, centre.Setting("+436509999999"), sms.Options{}, nil)
	long := strings.Repeat("Öl für 3 € @ ", 30)
	a, err := s.Send(t.Context(), message(long))
	if err != nil {
		t.Fatal(err)
	}
	var whole strings.Builder
	_, parts := sms.Parts(long)
	for i := range parts {
		e := centre.WaitNth(t, "submit_sm", i+1)
		octets := e.Octets(t)
		// 05 00 03 reference total number, as TS 23.040, section 9.2.3.24.1 has it.
		if e.ESMClass != 0x40 || string(octets[:6]) != string([]byte{5, 0, 3, octets[3], byte(len(parts)), byte(i + 1)}) || e.Source != "1/1/436509999999" {
			t.Errorf("part %d: %+v", i, e)
		}
		last := i == len(parts)-1
		if (e.Registered == 1) != last || last && e.MessageID != a.Reference {
			t.Errorf("part %d of %d: %+v, accepted as %+v", i, len(parts), e, a)
		}
		whole.WriteString(sms.Decode(sms.GSM, octets[6:]))
	}
	if len(parts) < 3 || whole.String() != long {
		t.Errorf("%d parts: %q", len(parts), whole.String())
	}
}

func TestSMPPReceipts(t *testing.T) {
	t.Parallel()
	got := make(chan sms.Receipt, 10)
	var mu sync.Mutex
	fail := true // the first receipt can't be stored, so the centre must be told to keep it
	centre := kanneltest.StartSMSC(t, kanneltest.SMSCOptions{Receipts: true})
	s := bound(t, centre.Setting("12345"), sms.Options{}, func(_ context.Context, r sms.Receipt) error {
		mu.Lock()
		defer mu.Unlock()
		if fail {
			fail = false
			return errors.New("the database is away")
		}
		got <- r
		return nil
	})
	a, err := s.Send(t.Context(), message(codeText))
	if err != nil {
		t.Fatal(err)
	}
	if e := centre.WaitNth(t, "deliver_sm_resp", 1); e.Status != 0x64 {
		t.Errorf("a receipt that was not stored is answered %+v, want ESME_RX_T_APPN", e)
	}
	for i, c := range []struct {
		tell string
		want sms.Receipt
	}{
		{"receipt " + a.Reference + " DELIVRD", sms.Receipt{Reference: a.Reference, State: sms.Delivered, Detail: "DELIVRD"}},
		{"receipt " + a.Reference + " UNDELIV", sms.Receipt{Reference: a.Reference, State: sms.Failed, Detail: "UNDELIV 042"}},
		{"tlv " + a.Reference + " 3", sms.Receipt{Reference: a.Reference, State: sms.Failed, Detail: "EXPIRED"}},
		{"tlv " + a.Reference + " 6", sms.Receipt{Reference: a.Reference, State: sms.Sent, Detail: "ACCEPTD"}},
	} {
		centre.Tell(t, c.tell)
		if e := centre.WaitNth(t, "deliver_sm_resp", i+2); e.Status != 0 || e.Command != "deliver_sm_resp" {
			t.Errorf("%s is answered %+v", c.tell, e)
		}
		if r := <-got; r != c.want {
			t.Errorf("%s gives %+v, want %+v", c.tell, r, c.want)
		}
	}
	// A text to us is taken from the centre, or it would come again and again; it is no receipt.
	centre.Tell(t, "text")
	if e := centre.WaitNth(t, "deliver_sm_resp", 6); e.Status != 0 || len(got) != 0 {
		t.Errorf("a text is answered %+v; %d receipts", e, len(got))
	}
}

func TestSMPPThrottling(t *testing.T) {
	t.Parallel()
	centre := kanneltest.StartSMSC(t, kanneltest.SMSCOptions{Throttle: 1, QueueFull: 1})
	s := bound(t, centre.Setting("Acme"), sms.Options{}, nil)
	if _, err := s.Send(t.Context(), message(codeText)); err != nil {
		t.Fatalf("after two refusals: %v", err)
	}
	centre.WaitNth(t, "submit_sm", 1)
	if r := centre.Events(t, "refuse_sm"); len(r) != 2 || r[0].Status != 0x58 || r[1].Status != 0x14 {
		t.Errorf("it was refused with %+v", r)
	}
}

func TestSMPPRefusals(t *testing.T) {
	t.Parallel()
	centre := kanneltest.StartSMSC(t, kanneltest.SMSCOptions{})
	s := bound(t, centre.Setting("Acme"), sms.Options{}, nil)
	m := message(codeText)
	m.To = "+9991234567"
	if _, err := s.Send(t.Context(), m); !errors.Is(err, sms.ErrNumber) || sms.Temporary(err) {
		t.Errorf("a number that the centre refuses: %v", err)
	}
	wrong := bound(t, centre.WrongPassword("Acme"), sms.Options{}, nil)
	_, err := wrong.Send(t.Context(), message(codeText))
	if !errors.Is(err, sms.ErrLogin) || sms.Temporary(err) || strings.Contains(err.Error(), "guess") {
		t.Errorf("a wrong password: %v", err)
	}
	short := bound(t, centre.Setting("Acme"), sms.Options{Timeout: 2 * time.Second}, nil)
	if _, err := short.Send(t.Context(), message(codeText)); err != nil {
		t.Fatal(err)
	}
	centre.Tell(t, "mute 1")
	if _, err := short.Send(t.Context(), message(codeText)); !errors.Is(err, sms.ErrUnreachable) || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("no answer: %v", err)
	}
	if _, err := short.Send(t.Context(), message(codeText)); err != nil {
		t.Errorf("after an answer that never came: %v", err)
	}
}

// TestSMPPReconnects: a connection that breaks or is unbound is made again; a message without an
// answer then is the caller's to repeat, and others wait for the new connection.
func TestSMPPReconnects(t *testing.T) {
	t.Parallel()
	centre := kanneltest.StartSMSC(t, kanneltest.SMSCOptions{})
	s := bound(t, centre.Setting("Acme"), sms.Options{}, nil)
	if _, err := s.Send(t.Context(), message(codeText)); err != nil {
		t.Fatal(err)
	}
	centre.Tell(t, "mute 1")
	lost := make(chan error)
	go func() {
		_, err := s.Send(context.Background(), message(codeText))
		lost <- err
	}()
	centre.WaitNth(t, "mute_sm", 1)
	centre.Tell(t, "drop")
	if err := <-lost; !errors.Is(err, sms.ErrUnreachable) || !sms.Temporary(err) {
		t.Errorf("a message under way when the connection broke: %v", err)
	}
	if _, err := s.Send(t.Context(), message(codeText)); err != nil {
		t.Errorf("after the connection broke: %v", err)
	}
	centre.WaitNth(t, "bind", 2)
	centre.Tell(t, "unbind")
	if e := centre.WaitNth(t, "unbind_resp", 1); e.Status != 0 {
		t.Errorf("unbind is answered %+v", e)
	}
	centre.WaitNth(t, "close", 2)
	if _, err := s.Send(t.Context(), message(codeText)); err != nil {
		t.Errorf("after being unbound: %v", err)
	}
	centre.Tell(t, "enquire")
	if e := centre.WaitNth(t, "enquire_link_resp", 1); e.Status != 0 {
		t.Errorf("enquire_link is answered %+v", e)
	}
	// A PDU of a length that can't be: generic_nack with ESME_RINVCMDLEN, and a new connection.
	centre.Tell(t, "raw 00000008000000150000000000000001")
	if e := centre.WaitNth(t, "generic_nack", 1); e.Status != 0x02 {
		t.Errorf("a bad length is answered %+v", e)
	}
	if _, err := s.Send(t.Context(), message(codeText)); err != nil {
		t.Errorf("after a bad length: %v", err)
	}
	// Commands that we do not serve, and bodies that end too soon, end nothing.
	centre.Tell(t, "raw 00000010000000030000000000000001")
	if e := centre.WaitNth(t, "generic_nack", 2); e.Status != 0x03 {
		t.Errorf("query_sm is answered %+v", e)
	}
	centre.Tell(t, "raw 00000012000000050000000000000002"+"00ff")
	if e := centre.WaitNth(t, "generic_nack", 3); e.Status != 0x02 {
		t.Errorf("a deliver_sm that ends too soon is answered %+v", e)
	}
	if n := len(centre.Events(t, "bind")); n != 4 {
		t.Errorf("bound %d times, want 4", n)
	}
}

// TestSMPPManyAtOnce: each of many gets its own answer, and the end is polite.
func TestSMPPManyAtOnce(t *testing.T) {
	t.Parallel()
	centre := kanneltest.StartSMSC(t, kanneltest.SMSCOptions{})
	d, err := sms.Parse(centre.Setting("Acme") + "&window=3&bind=transmitter")
	if err != nil {
		t.Fatal(err)
	}
	s, err := sms.NewSMPP(*d.SMPP, sms.Options{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	var running, sending sync.WaitGroup
	running.Go(func() { s.Run(ctx) })
	const many = 100
	var mu sync.Mutex
	references := map[string]string{}
	for i := range many {
		sending.Go(func() {
			text := fmt.Sprintf("code %06d", i)
			a, err := s.Send(ctx, message(text))
			if err != nil {
				t.Error(err)
			}
			mu.Lock()
			defer mu.Unlock()
			references[a.Reference] = text
		})
	}
	sending.Wait()
	cancel()
	running.Wait()
	centre.WaitNth(t, "unbind", 1)
	if len(references) != many {
		t.Fatalf("%d different references", len(references))
	}
	for _, e := range centre.Events(t, "submit_sm") {
		if got := sms.Decode(sms.GSM, e.Octets(t)); references[e.MessageID] != got || e.Registered != 0 {
			t.Errorf("%s is %q for us and %q for the centre", e.MessageID, references[e.MessageID], got)
		}
	}
	if b := centre.Events(t, "bind"); len(b) != 1 || b[0].Command != "bind_transmitter" {
		t.Errorf("bound with %+v", b)
	}
	if _, err := s.Send(t.Context(), message(codeText)); !errors.Is(err, sms.ErrUnreachable) {
		t.Errorf("after the end: %v", err)
	}
}

func TestSMPPWithTLS(t *testing.T) {
	t.Parallel()
	cert, key, roots := certificate(t)
	centre := kanneltest.StartSMSC(t, kanneltest.SMSCOptions{Cert: cert, Key: key})
	s := bound(t, centre.Setting("Acme"), sms.Options{RootCAs: roots}, nil)
	if _, err := s.Send(t.Context(), message(codeText)); err != nil {
		t.Fatal(err)
	}
	centre.WaitNth(t, "bind", 1)
	stranger := bound(t, centre.Setting("Acme"), sms.Options{RootCAs: x509.NewCertPool()}, nil)
	if _, err := stranger.Send(t.Context(), message(codeText)); !errors.Is(err, sms.ErrCertificate) {
		t.Errorf("an unknown authority: %v", err)
	}
	if n := len(centre.Events(t, "bind")); n != 1 {
		t.Errorf("bound %d times: the password went to a stranger", n)
	}
}

// certificate makes one for 127.0.0.1: its files, and who trusts it.
func certificate(t *testing.T) (cert, key string, roots *x509.CertPool) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}}
	der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		t.Fatal(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	cert, key = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	for file, block := range map[string]*pem.Block{cert: {Type: "CERTIFICATE", Bytes: der}, key: {Type: "PRIVATE KEY", Bytes: pkcs8}} {
		if err := os.WriteFile(file, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	roots = x509.NewCertPool()
	roots.AddCert(parsed)
	return cert, key, roots
}
