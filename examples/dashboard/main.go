// Command dashboard is a small program that knows nothing of signing in: it believes the headers of the proxy in front of it, so it
// listens where nobody but the proxy reaches it.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"html/template"
	"log"
	"net/http"
	"os"
	"strings"
)

var page = template.Must(template.New("page").Parse(`<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><meta name="color-scheme" content="light dark"><title>Dashboard</title>
<main style="font: 1rem/1.5 system-ui; max-width: 40rem; margin: 3rem auto; padding: 0 1rem">
<h1>{{.Title}}</h1>
<p>{{if .Email}}Signed in as <b>{{.Email}}</b>, {{.Roles}} of {{.Account}}, by {{.Amr}}.{{else}}Nobody is signed in, as far as this program is told.{{end}}</p>
<p><a href="/">Dashboard</a> · <a href="/public/">Public</a> · <a href="/safe/">Second factor</a> · <a href="/money/">Just now</a> · <a href="/admin/">Administrators</a> · <a href="/whoami">Headers</a>
{{with .SignIn}}· <a href="{{.}}/settings">Your sign-in</a>{{end}}</p>
</main></html>
`))

func main() {
	listen := flag.String("listen", "127.0.0.1:8082", "where the proxy finds this program")
	signIn := flag.String("sign-in", "", "where Sallyport is, for the link to it")
	flag.Parse()
	titles := map[string]string{"/": "Dashboard", "/public/": "Public page", "/safe/": "Page for a second factor", "/money/": "Page that asks again", "/admin/": "Page for administrators"}
	mux := http.NewServeMux()
	for path, title := range titles {
		mux.HandleFunc(path, func(w http.ResponseWriter, r *http.Request) {
			h := r.Header
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			w.Header().Set("Cache-Control", "no-store")
			err := page.Execute(w, map[string]string{
				"Title": title, "Email": h.Get("Remote-Email"), "Roles": h.Get("Remote-Roles"), "Account": h.Get("Remote-Account"), "Amr": h.Get("Remote-Amr"), "SignIn": *signIn,
			})
			if err != nil {
				log.Print(err)
			}
		})
	}
	mux.HandleFunc("/whoami", whoami)
	mux.HandleFunc("/public/whoami", whoami)
	log.SetOutput(os.Stdout)
	log.SetFlags(0)
	log.Printf("The dashboard answers the proxy at %s", *listen)
	log.Fatal(http.ListenAndServe(*listen, mux)) //nolint:gosec // an example, behind a proxy that has time limits
}

// whoami tells which headers came that say who somebody is, and what else of the door should never arrive here.
func whoami(w http.ResponseWriter, r *http.Request) {
	said := map[string][]string{}
	for name, values := range r.Header {
		switch n := strings.ToLower(strings.ReplaceAll(name, "_", "-")); {
		case strings.HasPrefix(n, "remote"), strings.HasPrefix(n, "sallyport"), n == "authorization", n == "cookie":
			said[name] = values
		}
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	if err := json.NewEncoder(w).Encode(said); err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
}
