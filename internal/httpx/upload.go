package httpx

import (
	"errors"
	"io"
	"mime"
	"net/http"
)

const (
	uploadType = "multipart/form-data"
	maxParts   = 8 // in one form with a file
)

// isUpload reports whether the body is a form with a file.
func isUpload(r *http.Request) bool {
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	return err == nil && kind == uploadType
}

// Upload reads the file of the named field of a form with one, up to most bytes and one more, so that the caller sees that it is
// too large and can say so. Nothing is written to the disk, and other fields are passed over; without the file, or
// in a plain form, it is empty. What the browser says of the file, its name and type, is not read.
//
// It refuses with [ErrMalformed] what no browser sends, and with [ErrTooLarge] a body over the route's limit.
func Upload(r *http.Request, name string, most int64) ([]byte, error) {
	if !isUpload(r) {
		return nil, nil
	}
	parts, err := r.MultipartReader()
	if err != nil {
		return nil, ErrMalformed.Because(err)
	}
	var file []byte
	found := false
	for range maxParts {
		part, err := parts.NextRawPart()
		if errors.Is(err, io.EOF) {
			return file, nil
		}
		if err != nil {
			return nil, broken(err)
		}
		if part.FormName() != name {
			continue
		}
		if found {
			return nil, malformed(name, "given twice")
		}
		found = true
		if file, err = io.ReadAll(io.LimitReader(part, most+1)); err != nil {
			return nil, broken(err)
		}
	}
	return nil, malformed("", "more than %d parts", maxParts)
}

// broken tells a body that is too large from one that is no form.
func broken(err error) error {
	var large *http.MaxBytesError
	if errors.As(err, &large) {
		return ErrTooLarge.Because(err)
	}
	return ErrMalformed.Because(err)
}
