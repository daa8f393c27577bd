package api

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"fmt"
	"html/template"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"sallyport/internal/httpx"
)

// ReferencePath is where the reference for people is.
const ReferencePath = "/docs"

//go:embed reference.html
var referenceSource string

// reference is what the reference page shows: the document, in the order of the table.
type reference struct {
	Product, Icon, Address string
	Sheets                 []string
	Groups                 []*referenceGroup
	Codes                  []referenceCode
}

type referenceGroup struct {
	Name, Anchor string
	Calls        []referenceCall
}

type referenceCall struct {
	ID, Method, Path, Summary string
	Tells                     []template.HTML
	Parameters, Members       []referenceMember
	Request                   string
	Answers                   []referenceAnswer
	Refusals                  []code
}

type referenceMember struct {
	Name, Kind string
	Mark       string // whether it must be sent, or may be absent from an answer
	Says       template.HTML
}

type referenceAnswer struct {
	Status  string
	Members []referenceMember
	Example string
}

// referenceCode is a code, with the calls that can give it; none are named where all or most can.
type referenceCode struct {
	code
	Calls []string
}

// Reference builds the page at ReferencePath, of the same document as the interface publishes. Sheets and icon are addresses on this site.
// It is plain HTML without any script, and the same for everybody.
func (s *Server) Reference(sheets []string, icon string, proxies httpx.Proxies, log *slog.Logger, observe func(string, int, time.Duration)) (*httpx.Mux, error) {
	page, err := template.New("reference").Parse(referenceSource)
	if err != nil {
		return nil, err
	}
	body := sync.OnceValues(func() ([]byte, error) { // few servers are ever asked for it
		t := s.table()
		t.described()
		var b bytes.Buffer
		err := page.Execute(&b, t.reference(s.Product, icon, s.PublicURL.String(), sheets))
		return b.Bytes(), err
	})
	return httpx.NewMux([]httpx.Route{{
		Pattern: "GET " + ReferencePath, Level: httpx.Public, Handler: func(w http.ResponseWriter, _ *http.Request) error {
			shown, err := body()
			if err != nil {
				return err
			}
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			_, err = w.Write(shown)
			return err
		},
	}}, nil, httpx.Options{
		Surface: "docs", PublicURL: s.PublicURL, Proxies: proxies, Render: httpx.Problem, Log: log, Observe: observe, Now: s.Now,
		CSP: "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
	})
}

func (t *table) reference(product, icon, address string, sheets []string) reference {
	r := reference{Product: product, Sheets: sheets, Icon: icon, Address: strings.TrimSuffix(address, "/")}
	byCode := map[code][]string{}
	for _, c := range t.calls {
		i := slices.IndexFunc(r.Groups, func(g *referenceGroup) bool { return g.Name == c.group })
		if i < 0 {
			i = len(r.Groups)
			r.Groups = append(r.Groups, &referenceGroup{Name: c.group, Anchor: strings.ToLower(strings.ReplaceAll(c.group, " ", "-"))})
		}
		r.Groups[i].Calls = append(r.Groups[i].Calls, t.referenceCall(c, t.operation(c)))
		for _, one := range codesOf(c) {
			plain := code{name: one.name, status: one.status, meaning: one.meaning}
			byCode[plain] = append(byCode[plain], c.id)
		}
	}
	for one, calls := range byCode {
		if len(calls) > 8 {
			calls = nil
		}
		r.Codes = append(r.Codes, referenceCode{one, calls})
	}
	slices.SortFunc(r.Codes, func(a, b referenceCode) int {
		if a.status != b.status {
			return a.status - b.status
		}
		return strings.Compare(a.name, b.name)
	})
	return r
}

