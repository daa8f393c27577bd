package config

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/token"

	"sallyport/internal/httpx"
)

// maxFile bounds the settings file and each secret file, in bytes.
const maxFile = 1 << 20

// Load reads the file at path, if path is not empty, and environ ("NAME=value", as
// os.Environ gives it) over it, both over [Default]. If path is empty,
// SALLYPORT_CONFIG may name the file. All that is wrong comes back at once as
// [Problems]; the Config is then of no use.
func Load(path string, environ []string) (Config, error) {
	l := loader{config: Default(), source: map[string]string{}}
	l.config.PublicURL = nil
	env := variables(environ)
	if path == "" {
		path = env["SALLYPORT_CONFIG"]
	}
	if path != "" {
		text, err := readSmall(path)
		if err != nil {
			l.add(path, "the settings file cannot be read: "+reason(err), "check its name and who may read it")
		} else {
			l.file(path, text)
		}
	}
	l.environment(env)
	l.together()
	if len(l.problems) > 0 {
		return Config{}, l.problems
	}
	return l.config, nil
}

type loader struct {
	config   Config
	source   map[string]string         // key → where its value came from
	name     string                    // of the file
	seen     map[string]token.Position // every key of the file so far
	halfRead bool                      // sms_gateway has problems that were noted
	problems Problems
}

func (l *loader) add(where, what, instead string) {
	l.problems = append(l.problems, Problem{Where: where, What: what, Instead: instead})
}

// set gives a field its values and notes what is wrong with them.
func (l *loader) set(f field, where string, values []string) {
	l.source[f.key] = where
	err := f.set(&l.config, values)
	var one *badValue
	var many badValues
	switch {
	case err == nil:
		return
	case errors.As(err, &one):
		many = badValues{one}
	case !errors.As(err, &many):
		many = badValues{{what: "is wrong"}}
	}
	for _, b := range many {
		l.add(where, f.key+" "+b.what, b.instead)
	}
}

// together checks what no field can see alone, and fills in what follows from others.
func (l *loader) together() {
	l.knowDefaultPlan()
	l.knowPublicURL()
	l.knowGateway()
	l.knowPasskeys()
}

// knowPublicURL fills in what follows from the address to listen on.
func (l *loader) knowPublicURL() {
	if l.config.PublicURL != nil {
		return
	}
	if _, given := l.source["public_url"]; given {
		return // given and wrong: said already
	}
	l.config.PublicURL = LocalURL(l.config.Listen)
	host, _, err := net.SplitHostPort(l.config.Listen)
	if err == nil && !httpx.IsLoopback(host) {
		l.add(l.source["listen"], "listen is open to other machines, but public_url is not set",
			"set public_url to the https address that browsers see")
	}
}

// ofClients are the variables of commands that call a running server, which may stand in the same environment.
var ofClients = []string{
	"SALLYPORT_SERVER", "SALLYPORT_API_KEY", "SALLYPORT_API_KEY_FILE", "SALLYPORT_API_SECRET_FILE", "SALLYPORT_SIGNING_KEY_FILE",
}

// variables keeps the SALLYPORT_ part of the environment, without what is not meant for
// the server: the variables of this project's own tests, those of commands that call a
// server, and those Kubernetes makes up for a Service named "sallyport".
func variables(environ []string) map[string]string {
	env := map[string]string{}
	for _, entry := range environ {
		name, value, ok := strings.Cut(entry, "=")
		if !ok || !strings.HasPrefix(name, "SALLYPORT_") {
			continue
		}
		tests := strings.HasPrefix(name, "SALLYPORT_TEST_") || name == "SALLYPORT_SOAK" || name == "SALLYPORT_DUMP_PAGES"
		cluster := name == "SALLYPORT_PORT" || strings.HasPrefix(name, "SALLYPORT_PORT_") ||
			name == "SALLYPORT_SERVICE_HOST" || strings.HasPrefix(name, "SALLYPORT_SERVICE_PORT")
		if !tests && !cluster && !slices.Contains(ofClients, name) {
			env[name] = value
		}
	}
	return env
}

// environment lays the variables over the file. NAME_FILE names a file that holds the
// value of a secret setting, as container platforms mount them.
func (l *loader) environment(env map[string]string) {
	taken := map[string]bool{"SALLYPORT_CONFIG": true}
	known := []string{"SALLYPORT_CONFIG"}
	for _, f := range fields {
		if f.walk != nil { // what has parts of its own fits no variable
			continue
		}
		name, fileName := f.variable(), f.variable()+"_FILE"
		value, given := env[name]
		taken[name], known = true, append(known, name)
		if f.secret {
			taken[fileName], known = true, append(known, fileName)
			path, fromFile := env[fileName]
			switch {
			case fromFile && given:
				l.add(name, "is set, and so is "+fileName, "set one of the two")
				continue
			case fromFile:
				text, err := readSmall(path)
				if err != nil {
					l.add(fileName, "its file cannot be read: "+reason(err), "check its name and who may read it")
					continue
				}
				value, given, name = strings.TrimRight(string(text), "\r\n"), true, fileName
			}
		}
		if !given {
			continue
		}
		values := []string{value}
		if f.list {
			values = slices.DeleteFunc(strings.FieldsFunc(value, func(c rune) bool { return strings.ContainsRune(", \r\n", c) }),
				func(v string) bool { return v == "" })
		}
		l.set(f, name, values)
	}
	var unknown []string
	for name := range env {
		if !taken[name] {
			unknown = append(unknown, name)
		}
	}
	slices.Sort(unknown)
	for _, name := range unknown {
		if key := inFileOnly(name); key != "" {
			l.add(name, key+" has no variables", "write it in the settings file, below "+key+":")
			continue
		}
		l.add(name, "there is no such setting", suggest(name, known))
	}
}

// inFileOnly is the setting with parts of its own that a variable is meant for; "" if it is none.
func inFileOnly(name string) string {
	for _, f := range fields {
		if f.walk != nil && (name == f.variable() || strings.HasPrefix(name, f.variable()+"_")) {
			return f.key
		}
	}
	return ""
}

func suggest(name string, known []string) string {
	if near := Nearest(name, known); near != "" {
		return fmt.Sprintf("did you mean %s?", near)
	}
	return "remove it; the settings are " + strings.Join(known, ", ")
}

// readSmall reads a file of at most maxFile bytes; a device or pipe cannot feed it more.
func readSmall(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close() //nolint:errcheck // only read
	text, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err == nil && len(text) > maxFile {
		err = errors.New("it is larger than 1 MiB")
	}
	return text, err
}

// reason drops the path from a file error: it is named already.
func reason(err error) string {
	var p *os.PathError
	if errors.As(err, &p) {
		return p.Err.Error()
	}
	return err.Error()
}
