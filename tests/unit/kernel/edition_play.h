/* How editions of the trial are imported and decided on, for several programs of tests. */
#ifndef TEST_EDITION_PLAY_H
#define TEST_EDITION_PLAY_H

#include "edition_trial.h"
#include "fixture.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/text.h"
#include "kernel/journal.h"
#include "kernel/mapping.h"

#define SIMPLE                                                                                                         \
	"{\"title\":\"t\",\"records\":\"%s\",\"format\":\"csv\",\"row\":[{\"to\":\"/code\",\"from\":\"CODE\"},"        \
	"{\"to\":\"/level\",\"from\":\"LEVEL\"}]}"
#define TODAY ((date)(FIXTURE_NOW_US / DAY_US))

__attribute__((unused)) static const struct actor nguyen = { .name = "user:nguyen", .organisation = "customs" };
__attribute__((unused)) static const struct actor tran = { .name = "user:tran", .organisation = "customs" };

struct play {
	struct kernel_fixture *fixture;
	struct edition edition;
	struct edition_list list;
	struct edition_warnings warnings;
	struct journal_list journal;
	struct findings *findings;
	bool repeated;
	const char *subject;
	date day, until;
	int64_t serial;
	enum err_code code; /* of the last import or decision */
};

__attribute__((unused)) static struct play begin(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);

	trial_fails_at = 0;
	trial_at_put = NULL;
	for (size_t i = 0; i < COUNT(trial_tables); i++)
		fixture_exec(fixture, &trial_tables[i], NO_BINDS);
	return (struct play){ .fixture = fixture };
}

__attribute__((unused)) static const struct mapping *mapping_in(struct kernel_fixture *fixture, const char *text)
{
	const struct mapping *mapping = NULL;
	struct findings *findings = findings_new(fixture->arena);

	must(mapping_load(fixture->arena, &fixture->kernel, bytes_of(text), false, &mapping, findings, &fixture->err));
	if (!mapping)
		fail_msg("%s", findings_at(findings, 0)->text);
	return mapping;
}

__attribute__((unused)) static struct edition_request request_of(struct play *play, const struct edition_kind *kind,
								 struct bytes file)
{
	struct kernel_fixture *fixture = play->fixture;

	return (struct edition_request){
		.kind = kind,
		.subject = "VN",
		.title = "Decree 26/2023/ND-CP",
		.from = TODAY,
		.until = DATE_NONE,
		.mapping = mapping_in(fixture, arena_printf(fixture->arena, SIMPLE, kind->name)),
		.file = file,
		.actor = nguyen,
		.now_us = fixture->clock.now_us,
	};
}

/* What is found is play->findings. */
__attribute__((unused)) static void import_request(struct play *play, const struct edition_request *request)
{
	struct kernel_fixture *fixture = play->fixture;

	play->findings = findings_new(fixture->arena);
	play->code = edition_import(&fixture->kernel, fixture->arena, request, &play->edition, &play->repeated,
				    play->findings, &fixture->err);
}

__attribute__((unused)) static void import_text(struct play *play, const struct edition_kind *kind, const char *text)
{
	struct edition_request request = request_of(play, kind, bytes_of(text));
	struct kernel_fixture *fixture = play->fixture;

	import_request(play, &request);
	must(play->code);
}

/* "EDN-007; FSM-001" */
__attribute__((unused)) static const char *codes(struct play *play)
{
	const struct finding *f;
	const char *all = "";

	for (size_t i = 0; (f = findings_at(play->findings, i)); i++)
		all = arena_printf(play->fixture->arena, "%s%s%s", all, *all ? "; " : "", f->rule->code);
	return all;
}

__attribute__((unused)) static void decide_from(struct play *play, const char *id, const char *event,
						const struct actor *actor, date from)
{
	struct kernel_fixture *fixture = play->fixture;

	play->findings = findings_new(fixture->arena);
	play->code = edition_decide(&fixture->kernel, fixture->arena, id, event, from, actor, NULL,
				    fixture->clock.now_us, &play->edition, play->findings, &fixture->err);
}

__attribute__((unused)) static void decide(struct play *play, const char *id, const char *event,
					   const struct actor *actor)
{
	struct kernel_fixture *fixture = play->fixture;

	decide_from(play, id, event, actor, DATE_NONE);
	must(play->code);
}

__attribute__((unused)) static enum err_code newest_run(struct tx *tx, void *arg, struct err *err)
{
	struct play *play = arg;
	struct arena *arena = play->fixture->arena;

	TRY(edition_list(tx, arena, NULL, NULL, NULL, NULL, 10, &play->list, err));
	if (play->list.count == 0)
		return OK;
	TRY(edition_warnings(tx, arena, play->list.items[0].id, &play->warnings, err));
	return journal_of(tx, arena, play->list.items[0].id, 100, &play->journal, err);
}

/* The newest edition, with its warnings and its entries in the journal. */
__attribute__((unused)) static const struct edition *newest(struct play *play)
{
	struct kernel_fixture *fixture = play->fixture;

	must(db_read(fixture->kernel.db, newest_run, play, &fixture->err));
	assert_true(play->list.count > 0);
	return &play->list.items[0];
}

__attribute__((unused)) static int64_t records(struct play *play)
{
	return fixture_int(play->fixture, &trial_count, NO_BINDS);
}

/* Nothing of the last import is there, and it says why. */
__attribute__((unused)) static void assert_nothing(struct play *play, const char *expected)
{
	assert_string_equal(codes(play), expected);
	assert_null(play->edition.id);
	assert_int_equal(records(play), 0);
}

__attribute__((unused)) static const char *many(struct kernel_fixture *fixture, int count)
{
	struct buf file;

	buf_init(&file, EDITION_FILE_MAX);
	buf_puts(&file, "CODE,LEVEL\n");
	for (int i = 0; i < count; i++)
		buf_printf(&file, "%d,\n", i);
	const char *text = arena_text(fixture->arena, buf_text(&file));
	buf_done(&file);
	return text;
}

#endif
