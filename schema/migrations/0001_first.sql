-- The tables of the kernel: parties, messages and their evidence, state machines, the journal, tasks.
-- The same text runs on both databases; {i64} and {blob} are the only tokens.
--
-- What each message passes is written with OR and AND, not with IN: for a list of more than two SQLite makes a table of it at each
-- statement, which takes longer than the statement.

CREATE TABLE counter (
	name TEXT PRIMARY KEY,
	value {i64} NOT NULL
) {strict};
INSERT INTO counter (name, value) VALUES ('partner-revision', 0), ('journal-sealer', 0), ('parked-sweep', 0), ('message-tally', 0);

CREATE TABLE organisation (
	code TEXT PRIMARY KEY,
	seat TEXT NOT NULL,
	name TEXT NOT NULL,
	created_us {i64} NOT NULL
) {strict};
CREATE INDEX organisation_of_seat ON organisation (seat, code);

-- Users. "turn" grows with each token of the user that is made.
CREATE TABLE account (
	name TEXT PRIMARY KEY,
	organisation TEXT REFERENCES organisation (code),
	title TEXT NOT NULL,
	roles TEXT NOT NULL,
	status TEXT NOT NULL CHECK (status IN ('active', 'disabled')),
	password TEXT,
	created_us {i64} NOT NULL,
	turn {i64} NOT NULL
) {strict};
CREATE INDEX account_of_organisation ON account (organisation, name);

-- The secret itself is nowhere: digest is its SHA-256.
CREATE TABLE token (
	id TEXT PRIMARY KEY,
	account TEXT NOT NULL REFERENCES account (name),
	title TEXT NOT NULL,
	roles TEXT NOT NULL,
	digest {blob} NOT NULL UNIQUE,
	created_us {i64} NOT NULL,
	expires_us {i64} NOT NULL,
	revoked_us {i64}
) {strict};
CREATE INDEX token_of_account ON token (account, id);

CREATE TABLE partner (
	code TEXT PRIMARY KEY,
	name TEXT NOT NULL,
	party_id TEXT NOT NULL,
	party_type TEXT NOT NULL,
	endpoint TEXT NOT NULL,
	profile TEXT NOT NULL,
	token TEXT NOT NULL CHECK (token IN ('bst', 'ski', 'issuer-serial')),
	status TEXT NOT NULL CHECK (status IN ('active', 'suspended')),
	binding TEXT NOT NULL CHECK (binding IN ('as4', 'ebms2')),
	created_us {i64} NOT NULL,
	UNIQUE (party_id, party_type)
) {strict};

-- Collaboration protocol agreements (CPPA 2.0). The greatest version of an id is the one that counts; those before it stay, because
-- what was exchanged under them must stay explained. "terms" is what the text leaves open.
CREATE TABLE agreement (
	id TEXT NOT NULL,
	version {i64} NOT NULL CHECK (version > 0),
	partner TEXT NOT NULL REFERENCES partner (code),
	text {blob} NOT NULL,
	terms TEXT,
	added_us {i64} NOT NULL,
	until_us {i64},
	PRIMARY KEY (id, version)
) {strict};
CREATE INDEX agreement_of_partner ON agreement (partner, id);

-- Cards of partners, as they signed them. One at most is held, and one at most waits for an operator; the others stay, because what was
-- decided by them must stay explained.
CREATE TABLE partner_card (
	partner TEXT NOT NULL REFERENCES partner (code),
	serial {i64} NOT NULL,
	octets {blob} NOT NULL,
	state TEXT NOT NULL CHECK (state IN ('held', 'pending', 'rejected', 'replaced')),
	at_us {i64} NOT NULL,
	decided_by TEXT NOT NULL,
	PRIMARY KEY (partner, serial)
) {strict};
CREATE INDEX partner_card_state ON partner_card (partner, state);

