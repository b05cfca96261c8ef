-- Systems that are told what happened: each with its own place in the journal.
--
-- "secret" is kept as it must be used: every request is signed by it (docs/decisions/0009). "cursor" is the sequence up to which its events
-- were taken by the receiver; "single" the sequence of one event that goes out once more before the rest; "message" the identifier of what is
-- being delivered, up to the sequence "batch_until", so that a repeated request is the same request; "next_us" when a sender may take it, which
-- also carries leases while it is "in_hand"; "failing_us" since when nothing was taken.
CREATE TABLE webhook (
	id TEXT PRIMARY KEY,
	organisation TEXT REFERENCES organisation (code),
	url TEXT NOT NULL,
	events TEXT NOT NULL,
	state TEXT NOT NULL CHECK (state IN ('active', 'paused')),
	reason TEXT,
	secret TEXT NOT NULL,
	key_number {i64} NOT NULL,
	old_secret TEXT,
	old_until_us {i64},
	cursor {i64} NOT NULL,
	single {i64},
	message TEXT,
	batch_until {i64},
	attempts {i64} NOT NULL CHECK (attempts >= 0),
	next_us {i64} NOT NULL,
	in_hand {i64} NOT NULL CHECK (in_hand IN (0, 1)),
	failing_us {i64},
	last_us {i64},
	last_status {i64},
	last_error TEXT,
	delivered {i64} NOT NULL,
	created_us {i64} NOT NULL,
	created_by TEXT NOT NULL
) {strict};
CREATE INDEX webhook_due ON webhook (state, next_us, id);
CREATE INDEX webhook_of_organisation ON webhook (organisation, id);

-- What was tried lately; "number" counts those of a webhook, whose oldest make room.
CREATE TABLE webhook_delivery (
	webhook TEXT NOT NULL REFERENCES webhook (id),
	number {i64} NOT NULL,
	message TEXT NOT NULL,
	first_sequence {i64} NOT NULL,
	last_sequence {i64} NOT NULL,
	events {i64} NOT NULL,
	attempt {i64} NOT NULL,
	at_us {i64} NOT NULL,
	duration_us {i64} NOT NULL,
	status {i64},
	error TEXT,
	PRIMARY KEY (webhook, number)
) {strict};
