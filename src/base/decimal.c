#include "base/decimal.h"

#include <stddef.h>
#include <string.h>

/* libbidgcc000: arguments by value, rounding mode and flags as parameters, no globals. */
#define DECIMAL_CALL_BY_REFERENCE      0
#define DECIMAL_GLOBAL_ROUNDING        0
#define DECIMAL_GLOBAL_EXCEPTION_FLAGS 0
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wundef"
#pragma GCC diagnostic ignored "-Wstrict-prototypes"
#include <bid_conf.h>
#include <bid_functions.h>
#pragma GCC diagnostic pop

#define DIGITS       34 /* of decimal128 */
#define PARSE_PLACES 18 /* after the point, in what others send */
#define MAX_PLACES   36 /* after the point, in results: two full fractions multiplied */
#define ROUNDING     BID_ROUNDING_TIES_AWAY

/* IEEE 754-2008 §3.5.2: 1 bit sign, 14 bits exponent + 6176, 113 bits coefficient (10^34 is below 2^113). Zeroed memory
 * would be 0E-6176; we keep the exponent's bits turned so that it is the plain 0. */
#define SIGN           (UINT64_C(1) << 63)
#define EXPONENT_SHIFT 49
#define ZERO_EXPONENT  6176
#define PLAIN_ZERO     ((uint64_t)ZERO_EXPONENT << EXPONENT_SHIFT)
__extension__ typedef unsigned __int128 uint128;

static BID_UINT128 to_bid(struct decimal a)
{
	return (BID_UINT128){ .w = { a.w[0], a.w[1] ^ PLAIN_ZERO } };
}

static struct decimal from_bid(BID_UINT128 a)
{
	return (struct decimal){ .w = { a.w[0], a.w[1] ^ PLAIN_ZERO } };
}

/* 1E-PLACES, whose exponent bid128_quantize() takes. */
static BID_UINT128 quantum(int places)
{
	_IDEC_flags flags = 0;

	return bid128_scalbn(bid128_from_int32(1), -places, ROUNDING, &flags);
}

static BID_UINT128 quantize(BID_UINT128 a, int places)
{
	_IDEC_flags flags = 0;

	return bid128_quantize(a, quantum(places), ROUNDING, &flags);
}

/* Results stay in what decimal_format() can say: no exponent above zero (the library gives no number if the digits do
 * not suffice), at most MAX_PLACES after the point, no negative zero. */
static struct decimal settle(BID_UINT128 a)
{
	_IDEC_flags flags = 0;

	if (bid128_isInf(a))
		return decimal_none();
	if (!bid128_isNaN(a)) {
		int exponent = bid128_quantexp(a, &flags);
		if (exponent > 0)
			a = quantize(a, 0);
		else if (exponent < -MAX_PLACES)
			a = quantize(a, MAX_PLACES);
	}
	if (bid128_isNaN(a))
		return decimal_none();
	return from_bid(bid128_isZero(a) ? bid128_abs(a) : a);
}

struct decimal decimal_none(void)
{
	/* IEEE 754-2008 §3.5.2: a quiet NaN. */
	return from_bid((BID_UINT128){ .w = { 0, UINT64_C(0x7C) << 56 } });
}

bool decimal_given(struct decimal a)
{
	return !bid128_isNaN(to_bid(a));
}

/* The digits are appended to COEFFICIENT, which has at most DIGITS of them, not counting leading zeros. Returns what
 * follows them, or NULL if there are none or too many. */
static const char *take_digits(const char *text, uint128 *coefficient, size_t *count)
{
	const char *c = text;

	for (; *c >= '0' && *c <= '9'; c++) {
		if (*count == 0 && *c == '0')
			continue;
		if ((*count)++ == DIGITS)
			return NULL;
		*coefficient = *coefficient * 10 + (unsigned)(*c - '0');
	}
	return c > text ? c : NULL;
}

bool decimal_parse(const char *text, struct decimal *value)
{
	uint128 digits = 0;
	size_t count = 0;
	ptrdiff_t places = 0;

	if (!text)
		return false;

	const char *end = take_digits(*text == '-' || *text == '+' ? text + 1 : text, &digits, &count);
	if (end && *end == '.') {
		const char *fraction = end + 1;
		end = take_digits(fraction, &digits, &count);
		places = end ? end - fraction : 0;
	}
	if (!end || *end != '\0' || places > PARSE_PLACES)
		return false;

	uint64_t sign = *text == '-' && digits > 0 ? SIGN : 0;
	uint64_t exponent = (uint64_t)(ZERO_EXPONENT - places) << EXPONENT_SHIFT;
	*value = from_bid((BID_UINT128){ .w = { (uint64_t)digits, (uint64_t)(digits >> 64) | exponent | sign } });
	return true;
}

