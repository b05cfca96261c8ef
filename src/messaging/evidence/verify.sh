#!/bin/sh
# Checks this folder with openssl (3.0 or later) alone, and one thing more with gzip; README.md says what that proves.
# Prints a line a check, and what is proved; the exit status is 1 if something is wrong, 3 if nothing is, but no message is proved, else 0.
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
: >"$scratch/proved"
: >"$scratch/unsigned"

wrong() {
	wrong=$((wrong + 1))
	printf 'WRONG  %s\n' "$1"
}

note() { printf 'note   %s\n' "$1"; }

# check SENTENCE COMMAND…
check() {
	sentence=$1
	shift
	if "$@" >"$scratch/output" 2>&1; then
		held=$((held + 1))
		printf 'ok     %s\n' "$sentence"
	else
		wrong "$sentence"
	fi
}

# All of the files are there, and none is empty.
have() {
	complete=true
	for file in "$@"; do
		[ -s "$file" ] && continue
		if [ -e "$file" ]; then wrong "$file is empty"; else wrong "$file is missing"; fi
		complete=false
	done
	$complete
}

# --- files ---

digest_is() { [ "$(openssl dgst "-$1" -r "./$2" | cut -d' ' -f1)" = "$3" ]; }
base64_digest() { openssl dgst "-$1" -binary "./$2" | openssl base64 -A; }

files() {
	have SHA256SUMS || return
	find . ! -type d ! -path ./SHA256SUMS | sed 's|^\./||' | sort >"$scratch/there"
	cut -c67- SHA256SUMS | sort >"$scratch/named"
	find . ! -type d ! -type f | sed 's|^\./||' >"$scratch/odd"
	while read -r file; do
		wrong "$file is not a file of this folder"
	done <"$scratch/odd"
	check "SHA256SUMS names every file of this folder and no other" cmp "$scratch/there" "$scratch/named"
	comm -23 "$scratch/there" "$scratch/named" >"$scratch/added"
	while read -r file; do
		wrong "$file is not named in SHA256SUMS: it was added"
	done <"$scratch/added"
	while read -r value file || [ -n "$value" ]; do
		if [ -f "$file" ]; then
			check "$file has the digest that SHA256SUMS names" digest_is sha256 "$file" "$value"
		else
			wrong "$file is missing"
		fi
	done <SHA256SUMS
}

# --- the content that people read: it is signed as it is, or in the form of payload/N.signed ---

is_signed() { cut -f4 [0-9]*-*/references.tsv | grep -qxF "../$1"; }
expands_to() { gzip -dc <"$1" | cmp - "$2"; }

# $1 in the form of $2.
form() {
	if [ -s "$scratch/proved" ]; then
		check "$1: a signed list of digests has $2" is_signed "$2"
	else
		note "$1: nothing in this folder shows that it was signed"
	fi
	if [ "$2" = "$1" ]; then
		return
	elif ! command -v gzip >/dev/null; then
		note "$1: whether it is the content of $2 is checked by derive.py alone, as there is no gzip here"
	elif gzip -t <"$2" 2>"$scratch/output"; then
		check "$1 is what $2 expands to" expands_to "$2" "$1"
	else
		note "$1: $2 is its canonical form; derive.py alone compares them"
	fi
}