-- Which document types are exchanged with a partner, and from which day (of UTC, since 1970-01-01) on. A row lasts until the next of its
-- partner, type, direction and version begins; one that ends before it begins was taken back. None is deleted: what was exchanged, or
-- refused, must stay explained.
CREATE TABLE activation (
	id TEXT PRIMARY KEY,
	partner TEXT NOT NULL REFERENCES partner (code),
	document TEXT NOT NULL,
	direction TEXT NOT NULL CHECK (direction IN ('in', 'out')),
	version TEXT NOT NULL,
	state TEXT NOT NULL CHECK (state IN ('active', 'opted-out', 'not-yet')),
	from_day {i64} NOT NULL,
	until_day {i64},
	law TEXT CHECK (law IS NOT NULL OR state <> 'opted-out'),
	note TEXT,
	decided_by TEXT NOT NULL,
	decided_us {i64} NOT NULL
) {strict};
CREATE INDEX activation_of_partner ON activation (partner, document, direction, version, from_day);

-- What signatures were believed by: certificates and revocation lists, each once, and which of them together.
CREATE TABLE credential (
	fingerprint TEXT PRIMARY KEY,
	kind TEXT NOT NULL CHECK (kind IN ('certificate', 'crl')),
	der {blob} NOT NULL,
	since_us {i64} NOT NULL
) {strict};
CREATE TABLE basis (
	id TEXT NOT NULL,
	number {i64} NOT NULL CHECK (number > 0),
	credential TEXT NOT NULL REFERENCES credential (fingerprint),
	PRIMARY KEY (id, number)
) {strict};

-- "usage" is what the certificate is for: a signature, encryption to the partner, or the authority above both.
CREATE TABLE partner_certificate (
	partner TEXT NOT NULL REFERENCES partner (code),
	usage TEXT NOT NULL CHECK (usage IN ('sign', 'encrypt', 'tls', 'issuer', 'crl')),
	fingerprint TEXT NOT NULL REFERENCES credential (fingerprint),
	added_us {i64} NOT NULL,
	until_us {i64},
	PRIMARY KEY (partner, usage, fingerprint)
) {strict};

-- queued_us: since when it waits (the clock of giving up); next_attempt_us: when a worker may take it, which also carries leases;
-- or 253402300799000000 (the last second of 9999) while it is parked behind an earlier one; claimed_by: the instance that has it in hand;
-- reached_us: since when the partner may have it without having acknowledged it.
CREATE TABLE message (
	id TEXT PRIMARY KEY,
	direction TEXT NOT NULL CHECK (direction IN ('in', 'out')),
	partner TEXT NOT NULL REFERENCES partner (code),
	organisation TEXT REFERENCES organisation (code),
	message_id TEXT NOT NULL,
	conversation TEXT NOT NULL,
	position {i64} NOT NULL CHECK (position > 0),
	ref_to TEXT,
	service TEXT NOT NULL,
	action TEXT NOT NULL,
	original_sender TEXT,
	final_recipient TEXT,
	document TEXT,
	test {i64} NOT NULL CHECK (test IN (0, 1)),
	state TEXT NOT NULL,
	created_us {i64} NOT NULL,
	queued_us {i64} NOT NULL,
	next_attempt_us {i64} NOT NULL,
	claimed_by TEXT,
	reached_us {i64},
	attempts {i64} NOT NULL CHECK (attempts >= 0),
	settled_us {i64},
	last_error TEXT,
	digest TEXT NOT NULL,
	accepted_us {i64},
	CHECK (state = 'abandoned'
		OR (direction = 'out' AND (state = 'queued' OR state = 'held' OR state = 'delivered' OR state = 'dead'))
		OR (direction = 'in' AND (state = 'received' OR state = 'processed' OR state = 'failed'))),
	UNIQUE (message_id, partner, direction),
	UNIQUE (conversation, partner, direction, position)
) {strict};
-- What a worker looks at holds only what is not done, so it stays small however many messages there were.
CREATE INDEX message_queued ON message (partner, next_attempt_us, id) WHERE state = 'queued';
CREATE INDEX message_received ON message (partner, next_attempt_us, id) WHERE state = 'received';
CREATE INDEX message_parked ON message (id) WHERE next_attempt_us = 253402300799000000;
CREATE INDEX message_open ON message (conversation, partner, direction, position)
	WHERE state <> 'delivered' AND state <> 'processed' AND state <> 'abandoned';
