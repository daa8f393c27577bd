package errs

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
)

func TestCopiesMatchTheirSentinel(t *testing.T) {
	sentinel := New(TooMany, "too_many_attempts", "Wait.")
	cause := errors.New("row 7 says no")
	err := fmt.Errorf("sign-in: %w", sentinel.Because(cause).After(time.Minute).In("code").Saying("Wait a minute."))
	if !errors.Is(err, sentinel) || !errors.Is(err, cause) {
		t.Fatalf("%v lost its sentinel or its cause", err)
	}
	if errors.Is(err, New(TooMany, "other", "")) {
		t.Fatal("an error matches a sentinel of another code")
	}
	got := From(err)
	if got.RetryAfter != time.Minute || got.Field != "code" || got.Message != "Wait a minute." || got.Kind != TooMany {
		t.Fatalf("From lost something: %+v", got)
	}
	if sentinel.Cause != nil || sentinel.RetryAfter != 0 || sentinel.Message != "Wait." {
		t.Fatalf("the sentinel was changed: %+v", sentinel)
	}
}

func TestUnknownErrorsTellNothing(t *testing.T) {
	e := From(errors.New("password of ada is hunter2"))
	if e.Kind != Internal || e.Code != "internal_error" || strings.Contains(e.Message, "hunter2") {
		t.Fatalf("an unclassified error shows its text: %+v", e)
	}
	if From(nil) != nil {
		t.Fatal("From(nil) is an error")
	}
}
