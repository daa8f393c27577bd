// Package eximtest runs a real mail server for tests: Debian's Exim with a configuration, certificate and
// mailbox of its own, on loopback.
//
//	x := eximtest.Start(t, eximtest.Options{})
//	// send through x.URL("no-reply@" + x.Domain), trusting x.Roots or the file x.CAFile
//	mails := x.Wait(t, "ada", 1)
//
// It takes mail for every local part at Domain, from those who signed in, over TLS. Local parts that begin with
// "unknown" do not exist: it refuses them for good. Without Exim the test is skipped, or, when
// SALLYPORT_TEST_ENGINES is "all", fails: CI sets it.
package eximtest

import (
	"bufio"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"sallyport/internal/porttest"
)

// Options of a server.
type Options struct {
	Greylist bool // the first attempt at each recipient is answered 451, later ones are taken
}

// Exim is a running server. It ends with the test.
type Exim struct {
	Host           string // 127.0.0.1; the certificate is for localhost too
	Port           int    // begins in clear text and offers STARTTLS
	TLSPort        int    // TLS from the first byte
	User, Password string
	Domain         string // which it takes mail for
	Roots          *x509.CertPool
	CAFile         string // the same as PEM

	bin  string
	dir  string
	attr *syscall.SysProcAttr
	hold io.WriteCloser // while it is open the server lives
	done chan error
	pid  int // of its process group
}

// URL is the STARTTLS port with user and password, and from as the sender.
func (x *Exim) URL(from string) string { return x.url("smtp", x.Port, from) }

// TLSURL is the same for the TLS port.
func (x *Exim) TLSURL(from string) string { return x.url("smtps", x.TLSPort, from) }

func (x *Exim) url(scheme string, port int, from string) string {
	u := url.URL{Scheme: scheme, User: url.UserPassword(x.User, x.Password), Host: net.JoinHostPort(x.Host, strconv.Itoa(port)), RawQuery: url.Values{"from": {from}}.Encode()}
	return u.String()
}

// Start runs a server until the end of the test.
func Start(t testing.TB, opt Options) *Exim {
	t.Helper()
	bin, err := findBinary()
	if err != nil {
		if os.Getenv("SALLYPORT_TEST_ENGINES") == "all" {
			t.Fatalf("SALLYPORT_TEST_ENGINES=all, but there is no Exim: %v", err)
		}
		t.Skipf("no Exim here (%v); install exim4-daemon-light to run this test", err)
	}
	x := &Exim{Host: "127.0.0.1", User: "postmaster", Password: rand.Text(), Domain: "mail.test", bin: bin}
	if err := x.prepare(t, opt); err != nil {
		t.Fatalf("prepare Exim: %v", err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("Exim's log:\n%s", x.Log())
		}
		x.Stop(t)
		if err := os.RemoveAll(x.dir); err != nil {
			t.Errorf("remove Exim's files: %v", err)
		}
	})
	x.Restart(t)
	return x
}

// Restart starts the server again after Stop, at the same ports and with the mails it has.
func (x *Exim) Restart(t testing.TB) {
	t.Helper()
	if err := x.run(); err != nil {
		t.Fatalf("start Exim: %v\n%s", err, x.Log())
	}
}

// Stop ends the server and leaves its files. Then its ports refuse connections.
func (x *Exim) Stop(t testing.TB) {
	t.Helper()
	if x.hold == nil {
		return
	}
	_, err := io.WriteString(x.hold, "keep\n")
	if err := errors.Join(err, x.hold.Close()); err != nil {
		t.Errorf("stop Exim: %v", err)
	}
	<-x.done // its exit code says only that it was told to
	x.hold = nil
	// The daemon is gone, but not who still delivers or waits for a client. The former get a moment; the queue shows them.
	for range 100 {
		if queue, err := filepath.Glob(filepath.Join(x.dir, "input", "*")); err != nil || len(queue) == 0 {
			break
		}
		time.Sleep(20 * time.Millisecond)
	}
	_ = syscall.Kill(-x.pid, syscall.SIGKILL) // mostly there is nobody left
}

// Log is what Exim wrote to its logs.
func (x *Exim) Log() string {
	var all strings.Builder
	for _, name := range []string{"output", "mainlog", "rejectlog", "paniclog"} {
		if text, err := os.ReadFile(filepath.Join(x.dir, name)); err == nil && len(text) > 0 {
			fmt.Fprintf(&all, "%s:\n%s", name, text)
		}
	}
	return all.String()
}

// prepare writes all that Exim needs into a folder of its own. A test's own folder would not do: it is closed to
// the user that Exim runs as if the tests run as root.
func (x *Exim) prepare(t testing.TB, opt Options) error {
	x.attr = &syscall.SysProcAttr{Setpgid: true} // an interrupt at the terminal must not hit the server before the tests are done
	uid, gid := os.Getuid(), os.Getgid()
	if uid == 0 {
		// Exim delivers nothing as root.
		u, err := user.Lookup("Debian-exim")
		if err != nil {
			return err
		}
		if uid, err = strconv.Atoi(u.Uid); err != nil {
			return err
		}
		if gid, err = strconv.Atoi(u.Gid); err != nil {
			return err
		}
		x.attr.Credential = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
	}
	ports, err := porttest.Pick(2)
	if err != nil {
		return err
	}
	x.Port, x.TLSPort = int(ports[0].Port()), int(ports[1].Port())
	if x.dir, err = os.MkdirTemp("", "sallyport-exim-"); err != nil {
		return err
	}
	cert, roots := Certify(t, x.Host, "localhost")
	key, err := x509.MarshalPKCS8PrivateKey(cert.PrivateKey)
	if err != nil {
		return err
	}
	x.Roots, x.CAFile = roots, filepath.Join(x.dir, "ca.pem")
	block := func(kind string, raw []byte) string {
		return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: raw}))
	}
	files := map[string]string{
		"ca.pem":    block("CERTIFICATE", cert.Certificate[1]),
		"cert.pem":  block("CERTIFICATE", cert.Certificate[0]),
		"key.pem":   block("PRIVATE KEY", key),
		"exim.conf": x.config(opt, uid, gid),
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(x.dir, name), []byte(text), 0o600); err != nil {
			return err
		}
		if err := os.Chown(filepath.Join(x.dir, name), uid, gid); err != nil {
			return err
		}
	}
	return os.Chown(x.dir, uid, gid)
}

