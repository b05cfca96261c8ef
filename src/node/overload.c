/* Above capacity: who is sent away first. What costs its sender least comes first, and what ends work that is begun is
 * never refused: a receipt that is not taken makes us send the message again, which is more load and not less. */
#include "base/text.h"
#include "node/overload_int.h"

enum overload_class { CLASS_LIST, CLASS_REPEATED, CLASS_OTHER, CLASS_WATCH, CLASS_SETTLE };

/* In the order in which they are refused. Partners try again by themselves, after a pause of their own. */
static const struct {
	const char *name;
	size_t refused_at; /* the setting; 0: none */
	const char *retry_after;
	bool first;
} rows[OVERLOAD_CLASSES] = {
	/* pings, heartbeats, lists, and what there is not */
	[CLASS_LIST] = { "list", offsetof(struct config, refuse_lists), "5", false },
	/* messages from partners; submissions with an Idempotency-Key */
	[CLASS_REPEATED] = { "repeated", offsetof(struct config, refuse_repeated), "30", false },
	/* what a person asks for, or asks us to do */
	[CLASS_OTHER] = { "other", offsetof(struct config, refuse_others), "5", false },
	/* health, figures, the node's state: whoever is to help must see */
	[CLASS_WATCH] = { "watch", 0, NULL, false },
	/* acknowledgments, errors and other answers to what we sent */
	[CLASS_SETTLE] = { "settle", 0, NULL, true },
};

void overload_classes(const struct config *config, struct http_class classes[static OVERLOAD_CLASSES])
{
	for (size_t i = 0; i < OVERLOAD_CLASSES; i++) {
		int64_t refused_at = 0;
		if (rows[i].refused_at)
			memcpy(&refused_at, (const char *)config + rows[i].refused_at, sizeof refused_at);
		classes[i] = (struct http_class){ rows[i].name, refused_at, rows[i].retry_after, rows[i].first };
	}
}

size_t overload_gateway(void *arg, const struct http_request *request, bool whole)
{
	static const enum overload_class of_worth[] = {
		[MESSAGING_ASKS] = CLASS_LIST, [MESSAGING_BRINGS] = CLASS_REPEATED, [MESSAGING_SETTLES] = CLASS_SETTLE
	};
	(void)arg;
	if (same(request->method, "POST"))
		return of_worth[messaging_worth(request, whole)];
	return starts_with(request->path, "/health/") || same(request->path, "/metrics") ? CLASS_WATCH : CLASS_LIST;
}

size_t overload_interface(void *arg, const struct http_request *request, bool whole)
{
	static const enum overload_class of_worth[] = { [API_LISTS] = CLASS_LIST,
							[API_REPEATED] = CLASS_REPEATED,
							[API_ASKED] = CLASS_OTHER,
							[API_WATCHES] = CLASS_WATCH };
	(void)arg, (void)whole;
	return of_worth[api_worth(request)];
}

void overload_put_metrics(const char *const *servers, const struct http_server_counters *counters, size_t count,
			  struct buf *out)
{
	static const struct {
		const char *name, *help;
		size_t offset;
	} figures[] = {
		{ "lintas_http_load_percent", "How much waits for a worker, by number or by time.",
		  offsetof(struct http_server_counters, load) },
		{ "lintas_http_waiting", "Requests that wait for a worker.",
		  offsetof(struct http_server_counters, queued) },
		{ "lintas_http_working", "Workers that have a request.",
		  offsetof(struct http_server_counters, working) },
	};
	for (size_t f = 0; f < COUNT(figures); f++) {
		buf_printf(out, "# HELP %s %s\n# TYPE %s gauge\n", figures[f].name, figures[f].help, figures[f].name);
		for (size_t i = 0; i < count; i++) {
			int64_t value;
			memcpy(&value, (const char *)&counters[i] + figures[f].offset, sizeof value);
			buf_printf(out, "%s{server=\"%s\"} %lld\n", figures[f].name, servers[i], (long long)value);
		}
	}
	buf_puts(out, "# HELP lintas_http_overload_refused_total Requests that were sent away under load, by class.\n"
		      "# TYPE lintas_http_overload_refused_total counter\n");
	for (size_t i = 0; i < count; i++)
		for (size_t k = 0; k < OVERLOAD_CLASSES; k++)
			if (rows[k].refused_at)
				buf_printf(out, "lintas_http_overload_refused_total{server=\"%s\",class=\"%s\"} %lld\n",
					   servers[i], rows[k].name, (long long)counters[i].refused[k]);
}
