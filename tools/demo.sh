#!/bin/sh
# A morning of real traffic between four nodes (TH, LA, VN, SG) on this machine: `./dev demo`.
#   demo.sh [--once|--stop]     the nodes live under ./demo; LINTAS names another program than that of build/release
set -eu

MODE=${1:-}
HERE=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
ROOT=$(CDPATH='' cd -- "$HERE/.." && pwd)
LINTAS=${LINTAS:-$ROOT/build/release/src/cli/lintas}
DEMO=${DEMO:-$ROOT/demo}
TODAY=$(date -u +%F)
LOG=$DEMO/demo.log
STATES='th la vn sg'
WAIT_SECONDS=30
PORT=${DEMO_PORT:-18443} # and the three after it, for partners; ten above each the interface, for people and their systems

port_of() { case $1 in th) echo "$PORT" ;; la) echo $((PORT + 1)) ;; vn) echo $((PORT + 2)) ;; sg) echo $((PORT + 3)) ;; esac; }
interface_of() { echo "http://127.0.0.1:$(($(port_of "$1") + 10))/api/v1"; }
# Who issues certificates of origin: a ministry, or customs itself, which every node has.
issuer_of() { case $1 in th) echo dft ;; la) echo moic ;; vn) echo moit ;; esac; }
code_of() { echo "$1" | tr '[:lower:]' '[:upper:]'; }
node() { n=$1; shift; "$LINTAS" "$@" --dir "$DEMO/$n"; }

say() { printf '\n%s\n' "$*"; }
step() { printf '  %-66s' "$1"; }
good() { printf '%s\n' "${1:-done}"; }
bad() {
	printf 'FAILED\n\n%s\n' "$1" >&2
	[ ! -s "$LOG" ] || tail -n 20 "$LOG" >&2
	for n in $STATES; do [ ! -s "$DEMO/$n/log" ] || { echo "--- $n" >&2; tail -n 5 "$DEMO/$n/log" >&2; }; done
	stop_all
	exit 1
}

ready() { curl -fsS "http://127.0.0.1:$(port_of "$1")/health/ready" >/dev/null 2>&1; }
start() {
	"$LINTAS" serve "$DEMO/$1" >>"$DEMO/$1/log" 2>&1 &
	echo $! >"$DEMO/$1/pid"
	tries=$((WAIT_SECONDS * 20))
	until ready "$1"; do
		tries=$((tries - 1))
		if [ $tries -eq 0 ] || ! kill -0 "$(cat "$DEMO/$1/pid")" 2>/dev/null; then
			bad "node $1 did not become ready; its log is $DEMO/$1/log"
		fi
		sleep 0.05
	done
}

# Only a process that we started and that still is a node on this very directory.
runs() {
	[ -s "$DEMO/$1/pid" ] || return 1
	pid=$(cat "$DEMO/$1/pid")
	{ tr '\0' ' ' <"/proc/$pid/cmdline"; } 2>/dev/null | grep -qF "serve $DEMO/$1 "
}
stop() {
	if runs "$1"; then
		kill "$pid"
		tries=400
		while kill -0 "$pid" 2>/dev/null && [ $tries -gt 0 ]; do tries=$((tries - 1)); sleep 0.05; done
	fi
	rm -f "$DEMO/$1/pid"
}
stop_all() { for n in $STATES; do stop "$n"; done; }
# A demo whose morning is over, and of which every node answers.
well() {
	[ -s "$DEMO/sent" ] || return 1
	for n in $STATES; do
		if ! runs "$n" || ! ready "$n"; then return 1; fi
	done
}

