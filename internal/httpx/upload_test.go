package httpx

import (
	"bytes"
	"errors"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// uploaded is a request with a form that has these parts, each a name and its content.
func uploaded(t *testing.T, parts ...[2]string) *http.Request {
	t.Helper()
	var b bytes.Buffer
	form := multipart.NewWriter(&b)
	for _, p := range parts {
		w, err := form.CreateFormFile(p[0], "../../etc/passwd")
		if err == nil {
			_, err = io.WriteString(w, p[1])
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := form.Close(); err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequest(http.MethodPost, "/", &b)
	r.Header.Set("Content-Type", form.FormDataContentType())
	return r
}

func TestUpload(t *testing.T) {
	many := make([][2]string, 9)
	for i := range many {
		many[i] = [2]string{"x", "y"}
	}
	cut := uploaded(t, [2]string{"logo", "picture"})
	body, _ := io.ReadAll(cut.Body)
	cut.Body = io.NopCloser(bytes.NewReader(body[:len(body)-10]))
	endless := uploaded(t)
	endless.Body = http.MaxBytesReader(httptest.NewRecorder(), io.NopCloser(io.MultiReader(strings.NewReader(
		"--"+boundary(endless)+"\r\nContent-Disposition: form-data; name=\"other\"; filename=\"x\"\r\n\r\n"), zeros{})), 1<<20)
	plain := httptest.NewRequest(http.MethodPost, "/", strings.NewReader("logo=picture"))
	plain.Header.Set("Content-Type", formType)
	for name, tc := range map[string]struct {
		r    *http.Request
		want string
		err  error
	}{
		"a file":                {uploaded(t, [2]string{"other", "x"}, [2]string{"logo", "picture"}), "picture", nil},
		"of just the size":      {uploaded(t, [2]string{"logo", "0123456789"}), "0123456789", nil},
		"too large":             {uploaded(t, [2]string{"logo", "0123456789abcdef"}), "0123456789a", nil},
		"none":                  {uploaded(t, [2]string{"other", "x"}), "", nil},
		"a plain form":          {plain, "", nil},
		"twice":                 {uploaded(t, [2]string{"logo", "a"}, [2]string{"logo", "b"}), "", ErrMalformed},
		"too many parts":        {uploaded(t, many...), "", ErrMalformed},
		"cut off":               {cut, "", ErrMalformed},
		"more than the route's": {endless, "", ErrTooLarge},
	} {
		got, err := Upload(tc.r, "logo", 10)
		if string(got) != tc.want || !errors.Is(err, tc.err) || tc.err == nil && err != nil {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
}

func boundary(r *http.Request) string {
	_, b, _ := strings.Cut(r.Header.Get("Content-Type"), "boundary=")
	return b
}

// zeros never ends.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) { return len(p), nil }

// TestUploadsGoWhereTheyMay: a form with a file is taken by the routes that say so, and bodies of other types by none.
func TestUploadsGoWhereTheyMay(t *testing.T) {
	done := func(w http.ResponseWriter, _ *http.Request) error { w.WriteHeader(http.StatusOK); return nil }
	m := open(t, []Route{
		{Pattern: "POST /plain", Level: Public, Handler: done}, {Pattern: "POST /file", Level: Public, Handler: done, Upload: true},
	}, nil, func(o *Options) { o.Browser = true })
	for kind, want := range map[string][2]int{ // at a plain route, at one for uploads
		"multipart/form-data; boundary=x":                {415, 200},
		"multipart/form-data; boundary=x; charset=utf-7": {415, 415},
		"multipart/mixed; boundary=x":                    {415, 415},
		formType:                                         {200, 200},
		"text/plain":                                     {415, 415},
	} {
		for i, path := range []string{"/plain", "/file"} {
			r := httptest.NewRequest(http.MethodPost, path, strings.NewReader("--x--\r\n"))
			r.Header.Set("Content-Type", kind)
			r.Header.Set("Sec-Fetch-Site", "same-origin")
			r.Host = "login.test"
			w := httptest.NewRecorder()
			m.ServeHTTP(w, r)
			if w.Code != want[i] {
				t.Errorf("%s at %s: %d, want %d", kind, path, w.Code, want[i])
			}
		}
	}
}
