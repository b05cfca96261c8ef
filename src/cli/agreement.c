/* Agreements of ebMS 2: a CPA taken in, one proposed, and what people read of them. */
#include <stdio.h>

#include "base/text.h"
#include "cli/cli_int.h"

enum { CPA_BYTES_MAX = 2 << 20, CPA_BASE64_MAX = 4 << 20 };

/* --- Import --- */

/* "NAME=REST" in two, the arena's. */
static enum err_code split(struct invocation *in, const char *option, const char *text, const char **name,
			   const char **rest, struct err *err)
{
	size_t length = strcspn(text, "=");
	if (!length || !text[length] || !text[length + 1])
		return fail(err, ERR_USAGE, "%s has the form %s, not %s", option,
			    same(option, "--role") ? "ROLE=SEAT" : "TYPE=SERVICE|ACTION", text);
	*name = arena_text_of(in->arena, bytes(text, length));
	*rest = text + length + 1;
	return *name ? OK : fail(err, ERR_MEMORY, "no memory for %s", option);
}

static enum err_code take_actions(struct invocation *in, struct terms *terms, struct err *err)
{
	const char *text, *carried;
	terms->actions = arena_array(in->arena, CLI_REPEATS, sizeof *terms->actions);
	if (!terms->actions)
		return fail(err, ERR_MEMORY, "no memory for --action");
	while ((text = option_value_at(in, "--action", terms->actions_count))) {
		struct term_action *term = &terms->actions[terms->actions_count++];
		TRY(split(in, "--action", text, &term->document, &carried, err));
		const char *bar = strrchr(carried, '|');
		term->action = bar ? bar + 1 : carried;
		term->service = bar ? arena_text_of(in->arena, bytes(carried, (size_t)(bar - carried))) : NULL;
		if (bar && !term->service)
			return fail(err, ERR_MEMORY, "no memory for --action");
	}
	return OK;
}

static enum err_code take_roles(struct invocation *in, struct terms *terms, struct err *err)
{
	const char *text;
	terms->roles = arena_array(in->arena, CLI_REPEATS, sizeof *terms->roles);
	if (!terms->roles)
		return fail(err, ERR_MEMORY, "no memory for --role");
	while ((text = option_value_at(in, "--role", terms->roles_count))) {
		struct term_role *term = &terms->roles[terms->roles_count++];
		TRY(split(in, "--role", text, &term->role, &term->seat, err));
	}
	return OK;
}

#define CPA_ROOT "CollaborationProtocolAgreement"

/* As base64: the agreement is kept byte for byte, whatever its encoding and the ends of its lines are. */
static enum err_code encode_cpa(struct invocation *in, struct bytes text, const char **cpa, struct err *err)
{
	buf_auto encoded;
	buf_init(&encoded, CPA_BASE64_MAX);
	if (!text.size)
		return fail(err, ERR_USAGE, "%s is empty", in->arguments[0]);
	if (!option_value(in, "--partner") && !memmem(text.data, text.size, CPA_ROOT, strlen(CPA_ROOT)))
		return fail(
			err, ERR_USAGE,
			"%s is neither a partner's card, which is JSON, nor a CPA, which is XML with the root " CPA_ROOT
			"; lintas as4 inspect FILE reads a message",
			in->arguments[0]);
	if (!option_value(in, "--partner"))
		return fail(err, ERR_USAGE,
			    "%s is no card, which is JSON. If it is a CPA (XML): that has two parties, and --partner "
			    "PARTNER says which state the other one is",
			    in->arguments[0]);
	base64_put(&encoded, text);
	TRY(buf_check(&encoded, in->arguments[0], err));
	*cpa = arena_text(in->arena, buf_text(&encoded));
	return *cpa ? OK : fail(err, ERR_MEMORY, "no memory for %s", in->arguments[0]);
}

/* What a partner sends is a card or a CPA; the first character says which. */
static bool is_json(struct bytes text)
{
	size_t at = 0;
	while (at < text.size && strchr(" \t\r\n", text.data[at]) && text.data[at])
		at++;
	return at < text.size && text.data[at] == '{';
}

