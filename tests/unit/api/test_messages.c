/* One message as an operator sees it. Digests of the texts are those of coreutils: printf '<doc/>' | sha256sum */
#include "world.h"

#include "customs/registry.h"
#include "kernel/message.h"
#include "kernel/party.h"

#define SHA256_DOC     "630890f1ac4752b019e13c1f559d9f8f8e4be89e9f74f43dde4da95843030219"
#define SHA256_SENT    "060494087eefcd7f6b9bd3b343ce84603908f1717adfa7f23d8380373607078e"
#define SHA256_RECEIPT "018d8f26060938177fda4d4e7ab4d99c8318187462fd455fd1065204bb09173e"

static enum err_code pin_run(struct tx *tx, void *arg, struct err *err)
{
	const struct cert *cert = arg;

	return partner_certificate_add(tx,
				       &(struct partner_certificate){ .partner = "VN",
								      .use = "sign",
								      .fingerprint = cert_fingerprint(cert),
								      .der = cert_der(cert),
								      .until_us = TIME_NONE },
				       &fixture_actor, FIXTURE_NOW_US, err);
}

/* A message that was sent to VN, which signs with WORLD's sign, and answered 250 ms later. */
static struct message deliver_one(struct world *world, const char *document)
{
	struct kernel_fixture *fixture = world->fixture;
	struct message message = fixture_put(fixture, "VN", NULL, document);
	struct message_list list;
	struct wire sent = { .kind = WIRE_SENT,
			     .at_us = FIXTURE_NOW_US,
			     .content_type = "multipart/related",
			     .octets = bytes_of("<sent/>"),
			     .certificate = "00ff" };
	struct wire receipt = { .kind = WIRE_RECEIPT_RECEIVED,
				.at_us = FIXTURE_NOW_US + 250000,
				.content_type = "application/soap+xml",
				.octets = bytes_of("<receipt/>"),
				.certificate = cert_fingerprint(pki_cert(world->sign)) };

	must(db_write(fixture->kernel.db, pin_run, pki_cert(world->sign), &fixture->err));
	must(outbox_claim(&fixture->kernel, fixture->arena, "VN", FIXTURE_NOW_US, MINUTE_US, 1, &list, &fixture->err));
	must(outbox_sending(&fixture->kernel, &list.items[0], &sent, &fixture->err));
	must(outbox_delivered(&fixture->kernel, &list.items[0], &receipt, receipt.at_us, &fixture->err));
	return message;
}

/* The document ID, with REFERENCE, that MESSAGE carries. */
static void carry(struct world *world, const char *id, const char *reference, const char *message)
{
	static const struct statement put = {
		"test.document",
		"INSERT INTO document (id, organisation, doctype, version, direction, partner, reference, digest, message,"
		" part, conversation, test, created_us, machine, refused) VALUES ($1, 'dft', 'FORM-D', '1', 'out', 'VN', $2,"
		" 'ab', $3, 1, 'c', 0, 1, 'form-d.sent', 1)"
	};

	fixture_exec(world->fixture, &put, BINDS(BIND_TEXT(id), BIND_TEXT(reference), BIND_TEXT(message)));
}

static struct answer get(struct world *world, const char *format, const char *id)
{
	return call(world, "GET", arena_printf(world->fixture->arena, "%s%s", format, id), NULL, NULL);
}

static struct message_view read_message(struct world *world, struct answer answer)
{
	struct kernel_fixture *fixture = world->fixture;
	struct findings *findings = findings_new(fixture->arena);
	struct message_view view;

	expect(answer, 200, NULL);
	must(field_read_json(fixture->arena, &message_schema, bytes_of(answer.text), NULL, &view, findings,
			     &fixture->err));
	assert_int_equal(findings_count(findings), 0);
	return view;
}

static void one_message_shows_its_parts_and_what_is_kept_of_the_exchange(void **state)
{
	struct world world = begin(state, false);
	struct message message = deliver_one(&world, NULL);
	struct message_view view = read_message(&world, get(&world, "/api/v1/messages/", message.id));

	assert_string_equal(view.state, "delivered");
	assert_int_equal(view.attempts, 1);
	assert_int_equal(view.parts_count, 1);
	assert_string_equal(view.parts[0].content_id, "doc");
	assert_string_equal(view.parts[0].mime_type, "application/xml");
	assert_int_equal(view.parts[0].bytes, strlen("<doc/>"));
	assert_false(view.parts[0].compressed);
	assert_string_equal(view.parts[0].digest, SHA256_DOC);
	assert_int_equal(view.wires_count, 2);
	assert_string_equal(view.wires[0].kind, "sent");
	assert_string_equal(view.wires[0].digest, SHA256_SENT);
	assert_null(view.wires[0].signer); /* nobody knows the certificate 00ff */
	assert_string_equal(view.wires[1].kind, "receipt-received");
	assert_int_equal(view.wires[1].at_us - view.wires[0].at_us, 250000);
	assert_int_equal(view.wires[1].bytes, strlen("<receipt/>"));
	assert_string_equal(view.wires[1].digest, SHA256_RECEIPT);
	assert_string_equal(view.wires[1].certificate, cert_fingerprint(pki_cert(world.sign)));
	assert_string_equal(view.wires[1].signer, "CN=sign");
	end(&world);
}

