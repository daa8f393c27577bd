#!/usr/bin/env bash
# A Go program with the middleware: one command, see ../start.sh for the ports.
source "$(dirname "$0")/../start.sh"
sallyport
go build -trimpath -o bin/ ./examples/middleware
run bin/middleware -listen "127.0.0.1:$PORT" -site "$origin" -server "http://localhost:$SALLYPORT" -max-age "${MAX_AGE}s"
ready "its own middleware"
