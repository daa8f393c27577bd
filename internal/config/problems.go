package config

import "strings"

// Problem is one thing that is wrong with the settings.
type Problem struct {
	Where   string // "sallyport.yaml:12", or the variable's name
	What    string // "listen is \"8080\""
	Instead string // what to write instead; may be empty
}

// String is one line: where, what, and what to do.
func (p Problem) String() string {
	s := p.Where + ": " + p.What
	if p.Instead != "" {
		s += "; " + p.Instead
	}
	return s
}

// Problems is everything that is wrong, in the order of the file, then of the
// environment. It is the error [Load] returns.
type Problems []Problem

// Error gives one problem a line.
func (ps Problems) Error() string {
	lines := make([]string, len(ps))
	for i, p := range ps {
		lines[i] = p.String()
	}
	return strings.Join(lines, "\n")
}

// Nearest gives the known name most like a misspelt one, or "" if none is near: at most
// a third of its letters wrong, not counting what every name begins with.
func Nearest(name string, known []string) string {
	own := func(s string) string { return strings.TrimPrefix(strings.ToLower(s), "sallyport_") }
	best, least := "", len(own(name))/3+1
	for _, k := range known {
		if d := distance(own(name), own(k)); d < least {
			best, least = k, d
		}
	}
	return best
}

// distance counts the letters to insert, delete, replace or swap with a neighbour
// (optimal string alignment).
func distance(a, b string) int {
	if len(a) > 64 || len(b) > 64 {
		return len(a) + len(b) // too long to be a misspelt name
	}
	var before, last, row [65]int
	for j := range len(b) + 1 {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last = last, row
	}
	return last[len(b)]
}
