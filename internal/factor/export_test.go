package factor

// Load is load, for tests that act on rows which are no longer true.
var Load = load
