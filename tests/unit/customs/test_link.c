/* Notices between nodes: what is announced, and what the link is then. Our node serves TH. */
#include "node.h"

#include "customs/link/link.h"
#include "kernel/journal.h"

static const struct notice_request usual = { .kind = LINK_NOTICE_MAINTENANCE,
					     .text = "another room",
					     .from_us = FIXTURE_NOW_US + HOUR_US,
					     .until_us = FIXTURE_NOW_US + 2 * HOUR_US,
					     .now_us = FIXTURE_NOW_US };

struct told {
	const char *codes; /* of findings */
	struct notice_result results[2];
};

static struct told tell(struct kernel_fixture *fixture, struct notice_request request)
{
	static const char *const partners[] = { "MY", "VN" };
	struct findings *findings = findings_new(fixture->arena);
	struct told told = { 0 };

	request.organisation = "customs";
	request.partners = partners;
	request.count = COUNT(partners);
	request.actor = fixture_actor;
	must(notice_send(&fixture->kernel, fixture->arena, &request, findings, told.results, &fixture->err));
	told.codes = codes_of(fixture->arena, findings);
	return told;
}

struct looking {
	struct kernel_fixture *fixture;
	struct link_notice_list notices;
	struct link_list links;
};

static enum err_code look_run(struct tx *tx, void *arg, struct err *err)
{
	struct looking *looking = arg;
	struct kernel_fixture *fixture = looking->fixture;

	TRY(link_list(tx, fixture->arena, fixture->clock.now_us, &looking->links, err));
	return link_notices(tx, fixture->arena, false, &looking->notices, err);
}

static struct looking look(struct kernel_fixture *fixture)
{
	struct looking looking = { .fixture = fixture };

	must(db_read(fixture->kernel.db, look_run, &looking, &fixture->err));
	return looking;
}

static void each_partner_gets_a_notice_of_its_own(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);
	struct told told = tell(fixture, usual);

	assert_string_equal(told.codes, "");
	for (size_t i = 0; i < COUNT(told.results); i++) {
		assert_non_null(told.results[i].document);
		assert_null(told.results[i].refused);
		assert_string_equal(fixture_message(fixture, told.results[i].message).action, NOTICE);
	}
	struct looking looking = look(fixture);
	assert_int_equal(looking.notices.count, 2);
	assert_string_equal(looking.notices.items[0].direction, "out");
	/* What we say of ourselves is not the state of their link. */
	fixture->clock.now_us = usual.from_us;
	assert_string_equal(look(fixture).links.items[0].state, LINK_UNKNOWN);
}

static void a_bad_notice_gets_all_its_findings_and_goes_to_nobody(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);
	struct notice_request past = usual, restored = usual, long_text = usual;
	char *text = arena_alloc(fixture->arena, 502);

	past.from_us = FIXTURE_NOW_US - HOUR_US;
	past.until_us = FIXTURE_NOW_US - 2 * HOUR_US;
	assert_string_equal(tell(fixture, past).codes, "LNK-001 LNK-006");
	past.from_us = FIXTURE_NOW_US - 3 * HOUR_US;
	assert_string_equal(tell(fixture, past).codes, "LNK-006");
	restored.kind = LINK_NOTICE_RESTORED;
	assert_string_equal(tell(fixture, restored).codes, "LNK-004 LNK-007");
	restored.until_us = TIME_NONE;
	assert_string_equal(tell(fixture, restored).codes, "LNK-007");
	memset(text, 'x', 501);
	long_text.text = text;
	long_text.until_us = TIME_NONE;
	assert_string_equal(tell(fixture, long_text).codes, "FLD-006 LNK-003");
	assert_int_equal(look(fixture).notices.count, 0);
}

static const char notice_of_vn[] = "<LinkNotice xmlns=\"urn:lintas:document:notice:1\">"
				   "<FunctionalReferenceID>VN-NOTICE-1</FunctionalReferenceID>"
				   "<IssueDate>2026-11-02</IssueDate><IssueCountryID>VN</IssueCountryID>"
				   "<ReceiverCountryID>TH</ReceiverCountryID><TypeCode>outage</TypeCode>"
				   "<StartDateTime>2026-11-01T22:00:00.000Z</StartDateTime>"
				   "<EndDateTime>%s</EndDateTime><Content>no power</Content></LinkNotice>";

static void message_arrives(struct kernel_fixture *fixture, const char *type, const char *text, bool test)
{
	struct inbox_delivery delivery = fixture_delivery(fixture, "VN", "1@vn", "1", text);
	struct wire receipt;
	unsigned done;

	delivery.message.service = SERVICE_DOCUMENTS;
	delivery.message.action = type;
	delivery.message.test = test;
	delivery.message.organisation = "customs";
	assert_int_equal(fixture_accept(fixture, &delivery, &receipt), INBOX_ACCEPTED);
	must(inbox_step(&fixture->kernel, fixture->clock.now_us, 10, &done, &fixture->err));
	assert_int_equal(done, 1);
}

