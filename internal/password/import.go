package password

// CheckHash says whether [Hasher.Verify] can check encoded: a hash of ours, or one brought
// from elsewhere. If not, the error is ErrMalformedHash.
func CheckHash(encoded string) error {
	_, _, err := present.decode(encoded)
	return err
}
