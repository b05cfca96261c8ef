/* How the links with partners stand: of one, and for the status and the metrics of all. */
#include "api/link_int.h"

struct links_call {
	struct call *call;
	struct link_list links;
};

void link_show(const struct link *link, struct link_view *view)
{
	*view = (struct link_view){ .state = link->state,
				    .since_us = link->notice ? link->notice->from_us : link->since_us,
				    .until_us = link->notice ? link->notice->until_us : TIME_NONE,
				    .notice = link->notice ? link->notice->text : NULL,
				    .reason = link->failures && link->reason && *link->reason ? link->reason : NULL,
				    .heard_us = link->heard_us,
				    .answered_us = link->answered_us,
				    .receipt_us = link->receipt_us,
				    .failures = link->failures,
				    .median_ms = link->median_ms,
				    .p99_ms = link->p99_ms,
				    .coming_us = link->coming ? link->coming->from_us : TIME_NONE,
				    .coming_until_us = link->coming ? link->coming->until_us : TIME_NONE };
}

const struct link *link_with(const struct link_list *links, const char *partner)
{
	for (size_t i = 0; i < links->count; i++)
		if (same(links->items[i].partner, partner))
			return &links->items[i];
	return NULL;
}

static enum err_code read_links(struct tx *tx, void *arg, struct err *err)
{
	struct links_call *l = arg;
	return link_list(tx, l->call->arena, l->call->now_us, &l->links, err);
}

enum err_code links_get(struct call *call, struct err *err)
{
	struct links_call l = { .call = call };
	struct link_view view;
	TRY(db_read(call->kernel->db, read_links, &l, err));
	const struct link *link = link_with(&l.links, call->parameters[0]);
	if (!link)
		return fail(err, ERR_NOT_FOUND, "there is no partner %s; lintas partner list shows who there is",
			    call->parameters[0]);
	link_show(link, &view);
	return call_answer(call, &view, err);
}

/* --- Metrics --- */

/* One row a figure; absent while there is none. */
static const struct figure {
	const char *name, *help;
	size_t offset;
	bool is_time; /* as Unix time in seconds */
} figures[] = {
	{ "lintas_link_last_heard_seconds", "When something of the partner's was believed last; Unix time.",
	  offsetof(struct link_view, heard_us), true },
	{ "lintas_link_last_receipt_seconds", "When it answered with a receipt or pong last; Unix time.",
	  offsetof(struct link_view, receipt_us), true },
	{ "lintas_link_failures", "Attempts in a row without an answer.", offsetof(struct link_view, failures), false },
	{ "lintas_link_round_trip_median_milliseconds", "Of the last 64 answers.",
	  offsetof(struct link_view, median_ms), false },
	{ "lintas_link_round_trip_p99_milliseconds", "Of the last 64 answers.", offsetof(struct link_view, p99_ms),
	  false },
};

static void put_head(struct buf *out, const char *name, const char *help)
{
	buf_printf(out, "# HELP %s %s\n# TYPE %s gauge\n", name, help, name);
}

void link_put_metrics(struct buf *out, const struct status_view *status)
{
	static const char *const states[] = {
		LINK_UP, LINK_SLOW, LINK_DOWN, LINK_OUTAGE, LINK_MAINTENANCE, LINK_UNKNOWN
	};
	put_head(out, "lintas_link_state", "1: the link with the partner is in this state.");
	for (size_t p = 0; p < status->partners_count; p++)
		for (size_t s = 0; s < COUNT(states); s++)
			buf_printf(out, "lintas_link_state{partner=\"%s\",state=\"%s\"} %d\n",
				   status->partners[p].partner, states[s],
				   same(status->partners[p].link->state, states[s]));
	for (size_t f = 0; f < COUNT(figures); f++) {
		put_head(out, figures[f].name, figures[f].help);
		for (size_t p = 0; p < status->partners_count; p++) {
			int64_t value;
			memcpy(&value, (const char *)status->partners[p].link + figures[f].offset, sizeof value);
			if (value != (figures[f].is_time ? TIME_NONE : INTEGER_NONE))
				buf_printf(out, "%s{partner=\"%s\"} %lld\n", figures[f].name,
					   status->partners[p].partner,
					   (long long)(figures[f].is_time ? value / SECOND_US : value));
		}
	}
}
