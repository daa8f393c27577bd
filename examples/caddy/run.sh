#!/usr/bin/env bash
# The dashboard behind Caddy: one command, see ../start.sh for the ports.
source "$(dirname "$0")/../start.sh"
caddy=$(have caddy caddy)
sallyport
dashboard
printed examples/caddy/Caddyfile >"$work/Caddyfile"
XDG_DATA_HOME=$work XDG_CONFIG_HOME=$work run "$caddy" run --config "$work/Caddyfile" --adapter caddyfile
ready Caddy
