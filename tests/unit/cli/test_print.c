/* What people read. What is expected are the sentences that docs/operations.md promises. */
#include "../unit.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/date.h"
#include "cli/cli_int.h"
#include "customs/document/api_int.h"
#include "kernel/party.h"

#define NOW_US INT64_C(1793577600000000) /* 2026-11-02T00:00:00Z */

static char printed[8192];

static FILE *page_open(void)
{
	memset(printed, 0, sizeof(printed));
	FILE *page = fmemopen(printed, sizeof(printed) - 1, "w");
	assert_non_null(page);
	return page;
}

static void expect(const char *text)
{
	if (!strstr(printed, text))
		fail_msg("no \"%s\" in:\n%s", text, printed);
}

static const struct command *command(const char *words)
{
	const struct command *c;
	size_t index = 0;

	while ((c = cli_command_at(index)) && !same(c->words, words))
		index++;
	assert_non_null(c);
	return c;
}

/* A ping that waits. */
static struct message_view ping(void)
{
	return (struct message_view){ .id = "0192",
				      .direction = "out",
				      .partner = "TH",
				      .message_id = "0192@lintas-vn",
				      .conversation = "0192",
				      .position = 1,
				      .action = "http://docs.oasis-open.org/ebxml-msg/ebms/v3.0/ns/core/200704/test",
				      .state = "queued",
				      .created_us = NOW_US,
				      .accepted_us = TIME_NONE,
				      .next_attempt_us = TIME_NONE,
				      .settled_us = TIME_NONE,
				      .test = true };
}

static const struct partner_view active = { .code = "TH", .profile = "edelivery-1.15", .status = "active" };
static const struct partner_view suspended = { .code = "TH", .profile = "edelivery-1.15", .status = "suspended" };

static void show_ping(const struct message_view *m, const struct partner_view *p, bool running)
{
	FILE *page = page_open();
	print_ping(page, m, p, running);
	fclose(page);
}

static void a_delivered_ping_tells_the_round_trip_and_who_signed(void **state)
{
	struct wire_view wires[] = {
		{ .kind = "sent", .at_us = NOW_US + SECOND_US, .digest = "aa" },
		{ .kind = "receipt-received",
		  .at_us = NOW_US + SECOND_US + 412000,
		  .digest = "bb",
		  .certificate = "9f86",
		  .signer = "CN=asw.th.example" },
	};
	struct message_view m = ping();
	(void)state;

	m.state = "delivered";
	m.attempts = 1;
	m.settled_us = wires[1].at_us;
	m.wires = wires;
	m.wires_count = COUNT(wires);
	show_ping(&m, &active, true);
	expect("TH answered in 0.412 s\n");
	expect("signed (edelivery-1.15) by CN=asw.th.example\n");
	expect("sha-256 9f86\n");
	assert_int_equal(ping_outcome(&m), OK);

	m.attempts = 3;
	show_ping(&m, &active, true);
	expect("TH answered at attempt 3, 1.412 s after the first was due\n");
}

static void a_ping_that_waits_tells_why_and_what_to_do(void **state)
{
	struct message_view m = ping();
	(void)state;

	show_ping(&m, &active, true);
	expect("TH has not answered yet\nNext: lintas outbox show 0192\n");
	show_ping(&m, &active, false);
	expect("not sent: the node is stopped\nNext: lintas serve");
	show_ping(&m, &suspended, true);
	expect("not sent: TH is suspended\nNext: lintas partner resume TH");
	m.attempts = 2;
	m.last_error = "connection refused";
	m.next_attempt_us = NOW_US;
	show_ping(&m, &active, true);
	expect("not delivered yet after 2 attempts: connection refused\n");
	expect("2026-11-02 00:00:00.000Z, or now with lintas outbox retry 0192\n");
	m.next_attempt_us = TIME_NONE;
	show_ping(&m, &active, true);
	expect("not delivered yet, attempt 2 runs; the one before: connection refused\n");
	expect("lintas outbox show 0192 tells");
	assert_int_equal(err_row(ping_outcome(&m))->exit_status, 5);
}

static void a_refused_ping_tells_the_refusal(void **state)
{
	struct message_view m = ping();
	(void)state;

	m.state = "dead";
	m.last_error = "refused by TH: EBMS:0101";
	show_ping(&m, &active, true);
	expect("refused for good: refused by TH: EBMS:0101\nNext: lintas outbox show 0192\n");
	assert_int_equal(err_row(ping_outcome(&m))->exit_status, 1);
	m.state = "held";
	m.last_error = NULL;
	show_ping(&m, &active, true);
	expect("held by an officer\nNext: lintas timeline 0192\n");
	assert_int_equal(err_row(ping_outcome(&m))->exit_status, 1);
}