enum err_code run_partner_import(struct invocation *in, struct err *err)
{
	struct terms terms = { .test = option_value(in, "--test") != NULL,
			       .sha1 = option_value(in, "--allow-sha1") != NULL };
	struct agreement_import_view view = { .name = option_value(in, "--name"), .terms = &terms };
	struct command trial = *in->command;
	struct bytes text;
	TRY(input_read(in->arena, in->arguments[0], CPA_BYTES_MAX, &text, err));
	if (is_json(text))
		return card_import(in, text, err);
	TRY(encode_cpa(in, text, &view.cpa, err));
	TRY(take_actions(in, &terms, err));
	TRY(take_roles(in, &terms, err));
	in->arguments[0] = option_value(in, "--partner"); /* whose agreements the path names */
	trial.path = "/api/v1/partners/{}/agreement-check";
	in->command = option_value(in, "--dry-run") ? &trial : in->command;
	return remote_run_with(in, &agreement_import_schema, &view, err);
}

/* --- Proposal --- */

/* A day begins at midnight UTC; a CPA's times are instants. */
static enum err_code take_time(const struct invocation *in, const char *option, int64_t *time_us, struct err *err)
{
	const char *text = option_value(in, option);
	date day;
	if (!text || time_parse(text, time_us))
		return OK;
	if (!date_parse(text, &day))
		return fail(err, ERR_USAGE, "%s is like 2027-01-01 or 2027-01-01T00:00:00Z, not %s", option, text);
	*time_us = day * DAY_US;
	return OK;
}

static enum err_code take_span(const struct invocation *in, const char *option, int64_t *seconds, struct err *err)
{
	const char *text = option_value(in, option);
	return !text || span_parse(text, seconds)
		       ? OK
		       : fail(err, ERR_USAGE, "%s is like 15m, 3h or 5d, not %s", option, text);
}

enum err_code run_partner_propose(struct invocation *in, struct err *err)
{
	struct agreement_offer_view view = { .endpoint = option_value(in, "--endpoint"),
					     .partner_endpoint = option_value(in, "--partner-endpoint"),
					     .id = option_value(in, "--id"),
					     .agreed = option_value(in, "--agreed") != NULL,
					     .sync = option_value(in, "--sync") != NULL,
					     .start_us = TIME_NONE,
					     .end_us = TIME_NONE,
					     .retries = INTEGER_NONE,
					     .retry_interval_s = INTEGER_NONE,
					     .persist_s = INTEGER_NONE };
	const char *retries = option_value(in, "--retries");
	TRY(option_values(in, "--document", &view.documents, err));
	TRY(take_time(in, "--from", &view.start_us, err));
	TRY(take_time(in, "--until", &view.end_us, err));
	TRY(take_span(in, "--interval", &view.retry_interval_s, err));
	TRY(take_span(in, "--persist", &view.persist_s, err));
	if (retries && (!int64_parse(retries, &view.retries) || view.retries < 1))
		return fail(err, ERR_USAGE, "--retries is a number from 1 on, not %s", retries);
	return remote_run_with(in, &agreement_offer_schema, &view, err);
}

/* --- What people read --- */

static const struct state_words {
	const char *state, *words;
} state_words[] = {
	{ "in-force", "in force" },   { "future", "NOT BEGUN" },  { "ended", "ENDED" },
	{ "withdrawn", "WITHDRAWN" }, { "unusable", "UNUSABLE" },
};

static const char *words_of(const char *state)
{
	for (size_t i = 0; i < COUNT(state_words); i++)
		if (same(state_words[i].state, state))
			return state_words[i].words;
	return state;
}

void print_agreements(FILE *out, const void *answer)
{
	static const struct column columns[] = {
		{ "agreement", 36 }, { "state", 10 }, { "from", 24 }, { "until", 24 }, { "profile", 0 }
	};
	const struct agreement_list_view *list = answer;
	char from[TIME_SIZE], until[TIME_SIZE];
	if (list->count)
		print_heads(out, columns, COUNT(columns));
	for (size_t i = 0; i < list->count; i++) {
		const struct agreement_view *a = &list->items[i];
		ROW(out, columns, a->id, words_of(a->state), when(a->agreed.start_us, from),
		    when(a->agreed.end_us, until), a->agreed.profile);
	}
	if (!list->count)
		fprintf(out, "no agreements; see lintas help partner import\n");
}

static void print_party(FILE *out, const char *who, const struct agreed_party *party)
{
	if (!party)
		return;
	fprintf(out, "  %-13s %s, %s", who, party->name, party->id);
	if (party->type)
		fprintf(out, " (%s)", party->type);
	fprintf(out, "\n                %s\n", party->endpoint ? party->endpoint : "no endpoint");
}

