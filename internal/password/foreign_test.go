package password

import (
	"errors"
	"strings"
	"testing"
)

// The hashes below were made by other programs, all of the password "correct horse é":
// Python's hashlib (PBKDF2, scrypt), libxcrypt (bcrypt), and the reference
// implementation's command line (Argon2).
const foreignPassword = "correct horse é"

var foreignHashes = map[string]string{
	"bcrypt 2a":          "$2a$05$abcdefghijklmnopqrstuuNKTrdYIyJepeBe0WMJS4ZyMwX4aEJLK",
	"bcrypt 2b":          "$2b$05$abcdefghijklmnopqrstuuNKTrdYIyJepeBe0WMJS4ZyMwX4aEJLK",
	"bcrypt 2y":          "$2y$05$abcdefghijklmnopqrstuuNKTrdYIyJepeBe0WMJS4ZyMwX4aEJLK",
	"scrypt":             "$scrypt$ln=10,r=8,p=1$AAECAwQFBgcICQoLDA0ODw$jH2Q0DVu/biUHDn5RfgnP5UFEFC5iPDs9jIYmGfMTIE",
	"PBKDF2-SHA1":        "$pbkdf2$2000$AAECAwQFBgcICQoLDA0ODw$11AfcUqySzRVUFx60FXnQ3pN0sc",
	"PBKDF2-SHA256":      "$pbkdf2-sha256$2000$AAECAwQFBgcICQoLDA0ODw$vzERo1PjYwKRCG5z2MhIyaTwUVpWlgBdA4U6Wcp9zJM",
	"PBKDF2-SHA512":      "$pbkdf2-sha512$2000$AAECAwQFBgcICQoLDA0ODw$6VnR7tYiMe5It.MGXnwEJdK9ZEr0xqhzwqRpgSvUPoHfa19ivttQNlap5oQAv4G8TENzFDPTl1odU3woofUyFQ",
	"Argon2id, weaker":   "$argon2id$v=19$m=8192,t=1,p=1$MDEyMzQ1Njc4OWFiY2RlZg$9l014/ZmgL9deNeDIWslnr2WMwGY6mylE/BHBDj2K8A",
	"Argon2id, dearer":   "$argon2id$v=19$m=65536,t=3,p=4$MDEyMzQ1Njc4OWFiY2RlZg$ovQkBJ4yTKsiPLFgbCDe8auKlIA3iMcDLWkNLVsb57M",
	"Argon2i":            "$argon2i$v=19$m=4096,t=3,p=1$MDEyMzQ1Njc4OWFiY2RlZg$pHS9vQmzZCT5jsMdM0gqdNFHekhmMFkFzCn2OlaJ9E0",
	"Argon2d":            "$argon2d$v=19$m=4096,t=2,p=2$MDEyMzQ1Njc4OWFiY2RlZg$GMYTgtj2EuCQX3jr4zXVMSIn+ygjoLDGoMqeMwIgc+Y",
	"Argon2id, as we do": "$argon2id$v=19$m=19456,t=2,p=1$MDEyMzQ1Njc4OWFiY2RlZg$XmpwLTmTLPmsjUzovLvSIQlo2wzeGgSnLq2V+Cf/pSc",
}

func TestForeignHashes(t *testing.T) {
	h, ctx := New(Config{}), t.Context()
	for name, encoded := range foreignHashes {
		ok, renew, err := h.Verify(ctx, encoded, foreignPassword)
		if !ok || err != nil {
			t.Errorf("%s: %v, %v", name, ok, err)
		}
		if ours := strings.HasSuffix(name, "as we do"); renew == ours {
			t.Errorf("%s: renew is %v", name, renew)
		}
		for _, wrong := range []string{"", "correct horse e", foreignPassword + " ", "\x00" + foreignPassword} {
			if ok, renew, err := h.Verify(ctx, encoded, wrong); ok || renew || err != nil {
				t.Errorf("%s verifies %q: %v, renew %v, %v", name, wrong, ok, renew, err)
			}
		}
	}
}