# Versions of a message may be signed in different forms.
content() {
	for plain in payload/*; do
		case $plain in *.signed | *.signed-* | 'payload/*') continue ;; esac
		forms=0
		for octets in "${plain%.*}".signed "${plain%.*}".signed-*; do
			[ -f "$octets" ] || continue
			forms=1
			form "$plain" "$octets"
		done
		[ "$forms" = 1 ] || form "$plain" "$plain"
	done
	for octets in payload/*.signed payload/*.signed-*; do
		set -- "${octets%.signed*}".[!s]*
		[ ! -f "$octets" ] || [ -f "$1" ] || wrong "the plain content of $octets is missing"
	done
}

# --- one signed message, receipt or error: $1 is its folder ---

signature() {
	algorithm='' uri=''
	{ read -r algorithm && read -r uri; } <"$1/algorithm"
	openssl x509 -in "$1/signer.pem" -noout -pubkey >"$scratch/key" 2>"$scratch/output"
	check "$1: its SignedInfo names the algorithm $algorithm" grep -qF "Algorithm=\"$uri\"" "$1/signed-info.xml"
	case $algorithm in
	rsa-sha1 | rsa-sha256 | rsa-sha384 | rsa-sha512 | ecdsa-sha256)
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
	[ "$algorithm" != rsa-sha1 ] ||
		note "$folder: it is signed with SHA-1, which is weak: two texts with the same digest can be made, so that it proves less"
}

# Without white space, which may stand around a value; canonical XML writes a carriage return as below.
squeezed() { cat "$@" | tr -d ' \t\n' | sed 's/&#xD;//g'; }
names_digest() { grep -qF ">$(base64_digest "$1" "$2")</" "$3"; }
reference_holds() { digest_is "$1" "$2" "$3" && names_digest "$1" "$2" "$scratch/info"; }

may_be_signed() {
	case $1 in
	*/../* | ../payload/*/* | reference-*/*) false ;;
	../payload/* | reference-[0-9]*.bin) ;;
	*) false ;;
	esac
}

references() {
	squeezed "$1/signed-info.xml" >"$scratch/info"
	signed=0
	while IFS=$tab read -r name algorithm value file; do
		signed=$((signed + 1))
		if may_be_signed "$file"; then
			check "$1: SignedInfo has the digest of $name, which is $file" reference_holds "$algorithm" "$1/$file" "$value"
		else
			wrong "$1: $file is not a file that can be signed"
		fi
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

# Seconds since 1970 of a time as openssl prints it: "Nov  2 06:28:00 2026 GMT".
seconds() {
	awk -v text="$1" 'BEGIN {
		split(text, t, /[ :]+/)
		month = (index("JanFebMarAprMayJunJulAugSepOctNovDec", t[1]) + 2) / 3
		year = t[6] - (month < 3)
		days = 365 * year + int(year / 4) - int(year / 100) + int(year / 400) + int((153 * ((month + 9) % 12) + 2) / 5) + t[2] - 719469
		printf "%.0f\n", days * 86400 + t[3] * 3600 + t[4] * 60 + t[5]
	}'
}

# For how long, at that time, the list that was made last had been to be replaced; empty if it had not.
overdue() {
	newest=''
	for list in "$1"/crl-*.pem; do
		[ -s "$list" ] || continue
		made=$(openssl crl -in "$list" -noout -lastupdate)
		made=$(seconds "${made#lastUpdate=}")
		[ -z "$newest" ] || [ "$made" -gt "$newest" ] || continue
		newest=$made
		due=$(openssl crl -in "$list" -noout -nextupdate)
		late=$((at - $(seconds "${due#nextUpdate=}")))
	done
	[ -z "$newest" ] || [ "$late" -lt 0 ] || echo "$((late / 86400)) d $((late % 86400 / 3600)) h $((late % 3600 / 60)) min"
}

valid_then() { openssl verify -attime "$at" -partial_chain "$@"; }

certificate() {
	at='' grace=''
	have "$1"/*.pem || return
	read -r at <"$1/time"
	check "$1: signer.pem was valid at that time" valid_then -trusted "$1/signer.pem" "$1/signer.pem"
	cat "$1"/issuer-*.pem >"$scratch/issuers" 2>/dev/null
	cat "$1"/crl-*.pem >"$scratch/lists" 2>/dev/null
	grace=$(overdue "$1" 2>"$scratch/output")
	[ -z "$grace" ] || grace="; the list was overdue by $grace then, and used within the grace of that node's policy"
	if openssl verify -no_check_time -partial_chain -trusted "$scratch/issuers" "$1/signer.pem" >"$scratch/output" 2>&1; then
		check "$1: issuer-*.pem issued signer.pem" valid_then -trusted "$scratch/issuers" "$1/signer.pem"
		# openssl knows no grace: that signer.pem was valid then, and that a list of its issuer does not name it, are two questions.
		if [ -n "$grace" ]; then
			check "$1: crl-*.pem do not revoke signer.pem$grace" openssl verify -no_check_time -partial_chain \
				-trusted "$scratch/issuers" -crl_check -CRLfile "$scratch/lists" "$1/signer.pem"
		elif [ -s "$scratch/lists" ]; then
			check "$1: crl-*.pem do not revoke signer.pem" \
				valid_then -trusted "$scratch/issuers" -crl_check -CRLfile "$scratch/lists" "$1/signer.pem"
		fi
	elif [ -s "$scratch/lists" ]; then
		for list in "$1"/crl-*.pem; do
			check "$1: an issuer-*.pem signed ${list##*/}, which does not name signer.pem$grace" list_is_silent "$1" "$list"
		done
	elif [ -s "$scratch/issuers" ]; then
		check "$1: issuer-*.pem issued signer.pem" false
	fi
}

