/* What the tests of documents do with a node: submit, let something arrive, look. */
#ifndef CUSTOMS_NODE_H
#define CUSTOMS_NODE_H

#include "samples.h"

#include <pthread.h>

#include "customs/document/document.h"
#include "customs/registry.h"
#include "kernel/party.h"
#include "kernel/task.h"

struct submitted {
	struct document_result result;
	const struct findings *findings;
	const char *codes; /* of them, joined by blanks */
};

static inline const char *codes_of(struct arena *arena, const struct findings *findings)
{
	const struct finding *finding;
	const char *codes = "";

	for (size_t i = 0; (finding = findings_at(findings, i)); i++)
		codes = arena_printf(arena, "%s%s%s", codes, *codes ? " " : "", finding->rule->code);
	return codes;
}

static inline struct submitted submit_as(struct kernel_fixture *fixture, const char *organisation, const char *doctype,
					 const char *partner, const char *text, bool test)
{
	struct findings *findings = findings_new(fixture->arena);
	struct document_request request = {
		.organisation = organisation,
		.doctype = doctype,
		.partner = partner,
		.text = bytes_of(text),
		.test = test,
		.actor = fixture_actor,
		.now_us = fixture->clock.now_us,
	};
	struct submitted submitted;

	must(document_submit(&fixture->kernel, fixture->arena, &request, findings, &submitted.result, &fixture->err));
	submitted.findings = findings;
	submitted.codes = codes_of(fixture->arena, findings);
	return submitted;
}

static inline struct submitted submit(struct kernel_fixture *fixture, const char *organisation, const char *text)
{
	return submit_as(fixture, organisation, NULL, NULL, text, false);
}

/* As that many workers or clients at once would do. Each has an arena of its own. */
#define AT_ONCE 4
struct at_once {
	struct kernel_fixture *fixture;
	pthread_barrier_t *start;
	const char *text; /* of what is submitted; NULL: what was received is processed */
	struct document_result result;
	size_t findings;
	struct err err;
	enum err_code code;
	struct arena *arena;
	pthread_t thread;
};

static inline void *at_once_run(void *arg)
{
	struct at_once *worker = arg;
	struct kernel_fixture *fixture = worker->fixture;
	struct findings *findings = findings_new(worker->arena);
	unsigned done;

	pthread_barrier_wait(worker->start);
	if (worker->text)
		worker->code = document_submit(&fixture->kernel, worker->arena,
					       &(struct document_request){ .organisation = "dft",
									   .text = bytes_of(worker->text),
									   .actor = fixture_actor,
									   .now_us = fixture->clock.now_us },
					       findings, &worker->result, &worker->err);
	else
		worker->code = inbox_step(&fixture->kernel, fixture->clock.now_us, AT_ONCE, &done, &worker->err);
	worker->findings = findings_count(findings);
	return NULL;
}

/* TEXT NULL: they process what was received. All succeed. */
static inline void all_at_once(struct kernel_fixture *fixture, const char *text, struct at_once workers[static AT_ONCE])
{
	pthread_barrier_t start;

	assert_int_equal(pthread_barrier_init(&start, NULL, AT_ONCE), 0);
	for (size_t i = 0; i < AT_ONCE; i++) {
		workers[i] = (struct at_once){
			.fixture = fixture, .start = &start, .text = text, .arena = arena_new((size_t)16 << 20)
		};
		assert_non_null(workers[i].arena);
		assert_int_equal(pthread_create(&workers[i].thread, NULL, at_once_run, &workers[i]), 0);
	}
	for (size_t i = 0; i < AT_ONCE; i++)
		pthread_join(workers[i].thread, NULL);
	pthread_barrier_destroy(&start);
	for (size_t i = 0; i < AT_ONCE; i++) {
		if (workers[i].result.id)
			workers[i].result.id = arena_text(fixture->arena, workers[i].result.id);
		arena_free(workers[i].arena);
		fixture_must(workers[i].code, &workers[i].err, __FILE__, __LINE__);
	}
}

struct listing {
	struct arena *arena;
	struct document_filter filter;
	struct document_list list;
};

static inline enum err_code list_run(struct tx *tx, void *arg, struct err *err)
{
	struct listing *listing = arg;

	return document_list(tx, listing->arena, &listing->filter, &listing->list, err);
}

static inline struct document_list documents(struct kernel_fixture *fixture, struct document_filter filter)
{
	struct listing listing = { .arena = fixture->arena, .filter = filter };

	if (filter.limit == 0)
		listing.filter.limit = 100;
	must(db_read(fixture->kernel.db, list_run, &listing, &fixture->err));
	return listing.list;
}

/* The newest document with REFERENCE. */
static inline struct document document_called(struct kernel_fixture *fixture, const char *reference)
{
	struct document_list list = documents(fixture, (struct document_filter){ .reference = reference });

	if (list.count == 0)
		fail_msg("there is no document %s", reference);
	return list.items[0];
}

/* A message of ACTION from VN to RECIPIENT with TEXT, and all that follows from it. Returns the newest received
 * document. */
static inline struct document arrive_as(struct kernel_fixture *fixture, const char *message_id, const char *action,
					const char *recipient, const char *text, bool test)
{
	struct inbox_delivery delivery = fixture_delivery(fixture, "VN", message_id, message_id, text);
	unsigned done;

	delivery.message.action = action;
	delivery.message.organisation = NULL;
	delivery.message.service = DOCUMENT_SERVICE;
	delivery.message.final_recipient = recipient;
	delivery.message.test = test;
	assert_int_equal(fixture_accept(fixture, &delivery, NULL), INBOX_ACCEPTED);
	must(inbox_step(&fixture->kernel, fixture->clock.now_us, 10, &done, &fixture->err));
	assert_int_equal(done, 1);
	assert_string_equal(fixture_message(fixture, message_id).state, "processed");

	/* By its message, because ids of one millisecond have no order. */
	struct document_list list = documents(fixture, (struct document_filter){ .direction = "in" });
	for (size_t i = 0; i < list.count; i++)
		if (same(list.items[i].message, fixture_message(fixture, message_id).id))
			return list.items[i];
	return (struct document){ 0 };
}

static inline struct document arrive(struct kernel_fixture *fixture, const char *message_id, const char *action,
				     const char *recipient, const char *text)
{
	return arrive_as(fixture, message_id, action, recipient, text, false);
}

static inline int64_t count_of(struct kernel_fixture *fixture, const struct statement *statement, const char *value)
{
	return fixture_int(fixture, statement, BINDS(BIND_TEXT(value)));
}

#endif
