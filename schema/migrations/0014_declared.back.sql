-- which opt-outs a partner declared on its card: they count as decided here, and what was planned under them must be activated again
UPDATE activation SET until_day = (SELECT MIN(card.from_day) - 1 FROM activation AS card WHERE card.declared = 1 AND card.until_day IS NULL
		AND card.partner = activation.partner AND card.document = activation.document AND card.direction = activation.direction
		AND card.version = activation.version)
	WHERE declared = 0 AND EXISTS (SELECT 1 FROM activation AS card WHERE card.declared = 1 AND card.until_day IS NULL
		AND card.partner = activation.partner AND card.document = activation.document AND card.direction = activation.direction
		AND card.version = activation.version AND (activation.until_day IS NULL OR activation.until_day >= card.from_day));
ALTER TABLE activation DROP COLUMN declared;
