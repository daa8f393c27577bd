package httpx

import (
	"net/url"
	"path"
	"strings"
)

const (
	// maxReturn leaves room for a question of the door with an address of maxPath in it, behind the page that asks for a sign-in first;
	// it is half of what proxies take for a request's first line.
	maxReturn = 4096 // bytes
	maxPath   = 2000 // bytes of a path at another site
)

// ReturnTo says whether s may be gone to after a sign-in: a path of this site, and
// nothing a browser or a proxy could read as anything else (B80). It accepts "/", a
// clean path of printable ASCII, and a query; it refuses everything with a scheme or
// host, backslashes, doubled slashes, dot segments, blanks and control characters,
// escapes of any of these, and fragments. It gives s back unchanged, or "" and false.
func ReturnTo(s string) (string, bool) {
	if s == "" || len(s) > maxReturn || s[0] != '/' {
		return "", false
	}
	for i := range len(s) {
		if c := s[i]; c <= ' ' || c >= 0x7f || c == '\\' || c == '#' || c == '"' || c == '<' || c == '>' {
			return "", false
		}
	}
	u, err := url.Parse(s)
	if err != nil || u.Scheme != "" || u.Opaque != "" || u.Host != "" || u.User != nil || u.Fragment != "" {
		return "", false
	}
	// Escapes are decoded once here; something down the line may decode twice, so an
	// escaped per cent sign is refused as well.
	if strings.ContainsAny(u.Path, "\\%;") || hasControl(u.Path) || strings.Contains(strings.ToLower(u.EscapedPath()), "%2f") {
		return "", false
	}
	if path.Clean(u.Path) != u.Path && path.Clean(u.Path)+"/" != u.Path {
		return "", false
	}
	query, err := url.QueryUnescape(u.RawQuery)
	if err != nil || strings.Contains(query, "\\") || hasControl(query) {
		return "", false
	}
	return s, true
}

func hasControl(s string) bool {
	return strings.ContainsFunc(s, func(c rune) bool { return c < ' ' || c >= 0x7f })
}
