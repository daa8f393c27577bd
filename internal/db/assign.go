package db

import (
	"database/sql"
	"database/sql/driver"
	"fmt"
	"reflect"
)

// assign stores a column value as SQLite's driver gives it (int64, float64, string, []byte, nil)
// in dest, following the rules of database/sql; the common types take a short way.
func assign(dest any, v driver.Value) error {
	switch d := dest.(type) {
	case *string:
		if s, ok := v.(string); ok {
			*d = s
			return nil
		}
	case *int64:
		if n, ok := v.(int64); ok {
			*d = n
			return nil
		}
	case *int:
		if n, ok := v.(int64); ok && int64(int(n)) == n {
			*d = int(n)
			return nil
		}
	case *bool:
		if n, ok := v.(int64); ok && (n == 0 || n == 1) {
			*d = n == 1
			return nil
		}
	case *[]byte:
		switch b := v.(type) {
		case []byte: // the driver made this copy for us; it gives nil for an empty blob
			if b == nil {
				b = []byte{}
			}
			*d = b
			return nil
		case nil:
			*d = nil
			return nil
		}
	case sql.Scanner:
		return d.Scan(v)
	case *any:
		*d = v
		return nil
	}
	return assignSlow(dest, v)
}

// assignSlow handles pointers to named types (user.ID), pointers to pointers (NULL is nil) and
// conversions between kinds.
func assignSlow(dest any, v driver.Value) error {
	p := reflect.ValueOf(dest)
	if p.Kind() != reflect.Pointer || p.IsNil() {
		return fmt.Errorf("db: destination %T is not a pointer", dest)
	}
	d := p.Elem()
	if d.Kind() == reflect.Pointer {
		if v == nil {
			d.SetZero()
			return nil
		}
		n := reflect.New(d.Type().Elem())
		if err := assign(n.Interface(), v); err != nil {
			return err
		}
		d.Set(n)
		return nil
	}
	switch s := v.(type) {
	case string:
		switch {
		case d.Kind() == reflect.String:
			d.SetString(s)
			return nil
		case d.Kind() == reflect.Slice && d.Type().Elem().Kind() == reflect.Uint8:
			d.SetBytes([]byte(s))
			return nil
		}
	case []byte:
		if d.Kind() == reflect.Slice && d.Type().Elem().Kind() == reflect.Uint8 {
			d.SetBytes(s)
			return nil
		}
	case int64:
		switch {
		case d.CanInt() && !d.OverflowInt(s):
			d.SetInt(s)
			return nil
		case d.CanUint() && s >= 0 && !d.OverflowUint(uint64(s)):
			d.SetUint(uint64(s))
			return nil
		case d.Kind() == reflect.Bool && (s == 0 || s == 1):
			d.SetBool(s == 1)
			return nil
		case d.CanFloat():
			d.SetFloat(float64(s))
			return nil
		}
	case float64:
		if d.CanFloat() {
			d.SetFloat(s)
			return nil
		}
	}
	return fmt.Errorf("db: cannot store %T in %T", v, dest)
}