/* A suspended partner answers with a signed error, and the ping is sent again: that is a refusal all the same. */
static void a_refusal_is_one_rule_whether_it_is_sent_again_or_not(void **state)
{
	struct message_view m = ping();
	(void)state;

	m.attempts = 1;
	m.next_attempt_us = NOW_US;
	m.last_error = "refused by TH: EBMS:0004 Other (MSG-011 the exchange is suspended)";
	show_ping(&m, &active, true);
	expect("refused after 1 attempt: refused by TH: EBMS:0004");
	expect("2026-11-02 00:00:00.000Z, or now with lintas outbox retry 0192\n");
	assert_int_equal(err_row(ping_outcome(&m))->exit_status, 1);
	m.last_error = "refused by TH, unsigned: EBMS:0004 Other ()";
	assert_int_equal(err_row(ping_outcome(&m))->exit_status, 5);
	m.last_error = "refused by THX: EBMS:0004 Other ()"; /* another one */
	assert_int_equal(err_row(ping_outcome(&m))->exit_status, 5);
}

static void one_message_is_shown_whole(void **state)
{
	struct part_view part = {
		.content_id = "doc", .mime_type = "application/xml", .digest = "cc", .bytes = 812, .compressed = true
	};
	struct wire_view wire = { .kind = "sent", .at_us = NOW_US, .bytes = 4711, .digest = "dd", .certificate = "ee" };
	struct message_view m = ping();
	FILE *page = page_open();
	(void)state;

	m.state = "dead";
	m.action = "FORM-D";
	m.document = "0193";
	m.organisation = "dft";
	m.last_error = "refused by TH: EBMS:0101";
	m.parts = &part;
	m.wires = &wire;
	m.parts_count = m.wires_count = 1;
	print_message_whole(page, &m);
	fclose(page);
	expect("0192  FORM-D to TH: dead  TEST\n");
	expect("0192@lintas-vn\n");
	expect("  document      0193\n");
	expect("doc, application/xml, 812 bytes compressed\n                sha-256 cc\n");
	expect("2026-11-02 00:00:00.000Z, 4711 bytes\n                sha-256 dd\n");
	expect("signed by a certificate that is not kept, sha-256 ee\n");
	expect("Next: lintas outbox retry 0192 ");
	expect("Next: lintas outbox abandon 0192 ");
}

static void what_an_abandoned_document_did_is_told_with_the_decision(void **state)
{
	struct message_view m = ping();
	FILE *page = page_open();
	(void)state;

	m.state = "abandoned";
	m.action = "CANCELLATION";
	m.document = "0193";
	m.effect = "By CANCELLATION C-1 the FORM-D D-1 is cancelled here";
	print_message_line(page, &m);
	fclose(page);
	expect("CANCELLATION to TH: abandoned\nBy CANCELLATION C-1 the FORM-D D-1 is cancelled here\n"
	       "Next: to tell TH, send the same file again (lintas send); or tell it by other means, then lintas "
	       "documents seen 0193\n");
}

static void the_error_of_a_message_that_arrived_after_all_is_told_as_past(void **state)
{
	struct message_view m = ping();
	FILE *page = page_open();
	(void)state;

	m.attempts = 2;
	m.last_error = "connection refused";
	print_message_whole(page, &m);
	fclose(page);
	expect("  last error    connection refused\n");
	m.state = "delivered";
	page = page_open();
	print_message_whole(page, &m);
	fclose(page);
	expect("  error before  connection refused\n");
	assert_null(strstr(printed, "last error"));
}

/* The state may be newer than the document's row, whose time stands beside it. */
static void the_time_of_a_document_is_that_of_its_creation(void **state)
{
	struct document_view d = { .id = "0193",
				   .organisation = "customs",
				   .doctype = "FORM-D",
				   .direction = "in",
				   .partner = "TH",
				   .digest = "cc",
				   .state = "utilised",
				   .issued_on = DATE_NONE,
				   .created_us = NOW_US };
	FILE *page = page_open();
	(void)state;

	command("documents show")->print(page, &d);
	fclose(page);
	expect("  created       2026-11-02 00:00:00.000Z\n");
	page = page_open();
	command("documents list")->print(page, &(struct document_list_view){ .items = &d, .count = 1 });
	fclose(page);
	expect(" created ");
	assert_null(strstr(printed, "since"));
}

