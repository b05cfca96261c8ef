#include "../unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/money.h"

static struct decimal number(const char *text)
{
	struct decimal value;

	if (!decimal_parse(text, &value))
		fail_msg("not a number: %s", text);
	return value;
}

static void amounts_become_minor_units_of_their_currency(void **state)
{
	(void)state;
	static const struct {
		const char *amount, *currency;
		int64_t minor;
		const char *printed;
	} rows[] = {
		{ "285", "SGD", 28500, "285.00 SGD" },  { "22.605", "SGD", 2261, "22.61 SGD" },
		{ "45000", "VND", 45000, "45000 VND" }, { "0.5", "VND", 1, "1 VND" },
		{ "1.2345", "KWD", 1235, "1.235 KWD" }, { "-0.005", "USD", -1, "-0.01 USD" },
		{ "450", "IDR", 45000, "450.00 IDR" },
	};
	char text[MONEY_SIZE];

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct money money;
		assert_true(money_of(number(rows[i].amount), rows[i].currency, &money));
		assert_int_equal(money.minor, rows[i].minor);
		assert_string_equal(money_format(&money, text), rows[i].printed);
	}
}

static void what_does_not_fit_is_no_money(void **state)
{
	(void)state;
	struct money money = { .minor = 7 };

	assert_false(money_of(number("92233720368547758.08"), "USD", &money));
	assert_true(money_of(number("92233720368547758.07"), "USD", &money));
	assert_int_equal(money.minor, INT64_MAX);
	assert_false(money_of(decimal_none(), "USD", &money));
	assert_false(money_of(number("1"), "USDX", &money));
}

/* ISO 4217 itself, as the collected list has it: numeric code, minor unit, code. */
static void minor_units_are_those_of_iso_4217(void **state)
{
	(void)state;
	const char *data = getenv("LINTAS_DATA");
	char path[512], line[512];
	int seen = 0;

	snprintf(path, sizeof(path), "%s/tariff/iso_currencies.csv", data ? data : "");
	FILE *file = fopen(path, "r");
	if (!file)
		skip();
	while (fgets(line, sizeof(line), file)) {
		char *comma = strchr(line, ','), *places = comma ? strchr(comma + 1, ',') : NULL;
		bool withdrawn = line[strcspn(line, "\r\n") - 1] != ',';
		if (withdrawn || !places || places[1] < '0' || places[1] > '9')
			continue;
		*comma = '\0';
		if (strlen(line) != 3)
			continue;
		seen++;
		if (currency_places(line) != places[1] - '0')
			fail_msg("%s has %c places", line, places[1]);
	}
	fclose(file);
	assert_true(seen > 150);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(amounts_become_minor_units_of_their_currency),
		cmocka_unit_test(what_does_not_fit_is_no_money),
		cmocka_unit_test(minor_units_are_those_of_iso_4217),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
