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

/* Exact where the quotient ends within 34 digits and 36 places, else rounded half up. Divided by zero: none. */
struct decimal decimal_div(struct decimal a, struct decimal b);
/* A with its point moved PLACES to the right (negative: to the left): 5 by -2 is 0.05. */
struct decimal decimal_shift(struct decimal a, int places);
/* A without the zeros at the end of its fraction: 12.50 becomes 12.5, 0.00 becomes 0. */
struct decimal decimal_trim(struct decimal a);

/* How states round what they collect. Amounts below zero (a repayment) as their counterparts above it. */
enum decimal_rounding {
	DECIMAL_HALF_UP,   /* 0.5 away from zero */
	DECIMAL_HALF_EVEN, /* 0.5 to the even neighbour */
	DECIMAL_UP,        /* whatever is left over counts as a whole: away from zero */
	DECIMAL_DOWN,      /* whatever is left over is dropped: towards zero */
};
/* The multiple of UNIT (0.01, 1000) that A is rounded to; UNIT is above zero. */
struct decimal decimal_round_to(struct decimal a, struct decimal unit, enum decimal_rounding mode);

#endif
