package seal

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"

	"github.com/tink-crypto/tink-go/v2/insecurecleartextkeyset"
	"github.com/tink-crypto/tink-go/v2/keyset"

	"sallyport/internal/errs"
)

// A key file is two lines of our own, then a Tink keyset as JSON:
//
//	sallyport-keys 1
//	sha256 <64 hex digits over all that follows this line>
//	{"primaryKeyId":…,"key":[…]}
//
// The sum is no protection against people, who could make a new one, but against
// disks and editors: a key with one bit turned would load, and then seal new secrets
// that the restored file cannot open.
const (
	fileMagic   = "sallyport-keys 1\n"
	sumPrefix   = "sha256 "
	maxFileSize = 1 << 20 // a ring of thousands of keys; more is some other file
)

// readFile reads, checks and decodes a key file. The errors are those of [Open].
func readFile(path string) (*keyset.Handle, fs.FileInfo, error) {
	// Stat comes before Open, since opening a pipe would wait for its writer.
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil, about(ErrMissing, path, err)
	}
	if err != nil {
		return nil, nil, about(ErrPermissions.Saying("The key file cannot be read."), path, err)
	}
	if !info.Mode().IsRegular() {
		return nil, nil, about(ErrDamaged.Saying("The key file is not a file."), path, errors.New(info.Mode().String()))
	}
	if runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0 {
		return nil, nil, about(ErrPermissions, path, errors.New(info.Mode().String()))
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, nil, about(ErrPermissions.Saying("The key file cannot be read."), path, err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxFileSize+1))
	if err != nil {
		return nil, nil, about(ErrDamaged, path, err)
	}
	handle, err := decode(data)
	if err != nil {
		return nil, nil, about(ErrDamaged, path, err)
	}
	return handle, info, nil
}

// decode checks the frame and parses the keyset within.
func decode(data []byte) (*keyset.Handle, error) {
	if len(data) > maxFileSize {
		return nil, errors.New("too large")
	}
	rest, ok := bytes.CutPrefix(data, []byte(fileMagic+sumPrefix))
	if !ok {
		return nil, errors.New("not a key file of this program")
	}
	sum, body, ok := bytes.Cut(rest, []byte("\n"))
	if !ok || string(sum) != sumOf(body) {
		return nil, errors.New("the checksum does not fit: the file was cut or changed")
	}
	return insecurecleartextkeyset.Read(keyset.NewJSONReader(bytes.NewReader(body)))
}

// encode is the reverse of decode. The keyset is in clear: the file's permissions and
// the disk protect it. Wrapping by a key service would go in here.
func encode(handle *keyset.Handle) ([]byte, error) {
	var body bytes.Buffer
	if err := insecurecleartextkeyset.Write(handle, keyset.NewJSONWriter(&body)); err != nil {
		return nil, err
	}
	body.WriteByte('\n')
	return []byte(fileMagic + sumPrefix + sumOf(body.Bytes()) + "\n" + body.String()), nil
}

func sumOf(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// writeFile puts a keyset at path so that after a crash at any instant there is either
// the old file or the whole new one: written beside it, synced, renamed, folder synced.
// The caller holds the folder's lock, so the fixed name of the new file is its own; a
// leftover of a writer that was killed is replaced. Old is the file to be replaced,
// nil if there is none.
func writeFile(path string, handle *keyset.Handle, old fs.FileInfo) error {
	data, err := encode(handle)
	if err != nil {
		return err
	}
	next := path + ".new"
	if err := os.Remove(next); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	f, err := os.OpenFile(next, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err == nil && old != nil {
		// An administrator may rotate as root; the server must still read the result.
		err = keepOwner(f, old)
	}
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(next, path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(next))
	}
	return syncFolder(filepath.Dir(path))
}

// about adds the path to what is shown and to what is logged. The callers are
// start-up and commands, whose readers own the path.
func about(e *errs.Error, path string, cause error) error {
	return e.Saying(e.Message + " (" + path + ")").Because(fmt.Errorf("%s: %w", path, cause))
}
