/* What HTTP asks of every route, whatever it does: methods, media types, bodies, where things are (RFC 9110). */
#include "people.h"

#include "../customs/samples.h"
#include "customs/registry.h"

#define DOCUMENTS "/api/v1/documents?organisation=dft"

static struct answer post(struct world *world, const char *path, const char *type, const char *body)
{
	return ask(world, &(struct ask){ .method = "POST",
					 .path = path,
					 .body = bytes_of(body),
					 .headers = { { "Content-Type", type } } });
}

/* --- Methods --- */

/* 15.5.6 */
static void who_uses_another_method_is_told_which_there_are(void **state)
{
	static const struct {
		const char *method, *path, *allow;
	} rows[] = {
		{ "DELETE", "/api/v1/documents", "POST, GET, HEAD" },
		{ "PUT", "/api/v1/documents/x/original", "GET, HEAD" },
		{ "GET", "/api/v1/partners/VN/suspend", "POST" },
		{ "HEAD", "/api/v1/partners/VN/suspend", "POST" },
		{ "POST", "/api/v1/users/dara", "GET, HEAD, PATCH" },
	};
	struct world world = begin(state, false);

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct answer answer = call(&world, rows[i].method, rows[i].path, NULL, NULL);
		expect(answer, 405, rows[i].allow);
		assert_string_equal(header_of(&answer, "Allow"), rows[i].allow);
	}
	struct answer nothing = call(&world, "PUT", "/api/v1/nothing", NULL, NULL);
	expect(nothing, 404, NULL);
	assert_null(header_of(&nothing, "Allow"));
	end(&world);
}

/* 9.3.2: what GET would say; the server sends no body after it. */
static void what_can_be_got_can_be_asked_for_its_headers(void **state)
{
	struct world world = begin(state, false);

	for (size_t i = 0; api_route_at(i); i++) {
		const struct route *route = api_route_at(i);
		if (!same(route->method, "GET"))
			continue;
		struct answer whole = call(&world, "GET", route->path, NULL, NULL);
		struct answer head = call(&world, "HEAD", route->path, NULL, NULL);
		assert_int_equal(head.status, whole.status);
		assert_string_equal(head.content_type, whole.content_type);
		for (size_t k = 0; k < COUNT(whole.headers) && whole.headers[k].name; k++)
			assert_non_null(header_of(&head, whole.headers[k].name));
	}
	end(&world);
}

/* --- Bodies --- */

static void a_body_of_another_type_is_refused_with_the_header_that_is_right(void **state)
{
	static const struct {
		const char *path, *type, *body, *wanted; /* NULL: it is taken */
	} rows[] = {
		{ DOCUMENTS, "application/x-www-form-urlencoded", "{",
		  "Content-Type: TYPE, which is one of application/xml, text/xml, application/json" },
		{ DOCUMENTS, "text/plain", "{", "Content-Type: TYPE" },
		{ DOCUMENTS, "application/xml-dtd", "<", "Content-Type: TYPE" },
		{ DOCUMENTS, "application/xml", "<", NULL },
		{ DOCUMENTS, "Text/XML; charset=utf-8", " \r\n<", NULL },
		{ DOCUMENTS, "application/vnd.example+xml", "<", NULL },
		{ DOCUMENTS, "application/vnd.example+json", "{", NULL },
		{ DOCUMENTS, "", "{", NULL },
		{ DOCUMENTS, "", "<", NULL },
		{ "/api/v1/organisations", "application/x-www-form-urlencoded", "{", "Content-Type: application/json" },
		{ "/api/v1/organisations", "application/xml", "{", "Content-Type: application/json" },
		{ "/api/v1/organisations", "application/json ; charset=utf-8", "{", NULL },
		{ "/api/v1/organisations", "application/vnd.example+json", "{", NULL },
		/* Against the word of whoever sent it. */
		{ DOCUMENTS, "application/json", "<",
		  "begins with <, so it is no application/json: send it with the "
		  "header Content-Type: application/xml" },
		{ DOCUMENTS, "application/vnd.example+json", "\t<", "Content-Type: application/xml" },
		{ DOCUMENTS, "application/json", "\xEF\xBB\xBF<", "Content-Type: application/xml" },
		{ DOCUMENTS, "text/xml", "{",
		  "begins with {, so it is no text/xml: send it with the header "
		  "Content-Type: application/json" },
		{ DOCUMENTS, "application/xml; charset=utf-8", "\n {", "Content-Type: application/json" },
		{ DOCUMENTS, "application/json", "x", NULL }, /* it has its own finding */
		{ DOCUMENTS, "application/json", " \n", NULL },
	};
	struct world world = begin(state, false);

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct answer answer = post(&world, rows[i].path, rows[i].type, rows[i].body);
		expect(answer, rows[i].wanted ? 415 : same(rows[i].path, DOCUMENTS) ? 422 : 400, rows[i].wanted);
	}
	expect(post(&world, "/api/v1/partners/VN/suspend", "application/x-www-form-urlencoded", ""), 200, NULL);
	end(&world);
}