static void errors_to_every_attempt_are_one_line_with_the_last(void **state)
{
	struct wire_view wires[] = {
		{ .kind = "sent", .at_us = NOW_US, .bytes = 4711, .digest = "aa" },
		{ .kind = "error-received", .at_us = NOW_US + SECOND_US, .bytes = 1, .digest = "bb" },
		{ .kind = "error-received", .at_us = NOW_US + 2 * SECOND_US, .bytes = 2, .digest = "cc" },
		{ .kind = "error-received", .at_us = NOW_US + 3 * SECOND_US, .bytes = 3, .digest = "dd" },
	};
	struct message_view m = ping();
	FILE *page = page_open();
	(void)state;

	m.wires = wires;
	m.wires_count = COUNT(wires);
	print_message_whole(page, &m);
	fclose(page);
	expect("  sent             2026-11-02 00:00:00.000Z, 4711 bytes\n");
	expect("  error-received   3 times, last 2026-11-02 00:00:03.000Z, 3 bytes\n                sha-256 dd\n");
	assert_null(strstr(printed, "bb"));
}

/* --- Lists --- */

/* No line of a page ends with a blank. */
static void expect_no_blank_ends(void)
{
	if (strstr(printed, " \n"))
		fail_msg("a blank at the end of a line:\n%s", printed);
}

static void a_list_has_heads_over_its_columns_and_no_blanks_at_the_ends(void **state)
{
	struct message_view items[] = { ping(), ping() };
	struct message_list_view list = { .items = items, .count = COUNT(items) };
	FILE *page = page_open();
	(void)state;

	items[0].test = false;
	items[1].attempts = 1;
	items[1].next_attempt_us = NOW_US;
	items[1].last_error = "connection refused";
	print_messages(page, &list);
	fclose(page);
	assert_int_equal(strncmp(printed, "id   ", 5), 0);
	expect("queued\n");
	expect("TEST  next 2026-11-02 00:00:00.000Z\n    connection refused\n");
	expect_no_blank_ends();
	assert_ptr_equal(strstr(printed, " created") - printed,
			 strstr(strchr(printed, '\n') + 1, " 2026") - strchr(printed, '\n') - 1);
}

static void the_columns_of_a_timeline_hold_the_longest_event(void **state)
{
	struct event_view items[] = {
		{ .at_us = NOW_US, .event = "certificate-installed", .actor = "system", .subject_type = "key" },
		{ .at_us = NOW_US, .event = "sent", .actor = "system", .subject_type = "key", .detail = "é" },
	};
	struct event_list_view list = { .items = items, .count = COUNT(items) };
	FILE *page = page_open();
	(void)state;

	print_timeline(page, &list);
	fclose(page);
	expect("certificate-installed  system            key\n");
	expect("sent                   system            key           ");
	expect_no_blank_ends();
}

static void a_task_is_folded_below_its_head_line(void **state)
{
	struct task_view task = {
		.created_us = NOW_US,
		.kind = "dead-message",
		.subject = "0192",
		.state = "open",
		.text = "the first words of a task that goes on and on until it is longer than the page of a hundred columns"
	};
	struct task_list_view list = { .items = &task, .count = 1 };
	FILE *page = page_open();
	(void)state;

	print_tasks(page, &list);
	fclose(page);
	expect("\n      the first words");
	expect("of a hundred\n      columns\n");
	expect_no_blank_ends();
}

static void keys_are_listed_with_their_whole_fingerprints(void **state)
{
	struct key_view keys[] = {
		{ .id = "sign-1",
		  .use = "sign",
		  .type = "p256",
		  .status = "active",
		  .subject = "CN=asw",
		  .fingerprint = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
		  .not_before_us = NOW_US,
		  .not_after_us = NOW_US },
		{ .id = "sign-2", .use = "sign", .type = "p256", .status = "pending" },
	};
	FILE *page = page_open();
	(void)state;

	print_keys(page, &(struct key_list_view){ .items = keys, .count = COUNT(keys) });
	fclose(page);
	expect("sha-256 e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\n");
	expect("pending    p256       no certificate yet\n");
}

static void after_a_withdrawal_there_is_no_fingerprint_to_compare(void **state)
{
	struct partner_view partner = {
		.code = "TH", .name = "Thailand", .status = "active", .endpoint = "https://th"
	};
	FILE *page = page_open();
	(void)state;

	print_partner_changed(page, &partner);
	fclose(page);
	assert_null(strstr(printed, "compare"));
	expect("Next: lintas ping TH\n");
	page = page_open();
	print_partner(page, &partner);
	fclose(page);
	expect("Next: compare the fingerprints");
}

