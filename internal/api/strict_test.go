package api

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"reflect"
	"strconv"
	"strings"
	"time"
	"unicode/utf16"
	"unicode/utf8"
)

// number is one as it is written.
type number string

// strictReader reads JSON as RFC 8259 has it, without a line of Go's own reader: UTF-8 only, no member twice, no half characters.
type strictReader struct {
	rest string
	deep int
}

var errNoJSON = errors.New("not written as JSON")

func readStrictly(body string) (v any, err error) {
	if !utf8.ValidString(body) {
		return nil, errors.New("not UTF-8")
	}
	r := &strictReader{rest: body}
	if v, err = r.value(); err != nil {
		return nil, err
	}
	if r.blank(); r.rest != "" {
		return nil, errors.New("more behind it")
	}
	return v, nil
}

func (r *strictReader) blank() { r.rest = strings.TrimLeft(r.rest, " \t\r\n") }

// next takes what must stand here, blanks aside.
func (r *strictReader) next(what string) bool {
	r.blank()
	rest, is := strings.CutPrefix(r.rest, what)
	r.rest = rest
	return is
}

func (r *strictReader) value() (any, error) {
	if r.deep++; r.deep > 100 {
		return nil, errors.New("too deep")
	}
	defer func() { r.deep-- }()
	switch {
	case r.next("null"):
		return nil, nil
	case r.next("true"):
		return true, nil
	case r.next("false"):
		return false, nil
	case r.next(`"`):
		return r.text()
	case r.next("["):
		all := []any{}
		for !r.next("]") {
			if len(all) > 0 && !r.next(",") {
				return nil, errNoJSON
			}
			v, err := r.value()
			if err != nil {
				return nil, err
			}
			all = append(all, v)
		}
		return all, nil
	case r.next("{"):
		return r.object()
	}
	return r.number()
}

