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
	name := filepath.Base(path)
	root, err := parse(text)
	if err != nil {
		where := name
		var syntax *yaml.SyntaxError
		what := "the file is not YAML"
		if errors.As(err, &syntax) {
			where = at(name, syntax.Token)
			what += ": " + plain(syntax.Message)
		}
		l.add(where, what, "each line is a name, a colon, a blank and a value")
		return
	}
	switch {
	case len(root.Docs) > 1 && root.Docs[1].Body != nil:
		l.add(at(name, root.Docs[1].GetToken()), "a second document begins", "keep all settings in one, without ---")
	case len(root.Docs) > 0 && root.Docs[0].Body != nil:
		l.mapping(name, "", root.Docs[0].Body, map[string]token.Position{})
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

// mapping walks one mapping; prefix is "" or "hashing.". seen holds every key of the
// file so far, since "hashing:" may not stand twice either.
func (l *loader) mapping(file, prefix string, node ast.Node, seen map[string]token.Position) {
	var pairs []*ast.MappingValueNode
	switch n := node.(type) {
	case *ast.MappingNode:
		pairs = n.Values
	case *ast.MappingValueNode:
		pairs = []*ast.MappingValueNode{n}
	case *ast.CommentGroupNode:
		return
	default:
		l.add(at(file, node.GetToken()), "there are no settings here", "each line is a name, a colon, a blank and a value")
		return
	}
	for _, pair := range pairs {
		where := at(file, pair.Key.GetToken())
		keyNode, ok := pair.Key.(*ast.StringNode)
		if !ok {
			l.add(where, "the name of a setting is not plain text", "write one of the names of the documentation")
			continue
		}
		key := prefix + keyNode.Value
		if first, twice := seen[key]; twice {
			l.add(where, key+" stands twice", fmt.Sprintf("keep it in this line or in line %d", first.Line))
			continue
		}
		seen[key] = *keyNode.GetToken().Position
		if f, ok := find(key); ok {
			l.value(where, f, pair.Value)
			continue
		}
		if group(key) && prefix == "" {
			l.mapping(file, key+".", pair.Value, seen)
			continue
		}
		l.add(where, "there is no setting "+plain(key), suggest(key, keys()))
	}
}

// value reads the value of one field.
func (l *loader) value(where string, f field, node ast.Node) {
	if sequence, ok := node.(*ast.SequenceNode); ok && f.list {
		values := make([]string, 0, len(sequence.Values))
		for _, item := range sequence.Values {
			v, ok := scalar(item)
			if !ok {
				l.add(where, f.key+" holds something that is no plain value", "write a list of plain values")
				return
			}
			values = append(values, v)
		}
		l.set(f, where, values)
		return
	}
	v, ok := scalar(node)
	switch {
	case f.list:
		l.add(where, f.key+" is not a list", "write it in brackets: ["+"…, …"+"]")
	case !ok:
		l.add(where, f.key+" is not a plain value", "write one value behind the colon")
	default:
		l.set(f, where, []string{v})
	}
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

func at(file string, tk *token.Token) string {
	if tk == nil || tk.Position == nil {
		return file
	}
	return fmt.Sprintf("%s:%d", file, tk.Position.Line)
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