# --- the demo authority: stands for the certification authorities that the administrations trust ---
authority() {
	mkdir -p "$DEMO/authority"
	openssl req -x509 -newkey rsa:3072 -nodes -days 3650 -subj "/C=ZZ/O=Demo/CN=Demo authority, for trials only" \
		-keyout "$DEMO/authority/key.pem" -out "$DEMO/authority/certificate.pem" >>"$LOG" 2>&1
}
# The key ceremony of a real administration, with the demo authority in the middle. An X25519 key cannot sign a request:
# the authority takes its public half.
issue() { # node key usage
	n=$1 key=$2 usage=$3 made=$DEMO/$1/$2
	name="Demo node $(code_of "$n")"
	printf 'basicConstraints=CA:FALSE\nkeyUsage=critical,%s\nsubjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n' "$usage" >"$made.ext"
	if [ "$usage" = keyAgreement ]; then
		node "$n" key public "$key" >"$made.pub"
		set -- -new -force_pubkey "$made.pub" -subj "/C=$(code_of "$n")/O=Customs/CN=$name"
	else
		node "$n" key csr "$key" --subject "CN=$name,O=Customs,C=$(code_of "$n")" >"$made.csr"
		set -- -req -in "$made.csr"
	fi
	openssl x509 "$@" -CA "$DEMO/authority/certificate.pem" -CAkey "$DEMO/authority/key.pem" \
		-CAcreateserial -days 365 -extfile "$made.ext" -out "$made.pem" >>"$LOG" 2>&1
	node "$n" key install "$key" --certificate "$made.pem" >>"$LOG"
	rm -f "$made.csr" "$made.pub" "$made.ext"
}
make_node() {
	"$LINTAS" init "$DEMO/$1" --state "$(code_of "$1")" --name "Demo node $(code_of "$1")" --port "$(port_of "$1")" --plain >>"$LOG"
	# A partner that is away for a minute, not for a week: short pauses between attempts.
	sed -i "s/^retry-first = .*/retry-first = 500ms/; s/^retry-max = .*/retry-max = 2s/; s/^reserve = .*/reserve = 16MB/
		s/^port = 0\$/port = $(($(port_of "$1") + 10))/" "$DEMO/$1/lintas.conf"
	for type in rsa-2048 ed25519; do node "$1" key new --use sign --type $type >>"$LOG" 2>&1; done
	for type in rsa-2048 x25519; do node "$1" key new --use decrypt --type $type >>"$LOG" 2>&1; done
	issue "$1" sign-1 digitalSignature
	issue "$1" sign-2 digitalSignature
	issue "$1" decrypt-1 keyEncipherment
	issue "$1" decrypt-2 keyAgreement
}
# An officer of each seat, with a password that only this demo knows.
make_users() {
	for seat in customs $(issuer_of "$1"); do
		password=$(openssl rand -hex 8)
		echo "$password" | node "$1" user add "$seat-officer" --organisation "$seat" --role officer --title "Officer of $seat" \
			--password-stdin >>"$LOG"
		(umask 077; printf '%s %s-officer %s\n' "$(code_of "$1")" "$seat" "$password" >>"$DEMO/logins")
	done
}
# A token for an officer, got over the network as a person does.
password_of() { awk -v n="$(code_of "$1")" -v u="$2" '$1 == n && $2 == u { print $3 }' "$DEMO/logins"; } # node user
log_in() { # node user
	curl -fsS -u "$2:$(password_of "$1" "$2")" -X POST \
		-H 'Content-Type: application/json' -d '{"title":"a morning of work"}' "$(interface_of "$1")/tokens" |
		sed -n 's/.*"secret": *"\([^"]*\)".*/\1/p'
}
ask() { curl -sS -H "Authorization: Bearer $2" "$(interface_of "$1")/$3"; }                              # node token path
status_of() { curl -sS -o "$LOG.answer" -w '%{http_code}' -H "Authorization: Bearer $2" "$(interface_of "$1")/$3"; } # the same

# What LA and VN have agreed is newer than what TH has with VN. LA and TH still exchange by ebMS 2.0, as today's gateways do.
profile_of() { case $1$2 in lavn | vnla) echo edelivery-2.0 ;; thla | lath) echo ebms2-rsa-sha256 ;; *) echo edelivery-1.15 ;; esac; }
introduce() { # $1 learns of $2
	case $(profile_of "$1" "$2") in
	edelivery-2.0) pair=2 ;;
	edelivery-1.15) pair=1 ;;
	*) return 0 ;; # under a CPA
	esac
	node "$1" partner add "$(code_of "$2")" --endpoint "http://127.0.0.1:$(port_of "$2")/as4" --profile "$(profile_of "$1" "$2")" \
		--sign "$DEMO/$2/sign-$pair.pem" --encrypt "$DEMO/$2/decrypt-$pair.pem" >>"$LOG"
}

# One proposes, both import: the CPA names parties, certificates, endpoints, and what each sends.
agree() { # $1 proposes to $2
	node "$1" partner add "$(code_of "$2")" --profile "$(profile_of "$1" "$2")" --sign "$DEMO/$2/sign-1.pem" >>"$LOG"
	node "$1" partner propose "$(code_of "$2")" --endpoint "http://127.0.0.1:$(port_of "$1")/ebms" \
		--partner-endpoint "http://127.0.0.1:$(port_of "$2")/ebms" --agreed --interval 2s --retries 100 >"$DEMO/cpa.xml"
	node "$1" partner import "$DEMO/cpa.xml" --partner "$(code_of "$2")" >>"$LOG"
	node "$2" partner import "$DEMO/cpa.xml" --partner "$(code_of "$1")" >>"$LOG"
}

