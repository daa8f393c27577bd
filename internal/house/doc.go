// Package house holds the rules that the whole tree keeps, as tests; it has no code of its own
// and nothing imports it.
//
// A rule stands here when a reviewer would otherwise have to remember it: which package may
// import which, which modules may be used and why, where SQL, HTTP and the clock may appear,
// how long a file may grow. Each rule reads the real tree (through `go list` and the syntax
// trees), so a new package, module or file is held to it from its first commit. A rule that
// stands in the way of something better is changed here, with a decision record in docs/adr
// that says why; it is never worked round.
//
// Comparisons of secrets are the one rule that goes by names, not by types: it finds the
// careless == and can't find the devious one. Where a name only sounds secret, the line says
// "// public:" and why.
package house