CREATE INDEX message_state ON message (state, partner, settled_us);
CREATE INDEX message_of_partner ON message (partner, id);
CREATE INDEX message_of_organisation ON message (organisation, id);

-- How many messages are done, by the journal up to the sequence in the counter message-tally.
CREATE TABLE message_tally (
	partner TEXT NOT NULL REFERENCES partner (code),
	state TEXT NOT NULL,
	messages {i64} NOT NULL,
	PRIMARY KEY (partner, state)
) {strict};

CREATE TABLE message_part (
	message TEXT NOT NULL REFERENCES message (id),
	number {i64} NOT NULL,
	content_id TEXT NOT NULL,
	mime_type TEXT NOT NULL,
	charset TEXT,
	compressed {i64} NOT NULL CHECK (compressed IN (0, 1)),
	octets {blob} NOT NULL,
	PRIMARY KEY (message, number)
) {strict};
-- Parts that a message was sent with before it was packed for another binding: what was sent is proved by them. "packing" counts from 1.
CREATE TABLE message_part_before (
	message TEXT NOT NULL REFERENCES message (id),
	packing {i64} NOT NULL CHECK (packing > 0),
	number {i64} NOT NULL,
	content_id TEXT NOT NULL,
	mime_type TEXT NOT NULL,
	charset TEXT,
	compressed {i64} NOT NULL CHECK (compressed IN (0, 1)),
	octets {blob} NOT NULL,
	PRIMARY KEY (message, packing, number)
) {strict};

-- Signals that answer later, with a request of their own. "number" counts those of a partner, whose oldest make room.
CREATE TABLE reply (
	id TEXT PRIMARY KEY,
	partner TEXT NOT NULL REFERENCES partner (code),
	number {i64} NOT NULL,
	ref_to TEXT NOT NULL,
	kind TEXT NOT NULL CHECK (kind = 'receipt' OR kind = 'error' OR kind = 'pong' OR kind = 'status'),
	content_type TEXT NOT NULL,
	octets {blob} NOT NULL,
	attempts {i64} NOT NULL CHECK (attempts >= 0),
	next_attempt_us {i64} NOT NULL,
	claimed_by TEXT,
	created_us {i64} NOT NULL,
	UNIQUE (partner, ref_to, kind)
) {strict};
CREATE INDEX reply_due ON reply (partner, next_attempt_us, id);
CREATE INDEX reply_of_partner ON reply (partner, number);

-- record: what the journal's entry about it names (kernel/message.h, wire_record).
CREATE TABLE wire (
	id TEXT PRIMARY KEY,
	message TEXT REFERENCES message (id),
	partner TEXT NOT NULL REFERENCES partner (code),
	kind TEXT NOT NULL CHECK (kind = 'sent' OR kind = 'received' OR kind = 'receipt-sent' OR kind = 'receipt-received'
		OR kind = 'error-sent' OR kind = 'error-received'),
	at_us {i64} NOT NULL,
	content_type TEXT NOT NULL,
	octets {blob} NOT NULL,
	digest TEXT NOT NULL,
	record TEXT NOT NULL,
	certificate TEXT,
	basis TEXT
) {strict};
-- With the record, so that what the journal names is looked up without reading octets.
CREATE INDEX wire_of_message ON wire (message, id, record);

CREATE TABLE refusal (
	id TEXT PRIMARY KEY,
	partner TEXT NOT NULL REFERENCES partner (code),
	message_id TEXT,
	rule TEXT NOT NULL,
	at_us {i64} NOT NULL,
	received TEXT REFERENCES wire (id),
	error TEXT REFERENCES wire (id)
) {strict};
CREATE INDEX refusal_of_partner ON refusal (partner, id);
CREATE INDEX refusal_received ON refusal (received) WHERE received IS NOT NULL;
CREATE INDEX refusal_error ON refusal (error) WHERE error IS NOT NULL;
-- What a partner's mistakes cost in a day, also beyond what is kept: refusals and their bytes, and messages that were told apart
-- from known ones or came too late, which leave an entry in the journal.
CREATE TABLE refusal_day (
	partner TEXT NOT NULL REFERENCES partner (code),
	day {i64} NOT NULL,
	refusals {i64} NOT NULL,
	bytes {i64} NOT NULL,
	entries {i64} NOT NULL,
	PRIMARY KEY (partner, day)
) {strict};

