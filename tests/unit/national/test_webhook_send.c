/* What becomes of an attempt: of one that reached the receiver, and of one that never could. */
#include "fixture.h"

#include "base/date.h"
#include "base/text.h"
#include "kernel/task.h"
#include "kernel/webhook.h"
#include "national/national.h"

/* Answers each call alike. */
struct receiver {
	struct http_client seam; /* first */
	int status;
	enum err_code fault; /* instead, if it is not OK */
	int calls;
};

struct world {
	struct kernel_fixture *fixture;
	struct receiver receiver;
	struct webhook webhook;
	struct webhook_delivery_list deliveries;
	struct task_list tasks;
	const char *secret;
};

static enum err_code answer(struct http_client *client, struct arena *arena, const struct http_call *call,
			    struct http_answer *answer, struct err *err)
{
	struct receiver *receiver = (struct receiver *)client;

	(void)arena;
	(void)call;
	receiver->calls++;
	if (receiver->fault)
		return fail(err, receiver->fault, "erp.example:443 is at an address to which calls may not go");
	*answer = (struct http_answer){ .status = receiver->status };
	return OK;
}

static enum err_code add_run(struct tx *tx, void *arg, struct err *err)
{
	struct world *world = arg;
	struct webhook webhook = { .id = "a",
				   .organisation = "customs",
				   .url = "https://erp.example/",
				   .events = "",
				   .secret = world->secret,
				   .cursor_number = -1 };

	return webhook_add(tx, &webhook, &fixture_actor, world->fixture->clock.now_us, err);
}

/* A webhook, and the event that it was added. */
static struct world world_of(void **state, const char *secret)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);
	struct world world = { .fixture = fixture, .receiver = { .seam.call = answer, .status = 204 } };
	unsigned sealed;

	world.secret = secret ? secret : webhook_secret_new(fixture->arena);
	must(db_write(fixture->kernel.db, add_run, &world, &fixture->err));
	must(journal_seal_step(&fixture->kernel, fixture->clock.now_us, 10, &sealed, &fixture->err));
	return world;
}

static enum err_code look_run(struct tx *tx, void *arg, struct err *err)
{
	struct world *world = arg;
	struct arena *arena = world->fixture->arena;

	TRY(webhook_find(tx, arena, "a", &world->webhook, err));
	TRY(webhook_deliveries(tx, arena, "a", 10, &world->deliveries, err));
	return task_list(tx, arena, NULL, NULL, 10, &world->tasks, err);
}

/* One step; what is stored then is in WORLD. */
static unsigned step(struct world *world)
{
	struct kernel_fixture *fixture = world->fixture;
	const struct webhook_sender sender = {
		.kernel = &fixture->kernel, .client = &world->receiver.seam, .give_up_us = 3 * DAY_US, .failing_most = 1
	};
	unsigned done;

	must(webhooks_step(&sender, fixture->clock.now_us, &done, &fixture->err));
	must(db_read(fixture->kernel.db, look_run, world, &fixture->err));
	return done;
}

static void what_is_taken_moves_the_cursor(void **state)
{
	struct world world = world_of(state, NULL);

	assert_int_equal(step(&world), 1);
	assert_int_equal(world.receiver.calls, 1);
	assert_int_equal(world.webhook.delivered, 1);
	assert_int_equal(world.webhook.waiting, 0);
	assert_int_equal(step(&world), 0);
}

static void what_cannot_be_signed_is_not_tried_for_ever(void **state)
{
	struct world world = world_of(state, "whsec_not base64");

	assert_int_equal(step(&world), 1);
	assert_int_equal(world.receiver.calls, 0);
	assert_string_equal(world.webhook.state, "paused");
	assert_non_null(strstr(world.webhook.reason, "lintas webhook rotate"));
	assert_int_equal(world.tasks.count, 1);
	assert_string_equal(world.tasks.items[0].subject, "a");
	assert_int_equal(world.deliveries.count, 1);
	assert_int_equal(world.deliveries.items[0].status, 0);
	world.fixture->clock.now_us += HOUR_US;
	assert_int_equal(step(&world), 0);
}

/* An address may be another in a minute, or be allowed then: later and later, and in the end a task. */
static void an_address_that_is_out_of_reach_is_an_attempt_in_vain(void **state)
{
	struct world world = world_of(state, NULL);
	int64_t began_us = world.fixture->clock.now_us;

	world.receiver.fault = ERR_DENIED;
	step(&world);
	assert_string_equal(world.webhook.state, "active");
	assert_non_null(strstr(world.deliveries.items[0].error, "may not go"));
	while (same(world.webhook.state, "active")) {
		world.fixture->clock.now_us = world.webhook.next_us;
		assert_int_equal(step(&world), 1);
	}
	assert_true(world.fixture->clock.now_us - began_us >= 3 * DAY_US);
	assert_in_range(world.receiver.calls, 72, 200); /* an hour between them, or half of it */
	assert_int_equal(world.tasks.count, 1);
	assert_non_null(strstr(world.tasks.items[0].text, "may not go"));
}

static void who_wants_no_more_is_paused_and_the_reason_says_so(void **state)
{
	struct world world = world_of(state, NULL);

	world.receiver.status = 410;
	step(&world);
	assert_string_equal(world.webhook.state, "paused");
	assert_non_null(strstr(world.webhook.reason, "410 Gone"));
	assert_int_equal(world.tasks.count, 1);
}

static void the_end_of_this_process_is_no_failure_of_the_receiver(void **state)
{
	struct world world = world_of(state, NULL);

	world.receiver.fault = ERR_BUSY;
	assert_int_equal(step(&world), 1);
	assert_int_equal(world.webhook.attempts, 0);
	assert_int_equal(world.webhook.failing_us, TIME_NONE);
	assert_int_equal(world.deliveries.count, 0);
	const char *message = world.webhook.message;
	world.receiver.fault = OK;
	assert_int_equal(step(&world), 1); /* at once, as the same request */
	assert_string_equal(world.deliveries.items[0].message, message);
	assert_int_equal(world.deliveries.items[0].attempt, 1);
	assert_int_equal(world.webhook.delivered, 1);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_taken_moves_the_cursor),
		cmocka_unit_test(what_cannot_be_signed_is_not_tried_for_ever),
		cmocka_unit_test(an_address_that_is_out_of_reach_is_an_attempt_in_vain),
		cmocka_unit_test(who_wants_no_more_is_paused_and_the_reason_says_so),
		cmocka_unit_test(the_end_of_this_process_is_no_failure_of_the_receiver),
	};
	return kernel_run("webhook_send", tests, COUNT(tests), NULL);
}
