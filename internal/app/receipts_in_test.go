package app

import (
	"context"
	"errors"
	"testing"

	"sallyport/internal/sms"
)

// TestReceiptsAtOnceAreBounded: one too many is told to come again, and the next is let in when a hand is free.
func TestReceiptsAtOnceAreBounded(t *testing.T) {
	inside, leave := make(chan struct{}), make(chan struct{})
	note := atMost(1, func(context.Context, sms.Receipt) error {
		inside <- struct{}{}
		<-leave
		return nil
	})
	first := make(chan error, 1)
	go func() { first <- note(t.Context(), sms.Receipt{}) }()
	<-inside
	if err := note(t.Context(), sms.Receipt{}); !errors.Is(err, errReceiptsBusy) {
		t.Errorf("the second: %v", err)
	}
	leave <- struct{}{}
	if err := <-first; err != nil {
		t.Error(err)
	}
	go func() { <-inside; leave <- struct{}{} }()
	if err := note(t.Context(), sms.Receipt{}); err != nil {
		t.Errorf("the third: %v", err)
	}
}
