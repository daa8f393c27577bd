package config

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// file reads the YAML text. Of YAML only mappings, sequences and plain values are taken:
// anchors, aliases, tags and merges have no use here and make a file say what it does
// not show.
func (l *loader) file(path string, text []byte) {
	l.name, l.seen = filepath.Base(path), map[string]token.Position{}
	root, err := parse(text)
	if err != nil {
		where := l.name
		var syntax *yaml.SyntaxError
		what := "the file is not YAML"
		if errors.As(err, &syntax) {
			where = l.at(syntax.Token)
			what += ": " + plain(syntax.Message)
		}
		l.add(where, what, "each line is a name, a colon, a blank and a value")
		return
	}
	switch {
	case len(root.Docs) > 1 && root.Docs[1].Body != nil:
		l.add(l.at(root.Docs[1].GetToken()), "a second document begins", "keep all settings in one, without ---")
	case len(root.Docs) > 0 && root.Docs[0].Body != nil:
		l.mapping("", root.Docs[0].Body)
	}
}

// parse shields the server from a parser that panics: a start must end in a message.
func parse(text []byte) (f *ast.File, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = errors.New("unreadable")
		}
	}()
	return parser.ParseBytes(text, 0, parser.AllowDuplicateMapKey())
}

// mapping walks one mapping of settings; prefix is "" or "hashing.".
func (l *loader) mapping(prefix string, node ast.Node) {
	l.pairs(prefix, node, func(where, key string, value ast.Node) {
		f, ok := find(key)
		switch {
		case ok && f.walk != nil:
			l.source[f.key] = where
			f.walk(l, value)
		case ok:
			l.value(where, f, value)
		case group(key) && prefix == "":
			l.mapping(key+".", value)
		default:
			l.add(where, "there is no setting "+plain(key), suggest(key, keys()))
		}
	})
}

// pairs calls fn for each line of a mapping, with the line's place and its key behind
// prefix. A key that stands twice is a problem, and of no use the second time.
func (l *loader) pairs(prefix string, node ast.Node, fn func(where, key string, value ast.Node)) {
	var pairs []*ast.MappingValueNode
	switch n := node.(type) {
	case *ast.MappingNode:
		pairs = n.Values
	case *ast.MappingValueNode:
		pairs = []*ast.MappingValueNode{n}
	case *ast.CommentGroupNode:
		return
	default:
		l.add(l.at(node.GetToken()), "there are no settings here", "each line is a name, a colon, a blank and a value")
		return
	}
	for _, pair := range pairs {
		where := l.at(pair.Key.GetToken())
		keyNode, ok := pair.Key.(*ast.StringNode)
		if !ok {
			l.add(where, "the name of a setting is not plain text", "write one of the names of the documentation")
			continue
		}
		key := prefix + keyNode.Value
		if first, twice := l.seen[key]; twice {
			l.add(where, plain(key)+" stands twice", fmt.Sprintf("keep it in this line or in line %d", first.Line))
			continue
		}
		l.seen[key] = *keyNode.GetToken().Position
		fn(where, key, pair.Value)
	}
}

// value reads the value of one field.
func (l *loader) value(where string, f field, node ast.Node) {
	if f.list {
		if values, ok := l.list(where, f.key, node); ok {
			l.set(f, where, values)
		}
		return
	}
	v, ok := scalar(node)
	if !ok {
		l.add(where, f.key+" is not a plain value", "write one value behind the colon")
		return
	}
	l.set(f, where, []string{v})
}

// list reads a sequence of plain values.
func (l *loader) list(where, key string, node ast.Node) (values []string, ok bool) {
	sequence, ok := node.(*ast.SequenceNode)
	if !ok {
		l.add(where, key+" is not a list", "write it in brackets: ["+"…, …"+"]")
		return nil, false
	}
	values = make([]string, 0, len(sequence.Values))
	for _, item := range sequence.Values {
		v, ok := scalar(item)
		if !ok {
			l.add(where, key+" holds something that is no plain value", "write a list of plain values")
			return nil, false
		}
		values = append(values, v)
	}
	return values, true
}

// scalar gives the text of a plain value as it was written, so that 010 and yes stay
// what the operator typed.
func scalar(node ast.Node) (string, bool) {
	switch n := node.(type) {
	case *ast.StringNode:
		return n.Value, true
	case *ast.LiteralNode:
		return strings.TrimRight(n.Value.Value, "\n"), true
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode:
		return n.GetToken().Value, true
	case *ast.NullNode:
		return "", true
	}
	return "", false
}

// at is "sallyport.yaml:12", for messages.
func (l *loader) at(tk *token.Token) string {
	if tk == nil || tk.Position == nil {
		return l.name
	}
	return fmt.Sprintf("%s:%d", l.name, tk.Position.Line)
}

// plain keeps a stranger's text to one readable line.
func plain(s string) string {
	if len(s) > 100 {
		s = s[:100] + "…"
	}
	q := fmt.Sprintf("%q", s)
	if q == `"`+s+`"` {
		return s
	}
	return q
}

func find(key string) (field, bool) {
	for _, f := range fields {
		if f.key == key {
			return f, true
		}
	}
	return field{}, false
}

// group says whether some settings' keys begin with this name and a dot.
func group(name string) bool {
	for _, f := range fields {
		if strings.HasPrefix(f.key, name+".") {
			return true
		}
	}
	return false
}

func keys() []string {
	out := make([]string, len(fields))
	for i, f := range fields {
		out[i] = f.key
	}
	return out
}
