#include <stdio.h>

#include "base/text.h"
#include "customs/link/link_int.h"

enum link_rule {
	END_BEFORE_BEGIN,
	TOO_LONG,
	NO_END,
	END_OF_RESTORED,
	FAR_OFF,
	PAST,
	NOT_YET_RESTORED,
	NOT_BASE64,
	NOBODY
};

const struct rule link_rules[] = {
	[END_BEFORE_BEGIN] = { "LNK-001", "the end, {1}, is not after the beginning, {2}", NULL, SEVERITY_ERROR },
	[TOO_LONG] = { "LNK-002",
		       "from {1} to {2} is longer than 90 days: announce what is known, and the rest when it is", NULL,
		       SEVERITY_ERROR },
	[NO_END] = { "LNK-003",
		     "an outage or maintenance has an end, if only the latest that is thought of: a later notice moves it",
		     NULL, SEVERITY_ERROR },
	[END_OF_RESTORED] = { "LNK-004", "what is restored has no end", NULL, SEVERITY_ERROR },
	[FAR_OFF] = { "LNK-005", "the beginning, {1}, is more than a year from the date of the notice, {2}", NULL,
		      SEVERITY_ERROR },
	[PAST] = { "LNK-006", "{1} is in the past: there is nothing to announce any more", NULL, SEVERITY_ERROR },
	[NOT_YET_RESTORED] = { "LNK-007", "{1} is in the future: announce that it is restored when it is", NULL,
			       SEVERITY_ERROR },
	[NOT_BASE64] = { "LNK-010", "the signed card is not base64", "RFC 4648 4", SEVERITY_ERROR },
	[NOBODY] = { "LNK-011", "this node takes no cards over the wire: give it to its operator by hand", NULL,
		     SEVERITY_ERROR },
	{ 0 },
};

static void find(struct findings *findings, enum link_rule rule, const char *path, const char *first,
		 const char *second)
{
	finding_add(findings, &link_rules[rule], path, first, second);
}

static void check_end(const struct notice *notice, struct findings *findings)
{
	char from[TIME_SIZE], until[TIME_SIZE];
	bool restored = same(notice->kind, LINK_NOTICE_RESTORED);

	if (restored && notice->until_us != TIME_NONE)
		find(findings, END_OF_RESTORED, "/until", NULL, NULL);
	if (notice->kind && !restored && notice->until_us == TIME_NONE)
		find(findings, NO_END, "/until", NULL, NULL);
	if (restored || notice->until_us == TIME_NONE || notice->from_us == TIME_NONE)
		return;
	time_format(notice->from_us, from);
	time_format(notice->until_us, until);
	if (notice->until_us <= notice->from_us)
		find(findings, END_BEFORE_BEGIN, "/until", until, from);
	else if (notice->until_us - notice->from_us > NOTICE_DAYS_MAX * DAY_US)
		find(findings, TOO_LONG, "/until", from, until);
}

void notice_check(const void *record, date today, struct findings *findings)
{
	const struct notice *notice = record;
	char from[TIME_SIZE], issued[DATE_SIZE];

	document_check_issued(notice->issued_on, "/issueDate", today, findings);
	document_check_states(notice->issuing_country, notice->receiving_country, "/receivingCountry", NULL, findings);
	check_end(notice, findings);
	/* Years are mistyped, and what is so far off is nothing that a link has to know. */
	if (notice->from_us == TIME_NONE || notice->issued_on == DATE_NONE)
		return;
	date begins = date_of_time(notice->from_us);
	if (begins < date_add_months(notice->issued_on, -12) || begins > date_add_months(notice->issued_on, 12))
		find(findings, FAR_OFF, "/from", time_format(notice->from_us, from),
		     date_format(notice->issued_on, issued));
}

void notice_check_now(const struct notice *notice, int64_t now_us, struct findings *findings)
{
	char time[TIME_SIZE];
	bool restored = same(notice->kind, LINK_NOTICE_RESTORED);

	if (restored && notice->from_us > now_us)
		find(findings, NOT_YET_RESTORED, "/from", time_format(notice->from_us, time), NULL);
	if (!restored && notice->until_us != TIME_NONE && notice->until_us <= now_us)
		find(findings, PAST, "/until", time_format(notice->until_us, time), NULL);
}

void card_update_check(const void *record, date today, struct findings *findings)
{
	enum { DECODED_BYTES_MAX = 2 << 20 };
	const struct card_update *update = record;
	arena_auto arena = arena_new(DECODED_BYTES_MAX);
	struct bytes octets;

	document_check_issued(update->issued_on, "/issueDate", today, findings);
	document_check_states(update->issuing_country, update->receiving_country, "/receivingCountry", NULL, findings);
	if (update->card && !(arena && base64_parse(arena, bytes_of(update->card), &octets)))
		find(findings, NOT_BASE64, "/card", NULL, NULL);
}

void card_update_find_unread(struct findings *findings)
{
	find(findings, NOBODY, "", NULL, NULL);
}
