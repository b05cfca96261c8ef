/* CPAs once read: what they say, and what is said against them. */
#include "messaging/cpa_int.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/text.h"
#include "messaging/cpa_rules_int.h"

const struct rule cpa_rules[] = {
#define CPA_RULE(name, code_, severity_, text_, law_)                                                                  \
	[CPA_RULE_##name] = { .code = code_, .text = text_, .law = law_, .severity = SEVERITY_##severity_ },
#include "messaging/cpa_rules.def"
#undef CPA_RULE
	{ 0 },
};

const struct rule *cpa_rule(enum cpa_rule_name name)
{
	return &cpa_rules[name];
}

const char *const cpa_when_names[] = {
	[CPA_PER_MESSAGE] = "perMessage",
	[CPA_NEVER] = "never",
	[CPA_ALWAYS] = "always",
};

const char *cpa_label(char buffer[static CPA_LABEL_SIZE], const char *text)
{
	size_t used = 0;
	struct bytes rest = bytes_of(text);

	for (size_t n; (n = utf8_first(rest)) > 0 && used + n < CPA_LABEL_SIZE;
	     rest = bytes(rest.data + n, rest.size - n)) {
		memcpy(buffer + used, rest.data, n);
		if (n == 1 && (rest.data[0] < 0x20 || rest.data[0] == 0x7f))
			buffer[used] = '?';
		used += n;
	}
	buffer[used] = '\0';
	return buffer;
}

/* --- xsd:duration --- */

static const struct duration_unit {
	char letter;
	bool of_day; /* after the "T" */
	int64_t us;
} units[] = { { 'D', false, DAY_US }, { 'H', true, HOUR_US }, { 'M', true, MINUTE_US }, { 'S', true, SECOND_US } };

/* Digits at *AT as a number of at most nine of them; with a fraction in millionths if there is one. */
static bool take_amount(const char **at, int64_t *whole, int64_t *millionths, bool *fraction)
{
	size_t digits = strspn(*at, "0123456789");
	int64_t scale = 100000;

	*whole = *millionths = 0;
	if (digits == 0 || digits > 9)
		return false;
	for (; digits > 0; digits--)
		*whole = *whole * 10 + (*(*at)++ - '0');
	*fraction = **at == '.';
	if (!*fraction)
		return true;
	digits = strspn(++*at, "0123456789");
	if (digits == 0)
		return false;
	for (; digits > 0; digits--, scale /= 10)
		*millionths += (*(*at)++ - '0') * scale;
	return true;
}

/* The unit that LETTER stands for, among those after AFTER; NULL. Units come in their order, each once. */
static const struct duration_unit *unit_of(char letter, bool of_day, const struct duration_unit *after)
{
	const struct duration_unit *unit = after ? after + 1 : units;

	while (unit < units + COUNT(units) && (unit->letter != letter || unit->of_day != of_day))
		unit++;
	return unit < units + COUNT(units) ? unit : NULL;
}

bool cpa_duration_parse(const char *text, int64_t *duration_us)
{
	const struct duration_unit *unit = NULL;
	int64_t sum = 0, whole, millionths;
	bool of_day = false, fraction = false, complete = false;

	if (!text || *text++ != 'P')
		return false;
	while (*text) {
		if (*text == 'T' && !of_day) {
			of_day = true;
			complete = false; /* "P1DT" */
			text++;
			continue;
		}
		if (fraction || !take_amount(&text, &whole, &millionths, &fraction))
			return false;
		unit = unit_of(*text++, of_day, unit);
		if (!unit || (fraction && unit->letter != 'S') || whole > CPA_DURATION_MAX_US / unit->us)
			return false;
		sum += whole * unit->us + millionths;
		complete = true;
	}
	if (!complete || sum > CPA_DURATION_MAX_US)
		return false;
	*duration_us = sum;
	return true;
}

const char *cpa_duration_format(int64_t duration_us, char buffer[static CPA_DURATION_SIZE])
{
	int64_t rest = duration_us;
	size_t used = 1;
	bool of_day = false;

	snprintf(buffer, CPA_DURATION_SIZE, "P");
	for (const struct duration_unit *unit = units; unit < units + COUNT(units); unit++) {
		int64_t amount = rest / unit->us;
		rest %= unit->us;
		bool seconds = unit->us == SECOND_US;
		if (amount == 0 && !(seconds && (rest > 0 || duration_us == 0)))
			continue;
		used += (size_t)snprintf(buffer + used, CPA_DURATION_SIZE - used, "%s%" PRId64,
					 unit->of_day && !of_day ? "T" : "", amount);
		if (seconds && rest > 0)
			used += (size_t)snprintf(buffer + used, CPA_DURATION_SIZE - used, ".%06" PRId64, rest);
		used += (size_t)snprintf(buffer + used, CPA_DURATION_SIZE - used, "%c", unit->letter);
		of_day = unit->of_day;
	}
	return buffer;
}

/* --- What the parties have agreed --- */

/* An attribute that is left out and an empty one say the same. */
static const char *type_of(const struct ebms_typed *typed)
{
	return typed->type ? typed->type : "";
}

bool cpa_same(const struct ebms_typed *one, const struct ebms_typed *other)
{
	return same(type_of(one), type_of(other)) && same(one->value, other->value);
}

const struct cpa_party *cpa_party_of(const struct cpa *cpa, const char *party_id, const char *party_type)
{
	const struct ebms_typed wanted = { .type = party_type, .value = party_id };

	for (size_t i = 0; i < COUNT(cpa->parties); i++)
		for (size_t k = 0; k < cpa->parties[i].ids_count; k++)
			if (cpa_same(&cpa->parties[i].ids[k], &wanted))
				return &cpa->parties[i];
	return NULL;
}

const struct cpa_party *cpa_other(const struct cpa *cpa, const struct cpa_party *party)
{
	return party == &cpa->parties[0] ? &cpa->parties[1] : &cpa->parties[0];
}

const struct cpa_action *cpa_action_of(const struct cpa_party *party, bool sends, const char *role,
				       const struct ebms_typed *service, const char *action)
{
	for (size_t i = 0; i < party->actions_count; i++) {
		const struct cpa_action *one = &party->actions[i];
		if (one->sends == sends && same(one->action, action) && same(one->role, role) &&
		    cpa_same(&one->service, service))
			return one;
	}
	return NULL;
}

const struct cpa_channel *cpa_signal_channel(const struct cpa_party *party, const char *action)
{
	for (size_t i = 0; i < party->overrides_count; i++)
		if (same(party->overrides[i].action, action))
			return party->overrides[i].channel;
	return party->default_channel;
}
