package otp

import (
	"bytes"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// The shared secrets of the RFCs: "1234567890" repeated to the length of the hash.
func rfcSecret(n int) []byte {
	return bytes.Repeat([]byte("1234567890"), 7)[:n]
}

// TestHOTPVectors is RFC 4226 appendix D.
func TestHOTPVectors(t *testing.T) {
	key := Key{Secret: rfcSecret(20)}
	for counter, want := range []string{
		"755224", "287082", "359152", "969429", "338314",
		"254676", "287922", "162583", "399871", "520489",
	} {
		if got := key.Code(int64(counter)); got != want {
			t.Errorf("counter %d: %s, want %s", counter, got, want)
		}
	}
}

// TestTOTPVectors is RFC 6238 appendix B, which reaches to the year 2603, and the
// borders at which 32 bits of seconds run out (2038 signed, 2106 unsigned).
func TestTOTPVectors(t *testing.T) {
	sha1 := Key{Secret: rfcSecret(20), Algorithm: SHA1, Digits: 8}
	sha256 := Key{Secret: rfcSecret(32), Algorithm: SHA256, Digits: 8}
	sha512 := Key{Secret: rfcSecret(64), Algorithm: SHA512, Digits: 8}
	for _, tc := range []struct {
		unix int64
		step int64
		key  Key
		want string
	}{
		{59, 0x1, sha1, "94287082"},
		{59, 0x1, sha256, "46119246"},
		{59, 0x1, sha512, "90693936"},
		{1111111109, 0x23523EC, sha1, "07081804"},
		{1111111109, 0x23523EC, sha256, "68084774"},
		{1111111109, 0x23523EC, sha512, "25091201"},
		{1111111111, 0x23523ED, sha1, "14050471"},
		{1111111111, 0x23523ED, sha256, "67062674"},
		{1111111111, 0x23523ED, sha512, "99943326"},
		{1234567890, 0x273EF07, sha1, "89005924"},
		{1234567890, 0x273EF07, sha256, "91819424"},
		{1234567890, 0x273EF07, sha512, "93441116"},
		{2000000000, 0x3F940AA, sha1, "69279037"},
		{2000000000, 0x3F940AA, sha256, "90698825"},
		{2000000000, 0x3F940AA, sha512, "38618901"},
		{20000000000, 0x27BC86AA, sha1, "65353130"},
		{20000000000, 0x27BC86AA, sha256, "77737706"},
		{20000000000, 0x27BC86AA, sha512, "47863826"},
	} {
		at := time.Unix(tc.unix, 0)
		if got := tc.key.Step(at); got != tc.step {
			t.Errorf("%s: step %#x, want %#x", at.UTC(), got, tc.step)
		}
		if got := tc.key.Code(tc.key.Step(at)); got != tc.want {
			t.Errorf("%s %s: %s, want %s", at.UTC(), tc.key.Algorithm, got, tc.want)
		}
	}
}

func TestStepRoundsDown(t *testing.T) {
	key := Key{Secret: rfcSecret(20)}
	minute := Key{Secret: rfcSecret(20), Period: time.Minute}
	for _, tc := range []struct {
		key  Key
		unix int64
		want int64
	}{
		{key, 0, 0},
		{key, 29, 0},
		{key, 30, 1},
		{key, -1, -1},
		{key, -30, -1},
		{key, -31, -2},
		{key, 1<<31 - 1, 71582788},
		{key, 1 << 31, 71582788},
		{key, 1 << 32, 143165576},
		{minute, 59, 0},
		{minute, 60, 1},
		{Key{Period: 90*time.Second + time.Millisecond}, 180, 2}, // parts of seconds do not count
		{Key{Period: time.Millisecond}, 60, 2},                   // nor do periods below one
	} {
		if got := tc.key.Step(time.Unix(tc.unix, 999_999_999)); got != tc.want {
			t.Errorf("second %d of period %s: step %d, want %d", tc.unix, tc.key.Period, got, tc.want)
		}
	}
}

func TestNewSecret(t *testing.T) {
	a, b := NewSecret(), NewSecret()
	if len(a) != 20 || bytes.Equal(a, b) || bytes.Equal(a, make([]byte, 20)) {
		t.Fatalf("secrets %x and %x", a, b)
	}
}

func TestFind(t *testing.T) {
	key := Key{Secret: rfcSecret(20)}
	for _, tc := range []struct {
		name     string
		code     string
		from, to int64
		want     int64
		ok       bool
	}{
		{"first", "755224", 0, 2, 0, true},
		{"last", "359152", 0, 2, 2, true},
		{"before", "755224", 1, 3, 0, false},
		{"after", "969429", 0, 2, 0, false},
		{"alone", "287082", 1, 1, 1, true},
		{"empty window", "287082", 2, 1, 0, false},
		{"window from before 1970", "755224", -5, 0, 0, true},
		{"all before 1970", key.Code(-3), -5, -1, 0, false},
		{"largest window", "755224", 0, 1023, 0, true},
		{"too large", "755224", 0, 1024, 0, false},
		{"as large as can be", "755224", 0, 1<<63 - 1, 0, false},
		{"largest step", key.Code(1<<63 - 1), 1<<63 - 2, 1<<63 - 1, 1<<63 - 1, true},
		{"empty", "", 0, 2, 0, false},
		{"shorter", "75522", 0, 2, 0, false},
		{"longer", "7552240", 0, 2, 0, false},
	} {
		if got, ok := key.Find(tc.code, tc.from, tc.to); got != tc.want || ok != tc.ok {
			t.Errorf("%s: %d, %v, want %d, %v", tc.name, got, ok, tc.want, tc.ok)
		}
	}
}

// TestFindTakesTheHighest uses a window in which one code occurs twice: with a million
// codes and windows of a thousand steps that is found within a few tries.
func TestFindTakesTheHighest(t *testing.T) {
	key := Key{Secret: rfcSecret(20)}
	for from := int64(0); from < 1_000_000; from += maxWindow {
		seen := map[string]int64{}
		for step := from; step < from+maxWindow; step++ {
			code := key.Code(step)
			if _, twice := seen[code]; twice {
				if got, ok := key.Find(code, from, from+maxWindow-1); !ok || got != step {
					t.Fatalf("code %s of steps %d and %d: found %d, %v", code, seen[code], step, got, ok)
				}
				return
			}
			seen[code] = step
		}
	}
	t.Fatal("no code occurred twice")
}

func TestFindProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		key := drawKey(t)
		from := rapid.Int64Range(0, 1<<40).Draw(t, "from")
		to := from + rapid.Int64Range(0, 20).Draw(t, "width")
		step := rapid.Int64Range(from-3, to+3).Draw(t, "step")
		code := key.Code(step)
		if len(code) != key.digits() {
			t.Fatalf("code %q has not %d digits", code, key.digits())
		}
		got, ok := key.Find(code, from, to)
		inside := step >= from && step <= to
		switch {
		case inside && (!ok || got < step):
			t.Fatalf("code of step %d not found in %d..%d: %d, %v", step, from, to, got, ok)
		case ok && key.Code(got) != code, ok && (got < from || got > to):
			t.Fatalf("found step %d, which has code %s, not %s", got, key.Code(got), code)
		case !ok && got != 0:
			t.Fatalf("not found, but step %d", got)
		}
	})
}

func drawKey(t *rapid.T) Key {
	return Key{
		Secret:    rapid.SliceOfN(rapid.Byte(), minSecretBytes, maxSecretBytes).Draw(t, "secret"),
		Algorithm: Algorithm(rapid.IntRange(0, 2).Draw(t, "algorithm")),
		Digits:    rapid.SampledFrom([]int{6, 8}).Draw(t, "digits"),
		Period:    time.Duration(rapid.IntRange(15, 300).Draw(t, "period")) * time.Second,
	}
}

func BenchmarkFindThreeSteps(b *testing.B) {
	key := Key{Secret: NewSecret()}
	b.ReportAllocs()
	for b.Loop() {
		key.Find("123456", 1000, 1002)
	}
}
