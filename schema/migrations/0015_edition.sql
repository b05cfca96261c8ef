-- Reference data that comes as files: a book of the nomenclature, a tariff, exchange rates (docs/decisions/0013). What their records are
-- stands in the tables of the capabilities, each row with the id of its edition.
--
-- "from_day" and "until_day" are days since 1970-01-01, both inclusive; "touched_us" is when the last batch of a file that is being read was put
-- away; "turn" is the serial with which it began to count: of two that begin on one day the later one counts; "swept": none of its records is
-- left, or it still has them by its state.
CREATE TABLE edition (
	id TEXT PRIMARY KEY,
	kind TEXT NOT NULL,
	subject TEXT NOT NULL,
	title TEXT,
	state TEXT NOT NULL CHECK (state IN ('loading', 'staged', 'approved', 'active', 'withdrawn', 'failed', 'discarded')),
	from_day {i64} NOT NULL,
	until_day {i64} CHECK (until_day >= from_day),
	digest TEXT NOT NULL,
	records {i64} NOT NULL,
	warnings {i64} NOT NULL,
	imported_by TEXT NOT NULL,
	imported_us {i64} NOT NULL,
	approved_by TEXT,
	approved_us {i64},
	activated_by TEXT,
	activated_us {i64},
	withdrawn_by TEXT,
	withdrawn_us {i64},
	touched_us {i64} NOT NULL,
	turn {i64} NOT NULL,
	swept {i64} NOT NULL CHECK (swept IN (0, 1))
) {strict};
CREATE INDEX edition_of_subject ON edition (kind, subject, state, from_day);
CREATE INDEX edition_unswept ON edition (id) WHERE swept = 0;

-- What was found in a file that was taken all the same. "place" is for people: "line 4, column "rate"", or a path.
CREATE TABLE edition_warning (
	edition TEXT NOT NULL REFERENCES edition (id),
	number {i64} NOT NULL,
	code TEXT NOT NULL,
	place TEXT NOT NULL,
	text TEXT NOT NULL,
	law TEXT,
	PRIMARY KEY (edition, number)
) {strict};

-- "edition-serial" changes when another edition counts; "edition-stage" makes those who stage one wait for each other.
INSERT INTO counter (name, value) VALUES ('edition-serial', 0), ('edition-stage', 0);
