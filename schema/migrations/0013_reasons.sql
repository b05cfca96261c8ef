-- Why something was refused or closed, in words.

-- These may repeat what stood in the document, so they are kept with it and go with it; the journal names rules and places alone. What was found in a received document: why it was refused, or what an officer should know of one that was not.
CREATE TABLE document_finding (
	document TEXT NOT NULL REFERENCES document (id),
	number {i64} NOT NULL CHECK (number > 0),
	code TEXT NOT NULL,
	severity TEXT NOT NULL CHECK (severity IN ('error', 'warning')),
	path TEXT NOT NULL,
	text TEXT NOT NULL,
	law TEXT,
	PRIMARY KEY (document, number)
) {strict};
-- Without the text, which may repeat what stood in the document.
CREATE VIEW lintas_v1_findings AS SELECT
	document.organisation AS organisation,
	document_finding.document AS document,
	document_finding.number AS number,
	document_finding.code AS code,
	document_finding.severity AS severity,
	document_finding.path AS path,
	document_finding.law AS law
FROM document_finding
JOIN document ON document.id = document_finding.document;

-- NULL: from before these were kept.
ALTER TABLE refusal ADD COLUMN text TEXT;
-- The officer's own words, as in the journal.
ALTER TABLE paper ADD COLUMN closed_because TEXT;
CREATE INDEX paper_reference ON paper (reference);

-- A document whose message was abandoned is abandoned, as it will be from now on; not if a receipt that came late shows that it had arrived.
UPDATE fsm_case SET state = 'abandoned' WHERE state = 'submitted' AND EXISTS (SELECT 1 FROM document JOIN message ON message.id = document.message
	WHERE document.id = fsm_case.id AND document.machine = fsm_case.machine AND document.direction = 'out' AND message.state = 'abandoned'
	AND NOT EXISTS (SELECT 1 FROM wire WHERE wire.message = message.id AND wire.kind = 'receipt-received'));

-- Documents by state, newest first: the ids of cases sort by time.
CREATE INDEX fsm_case_in_state ON fsm_case (state, id);