document() { # template reference: a document of today
	sed "s/@TODAY@/$TODAY/g; s/@REFERENCE@/$2/g; s/@ABOUT@/${3:-}/g" "$HERE/demo/$1" >"$DEMO/$2.xml"
	echo "$DEMO/$2.xml"
}
send() { node "$@" --json | sed -n 's/.*"id": *"\([^"]*\)".*/\1/p'; } # prints the document's id

state_of() { node "$1" documents show "$2" --json | sed -n 's/.*"state": *"\([^"]*\)".*/\1/p'; }
await_state() { # node document state
	tries=$((WAIT_SECONDS * 10))
	until [ "$(state_of "$1" "$2")" = "$3" ]; do
		tries=$((tries - 1))
		[ $tries -gt 0 ] || bad "document $2 at $1 is \"$(state_of "$1" "$2")\", not \"$3\""
		sleep 0.1
	done
}
find_received() { # node reference: the id of the received document with this reference
	tries=$((WAIT_SECONDS * 10))
	while :; do
		id=$(node "$1" documents list --direction in --reference "$2" --json | sed -n 's/.*"id": *"\([^"]*\)".*/\1/p' | head -n 1)
		[ -z "$id" ] || { echo "$id"; return; }
		tries=$((tries - 1))
		[ $tries -gt 0 ] || bad "document $2 did not reach $1"
		sleep 0.1
	done
}
count_of() { node "$1" status --json | grep -o "\"$2\": *[0-9]*" | awk -F: '{ sum += $2 } END { print sum + 0 }'; }

# How to look at the nodes that run.
show_around() {
	program=${LINTAS#"$ROOT/"} demo=${DEMO#"$ROOT/"}
	for n in $STATES; do
		runs "$n" || continue
		printf '  %s  partners http://127.0.0.1:%s/as4   interface %s   administration --dir %s/%s\n' "$(code_of "$n")" \
			"$(port_of "$n")" "$(interface_of "$n")" "$demo" "$n"
	done
	if [ -s "$DEMO/logins" ]; then
		printf '\nWho may log in (%s/logins):\n' "$demo"
		awk '{ printf "  %s  %-16s %s\n", $1, $2, $3 }' "$DEMO/logins"
	fi
	# Before its morning is over a demo has nothing yet to try.
	[ ! -s "$DEMO/sent" ] || cat <<END

Try:
  $program timeline $(cat "$DEMO/sent") --dir $demo/th
  $program send $demo/try-form-d.xml --to VN --from dft --dir $demo/th
  $program send $demo/try-form-d-broken.xml --to VN --dir $demo/th
The same over the network, as an officer logs in:
  T=\$(curl -sS -u dft-officer:$(password_of th dft-officer) -X POST -H 'Content-Type: application/json' -d '{"title":"a trial"}' \\
    $(interface_of th)/tokens | python3 -c 'import json, sys; print(json.load(sys.stdin)["secret"])')
  curl -sS -H "Authorization: Bearer \$T" '$(interface_of th)/documents?limit=2' | python3 -m json.tool
END
	printf '\nStop them with ./dev demo --stop\n'
}

case $MODE in
--stop) stop_all; echo 'The demo nodes are stopped. Their data stays under ./demo until the next ./dev demo.'; exit 0 ;;
'' | --once) ;;
*) echo "usage: ./dev demo [--once|--stop]" >&2; exit 2 ;;
esac

# A demo that runs is somebody's: what he sent would be gone.
for n in $STATES; do
	runs "$n" || continue
	[ ! -s "$DEMO/port" ] || PORT=$(cat "$DEMO/port") # that of its start
	echo 'A demo runs already; a new one would replace it with all that was sent. Look at it:'
	show_around
	[ -z "$MODE" ] || { echo 'demo.sh: --once begins anew, when that one is stopped' >&2; exit 1; }
	well || { echo 'demo.sh: its morning is not over, or not all of its nodes answer' >&2; exit 1; }
	exit 0
done
rm -rf "$DEMO"
mkdir -p "$DEMO"
: >"$LOG"
echo "$PORT" >"$DEMO/port"
trap 'bad "stopped before the end"' INT TERM

