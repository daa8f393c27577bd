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
	Needed     bool
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
		t := newTable(s.Product, s.Version, s.PublicURL)
		s.calls(t)
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
		shown.Parameters = append(shown.Parameters, referenceMember{Name: p.Name, Kind: p.In + ", " + t.kind(p.Schema), Needed: p.Required, Says: marked(p.Description)})
	}
	if op.RequestBody != nil {
		for _, m := range op.RequestBody.Content {
			shown.Members, shown.Request = t.members(m.Schema), pretty(m.Example)
		}
	}
	for _, status := range slices.Sorted(maps.Keys(op.Responses)) {
		if status >= "400" {
			continue
		}
		answer := referenceAnswer{Status: status}
		for _, m := range op.Responses[status].Content {
			answer.Members, answer.Example = t.members(m.Schema), pretty(m.Example)
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

// members lists those of an object.
func (t *table) members(s *huma.Schema) (all []referenceMember) {
	if s.Ref != "" {
		s = t.huma.OpenAPI().Components.Schemas.SchemaFromRef(s.Ref)
	}
	for _, name := range slices.Sorted(maps.Keys(s.Properties)) {
		p := s.Properties[name]
		all = append(all, referenceMember{Name: name, Kind: t.kind(p), Needed: slices.Contains(s.Required, name), Says: marked(p.Description)})
	}
	return all
}

// kind says in words what a value may be.
func (t *table) kind(s *huma.Schema) string {
	if s.Ref != "" {
		s = t.huma.OpenAPI().Components.Schemas.SchemaFromRef(s.Ref)
	}
	says := s.Type
	switch {
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
