package web

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strconv"
	"strings"
)

// asset is one static file, ready to be sent.
type asset struct {
	url     string // "/static/sallyport-1a2b3c4d5e6f.css": the content's hash makes it cacheable for ever
	kind    string
	plain   []byte
	gzipped []byte
}

// assets holds the static files by plain name and by the last part of their address.
type assets struct {
	byName map[string]*asset
	byPath map[string]*asset
}

// loadAssets reads the folder static, names each file by its hash and compresses it once.
func loadAssets(files fs.FS) (assets, error) {
	all := assets{byName: make(map[string]*asset), byPath: make(map[string]*asset)}
	names, err := fs.Glob(files, "static/*")
	if err != nil {
		return all, fmt.Errorf("web: static files: %w", err)
	}
	for _, file := range names {
		content, err := fs.ReadFile(files, file)
		if err != nil {
			return all, fmt.Errorf("web: static files: %w", err)
		}
		name, ext := path.Base(file), path.Ext(file)
		sum := sha256.Sum256(content)
		hashed := strings.TrimSuffix(name, ext) + "-" + hex.EncodeToString(sum[:6]) + ext
		a := &asset{url: "/static/" + hashed, kind: contentType(ext), plain: content}
		if a.kind == "" {
			return all, fmt.Errorf("web: static file %s has no known type", name)
		}
		if a.gzipped, err = compress(content); err != nil {
			return all, fmt.Errorf("web: static file %s: %w", name, err)
		}
		all.byName[name], all.byPath[hashed] = a, a
	}
	return all, nil
}

// contentType is written out because mime.TypeByExtension asks the machine's own tables.
func contentType(ext string) string {
	switch ext {
	case ".css":
		return "text/css; charset=utf-8"
	case ".js":
		return "text/javascript; charset=utf-8"
	case ".svg":
		return mime.FormatMediaType("image/svg+xml", nil)
	}
	return ""
}

// compress gives content as gzip at the best level; it runs once, at the start.
func compress(content []byte) ([]byte, error) {
	var b bytes.Buffer
	z, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
	if err != nil {
		return nil, err
	}
	if _, err := z.Write(content); err != nil {
		return nil, err
	}
	if err := z.Close(); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// Asset gives the address of a static file, for pages that are made elsewhere.
func (p *Pages) Asset(name string) (string, error) { return p.assets.url(name) }

// url gives the hashed address of a static file.
func (a assets) url(name string) (string, error) {
	f, ok := a.byName[name]
	if !ok {
		return "", fmt.Errorf("web: no static file %s", name)
	}
	return f.url, nil
}

// Static serves the files under /static/. They may be kept for ever, since a changed
// file has another address; an address of an older version is not found.
func (p *Pages) Static() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		f, ok := p.assets.byPath[strings.TrimPrefix(r.URL.Path, "/static/")]
		if !ok {
			http.NotFound(w, r)
			return
		}
		h := w.Header()
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
		h.Set("Content-Type", f.kind)
		h.Set("Vary", "Accept-Encoding")
		body := f.plain
		if acceptsGzip(r.Header.Get("Accept-Encoding")) {
			h.Set("Content-Encoding", "gzip")
			body = f.gzipped
		}
		h.Set("Content-Length", strconv.Itoa(len(body)))
		if r.Method == http.MethodHead {
			return
		}
		// A reader that has gone away is nobody's fault and nothing to log.
		_, _ = w.Write(body)
	})
}

// acceptsGzip reads Accept-Encoding (RFC 9110 section 12.5.3) as far as needed: gzip is named and not with q=0.
func acceptsGzip(header string) bool {
	for part := range strings.SplitSeq(header, ",") {
		coding, weight, _ := strings.Cut(part, ";")
		if strings.TrimSpace(coding) != "gzip" {
			continue
		}
		q, found := strings.CutPrefix(strings.ReplaceAll(weight, " ", ""), "q=")
		if !found {
			return true
		}
		v, err := strconv.ParseFloat(q, 64)
		return err == nil && v > 0
	}
	return false
}
