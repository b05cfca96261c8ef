/* The options of the commands, by tables that commands may share. */
#include "cli/options_int.h"

const struct option init_options[] = {
	{ "--state", "STATE", "the member state that the node serves, ISO 3166 alpha-2", NULL, true },
	{ "--name", "TEXT", "what people call the node", NULL, false },
	{ "--database", "URL", "postgresql://… instead of SQLite in the directory", NULL, false },
	{ "--port", "PORT", "port of the AS4 endpoint (8443)", NULL, false },
	{ "--plain", NULL, "HTTP without TLS on 127.0.0.1, for a trial on one machine", NULL, false },
	{ 0 },
};
const struct option key_new_options[] = {
	{ "--use", "USE", "sign, decrypt or tls", NULL, true },
	{ "--type", "TYPE", "rsa-2048, rsa-3072, rsa-4096, p256, ed25519 or x25519 (rsa-3072)", NULL, false },
	{ 0 },
};
const struct option csr_options[] = { { "--subject", "NAME", "e.g. CN=asw.customs.example,O=Customs,C=VN", NULL, true },
				      { 0 } };
const struct option install_options[] = {
	{ "--certificate", "FILE", "PEM: the certificate, then its chain", NULL, true }, { 0 }
};
const struct option retire_options[] = {
	{ "--approved", NULL,
	  "of a signing key: every partner has approved our card with the next one, or added its certificate", NULL,
	  false },
	{ "--anyway", NULL, "also if it is the only active key of its use, or nobody was asked", NULL, false },
	{ 0 }
};
const struct option migrate_options[] = {
	{ "--to", "NUMBER", "to this schema instead of the newest; it may be an older one", NULL, false },
	{ "--dry-run", NULL, "print what would run, change nothing", NULL, false },
	{ "--anyway", NULL, "go back to an older schema, and lose what only the newer one holds", NULL, false },
	{ 0 },
};
const struct option reads_options[] = {
	{ "--document", "DOCUMENT", "of this document, by id or reference", "document", false },
	{ "--user", "USER", "by this user", "user", false },
	{ "--organisation", "SEAT", "of documents of this organisation of ours", "organisation", false },
	{ "--before", "ID", "older than this one: the next page", "before", false },
	{ "--limit", "N", "at most so many (100)", "limit", false },
	{ 0 },
};
#define SERIAL(required)                                                                                               \
	{                                                                                                              \
		"--serial", "NUMBER",                                                                                  \
			"of the card that you have looked at: if another one came since, nothing is done", "serial",   \
			required                                                                                       \
	}
const struct option approve_options[] = { SERIAL(true), { 0 } };
const struct option reject_options[] = { SERIAL(false), { 0 } };
const struct option map_options[] = {
	{ "--mapping", "FILE", "the mapping file; docs/mapping.md explains it", NULL, true },
	{ "--reverse", NULL, "from a document (or a folder of documents) to the national form", NULL, false },
	{ "--to", "FOLDER", "each document into a file there, instead of standard output", NULL, false },
	{ 0 },
};
const struct option box_options[] = {
	{ "--partner", "PARTNER", "only of this partner", "partner", false },
	{ "--state", "NAME", "queued, delivered, held, dead; received, processed, failed; abandoned", "state", false },
	{ "--before", "ID", "older than this one: the next page", "before", false },
	{ "--limit", "N", "at most so many (100)", "limit", false },
	{ 0 },
};
const struct option ping_options[] = {
	{ "--wait", "SECONDS", "how long to wait for the answer (30); 0: not at all", NULL, false }, { 0 }
};
#define PROFILES "edelivery-1.15, edelivery-2.0, ecdsa-p256, ebms2-rsa-sha256 or ebms2-rsa-sha1"
const struct option partner_options[] = {
	{ "--party", "ID", "its eb:PartyId (the code)", NULL, false },
	{ "--party-type", "URI", "type of the identifier (that of our own)", NULL, false },
	{ "--name", "TEXT", "what people call it", NULL, false },
	{ "--endpoint", "URL", "where its endpoint is; of ebMS 2 else what its agreement says", NULL, false },
	{ "--profile", "NAME", PROFILES " (edelivery-1.15); by the last two TLS alone keeps messages secret", NULL,
	  false },
	{ "--token", "KIND", "how we name our certificate to it: bst, ski or issuer-serial (bst)", NULL, false },
	{ "--sign", "FILE", "PEM certificate by which it signs", NULL, true },
	{ "--encrypt", "FILE", "PEM certificate for which we encrypt; needed unless the profile is one of ebMS 2", NULL,
	  false },
	{ "--tls", "FILE", "PEM certificate by which it connects; needed unless this node is plain", NULL, false },
	{ 0 },
};
const struct option change_options[] = {
	{ "--name", "TEXT", "what people call it", NULL, false },
	{ "--endpoint", "URL", "where its endpoint is; as-agreed: of ebMS 2, what its agreement says", NULL, false },
	{ "--profile", "NAME", PROFILES "; add its certificates first", NULL, false },
	{ "--token", "KIND", "how we name our certificate to it: bst, ski or issuer-serial", NULL, false },
	{ 0 },
};
const struct option card_options[] = { { "--out", "FILE", "write it there instead of to standard output", NULL, false },
				       { 0 } };
