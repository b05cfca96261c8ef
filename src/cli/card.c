/* Cards: our own for partners, and what people read of those of partners. */
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "base/text.h"
#include "cli/cli_int.h"

enum { GROUP_DIGITS = 4, GROUPS_A_LINE = 8 };

/* In groups, as one reads it out by phone: 3f9a 01c2 … */
static void print_fingerprint(FILE *out, const char *fingerprint, const char *indent)
{
	for (size_t i = 0; fingerprint[i]; i++) {
		bool line = i && i % (GROUP_DIGITS * GROUPS_A_LINE) == 0;
		fprintf(out, "%s%s%c",
			line                         ? "\n"
			: i && i % GROUP_DIGITS == 0 ? " "
						     : "",
			line ? indent : "", fingerprint[i]);
	}
	fputc('\n', out);
}

static enum err_code write_file(const char *path, struct bytes content, struct err *err)
{
	FILE *file = fopen(path, "we");
	if (!file)
		return fail(err, ERR_IO, "cannot write %s", path);
	size_t written = fwrite(content.data, 1, content.size, file);
	return fclose(file) == 0 && written == content.size ? OK : fail(err, ERR_IO, "cannot write %s", path);
}

/* Who signed it is told for the phone: standard output is the card's. */
static enum err_code tell_fingerprint(struct invocation *in, struct bytes text, struct err *err)
{
	static const char indent[] = "             ";
	struct card card;
	struct findings *ignored = findings_new(in->arena);
	const struct card_reading reading = { .text = text, .held_serial = INTEGER_NONE };
	if (!ignored)
		return fail(err, ERR_MEMORY, "no memory for a card");
	TRY(messaging_card_read(in->arena, &reading, &card, ignored, err));
	if (!card.fingerprint)
		return OK;
	fprintf(stderr, "fingerprint  ");
	print_fingerprint(stderr, card.fingerprint, indent);
	fprintf(stderr, "Next: send the card to the partner by any way, and read it the fingerprint by phone; it runs\n"
			"lintas partner import FILE --fingerprint 'THE FINGERPRINT'\n");
	return OK;
}

enum err_code run_card(struct invocation *in, struct err *err)
{
	const char *path = option_value(in, "--out");
	struct http_answer answer = { 0 };
	TRY(remote_answer(in, bytes(NULL, 0), &answer, err));
	if (path)
		TRY(write_file(path, answer.body, err));
	else
		printf("%.*s\n", (int)answer.body.size, (const char *)answer.body.data);
	return tell_fingerprint(in, answer.body, err);
}

static enum err_code take_card(struct invocation *in, struct bytes text, struct card_import_view *view, struct err *err)
{
	view->card = arena_text_of(in->arena, text);
	if (!view->card)
		return fail(err, ERR_MEMORY, "no memory for %s", in->arguments[0]);
	return *view->card ? OK : fail(err, ERR_USAGE, "%s is empty, or no text", in->arguments[0]);
}

enum err_code run_card_show(struct invocation *in, struct err *err)
{
	struct card_import_view view = { 0 };
	struct bytes text;
	TRY(input_read(in->arena, in->arguments[0], CARD_BYTES_MAX, &text, err));
	TRY(take_card(in, text, &view, err));
	return remote_run_with(in, &card_import_schema, &view, err);
}

bool card_good(const void *answer)
{
	const struct card_view *view = answer;
	for (size_t i = 0; i < view->findings_count; i++)
		if (same(view->findings[i].severity, "error"))
			return false;
	return true;
}

enum err_code card_import(struct invocation *in, struct bytes text, struct err *err)
{
	struct card_import_view view = { .fingerprint = option_value(in, "--fingerprint"),
					 .name = option_value(in, "--name"),
					 .profile = option_value(in, "--profile") };
	struct command command = *in->command;
	if (option_value(in, "--partner"))
		return fail(err, ERR_USAGE, "a card says itself whose it is: leave --partner out");
	TRY(take_card(in, text, &view, err));
	command.path = option_value(in, "--dry-run") ? "/api/v1/card-check" : "/api/v1/cards";
	command.answer = &card_view_schema;
	command.print = print_card;
	in->command = &command;
	return remote_run_with(in, &card_import_schema, &view, err);
}