static void print_actions(FILE *out, const struct agreed *agreed)
{
	static const struct column columns[] = { { "  way", 5 },    { "document", 22 }, { "from -> to", 36 },
						 { "receipt", 16 }, { "again", 12 },    { "action", 16 },
						 { "service", 0 } };
	if (agreed->actions_count)
		print_heads(out, columns, COUNT(columns));
	for (size_t i = 0; i < agreed->actions_count; i++) {
		const struct agreed_action *a = &agreed->actions[i];
		bool sent = same(a->direction, "out");
		char seats[80], receipt[40], again[48];
		snprintf(seats, sizeof seats, "%s -> %s", sent ? a->seat : a->other_seat,
			 sent ? a->other_seat : a->seat);
		snprintf(receipt, sizeof receipt, "%s, %s", a->acknowledgment, a->sync ? "at once" : "later");
		snprintf(again, sizeof again, "%lld x %lld s", (long long)a->retries, (long long)a->retry_interval_s);
		ROW(out, columns, sent ? "  out" : "  in", a->document ? a->document : "(NONE KNOWN)", seats, receipt,
		    again, a->action, a->service);
	}
}

static void print_certificates(FILE *out, const struct agreed *agreed)
{
	char from[TIME_SIZE], to[TIME_SIZE];
	for (size_t i = 0; i < agreed->certificates_count; i++) {
		const struct agreed_certificate *c = &agreed->certificates[i];
		fprintf(out, "  %-5s%-8s %s\n                %s to %s\n                sha-256 %s\n",
			same(c->side, "us") ? "our" : "its", c->use, c->subject, when(c->not_before_us, from),
			when(c->not_after_us, to), c->fingerprint);
	}
}

static void print_warnings(FILE *out, const struct agreement_view *a)
{
	enum { WARNING_INDENT = 4 };
	for (size_t i = 0; i < a->findings_count; i++) {
		const struct finding_view *f = &a->findings[i];
		fprintf(out, "  %s %s%s%s%s%s%s\n", same(f->severity, "error") ? "ERROR" : "warning", f->code,
			f->path ? "  " : "", f->path ? f->path : "", f->law ? "  (" : "", f->law ? f->law : "",
			f->law ? ")" : "");
		print_folded(out, f->text, WARNING_INDENT);
	}
}

void print_agreement(FILE *out, const void *answer)
{
	const struct agreement_view *a = answer;
	char from[TIME_SIZE], to[TIME_SIZE];
	bool trial = a->added_us == TIME_NONE;
	fprintf(out, "%s  agreement with %s: %s%s\n", a->id, a->partner, words_of(a->state),
		a->terms && a->terms->test ? "  TEST" : "");
	fprintf(out, "  from, until   %s, %s\n", when(a->agreed.start_us, from), when(a->agreed.end_us, to));
	if (!trial)
		fprintf(out, "  imported      %s\n", when(a->added_us, from));
	if (a->withdrawn_us != TIME_NONE)
		fprintf(out, "  withdrawn     %s\n", when(a->withdrawn_us, from));
	if (a->agreed.profile)
		fprintf(out, "  security      %s: messages are signed, TLS alone keeps them secret\n",
			a->agreed.profile);
	fprintf(out, "  sha-256       %s\n", a->digest);
	print_party(out, "we", a->agreed.us);
	print_party(out, "they", a->agreed.them);
	print_actions(out, &a->agreed);
	print_certificates(out, &a->agreed);
	print_warnings(out, a);
	if (trial)
		fprintf(out, "Nothing is changed: the same without --dry-run imports it\n");
	else if (same(a->state, "in-force"))
		fprintf(out, "Next: compare the fingerprints with the partner by another way, then lintas ping %s\n",
			a->partner);
}

void print_agreement_withdrawn(FILE *out, const void *answer)
{
	const struct agreement_view *a = answer;
	char at[TIME_SIZE];
	fprintf(out, "%s  agreement with %s: %s since %s\n", a->id, a->partner, words_of(a->state),
		when(a->withdrawn_us, at));
	fprintf(out,
		"Next: what else is agreed goes on (lintas partner agreements %s). Without any nothing is sent or taken:\n"
		"import the next one, or, if the partner speaks AS4 now, lintas partner change %s --profile edelivery-1.15\n",
		a->partner, a->partner);
}
