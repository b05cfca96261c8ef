/* Webhooks: what the command line asks for, and what people read. */
#include <stdio.h>

#include "base/text.h"
#include "cli/cli_int.h"
#include "customs/registry.h"

static enum err_code number_option(const struct invocation *in, const char *name, int64_t *number, struct err *err)
{
	const char *value = option_value(in, name);
	if (value && !int64_parse(value, number))
		return fail(err, ERR_USAGE, "%s is a sequence of the journal, a whole number, not %s", name, value);
	return OK;
}

enum err_code run_webhook_add(struct invocation *in, struct err *err)
{
	struct new_webhook_view view = { .url = in->arguments[0],
					 .organisation = option_value(in, "--organisation"),
					 .after = INTEGER_NONE };
	TRY(option_values(in, "--event", &view.events, err));
	TRY(number_option(in, "--after", &view.after, err));
	return remote_run_with(in, &new_webhook_schema, &view, err);
}

static bool listed(const struct event_name *names, size_t count, const struct event_name *name)
{
	for (size_t i = 0; i < count; i++)
		if (same(names[i].name, name->name) && same(names[i].subject_type, name->subject_type))
			return true;
	return false;
}

/* In the order of what they are about, as docs/events.md shows them. */
enum err_code run_webhook_events(struct invocation *in, struct err *err)
{
	static const struct kernel kernel = { .clock = &clock_system, .capabilities = customs_capabilities };
	struct event_walk counting = { 0 }, walk = { 0 };
	struct event_name name;
	size_t room = 1, count = 0;
	while (event_name_next(&kernel, &counting, &name))
		room++;
	struct event_name *names = arena_array(in->arena, room, sizeof *names);
	if (!names)
		return fail(err, ERR_MEMORY, "no memory for the names of events");
	while (event_name_next(&kernel, &walk, &name))
		if (!listed(names, count, &name))
			names[count++] = name;
	printf("| event | of | when |\n|---|---|---|\n");
	for (size_t i = 0; i < count; i++) {
		bool first = true;
		for (size_t j = 0; j < i; j++)
			first = first && !same(names[j].subject_type, names[i].subject_type);
		for (size_t j = i; first && j < count; j++)
			if (same(names[j].subject_type, names[i].subject_type))
				printf("| `%s` | %s | %s |\n", names[j].name, names[j].subject_type, names[j].means);
	}
	return OK;
}

enum err_code run_webhook_rotate(struct invocation *in, struct err *err)
{
	const char *overlap = option_value(in, "--overlap");
	struct webhook_rotation_view view = { .overlap_s = INTEGER_NONE };
	if (same(overlap, "0"))
		view.overlap_s = 0;
	else if (overlap && !span_parse(overlap, &view.overlap_s))
		return fail(err, ERR_USAGE, "--overlap is like 24h, 7d or 0, not %s", overlap);
	return remote_run_with(in, &webhook_rotation_schema, &view, err);
}

enum err_code run_webhook_redeliver(struct invocation *in, struct err *err)
{
	struct webhook_redelivery_view view = { .after = INTEGER_NONE, .event = INTEGER_NONE };
	TRY(number_option(in, "--after", &view.after, err));
	TRY(number_option(in, "--event", &view.event, err));
	return remote_run_with(in, &webhook_redelivery_schema, &view, err);
}

static void print_line(FILE *out, const char *label, const char *text)
{
	if (text && *text)
		fprintf(out, "  %-16s  %s\n", label, text);
}

static void print_time(FILE *out, const char *label, int64_t time_us)
{
	char time[TIME_SIZE];
	print_line(out, label, time_us == TIME_NONE ? NULL : time_format(time_us, time));
}

static void print_number(FILE *out, const char *label, int64_t number)
{
	if (number != INTEGER_NONE)
		fprintf(out, "  %-16s  %lld\n", label, (long long)number);
}

static void print_about(FILE *out, const struct webhook_view *w)
{
	fprintf(out, "%s  %s\n", w->id, w->url);
	print_line(out, "state", w->state);
	print_line(out, "because", w->reason);
	print_line(out, "of", w->organisation ? w->organisation : "all organisations");
	print_line(out, "events", w->events ? w->events : "all");
	print_number(out, "taken up to", w->cursor);
	print_number(out, "waiting", w->waiting);
	print_number(out, "again first", w->single);
	print_number(out, "delivered", w->delivered);
	print_number(out, "in vain", w->attempts ? w->attempts : INTEGER_NONE);
	print_line(out, "last answer", w->last_error);
	print_time(out, "failing since", w->failing_us);
	print_time(out, "next attempt", w->next_us);
	print_number(out, "key", w->key);
	print_time(out, "key before until", w->old_until_us);
}

void print_webhook(FILE *out, const void *answer)
{
	const struct webhook_view *w = answer;
	if (!w->secret) {
		print_about(out, w);
		return;
	}
	fprintf(out, "%s\n", w->secret);
	print_about(stderr, w);
	fprintf(stderr,
		"The secret is told once: give it to the receiver, which verifies each request by it (docs/webhooks.md).\n"
		"Next: lintas webhook deliveries %s\n",
		w->id);
}

void print_webhook_removed(FILE *out, const void *answer)
{
	const struct webhook_view *w = answer;
	fprintf(out, "%s is told nothing more; it took the events up to %lld\n", w->url, (long long)w->cursor);
}

void print_webhooks(FILE *out, const void *answer)
{
	static const struct column columns[] = { { "id", 36 },           { "state", 7 },    { "of", 14 },
						 { "taken up to", -11 }, { "waiting", -7 }, { "url", 40 },
						 { "last answer", 0 } };
	const struct webhook_list_view *list = answer;
	char cursor[24], waiting[24];
	if (list->count)
		print_heads(out, columns, COUNT(columns));
	for (size_t i = 0; i < list->count; i++) {
		const struct webhook_view *w = &list->items[i];
		snprintf(cursor, sizeof cursor, "%lld", (long long)w->cursor);
		snprintf(waiting, sizeof waiting, "%lld", (long long)w->waiting);
		ROW(out, columns, w->id, w->state, w->organisation ? w->organisation : "all", cursor, waiting, w->url,
		    w->last_error             ? w->last_error
		    : w->last_us == TIME_NONE ? "-"
					      : "taken");
	}
	if (!list->count)
		fprintf(out, "no webhooks; see lintas help webhook add\n");
}

void print_deliveries(FILE *out, const void *answer)
{
	static const struct column columns[] = { { "time", 24 },   { "events", 15 }, { "attempt", -7 },
						 { "status", -6 }, { "ms", -6 },     { "", 0 } };
	const struct webhook_delivery_list_view *list = answer;
	char time[TIME_SIZE], range[48], attempt[24], status[24], duration[24];
	if (list->count)
		print_heads(out, columns, COUNT(columns));
	for (size_t i = 0; i < list->count; i++) {
		const struct webhook_delivery_view *d = &list->items[i];
		bool one = d->first == d->last;
		snprintf(range, sizeof range, one ? "%lld" : "%lld..%lld", (long long)d->first, (long long)d->last);
		snprintf(attempt, sizeof attempt, "%lld", (long long)d->attempt);
		snprintf(status, sizeof status, "%lld", (long long)d->status);
		snprintf(duration, sizeof duration, "%lld", (long long)d->duration_ms);
		ROW(out, columns, time_format(d->at_us, time), range, attempt, d->status == INTEGER_NONE ? "-" : status,
		    duration, d->error ? d->error : "taken");
	}
	if (!list->count)
		fprintf(out, "nothing was delivered yet\n");
}
