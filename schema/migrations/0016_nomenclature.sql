-- Versions of the nomenclature that this node's state has added; the international ones come with the program.
CREATE TABLE nomenclature_version (
	code TEXT PRIMARY KEY,
	title TEXT NOT NULL,
	base TEXT NOT NULL,
	valid_from TEXT NOT NULL,
	valid_until TEXT,
	digits {i64} NOT NULL,
	put_by TEXT NOT NULL,
	put_us {i64} NOT NULL
) {strict};

-- What the editions of the nomenclature are made of (lines, notes, correlation, units), as their files had it and in that order. It is
-- read whole, into a book in memory: "content" is the record in JSON, by the field table of its kind.
CREATE TABLE nomenclature_record (
	edition TEXT NOT NULL,
	number {i64} NOT NULL,
	content TEXT NOT NULL,
	PRIMARY KEY (edition, number)
) {strict};