const struct option import_options[] = {
	{ "--fingerprint", "HEX",
	  "of a card: that of who signed it, as the partner told it by phone; 16 digits or more", NULL, false },
	{ "--profile", "NAME", "of a card: another security profile of it than the best that both have", NULL, false },
	{ "--partner", "PARTNER", "of a CPA: whose agreement it is; added here if there is none", NULL, false },
	{ "--name", "TEXT", "what people call the partner (as the file has it)", NULL, false },
	{ "--action", "TYPE=SERVICE|ACTION…", "the document type that an action carries which is not called like it",
	  NULL, false },
	{ "--role", "ROLE=SEAT…", "the kind of seat that a role is which is not called like it (customs)", NULL,
	  false },
	{ "--test", NULL, "what comes and goes under it is a test: no business follows from it", NULL, false },
	{ "--allow-sha1", NULL, "except this partner from the refusal of SHA-1; the status goes on warning of it", NULL,
	  false },
	{ "--dry-run", NULL, "look at all of it, change nothing", NULL, false },
	{ 0 },
};
const struct option propose_options[] = {
	{ "--endpoint", "URL", "ours, as the partner reaches it", NULL, true },
	{ "--partner-endpoint", "URL", "where it takes ebMS 2 (what is known)", NULL, false },
	{ "--id", "CPAID", "what the agreement is called (STATE-PARTNER-DAY)", NULL, false },
	{ "--document", "TYPE…", "only this document type, both ways", NULL, false },
	{ "--from", "DATE", "when it begins (today)", NULL, false },
	{ "--until", "DATE", "when it ends (two years later)", NULL, false },
	{ "--sync", NULL, "acknowledgments in the HTTP response, not with a request of their own", NULL, false },
	{ "--retries", "N", "how often what is not acknowledged is sent again (96)", NULL, false },
	{ "--interval", "SPAN", "after how long, such as 15m or 3h (15m)", NULL, false },
	{ "--persist", "SPAN", "how long identifiers are kept; longer than all retries (5d)", NULL, false },
	{ "--agreed", NULL, "both sides have said yes: it can be imported", NULL, false },
	{ 0 },
};
const struct option activation_options[] = {
	{ "--direction", "in|out", "only from the partner, or only to it (both)", NULL, false },
	{ "--version", "VERSION", "of the document type (the one that this node has)", NULL, false },
	{ "--from", "DATE", "the first day, UTC (today)", NULL, false },
	{ "--law", "TEXT", "the declaration or decision that it rests on; an opt-out needs it", NULL, false },
	{ "--note", "TEXT", "anything else that people should know", NULL, false },
	{ 0 },
};
const struct option certificate_options[] = {
	{ "--use", "USE", "sign, encrypt or tls; issuer (who signs revocation lists), crl (such a list)", NULL, true },
	{ "--file", "FILE", "PEM: one certificate or revocation list", NULL, true },
	{ 0 },
};
const struct option stranger_options[] = { { "--limit", "N", "at most so many (the last 64 are kept)", "limit", false },
					   { 0 } };
