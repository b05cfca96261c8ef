/* Catching up with partners after a restore: what is asked, and what people read of it. */
#include <stdio.h>

#include "base/text.h"
#include "cli/cli_int.h"

enum err_code run_catch_up(struct invocation *in, struct err *err)
{
	struct new_catch_up_view view = { .partner = option_value(in, "--partner") };
	const char *since = option_value(in, "--since");
	if (!since || !time_parse(since, &view.since_us))
		return fail(err, ERR_USAGE, "--since is the time of the backup, like 2026-11-02T03:00:00Z, not %s",
			    since ? since : "nothing");
	return remote_run_with(in, &new_catch_up_schema, &view, err);
}

static void print_left(FILE *out, const struct catch_up_view *c)
{
	for (size_t i = 0; i < c->left_count; i++) {
		const struct catch_up_left_view *left = &c->left[i];
		fprintf(out, "      %s %s %s was not brought back: %s\n", left->action,
			same(left->direction, "in") ? "from" : "to", c->partner, left->reason ? left->reason : "");
		fprintf(out, "        eb:MessageId %s\n", left->message_id);
	}
}

void print_catch_ups(FILE *out, const void *answer)
{
	static const struct column columns[] = { { "partner", 7 },   { "state", 8 }, { "since", 24 },  { "wanted", 7 },
						 { "recovered", 9 }, { "known", 7 }, { "not back", 0 } };
	const struct catch_up_list_view *list = answer;
	char since[TIME_SIZE], wanted[24], recovered[24], known[24], left[24];
	if (list->count)
		print_heads(out, columns, COUNT(columns));
	for (size_t i = 0; i < list->count; i++) {
		const struct catch_up_view *c = &list->items[i];
		snprintf(wanted, sizeof wanted, "%lld", (long long)c->wanted);
		snprintf(recovered, sizeof recovered, "%lld", (long long)c->recovered);
		snprintf(known, sizeof known, "%lld", (long long)c->known);
		snprintf(left, sizeof left, "%lld", (long long)(c->refused + c->unavailable));
		ROW(out, columns, c->partner, c->state, time_format(c->since_us, since), wanted, recovered, known,
		    left);
		if (c->reason)
			fprintf(out, "      %s\n", c->reason);
		print_left(out, c);
		if (same(c->state, "open"))
			fprintf(out,
				"      what is new from and to %s waits until this is done, at most until %s; "
				"lintas catch-up end %s lets it go on\n",
				c->partner, time_format(c->hold_until_us, since), c->partner);
	}
	if (!list->count)
		fprintf(out, "this node has not been restored, or nobody asked partners for what was lost; see lintas "
			     "help catch-up\n");
}
