package httpx

import (
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
)

// header is a header with its canonical name and a value shared by all answers.
// Values are replaced, never appended to, so sharing the slice is safe.
type header struct {
	name  string
	value []string
}

// securityHeaders are on every answer of a surface, errors included (3.4). What only a browser that shows the answer
// would heed is left out where bare.
//
// Referrer-Policy is same-origin rather than no-referrer: other sites learn nothing
// either way, but no-referrer makes browsers send "Origin: null" with our own form
// posts, which the origin check could not tell from a stranger's where Sec-Fetch-Site
// is not sent.
func securityHeaders(public *url.URL, csp string, bare bool) []header {
	if csp == "" {
		csp = "default-src 'none'; frame-ancestors 'none'"
	}
	list := []header{
		{"Content-Security-Policy", []string{csp}},
		{"X-Content-Type-Options", []string{"nosniff"}},
		{"Cache-Control", []string{"no-store"}},
	}
	if public.Scheme == "https" {
		// Two years, with every name below this one (ASVS 3.4.1).
		list = append(list, header{"Strict-Transport-Security", []string{"max-age=63072000; includeSubDomains"}})
	}
	if !bare {
		list = append(list, pageHeaders...)
	}
	return list
}

// pageHeaders are for what a browser shows.
var pageHeaders = []header{
	{"X-Frame-Options", []string{"DENY"}},
	{"Referrer-Policy", []string{"same-origin"}},
	{"Permissions-Policy", []string{"accelerometer=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), magnetometer=(), microphone=(), midi=(), payment=(), usb=()"}},
	{"Cross-Origin-Opener-Policy", []string{"same-origin"}},
	{"Cross-Origin-Resource-Policy", []string{"same-origin"}},
}

// AsPage adds to an answer what every page has: to one of a Bare surface all of it. What the answer says itself stays.
func AsPage(h http.Header) {
	for _, page := range pageHeaders {
		if _, said := h[page.name]; !said {
			h[page.name] = page.value
		}
	}
}

// hosts is the set of Host values a surface answers to.
type hosts map[string]bool

// newHosts allows the hosts of the public URL and of the related ones, with and without their default port. A loopback
// public URL answers to every loopback name: no attacker can own one of them.
func newHosts(public *url.URL, related ...*url.URL) hosts {
	set := hosts{}
	names := []string{public.Hostname()}
	if IsLoopback(public.Hostname()) {
		names = append(names, "localhost", "127.0.0.1", "::1")
	}
	set.add(public, names...)
	for _, u := range related {
		set.add(u, u.Hostname())
	}
	return set
}

// add allows names at the port of a URL.
func (h hosts) add(u *url.URL, names ...string) {
	port, standard := u.Port(), map[string]string{"http": "80", "https": "443"}[u.Scheme]
	if port == "" {
		port = standard
	}
	for _, name := range names {
		h[strings.ToLower(net.JoinHostPort(name, port))] = true
		if port == standard {
			if strings.Contains(name, ":") {
				name = "[" + name + "]"
			}
			h[strings.ToLower(name)] = true
		}
	}
}

func (h hosts) allow(host string) bool { return h[host] || h[strings.ToLower(host)] }

// IsLoopback says whether a host name or address, without port, can only mean this machine.
func IsLoopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	addr, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return err == nil && addr.Unmap().IsLoopback()
}