const struct option refusal_options[] = {
	{ "--partner", "PARTNER", "only of this partner", "partner", false },
	{ "--before", "ID", "older than this one: the next page", "before", false },
	{ "--limit", "N", "at most so many (100)", "limit", false },
	{ 0 },
};
const struct option catch_up_options[] = {
	{ "--since", "TIME", "the time of the backup, as 2026-11-02T03:00:00Z", NULL, true },
	{ "--partner", "PARTNER", "only from this partner; else from all that are active", NULL, false },
	{ 0 },
};
const struct option catch_up_status_options[] = {
	{ "--partner", "PARTNER", "only with this partner", "partner", false },
	{ 0 },
};
const struct option organisation_options[] = {
	{ "--seat", "KIND", "customs, issuing-authority, plant-health, transport or guarantor", NULL, true },
	{ "--name", "TEXT", "its name", NULL, true },
	{ 0 },
};
const struct option user_options[] = {
	{ "--title", "TEXT", "what people call the person or program", NULL, true },
	{ "--organisation", "SEAT", "whose documents it works on; without, it is a user of the node itself", NULL,
	  false },
	{ "--role", "ROLE…", "what it may do; lintas role list shows the roles", NULL, true },
	{ "--password", NULL, "ask for a password, so that a person can log in; without, tokens alone let it in", NULL,
	  false },
	{ "--password-stdin", NULL, "read the password from standard input, one line", NULL, false },
	{ 0 },
};
const struct option user_list_options[] = {
	{ "--organisation", "SEAT", "only of this organisation", "organisation", false },
	{ "--after", "NAME", "after this name: the next page", "after", false },
	{ "--limit", "N", "at most so many (100)", "limit", false },
	{ 0 },
};
const struct option user_change_options[] = {
	{ "--title", "TEXT", "what people call the person or program", NULL, false },
	{ "--role", "ROLE…", "all roles that it has from now on", NULL, false },
	{ 0 },
};
const struct option password_options[] = {
	{ "--password-stdin", NULL, "read it from standard input, one line, instead of asking twice", NULL, false },
	{ 0 },
};
const struct option token_options[] = {
	{ "--user", "NAME", "whose it is", NULL, true },
	{ "--title", "TEXT", "what it is for, so that one knows which to revoke", NULL, false },
	{ "--role", "ROLE…", "a part of the user's roles (all)", NULL, false },
	{ "--expires", "WHEN", "30d, 12h or a time; at most 366 days (90d)", NULL, false },
	{ 0 },
};
const struct option token_list_options[] = {
	{ "--user", "NAME", "only of this user", "user", false },
	{ "--before", "ID", "older than this one: the next page", "before", false },
	{ "--limit", "N", "at most so many (100)", "limit", false },
	{ 0 },
};
const struct option event_options[] = {
	{ "--after", "CURSOR", "after this cursor", "after", false },
	{ "--organisation", "SEAT", "only what this organisation may see", "organisation", false },
	{ "--limit", "N", "at most so many (100)", "limit", false },
	{ 0 },
};
const struct option webhook_options[] = {
	{ "--event", "NAME…", "only events of this name (all)", NULL, false },
	{ "--organisation", "SEAT", "only what this organisation may see (all)", NULL, false },
	{ "--after", "CURSOR", "begin behind this cursor (with what happens from now on)", NULL, false },
	{ 0 },
};
const struct option webhook_list_options[] = {
	{ "--organisation", "SEAT", "only of this organisation", "organisation", false },
	{ 0 },
};
const struct option rotate_options[] = {
	{ "--overlap", "TIME", "how long the secret before signs, too, at most 30d (24h); 0: not at all", NULL, false },
	{ 0 },
};
const struct option redeliver_options[] = {
	{ "--after", "SEQUENCE", "everything behind this cursor", NULL, false },
	{ "--event", "SEQUENCE", "this event alone, before what waits", NULL, false },
	{ 0 },
};
const struct option delivery_options[] = {
	{ "--limit", "N", "at most so many (100); the last 200 are kept", "limit", false },
	{ 0 },
};
const struct option task_options[] = {
	{ "--organisation", "SEAT", "only of this organisation", "organisation", false },
	{ "--before", "ID", "what comes after this one: the next page", "before", false },
	{ "--limit", "N", "at most so many (100)", "limit", false },
	{ 0 },
};
const struct option verify_options[] = {
	{ "--evidence", NULL, "also that the stored messages and receipts are what the journal names; reads them all",
	  "evidence", false },
	{ "--head", "HEX", "also that this head, written down earlier, is a seal of this journal", "head", false },
	{ 0 },
};
const struct option hold_options[] = {
	{ "--document", "DOCUMENT", "this document (id or reference) and what is about it", NULL, false },
	{ "--partner", "PARTNER", "all that was exchanged with this partner", NULL, false },
	{ "--organisation", "SEAT", "all that this organisation of ours keeps", NULL, false },
	{ "--reason", "TEXT", "who asked for it, and why", NULL, true },
	{ "--until", "DATE", "its last day, UTC (until it is lifted)", NULL, false },
	{ 0 },
};
const struct option hold_list_options[] = {
	{ "--organisation", "SEAT", "only of this organisation of ours", "organisation", false },
	{ "--before", "ID", "older than this one: the next page", "before", false },
	{ "--limit", "N", "at most so many (100)", "limit", false },
	{ 0 },
};
const struct option edition_list_options[] = {
	{ "--kind", "KIND", "only of this kind of reference data", "kind", false },
	{ "--subject", "SUBJECT", "only of this book, or state", "subject", false },
	{ "--state", "NAME", "loading, staged, approved, active, withdrawn; failed, discarded", "state", false },
	{ "--before", "ID", "older than this one: the next page", "before", false },
	{ "--limit", "N", "at most so many (100)", "limit", false },
	{ 0 },
};
const struct option edition_import_options[] = {
	{ "--map", "NAME", "a mapping of the node, by which the file is read", "map", false },
	{ "--mapping", "FILE", "or a mapping file of one's own (docs/mapping.md)", NULL, false },
	{ "--subject", "SUBJECT", "what it is an edition of: AHTN2022, VN", "subject", true },
	{ "--from", "DATE", "the first day on which it counts (of a nomenclature that of its version)", "from", false },
	{ "--until", "DATE", "the last day (no end)", "until", false },
	{ "--title", "TEXT", "what people call it", "title", false },
	{ "--kind", "KIND", "refuse a mapping of another kind of reference data", "kind", false },
	{ "--activate", NULL, "it counts at once, if nothing is wrong", "activate", false },
	{ 0 },
};
const struct option reason_options[] = {
	{ "--reason", "TEXT", "why, for the journal", "reason", false },
	{ 0 },
};
const struct option activate_options[] = {
	{ "--from", "DATE", "the first day on which it counts (as it was imported)", "from", false },
	{ "--reason", "TEXT", "why, for the journal", "reason", false },
	{ 0 },
};
const struct option due_options[] = {
	{ "--at", "DATE", "as it will be at the end of this day, UTC (now)", "at", false },
	{ "--organisation", "SEAT", "only of this organisation of ours", "organisation", false },
	{ "--after", "ID", "after this message: the next page", "after", false },
	{ "--limit", "N", "look at so many messages (100)", "limit", false },
	{ 0 },
};
const struct option archive_write_options[] = {
	{ "--until", "DATE", "also what is older than its term only at the end of this day (now)", NULL, false },
	{ "--messages", "N", "at most so many in a volume (1000)", NULL, false },
	{ "--purpose", "CODE", "for what the documents are read, such as audit: it stands in their timelines", NULL,
	  false },
	{ 0 },
};
const struct option archive_verify_options[] = {
	{ "--signer", "HEX…", "who may have signed: fingerprint of the node's certificate, 16 digits or more", NULL,
	  false },
	{ 0 },
};
const struct option archive_search_options[] = {
	{ "--reference", "TEXT", "of the document, as its issuer wrote it", NULL, false },
	{ "--partner", "PARTNER", "exchanged with this partner", NULL, false },
	{ "--type", "TYPE", "document type", NULL, false },
	{ "--message", "ID", "this message, or that of this document", NULL, false },
	{ "--from", "DATE", "issued (or exchanged, if that is not known) on this day or later", NULL, false },
	{ "--until", "DATE", "or earlier", NULL, false },
	{ "--extract", "FOLDER", "unpack each into a folder there", NULL, false },
	{ 0 },
};
const struct option simulate_options[] = {
	{ "--listen", "ADDRESS:PORT", "answers there, on loopback", NULL, false },
	{ "--send", "FILE", "sends this document; - is standard input", NULL, false },
	{ "--keys", "FOLDER", "its keys, as lintas key makes them (sign, tls)", NULL, true },
	{ "--script", "FILE", "what it does (docs/simulator.md); else it does what a partner should", NULL, false },
	{ "--profile", "NAME", PROFILES " (edelivery-1.15)", NULL, false },
	{ "--party", "ID", "its eb:PartyId: sends in that name; refuses messages for others", NULL, false },
	{ "--other-keys", "FOLDER", "keys by which it signs where the script says other-key", NULL, false },
	{ "--tls", "FOLDER", "keys of which it takes the TLS key (--keys)", NULL, false },
	{ "--plain", NULL, "without TLS", NULL, false },
	{ "--cpa", "ID", "answering: its CPA (ebMS 2): refuses messages under others", NULL, false },
	{ "--anywhere", NULL, "answering: also on an address that is not loopback", NULL, false },
	{ "--type", "TYPE", "sending: the document's type", NULL, false },
	{ "--to", "URL", "sending: the receiver's endpoint (that of its card or agreement)", NULL, false },
	{ "--card", "FILE", "sending: the receiver's card: party, endpoint, certificates", NULL, false },
	{ "--to-party", "ID", "sending: the receiver's eb:PartyId (that of its card)", NULL, false },
	{ "--party-type", "URI", "sending: type of both identifiers (that of the card; else that of our own nodes)",
	  NULL, false },
	{ "--encrypt", "FILE", "sending: certificate for which it encrypts (that of the card)", NULL, false },
	{ "--sign", "FILE", "sending: certificate by which answers are signed (that of card or agreement; else any)",
	  NULL, false },
	{ "--agreement", "FILE", "sending: the CPA under which it sends (ebMS 2)", NULL, false },
	{ "--trust", "FILE", "sending: authorities of the receiver's TLS certificate (those of the system)", NULL,
	  false },
	{ "--count", "N", "sending: so many messages (1)", NULL, false },
	{ 0 },
};
const struct option evidence_options[] = {
	{ "--to", "FOLDER", "where to; new or empty (evidence-MESSAGE here)", NULL, false },
	{ "--purpose", "CODE", "for what its document is read, such as verification: it stands in the timeline",
	  "purpose", false },
	{ 0 },
};
const struct option inspect_options[] = {
	{ "--certificate", "FILE…", "whom to believe: the partner's certificate, or an authority (PEM or DER)", NULL,
	  false },
	{ "--key", "FILE", "private key (PEM) that opens the payloads", NULL, false },
	{ "--profile", "NAME", "the agreed profile: edelivery-1.15, edelivery-2.0 or ecdsa-p256 (any)", NULL, false },
	{ "--at", "TIME", "when the certificates are judged, e.g. 2026-11-02T03:00:00Z (now)", NULL, false },
	{ 0 },
};
const struct option check_options[] = {
	{ "--type", "TYPE", "document type of a JSON file; XML says it itself", NULL, false }, { 0 }
};
const struct option backup_options[] = {
	{ "--to", "FILE", "the file to make; none is overwritten", NULL, true },
	{ "--recipient", "FILE…", "a certificate (PEM); who has its private key can restore", NULL, true },
	{ "--with-keys", NULL, "the private keys of the node, too", NULL, false },
	{ 0 },
};
const struct option restore_options[] = {
	{ "--key", "FILE", "private key (PEM) of one of the backup's recipients", NULL, true },
	{ "--check", NULL, "read and verify all of it, write nothing", NULL, false },
	{ "--database", "URL", "into this database, sqlite:FILE or postgresql://…, instead of the one that it had",
	  NULL, false },
	{ 0 },
};

#define TELLING                                                                                                        \
	{ "--text", "TEXT", "what officers of the partners should know", NULL, true },                                 \
		{ "--partner", "PARTNER…", "only this one; as often as needed", NULL, false },                         \
	{                                                                                                              \
		"--organisation", "SEAT", "the organisation of ours that tells; needed if several are customs",        \
			"organisation", false                                                                          \
	}
const struct option notice_options[] = {
	{ "--from", "TIME", "with its zone, 2026-11-07T22:00:00+07:00; by default now", NULL, false },
	{ "--until", "TIME", "the latest end that is thought of; a later notice moves it", NULL, true },
	TELLING,
	{ 0 },
};
const struct option notice_restored_options[] = {
	{ "--from", "TIME", "since when; by default now", NULL, false },
	TELLING,
	{ 0 },
};