say 'Four administrations, each with its own node, database, keys and certificates'
step 'a demo authority, for trials only'; authority; good
for n in $STATES; do step "node $(code_of "$n"): init, keys (RSA; Ed25519 and X25519), certificates"; make_node "$n"; good; done
step 'seats: DFT (issuing authority) at TH, MOIT at VN, MOIC at LA'
seat() { node "$1" organisation add "$2" --seat issuing-authority --name "$3" >>"$LOG"; }
seat th dft 'Department of Foreign Trade'
seat vn moit 'Ministry of Industry and Trade'
seat la moic 'Ministry of Industry and Commerce'
good
step 'each learns of the others: endpoint, profile, pinned certificates'
for a in $STATES; do for b in $STATES; do [ "$a" = "$b" ] || introduce "$a" "$b"; done; done
good
step 'TH and LA agree on a CPA: ebMS 2.0, as gateways speak today'; agree th la; good
step 'an officer of each seat may log in'; for n in $STATES; do make_users "$n"; done; good
for n in $STATES; do step "node $(code_of "$n") on 127.0.0.1:$(port_of "$n")"; start "$n"; good "ready"; done

say 'A certificate of origin crosses a border, and its answer comes back'
step 'TH: the issuing authority sends an e-Form D to VN'
sent=$(send th send "$(document form-d.xml DEMO-D-0001)" --from dft); [ -n "$sent" ] || bad 'the e-Form D was not taken'; good
step 'VN: signed, encrypted, on disk before the receipt was signed'; received=$(find_received vn DEMO-D-0001); good
step 'TH: the receipt is verified, the certificate is transmitted'; await_state th "$sent" transmitted; good
step 'VN: an officer opens it and gives preference'
node vn documents seen "$received" >>"$LOG"
send vn send "$(document customs-response.xml DEMO-R-0001 DEMO-D-0001)" --from customs >>"$LOG"; good
step 'TH: the customs response moves the certificate'; await_state th "$sent" utilised; good 'utilised'

say 'An export declaration goes ahead of its goods'
step 'LA: customs sends an ACDD to TH, by ebMS 2.0 under the CPA'
acdd=$(send la send "$(document acdd.xml DEMO-X-0001)" --from customs); [ -n "$acdd" ] || bad 'the ACDD was not taken'
await_state la "$acdd" transmitted; good 'transmitted'
step 'LA: another to VN, with whom the eDelivery 2.0 profile is agreed'
document acdd.xml DEMO-X-0002 >>"$LOG"
sed -i 's/>TH</>VN</; s/THNKI/VNHPH/; s#<Name>Example Trading.*#<Name>Công ty TNHH Thương mại Ví dụ</Name>#
	s#<Address>.*#<Address>1 Đường Ví dụ, Hải Phòng</Address>#' "$DEMO/DEMO-X-0002.xml"
newer=$(send la send "$DEMO/DEMO-X-0002.xml" --from customs); [ -n "$newer" ] || bad 'the ACDD to VN was not taken'
await_state la "$newer" transmitted; good 'transmitted'
step 'their timelines tell the same, whatever the binding'
entries() { node la timeline "$1" | awk 'NR > 1 { print $3, $4, $5, $6, $7 }'; }
[ "$(entries "$acdd")" = "$(entries "$newer")" ] || bad 'the timelines of the two declarations differ'
good "$(entries "$acdd" | grep -c .) entries"

say 'A state has opted out of a document type'
step 'SG takes no ACDD; both matrices say so, and on which declaration'
law="declaration of the demo, $TODAY (ATIGA OCP rule 27(2))"
node sg partner opt-out TH ACDD --law "$law" >>"$LOG"
node th partner opt-out SG ACDD --law "$law" >>"$LOG"; good
step 'TH: customs sends an ACDD to SG all the same'
document acdd.xml DEMO-X-0003 >>"$LOG"
sed -i 's/>TH</>SG</; s/>LA</>TH</; s/THNKI/SGSIN/' "$DEMO/DEMO-X-0003.xml"
if node th send "$DEMO/DEMO-X-0003.xml" --to SG --from customs 2>"$DEMO/refused.txt" >>"$LOG"; then bad 'SG has opted out of the ACDD'; fi
grep -q DOC-019 "$DEMO/refused.txt" || bad "$(cat "$DEMO/refused.txt")"
good 'refused:'
sed 's/^/    /' "$DEMO/refused.txt"
step 'TH: an e-Form D to SG goes as before'
document form-d.xml DEMO-D-0003 >>"$LOG"
sed -i 's/>VN</>SG</; s/VNSGN/SGSIN/' "$DEMO/DEMO-D-0003.xml"
other=$(send th send "$DEMO/DEMO-D-0003.xml" --from dft); [ -n "$other" ] || bad 'the e-Form D to SG was not taken'
await_state th "$other" transmitted; good 'transmitted'

