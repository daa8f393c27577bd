package api

// fromWork are the errors that only some calls can give.
var fromWork = []code{}
