// Command assertion is a program behind the door that believes neither headers nor the network, but Sallyport's signature alone.
package main

import (
	"encoding/json"
	"flag"
	"log"
	"net/http"
)

func main() {
	listen := flag.String("listen", "127.0.0.1:8082", "where to listen")
	site := flag.String("site", "http://app.localhost:8081", "this program, as browsers name it")
	server := flag.String("server", "http://localhost:8080", "where Sallyport is")
	flag.Parse()
	door := &Door{Server: *server, Site: *site}
	log.Fatal(http.ListenAndServe(*listen, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { //nolint:gosec // an example
		who, err := door.Who(r)
		if err != nil {
			http.Error(w, "Nobody is signed in.", http.StatusUnauthorized)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		if err := json.NewEncoder(w).Encode(who); err != nil {
			log.Print(err)
		}
	})))
}
