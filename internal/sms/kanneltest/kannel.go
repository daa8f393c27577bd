// Package kanneltest runs real receivers of text messages for tests: Kannel, the SMS gateway of
// Debian, with its fake message centre behind it ([Start]), and a message centre that speaks
// SMPP 3.4 ([StartSMSC]). Both listen on free ports of loopback, keep their files in the test's
// folder, and end with the test, however that ends.
//
// Where a component is not installed the test is skipped, or, when SALLYPORT_TEST_ENGINES is
// "all", fails.
package kanneltest

import (
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"sallyport/internal/porttest"
)

// The user that may send; the password has what URLs and forms must escape.
const (
	User     = "sallyport"
	Password = "p@ss w/ö%+&#"
)

// fakeSMSC is where Debian's kannel-extras has it.
const fakeSMSC = "/usr/lib/kannel/test/fakesmsc"

// Options are how Kannel is to be.
type Options struct {
	SMSC    *SMSC  // the message centre behind it; by default Debian's fakesmsc
	Allowed string // a prefix that numbers must have: "+43"
}

// Kannel is a running gateway.
type Kannel struct {
	port string
	fake *process // nil with a centre of its own
}

// Start starts bearerbox, smsbox and fakesmsc, and returns when a message would go all the way.
func Start(tb testing.TB, o Options) *Kannel {
	tb.Helper()
	for _, tool := range []string{"bearerbox", "smsbox"} {
		if _, err := exec.LookPath(tool); err != nil {
			missing(tb, "Kannel is not installed (package kannel)")
		}
	}
	if _, err := os.Stat(fakeSMSC); err != nil && o.SMSC == nil {
		missing(tb, "fakesmsc is not installed (package kannel-extras)")
	}
	dir := tb.TempDir()
	ports, err := porttest.Pick(4)
	if err != nil {
		tb.Fatal(err)
	}
	port := func(i int) string { return strconv.Itoa(int(ports[i].Port())) }
	admin, boxes, centre, http := port(0), port(1), port(2), port(3)
	conf := filepath.Join(dir, "kannel.conf")
	if err := os.WriteFile(conf, []byte(config(o, dir, admin, boxes, centre, http)), 0o600); err != nil {
		tb.Fatal(err)
	}
	k := &Kannel{port: http}
	bearer := start(tb, false, "bearerbox", "-v", "0", conf)
	if err := bearer.awaitPort(boxes); err != nil {
		tb.Fatalf("bearerbox: %v", err)
	}
	if o.SMSC == nil {
		if err := bearer.awaitPort(centre); err != nil {
			tb.Fatalf("bearerbox: %v", err)
		}
		k.fake = start(tb, false, fakeSMSC, "-H", "127.0.0.1", "-r", centre, "-m", "0", "1 2 text x")
	}
	box := start(tb, false, "smsbox", "-v", "0", conf)
	if err := box.awaitPort(http); err != nil {
		tb.Fatalf("smsbox: %v", err)
	}
	if o.SMSC != nil {
		o.SMSC.Wait(tb, "bind", func(Event) bool { return true })
	}
	return k
}

func config(o Options, dir, admin, boxes, centre, http string) string {
	smsc := fmt.Sprintf("smsc = fake\nsmsc-id = fake\nhost = 127.0.0.1\nport = %s\nconnect-allow-ip = 127.0.0.1\n", centre)
	if s := o.SMSC; s != nil {
		smsc = fmt.Sprintf("smsc = smpp\nsmsc-id = smpp\nhost = 127.0.0.1\nport = %s\ntransceiver-mode = true\n"+
			"smsc-username = %s\nsmsc-password = %s\nsystem-type = \"\"\nreconnect-delay = 1\n"+
			"source-addr-autodetect = true\ndest-addr-ton = 1\ndest-addr-npi = 1\n", s.Port, SystemID, SMSCPassword)
	}
	allowed := ""
	if o.Allowed != "" {
		allowed = "white-list-regex = \"^[+]" + strings.TrimPrefix(o.Allowed, "+") + "\"\n"
	}
	return fmt.Sprintf(`group = core
admin-port = %[1]s
admin-interface = "127.0.0.1"
admin-password = "%[7]s"
smsbox-port = %[2]s
smsbox-interface = "127.0.0.1"
box-allow-ip = "127.0.0.1"
store-type = spool
store-location = "%[4]s"
dlr-storage = internal

group = smsc
%[5]s
group = smsbox
bearerbox-host = 127.0.0.1
sendsms-port = %[3]s
sendsms-interface = "127.0.0.1"

group = sendsms-user
username = "%[6]s"
password = "%[7]s"
max-messages = 6
concatenation = true
%[8]s`, admin, boxes, http, dir, smsc, User, Password, allowed)
}

// Setting is the URL for [sms.Parse], with the right password.
func (k *Kannel) Setting(from string) string { return k.setting(from, Password) }

// WrongPassword is the URL with another password.
func (k *Kannel) WrongPassword(from string) string { return k.setting(from, "guess") }

func (k *Kannel) setting(from, password string) string {
	u := url.URL{
		Scheme: "kannel+http", User: url.UserPassword(User, password), Host: "127.0.0.1:" + k.port,
		Path: "/cgi-bin/sendsms", RawQuery: "from=" + url.QueryEscape(from),
	}
	return u.String()
}

// Text is what arrived at the fake message centre. Type is "text", or "ucs-2" or "udh" with the octets
// percent-encoded.
type Text struct{ From, To, Type, Text string }

// Texts gives what arrived so far, oldest first.
func (k *Kannel) Texts() []Text {
	var all []Text
	k.fake.await(0, func(lines []string) bool { all = texts(lines); return true })
	return all
}

// texts reads fakesmsc's log. A message is a line of "sender receiver kind text", and a line feed
// in the text begins a message of its own, so what does not begin like one continues the last.
func texts(lines []string) []Text {
	var all []Text
	for _, line := range lines {
		_, got, found := strings.Cut(line, "DEBUG: Got message ")
		if !found {
			continue
		}
		_, got, _ = strings.Cut(got, ": <")
		got = strings.TrimSuffix(got, ">")
		f := strings.SplitN(got, " ", 4)
		if len(f) == 4 && strings.HasPrefix(f[1], "+") && (f[2] == "text" || f[2] == "ucs-2" || f[2] == "udh") {
			all = append(all, Text{From: f[0], To: f[1], Type: f[2], Text: f[3]})
		} else if len(all) > 0 {
			all[len(all)-1].Text += "\n" + got
		}
	}
	return all
}

// WaitText returns the first text for the number that matches the regular expression. A text of
// several lines arrives line by line, so the expression should name its end: "#[0-9]+$".
func (k *Kannel) WaitText(tb testing.TB, to, match string) Text {
	tb.Helper()
	return k.WaitTexts(tb, to, match, 1)[0]
}

// WaitTexts returns the first n of them.
func (k *Kannel) WaitTexts(tb testing.TB, to, match string, n int) []Text {
	tb.Helper()
	pattern := regexp.MustCompile(match)
	var found []Text
	if !k.fake.await(limit, func(lines []string) bool {
		found = nil
		for _, t := range texts(lines) {
			if t.To == to && pattern.MatchString(t.Text) {
				found = append(found, t)
			}
		}
		return len(found) >= n
	}) {
		tb.Fatalf("%d texts for %s match %q, want %d; there are %q", len(found), to, match, n, k.Texts())
	}
	return found[:n]
}
