-- Files that organisations drop into their folders, and how far their feed is written out.
-- What a file became is written in the transactions that keep its documents, so that it is taken once, whatever happens.

CREATE TABLE drop_file (
	id TEXT PRIMARY KEY,
	organisation TEXT NOT NULL REFERENCES organisation (code),
	folder TEXT NOT NULL, -- below "in": a mapping, a document type, or empty
	name TEXT NOT NULL, -- its octets, percent-encoded
	digest TEXT NOT NULL,
	taken_us {i64} NOT NULL,
	report TEXT -- what became of it; NULL while it is being taken
) {strict};
CREATE UNIQUE INDEX drop_file_name ON drop_file (organisation, folder, name, digest);

CREATE TABLE drop_document (
	file TEXT NOT NULL REFERENCES drop_file (id),
	number {i64} NOT NULL, -- in the file, from 1
	document TEXT NOT NULL REFERENCES document (id),
	PRIMARY KEY (file, number)
) {strict};
CREATE INDEX drop_document_of ON drop_document (document);

CREATE TABLE drop_cursor (
	organisation TEXT PRIMARY KEY REFERENCES organisation (code),
	sequence {i64} NOT NULL -- of the last entry of the journal that was written out
) {strict};
