/* The printed description against what the interface really does: every answer and every body that was taken is given
 * to openapi_oracle.py, which reads the description with Python's jsonschema and knows nothing of our tables. */
#include "world.h"

#include <ctype.h>
#include <glob.h>
#include <stdio.h>
#include <unistd.h>

#include "edition_trial.h"

#include "../customs/samples.h"
#include "base/text.h"
#include "codec/json.h"
#include "customs/document/document.h"
#include "customs/nomenclature/api_int.h"
#include "customs/registry.h"
#include "kernel/card.h"
#include "kernel/journal.h"
#include "kernel/task.h"

#define FILE_BYTES ((size_t)8 << 20)

/* What happened, one JSON object each: request and answer. */
struct record {
	struct world *world;
	struct buf file;
	struct json_writer json;
	const char *document, *token, *refusal, *webhook, *paper, *edition; /* ids */
};

static void begin_record(struct record *record, struct world *world)
{
	*record = (struct record){ .world = world };
	buf_init(&record->file, FILE_BYTES);
	record->json.out = &record->file;
	json_open(&record->json, NULL, '[');
}

/* BODY: NULL for none. */
static struct answer tell(struct record *record, const char *method, const char *path, const char *body)
{
	const struct ask asked = { .method = method, .path = path, .body = bytes_of(body) };
	struct answer answer = ask(record->world, &asked);

	json_open(&record->json, NULL, '{');
	json_put_text(&record->json, "method", method);
	json_put_text(&record->json, "path", path);
	json_put_text(&record->json, "request", body);
	json_put_number(&record->json, "status", answer.status);
	json_put_text(&record->json, "type", answer.content_type);
	json_put_text(&record->json, "answer", answer.text);
	json_open(&record->json, "headers", '{');
	for (size_t i = 0; i < COUNT(answer.headers) && answer.headers[i].name; i++)
		json_put_text(&record->json, answer.headers[i].name, answer.headers[i].value);
	json_close(&record->json, '}');
	json_close(&record->json, '}');
	return answer;
}

static const char *text_of(struct record *record, const struct schema *schema, const void *view)
{
	buf_auto out;

	buf_init(&out, FILE_BYTES);
	field_put_json(&out, schema, view);
	return arena_text(record->world->fixture->arena, buf_text(&out));
}

/* The value of the text member NAME in the answer. */
static const char *member(struct record *record, struct answer answer, const char *name)
{
	struct arena *arena = record->world->fixture->arena;
	const char *mark = arena_printf(arena, "\"%s\":\"", name);
	const char *at = strstr(answer.text, mark);

	if (!at)
		fail_msg("no %s: %d %s", name, answer.status, answer.text);
	at += strlen(mark);
	return arena_text_of(arena, bytes(at, strcspn(at, "\"")));
}

/* --- What is in the node --- */

static void add_partner(struct record *record)
{
	struct world *world = record->world;
	struct certificate_view certificates[3];
	static const char *const uses[] = { "sign", "encrypt", "tls" };
	const struct pki *of[] = { world->sign, world->encrypt, world->tls };
	struct partner_view view = { .code = "LA",
				     .name = "Lao Customs",
				     .party_id = "LA:gateway",
				     .endpoint = "https://192.0.2.7:8443/as4",
				     .profile = "ecdsa-p256",
				     .certificates = certificates,
				     .certificates_count = COUNT(certificates) };

	for (size_t i = 0; i < COUNT(certificates); i++)
		certificates[i] = (struct certificate_view){ .use = uses[i],
							     .pem = pem_of(world, of[i]),
							     .not_before_us = TIME_NONE,
							     .not_after_us = TIME_NONE,
							     .withdrawn_us = TIME_NONE };
	expect(tell(record, "POST", "/api/v1/partners", text_of(record, &partner_schema, &view)), 201, NULL);
	expect(tell(record, "POST", "/api/v1/partners/LA/suspend", NULL), 200, NULL);
	expect(tell(record, "POST", "/api/v1/partners/LA/resume", NULL), 200, NULL);
	expect(tell(record, "PATCH", "/api/v1/partners/LA", "{\"name\":\"Lao PDR Customs\"}"), 200, NULL);
	expect(tell(record, "POST", "/api/v1/partners/LA/activations",
		    "{\"document\":\"ACDD\",\"direction\":\"in\",\"state\":\"opted-out\",\"law\":\"a note\"}"),
	       200, NULL);
	expect(tell(record, "GET", "/api/v1/partners/LA/activations", NULL), 200, "opted-out");
	expect(tell(record, "GET", "/api/v1/activations", NULL), 200, "opted-out");
}

