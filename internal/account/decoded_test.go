package account

import (
	"reflect"
	"strconv"
	"testing"
)

// TestReadPolicyIsTheReadersOwn changes every list of a policy that was read, and reads it again.
func TestReadPolicyIsTheReadersOwn(t *testing.T) {
	const text = `{"methods":["totp","email"],"passkey_models":["a","b"],"sms_countries":["DE","FR"],"api_second_factor":"off"}`
	want, err := decodePolicy([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	lists := 0
	for range 2 {
		got, err := readPolicy(text)
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Fatalf("%+v, %v; want %+v", got, err, want)
		}
		for i := range reflect.TypeFor[Policy]().NumField() {
			switch f := reflect.ValueOf(&got).Elem().Field(i); f.Kind() {
			case reflect.Slice:
				if f.Len() == 0 {
					t.Fatalf("%s is empty: nothing to change", reflect.TypeFor[Policy]().Field(i).Name)
				}
				f.Index(0).SetString("changed")
				lists++
			case reflect.Map, reflect.Pointer:
				t.Fatalf("%s would be shared", reflect.TypeFor[Policy]().Field(i).Name)
			}
		}
	}
	if lists == 0 {
		t.Fatal("a policy has no lists")
	}
}

// TestReadPolicies reads more different ones than are remembered, and one that can't be read.
func TestReadPolicies(t *testing.T) {
	for round := range 2 {
		for i := range maxDecoded + 10 {
			p, err := readPolicy(`{"max_devices_per_kind":` + strconv.Itoa(i) + `}`)
			if err != nil || p.MaxDevicesPerKind != i {
				t.Fatalf("round %d: %d, %v; want %d", round, p.MaxDevicesPerKind, err, i)
			}
		}
	}
	if n := len(decoded.byText); n > maxDecoded {
		t.Errorf("%d are remembered, at most %d should be", n, maxDecoded)
	}
	for range 2 {
		if _, err := readPolicy(`{"max_devices_per_kind":"many"}`); err == nil {
			t.Error("a damaged policy was read")
		}
	}
}
