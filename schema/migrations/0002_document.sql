-- Documents, whatever their type. Their bytes are parts of messages, their states are cases (fsm_case).
-- issuer_state, reference and issued_on are NULL when a received document could not be read.

CREATE TABLE document (
	id TEXT PRIMARY KEY,
	organisation TEXT NOT NULL REFERENCES organisation (code),
	doctype TEXT NOT NULL,
	version TEXT NOT NULL,
	direction TEXT NOT NULL CHECK (direction IN ('in', 'out')),
	partner TEXT NOT NULL REFERENCES partner (code),
	issuer_state TEXT,
	reference TEXT,
	issued_on TEXT,
	sender TEXT,
	recipient TEXT,
	digest TEXT NOT NULL,
	message TEXT NOT NULL REFERENCES message (id),
	part {i64} NOT NULL CHECK (part > 0),
	conversation TEXT NOT NULL,
	test {i64} NOT NULL CHECK (test IN (0, 1)),
	created_us {i64} NOT NULL,
	about TEXT REFERENCES document (id),
	machine TEXT NOT NULL,
	refused {i64} NOT NULL CHECK (refused IN (0, 1))
) {strict};
-- A name is used once (ATIGA OCP rule 29(4): what is altered is a new document). A refused document has not used
-- its name, and a test does not use the name of what is real.
CREATE UNIQUE INDEX document_name ON document (direction, organisation, doctype, issuer_state, reference, issued_on, test)
	WHERE refused = 0;
CREATE INDEX document_of_organisation ON document (organisation, id);
CREATE INDEX document_reference ON document (reference);
CREATE INDEX document_about ON document (about) WHERE about IS NOT NULL;
