-- How long what was exchanged is kept. The row of a message stays when what it held is deleted: by its identifier and digest a duplicate
-- is known, and by its entries in the journal what was deleted, when and by which rule.

-- Deletions and legal holds take turns by this row.
INSERT INTO counter (name, value) VALUES ('retention', 0);

-- archived_us: as it was then, it stands in an archive of files; deleted_us: nothing is left but this row.
ALTER TABLE message ADD COLUMN archived_us {i64};
ALTER TABLE message ADD COLUMN deleted_us {i64};
CREATE INDEX message_kept ON message (id) WHERE deleted_us IS NULL;
CREATE INDEX fsm_timer_case ON fsm_timer (case_id);

-- What is held is not deleted. None is removed: that something was held must stay explained. "organisation": whose hold it is; NULL: the
-- node's, over all organisations.
CREATE TABLE legal_hold (
	id TEXT PRIMARY KEY,
	kind TEXT NOT NULL CHECK (kind IN ('document', 'partner', 'organisation')),
	subject TEXT NOT NULL,
	organisation TEXT REFERENCES organisation (code),
	reason TEXT NOT NULL,
	placed_by TEXT NOT NULL,
	placed_us {i64} NOT NULL,
	until_us {i64},
	lifted_by TEXT,
	lifted_us {i64}
) {strict};
CREATE INDEX legal_hold_of ON legal_hold (kind, subject) WHERE lifted_us IS NULL;

-- Volumes of archives that this node has signed and that are written: "digest" is the SHA-256 of the signed file volume.jws.
CREATE TABLE archive_volume (
	digest TEXT PRIMARY KEY,
	archive TEXT NOT NULL,
	number {i64} NOT NULL CHECK (number > 0),
	messages {i64} NOT NULL,
	noted_us {i64} NOT NULL
) {strict};
