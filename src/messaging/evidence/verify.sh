#!/bin/sh
# Checks this folder with openssl (3.0 or later) alone; README.md says what that proves.
# Prints a line a check; the exit status is 0 only if nothing is wrong.
set -u
LC_ALL=C
export LC_ALL
unset CDPATH
cd "$(dirname "$0")" || exit 1
command -v openssl >/dev/null || { echo "the program openssl is needed" >&2; exit 1; }
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT
tab=$(printf '\t')
held=0 wrong=0

# check SENTENCE COMMAND…
check() {
	sentence=$1
	shift
	if "$@" >"$scratch/output" 2>&1; then
		held=$((held + 1))
		printf 'ok     %s\n' "$sentence"
	else
		wrong=$((wrong + 1))
		printf 'WRONG  %s\n' "$sentence"
	fi
}

# --- files ---

digest_is() { [ "$(openssl dgst "-$1" -r "./$2" | cut -d' ' -f1)" = "$3" ]; }
base64_digest() { openssl dgst "-$1" -binary "./$2" | openssl base64 -A; }

files() {
	find . -type f ! -path ./SHA256SUMS | sed 's|^\./||' | sort >"$scratch/there"
	cut -c67- SHA256SUMS | sort >"$scratch/named"
	check "SHA256SUMS names every file of this folder and no other" cmp "$scratch/there" "$scratch/named"
	while read -r value file || [ -n "$value" ]; do
		check "$file is as it was written" digest_is sha256 "$file" "$value"
	done <SHA256SUMS
}

# --- one signed message, receipt or error: $1 is its folder ---

signature() {
	algorithm='' uri=''
	{ read -r algorithm && read -r uri; } <"$1/algorithm"
	openssl x509 -in "$1/signer.pem" -noout -pubkey >"$scratch/key" 2>"$scratch/output"
	check "$1: its SignedInfo names the algorithm $algorithm" grep -qF "Algorithm=\"$uri\"" "$1/signed-info.xml"
	case $algorithm in
	rsa-sha256 | rsa-sha384 | rsa-sha512 | ecdsa-sha256)
		set -- "$1" openssl dgst "-${algorithm#*-}" -verify "$scratch/key" -signature "$1/signature.bin" "$1/signed-info.xml"
		;;
	ed25519)
		set -- "$1" openssl pkeyutl -verify -pubin -inkey "$scratch/key" -rawin -in "$1/signed-info.xml" -sigfile "$1/signature.bin"
		;;
	*) set -- "$1" false ;;
	esac
	folder=$1
	shift
	check "$folder: the signature over SignedInfo was made with the key of signer.pem" "$@"
}

# Without white space, which may stand around a value; canonical XML writes a carriage return as below.
squeezed() { cat "$@" | tr -d ' \t\n' | sed 's/&#xD;//g'; }
names_digest() { grep -qF ">$(base64_digest "$1" "$2")</" "$3"; }
reference_holds() { digest_is "$1" "$2" "$3" && names_digest "$1" "$2" "$scratch/info"; }

references() {
	squeezed "$1/signed-info.xml" >"$scratch/info"
	signed=0
	while IFS=$tab read -r name algorithm value file; do
		signed=$((signed + 1))
		check "$1: SignedInfo has the digest of $name, which is $file" reference_holds "$algorithm" "$1/$file" "$value"
	done <"$1/references.tsv"
	named=$(awk '{ n += gsub(/DigestValue>/, "") } END { print n / 2 }' "$scratch/info")
	check "$1: SignedInfo has no other digest" [ "$signed" = "$named" ]
}

# A list made by another key of the issuer than the one that signed the certificate.
list_is_silent() {
	for issuer in "$1"/issuer-*.pem; do
		openssl crl -in "$2" -noout -CAfile "$issuer" 2>&1 | grep -q '^verify OK' || continue
		serial=$(openssl x509 -in "$1/signer.pem" -noout -serial)
		! openssl crl -in "$2" -noout -text | grep -qi "Serial Number: ${serial#serial=}\$"
		return
	done
	return 1
}

valid_then() { openssl verify -attime "$at" -partial_chain "$@"; }

certificate() {
	at=''
	read -r at <"$1/time"
	check "$1: signer.pem was valid at that time" valid_then -trusted "$1/signer.pem" "$1/signer.pem"
	cat "$1"/issuer-*.pem >"$scratch/issuers" 2>/dev/null
	cat "$1"/crl-*.pem >"$scratch/lists" 2>/dev/null
	if openssl verify -no_check_time -partial_chain -trusted "$scratch/issuers" "$1/signer.pem" >"$scratch/output" 2>&1; then
		check "$1: issuer-*.pem issued signer.pem" valid_then -trusted "$scratch/issuers" "$1/signer.pem"
		[ ! -s "$scratch/lists" ] || check "$1: crl-*.pem do not revoke signer.pem" \
			valid_then -trusted "$scratch/issuers" -crl_check -CRLfile "$scratch/lists" "$1/signer.pem"
	elif [ -s "$scratch/lists" ]; then
		for list in "$1"/crl-*.pem; do
			check "$1: an issuer-*.pem signed ${list##*/}, which does not name signer.pem" list_is_silent "$1" "$list"
		done
	elif [ -s "$scratch/issuers" ]; then
		check "$1: issuer-*.pem issued signer.pem" false
	fi
}

# A receipt repeats every digest of the message that it answers; they stand in its signed ebMS header.
receipt() {
	answered=''
	[ ! -f "$1/answers" ] || read -r answered <"$1/answers"
	squeezed "$1"/reference-*.bin >"$scratch/header"
	case $answered in
	[0-9]*-sent | [0-9]*-received) ;;
	*)
		check "$1: speaks of a message of this folder" false
		return
		;;
	esac
	while IFS=$tab read -r name algorithm value file; do
		check "$1: repeats the digest of $name of $answered" names_digest "$algorithm" "$answered/$file" "$scratch/header"
	done <"$answered/references.tsv"
}

exchange() {
	if [ -f "$1/signed-info.xml" ]; then
		signature "$1"
		references "$1"
		certificate "$1"
		case $1 in *-receipt-*) receipt "$1" ;; esac
	else
		case $1 in
		*-error-*) printf '%s\n' "note   $1: without a signature that was believed, it proves nothing" ;;
		*) check "$1: is signed" false ;;
		esac
	fi
}

files
for each in [0-9]*-*; do
	[ ! -d "$each" ] || exchange "$each"
done
printf '%s\n' "$held checks hold, $wrong are wrong"
[ "$wrong" -eq 0 ]