/* LA is on ebMS 2 then, under what we have proposed. */
static void agree(struct record *record)
{
	struct world *world = record->world;
	struct kernel_fixture *fixture = world->fixture;
	pki_auto sign = pki_issue(&(struct pki_spec){ .subject = "/CN=rsa", .key = "rsa-2048" });
	struct certificate_view certificate = { .use = "sign",
						.pem = pem_of(world, sign),
						.not_before_us = TIME_NONE,
						.not_after_us = TIME_NONE,
						.withdrawn_us = TIME_NONE };
	struct key_info key;

	pki_key_install(world->directory, KEY_USE_SIGN, KEY_RSA_2048, world->root, &key);
	must(messaging_refresh(world->messaging, true, &fixture->err));
	expect(tell(record, "POST", "/api/v1/partners/LA/certificates",
		    text_of(record, &certificate_schema, &certificate)),
	       200, NULL);
	struct answer answer =
		tell(record, "POST", "/api/v1/partners/LA/agreement-proposal",
		     "{\"endpoint\":\"https://192.0.2.1/as4\",\"partnerEndpoint\":\"https://192.0.2.7/msh\","
		     "\"id\":\"th-la\",\"agreed\":true}");
	expect(answer, 200, "th-la");
	struct terms terms = { .test = true };
	struct agreement_import_view view = { .cpa = answer.text, .terms = &terms };
	const char *body = text_of(record, &agreement_import_schema, &view);
	expect(tell(record, "POST", "/api/v1/partners/LA/agreement-check", body), 200, NULL);
	expect(tell(record, "POST", "/api/v1/partners/LA/agreements", body), 201, NULL);
	expect(tell(record, "POST", "/api/v1/partners/LA/agreements/th-la/withdraw", NULL), 200, NULL);
	expect(tell(record, "POST", "/api/v1/partners/LA/agreements", body), 201, NULL);
}

static void add_users(struct record *record)
{
	expect(tell(record, "POST", "/api/v1/users",
		    "{\"name\":\"nguyen\",\"organisation\":\"customs\",\"title\":\"Nguyen\",\"roles\":\"officer\"}"),
	       201, NULL);
	expect(tell(record, "PATCH", "/api/v1/users/nguyen", "{\"title\":\"Nguyen Van A\"}"), 200, NULL);
	struct answer token = tell(record, "POST", "/api/v1/tokens", "{\"user\":\"nguyen\",\"title\":\"ERP\"}");
	expect(token, 201, "\"secret\"");
	record->token = member(record, token, "id");
}

/* The last change leaves it paused, with an event to deliver again. */
static void add_webhooks(struct record *record)
{
	static const char *const changes[][2] = { { "rotate", "{\"overlap\":3600}" },
						  { "redeliver", "{\"after\":0}" },
						  { "resume", NULL },
						  { "pause", NULL } };
	struct arena *arena = record->world->fixture->arena;
	struct answer added =
		tell(record, "POST", "/api/v1/webhooks",
		     "{\"url\":\"https://erp.example/\",\"organisation\":\"customs\",\"events\":\"received\"}");

	expect(added, 201, "\"secret\":\"whsec_");
	record->webhook = member(record, added, "id");
	for (size_t i = 0; i < COUNT(changes); i++) {
		const char *path = arena_printf(arena, "/api/v1/webhooks/%s/%s", record->webhook, changes[i][0]);
		expect(tell(record, "POST", path, changes[i][1]), 200, NULL);
	}
	expect(tell(record, "POST", "/api/v1/webhooks", "{\"url\":\"http://erp.example/\"}"), 422, "WHK-002");
}