// config is Exim's. All mail goes into one Maildir, because Exim makes no path of what a stranger gave it; the
// header Envelope-to tells whose it is.
func (x *Exim) config(opt Options, uid, gid int) string {
	grey := ""
	if opt.Greylist {
		// True from the second time on within an hour; so, negated, the first time.
		grey = "  defer message = Greylisted, try again later\n" +
			"        !ratelimit = 1.1 / 1h / strict / per_cmd / $local_part@$domain\n"
	}
	return strings.NewReplacer(
		"@dir@", x.dir, "@port@", strconv.Itoa(x.Port), "@tls@", strconv.Itoa(x.TLSPort), "@uid@", strconv.Itoa(uid), "@gid@", strconv.Itoa(gid),
		"@user@", x.User, "@password@", x.Password, "@domain@", x.Domain, "@grey@", grey,
	).Replace(configuration)
}

const configuration = `
exim_user = @uid@
exim_group = @gid@
deliver_drop_privilege = true
primary_hostname = @domain@
qualify_domain = @domain@
spool_directory = @dir@
log_file_path = @dir@/%slog
pid_file_path = @dir@/pid
local_interfaces = 127.0.0.1
daemon_smtp_ports = @port@ : @tls@
tls_on_connect_ports = @tls@
daemon_startup_retries = 0
tls_advertise_hosts = *
tls_certificate = @dir@/cert.pem
tls_privatekey = @dir@/key.pem
auth_advertise_hosts = ${if eq{$tls_in_cipher}{}{}{*}}
acl_smtp_rcpt = rcpt
acl_smtp_data = accept
host_lookup =
rfc1413_query_timeout = 0s
smtp_accept_max = 0
keep_environment =
message_size_limit = 1M

begin acl
rcpt:
  deny  message = Sign in first
        !authenticated = *
  deny  message = We deliver at home only
        domains = !@domain@
  deny  message = No such person here
        local_parts = ^(?i)unknown
@grey@  accept

begin routers
all:
  driver = accept
  transport = box

begin transports
box:
  driver = appendfile
  directory = @dir@/box
  maildir_format
  envelope_to_add
  return_path_add
  user = @uid@
  group = @gid@

begin authenticators
plain:
  driver = plaintext
  public_name = PLAIN
  server_condition = ${if and{{eq{$auth2}{@user@}}{eq{$auth3}{@password@}}}}
  server_set_id = $auth2
login:
  driver = plaintext
  public_name = LOGIN
  server_prompts = Username:: : Password::
  server_condition = ${if and{{eq{$auth1}{@user@}}{eq{$auth2}{@password@}}}}
  server_set_id = $auth1
`

// supervise starts the server and lives until its standard input ends, which is when Stop is called or the test
// process dies, even by SIGKILL; then it stops the server and, in the second case, removes the files.
const supervise = `
"$1" -bdf -C "$2/exim.conf" &
pid=$!
while read -r word; do keep=$word; done
kill -TERM $pid
wait $pid
if [ -z "$keep" ]; then
	trap '' TERM
	kill -TERM 0 # who still delivers would make the folder again
	sleep 1
	rm -rf "$2"
fi
`

func (x *Exim) run() error {
	log, err := os.OpenFile(filepath.Join(x.dir, "output"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	defer func() { _ = log.Close() }() // the child has its own copy
	sh := exec.Command("/bin/sh", "-c", supervise, "supervise", x.bin, x.dir)
	sh.Dir, sh.SysProcAttr, sh.Stdout, sh.Stderr = x.dir, x.attr, log, log
	hold, err := sh.StdinPipe()
	if err != nil {
		return err
	}
	if err := sh.Start(); err != nil {
		return err
	}
	done := make(chan error, 1)
	x.hold, x.done, x.pid = hold, done, sh.Process.Pid
	go func() { done <- sh.Wait() }()
	// It listens on both ports before it answers on one.
	for end := time.Now().Add(time.Minute); ; time.Sleep(20 * time.Millisecond) {
		err := x.greets()
		if err == nil {
			return nil
		}
		if time.Now().After(end) {
			return err
		}
	}
}

// greets says whether the server answers.
func (x *Exim) greets() error {
	c, err := net.Dial("tcp", net.JoinHostPort(x.Host, strconv.Itoa(x.Port)))
	if err != nil {
		return err
	}
	defer func() { _ = c.Close() }() // only looked at
	if err := c.SetDeadline(time.Now().Add(time.Minute)); err != nil {
		return err
	}
	line, err := bufio.NewReader(c).ReadString('\n')
	if err == nil && !strings.HasPrefix(line, "220 ") {
		err = fmt.Errorf("it says %q", line)
	}
	return err
}

// findBinary looks along PATH, then where Debian keeps it, which is not in everybody's PATH.
func findBinary() (string, error) {
	for _, name := range []string{"exim4", "/usr/sbin/exim4", "exim", "/usr/sbin/exim"} {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", errors.New("no exim4 in PATH or /usr/sbin")
}
