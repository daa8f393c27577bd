# What the examples have in common; their run.sh reads it. Everything listens on the loopback, and all of it ends with the script.
#
#   PORT       where you open the example (8081)
#   SALLYPORT  the port of Sallyport's demo (8080)
#   PROGRAM    the port of the program behind the door (8082)
#   MAX_AGE    how many seconds the second factor counts at /money/ (900)
#   DEMO_DATA  a folder that keeps the demo's users; without it they are new at each start
#   NAME       what the site is called before .localhost (app)
#   ASK        what is asked of everybody at / (level=aal1)
#   DOORS      another site to let people in at, for an example that is started beside this one
#   JOIN       1 to start beside another example, and use its Sallyport
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
: "${PORT:=8081}" "${SALLYPORT:=8080}" "${PROGRAM:=8082}" "${MAX_AGE:=900}" "${NAME:=app}" "${ASK:=level=aal1}"
origin=http://$NAME.localhost:$PORT
work=$(mktemp -d)
started=()

end() {
	trap - EXIT INT TERM
	for ((i = ${#started[@]} - 1; i >= 0; i--)); do
		kill "${started[i]}" 2>/dev/null || true
		wait "${started[i]}" 2>/dev/null || true
	done
	rm -rf "$work"
}
trap end EXIT
trap 'exit 0' INT TERM

run() { # run COMMAND…: beside the script, until it ends
	"$@" &
	started+=($!)
}

have() { # have COMMAND PACKAGE
	PATH=$PATH:/usr/sbin command -v "$1" || {
		echo "$1 is missing here: apt-get install $2" >&2
		exit 1
	}
}

up() { # up PORT NAME: wait until something listens there
	for _ in {1..200}; do
		if (: <"/dev/tcp/127.0.0.1/$1") 2>/dev/null; then return; fi
		sleep 0.05
	done
	echo "$2 did not start on port $1" >&2
	exit 1
}

printed() { # printed FILE: the example's file with the ports of this run
	sed -e "s/app\.localhost/$NAME.localhost/g" -e "s/localhost:8081/localhost:$PORT/g" -e "s/127\.0\.0\.1:8081/127.0.0.1:$PORT/g" -e "s/:8080/:$SALLYPORT/g" -e "s/:8082/:$PROGRAM/g" -e "s/max_age=900/max_age=$MAX_AGE/" \
		-e "s/level=aal1/$ASK/" -e "s/door \"\";/door \"$ASK\";/" "$1"
}

# sallyport starts the demo, dashboard the program behind the door.
sallyport() {
	if [[ -z ${JOIN:-} ]]; then
		make --silent build
		run bin/sallyport demo --listen "127.0.0.1:$SALLYPORT" --door "$origin" ${DOORS:+--door "$DOORS"} ${DEMO_DATA:+--data "$DEMO_DATA"}
	fi
	up "$SALLYPORT" Sallyport
}
dashboard() {
	go build -trimpath -o bin/ ./examples/dashboard
	run bin/dashboard -listen "127.0.0.1:$PROGRAM" -sign-in "http://localhost:$SALLYPORT"
	up "$PROGRAM" "The dashboard"
}

ready() { # ready NAME: the address, and then nothing until somebody stops it or a part ends
	up "$PORT" "$1"
	printf '\nThe dashboard behind %s:\n\n  %s\n\nStop all of it with Ctrl+C.\n' "$1" "$origin"
	wait "${started[-1]}"
}
