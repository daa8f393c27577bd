package httpx

import (
	"net/url"
	"slices"
	"strings"
)

// Origins are other sites that browsers may be sent to, each as browsers write an origin: scheme, host in lower case and, unless it
// is the scheme's own, port (RFC 6454 §6.2).
type Origins []string

// Has reports whether a scheme and a host, as in a Host header, are one of the sites.
func (o Origins) Has(scheme, host string) (origin string, ok bool) {
	host = strings.ToLower(host)
	switch scheme {
	case "https":
		host = strings.TrimSuffix(host, ":443")
	case "http":
		host = strings.TrimSuffix(host, ":80")
	}
	origin = scheme + "://" + host
	return origin, slices.Contains(o, origin)
}

// DoorPrefix begins the paths that are Sallyport's at the sites of other programs.
const DoorPrefix = "/.sallyport/"

// SitePath says whether s may be gone to at another site: behind the site's name, so that no s leads elsewhere, yet nothing that
// could be read as a host of its own either, in case somebody down the line leaves the name away. Programs write paths that this server
// never would, so this takes more than [ReturnTo]: any escapes and doubled slashes, say. It refuses dot segments, fragments, whatever
// a browser would escape, and Sallyport's own paths there, which lead back to the sign-in.
func SitePath(s string) (string, bool) {
	if s == "" || len(s) > maxPath || s[0] != '/' || strings.HasPrefix(s, "//") || strings.ContainsAny(s, "\\#\"<>") {
		return "", false
	}
	if strings.ContainsFunc(s, func(c rune) bool { return c <= ' ' || c >= 0x7f }) {
		return "", false
	}
	raw, _, _ := strings.Cut(s, "?")
	path, err := url.PathUnescape(raw)
	if err != nil || hasPrefixFold(path+"/", DoorPrefix) || strings.ContainsAny(path, "\\") {
		return "", false
	}
	for segment := range strings.SplitSeq(path, "/") {
		if segment == "." || segment == ".." {
			return "", false
		}
	}
	return s, true
}

func hasPrefixFold(s, prefix string) bool {
	return len(s) >= len(prefix) && strings.EqualFold(s[:len(prefix)], prefix)
}

// Split says whether an absolute address may be gone to, and takes it apart: one of the sites, written as it is listed, and behind it
// what [SitePath] takes; a site alone means its "/". Everything else is refused, however near it comes (B80).
func (o Origins) Split(address string) (origin, path string, ok bool) {
	for _, one := range o {
		rest, found := strings.CutPrefix(address, one)
		if !found {
			continue
		}
		if rest == "" {
			return one, "/", true
		}
		if path, ok := SitePath(rest); ok {
			return one, path, true
		}
	}
	return "", "", false
}

// OriginOf is the origin of an address of this server's own.
func OriginOf(u *url.URL) string {
	origin, _ := Origins{}.Has(u.Scheme, u.Host)
	return origin
}
