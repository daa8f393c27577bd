// Package config reads Sallyport's settings: one YAML file, and over it the environment
// variables SALLYPORT_*, read once at start.
//
// A setting is one row of one table (fields.go); the file, the environment, the sample
// and the suggestions all come from it. Everything that is wrong is reported at once,
// each with its line or variable and what to write instead, and a server with a problem
// does not start (F26): an unknown key is a mistake, never ignored, since it may be the
// misspelt setting that was to make the server safe.
//
// Trust: the file and the environment belong to the operator. Even so, no message and no
// printed [Config] shows a value that may hold a password.
package config
