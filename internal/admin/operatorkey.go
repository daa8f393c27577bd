package admin

import (
	"crypto/subtle"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"runtime"
	"strings"

	"sallyport/internal/errs"
	"sallyport/internal/token"
)

// OperatorKey is the one credential of a server's operator for the REST interface, as its hash. The zero value is nobody's.
type OperatorKey struct{ hash []byte }

// operatorPrefix begins the keys that we make, so that people and scanners know one when they see it.
const operatorPrefix = "sok_"

const (
	leastOperatorKey = 43 // 256 bits in base64
	mostOperatorKey  = 500
)

// ErrOperatorKey refuses a file that can't hold the operator's key. Its copies say why.
var ErrOperatorKey = errs.New(errs.Invalid, "operator_key_unusable", "The file of the operator key can’t be used.")

// NewOperatorKey makes a key and writes it to a new file, readable by its owner alone. A file that exists is never overwritten.
func NewOperatorKey(path string) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return operatorKey("exists already, and is never overwritten. Name another file, or remove it first.", path, err)
	}
	if err != nil {
		return operatorKey("can’t be written.", path, err)
	}
	_, err = f.WriteString(operatorPrefix + token.New() + "\n")
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return operatorKey("can’t be written.", path, errors.Join(err, os.Remove(path)))
	}
	return nil
}

// ReadOperatorKey reads the key from its file, which nobody else may read. Errors: ErrOperatorKey.
func ReadOperatorKey(path string) (OperatorKey, error) {
	// Stat comes before Open, since opening a pipe would wait for its writer.
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return OperatorKey{}, operatorKey("does not exist. Make one with “sallyport key operator”, or take the setting operator_key_file out.", path, err)
	case err != nil:
		return OperatorKey{}, operatorKey("can’t be read.", path, err)
	case !info.Mode().IsRegular():
		return OperatorKey{}, operatorKey("is no file.", path, errors.New(info.Mode().String()))
	case runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0:
		return OperatorKey{}, operatorKey("can be read by others. Run “chmod 600” on it.", path, errors.New(info.Mode().String()))
	}
	f, err := os.Open(path)
	if err != nil {
		return OperatorKey{}, operatorKey("can’t be read.", path, err)
	}
	defer f.Close()
	raw, err := io.ReadAll(io.LimitReader(f, mostOperatorKey+3))
	if err != nil {
		return OperatorKey{}, operatorKey("can’t be read.", path, err)
	}
	secret := strings.TrimRight(string(raw), "\r\n")
	strange := strings.ContainsFunc(secret, func(c rune) bool { return c <= ' ' || c > '~' || c == ',' })
	if len(secret) < leastOperatorKey || len(secret) > mostOperatorKey || strange {
		return OperatorKey{}, operatorKey(fmt.Sprintf("must hold one secret of %d to %d letters, digits and signs, without blanks and commas. Make one with “sallyport key operator”.",
			leastOperatorKey, mostOperatorKey), path, errors.New("not of that form")) // never the text itself
	}
	return OperatorKey{token.Hash(secret)}, nil
}

func operatorKey(what, path string, cause error) error {
	return ErrOperatorKey.Saying("The file of the operator key (" + path + ") " + what).Because(cause)
}

// Is reports whether this is the key, in the same time for every value of a length.
func (k OperatorKey) Is(value string) bool {
	return len(k.hash) > 0 && subtle.ConstantTimeCompare(k.hash, token.Hash(value)) == 1
}
