package web

import (
	"go/ast"
	"go/parser"
	"go/token"
	"html"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"sallyport/internal/audit"
	"sallyport/internal/texts"
	"sallyport/internal/user"
)

// actionsDeclared reads from package audit's own text every action that it declares.
func actionsDeclared(t *testing.T) (all []audit.Action) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("..", "audit", "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			spec, ok := n.(*ast.ValueSpec)
			if !ok {
				return true
			}
			if kind, named := spec.Type.(*ast.Ident); named && kind.Name == "Action" && len(spec.Values) == 1 {
				value, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
				if err != nil {
					t.Fatal(err)
				}
				all = append(all, audit.Action(value))
			}
			return true
		})
	}
	if len(all) < 30 {
		t.Fatalf("only %d actions found", len(all))
	}
	return all
}

// TestEveryActionHasWords, in each language: what it is called in the list, and what it says in the log.
func TestEveryActionHasWords(t *testing.T) {
	declared := map[string]bool{}
	for _, a := range actionsDeclared(t) {
		declared[string(a)] = true
		for _, l := range texts.Languages() {
			for _, key := range []string{"audit.action." + string(a), "audit.says." + string(a)} {
				if texts.In(l)[key] == "" {
					t.Errorf("%s has no text %q", l, key)
				}
			}
		}
	}
	for _, l := range texts.Languages() {
		for key := range texts.In(l) {
			name, of := strings.CutPrefix(key, "audit.action.")
			if !of {
				name, of = strings.CutPrefix(strings.TrimSuffix(key, ".self"), "audit.says.")
			}
			if of && !declared[name] {
				t.Errorf("%s has the text %s, but there is no such action", l, key)
			}
		}
	}
}

// TestSentences: a sentence has its people, its details, and never an open place, whatever is missing.
func TestSentences(t *testing.T) {
	says := func(l texts.Language, e audit.Event) string {
		t.Helper()
		words, err := saysEvent(texts.In(l), e, auditPeople)
		if err != nil {
			t.Fatalf("%s in %s: %v", e.Action, l, err)
		}
		return html.UnescapeString(strings.NewReplacer("<bdi>", "", "</bdi>", "").Replace(string(words)))
	}
	someone := audit.Actor{Kind: audit.KindUser}
	for _, c := range []struct {
		e               audit.Event
		english, german string
	}{
		{audit.Event{Action: audit.UserReset, Actor: someone.As("usr_alan"), Person: "usr_grace"}, "Alan Turing reset the second factor of grace@acme.test", "Alan Turing hat den zweiten Faktor von grace@acme.test zurückgesetzt"},
		{audit.Event{Action: audit.UserPasswordChanged, Actor: someone.As("usr_ada"), Person: "usr_ada"}, "Ada Lovelace changed their own password", "Ada Lovelace hat das eigene Passwort geändert"},
		{audit.Event{Action: audit.UserPasswordChanged, Actor: audit.Operator(), Person: "usr_ada"}, "Whoever runs the server changed the password of Ada Lovelace", "Der Betrieb des Servers hat das Passwort von Ada Lovelace geändert"},
		{audit.Event{Action: audit.UserLocked, Actor: someone.As("usr_gone"), Person: "usr_evil"}, "usr_gone locked =<b>Eve</b> \u202eevil", "usr_gone hat =<b>Eve</b> \u202eevil gesperrt"},
		{audit.Event{Action: audit.PasswordRefused, Actor: audit.Actor{Kind: audit.KindNobody}}, "A wrong password was entered for somebody unknown", "Für jemand Unbekanntes wurde ein falsches Passwort eingegeben"},
		{audit.Event{Action: audit.FactorRenamed, Actor: someone.As("usr_ada"), Person: "usr_ada", Detail: map[string]string{"from": "{to}", "to": "Phone"}}, "Ada Lovelace renamed the device {to} to Phone", "Ada Lovelace hat das Gerät {to} in Phone umbenannt"},
		{audit.Event{Action: audit.UserRoleChanged, Actor: someone.As("usr_ada"), Person: "usr_grace", Detail: map[string]string{"from": "member", "to": "admin"}}, "Ada Lovelace changed the role of grace@acme.test from Member to Administrator", "Ada Lovelace hat die Rolle von grace@acme.test geändert, von Mitglied auf Administrator/in"},
		{audit.Event{Action: audit.FactorRenamed, Actor: someone.As("usr_ada"), Person: "usr_ada", Detail: map[string]string{"from": "member", "to": "Phone"}}, "Ada Lovelace renamed the device member to Phone", "Ada Lovelace hat das Gerät member in Phone umbenannt"},
		{audit.Event{Action: audit.SignedIn, Actor: someone.As("usr_ada"), Person: "usr_ada", Detail: map[string]string{"method": "sms"}}, "Ada Lovelace signed in: text message", "Ada Lovelace hat sich angemeldet: SMS"},
		{audit.Event{Action: audit.DoorEntered, Actor: someone.As("usr_ada"), Person: "usr_ada", Detail: map[string]string{"origin": "https://app.example.com"}}, "Ada Lovelace entered https://app.example.com", "Ada Lovelace hat https://app.example.com betreten"},
		{audit.Event{Action: "later.invented", Actor: someone.As("usr_ada"), Person: "usr_alan"}, "Ada Lovelace: later.invented, Alan Turing", "Ada Lovelace: later.invented, Alan Turing"},
		{audit.Event{Action: "later.invented", Actor: audit.Operator()}, "Whoever runs the server: later.invented", "Der Betrieb des Servers: later.invented"},
	} {
		if got := says(texts.English, c.e); got != c.english {
			t.Errorf("%s says %q, want %q", c.e.Action, got, c.english)
		}
		if got := says(texts.German, c.e); got != c.german {
			t.Errorf("%s says %q, want %q", c.e.Action, got, c.german)
		}
	}
	for _, a := range append(actionsDeclared(t), "later.invented", "") {
		for _, l := range texts.Languages() {
			for _, e := range []audit.Event{{Action: a}, {Action: a, Actor: someone.As("usr_ada"), Person: "usr_ada"}, {Action: a, Actor: audit.Operator(), Person: "usr_grace"}} {
				if words := says(l, e); words == "" || strings.ContainsAny(words, "{}") {
					t.Errorf("%s in %s says %q", a, l, words)
				}
			}
		}
	}
	if words, err := saysEvent(texts.In(texts.English), audit.Event{Action: audit.UserLocked, Actor: someone.As("usr_ada"), Person: "x"}, map[string]user.Name{"x": {Name: "<script>"}}); err != nil || strings.Contains(string(words), "<script>") {
		t.Errorf("%s, %v", words, err)
	}
}