static void send_documents(struct record *record)
{
	struct arena *arena = record->world->fixture->arena;
	const char *xml = sample(arena, "form-d/good-ordinary.xml");

	expect(tell(record, "POST", "/api/v1/organisations",
		    "{\"code\":\"agri\",\"seat\":\"plant-health\",\"name\":\"Agriculture\"}"),
	       201, NULL);
	expect(tell(record, "POST", "/api/v1/documents", with(arena, xml, "D2026-0045678", "D2026-0000001")), 202,
	       NULL);
	expect(tell(record, "POST", "/api/v1/documents?organisation=dft&partner=VN&test=true", xml), 202, NULL);
	struct answer again = tell(record, "POST", "/api/v1/documents?organisation=dft&partner=VN&test=true", xml);
	expect(again, 202, "\"repeated\":true");
	record->document = member(record, again, "id");
	static const char *const steps[] = { "hold", "release", "hold", "abandon" };
	for (size_t i = 0; i < COUNT(steps); i++)
		expect(tell(record, "POST",
			    arena_printf(arena, "/api/v1/messages/%s/%s", member(record, again, "message"), steps[i]),
			    NULL),
		       200, NULL);
	expect(tell(record, "POST", "/api/v1/partners/VN/ping", NULL), 202, NULL);
	expect(tell(record, "POST", "/api/v1/audit/verify?evidence=true", NULL), 200, NULL);
}

/* What no partner sent: a paper that came by hand. */
static void accept_paper(struct record *record)
{
	static const char paper[] = "{\"partner\":\"VN\",\"type\":\"FORM-D\",\"reference\":\"VN-1\","
				    "\"issuedOn\":\"2026-11-01\",\"organisation\":\"customs\",\"reason\":\"down\"}";
	struct answer answer = tell(record, "POST", "/api/v1/papers", paper);

	expect(answer, 201, "\"accepted\"");
	record->paper = member(record, answer, "id");
	expect(tell(record, "POST", "/api/v1/papers", paper), 422, "PAP-002");
	expect(tell(record, "GET", "/api/v1/papers?open=true", NULL), 200, record->paper);
	expect(tell(record, "POST",
		    arena_printf(record->world->fixture->arena, "/api/v1/papers/%s/close", record->paper),
		    "{\"reason\":\"it will not come\"}"),
	       200, "\"closed\"");
	expect(tell(record, "GET", "/api/v1/papers?open=true", NULL), 200, "\"items\":[]");
}

/* Of a kind that no capability has. The file is no JSON, so the description says nothing of what is in it. */
static void import_edition(struct record *record)
{
	static const char file[] = "--b\r\n\r\n{\"title\":\"t\",\"records\":\"trial.open\",\"format\":\"csv\",\"row\":"
				   "[{\"to\":\"/code\",\"from\":\"CODE\"},{\"to\":\"/level\",\"from\":\"LEVEL\"}]}\r\n"
				   "--b\r\n\r\nCODE,LEVEL\n1,1\n\r\n--b--\r\n";
	const struct ask asked = { .method = "POST",
				   .path = "/api/v1/editions?subject=VN&from=2026-01-01&until=2026-12-31",
				   .body = bytes_of(file) };
	static const char *const steps[][2] = { { "approve", "approved" },
						{ "activate?from=2026-02-01", "active" },
						{ "withdraw?reason=wrong", "withdrawn" } };
	struct arena *arena = record->world->fixture->arena;

	for (size_t i = 0; i < COUNT(trial_tables); i++)
		fixture_exec(record->world->fixture, &trial_tables[i], NO_BINDS);
	record->edition = member(record, ask(record->world, &asked), "id");
	for (size_t i = 0; i < COUNT(steps); i++)
		expect(tell(record, "POST", arena_printf(arena, "/api/v1/editions/%s/%s", record->edition, steps[i][0]),
			    NULL),
		       200, steps[i][1]);
	expect(tell(record, "POST", arena_printf(arena, "/api/v1/editions/%s/discard", record->edition), NULL), 422,
	       "FSM-001");
}

static void refuse_message(struct record *record)
{
	struct kernel_fixture *fixture = record->world->fixture;
	struct wire received = fixture_wire(fixture, WIRE_RECEIVED, "garbage");
	struct wire error = fixture_wire(fixture, WIRE_ERROR_SENT, "<error/>");

	must(inbox_refused(&fixture->kernel, "LA", "m1@la",
			   &(struct refused_for){ .rule = "MSG-010", .text = "as it is" }, &received, &error,
			   fixture->clock.now_us, &fixture->err));
	record->refusal = member(record, tell(record, "GET", "/api/v1/refusals?partner=LA", NULL), "id");
}

static enum err_code put_tasks(struct tx *tx, void *arg, struct err *err)
{
	struct task task = { .organisation = "dft", .kind = "clock", .subject = "a", .text = "look" };

	(void)arg;
	TRY(task_open(tx, &task, FIXTURE_NOW_US, err));
	task.subject = "b";
	return task_open(tx, &task, FIXTURE_NOW_US, err);
}

