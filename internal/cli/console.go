package cli

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"text/tabwriter"

	"golang.org/x/term"
)

// secret reads a secret of the kind named from the first line of a file; "-" is the standard input.
func (s *session) secret(kind, file string) (string, error) {
	if file == "-" {
		return firstLine(kind, s.Stdin)
	}
	f, err := os.Open(file)
	if err != nil {
		return "", fmt.Errorf("the %s file cannot be read: %w", kind, err)
	}
	defer f.Close() //nolint:errcheck // only read
	return firstLine(kind, f)
}

// newPassword prompts twice on a terminal, or reads the first line of a file.
func (s *session) newPassword(file string) (string, error) {
	if file != "" {
		return s.secret("password", file)
	}
	in := int(s.Stdin.Fd())
	if !term.IsTerminal(in) {
		return "", usage{errors.New("there is no terminal to prompt on. Give the password with --password-file FILE, or --password-file - for the standard input")}
	}
	var typed [2]string
	for i, prompt := range []string{"New password: ", "Once more: "} {
		fmt.Fprint(s.Stderr, prompt)
		raw, err := term.ReadPassword(in)
		fmt.Fprintln(s.Stderr)
		if err != nil {
			return "", err
		}
		typed[i] = string(raw)
	}
	if typed[0] != typed[1] {
		return "", errors.New("the two passwords differ; nothing was changed")
	}
	return typed[0], nil
}

func firstLine(kind string, r io.Reader) (string, error) {
	line, err := bufio.NewReader(io.LimitReader(r, 4096)).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return "", err
	}
	line = strings.TrimRight(line, "\r\n")
	if line == "" {
		return "", fmt.Errorf("no %s was given", kind)
	}
	return line, nil
}

// progress shows how far long work is, on a terminal only.
type progress struct {
	out  *os.File
	what string
	tty  bool
	last int
}

func (s *session) progress(what string) *progress {
	return &progress{out: s.Stderr, what: what, tty: term.IsTerminal(int(s.Stderr.Fd())), last: -1}
}

func (p *progress) show(done, total int) {
	if !p.tty || total <= 0 {
		return
	}
	percent := done * 100 / total
	if percent != p.last {
		p.last = percent
		fmt.Fprintf(p.out, "\r%s … %d of %d (%d %%)", p.what, done, total, percent)
	}
}

func (p *progress) finish() {
	if p.tty && p.last >= 0 {
		fmt.Fprintln(p.out)
	}
}

// table is a list with a heading.
type table struct {
	head []string
	rows [][]string
}

func (t *table) add(cells ...string) { t.rows = append(t.rows, cells) }

// print writes the table, or what to say of an empty one.
func (t *table) print(w io.Writer, empty string) error {
	if len(t.rows) == 0 {
		_, err := fmt.Fprintln(w, empty)
		return err
	}
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, row := range append([][]string{t.head}, t.rows...) {
		fmt.Fprintln(tw, strings.TrimRight(strings.Join(row, "\t"), "\t"))
	}
	return tw.Flush()
}

// details writes an event's small facts in a fixed order.
func details(m map[string]string) string {
	var parts []string
	for _, k := range slices.Sorted(maps.Keys(m)) {
		parts = append(parts, k+"="+m[k])
	}
	return strings.Join(parts, " ")
}