func (t *table) referenceCall(c call, op *huma.Operation) referenceCall {
	method, path, _ := strings.Cut(c.route, " ")
	shown := referenceCall{ID: c.id, Method: method, Path: path, Summary: op.Summary}
	for part := range strings.SplitSeq(op.Description, "\n\n") {
		if part != "" {
			shown.Tells = append(shown.Tells, marked(part))
		}
	}
	for _, p := range op.Parameters {
		shown.Parameters = append(shown.Parameters, referenceMember{Name: p.Name, Kind: p.In + ", " + t.kind(p.Schema), Mark: marks(false, p.Required), Says: marked(p.Description)})
	}
	if op.RequestBody != nil {
		for _, m := range op.RequestBody.Content {
			shown.Members, shown.Request = t.members(m.Schema, false, ""), pretty(m.Example)
		}
	}
	for _, status := range slices.Sorted(maps.Keys(op.Responses)) {
		if status >= "400" {
			continue
		}
		answer := referenceAnswer{Status: status}
		for _, m := range op.Responses[status].Content {
			answer.Members, answer.Example = t.members(m.Schema, true, ""), pretty(m.Example)
		}
		shown.Answers = append(shown.Answers, answer)
	}
	for _, one := range codesOf(c) {
		if !slices.ContainsFunc(fromNature, func(n natural) bool { return n.name == one.name && n.status == one.status }) {
			shown.Refusals = append(shown.Refusals, one)
		}
	}
	return shown
}

// What is said of members beside their kind.
const (
	mustBeSent  = "needed"
	mayBeAbsent = "may be absent"
)

// marks says it of the members of a body, or of an answer.
func marks(answer, required bool) string {
	switch {
	case !answer && required:
		return mustBeSent
	case answer && !required:
		return mayBeAbsent
	}
	return ""
}

// members lists those of an object, the required ones first, each followed by its own members: “allow[].method”.
func (t *table) members(s *huma.Schema, answer bool, within string) (all []referenceMember) {
	s = t.resolved(s)
	names := slices.Sorted(maps.Keys(s.Properties))
	required := func(name string) bool { return slices.Contains(s.Required, name) }
	slices.SortStableFunc(names, func(a, b string) int {
		switch {
		case required(a) == required(b):
			return 0
		case required(a):
			return -1
		}
		return 1
	})
	for _, name := range names {
		p := s.Properties[name]
		all = append(all, referenceMember{within + name, t.kind(p), marks(answer, required(name)), marked(p.Description)})
		of, below := t.resolved(p), "."
		if of.Type == huma.TypeArray {
			of, below = t.resolved(of.Items), "[]."
		}
		all = append(all, t.members(of, answer, within+name+below)...)
	}
	return all
}

// resolved is the schema that a reference stands for.
func (t *table) resolved(s *huma.Schema) *huma.Schema {
	if s.Ref != "" {
		return t.huma.OpenAPI().Components.Schemas.SchemaFromRef(s.Ref)
	}
	return s
}

// kind says in words what a value may be.
func (t *table) kind(s *huma.Schema) string {
	s = t.resolved(s)
	says := s.Type
	switch {
	case says == "": // what another standard describes: a passkey's options, or its answer
		return "object"
	case s.Type == huma.TypeArray:
		return "list of " + t.kind(s.Items)
	case s.Format == "date-time":
		says = "time"
	case len(s.Enum) > 0:
		values := make([]string, len(s.Enum))
		for i, v := range s.Enum {
			values[i] = fmt.Sprint(v)
		}
		return strings.Join(values, " | ")
	}
	switch {
	case s.Minimum != nil && s.Maximum != nil:
		says += fmt.Sprintf(" %v…%v", *s.Minimum, *s.Maximum)
	case s.MaxLength != nil:
		says += " of at most " + strconv.Itoa(*s.MaxLength) + " characters"
	}
	return says
}

// marked shows what stands between backquotes as code.
func marked(text string) template.HTML {
	var b strings.Builder
	for i, part := range strings.Split(text, "`") {
		if part = template.HTMLEscapeString(part); i%2 == 1 {
			part = "<code>" + part + "</code>"
		}
		b.WriteString(part)
	}
	return template.HTML(b.String()) // escaped above, but for our own tags
}

// Status is for the template.
func (c code) Status() int { return c.status }

// Name is for the template.
func (c code) Name() string { return c.name }

// Meaning is for the template.
func (c code) Meaning() template.HTML { return marked(c.meaning) }

func pretty(v any) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if v == nil || e.Encode(v) != nil {
		return ""
	}
	return b.String()
}
