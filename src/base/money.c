#include "base/money.h"

#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "base/text.h"

#define PLACES_USUAL 2

int currency_places(const char *currency)
{
	/* ISO 4217, minor unit: all that is not 2. */
	static const struct {
		const char *currencies;
		int places;
	} rows[] = {
		{ "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF", 0 },
		{ "BHD IQD JOD KWD LYD OMR TND", 3 },
		{ "CLF UYW", 4 },
	};

	for (size_t i = 0; i < COUNT(rows); i++)
		if (word_among(rows[i].currencies, currency))
			return rows[i].places;
	return PLACES_USUAL;
}

bool money_of(struct decimal amount, const char *currency, struct money *money)
{
	char text[DECIMAL_SIZE];
	int64_t minor;
	struct decimal units = decimal_shift(amount, currency_places(currency));

	if (strlen(currency) != CURRENCY_SIZE - 1 ||
	    !int64_parse(decimal_format(decimal_round(units, 0), text), &minor))
		return false;
	money->minor = minor;
	memcpy(money->currency, currency, CURRENCY_SIZE);
	return true;
}

struct decimal money_decimal(const struct money *money)
{
	int places = currency_places(money->currency);

	return decimal_shift(decimal_of(money->minor), -places);
}

const char *money_format(const struct money *money, char buffer[static MONEY_SIZE])
{
	char text[DECIMAL_SIZE];

	snprintf(buffer, MONEY_SIZE, "%.23s %.3s", decimal_format(money_decimal(money), text), money->currency);
	return buffer;
}
