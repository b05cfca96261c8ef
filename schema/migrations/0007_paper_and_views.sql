-- Papers that officers accepted while the electronic document could not come (ATIGA OCP rule 26(1): both have equivalent legal effect).
-- A reference is accepted once; "document" is the electronic twin, if it has come. The state is a case (fsm_case, machine "paper").

CREATE TABLE paper (
	id TEXT PRIMARY KEY,
	organisation TEXT NOT NULL REFERENCES organisation (code),
	partner TEXT NOT NULL REFERENCES partner (code),
	doctype TEXT NOT NULL,
	reference TEXT NOT NULL,
	issued_on TEXT NOT NULL,
	issuer TEXT,
	reason TEXT NOT NULL,
	accepted_by TEXT NOT NULL,
	accepted_us {i64} NOT NULL,
	document TEXT REFERENCES document (id),
	twin_us {i64},
	UNIQUE (organisation, doctype, partner, reference)
) {strict};
CREATE INDEX paper_of_organisation ON paper (organisation, id);
CREATE UNIQUE INDEX paper_of_document ON paper (document) WHERE document IS NOT NULL;

-- What other systems may read (docs/views.md): a view keeps its columns, their names, types and meaning as long as it is there. What
-- must change becomes lintas_v2_*, beside these. No secrets, no octets. {iso}X{/iso} is the time X as text, UTC with milliseconds.

CREATE VIEW lintas_v1_documents AS SELECT
	document.id AS id,
	document.organisation AS organisation,
	document.doctype AS type,
	document.version AS version,
	document.direction AS direction,
	document.partner AS partner,
	document.issuer_state AS issuer_state,
	document.reference AS reference,
	document.issued_on AS issued_on,
	fsm_case.state AS state,
	{iso}fsm_case.since_us{/iso} AS state_since,
	fsm_case.since_us AS state_since_us,
	document.sender AS sender,
	document.recipient AS recipient,
	document.digest AS sha256,
	document.message AS message,
	document.conversation AS conversation,
	document.about AS about,
	paper.id AS paper,
	document.refused AS refused,
	document.test AS test,
	{iso}document.created_us{/iso} AS created,
	document.created_us AS created_us
FROM document
LEFT JOIN fsm_case ON fsm_case.id = document.id AND fsm_case.machine = document.machine
LEFT JOIN paper ON paper.document = document.id;

CREATE VIEW lintas_v1_messages AS SELECT
	id AS id,
	organisation AS organisation,
	direction AS direction,
	partner AS partner,
	message_id AS message_id,
	ref_to AS ref_to,
	conversation AS conversation,
	position AS position,
	service AS service,
	action AS action,
	original_sender AS original_sender,
	final_recipient AS final_recipient,
	document AS document,
	state AS state,
	attempts AS attempts,
	last_error AS last_error,
	test AS test,
	{iso}created_us{/iso} AS created,
	created_us AS created_us,
	{iso}accepted_us{/iso} AS accepted,
	accepted_us AS accepted_us,
	{iso}settled_us{/iso} AS settled,
	settled_us AS settled_us
FROM message;

CREATE VIEW lintas_v1_events AS SELECT
	sequence AS sequence,
	id AS id,
	{iso}at_us{/iso} AS happened,
	at_us AS happened_us,
	organisation AS organisation,
	actor AS actor,
	subject_type AS subject_type,
	subject AS subject,
	event AS event,
	from_state AS from_state,
	to_state AS to_state,
	detail AS detail,
	law AS law,
	content AS content
FROM journal WHERE sequence IS NOT NULL;

CREATE VIEW lintas_v1_partners AS SELECT
	code AS code,
	name AS name,
	party_id AS party_id,
	party_type AS party_type,
	endpoint AS endpoint,
	binding AS binding,
	profile AS profile,
	status AS status,
	{iso}created_us{/iso} AS created,
	created_us AS created_us
FROM partner;

CREATE VIEW lintas_v1_tasks AS SELECT
	id AS id,
	organisation AS organisation,
	kind AS kind,
	subject AS subject,
	text AS text,
	state AS state,
	{iso}created_us{/iso} AS created,
	created_us AS created_us,
	{iso}done_us{/iso} AS done,
	done_us AS done_us
FROM task;

CREATE VIEW lintas_v1_papers AS SELECT
	paper.id AS id,
	paper.organisation AS organisation,
	paper.partner AS partner,
	paper.doctype AS type,
	paper.reference AS reference,
	paper.issued_on AS issued_on,
	paper.issuer AS issuer,
	paper.reason AS reason,
	fsm_case.state AS state,
	paper.accepted_by AS accepted_by,
	{iso}paper.accepted_us{/iso} AS accepted,
	paper.accepted_us AS accepted_us,
	paper.document AS document,
	{iso}paper.twin_us{/iso} AS twin_came,
	paper.twin_us AS twin_came_us
FROM paper
JOIN fsm_case ON fsm_case.id = paper.id AND fsm_case.machine = 'paper';
