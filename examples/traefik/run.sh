#!/usr/bin/env bash
# The dashboard behind Traefik: one command, see ../start.sh for the ports. TRAEFIK is the program where it is not in PATH.
source "$(dirname "$0")/../start.sh"
traefik=$(command -v "${TRAEFIK:-traefik}") || {
	echo "traefik is missing here, and Debian has none: https://github.com/traefik/traefik/releases has it as one file; 3.7.12 or newer" >&2
	exit 1
}
sallyport
dashboard
for file in traefik.yaml sallyport.yaml; do printed "examples/traefik/$file" >"$work/$file"; done
cd "$work"
run "$traefik" --configFile=traefik.yaml
up "$PORT" Traefik
# It listens before it has read where to lead: until then everything is 404.
for _ in {1..200}; do
	exec {there}<>"/dev/tcp/127.0.0.1/$PORT"
	printf 'GET /public/ HTTP/1.0\r\nHost: %s\r\n\r\n' "${origin#*//}" >&"$there"
	read -r _ status _ <&"$there" || true
	exec {there}>&-
	if [[ $status == 200 ]]; then break; fi
	sleep 0.05
done
ready Traefik