static void an_empty_body_is_answered_with_what_it_lacks(void **state)
{
	struct world world = begin(state, false);

	expect(call(&world, "POST", "/api/v1/organisations", NULL, NULL), 400,
	       "a JSON body is needed, at least {\\\"code\\\":…,\\\"seat\\\":…,\\\"name\\\":…}");
	expect(call(&world, "POST", "/api/v1/tokens", NULL, NULL), 400, "at least {}");
	expect(call(&world, "POST", DOCUMENTS, NULL, NULL), 422, "it is empty");
	expect(post(&world, DOCUMENTS, "application/json", "[]"), 422, "a document is one object");
	expect(post(&world, DOCUMENTS, "application/json", "{}"), 422, "?type= in the request, --type of the command");
	expect(post(&world, DOCUMENTS, "application/xml", "<CertificateOfOrigin/>"), 422,
	       "is \\\"\\\", where it must be \\\"urn:lintas:document:form-d:1\\\"");
	end(&world);
}

/* --- Where things are --- */

/* 10.2.2 */
static void what_is_made_is_found_where_the_answer_says(void **state)
{
	struct world world = begin(state, false);
	struct new_user_view user = { .name = "dara", .organisation = "dft", .title = "Dara", .roles = "officer" };
	struct organisation_view seat = { .code = "agri", .seat = "plant-health", .name = "Agriculture" };
	struct answer answer =
		post(&world, DOCUMENTS, "application/xml", sample(world.fixture->arena, "form-d/good-ordinary.xml"));

	expect(answer, 202, NULL);
	expect(call(&world, "GET", header_of(&answer, "Location"), NULL, NULL), 200, "D2026-0045678");
	answer = call(&world, "POST", "/api/v1/users", &new_user_schema, &user);
	expect(answer, 201, NULL);
	assert_string_equal(header_of(&answer, "Location"), "/api/v1/users/dara");
	answer = call(&world, "POST", "/api/v1/organisations", &organisation_schema, &seat);
	expect(answer, 201, NULL);
	assert_null(header_of(&answer, "Location"));
	end(&world);
}

/* --- Documents as JSON --- */

/* The elements of the golden sample, by the names of CANCELLATION in schema/openapi.json. */
static void what_a_document_says_is_read_as_json(void **state)
{
	static const char json[] =
		"{\"reference\":\"TH-CNL-1\",\"issueDate\":\"2026-11-02\",\"issuingCountry\":\"TH\",\"importingCountry\":\"VN\","
		"\"certificate\":{\"reference\":\"D2026-0045678\",\"issueDate\":\"2026-11-02\"},"
		"\"reason\":\"The shipment was called off\"}";
	struct world world = begin(state, false);
	struct arena *arena = world.fixture->arena;

	expect(post(&world, DOCUMENTS, "application/xml", sample(arena, "form-d/good-ordinary.xml")), 202, NULL);
	struct answer sent =
		post(&world, DOCUMENTS, "application/xml", sample(arena, "cancellation/good-cancellation.xml"));
	expect(sent, 202, NULL);
	const char *content = arena_printf(arena, "%s/content", header_of(&sent, "Location"));
	struct answer answer = call(&world, "GET", content, NULL, NULL);
	expect(answer, 200, NULL);
	assert_string_equal(answer.content_type, "application/json");
	assert_string_equal(answer.text, json);
	end(&world);
}

