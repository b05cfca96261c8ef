-- Each time that this database came out of a backup: what happened between "since_us", the last that the backup knows, and "restored_us"
-- is to be asked for from partners, and "state" says whether that is done. "id" tells copies of one node apart.
CREATE TABLE recovery (
	id TEXT PRIMARY KEY,
	since_us {i64} NOT NULL,
	restored_us {i64} NOT NULL,
	backup_us {i64} NOT NULL,
	backup TEXT NOT NULL,
	seal {i64} NOT NULL,
	head TEXT,
	state TEXT NOT NULL CHECK (state IN ('open', 'done'))
) {strict};
