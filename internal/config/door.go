package config

import (
	"fmt"
	"net/url"
	"slices"
	"strings"

	"sallyport/internal/httpx"
)

func setDoorOrigins(c *Config, values []string) error {
	all, err := DoorOrigins(values)
	if err != nil {
		return err
	}
	c.DoorOrigins = all
	return nil
}

// DoorOrigins reads where the programs are that the door stands in front of, each as browsers name it.
func DoorOrigins(values []string) (all httpx.Origins, err error) {
	var wrong badValues
	for _, v := range values {
		u, err := parsePublicURL(v)
		if err != nil && isLocalName(v) { // browsers take *.localhost for this machine (RFC 6761 §6.3), so plain http is safe there
			u, err = parsePublicURL(strings.Replace(v, "http://", "https://", 1))
			if err == nil {
				u.Scheme = "http"
			}
		}
		if err != nil {
			wrong = append(wrong, &badValue{fmt.Sprintf("has %.100q, which is no site", v), "write https:// and a host, for example https://app.example.com"})
		} else if one := httpx.OriginOf(u); !slices.Contains(all, one) {
			all = append(all, one)
		}
	}
	if len(wrong) > 0 {
		return nil, wrong
	}
	return all, nil
}

// isLocalName reports whether v is a plain address of a name that can only mean this machine.
func isLocalName(v string) bool {
	u, err := url.Parse(v)
	return err == nil && u.Scheme == "http" && strings.HasSuffix(strings.ToLower(u.Hostname()), ".localhost")
}
