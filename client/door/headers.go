package door

import (
	"net/http"
	"strings"
)

// stripped are the headers of a request as the program may see them.
func stripped(came http.Header) http.Header {
	h := make(http.Header, len(came))
	for name, values := range came {
		switch plain := strings.ToLower(strings.ReplaceAll(name, "_", "-")); {
		case strings.HasPrefix(plain, "remote-"), plain == "sallyport-assertion": // only the door says who somebody is
		case plain == "authorization", plain == "sallyport-otp": // would open Sallyport's own interface
		case plain == "cookie":
			for _, line := range values {
				if rest := withoutOurs(line); rest != "" {
					h[name] = append(h[name], rest)
				}
			}
		default:
			h[name] = values
		}
	}
	return h
}

// withoutOurs is a Cookie header without the cookies of Sallyport.
func withoutOurs(line string) string {
	var kept []string
	for one := range strings.SplitSeq(line, ";") {
		if one = strings.TrimSpace(one); one != "" && !strings.HasPrefix(one, "__Host-sallyport-") {
			kept = append(kept, one)
		}
	}
	return strings.Join(kept, "; ")
}
