-- How the link with each partner stands. A row is told by what its node's processes saw, every few seconds at most, not by each message.
-- "delays": the last round trips, four octets each (milliseconds, big-endian), the oldest first. No heartbeat before beat_us; "ping":
-- the eb:MessageId of one whose answer comes with a request of its own, while it is awaited.
CREATE TABLE link (
	partner TEXT PRIMARY KEY REFERENCES partner (code),
	state TEXT NOT NULL CHECK (state = 'unknown' OR state = 'up' OR state = 'slow' OR state = 'down'),
	since_us {i64} NOT NULL,
	heard_us {i64},
	answered_us {i64},
	receipt_us {i64},
	failures {i64} NOT NULL CHECK (failures >= 0),
	failing_us {i64},
	reason TEXT,
	delays {blob} NOT NULL,
	beat_us {i64} NOT NULL,
	ping TEXT,
	ping_us {i64}
) {strict};

-- What was announced of a node, by us to a partner or by it to us: that nothing gets through from from_us to until_us, or does again.
CREATE TABLE link_notice (
	id TEXT PRIMARY KEY,
	partner TEXT NOT NULL REFERENCES partner (code),
	direction TEXT NOT NULL CHECK (direction IN ('in', 'out')),
	kind TEXT NOT NULL CHECK (kind IN ('outage', 'maintenance', 'restored')),
	from_us {i64} NOT NULL,
	until_us {i64} NOT NULL,
	text TEXT NOT NULL,
	at_us {i64} NOT NULL,
	ended_us {i64}
) {strict};
CREATE INDEX link_notice_open ON link_notice (partner, direction, from_us) WHERE ended_us IS NULL;

-- What each instance has last told its partners of itself: the digest of its card, without what is another in each.
CREATE TABLE own_card (
	instance TEXT PRIMARY KEY,
	digest TEXT NOT NULL,
	at_us {i64} NOT NULL
) {strict};