static void a_known_head_is_shown_with_its_seal(void **state)
{
	struct proof_view proof = { .entries = 9, .seals = 3, .head = "ab", .known_seal = 2, .known_us = NOW_US };
	FILE *page = page_open();
	(void)state;

	print_proof(page, &proof);
	fclose(page);
	expect("the head that you gave is that of seal 2, of 2026-11-02 00:00:00.000Z\n");
	proof.known_seal = INTEGER_NONE;
	page = page_open();
	print_proof(page, &proof);
	fclose(page);
	assert_null(strstr(printed, "that you gave"));
}

/* The help names every kind of seat that the node takes. */
static void the_help_of_a_seat_names_all_kinds(void **state)
{
	const struct command *c = command("organisation add");
	(void)state;

	for (size_t i = 0; organisation_seat(i); i++)
		assert_non_null(strstr(c->options[0].help, organisation_seat(i)));
}

/* --- Status --- */

static struct status_view status(struct key_view *keys, size_t count)
{
	return (struct status_view){ .name = "Vietnam",
				     .state = "VN",
				     .version = "0",
				     .running = true,
				     .now_us = NOW_US,
				     .keys = keys,
				     .keys_count = count,
				     .disk_free_bytes = INTEGER_NONE,
				     .disk_reserve_bytes = INTEGER_NONE };
}

static void show_status(const struct status_view *view)
{
	FILE *page = page_open();
	print_status(page, view);
	fclose(page);
}

static void a_key_is_warned_of_from_sixty_days_before_its_end(void **state)
{
	struct key_view key = { .id = "sign-1", .use = "sign", .type = "p256", .status = "active", .days_left = 60 };
	struct status_view view = status(&key, 1);
	(void)state;

	show_status(&view);
	expect("sign     sign-1 (p256), 60 days left\n");
	key.days_left = 59;
	show_status(&view);
	expect("sign     sign-1 (p256), 59 days left: ROLL IT OVER NOW");
	key.days_left = 0;
	show_status(&view);
	expect("0 days left: ROLL IT OVER NOW");
	key.days_left = -1;
	show_status(&view);
	expect("sign-1 (p256), EXPIRED");
	key.not_before_us = NOW_US + 1;
	show_status(&view);
	expect("sign-1 (p256), valid from 2026-11-02");
}

static void a_use_without_a_key_is_told_with_what_fails(void **state)
{
	struct key_view keys[] = {
		{ .id = "sign-1", .use = "sign", .status = "pending" },
		{ .id = "decrypt-1", .use = "decrypt", .type = "p256", .status = "damaged" },
	};
	struct status_view view = status(keys, COUNT(keys));
	(void)state;

	show_status(&view);
	expect("sign     NO ACTIVE KEY: nothing can be sent or acknowledged; sign-1 waits for its certificate: "
	       "lintas key csr sign-1 --subject NAME, then lintas key install sign-1 --certificate FILE\n");
	expect("decrypt  decrypt-1 DAMAGED");
	expect("decrypt  NO ACTIVE KEY: nothing can be received; lintas key new --use decrypt\n");
	expect("tls      NO ACTIVE KEY");
	view.plain = true;
	show_status(&view);
	assert_null(strstr(printed, "tls "));
	view.keys_fault = "permission denied";
	show_status(&view);
	expect("keys     CANNOT BE READ: permission denied\n");
	assert_null(strstr(printed, "NO ACTIVE KEY"));
}

static void what_a_partner_is_believed_by_stands_below_it(void **state)
{
	struct credential_view credentials[] = {
		{ .use = "sign", .subject = "CN=a", .state = "good", .days_left = 61 },
		{ .use = "encrypt",
		  .subject = "CN=b",
		  .state = "refused",
		  .alarm = true,
		  .advice = "Ask for the next" },
		{ .use = "crl", .subject = "CN=c", .state = "late", .not_after_us = NOW_US, .alarm = true },
		{ .use = "tls", .subject = "CN=d", .state = "future", .not_before_us = NOW_US },
	};
	struct partner_status_view partner = { .partner = "TH",
					       .status = "active",
					       .oldest_queued_us = TIME_NONE,
					       .last_receipt_us = TIME_NONE,
					       .credentials = credentials,
					       .credentials_count = COUNT(credentials) };
	struct status_view view = status(NULL, 0);
	(void)state;

	view.partners = &partner;
	view.partners_count = 1;
	show_status(&view);
	expect("  sign     CN=a, 61 days left\n");
	expect("  encrypt  CN=b, REFUSED: ALARM\n    Ask for the next\n");
	expect("  crl      CN=c, next list by 2026-11-02 00:00:00.000Z, LATE: ALARM\n");
	expect("  tls      CN=d, valid from 2026-11-02 00:00:00.000Z\n");
}

