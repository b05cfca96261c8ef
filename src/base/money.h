/* Amounts of money in minor units of a currency (ISO 4217), as they are stored, sent and added up. Calculations that
 * have parts of a minor unit in them are decimals (base/decimal.h) until they are rounded. */
#ifndef BASE_MONEY_H
#define BASE_MONEY_H

#include "base/decimal.h"

#define CURRENCY_SIZE 4                    /* "VND" with the NUL */
#define MONEY_SIZE    (24 + CURRENCY_SIZE) /* "-92233720368547758.07 VND" with the NUL */

struct money {
	int64_t minor;
	char currency[CURRENCY_SIZE];
};

/* Digits after the point that ISO 4217 gives CURRENCY, which is one of its codes: 0 (JPY, VND), 3 (KWD), else 2. */
int currency_places(const char *currency);

/* AMOUNT, rounded half up to minor units of CURRENCY. False if it is none or does not fit. */
bool money_of(struct decimal amount, const char *currency, struct money *money);
struct decimal money_decimal(const struct money *money);
/* "1250.00 USD". Returns BUFFER. */
const char *money_format(const struct money *money, char buffer[static MONEY_SIZE]);

#endif
