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