static void a_list_of_messages_stays_small(void **state)
{
	struct world world = begin(state, false);

	deliver_one(&world, NULL);
	struct answer answer = call(&world, "GET", "/api/v1/messages", NULL, NULL);
	expect(answer, 200, "\"delivered\"");
	assert_null(strstr(answer.text, "\"parts\""));
	assert_null(strstr(answer.text, "\"wires\""));
	end(&world);
}

static void a_message_is_found_by_whatever_names_it_alone(void **state)
{
	struct world world = begin(state, false);
	struct message message = deliver_one(&world, "doc-1");
	const char *const names[] = { message.id, message.message_id, "doc-1", "D2026-0045678" };

	carry(&world, "doc-1", "D2026-0045678", message.id);
	for (size_t i = 0; i < COUNT(names); i++) {
		assert_string_equal(read_message(&world, get(&world, "/api/v1/messages/", names[i])).id, message.id);
		expect(get(&world, "/api/v1/timeline/", names[i]), 200, message.id);
	}
	expect(get(&world, "/api/v1/messages/", "D2026-0045679"), 404, NULL);
	expect(get(&world, "/api/v1/timeline/", "D2026-0045679"), 404, NULL);
	end(&world);
}

/* Issuers write them (the golden e-Form D of VN), and clients escape them: '%2F' is no end of a segment. */
static void a_reference_with_a_slash_is_found(void **state)
{
	struct world world = begin(state, false);
	struct message message = deliver_one(&world, "doc-1");

	carry(&world, "doc-1", "VN-TH 26/02/00006", message.id);
	expect(get(&world, "/api/v1/messages/", "VN-TH%2026%2F02%2F00006"), 200, message.id);
	expect(get(&world, "/api/v1/timeline/", "VN-TH%2026%2F02%2F00006"), 200, message.id);
	expect(get(&world, "/api/v1/messages/", "VN-TH%2026/02/00006"), 404, NULL);
	end(&world);
}

static void a_reference_that_several_documents_have_names_none(void **state)
{
	struct world world = begin(state, false);
	struct message first = deliver_one(&world, "doc-1"), second = fixture_put(world.fixture, "VN", NULL, "doc-2");

	carry(&world, "doc-1", "D2026-0045678", first.id);
	carry(&world, "doc-2", "D2026-0045678", second.id);
	struct answer answer = get(&world, "/api/v1/messages/", "D2026-0045678");
	expect(answer, 409, "doc-1");
	expect(answer, 409, "doc-2");
	expect(get(&world, "/api/v1/timeline/", "D2026-0045678"), 409, "doc-2");
	expect(get(&world, "/api/v1/messages/", "doc-2"), 200, second.id);
	end(&world);
}

/* The document alone, and what is asked about it: by its id, or by a reference that no other one has. */
static void a_document_is_found_by_its_reference(void **state)
{
	struct world world = begin(state, false);
	struct message first = deliver_one(&world, "doc-1"), second = fixture_put(world.fixture, "VN", NULL, "doc-2");

	carry(&world, "doc-1", "D2026/0045678", first.id);
	expect(get(&world, "/api/v1/documents/", "D2026%2F0045678"), 200, "\"id\":\"doc-1\"");
	expect(get(&world, "/api/v1/documents/", "D2026%2F0045678/original"), 200, "<doc/>");
	expect(get(&world, "/api/v1/documents/", "D2026%2F0045679"), 404,
	       "lintas documents list (GET /api/v1/documents) shows what there is");
	/* Not of a message: that has one document, but is none. */
	expect(get(&world, "/api/v1/documents/", first.id), 404, NULL);
	carry(&world, "doc-2", "D2026/0045678", second.id);
	struct answer answer = get(&world, "/api/v1/documents/", "D2026%2F0045678");
	expect(answer, 409, "doc-1");
	expect(answer, 409, "doc-2");
	expect(get(&world, "/api/v1/documents/", "D2026%2F0045678/content"), 409, "name one by its id");
	expect(call(&world, "POST", "/api/v1/documents/D2026%2F0045678/seen", NULL, NULL), 409, "name one by its id");
	expect(get(&world, "/api/v1/documents/", "doc-2"), 200, "\"id\":\"doc-2\"");
	end(&world);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_message_shows_its_parts_and_what_is_kept_of_the_exchange),
		cmocka_unit_test(a_list_of_messages_stays_small),
		cmocka_unit_test(a_message_is_found_by_whatever_names_it_alone),
		cmocka_unit_test(a_reference_with_a_slash_is_found),
		cmocka_unit_test(a_reference_that_several_documents_have_names_none),
		cmocka_unit_test(a_document_is_found_by_its_reference),
	};
	return kernel_run("messages", tests, COUNT(tests), customs_capabilities);
}