static const char *mapping_text(struct record *record, const char *name)
{
	struct arena *arena = record->world->fixture->arena;

	return sample(arena, arena_printf(arena, "../../data/nomenclature/%s.json", name));
}

/* A book of one heading, and what became of its subheading. */
static void import_nomenclature(struct record *record)
{
	static const struct {
		const char *subject, *map, *file;
	} rows[] = {
		{ "HS2022", "hs2022-legal",
		  "code,line_kind,dash_level,level,text_en\n01,line,0,2,LIVE ANIMALS\n0101,line,0,4,Horses\n"
		  "010121,group,1,5,Horses\n010121,line,2,6,Pure-bred\n" },
		{ "UNSD", "hs-correlation",
		  "from_version,from_code,to_version,to_code,relationship\n2022,010121,2017,010121,1:1\n" },
	};
	struct arena *arena = record->world->fixture->arena;

	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct ask asked = {
			.method = "POST",
			.path = arena_printf(arena, "/api/v1/editions?activate=true&subject=%s", rows[i].subject),
			.body = bytes_of(arena_printf(arena, "--b\r\n\r\n%s\r\n--b\r\n\r\n%s\r\n--b--\r\n",
						      mapping_text(record, rows[i].map), rows[i].file)),
		};
		expect(ask(record->world, &asked), 201, "\"active\"");
	}
	expect(tell(record, "PUT", "/api/v1/nomenclature/versions/TH2022",
		    "{\"title\":\"Decree\",\"base\":\"AHTN2022\",\"from\":\"2022-01-01\",\"digits\":11}"),
	       200, "\"TH2022\"");
	expect(tell(record, "PUT", "/api/v1/nomenclature/versions/HS2022",
		    "{\"title\":\"x\",\"base\":\"HS2017\",\"from\":\"2022-01-01\",\"digits\":6}"),
	       422, "NOM-015");
	/* The oracle reads JSON. */
	const struct ask list = { .method = "POST",
				  .path = "/api/v1/nomenclature/correlations?from=2022&to=2017",
				  .body = bytes_of("name,code\nhorse,0101.21\nx,y\n") };
	expect(ask(record->world, &list), 200, "0101.21,1:1,1:1,010121,,,no,");
	expect(tell(record, "GET", "/api/v1/nomenclature/HS2022/lines/0101.29?notes=true", NULL), 404, "0101.21");
	expect(tell(record, "GET", "/api/v1/nomenclature/HS2022/lines?below=0101&levels=2&language=vi", NULL), 200,
	       "0101.21");
}

/* --- Asking --- */

/* PATH with what there is in the place of its parameters; ids are those of documents. */
static const char *filled(struct record *record, const char *path)
{
	const struct {
		const char *name, *value;
	} rows[] = {
		{ "{document}", record->document },
		{ "{message}", record->document },
		{ "{subject}", record->document },
		{ "{refusal}", record->refusal },
		{ "{webhook}", record->webhook },
		{ "{edition}", record->edition },
		{ "{code}", "LA" },
		{ "{paper}", record->paper },
		{ "{agreement}", "th-la" },
		{ "{name}", "nguyen" },
		{ "{version}", "HS2022" },
		{ "{line}", "0101.21" },
		{ "{correlated}", "2022:0101.21" },
	};
	struct arena *arena = record->world->fixture->arena;

	for (size_t i = 0; i < COUNT(rows); i++)
		if (strstr(path, rows[i].name))
			path = with(arena, path, rows[i].name, rows[i].value);
	return path;
}

static enum err_code put_card(struct tx *tx, void *arg, struct err *err)
{
	const char *text = arg;
	const struct partner_card card = {
		.partner = "LA", .serial = 1, .octets = bytes_of(text), .state = CARD_PENDING
	};
	return partner_card_put(tx, &card, "A card waits", &fixture_actor, FIXTURE_NOW_US, err);
}

/* LA sends our own card: which is shown with what is wrong with it. */
static void take_card(struct record *record)
{
	struct kernel_fixture *fixture = record->world->fixture;

	must(keys_reload(record->world->keys, &fixture->err));
	const char *card = tell(record, "GET", "/api/v1/card", NULL).text;
	const struct card_import_view view = { .card = card };
	expect(tell(record, "POST", "/api/v1/card-check", text_of(record, &card_import_schema, &view)), 200,
	       "CARD-003");
	expect(tell(record, "POST", "/api/v1/cards", text_of(record, &card_import_schema, &view)), 422, "CARD-003");
	must(db_write(fixture->kernel.db, put_card, (void *)(uintptr_t)card, &fixture->err));
}