CREATE TABLE fsm_case (
	id TEXT NOT NULL,
	machine TEXT NOT NULL,
	state TEXT NOT NULL,
	since_us {i64} NOT NULL,
	PRIMARY KEY (id, machine)
) {strict};

-- due_us is what the law says; next_us when it is tried, later than that after a fault.
CREATE TABLE fsm_timer (
	id TEXT PRIMARY KEY,
	machine TEXT NOT NULL,
	case_id TEXT NOT NULL,
	organisation TEXT,
	name TEXT NOT NULL,
	event TEXT NOT NULL,
	due_us {i64} NOT NULL,
	next_us {i64} NOT NULL,
	state TEXT NOT NULL CHECK (state = 'waiting' OR state = 'fired' OR state = 'cancelled' OR state = 'failed')
) {strict};
CREATE INDEX fsm_timer_due ON fsm_timer (next_us, id) WHERE state = 'waiting';
CREATE INDEX fsm_timer_of_case ON fsm_timer (case_id, machine) WHERE state = 'waiting';

CREATE TABLE journal (
	id TEXT PRIMARY KEY,
	at_us {i64} NOT NULL,
	actor TEXT NOT NULL,
	organisation TEXT,
	subject_type TEXT NOT NULL,
	subject TEXT NOT NULL,
	event TEXT NOT NULL,
	from_state TEXT,
	to_state TEXT,
	detail TEXT,
	law TEXT,
	content TEXT,
	digest {blob} NOT NULL,
	sequence {i64}
) {strict};
CREATE INDEX journal_unsealed ON journal (at_us, id) WHERE sequence IS NULL;
CREATE UNIQUE INDEX journal_sequence ON journal (sequence) WHERE sequence IS NOT NULL;
CREATE INDEX journal_organisation ON journal (organisation, sequence) WHERE sequence IS NOT NULL;
CREATE INDEX journal_subject ON journal (subject, at_us, id);

CREATE TABLE journal_seal (
	number {i64} PRIMARY KEY,
	first_sequence {i64} NOT NULL,
	last_sequence {i64} NOT NULL,
	previous {blob} NOT NULL,
	root {blob} NOT NULL,
	hash {blob} NOT NULL,
	at_us {i64} NOT NULL
) {strict};
CREATE UNIQUE INDEX journal_seal_last ON journal_seal (last_sequence);

-- What each instance has last seen in its key directory: what changes there is journalled.
CREATE TABLE own_key (
	instance TEXT NOT NULL,
	id TEXT NOT NULL,
	usage TEXT NOT NULL,
	type TEXT NOT NULL,
	status TEXT NOT NULL,
	fingerprint TEXT,
	seen_us {i64} NOT NULL,
	PRIMARY KEY (instance, id)
) {strict};

CREATE TABLE task (
	id TEXT PRIMARY KEY,
	organisation TEXT REFERENCES organisation (code),
	kind TEXT NOT NULL,
	subject TEXT NOT NULL,
	text TEXT NOT NULL,
	state TEXT NOT NULL CHECK (state IN ('open', 'done')),
	created_us {i64} NOT NULL,
	done_us {i64}
) {strict};
CREATE UNIQUE INDEX task_open ON task (state, subject, kind) WHERE state = 'open';
CREATE INDEX task_newest ON task (state, id);

-- Answers to requests that came with a key of the caller's: "status" is NULL while the request is worked on; "number" counts the
-- keys of an actor, whose oldest make room.
CREATE TABLE answer (
	actor TEXT NOT NULL,
	request_key TEXT NOT NULL,
	number {i64} NOT NULL,
	request {blob} NOT NULL,
	claimed_us {i64} NOT NULL,
	until_us {i64} NOT NULL,
	status {i64},
	content_type TEXT,
	body {blob},
	PRIMARY KEY (actor, request_key)
) {strict};
CREATE INDEX answer_of_actor ON answer (actor, number);
CREATE INDEX answer_until ON answer (until_us);
