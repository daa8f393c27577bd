// Package acceptance walks the demand row by row: the help pages of five products, 88 rows in all, each shown to hold.
//
// There is one suite a product. It sets by REST the policy that makes an account behave as that product does, and then walks
// each row by REST and through the pages: on SQLite in Chromium, with zbarimg for the phone's camera and oathtool
// for its app, on PostgreSQL by sending the pages' forms. Where a row is about something else than signing in, the window takes over a session begun by the forms. A row has a server's people of its own, so `go test -run 'TestCluvio/.*/C10'` walks it alone.
//
// docs/requirements.md is written from the run (`make requirements`). A run of everything fails if a row has no test that
// passed on both engines, or if that file says anything else than the run.
package acceptance