static void read_all(struct record *record)
{
	struct arena *arena = record->world->fixture->arena;

	for (size_t i = 0; api_route_at(i); i++) {
		const struct route *route = api_route_at(i);
		if (!same(route->method, "GET"))
			continue;
		const char *path = filled(record, route->path);
		expect(tell(record, "GET", path, NULL), 200, NULL);
		if (route_takes(route, &query_limit))
			expect(tell(record, "GET", arena_printf(arena, "%s?limit=1", path), NULL), 200, NULL);
	}
	expect(tell(record, "GET", "/api/v1/documents?direction=in&type=FORM-D", NULL), 200, NULL);
}

static void be_refused(struct record *record)
{
	struct arena *arena = record->world->fixture->arena;

	expect(tell(record, "GET", "/api/v1/partners/PH", NULL), 404, NULL);
	expect(tell(record, "GET", "/api/v1/messages?state=x&limit=0&nothing=1", NULL), 422, NULL);
	expect(tell(record, "POST", "/api/v1/partners/LA/resume", NULL), 409, NULL);
	expect(tell(record, "POST", "/api/v1/organisations", "{"), 400, NULL);
	expect(tell(record, "POST", "/api/v1/organisations", "{\"code\":1,\"a~b/c\":2,\"seat\":\"x\"}"), 422,
	       "FLD-003");
	expect(tell(record, "POST", "/api/v1/partners",
		    "{\"code\":\"KH\",\"name\":\"a\",\"partyId\":\"b\",\"endpoint\":\"c\",\"profile\":\"d\",\"certificates\":"
		    "[{\"use\":\"sign\",\"pem\":\"x\"},7,{\"use\":\"seal\",\"extra\":null}]}"),
	       422, NULL);
	struct answer answer =
		ask(record->world, &(struct ask){ .method = "GET", .path = "/api/v1/me", .remote = true });
	expect(answer, 401, NULL);
	expect(tell(record, "POST", arena_printf(arena, "/api/v1/tokens/%s/revoke", record->token), NULL), 200, NULL);
}

/* --- Documents as JSON --- */

/* As the reader makes it from the XML sample NAME; what it could not read is not in it. */
static const char *json_of(struct record *record, const struct doctype *doctype, const char *name)
{
	struct kernel_fixture *fixture = record->world->fixture;
	struct findings *findings = findings_new(fixture->arena);
	const struct doctype *found = NULL;
	const void *as_read = NULL;

	must(document_check(&fixture->kernel, fixture->arena, doctype->code, bytes_of(sample(fixture->arena, name)),
			    date_of(2026, 11, 2), &found, &as_read, findings, &fixture->err));
	return as_read ? text_of(record, doctype->schema, as_read) : NULL;
}

/* Good ones are described; what is broken by their rules is broken in JSON, too, and its findings name their places. */
static void submit_json(struct record *record, const struct doctype *doctype, const char *name)
{
	struct arena *arena = record->world->fixture->arena;
	const char *json = json_of(record, doctype, name);
	const char *path = arena_printf(arena, "/api/v1/documents?type=%s&test=true", doctype->code);

	if (!json)
		return;
	if (doctype->schema->foreign) {
		expect(tell(record, "POST", path, json), 422, "DOC-021");
		return;
	}
	tell(record, "POST", path, json);
	if (!starts_with(strchr(name, '/') + 1, "good-"))
		return;
	json_open(&record->json, NULL, '{');
	json_put_text(&record->json, "schema", doctype->schema->name);
	json_put_text(&record->json, "request", json);
	json_close(&record->json, '}');
	/* The last closing brace is the document's. */
	char *strange = arena_printf(arena, "%.*s,\"a~b/c\":{\"x\":1}}", (int)strlen(json) - 1, json);
	expect(tell(record, "POST", path, strange), 422, "/a~0b~1c");
}