// TestBcryptSeesOnlyPartOfAPassword has hashes of libxcrypt: of 72 times "a", and of "abc".
func TestBcryptSeesOnlyPartOfAPassword(t *testing.T) {
	h, ctx := New(Config{}), t.Context()
	const long, short = "$2b$04$abcdefghijklmnopqrstuuBzzIgyKkz7xMWYSzkIjUSnxEQFQ0WNe", "$2b$04$abcdefghijklmnopqrstuuCi15uRb1eH7NAlJ/TgeJertyknQpYn2"
	for _, tc := range []struct {
		encoded, pw string
		want        bool
	}{
		{long, strings.Repeat("a", 72), true},
		{long, strings.Repeat("a", 71), false},
		{long, strings.Repeat("a", 73), false},
		{long, strings.Repeat("a", 72) + "b", false},
		{short, "abc", true},
		{short, "abc\x00", false},
		{short, "abc\x00abc", false}, // the same key schedule
		{short, "abc\x00def", false}, // the same to C
	} {
		if ok, _, err := h.Verify(ctx, tc.encoded, tc.pw); ok != tc.want || err != nil {
			t.Errorf("%q: %v, %v, want %v", tc.pw, ok, err, tc.want)
		}
	}
}

// TestRefusedHashes holds what cannot be read, what could be met by chance, and what
// would keep a slot or the memory for longer than anybody needs (F31). All are refused
// before any work.
func TestRefusedHashes(t *testing.T) {
	const salt, key = "AAECAwQFBgcICQoLDA0ODw", "jH2Q0DVu/biUHDn5RfgnP5UFEFC5iPDs9jIYmGfMTIE"
	h, ctx := New(Config{}), t.Context()
	for name, encoded := range map[string]string{
		"unknown kind":           "$7$C6..../....SodiumChloride$kBGj9fHznVYFQMEn/qDCfrDevf9YDtcDdKvEqHJLV8D",
		"MD5 crypt":              "$1$abcdefgh$G//4keteveJp0qb8z2DxG/",
		"SHA-512 crypt":          "$6$abcdefgh$" + strings.Repeat("a", 86),
		"plain text":             "$plaintext$correct horse é",
		"LDAP clear":             "{CLEARTEXT}correct horse é",
		"dollars":                "$$$$$$",
		"bcrypt 2x":              "$2x$05$abcdefghijklmnopqrstuuNKTrdYIyJepeBe0WMJS4ZyMwX4aEJLK",
		"bcrypt short":           "$2b$05$abcdefghijklmnopqrstuuNKTrdYIyJepeBe0WMJS4ZyMwX4aEJL",
		"bcrypt bad salt":        "$2b$05$!!!!!!!!!!!!!!!!!!!!!!NKTrdYIyJepeBe0WMJS4ZyMwX4aEJLK",
		"bcrypt cost 3":          "$2b$03$abcdefghijklmnopqrstuuNKTrdYIyJepeBe0WMJS4ZyMwX4aEJLK",
		"bcrypt cost 16":         "$2b$16$abcdefghijklmnopqrstuuNKTrdYIyJepeBe0WMJS4ZyMwX4aEJLK",
		"bcrypt cost 31":         "$2b$31$abcdefghijklmnopqrstuuNKTrdYIyJepeBe0WMJS4ZyMwX4aEJLK",
		"bcrypt cost -1":         "$2b$-1$abcdefghijklmnopqrstuuNKTrdYIyJepeBe0WMJS4ZyMwX4aEJLK",
		"scrypt ln 40":           "$scrypt$ln=40,r=8,p=1$" + salt + "$" + key,
		"scrypt ln 0":            "$scrypt$ln=0,r=8,p=1$" + salt + "$" + key,
		"scrypt r 2^30":          "$scrypt$ln=10,r=1073741824,p=1$" + salt + "$" + key,
		"scrypt 1 GiB":           "$scrypt$ln=20,r=8,p=1$" + salt + "$" + key,
		"scrypt p 1000":          "$scrypt$ln=10,r=8,p=1000$" + salt + "$" + key,
		"scrypt p 0":             "$scrypt$ln=10,r=8,p=0$" + salt + "$" + key,
		"scrypt without ln":      "$scrypt$r=8,p=1$" + salt + "$" + key,
		"scrypt key of a byte":   "$scrypt$ln=10,r=8,p=1$" + salt + "$AA",
		"scrypt no key":          "$scrypt$ln=10,r=8,p=1$" + salt + "$",
		"scrypt no salt":         "$scrypt$ln=10,r=8,p=1$$" + key,
		"PBKDF2 2^31":            "$pbkdf2-sha256$2147483648$" + salt + "$" + key,
		"PBKDF2 100 million":     "$pbkdf2-sha256$100000000$" + salt + "$" + key,
		"PBKDF2 0":               "$pbkdf2-sha256$0$" + salt + "$" + key,
		"PBKDF2 negative":        "$pbkdf2-sha256$-5$" + salt + "$" + key,
		"PBKDF2 many blocks":     "$pbkdf2-sha256$4000000$" + salt + "$" + strings.Repeat("A", 86),
		"PBKDF2 endless key":     "$pbkdf2-sha256$1000$" + salt + "$" + strings.Repeat("A", 900),
		"Argon2 4 TiB":           "$argon2id$v=19$m=4294967295,t=1,p=1$" + salt + "$" + key,
		"Argon2 1 GiB":           "$argon2id$v=19$m=1048576,t=1,p=1$" + salt + "$" + key,
		"Argon2 million passes":  "$argon2id$v=19$m=65536,t=1000000,p=1$" + salt + "$" + key,
		"Argon2 no pass":         "$argon2id$v=19$m=65536,t=0,p=1$" + salt + "$" + key,
		"Argon2 no lanes":        "$argon2id$v=19$m=65536,t=1,p=0$" + salt + "$" + key,
		"Argon2 256 lanes":       "$argon2id$v=19$m=65536,t=1,p=256$" + salt + "$" + key,
		"Argon2 too little":      "$argon2id$v=19$m=7,t=1,p=1$" + salt + "$" + key,
		"Argon2 v=16":            "$argon2id$v=16$m=65536,t=1,p=1$" + salt + "$" + key,
		"Argon2 no version":      "$argon2id$m=65536,t=1,p=1$" + salt + "$" + key,
		"Argon2 parameter twice": "$argon2id$v=19$m=65536,m=8,p=1$" + salt + "$" + key,
		"Argon2 short salt":      "$argon2id$v=19$m=65536,t=1,p=1$AAAA$" + key,
		"Argon2 other alphabet":  "$argon2id$v=19$m=65536,t=1,p=1$" + salt + "$" + strings.Repeat("-", 43),
		"endless":                "$argon2id$v=19$m=65536,t=1,p=1$" + salt + "$" + strings.Repeat("A", 10_000),
	} {
		ok, renew, err := h.Verify(ctx, encoded, foreignPassword)
		if ok || renew || !errors.Is(err, ErrMalformedHash) {
			t.Errorf("%s: %v, %v, %v", name, ok, renew, err)
		}
	}
	if s := h.Stats(); s.Done != 0 {
		t.Errorf("%d of them took a slot", s.Done)
	}
}

func FuzzDecode(f *testing.F) {
	for _, encoded := range foreignHashes {
		f.Add(encoded)
	}
	f.Add("$2b$31$abcdefghijklmnopqrstuuNKTrdYIyJepeBe0WMJS4ZyMwX4aEJLK")
	f.Fuzz(func(t *testing.T, encoded string) {
		check, current, err := present.decode(encoded)
		if (err == nil) != (check != nil) || err != nil && (current || !errors.Is(err, ErrMalformedHash)) {
			t.Fatalf("%q: %v", encoded, err)
		}
	})
}
