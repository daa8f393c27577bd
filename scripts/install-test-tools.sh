#!/usr/bin/env bash
# Install what the tests use besides Go: a browser, an independent authenticator, a QR reader, curl,
# PostgreSQL, the accessibility checker, an SMS gateway, a message centre and three proxies. Nothing is touched
# that is there already; where installing is not possible (no root, not Debian) it says what is
# missing and goes on, and the tests that need it then fail by name.
set -euo pipefail
cd "$(dirname "$0")/.."

missing=()
need() { # need COMMAND PACKAGE
	command -v "$1" >/dev/null || missing+=("$2")
}
need chromium chromium
need oathtool oathtool
need curl curl
need zbarimg zbar-tools
need npm npm
# Debian keeps it in a folder that is in root's PATH only.
[[ -x /usr/sbin/exim4 ]] || need exim4 exim4-daemon-light
need node nodejs
need bearerbox kannel
[[ -x /usr/lib/kannel/test/fakesmsc ]] || missing+=(kannel-extras)
# Also in root's folder. The tests start the proxies themselves: see below.
[[ -x /usr/sbin/nginx ]] || need nginx nginx-light
need caddy caddy
[[ -x /usr/sbin/haproxy ]] || need haproxy haproxy
if ! command -v initdb >/dev/null && ! compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null; then
	missing+=(postgresql)
fi

if ((${#missing[@]})); then
	if command -v apt-get >/dev/null && [[ $(id -u) == 0 ]]; then
		echo "installing: ${missing[*]}"
		export DEBIAN_FRONTEND=noninteractive
		# Debian starts the services that it installs, on every address, unless this says no.
		policy=/usr/sbin/policy-rc.d
		if [[ ! -e $policy ]]; then
			printf '#!/bin/sh\nexit 101\n' >"$policy"
			chmod 755 "$policy"
			trap 'rm -f "$policy"' EXIT
		fi
		apt-get -qq update
		apt-get -qq install -y --no-install-recommends "${missing[@]}" >/dev/null
	else
		echo "missing, and only root on Debian can have them installed: ${missing[*]}" >&2
	fi
fi

if [[ ! -f tools/axe/node_modules/axe-core/axe.min.js ]] && command -v npm >/dev/null; then
	echo "installing: axe-core"
	(cd tools/axe && npm ci --silent)
fi
if [[ ! -f tools/smsc/node_modules/smpp/index.js ]] && command -v npm >/dev/null; then
	echo "installing: smpp"
	(cd tools/smsc && npm ci --silent)
fi
