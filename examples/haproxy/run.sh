#!/usr/bin/env bash
# The dashboard behind HAProxy: one command, see ../start.sh for the ports.
source "$(dirname "$0")/../start.sh"
haproxy=$(have haproxy haproxy)
sallyport
dashboard
printed examples/haproxy/haproxy.cfg >"$work/haproxy.cfg"
cp examples/haproxy/sallyport.lua "$work"
cd "$work"
run "$haproxy" -db -f haproxy.cfg
ready HAProxy
