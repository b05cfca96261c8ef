/* The activation matrix: what is decided, and what people read of it. */
#include <stdio.h>

#include "base/text.h"
#include "cli/cli_int.h"
#include "kernel/activation.h"

/* The command's last word, and the state that it stands for. */
static const struct decision {
	const char *word, *state;
} decisions[] = {
	{ "partner activate", ACTIVATION_ACTIVE },
	{ "partner opt-out", ACTIVATION_OPTED_OUT },
	{ "partner deactivate", ACTIVATION_NOT_YET },
};

enum err_code run_partner_decide(struct invocation *in, struct err *err)
{
	const char *from = option_value(in, "--from");
	struct new_activation_view view = { .document = in->arguments[1],
					    .direction = option_value(in, "--direction"),
					    .version = option_value(in, "--version"),
					    .from_day = DATE_NONE,
					    .law = option_value(in, "--law"),
					    .note = option_value(in, "--note") };
	if (from && !date_parse(from, &view.from_day))
		return fail(err, ERR_USAGE, "--from is like 2027-01-01, not %s", from);
	for (size_t i = 0; i < COUNT(decisions); i++)
		if (same(decisions[i].word, in->command->words))
			view.state = decisions[i].state;
	return remote_run_with(in, &new_activation_schema, &view, err);
}

enum err_code run_partner_matrix(struct invocation *in, struct err *err)
{
	struct command of_one = *in->command;
	of_one.path = "/api/v1/partners/{}/activations";
	in->command = in->arguments_count ? &of_one : in->command;
	return remote_run(in, bytes(NULL, 0), err);
}

static const struct state_words {
	const char *state;
	bool declared; /* by the partner */
	const char *now, *later;
} state_words[] = {
	{ ACTIVATION_ACTIVE, false, "active", "to be active" },
	{ ACTIVATION_OPTED_OUT, false, "OPTED OUT", "to opt out" },
	{ ACTIVATION_OPTED_OUT, true, "THEY OPT OUT", "they opt out" },
	{ ACTIVATION_NOT_YET, false, "NOT ACTIVE", "to end" },
};

static const char *words_of(const struct activation_view *a)
{
	for (size_t i = 0; i < COUNT(state_words); i++)
		if (same(state_words[i].state, a->state) && state_words[i].declared == a->declared)
			return a->now ? state_words[i].now : state_words[i].later;
	return a->state;
}

static const char *day_text(date day, char buffer[static DATE_SIZE])
{
	return day == DATE_NONE ? "-" : date_format(day, buffer);
}

void print_activations(FILE *out, const void *answer)
{
	static const struct column columns[] = { { "partner", 7 }, { "document", 24 },   { "direction", 9 },
						 { "version", 7 }, { "state", 12 },      { "from", 10 },
						 { "until", 10 },  { "law, or note", 0 } };
	const struct activation_list_view *list = answer;
	char from[DATE_SIZE], until[DATE_SIZE];
	if (list->count)
		print_heads(out, columns, COUNT(columns));
	for (size_t i = 0; i < list->count; i++) {
		const struct activation_view *a = &list->items[i];
		ROW(out, columns, a->partner, a->document, a->direction, a->version, words_of(a),
		    day_text(a->from_day, from), day_text(a->until_day, until), a->law ? a->law : a->note);
	}
	if (!list->count)
		fprintf(out, "no partners; see lintas help partner add\n");
}

/* What people do next, by what the decision comes to: the first row that fits. */
static const struct next {
	const char *card, *state;
	const char *before, *after; /* the partner's code */
} nexts[] = {
	{ ACTIVATION_CARD_DECLARES, NULL,
	  "Next: our card says so, and goes to each active partner by itself; the operator of ",
	  " approves it (lintas partner card, then lintas partner approve, with our code), and only then does their matrix "
	  "show it" },
	{ ACTIVATION_CARD_WITHDRAWS, NULL,
	  "Next: our card, which each active partner gets, says no more that we opt out, because ",
	  " does not go without it: tell the others with whom it is still opted out (lintas partner matrix), who would send "
	  "it again" },
	{ NULL, ACTIVATION_OPTED_OUT,
	  "Next: our card does not say it, because that is not so with every partner: tell ",
	  ", whose operator opts out of it, too (lintas partner opt-out, with our code)" },
	{ NULL, NULL, "Next: agree on the day with ", ", whose node has a matrix of its own" },
};

static bool fits(const struct next *next, const struct activation_list_view *list)
{
	for (size_t i = 0; i < list->count; i++)
		if ((!next->card || same(next->card, list->items[i].card)) &&
		    (!next->state || same(next->state, list->items[i].state)))
			return true;
	return false;
}

void print_activation_changed(FILE *out, const void *answer)
{
	const struct activation_list_view *list = answer;
	const struct next *next = nexts;
	char text[512];
	print_activations(out, answer);
	if (!list->count)
		return;
	while (!fits(next, list))
		next++;
	snprintf(text, sizeof text, "%s%s%s", next->before, list->items[0].partner, next->after);
	print_folded(out, text, 0);
}
