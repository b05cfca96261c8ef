-- How the feed numbers entries across a restore: behind "head", the last sequence that is the same before and after it, an entry's number
-- is its sequence and "ahead", so that no number is given twice, and whoever holds one of what was lost is told.
CREATE TABLE journal_turn (
	turned_us {i64} PRIMARY KEY,
	head {i64} NOT NULL,
	ahead {i64} NOT NULL
) {strict};
DELETE FROM counter WHERE name = 'journal-turn' OR name = 'journal-turn-head' OR name = 'journal-turn-since';
