/* How links stand, for people. */
#include "kernel/link.h"
#include "base/text.h"
#include "cli/cli_int.h"

enum { LINK_INDENT = 2, LINE_MAX_BYTES = 1024 };

/* What an officer has to know first. */
static const struct words {
	const char *state, *words;
} state_words[] = {
	{ LINK_UNKNOWN, "not tried yet" },
	{ LINK_UP, "up" },
	{ LINK_SLOW, "SLOW" },
	{ LINK_DOWN, "DOWN" },
	{ LINK_OUTAGE, "OUTAGE, announced" },
	{ LINK_MAINTENANCE, "maintenance, announced" },
};

static const char *words_of(const char *state)
{
	for (size_t i = 0; i < COUNT(state_words); i++)
		if (same(state_words[i].state, state))
			return state_words[i].words;
	return state;
}

static void put_state(struct buf *line, const struct link_view *l)
{
	char time[TIME_SIZE];
	bool announced = l->until_us != TIME_NONE;
	buf_puts(line, same(l->state, LINK_UNKNOWN) && l->failures ? "never answered" : words_of(l->state));
	if (l->since_us != TIME_NONE && !same(l->state, LINK_UNKNOWN))
		buf_printf(line, " since %s", when(l->since_us, time));
	if (announced)
		buf_printf(line, " until %s", when(l->until_us, time));
	if (l->notice)
		buf_printf(line, ": \"%s\"", l->notice);
}

static void put_figures(struct buf *line, const struct link_view *l)
{
	char time[TIME_SIZE];
	if (l->failures)
		buf_printf(line, "; %lld attempt%s without an answer%s%s", (long long)l->failures,
			   l->failures == 1 ? "" : "s in a row", l->reason ? ": " : "", l->reason ? l->reason : "");
	else if (l->median_ms != INTEGER_NONE)
		buf_printf(line, "; answers in %lld ms, 99 of 100 within %lld ms", (long long)l->median_ms,
			   (long long)l->p99_ms);
	if (l->coming_us != TIME_NONE)
		buf_printf(line, "; announced from %s", when(l->coming_us, time));
	if (l->coming_until_us != TIME_NONE)
		buf_printf(line, " until %s", when(l->coming_until_us, time));
}

void print_link_line(FILE *out, const struct link_view *l, bool waits)
{
	buf_auto line;
	buf_init(&line, LINE_MAX_BYTES);
	if (!l)
		return; /* of an older node */
	put_state(&line, l);
	put_figures(&line, l);
	if (waits && (same(l->state, LINK_OUTAGE) || same(l->state, LINK_MAINTENANCE)))
		buf_puts(&line, "; what waits goes out then");
	print_folded(out, buf_text(&line), LINK_INDENT);
}

void print_link(FILE *out, const void *answer)
{
	const struct link_view *l = answer;
	char heard[TIME_SIZE], receipt[TIME_SIZE];
	print_link_line(out, l, false);
	fprintf(out, "  last heard    %s\n  last receipt  %s\n", when(l->heard_us, heard),
		when(l->receipt_us, receipt));
}

/* The partner and its link are two things of the interface: the one is changed by people, the other by the hour. */
enum err_code run_partner_show(struct invocation *in, struct err *err)
{
	struct http_answer answer = { 0 }, link_answer = { 0 };
	struct partner_view partner;
	struct link_view link;
	TRY(remote_answer(in, bytes(NULL, 0), &answer, err));
	TRY(remote_read(in, &partner_schema, &answer, &partner, err));
	if (in->json) {
		printf("%.*s\n", (int)answer.body.size, (const char *)answer.body.data);
		return OK;
	}
	TRY(remote_call(in, "GET", arena_printf(in->arena, "/api/v1/partners/%s/link", partner.code), bytes(NULL, 0),
			&link_answer, err));
	TRY(remote_read(in, &link_schema, &link_answer, &link, err));
	print_partner_with(stdout, &partner, &link);
	return OK;
}

/* --- Notices --- */

static enum err_code time_option(const struct invocation *in, const char *name, int64_t *time_us, struct err *err)
{
	const char *text = option_value(in, name);
	*time_us = TIME_NONE;
	if (!text || time_parse(text, time_us))
		return OK;
	return fail(err, ERR_USAGE, "%s is a time with its zone, such as 2026-11-07T22:00:00+07:00, not %s", name,
		    text);
}

enum err_code run_notice(struct invocation *in, struct err *err)
{
	struct new_notice_view view = { .kind = strchr(in->command->words, ' ') + 1,
					.text = option_value(in, "--text") };
	TRY(time_option(in, "--from", &view.from_us, err));
	if (!same(view.kind, LINK_NOTICE_RESTORED))
		TRY(time_option(in, "--until", &view.until_us, err));
	else
		view.until_us = TIME_NONE;
	TRY(option_values(in, "--partner", &view.partners, err));
	return remote_run_with(in, &new_notice_schema, &view, err);
}

void print_notices_sent(FILE *out, const void *answer)
{
	const struct notice_sent_list_view *list = answer;
	for (size_t i = 0; i < list->count; i++) {
		const struct notice_sent_view *n = &list->items[i];
		if (n->refused)
			fprintf(out, "%-7s NOT TOLD: %s\n", n->partner, n->refused);
		else
			fprintf(out, "%-7s notice %s\n", n->partner, n->document);
	}
	fprintf(out, "Next: lintas notice list\n");
}

void print_notices(FILE *out, const void *answer)
{
	static const struct column columns[] = { { "given", 24 }, { "way", 3 },    { "partner", 7 }, { "kind", 11 },
						 { "from", 24 },  { "until", 24 }, { "", 16 },       { "text", 0 } };
	const struct notice_list_view *list = answer;
	char at[TIME_SIZE], from[TIME_SIZE], until[TIME_SIZE];
	if (list->count)
		print_heads(out, columns, COUNT(columns));
	for (size_t i = 0; i < list->count; i++) {
		const struct notice_view *n = &list->items[i];
		bool restored = same(n->kind, LINK_NOTICE_RESTORED);
		ROW(out, columns, when(n->at_us, at), n->direction, n->partner, n->kind, when(n->from_us, from),
		    restored ? "" : when(n->until_us, until),
		    restored                     ? ""
		    : n->ended_us == TIME_NONE   ? "counts"
		    : n->ended_us == n->until_us ? "over"
						 : "ended early",
		    n->text);
	}
	if (!list->count)
		fprintf(out, "no notices\n");
}
