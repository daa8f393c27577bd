package signin

import (
	"bytes"
	"encoding/base64"

	"sallyport/internal/seal"
	"sallyport/internal/token"
)

// A browser that has signed somebody in keeps a sealed list of whom: the cookie opens
// nothing and vouches for nobody, it only keeps the notice about an unknown browser away.
const (
	knownMost = 8 // people for each browser
	knownSize = 8 // bytes of each
)

var knownAD = seal.AD("known_browser")

// Known reads a browser's cookie and returns who it has signed in before. A cookie that was changed or made
// elsewhere knows nobody.
func (s *Service) Known(cookie string) func(accountID, userID string) bool {
	marks := s.marks(cookie)
	return func(accountID, userID string) bool { return position(marks, mark(accountID, userID)) >= 0 }
}

// Remember returns the cookie's value with this person added.
func (s *Service) Remember(cookie, accountID, userID string) (string, error) {
	marks, own := s.marks(cookie), mark(accountID, userID)
	if i := position(marks, own); i >= 0 {
		marks = append(bytes.Clone(marks[:i]), marks[i+knownSize:]...)
	}
	marks = append(own, marks...)
	sealed, err := s.Factors.Ring.Seal(marks[:min(len(marks), knownMost*knownSize)], knownAD)
	return base64.RawURLEncoding.EncodeToString(sealed), err
}

func (s *Service) marks(cookie string) []byte {
	sealed, err := base64.RawURLEncoding.DecodeString(cookie)
	if err != nil || len(sealed) > 200 {
		return nil
	}
	marks, err := s.Factors.Ring.Unseal(sealed, knownAD)
	if err != nil || len(marks)%knownSize != 0 {
		return nil
	}
	return marks
}

func mark(accountID, userID string) []byte { return token.Hash(accountID + "." + userID)[:knownSize] }

// position finds a mark in a list of them, -1 if it is not there.
func position(marks, own []byte) int {
	for i := 0; i+knownSize <= len(marks); i += knownSize {
		if bytes.Equal(marks[i:i+knownSize], own) {
			return i
		}
	}
	return -1
}