func (r *strictReader) object() (any, error) {
	all := map[string]any{}
	for !r.next("}") {
		if len(all) > 0 && !r.next(",") || !r.next(`"`) {
			return nil, errNoJSON
		}
		name, err := r.text()
		if err != nil || !r.next(":") {
			return nil, errors.Join(err, errNoJSON)
		}
		if _, twice := all[name]; twice {
			return nil, fmt.Errorf("%q twice", name)
		}
		if all[name], err = r.value(); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// text reads a string behind its first quotation mark.
func (r *strictReader) text() (string, error) {
	var b strings.Builder
	for {
		if r.rest == "" || r.rest[0] < ' ' {
			return "", errNoJSON
		}
		c, size := utf8.DecodeRuneInString(r.rest)
		r.rest = r.rest[size:]
		switch {
		case c == '"':
			return b.String(), nil
		case c != '\\':
			b.WriteRune(c)
			continue
		case r.rest == "":
			return "", errNoJSON
		}
		escape := r.rest[0]
		r.rest = r.rest[1:]
		if i := strings.IndexByte(`"\/bfnrt`, escape); i >= 0 {
			b.WriteByte("\"\\/\b\f\n\r\t"[i])
			continue
		}
		if escape != 'u' {
			return "", errNoJSON
		}
		c, err := r.unit()
		if err != nil {
			return "", err
		}
		if utf16.IsSurrogate(c) {
			if !strings.HasPrefix(r.rest, `\u`) {
				return "", errors.New("half a character")
			}
			r.rest = r.rest[2:]
			low, err := r.unit()
			if c = utf16.DecodeRune(c, low); err != nil || c == utf8.RuneError {
				return "", errors.New("half a character")
			}
		}
		b.WriteRune(c)
	}
}

func (r *strictReader) unit() (rune, error) {
	if len(r.rest) < 4 || strings.Trim(r.rest[:4], "0123456789abcdefABCDEF") != "" {
		return 0, errNoJSON
	}
	n, err := strconv.ParseUint(r.rest[:4], 16, 32)
	r.rest = r.rest[4:]
	return rune(n), err
}

func (r *strictReader) number() (any, error) {
	r.blank()
	begin := r.rest
	digits := func() bool {
		before := len(r.rest)
		r.rest = strings.TrimLeft(r.rest, "0123456789")
		return len(r.rest) < before
	}
	r.rest = strings.TrimPrefix(r.rest, "-")
	if zero, is := strings.CutPrefix(r.rest, "0"); is {
		r.rest = zero
	} else if !digits() {
		return nil, errNoJSON
	}
	if rest, is := strings.CutPrefix(r.rest, "."); is {
		if r.rest = rest; !digits() {
			return nil, errNoJSON
		}
	}
	if r.rest != "" && strings.ContainsRune("eE", rune(r.rest[0])) {
		if r.rest = r.rest[1:]; r.rest != "" && strings.ContainsRune("+-", rune(r.rest[0])) {
			r.rest = r.rest[1:]
		}
		if !digits() {
			return nil, errNoJSON
		}
	}
	return number(begin[:len(begin)-len(r.rest)]), nil
}

// says reports where got, a decoded value, is not what was said.
func says(said any, got reflect.Value) error {
	differs := fmt.Errorf("%v is not %v", got, said)
	if got.Type() == reflect.TypeFor[json.RawMessage]() {
		again, err := readStrictly(string(got.Bytes()))
		if err != nil || !reflect.DeepEqual(again, said) {
			return differs
		}
		return nil
	}
	if at, is := got.Interface().(time.Time); is {
		text, _ := said.(string)
		if want, err := time.Parse(time.RFC3339, text); err != nil || !want.Equal(at) {
			return differs
		}
		return nil
	}
	switch got.Kind() {
	case reflect.Pointer, reflect.Interface:
		if said == nil || got.IsNil() {
			if said == nil && got.IsNil() {
				return nil
			}
			return differs
		}
		return says(said, got.Elem())
	case reflect.Struct:
		return saysMembers(said, got)
	case reflect.Map:
		object, is := said.(map[string]any)
		if !is || len(object) != got.Len() {
			return differs
		}
		for name, v := range object {
			one := got.MapIndex(reflect.ValueOf(name))
			if !one.IsValid() {
				return fmt.Errorf("%q is lost", name)
			}
			if err := says(v, one); err != nil {
				return err
			}
		}
		return nil
	case reflect.Slice:
		list, is := said.([]any)
		if !is || len(list) != got.Len() {
			return differs
		}
		for i, v := range list {
			if err := says(v, got.Index(i)); err != nil {
				return err
			}
		}
		return nil
	case reflect.String:
		if said == got.String() && got.Type() != reflect.TypeFor[json.Number]() {
			return nil
		}
	case reflect.Bool:
		if said == got.Bool() {
			return nil
		}
	case reflect.Int, reflect.Int64, reflect.Float64:
		n, is := said.(number)
		want, ok := new(big.Rat).SetString(string(n))
		if !is || !ok {
			return differs
		}
		if got.CanInt() && want.Cmp(new(big.Rat).SetInt64(got.Int())) == 0 {
			return nil
		}
		if near, _ := want.Float64(); got.CanFloat() && near == got.Float() {
			return nil
		}
	default:
		return fmt.Errorf("the reader knows no %s", got.Type())
	}
	return differs
}

// saysMembers is says of an object whose members are fields: each by exactly its name, and nothing in those that were not said but a default.
func saysMembers(said any, got reflect.Value) error {
	object, is := said.(map[string]any)
	if !is {
		return fmt.Errorf("%v is no object", said)
	}
	known := 0
	for i := range got.NumField() {
		field := got.Type().Field(i)
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		v, there := object[name]
		if !there {
			if f := got.Field(i); !f.IsZero() && fmt.Sprint(f) != field.Tag.Get("default") {
				return fmt.Errorf("%s was not said, and is %v", name, f)
			}
			continue
		}
		known++
		if err := says(v, got.Field(i)); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	if known != len(object) {
		return errors.New("members that no field has")
	}
	return nil
}
