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
	if own := map[string]string{"https": ":443", "http": ":80"}[scheme]; own != "" {
		host = strings.TrimSuffix(host, own)
	}
	origin = scheme + "://" + host
	return origin, slices.Contains(o, origin)
}

// Split says whether an absolute address may be gone to, and takes it apart: one of the sites, written as it is listed, and behind it
// what [ReturnTo] takes; a site alone means its "/". Everything else is refused, however near it comes (B80).
func (o Origins) Split(address string) (origin, path string, ok bool) {
	for _, one := range o {
		rest, found := strings.CutPrefix(address, one)
		if !found {
			continue
		}
		if rest == "" {
			return one, "/", true
		}
		if path, ok := ReturnTo(rest); ok {
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
