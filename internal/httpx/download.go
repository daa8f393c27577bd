package httpx

import "net/http"

// Download makes the answer a file of that name, which the browser saves and never shows.
func Download(w http.ResponseWriter, name, contentType string) {
	h := w.Header()
	h.Set("Content-Type", contentType)
	h.Set("Content-Disposition", `attachment; filename="`+name+`"`)
}