differ() { ! cmp -s "$1" "$2"; }

# What stands in a header (one line) from the first tag named $2 to the last: beside it there may be elements of anybody's.
within() {
	awk -v name="$2" '{
		if (!match($0, "<([^<>:]*:)?" name)) exit
		text = substr($0, RSTART)
		for (end = 0; (at = index(substr(text, end + 1), name ">")) > 0; ) end += at
		print substr(text, 1, end)
	}' "$1"
}

# The time that the sender of a signal states: of eb:MessageInfo (AS4), which comes first, or eb:MessageData (ebMS 2).
stated_time() {
	awk '{
		if (!match($0, "<([^<>:]*:)?Message(Info|Data)[^<>]*>")) exit
		text = substr($0, RSTART)
		if (!match(text, "<([^<>:]*:)?Timestamp[^<>]*>")) exit
		text = substr(text, RSTART + RLENGTH)
		print substr(text, 1, index(text, "<") - 1)
	}' "$1" | tr -cd '0-9TZ:.+-'
}

# The one thing that a signature of ebMS 2 has beside the content.
is_ebms2() { cut -f1 "$1/references.tsv" 2>/dev/null | grep -qx '(envelope)'; }

# The text of the first element named $2 in a header (one line).
text_of() {
	awk -v name="$2" '{
		if (!match($0, "<([^<>:]*:)?" name ">")) exit
		text = substr($0, RSTART + RLENGTH)
		print substr(text, 1, index(text, "<") - 1)
	}' "$1"
}
says() { [ -n "$3" ] && [ "$(text_of "$1" "$2")" = "$3" ]; }

# Into $answered, the folder of a message.
find_answered() {
	answered=''
	[ ! -f "$1/answers" ] || read -r answered <"$1/answers"
	case $answered in
	[0-9]*-sent | [0-9]*-received) [ -f "$answered/references.tsv" ] ;;
	*) false ;;
	esac || {
		answered=''
		wrong "$1: $1/answers does not name a message of this folder"
		return 1
	}
	squeezed "$answered"/reference-*.bin >"$scratch/request" 2>/dev/null
}

# A receipt repeats every digest of the message that it answers; they stand in its signed header.
receipt() {
	squeezed "$1"/reference-*.bin >"$scratch/header" 2>/dev/null
	find_answered "$1" || return
	check "$1: another certificate than that of $answered signed it" differ "$1/signer.pem" "$answered/signer.pem"
	if is_ebms2 "$1" && says "$scratch/header" Action Pong && says "$scratch/request" Action Ping; then
		check "$1: answers the ping of $answered" \
			says "$scratch/header" RefToMessageId "$(text_of "$scratch/request" MessageId)"
		return
	fi
	repeated=NonRepudiationInformation
	! is_ebms2 "$1" || repeated=Acknowledgment
	within "$scratch/header" "$repeated" >"$scratch/repeated"
	while IFS=$tab read -r name algorithm value file; do
		check "$1: repeats the digest of $name of $answered" names_digest "$algorithm" "$answered/$file" "$scratch/repeated"
	done <"$answered/references.tsv"
}

