/* Decimal numbers (IEEE 754-2008 decimal128, 34 digits) for quantities, rates and money. Never binary floating point.
 * The exponent is kept, so 12.50 prints as 12.50; zero has no sign.
 *
 * Results are exact up to 34 digits and 36 places after the point, beyond that rounded half up. A result of 10^34 or
 * more is none, and so is every result with an operand that is none: sums are computed first and asked once. */
#ifndef BASE_DECIMAL_H
#define BASE_DECIMAL_H

#include <stdbool.h>
#include <stdint.h>

struct decimal {
	uint64_t w[2]; /* the library's representation; only for decimal.c */
};

#define DECIMAL_SIZE 48 /* longest text with the NUL */

/* "Not given", or "does not fit": differs from every number; zeroed memory is the number zero, not this. */
struct decimal decimal_none(void);
bool decimal_given(struct decimal a);

/* Strict [+-]?digits[.digits], at most 34 significant digits and 18 of them after the point: no exponent, no blank, no
 * comma. */
bool decimal_parse(const char *text, struct decimal *value);
/* Plain notation, never an exponent. Returns BUFFER; "" for none. */
const char *decimal_format(struct decimal a, char buffer[static DECIMAL_SIZE]);
struct decimal decimal_of(int64_t value);

/* -1, 0, 1 as a < b, a = b, a > b; both must be given. 12.5 equals 12.50. */
int decimal_compare(struct decimal a, struct decimal b);
struct decimal decimal_add(struct decimal a, struct decimal b);
struct decimal decimal_sub(struct decimal a, struct decimal b);
struct decimal decimal_mul(struct decimal a, struct decimal b);
/* Rounded half up (away from zero) to PLACES digits after the point; zeros are added as far as 34 digits go.
 * Negative PLACES round to tens, hundreds, ... */
struct decimal decimal_round(struct decimal a, int places);

#endif
