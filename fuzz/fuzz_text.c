/* The small readers of base/ and of single values. What is read is written in its own form, and read the same again. */
#include "base/date.h"
#include "base/decimal.h"
#include "base/log.h"
#include "base/text.h"
#include "base/uuid.h"
#include "customs/nomenclature/nomenclature.h"
#include "customs/origin/origin.h"
#include "fuzz.h"
#include "messaging/message_int.h"

#define WRITTEN_MAX ((size_t)1 << 20)

static void days_and_times(const char *text)
{
	char day_text[DATE_SIZE], time_text[TIME_SIZE], again_text[TIME_SIZE];
	date day, day_again;
	int64_t time, time_again;

	if (date_parse(text, &day)) {
		MUST(day != DATE_NONE && same(date_format(day, day_text), text));
		for (int months = -13; months <= 13; months++)
			MUST(date_parse(date_format(date_add_months(day, months), day_text), &day_again) ||
			     date_add_months(day, months) == DATE_NONE);
	}
	if (!time_parse(text, &time))
		return;
	MUST(time != TIME_NONE && time_parse(time_format(time, time_text), &time_again));
	MUST(time_again <= time && time - time_again < 1000); /* milliseconds are written */
	MUST(same(time_format(time_again, again_text), time_text));
	MUST(strncmp(date_format(date_of_time(time), day_text), time_text, DATE_SIZE - 1) == 0);
}

static void decimals(const char *text)
{
	char once[DECIMAL_SIZE], twice[DECIMAL_SIZE];
	struct decimal value, again;

	if (!decimal_parse(text, &value))
		return;
	MUST(decimal_given(value) && decimal_parse(decimal_format(value, once), &again));
	MUST(decimal_compare(value, again) == 0 && same(decimal_format(again, twice), once));
	MUST(decimal_compare(decimal_sub(value, again), decimal_of(0)) == 0);
	for (int places = -3; places <= 18; places++)
		MUST(strlen(decimal_format(decimal_round(value, places), twice)) < DECIMAL_SIZE);
	decimal_format(decimal_mul(value, value), twice);
}

static void codes(const char *text)
{
	char digits[CODE_SIZE], again[CODE_SIZE], printed[CODE_TEXT_SIZE];

	if (!code_parse(text, digits))
		return;
	MUST(strlen(digits) >= 2 && strlen(digits) <= CODE_DIGITS_MAX);
	MUST(code_parse(code_format(digits, printed), again) && same(digits, again));
	section_of(digits);
}

static void octets(struct arena *arena, const char *text)
{
	buf_auto written;
	struct bytes data, again;

	buf_init(&written, WRITTEN_MAX);
	if (base64_parse(arena, bytes_of(text), &data)) {
		base64_put(&written, data);
		MUST(base64_parse(arena, buf_bytes(&written), &again) && bytes_same(data, again));
	}
	buf_clear(&written);
	if (hex_parse(arena, text, &data)) {
		hex_put(&written, data);
		MUST(same_ignoring_case(buf_text(&written), text));
	}
}

static void characters(struct bytes text)
{
	size_t count = 0;
	struct bytes rest = text;

	for (size_t size; (size = utf8_first(rest)) > 0; count++)
		rest = bytes(rest.data + size, rest.size - size);
	MUST(utf8_valid(text) == (rest.size == 0));
}

static void numbers(const char *text)
{
	char written[24];
	int64_t value, again;

	if (!int64_parse(text, &value))
		return;
	snprintf(written, sizeof(written), "%lld", (long long)value);
	MUST(int64_parse(written, &again) && again == value);
}

static void names(struct arena *arena, const char *text)
{
	struct origin_criterion criterion;
	enum log_level level;
	enum key_use use;
	enum key_type type;

	origin_criterion_parse(text, &criterion);
	log_level_parse(text, &level);
	key_use_parse(text, &use);
	key_type_parse(text, &type);
	MUST(!uuid_valid(text) || strlen(text) == UUID_SIZE - 1);
	const char *colon = strchr(text, ':');
	if (colon)
		MUST(ebms_cid_matches(text, colon + 1) == starts_with(text, "cid:"));
	finding_path_for_people(arena, text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	arena_auto arena = arena_new((size_t)1 << 20);
	const char *text = arena ? arena_text_of(arena, bytes(data, size)) : NULL;

	characters(bytes(data, size));
	if (!text)
		return 0;
	days_and_times(text);
	codes(text);
	decimals(text);
	octets(arena, text);
	numbers(text);
	names(arena, text);
	return 0;
}