asks_for_a_signature() { grep -qE '<([^<>:]*:)?AckRequested[^<>]*signed="(true|1)"' "$1"; }
lacks_a_signature() { ! grep -q 'SignatureValue' "$1/message"; }
may_be_unsigned() { is_ebms2 "$answered" && ! asks_for_a_signature "$scratch/request"; }

# Only what goes by ebMS 2, and only if the message that it answers, which is signed, does not ask for more.
unsigned() {
	have "$1/message" "$1/content-type" "$1/time" || return
	find_answered "$1" || return
	check "$1: nothing in it is a signature" lacks_a_signature "$1"
	check "$1: $answered, which is signed, does not ask for a signed answer" may_be_unsigned
	note "$1: nobody signed it: that the other side made it is the word of the node that wrote this folder"
	printf '%s\n' "- $1: an answer that nobody signed. That the other side acknowledged $answered by it is the word of the node that wrote \
this folder." >>"$scratch/unsigned"
}

# For the last words; the time of a receipt is what its signer says.
proved() {
	signer=$(openssl x509 -in "$1/signer.pem" -noout -subject -nameopt RFC2253)
	print=$(openssl x509 -in "$1/signer.pem" -noout -fingerprint -sha256)
	case $1 in
	*-receipt-*) deed="acknowledged ${answered:-nothing} at $(stated_time "$scratch/header")" ;;
	*-error-*) deed="answered without a receipt" ;;
	*) deed="signed this message with its content" ;;
	esac
	printf '%s\n' "- $1: ${signer#subject=} $deed, with the certificate whose SHA-256 fingerprint is ${print#*=}$grace" >>"$scratch/proved"
}

is_named() { grep -qF "\"folder\":\"$1\",\"kind\":\"${1#*-}\"" evidence.json; }

exchange() {
	case ${1#*-} in
	sent | received | receipt-sent | receipt-received | error-sent | error-received) ;;
	*)
		wrong "$1 is not the name of a folder with something that was exchanged"
		return
		;;
	esac
	check "$1: evidence.json names it, and its kind" is_named "$1"
	if [ -e "$1/signed-info.xml" ] || [ -e "$1/signature.bin" ] || [ -e "$1/references.tsv" ]; then
		have "$1/message" "$1/content-type" "$1/time" "$1/algorithm" "$1/signed-info.xml" "$1/signature.bin" "$1/references.tsv" \
			"$1/signer.pem" || return
		signature "$1"
		references "$1"
		certificate "$1"
		case $1 in *-receipt-*) receipt "$1" ;; esac
		proved "$1" 2>"$scratch/output"
	else
		case $1 in
		*-error-*)
			have "$1/message" "$1/content-type" "$1/time"
			note "$1: without a signature that was believed, it proves nothing; whether that is so is checked by derive.py alone"
			;;
		*-receipt-*)
			if [ -e "$1/answers" ]; then unsigned "$1"; else wrong "$1 has no signature"; fi
			;;
		*) wrong "$1 has no signature" ;;
		esac
	fi
}

conclusion() {
	if [ "$wrong" -ne 0 ]; then
		printf '%s\n' "$wrong of $((held + wrong)) checks are wrong: as it is, this folder proves nothing. Something in it was changed or is missing."
	elif grep -qE '^- [0-9]*-(sent|received):' "$scratch/proved"; then
		printf '%s\n' "All $held checks hold, 0 are wrong. Whoever holds the keys of these certificates did this:"
		cat "$scratch/proved"
		if grep -q . "$scratch/unsigned"; then
			cat "$scratch/unsigned"
		elif ! grep -q '^- [0-9]*-receipt-' "$scratch/proved"; then
			printf '%s\n' "- There is no receipt: nothing here shows that the message was accepted."
		fi
		printf '%s\n' "Compare the fingerprints with those that you have from the authorities. derive.py checks more."
	else
		printf '%s\n' "All $held checks hold, 0 are wrong; but no signed message is here: this folder proves nothing of what was exchanged."
		exit 3
	fi
}

have README.md evidence.json derive.py audit/entries.json
files
for each in [0-9]*-*; do
	[ ! -d "$each" ] || exchange "$each"
done
content
conclusion
[ "$wrong" -eq 0 ]
