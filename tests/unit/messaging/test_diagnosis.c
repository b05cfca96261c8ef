/* Whose it is to mend what `lintas partner test` meets. Expected is who alone can do it: what we have been told and not
 * taken over is ours. */
#include "../unit.h"

#include "base/text.h"
#include "messaging/messaging_int.h"
#include "messaging/partner_test_int.h"

struct trial {
	struct arena *arena;
	struct peer peer;
	struct probe probe;
};

static void begin(struct trial *w)
{
	*w = (struct trial){ .arena = arena_new(1 << 20) };
	assert_non_null(w->arena);
	w->peer.partner = (struct partner){ .code = "VN", .endpoint = "https://vn.example:9443/as4" };
	w->peer.profile = profile_find("edelivery-1.15");
	w->probe = (struct probe){ .arena = w->arena, .peer = &w->peer, .unanswered = "connection refused" };
	w->probe.failed_at = HTTP_CONNECTION;
	w->probe.answer.findings = findings_new(w->arena);
	w->probe.answer.said_us = TIME_NONE;
}

static void end(struct trial *w)
{
	arena_free(w->arena);
}

static void who_uses_another_endpoint_than_the_card_says_mends_it(void **state)
{
	struct trial w;
	(void)state;

	begin(&w);
	assert_string_equal(diagnose_way(&w.probe).side, PARTNER_TEST_THEM);
	w.probe.card_endpoint = "https://vn.example:8443/as4";
	struct diagnosis diagnosis = diagnose_way(&w.probe);
	assert_string_equal(diagnosis.side, PARTNER_TEST_US);
	assert_string_equal(diagnosis.found, "connection refused");
	assert_non_null(strstr(diagnosis.mend, "lintas partner change VN --endpoint https://vn.example:8443/as4"));
	w.probe.unanswered = NULL; /* there somebody else answers */
	w.probe.http.status = 502;
	assert_string_equal(diagnose_answer(&w.probe).side, PARTNER_TEST_US);
	end(&w);
}

/* An HTTP endpoint that cannot read the envelope of the other version has no ebMS error to answer with. */
static void a_bare_400_may_be_the_other_version(void **state)
{
	struct trial w;
	(void)state;

	begin(&w);
	w.probe.unanswered = NULL;
	w.probe.http.status = 400;
	assert_non_null(strstr(diagnose_answer(&w.probe).mend, "another version"));
	w.probe.http.status = 409;
	assert_null(strstr(diagnose_answer(&w.probe).mend, "another version"));
	end(&w);
}

static void a_new_key_on_a_card_that_waits_here_is_ours_to_approve(void **state)
{
	struct trial w;
	(void)state;

	begin(&w);
	w.probe.unanswered = NULL;
	w.probe.http.status = 200;
	w.probe.answer.read = true;
	w.probe.answer.binding = "as4";
	w.probe.answer.fingerprint = "9f86";
	finding_add(w.probe.answer.findings, ebms_rule(RULE_TOKEN), "", "it", NULL);
	struct diagnosis diagnosis = diagnose_answer(&w.probe);
	assert_string_equal(diagnosis.side, PARTNER_TEST_THEM);
	w.probe.card_waits = true;
	diagnosis = diagnose_answer(&w.probe);
	assert_string_equal(diagnosis.side, PARTNER_TEST_US);
	assert_non_null(strstr(diagnosis.mend, "lintas partner approve VN"));
	end(&w);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_uses_another_endpoint_than_the_card_says_mends_it),
		cmocka_unit_test(a_bare_400_may_be_the_other_version),
		cmocka_unit_test(a_new_key_on_a_card_that_waits_here_is_ours_to_approve),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
