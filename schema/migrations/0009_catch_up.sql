-- Catching up with partners after a restore: what was exchanged since the backup is asked back from them.
--
-- While one is open, and until hold_until_us, what the partner sends is taken and waits, and what continues a conversation that was
-- there before is not sent: the lost part comes first.

CREATE TABLE catch_up (
	id TEXT PRIMARY KEY,
	partner TEXT NOT NULL REFERENCES partner (code),
	conversation TEXT,
	since_us {i64} NOT NULL,
	begun_us {i64} NOT NULL,
	begun_by TEXT NOT NULL,
	hold_until_us {i64} NOT NULL,
	state TEXT NOT NULL CHECK (state = 'open' OR state = 'done' OR state = 'refused' OR state = 'ended'),
	settled_us {i64},
	reason TEXT
) {strict};
CREATE UNIQUE INDEX catch_up_open ON catch_up (partner) WHERE state = 'open';
CREATE INDEX catch_up_conversation ON catch_up (conversation);

-- What the partner has listed: "direction" is ours. "asked" counts how often it was asked to return it.
CREATE TABLE catch_up_item (
	catch_up TEXT NOT NULL REFERENCES catch_up (id),
	number {i64} NOT NULL,
	direction TEXT NOT NULL CHECK (direction IN ('in', 'out')),
	message_id TEXT NOT NULL,
	digest TEXT NOT NULL,
	conversation TEXT NOT NULL,
	action TEXT NOT NULL,
	state TEXT NOT NULL CHECK (state = 'wanted' OR state = 'recovered' OR state = 'known' OR state = 'refused' OR state = 'unavailable'),
	asked {i64} NOT NULL,
	reason TEXT,
	PRIMARY KEY (catch_up, number),
	UNIQUE (catch_up, direction, message_id)
) {strict};
CREATE INDEX catch_up_item_wanted ON catch_up_item (catch_up, number) WHERE state = 'wanted';

-- What partners that catch up with us cost in a day.
CREATE TABLE catch_up_day (
	partner TEXT NOT NULL REFERENCES partner (code),
	day {i64} NOT NULL,
	requests {i64} NOT NULL,
	bytes {i64} NOT NULL,
	PRIMARY KEY (partner, day)
) {strict};

-- Since when sequences of the journal are others than a reader of the feed may remember.
INSERT INTO counter (name, value) VALUES ('journal-turn', 0), ('journal-turn-head', 0), ('journal-turn-since', 0);