static void submit_samples(struct record *record, const struct doctype *doctype)
{
	struct arena *arena = record->world->fixture->arena;
	const char *root = getenv("LINTAS_SOURCE");
	char *folder = arena_text(arena, doctype->code);
	glob_t found;

	for (char *c = folder; *c; c++)
		*c = (char)tolower((unsigned char)*c);
	const char *golden = arena_printf(arena, "%s/tests/golden/", root ? root : ".");
	assert_int_equal(glob(arena_printf(arena, "%s%s/*.xml", golden, folder), 0, NULL, &found), 0);
	for (size_t i = 0; i < found.gl_pathc; i++)
		submit_json(record, doctype, found.gl_pathv[i] + strlen(golden));
	globfree(&found);
}

static void submit_all(struct record *record)
{
	for (const struct capability *const *c = customs_capabilities; *c; c++)
		for (const struct doctype *const *d = (*c)->doctypes; d && *d; d++)
			submit_samples(record, *d);
}

/* --- The oracle --- */

static void write_file(char path[], const struct buf *content)
{
	int descriptor = mkstemp(path);

	assert_true(descriptor >= 0);
	assert_int_equal(content->failed, OK);
	assert_int_equal(write(descriptor, content->data, content->size), (ssize_t)content->size);
	close(descriptor);
}

static void every_request_and_answer_is_as_described(void **state)
{
	struct world world = begin(state, false);
	struct kernel_fixture *fixture = world.fixture;
	char description_path[] = "/tmp/lintas-openapi-XXXXXX", record_path[] = "/tmp/lintas-record-XXXXXX";
	struct record record;
	unsigned sealed;
	buf_auto description;

	if (system("python3 -c 'import jsonschema' 2>/dev/null") != 0) {
		end(&world);
		skip();
	}
	begin_record(&record, &world);
	add_partner(&record);
	agree(&record);
	add_users(&record);
	add_webhooks(&record);
	send_documents(&record);
	accept_paper(&record);
	import_edition(&record);
	refuse_message(&record);
	take_card(&record);
	import_nomenclature(&record);
	must(db_write(fixture->kernel.db, put_tasks, NULL, &fixture->err));
	must(journal_seal_step(&fixture->kernel, fixture->clock.now_us, 100, &sealed, &fixture->err));
	read_all(&record);
	be_refused(&record);
	submit_all(&record);
	json_close(&record.json, ']');
	buf_init(&description, FILE_BYTES);
	must(api_put_openapi(fixture->arena, &fixture->kernel, "0", &description, &fixture->err));
	write_file(description_path, &description);
	write_file(record_path, &record.file);
	buf_done(&record.file);

	const char *command =
		arena_printf(fixture->arena, "python3 '%s' '%s' '%s'", OPENAPI_ORACLE, description_path, record_path);
	assert_int_equal(system(command), 0);
	unlink(description_path);
	unlink(record_path);
	end(&world);
}

static void the_description_is_the_same_wherever_it_is_printed(void **state)
{
	struct world world = begin(state, false);
	struct kernel_fixture *fixture = world.fixture;
	buf_auto description;

	buf_init(&description, FILE_BYTES);
	must(api_put_openapi(fixture->arena, &fixture->kernel, "0", &description, &fixture->err));
	struct answer answer = call(&world, "GET", "/api/v1/openapi.json", NULL, NULL);
	assert_int_equal(answer.status, 200);
	assert_string_equal(answer.content_type, "application/json");
	assert_string_equal(answer.text, buf_text(&description));
	end(&world);
}

/* The server refuses them before anything looks at the path, so a client must not think that they are names. */
static void names_in_paths_have_no_control_characters(void **state)
{
	struct world world = begin(state, false);
	struct http_request request;
	const char *text = call(&world, "GET", "/api/v1/openapi.json", NULL, NULL).text;
	const char *code = strstr(text, "\"Code of the partner: ");

	assert_non_null(code);
	assert_non_null(strstr(code, "\"pattern\": \"^[^\\\\u0000-\\\\u001f\\\\u007f]+$\""));
	assert_false(http_target(world.fixture->arena, "/api/v1/partners/K%1FH", &request));
	end(&world);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_in_paths_have_no_control_characters),
		cmocka_unit_test(every_request_and_answer_is_as_described),
		cmocka_unit_test(the_description_is_the_same_wherever_it_is_printed),
	};
	enum { MOST = 32 };
	static const struct capability *capabilities[MOST] = { &trial_capability };

	for (size_t i = 0; customs_capabilities[i]; i++) {
		assert_true(i + 2 < MOST);
		capabilities[i + 1] = customs_capabilities[i];
	}
	return kernel_run("openapi", tests, COUNT(tests), capabilities);
}