/* --- What people read --- */

static void print_offer(FILE *out, const struct card *card)
{
	char day[DATE_SIZE];
	for (size_t i = 0; i < card->organisations_count; i++)
		fprintf(out, "  seat          %s (%s) %s\n", card->organisations[i].code, card->organisations[i].seat,
			card->organisations[i].name);
	for (size_t i = 0; i < card->endpoints_count; i++)
		fprintf(out, "  endpoint      %s %s\n", card->endpoints[i].binding, card->endpoints[i].url);
	for (size_t i = 0; i < card->bindings_count; i++)
		fprintf(out, "  profile       %s (%s)\n", card->bindings[i].profile, card->bindings[i].binding);
	for (size_t i = 0; i < card->documents_count; i++) {
		const struct card_document *d = &card->documents[i];
		fprintf(out, "  document      %s version %s:%s%s%s%s%s\n", d->type, d->version,
			d->sends ? " sends" : "", d->receives ? " receives" : "",
			d->sends || d->receives ? "" : " NEITHER WAY", d->from == DATE_NONE ? "" : " from ",
			date_format(d->from, day));
	}
	for (size_t i = 0; i < card->opt_outs_count; i++)
		fprintf(out, "  opted out     %s since %s (%s)\n", card->opt_outs[i].document,
			date_format(card->opt_outs[i].since, day), card->opt_outs[i].law);
}

static void print_head(FILE *out, const struct card_view *view)
{
	static const char indent[] = "                ";
	const struct card *card = view->card;
	char issued[TIME_SIZE], until[TIME_SIZE];
	fprintf(out, "card of %s", view->partner ? view->partner : "nobody who can be told");
	if (view->state)
		fprintf(out, ": %s since %s, by %s", view->state, when(view->at_us, issued), view->by);
	fputc('\n', out);
	if (card && card->party)
		fprintf(out, "  party         %s, %s%s%s%s\n  serial        %lld\n  from, until   %s, %s\n",
			card->party->name, card->party->id, card->party->type ? " (" : "",
			card->party->type ? card->party->type : "", card->party->type ? ")" : "",
			(long long)card->serial, when(card->issued_us, issued), when(card->until_us, until));
	if (view->signer)
		fprintf(out, "  signed by     %s\n", view->signer);
	if (view->fingerprint) {
		fprintf(out, "  fingerprint   ");
		print_fingerprint(out, view->fingerprint, indent);
	}
}

void print_card(FILE *out, const void *answer)
{
	enum { INDENT = 4 };
	const struct card_view *view = answer;
	print_head(out, view);
	if (view->card)
		print_offer(out, view->card);
	if (view->profile)
		fprintf(out, "  by profile    %s\n", view->profile);
	for (size_t i = 0; i < view->changes_count; i++) {
		const struct card_change_view *c = &view->changes[i];
		fprintf(out, "  %c %-12s  %s\n", c->after ? '+' : '-', c->what, c->after ? c->after : c->before);
	}
	for (size_t i = 0; i < view->findings_count; i++) {
		const struct finding_view *f = &view->findings[i];
		fprintf(out, "  %s %s  %s%s%s%s\n", same(f->severity, "error") ? "ERROR" : "warning", f->code,
			f->path ? f->path : "", f->law ? "  (" : "", f->law ? f->law : "", f->law ? ")" : "");
		print_folded(out, f->text, INDENT);
	}
	if (same(view->state, "pending") && view->card)
		fprintf(out, "Next: lintas partner approve %s --serial %lld, or lintas partner reject %s\n",
			view->partner, (long long)view->card->serial, view->partner);
	else if (same(view->state, "held"))
		fprintf(out, "Next: lintas ping %s\n", view->partner);
}
