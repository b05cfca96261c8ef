-- An opt-out that a partner declared on its card is no decision of ours: it lies over our own rows while the partner's card has it, and
-- is never on our card.
ALTER TABLE activation ADD COLUMN declared {i64} NOT NULL DEFAULT 0 CHECK (declared = 0 OR (declared = 1 AND state = 'opted-out'));
UPDATE activation SET declared = 1 WHERE state = 'opted-out' AND note = 'by its card';
