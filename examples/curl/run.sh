#!/usr/bin/env bash
# Something to call through the door with an API key and a code: one command, see ../start.sh for the ports.
source "$(dirname "$0")/../start.sh"
sallyport
go build -trimpath -o bin/ ./examples/middleware
run bin/middleware -listen "127.0.0.1:$PORT" -site "$origin" -server "http://localhost:$SALLYPORT"
cat <<END

1. Sign in at http://localhost:$SALLYPORT and make an API key with the scope "read" under Settings, API keys. Put it into the file key.
2. Give the key a device of its own, and put that one's secret into the file secret.
3. In that folder: $PWD/examples/curl/call.sh $origin/whoami
END
ready "its own middleware"