say 'Two authorities at one node, each with its own files'
step 'TH: officers of the issuing authority and of customs log in'
issuer=$(log_in th dft-officer) customs=$(log_in th customs-officer)
if [ -z "$issuer" ] || [ -z "$customs" ]; then bad 'an officer could not log in'; fi
good
step 'DFT sees its certificate of origin, customs does not'
[ "$(status_of th "$issuer" "documents/$sent")" = 200 ] || bad 'the issuing authority does not see its own certificate'
[ "$(status_of th "$customs" "documents/$sent")" = 404 ] || bad 'customs sees what the issuing authority keeps'
good
step 'customs sees the declaration from LA, DFT does not'
declaration=$(find_received th DEMO-X-0001)
[ "$(status_of th "$customs" "documents/$declaration")" = 200 ] || bad 'customs does not see its own declaration'
[ "$(status_of th "$issuer" "documents/$declaration")" = 404 ] || bad 'the issuing authority sees what customs keeps'
case $(ask th "$issuer" documents) in *DEMO-X-0001*) bad 'a list shows what another authority keeps' ;; esac
good

say 'A document that breaks its rules never leaves'
step 'TH: an e-Form D to itself, net mass over gross, B34 for tonnes'
if node th send "$(document form-d-broken.xml DEMO-D-0002)" --from dft 2>"$DEMO/refused.txt" >>"$LOG"; then bad 'the broken document was taken'; fi
good 'refused, all findings at once:'
sed 's/^/    /' "$DEMO/refused.txt"

say 'A partner is away for a while'
step 'VN stops'; stop vn; good
step 'TH sends five certificates; nothing is lost, nobody else waits'
waiting=''
for i in 1 2 3 4 5; do waiting="$waiting $(send th send "$(document form-d.xml "DEMO-D-010$i")" --from dft)"; done
good "$(count_of th queued) queued"
step 'meanwhile TH and LA go on'
node th ping LA >>"$LOG" || bad 'the ping to LA was not delivered'
good 'ping delivered'
step 'VN comes back, the queue drains'; start vn
for id in $waiting; do await_state th "$id" transmitted; done
good "$(count_of th queued) queued"

say 'What was sent, received and proved'
printf '  %-5s %14s %14s %9s %8s   %s\n' node 'sent, proved' 'received' waiting tasks 'journal'
sleep 1.5 # the sealer closes a batch each second
for n in $STATES; do
	proof=$(node "$n" audit verify) || bad "the journal of $n does not verify"
	printf '  %-5s %14s %14s %9s %8s   %s\n' "$(code_of "$n")" "$(count_of "$n" delivered)" "$(count_of "$n" processed)" \
		"$(count_of "$n" queued)" "$(count_of "$n" openTasks)" "$(echo "$proof" | head -n 1)"
done
printf '\n  %-5s %14s   %s\n' link 'sent, proved' 'profile agreed'
delivered() { node "$1" outbox list --partner "$(code_of "$2")" --json | grep -o '"state": *"delivered"' | wc -l; }
for pair in 'th la' 'th vn' 'th sg' 'la vn'; do
	a=${pair% *} b=${pair#* }
	profile=$(node "$a" partner show "$(code_of "$b")" --json | sed -n 's/.*"profile": *"\([^"]*\)".*/\1/p')
	printf '  %-5s %14s   %s\n' "$(code_of "$a")-$(code_of "$b")" $(($(delivered "$a" "$b") + $(delivered "$b" "$a"))) "$profile"
done
trap - INT TERM

if [ "$MODE" = --once ]; then
	stop_all
	say 'Done; the nodes are stopped. ./dev demo leaves them running, with documents to try.'
	exit 0
fi
document form-d.xml TRY-D-0001 >>"$LOG"
mv "$DEMO/TRY-D-0001.xml" "$DEMO/try-form-d.xml"
document form-d-broken.xml TRY-D-0002 >>"$LOG"
mv "$DEMO/TRY-D-0002.xml" "$DEMO/try-form-d-broken.xml"
echo "$sent" >"$DEMO/sent"
say 'The nodes are running:'
show_around