struct decimal decimal_of(int64_t value)
{
	return from_bid(bid128_from_int64(value));
}

/* The library writes sign, coefficient and exponent: "+1250E-2". */
const char *decimal_format(struct decimal a, char buffer[static DECIMAL_SIZE])
{
	char text[DIGITS + 16];
	char *to = buffer;
	_IDEC_flags flags = 0;

	/* Settled once more: memory that did not come from here must not lead beyond BUFFER. */
	a = settle(to_bid(a));
	if (!decimal_given(a)) {
		buffer[0] = '\0';
		return buffer;
	}

	bid128_to_string(text, to_bid(a), &flags);
	const char *digits = text + 1;
	int count = (int)strcspn(digits, "E");
	int places = -bid128_quantexp(to_bid(a), &flags);

	if (text[0] == '-')
		*to++ = '-';
	/* settle() keeps the point within the digits or MAX_PLACES before their end; at least one digit stands before
	 * it. */
	int first = count > places ? count : places + 1;
	for (int i = first; i > 0; i--) {
		if (i == places)
			*to++ = '.';
		*to++ = i > count ? '0' : digits[count - i];
	}
	*to = '\0';
	return buffer;
}

int decimal_compare(struct decimal a, struct decimal b)
{
	_IDEC_flags flags = 0;

	if (bid128_quiet_greater(to_bid(a), to_bid(b), &flags))
		return 1;
	return -bid128_quiet_less(to_bid(a), to_bid(b), &flags);
}

struct decimal decimal_add(struct decimal a, struct decimal b)
{
	_IDEC_flags flags = 0;

	return settle(bid128_add(to_bid(a), to_bid(b), ROUNDING, &flags));
}

struct decimal decimal_sub(struct decimal a, struct decimal b)
{
	_IDEC_flags flags = 0;

	return settle(bid128_sub(to_bid(a), to_bid(b), ROUNDING, &flags));
}

struct decimal decimal_mul(struct decimal a, struct decimal b)
{
	_IDEC_flags flags = 0;

	return settle(bid128_mul(to_bid(a), to_bid(b), ROUNDING, &flags));
}

struct decimal decimal_round(struct decimal a, int places)
{
	int within = places > MAX_PLACES ? MAX_PLACES : places < -DIGITS ? -DIGITS : places;
	BID_UINT128 rounded = quantize(to_bid(a), within);

	/* No number: 34 digits do not hold the zeros to add, so A has no more places than were asked for. */
	return bid128_isNaN(rounded) ? a : settle(rounded);
}

struct decimal decimal_div(struct decimal a, struct decimal b)
{
	_IDEC_flags flags = 0;

	return settle(bid128_div(to_bid(a), to_bid(b), ROUNDING, &flags));
}

struct decimal decimal_shift(struct decimal a, int places)
{
	_IDEC_flags flags = 0;

	return settle(bid128_scalbn(to_bid(a), places, ROUNDING, &flags));
}

struct decimal decimal_trim(struct decimal a)
{
	_IDEC_flags flags = 0;
	BID_UINT128 value = to_bid(a);

	if (bid128_isNaN(value))
		return a;
	for (int places = -bid128_quantexp(value, &flags); places > 0; places--) {
		BID_UINT128 shorter = quantize(value, places - 1);
		if (!bid128_quiet_equal(shorter, value, &flags))
			break;
		value = shorter;
	}
	return settle(value);
}

struct decimal decimal_round_to(struct decimal a, struct decimal unit, enum decimal_rounding mode)
{
	static const _IDEC_round modes[] = {
		[DECIMAL_HALF_UP] = BID_ROUNDING_TIES_AWAY,
		[DECIMAL_HALF_EVEN] = BID_ROUNDING_TO_NEAREST,
		[DECIMAL_DOWN] = BID_ROUNDING_TO_ZERO,
	};
	_IDEC_flags flags = 0;
	BID_UINT128 count = bid128_div(to_bid(a), to_bid(unit), ROUNDING, &flags);
	_IDEC_round rounding = mode != DECIMAL_UP       ? modes[mode]
			       : bid128_isSigned(count) ? BID_ROUNDING_DOWN
							: BID_ROUNDING_UP;

	if (decimal_compare(unit, decimal_of(0)) <= 0)
		return decimal_none();
	return decimal_mul(settle(bid128_quantize(count, bid128_from_int32(1), rounding, &flags)), unit);
}
