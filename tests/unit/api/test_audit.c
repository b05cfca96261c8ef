/* The journal and the evidence, verified through the interface. Paths and members: docs/commands.md and api.h. */
#include "world.h"

#include "kernel/journal.h"
#include "kernel/message.h"

static void exchange(struct world *world)
{
	struct inbox_delivery delivery = fixture_delivery(world->fixture, "VN", "m1@vn", "c1", "<in/>");

	assert_int_equal(fixture_accept(world->fixture, &delivery, NULL), INBOX_ACCEPTED);
}

static struct answer verify(struct world *world, const char *query)
{
	return call(world, "POST", arena_printf(world->fixture->arena, "/api/v1/audit/verify%s", query), NULL, NULL);
}

static void the_evidence_is_verified_only_when_asked_for(void **state)
{
	struct world world = begin(state, false);

	exchange(&world);
	expect(verify(&world, ""), 200, "\"evidence\":false,\"wires\":0");
	expect(verify(&world, "?evidence=false"), 200, "\"evidence\":false,\"wires\":0");
	/* the message and our receipt */
	expect(verify(&world, "?evidence=true"), 200, "\"evidence\":true,\"wires\":2");
	assert_null(strstr(verify(&world, "?evidence=true").text, "brokenWire"));
	expect(verify(&world, "?evidence=yes"), 422, "API-002");
	end(&world);
}

static void altered_evidence_is_an_answer_that_names_the_wire(void **state)
{
	static const struct statement alter = { "test.alter",
						"UPDATE wire SET octets = $1, id = 'w' WHERE kind = 'received'" };
	struct world world = begin(state, false);

	exchange(&world);
	fixture_exec(world.fixture, &alter, BINDS(BIND_BLOB(bytes_of("abc"))));
	expect(verify(&world, "?evidence=true"), 200, "\"brokenWire\":\"w\"");
	expect(verify(&world, "?evidence=true"), 200, "\"evidenceReason\":\"wire w (received) was altered");
	expect(verify(&world, ""), 200, "\"brokenSequence\":0");
	end(&world);
}

static void a_head_of_then_is_answered_with_its_seal(void **state)
{
	struct world world = begin(state, false);
	struct kernel_fixture *fixture = world.fixture;
	struct journal_proof proof;
	unsigned sealed;

	exchange(&world);
	must(journal_seal_step(&fixture->kernel, fixture->clock.now_us, 1000, &sealed, &fixture->err));
	must(journal_verify(&fixture->kernel, &proof, &fixture->err));
	const char *query = arena_printf(fixture->arena, "?head=%s", proof.head);
	expect(verify(&world, query), 200, "\"brokenSequence\":0");
	/* the fixture's now: 2026-11-02 */
	expect(verify(&world, query), 200, "\"knownSeal\":1,\"knownSealed\":\"2026-11-02T");
	assert_null(strstr(verify(&world, "").text, "known"));
	proof.head[0] = proof.head[0] == '0' ? '1' : '0';
	query = arena_printf(fixture->arena, "?head=%s", proof.head);
	expect(verify(&world, query), 200, "no seal has the head");
	assert_null(strstr(verify(&world, query).text, "\"brokenSequence\":0"));
	expect(verify(&world, "?head=abc"), 422, "API-005");
	proof.head[63] = 'g';
	expect(verify(&world, arena_printf(fixture->arena, "?head=%s", proof.head)), 422, "/head");
	end(&world);
}

/* The lines of kernel/message.h; SHA-256("<in/>"), and SHA-256 of that, by sha256sum. */
static void an_event_names_the_record_of_the_octets_that_it_speaks_of(void **state)
{
	struct world world = begin(state, false);
	unsigned sealed;
	struct kernel_fixture *fixture = world.fixture;
	char record[CONTENT_DIGEST_SIZE];

	exchange(&world);
	must(journal_seal_step(&fixture->kernel, fixture->clock.now_us, 1000, &sealed, &fixture->err));
	const char *lines = arena_printf(
		fixture->arena, "kind received\nat %lld\noctets %s\nsigner aa\nbasis -\nparts %s\n",
		(long long)fixture->clock.now_us, "c390ede86900d9edd0dac97423212ff0d9093439834b7f521498ddabfced0363",
		"242349520ab49e41a39fb2eaeba81d7f39db7c99da1a28c4cfa1b22563e071fe");
	content_digest(bytes_of(lines), record);
	expect(call(&world, "GET", "/api/v1/events?limit=500", NULL, NULL), 200,
	       arena_printf(fixture->arena, "\"content\":\"%s\"", record));
	end(&world);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_evidence_is_verified_only_when_asked_for),
		cmocka_unit_test(altered_evidence_is_an_answer_that_names_the_wire),
		cmocka_unit_test(a_head_of_then_is_answered_with_its_seal),
		cmocka_unit_test(an_event_names_the_record_of_the_octets_that_it_speaks_of),
	};
	return kernel_run("audit", tests, COUNT(tests), NULL);
}
