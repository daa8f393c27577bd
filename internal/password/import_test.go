package password

import (
	"errors"
	"testing"
)

func TestCheckHash(t *testing.T) {
	for _, good := range []string{
		present.encode("correct horse"),
		"$2a$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy",
	} {
		if err := CheckHash(good); err != nil {
			t.Errorf("%.12s…: %v", good, err)
		}
	}
	for _, bad := range []string{"", "hunter2", "$2a$10$short", "$1$abc$def", present.encode("x") + "\n", "$argon2id$v=19$m=99999999,t=9,p=1$AAAA$AAAA"} {
		if err := CheckHash(bad); !errors.Is(err, ErrMalformedHash) {
			t.Errorf("%.12s…: %v", bad, err)
		}
	}
}
