#!/bin/sh
# call.sh URL: calls a program behind the door as the person of an API key, with a code of the key's device. A code counts once, so the
# next call waits for the next one. No secret stands in an argument, where everybody on the machine could read it.
set -eu
code=$(oathtool --totp --base32 - <secret)
printf 'Authorization: Bearer %s\nSallyport-OTP: %s\n' "$(cat key)" "$code" |
	curl --silent --show-error --fail-with-body --header @- "$1"
