// Package proxytest tries the examples: nginx, Caddy and HAProxy as Debian has them, Traefik where there is one, and the Go middleware, each in front
// of a program that writes down what it is told. Each is started by the one command that its reader is told, and walked by a client that keeps
// cookies as browsers do. It holds tests only.
package proxytest
