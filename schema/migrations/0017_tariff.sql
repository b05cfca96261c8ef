-- Measures of a tariff and rates of exchange, each row with the edition that it came with (0015). "number" is that of the record in its file, "item"
-- that of the measure in its record. Amounts are decimals as text; days are days since 1970-01-01, both inclusive.
CREATE TABLE tariff_measure (
	edition TEXT NOT NULL,
	number {i64} NOT NULL,
	item {i64} NOT NULL,
	nomenclature TEXT,
	code TEXT NOT NULL,
	kind TEXT NOT NULL,
	agreement TEXT,
	area TEXT,
	from_day {i64},
	until_day {i64},
	duty TEXT,
	note TEXT,
	documents TEXT,
	end_use TEXT,
	quota TEXT,
	exporter TEXT,
	at_least TEXT,
	at_most TEXT,
	quantity_unit TEXT,
	agency TEXT,
	law TEXT,
	PRIMARY KEY (edition, number, item)
) {strict};

CREATE TABLE tariff_exchange (
	edition TEXT NOT NULL,
	number {i64} NOT NULL,
	currency TEXT NOT NULL,
	units TEXT,
	rate TEXT NOT NULL,
	from_day {i64},
	until_day {i64},
	law TEXT,
	PRIMARY KEY (edition, number)
) {strict};
