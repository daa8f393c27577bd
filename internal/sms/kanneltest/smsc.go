package kanneltest

import (
	"encoding/hex"
	"encoding/json"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// Who may bind.
const (
	SystemID     = "sallyport"
	SMSCPassword = "s3cr/t+"
)

// SMSCOptions are how the message centre is to be.
type SMSCOptions struct {
	Throttle  int    `json:"throttle"`   // that many submit_sm are refused with ESME_RTHROTTLED
	QueueFull int    `json:"queue_full"` // and then that many with ESME_RMSGQFUL
	Receipts  bool   `json:"receipts"`   // it says of each message that it was delivered
	Cert      string `json:"cert"`       // files in PEM for TLS
	Key       string `json:"key"`
}

// SMSC is a running message centre: tools/smsc/smsc.js on node.
type SMSC struct {
	Port string
	p    *process
	tls  bool
}

// Event is something that the centre saw or did; which fields are set depends on Name.
type Event struct {
	Name        string `json:"event"`
	Port        int    `json:"port"`
	Command     string `json:"command"`
	Hex         string `json:"hex"`
	DataCoding  int    `json:"data_coding"`
	ESMClass    int    `json:"esm_class"`
	Source      string `json:"source"` // type of number, numbering plan, address, with slashes
	Destination string `json:"destination"`
	Registered  int    `json:"registered"`
	MessageID   string `json:"message_id"`
	Status      int    `json:"status"`
	SystemType  string `json:"system_type"`
	Version     int    `json:"version"`
}

// Octets are a message's, as they came.
func (e Event) Octets(tb testing.TB) []byte {
	tb.Helper()
	b, err := hex.DecodeString(e.Hex)
	if err != nil {
		tb.Fatal(err)
	}
	return b
}

// StartSMSC starts one and returns when it listens.
func StartSMSC(tb testing.TB, o SMSCOptions) *SMSC {
	tb.Helper()
	node, err := exec.LookPath("node")
	if err != nil {
		missing(tb, "node is not installed (package nodejs)")
	}
	dir := filepath.Join(root(tb), "tools", "smsc")
	if _, err := os.Stat(filepath.Join(dir, "node_modules", "smpp", "index.js")); err != nil {
		missing(tb, "the message centre's library is not installed (tools/smsc)")
	}
	arg, err := json.Marshal(struct {
		SMSCOptions
		SystemID string `json:"system_id"`
		Password string `json:"password"`
	}{o, SystemID, SMSCPassword})
	if err != nil {
		tb.Fatal(err)
	}
	s := &SMSC{p: start(tb, true, node, filepath.Join(dir, "smsc.js"), string(arg)), tls: o.Cert != ""}
	s.Port = strconv.Itoa(s.Wait(tb, "listening", func(Event) bool { return true }).Port)
	return s
}

// Setting is the URL for [sms.Parse], with the right password.
func (s *SMSC) Setting(from string) string { return s.setting(from, SMSCPassword) }

// WrongPassword is the URL with another password.
func (s *SMSC) WrongPassword(from string) string { return s.setting(from, "guess") }

func (s *SMSC) setting(from, password string) string {
	q := url.Values{"from": {from}}
	if s.tls {
		q.Set("tls", "yes")
	}
	u := url.URL{Scheme: "smpp", User: url.UserPassword(SystemID, password), Host: "127.0.0.1:" + s.Port, RawQuery: q.Encode()}
	return u.String()
}

// Tell gives the centre one of the commands that smsc.js lists, and waits until it has obeyed.
func (s *SMSC) Tell(tb testing.TB, command string) {
	tb.Helper()
	before := len(s.Events(tb, "done"))
	if _, err := s.p.stdin.Write([]byte(command + "\n")); err != nil {
		tb.Fatal(err)
	}
	s.WaitNth(tb, "done", before+1)
}

// Events are those of the name so far.
func (s *SMSC) Events(tb testing.TB, name string) []Event {
	tb.Helper()
	var all []Event
	s.p.await(0, func(lines []string) bool { all = events(tb, lines, name); return true })
	return all
}

func events(tb testing.TB, lines []string, name string) []Event {
	tb.Helper()
	var all []Event
	for _, line := range lines {
		if !strings.HasPrefix(line, "{") {
			continue
		}
		var e Event
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			tb.Fatalf("the centre said %q: %v", line, err)
		}
		if e.Name == name {
			all = append(all, e)
		}
	}
	return all
}

// Wait returns the first event of the name that ok accepts.
func (s *SMSC) Wait(tb testing.TB, name string, ok func(Event) bool) Event {
	tb.Helper()
	var found Event
	if !s.p.await(limit, func(lines []string) bool {
		for _, e := range events(tb, lines, name) {
			if ok(e) {
				found = e
				return true
			}
		}
		return false
	}) {
		tb.Fatalf("the centre had no such event: %s\n%s", name, s.p.tail())
	}
	return found
}

// WaitNth returns the n-th event of the name, counted from one.
func (s *SMSC) WaitNth(tb testing.TB, name string, n int) Event {
	tb.Helper()
	var all []Event
	if !s.p.await(limit, func(lines []string) bool {
		all = events(tb, lines, name)
		return len(all) >= n
	}) {
		tb.Fatalf("the centre had %d times %s, want %d\n%s", len(all), name, n, s.p.tail())
	}
	return all[n-1]
}

// root is the folder that holds go.mod, above the test's.
func root(tb testing.TB) string {
	tb.Helper()
	dir, err := os.Getwd()
	if err != nil {
		tb.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			tb.Fatal("no go.mod above the test's folder")
		}
		dir = parent
	}
}
