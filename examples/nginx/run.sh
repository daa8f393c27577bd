#!/usr/bin/env bash
# The dashboard behind nginx: one command, see ../start.sh for the ports.
source "$(dirname "$0")/../start.sh"
nginx=$(have nginx nginx-light)
sallyport
dashboard
chmod 755 "$work" # where root starts nginx, its worker is somebody else
for file in nginx.conf sallyport.conf; do printed "examples/nginx/$file" >"$work/$file"; done
run "$nginx" -p "$work" -c nginx.conf -e stderr
ready nginx
