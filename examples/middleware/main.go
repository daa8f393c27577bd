// Command middleware is a Go program that lets people in by Sallyport, without a proxy between.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"log"
	"net/http"
	"strings"
	"time"

	"sallyport/client/door"
)

func main() {
	listen := flag.String("listen", "127.0.0.1:8081", "where to listen")
	site := flag.String("site", "http://app.localhost:8081", "this program, as browsers name it")
	server := flag.String("server", "http://localhost:8080", "where Sallyport is")
	recent := flag.Duration("max-age", 15*time.Minute, "for how long the second factor counts at /money/")
	flag.Parse()

	d, err := door.New(*server, *site)
	if err != nil {
		log.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.Handle("/public/", page("Public page"))
	mux.Handle("/", d.Ask(page("Dashboard")))
	mux.Handle("/safe/", d.Ask(page("Page for a second factor"), door.SecondFactor()))
	mux.Handle("/money/", d.Ask(page("Page that asks again"), door.SecondFactor(), door.MaxAge(*recent)))
	mux.Handle("/admin/", d.Ask(page("Page for administrators"), door.Roles("admin")))
	mux.Handle("/whoami", d.Ask(http.HandlerFunc(whoami)))
	mux.HandleFunc("/public/whoami", whoami)
	log.Fatal(http.ListenAndServe(*listen, d.Wrap(mux))) //nolint:gosec // an example
}

func page(title string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		who, ok := door.From(r.Context())
		if !ok {
			fmt.Fprintf(w, "%s\nNobody is signed in, as far as this page knows.\n", title)
			return
		}
		fmt.Fprintf(w, "%s\nSigned in as %s, %s of %s.\n", title, who.Email, who.Roles[0], who.Account)
	})
}

// whoami tells who is there, and with what headers the request came.
func whoami(w http.ResponseWriter, r *http.Request) {
	said := r.Header.Clone()
	if who, ok := door.From(r.Context()); ok {
		said.Set("Remote-User", who.User)
		said.Set("Remote-Email", who.Email)
		said.Set("Remote-Account", who.Account)
		said.Set("Remote-Roles", who.Roles[0])
		said.Set("Remote-Amr", strings.Join(who.AMR, ","))
	}
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(said); err != nil {
		log.Print(err)
	}
}