static void suspended_partners_and_the_disk_are_shown(void **state)
{
	struct partner_status_view partners[] = {
		{ .partner = "MY", .status = "active", .oldest_queued_us = TIME_NONE, .last_receipt_us = TIME_NONE },
		{ .partner = "TH", .status = "suspended", .oldest_queued_us = NOW_US, .last_receipt_us = TIME_NONE },
	};
	struct status_view view = status(NULL, 0);
	(void)state;

	view.partners = partners;
	view.partners_count = COUNT(partners);
	view.disk_free_bytes = INT64_C(1000) << 20;
	view.disk_reserve_bytes = INT64_C(256) << 20;
	show_status(&view);
	expect("SUSPENDED   waiting since 2026-11-02 00:00:00.000Z\n");
	expect("disk     1000 MB free; below 256 MB nothing is taken\n");
	view.disk_free_bytes = INT64_C(255) << 20;
	show_status(&view);
	expect("MAKE ROOM NOW\n");
}

/* So that a script can take it: lintas token new > file. */
static void a_new_token_is_its_secret_alone(void **state)
{
	const struct token_view view = { .id = "0192",
					 .user = "erp",
					 .title = "export desk",
					 .roles = "officer",
					 .secret = "lintas_x",
					 .created_us = NOW_US,
					 .expires_us = NOW_US + DAY_US,
					 .revoked_us = TIME_NONE };
	FILE *page = page_open();

	(void)state;
	print_new_token(page, &view);
	fclose(page);
	assert_string_equal(printed, "lintas_x\n");
	page = page_open();
	print_token(page, &view);
	fclose(page);
	expect("0192  export desk\n  user          erp\n  roles         officer\n  until         2026-11-03 00:00:00.000Z\n");
	assert_null(strstr(printed, "lintas_x"));
}

static void users_of_the_node_and_without_a_password_are_told_apart(void **state)
{
	struct user_view users[] = {
		{ .name = "erp", .organisation = "dft", .title = "ERP", .roles = "officer", .status = "active" },
		{ .name = "noc", .title = "NOC", .roles = "monitor", .status = "disabled", .password = true },
	};
	const struct user_list_view list = { .items = users, .count = COUNT(users) };
	FILE *page = page_open();

	(void)state;
	print_users(page, &list);
	fclose(page);
	expect("\nerp               active    tokens only  dft           officer                   ERP\n");
	expect("\nnoc               disabled  password     (node)        monitor                   NOC\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_delivered_ping_tells_the_round_trip_and_who_signed),
		cmocka_unit_test(a_ping_that_waits_tells_why_and_what_to_do),
		cmocka_unit_test(a_refused_ping_tells_the_refusal),
		cmocka_unit_test(a_refusal_is_one_rule_whether_it_is_sent_again_or_not),
		cmocka_unit_test(one_message_is_shown_whole),
		cmocka_unit_test(what_an_abandoned_document_did_is_told_with_the_decision),
		cmocka_unit_test(the_error_of_a_message_that_arrived_after_all_is_told_as_past),
		cmocka_unit_test(the_time_of_a_document_is_that_of_its_creation),
		cmocka_unit_test(errors_to_every_attempt_are_one_line_with_the_last),
		cmocka_unit_test(a_list_has_heads_over_its_columns_and_no_blanks_at_the_ends),
		cmocka_unit_test(the_columns_of_a_timeline_hold_the_longest_event),
		cmocka_unit_test(a_task_is_folded_below_its_head_line),
		cmocka_unit_test(keys_are_listed_with_their_whole_fingerprints),
		cmocka_unit_test(after_a_withdrawal_there_is_no_fingerprint_to_compare),
		cmocka_unit_test(a_known_head_is_shown_with_its_seal),
		cmocka_unit_test(the_help_of_a_seat_names_all_kinds),
		cmocka_unit_test(a_key_is_warned_of_from_sixty_days_before_its_end),
		cmocka_unit_test(a_use_without_a_key_is_told_with_what_fails),
		cmocka_unit_test(what_a_partner_is_believed_by_stands_below_it),
		cmocka_unit_test(suspended_partners_and_the_disk_are_shown),
		cmocka_unit_test(a_new_token_is_its_secret_alone),
		cmocka_unit_test(users_of_the_node_and_without_a_password_are_told_apart),
	};
	return cmocka_run_group_tests_name("print", tests, NULL, NULL);
}
