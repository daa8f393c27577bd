package config

import (
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"sallyport/internal/httpx"
	"sallyport/internal/user"
)

// parsePublicURL demands https, except for this machine's own names: codes and cookies
// must not cross a network in clear. Everything but scheme and host is refused, because
// the pages live at the root.
func parsePublicURL(v string) (*url.URL, error) {
	const form = "write the address browsers see, for example https://login.example.com"
	u, err := url.Parse(v)
	if err != nil {
		return nil, bad("is no URL", form)
	}
	switch {
	case u.User != nil:
		return nil, bad("holds a user name or password", form)
	case u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" || u.Opaque != "":
		return nil, bad(fmt.Sprintf("is %q", v), form)
	case u.Path != "" && u.Path != "/" || u.RawQuery != "" || u.ForceQuery || u.Fragment != "" || strings.HasSuffix(v, "#"):
		return nil, bad(fmt.Sprintf("is %q, which has more than scheme and host", v), form)
	case u.Scheme == "http" && !httpx.IsLoopback(u.Hostname()):
		return nil, bad(fmt.Sprintf("is %q, which is not encrypted", v), "write https://…; http is for localhost only")
	case strings.ContainsFunc(u.Host, func(c rune) bool { return c <= ' ' || c >= 0x7f || strings.ContainsRune("*\\,;'\"", c) }):
		return nil, bad(fmt.Sprintf("is %q", v), "write the host in ASCII (an international name in its xn-- form)")
	case strings.HasSuffix(u.Host, ":"):
		return nil, bad(fmt.Sprintf("is %q, with an empty port", v), form)
	}
	if port := u.Port(); port != "" {
		if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
			return nil, bad(fmt.Sprintf("has the port %q", port), "write a port from 1 to 65535, or none")
		}
	}
	return &url.URL{Scheme: u.Scheme, Host: strings.ToLower(u.Host)}, nil
}

// setDatabase checks the form only; opening it is the database's business. The value is
// never repeated, since it may hold a password.
func setDatabase(c *Config, v string) error {
	const form = "write sqlite:PATH or postgres://user@host/name"
	if path, ok := strings.CutPrefix(v, "sqlite:"); ok {
		if path == "" || strings.ContainsRune(path, 0) {
			return bad("names no file", "write sqlite: and a path, for example sqlite:sallyport.db")
		}
		c.Database = DSN(v)
		return nil
	}
	scheme, _, _ := strings.Cut(v, ":")
	if scheme != "postgres" && scheme != "postgresql" {
		return bad("names no database engine", form)
	}
	u, err := url.Parse(v)
	if err != nil || !strings.HasPrefix(v, scheme+"://") || strings.ContainsFunc(v, func(c rune) bool { return c <= ' ' || c == 0x7f }) {
		return bad("is no URL", form+"; a blank or sign in the password is written as %20, %40 and so on")
	}
	if strings.Trim(u.Path, "/") == "" && u.Query().Get("dbname") == "" {
		return bad("names no database", form)
	}
	c.Database = DSN(v)
	return nil
}

func setBrandName(c *Config, v string) error {
	if utf8.RuneCountInString(v) > 40 || !utf8.ValidString(v) || strings.TrimSpace(v) != v ||
		strings.ContainsFunc(v, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return bad("is too long or holds signs that cannot be shown", "write at most 40 letters, digits, blanks and signs")
	}
	c.Brand.Name = v
	return nil
}

// setSupportAddress takes nothing too: then no page names an address.
func setSupportAddress(c *Config, values []string) error {
	c.SupportAddress = ""
	v := strings.Join(values, "")
	if v == "" {
		return nil
	}
	address, err := user.CanonicalEmail(v)
	if err != nil {
		return bad(fmt.Sprintf("is %q", v), "write an e-mail address, for example support@example.com")
	}
	c.SupportAddress = address
	return nil
}