static const char *received(struct world *world, const char *message_id, const char *text)
{
	struct kernel_fixture *fixture = world->fixture;
	struct inbox_delivery delivery = fixture_delivery(fixture, "VN", message_id, message_id, text);
	unsigned done;

	delivery.message.action = "FORM-D";
	delivery.message.organisation = "customs";
	delivery.message.service = "urn:lintas:service:documents:1";
	delivery.message.final_recipient = "TH:customs";
	assert_int_equal(fixture_accept(fixture, &delivery, NULL), INBOX_ACCEPTED);
	must(inbox_step(&fixture->kernel, fixture->clock.now_us, 10, &done, &fixture->err));
	assert_int_equal(done, 1);
	struct message message = fixture_message(fixture, message_id);
	return arena_printf(fixture->arena, "/api/v1/documents/%s/content", message.document);
}

/* OCP rule 30(2): docs/interface.md shows the whole of it. UNTDID 1373 has 38, "final"; of a certificate it says
 * nothing. */
static void an_answer_in_json_moves_the_certificate(void **state)
{
	static const char answer_json[] =
		"{\"reference\":\"TH-RSP-2\",\"issueDate\":\"2026-11-02\",\"issuingCountry\":\"TH\",\"office\":\"Laem Chabang\","
		"\"certificate\":{\"reference\":\"VN-TH 26/02/00006\",\"issueDate\":\"2026-11-02\",\"country\":\"VN\"},"
		"\"status\":\"15\",\"goodsItem\":[{\"number\":1,\"status\":\"14\",\"importDeclaration\":\"IM-1\","
		"\"quantity\":\"432.50\",\"unit\":\"KGM\"}]}";
	static const char path[] = "/api/v1/documents?type=CUSTOMS-RESPONSE&organisation=customs";
	struct world world = begin(state, false);
	struct arena *arena = world.fixture->arena;

	received(&world, "m-1@vn", sample(arena, "form-d/good-third-country.xml"));
	struct answer refused = post(&world, path, "application/json",
				     with(arena, answer_json, "\"status\":\"15\"", "\"status\":\"38\""));
	expect(refused, 422, "\"path\":\"/status\"");
	expect(refused, 422, "\\\"38\\\" is not in the code list ORIGIN_STATUS (14: used up; ");
	assert_null(strstr(refused.text, "RSP-"));
	expect(post(&world, path, "application/json", answer_json), 202, NULL);
	expect(call(&world, "GET", "/api/v1/documents/VN-TH%2026%2F02%2F00006", NULL, NULL), 200,
	       "\"state\":\"partly-utilised\"");
	end(&world);
}

/* A part of it would pass for the whole. */
static void a_document_that_was_refused_is_read_only_if_all_of_it_can_be(void **state)
{
	struct world world = begin(state, false);
	struct arena *arena = world.fixture->arena;
	const char *good = sample(arena, "form-d/good-third-country.xml");
	const char *cut = arena_text_of(arena, bytes(good, strlen(good) / 2));

	expect(call(&world, "GET", received(&world, "m-1@vn", cut), NULL, NULL), 409, "not all of it can be read");
	expect(call(&world, "GET",
		    received(&world, "m-2@vn",
			     with(arena, good, "<IssueDate>2026-11-02</IssueDate>", "<IssueDate>soon</IssueDate>")),
		    NULL, NULL),
	       409, "not all of it can be read");
	expect(call(&world, "GET",
		    received(&world, "m-3@vn",
			     with(arena, good, "<IssueDate>2026-11-02</IssueDate>",
				  "<IssueDate>2031-01-01</IssueDate>")),
		    NULL, NULL),
	       200, "\"issueDate\":\"2031-01-01\"");
	end(&world);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_uses_another_method_is_told_which_there_are),
		cmocka_unit_test(what_can_be_got_can_be_asked_for_its_headers),
		cmocka_unit_test(a_body_of_another_type_is_refused_with_the_header_that_is_right),
		cmocka_unit_test(an_empty_body_is_answered_with_what_it_lacks),
		cmocka_unit_test(what_is_made_is_found_where_the_answer_says),
		cmocka_unit_test(what_a_document_says_is_read_as_json),
		cmocka_unit_test(an_answer_in_json_moves_the_certificate),
		cmocka_unit_test(a_document_that_was_refused_is_read_only_if_all_of_it_can_be),
	};
	return kernel_run("requests", tests, COUNT(tests), customs_capabilities);
}
