package api

import (
	"slices"
	"strconv"
	"strings"
)

// OfWork reports whether the code stands in fromWork for this call; all others are of the nature of many calls.
func OfWork(id, status, name string) bool {
	return slices.ContainsFunc(fromWork, func(c code) bool {
		return c.name == name && strconv.Itoa(c.status) == status && slices.Contains(strings.Fields(c.calls), id)
	})
}