static void notice_arrives(struct kernel_fixture *fixture, const char *until, bool test)
{
	message_arrives(fixture, NOTICE, arena_printf(fixture->arena, notice_of_vn, until), test);
}

static void what_a_partner_announces_is_the_state_of_its_link(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);

	notice_arrives(fixture, "2026-11-02T06:00:00.000Z", false);
	struct looking looking = look(fixture);
	assert_string_equal(looking.links.items[1].partner, "VN");
	assert_string_equal(looking.links.items[1].state, LINK_OUTAGE);
	assert_string_equal(looking.links.items[1].notice->text, "no power");
	assert_string_equal(looking.links.items[0].state, LINK_UNKNOWN);
}

/* It waited at its sender until both were back. */
static void a_notice_that_arrives_after_its_end_is_kept_and_ends_by_itself(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);
	unsigned ended;

	notice_arrives(fixture, "2026-11-01T23:00:00.000Z", false);
	assert_string_equal(look(fixture).links.items[1].state, LINK_UNKNOWN);
	must(link_notices_end(&fixture->kernel, fixture->clock.now_us, &ended, &fixture->err));
	assert_int_equal(ended, 1);
}

static void a_test_announces_nothing(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);

	notice_arrives(fixture, "2026-11-02T06:00:00.000Z", true);
	assert_int_equal(look(fixture).notices.count, 0);
}

static const char card_of_vn[] = "<NodeCard xmlns=\"urn:lintas:document:card:1\">"
				 "<FunctionalReferenceID>VN-CARD-1</FunctionalReferenceID>"
				 "<IssueDate>2026-11-02</IssueDate><IssueCountryID>VN</IssueCountryID>"
				 "<ReceiverCountryID>TH</ReceiverCountryID><SignedCard>e30=</SignedCard></NodeCard>";

struct refusals {
	struct kernel_fixture *fixture;
	const char *detail;
};

static enum err_code refusals_run(struct tx *tx, void *arg, struct err *err)
{
	struct refusals *refusals = arg;
	struct kernel_fixture *fixture = refusals->fixture;
	struct document_list documents;
	struct journal_list journal;

	TRY(document_list(tx, fixture->arena, &(struct document_filter){ .direction = "in", .limit = 10 }, &documents,
			  err));
	assert_int_equal(documents.count, 1);
	assert_string_equal(documents.items[0].state, "refused");
	TRY(journal_of(tx, fixture->arena, documents.items[0].id, 10, &journal, err));
	for (size_t i = 0; i < journal.count; i++)
		if (same(journal.entries[i].event, "finding"))
			refusals->detail = journal.entries[i].detail;
	return OK;
}

/* There is no messaging here, whose business it is. */
static void a_card_that_nobody_can_judge_is_refused(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);
	struct refusals refusals = { .fixture = fixture };

	message_arrives(fixture, CARD, card_of_vn, false);
	must(db_read(fixture->kernel.db, refusals_run, &refusals, &fixture->err));
	assert_non_null(refusals.detail);
	assert_memory_equal(refusals.detail, "LNK-011", strlen("LNK-011"));
}

/* Announcing takes a permission of its own, which the interface asks for at another place than documents. */
static void who_may_submit_documents_cannot_announce(void **state)
{
	static const char *const files[] = { "notice/good-maintenance.xml", "card/good-update.xml" };
	struct kernel_fixture *fixture = kernel_fixture_of(state);

	for (size_t i = 0; i < COUNT(files); i++) {
		struct submitted sent = submit(fixture, "customs", sample(fixture->arena, files[i]));
		assert_non_null(strstr(sent.codes, "DOC-022"));
		assert_null(sent.result.id);
	}
	assert_int_equal(documents(fixture, (struct document_filter){ 0 }).count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_partner_gets_a_notice_of_its_own),
		cmocka_unit_test(a_bad_notice_gets_all_its_findings_and_goes_to_nobody),
		cmocka_unit_test(what_a_partner_announces_is_the_state_of_its_link),
		cmocka_unit_test(a_notice_that_arrives_after_its_end_is_kept_and_ends_by_itself),
		cmocka_unit_test(a_test_announces_nothing),
		cmocka_unit_test(a_card_that_nobody_can_judge_is_refused),
		cmocka_unit_test(who_may_submit_documents_cannot_announce),
	};

	return kernel_run("link", tests, COUNT(tests), customs_capabilities);
}
