/* A request as it comes to the interface: target, headers, body. The path finds its route or none, the query says what
 * it says, and no request is a fault of ours.
 *
 * Input: "METHOD TARGET", headers "Name: value" a line, an empty line, the body. Without Authorization it comes over
 * the administration socket, where everything is allowed. */
#include "api/api.h"
#include "base/log.h"
#include "base/text.h"
#include "customs/registry.h"
#include "fuzz.h"
#include "kernel/codelist.h"
#include "kernel/party.h"
#include "net/http_int.h"
#include "pki.h"
#include "request.h"

#define ARENA_MAX   ((size_t)64 << 20)
#define HEADERS_MAX 16
#define NOW_US      INT64_C(1793588400000000) /* 2026-11-02T03:00:00Z */

extern const char text_good_ordinary_xml[]; /* tests/golden/form-d, made by tools/embed.py */

static int64_t now_us(const struct clock *clock)
{
	(void)clock;
	return NOW_US;
}
static const struct clock stopped = { now_us };

/* A node that has sent one document. */
static struct {
	char *directory;
	struct kernel kernel;
	struct keys *keys;
	struct messaging *messaging;
	struct api *api;
	int64_t written;
} world;

static int64_t transactions(void)
{
	return db_counters(world.kernel.db).transactions;
}

static int ask(struct arena *arena, struct http_request *request)
{
	struct http_response response;

	request->arena = arena;
	request->peer = request->local ? "unix" : "192.0.2.1:1024";
	api_handle(world.api, request, &response);
	if (response.owned) {
		struct bytes body = buf_bytes(response.owned);
		MUST(!same(response.content_type, "application/json") || utf8_valid(body));
		buf_done(response.owned);
	}
	return response.status;
}

static enum err_code put_parties(struct tx *tx, void *arg, struct err *err)
{
	static const struct actor nobody = { .name = "system" };
	static const struct organisation dft = { "dft", "issuing-authority", "Department of Foreign Trade" };
	static const struct partner vn = {
		.code = "VN",
		.name = "Customs of Viet Nam",
		.party_id = "VN:gateway",
		.party_type = "urn:lintas:party",
		.endpoint = "https://192.0.2.1/as4",
		.profile = "edelivery-2.0",
		.token = "bst",
		.status = "active",
	};

	(void)arg;
	TRY(organisation_add(tx, &dft, &nobody, NOW_US, err));
	return partner_add(tx, &vn, &nobody, NOW_US, err);
}

static void put_document(void)
{
	arena_auto arena = arena_new(ARENA_MAX);
	struct http_request request = { .method = "POST",
					.path = "/api/v1/documents",
					.raw_path = "/api/v1/documents",
					.query = "",
					.body = bytes_of(text_good_ordinary_xml),
					.local = true };

	MUST(arena && ask(arena, &request) == 202);
}

static void world_end(void)
{
	api_free(world.api);
	messaging_free(world.messaging);
	keys_free(world.keys);
	db_close(world.kernel.db);
	pki_directory_free(world.directory);
	world.api = NULL;
}

static enum err_code world_open(struct err *err)
{
	TRY(db_open(":memory:", NULL, &world.kernel.db, err));
	TRY(db_migrate(world.kernel.db, kernel_migrations, kernel_migrations_count, false, NULL, NULL, err));
	TRY(db_write(world.kernel.db, put_parties, NULL, err));
	TRY(keys_open(world.directory, &world.keys, err));
	TRY(messaging_new(&(struct messaging_options){ .kernel = &world.kernel,
						       .keys = world.keys,
						       .keys_directory = world.directory,
						       .party_id = "TH:gateway",
						       .party_type = "urn:lintas:party",
						       .allow_plain = true },
			  &world.messaging, err));
	return api_new(&(struct api_options){ .kernel = &world.kernel,
					      .messaging = world.messaging,
					      .node_name = "Thai node",
					      .version = "0",
					      .running = true,
					      .keys_directory = world.directory,
					      .plain = true },
		       &world.api, err);
}

static void world_begin(void)
{
	struct err err = { 0 };

	log_setup(LOG_OFF, NULL);
	world.directory = pki_directory_new();
	world.kernel = (struct kernel){ .clock = &stopped,
					.lists = codelists(),
					.capabilities = customs_capabilities,
					.state = "TH",
					.instance = "fuzz" };
	MUST(world_open(&err) == OK);
	put_document();
	world.written = transactions();
}

/* The text up to END, which is taken as well, or up to the last byte. */
static const char *cut(struct arena *arena, struct bytes *text, char end)
{
	const uint8_t *at = text->size > 0 ? memchr(text->data, end, text->size) : NULL;
	size_t size = at ? (size_t)(at - text->data) : text->size;
	const char *piece = arena_text_of(arena, bytes(text->data, size));

	MUST(piece);
	size += at != NULL;
	*text = bytes(text->data + size, text->size - size);
	return piece;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	arena_auto arena = arena_new(ARENA_MAX);
	struct http_header headers[HEADERS_MAX];
	struct bytes text = bytes(data, size);
	struct http_request request = { .headers = headers };

	if (!arena)
		return 0;
	if (!world.api) {
		world_begin();
		atexit(world_end);
	}
	/* What one request has written must not decide about the next: a find is one input. */
	if (transactions() != world.written) {
		world_end();
		world_begin();
	}

	struct bytes first = bytes_of(cut(arena, &text, '\n'));
	request.arena = arena;
	request.method = cut(arena, &first, ' ');
	if (!is_token(request.method) || !http_target(arena, cut(arena, &first, '\0'), &request))
		return 0;
	while (text.size > 0 && text.data[0] != '\n' && request.headers_count < HEADERS_MAX) {
		struct bytes line = bytes_of(cut(arena, &text, '\n'));
		struct http_header header = { .name = cut(arena, &line, ':'), .value = cut(arena, &line, '\0') };
		if (!is_token(header.name))
			return 0;
		headers[request.headers_count++] = header;
	}
	cut(arena, &text, '\n');
	request_check(&request);
	request.body = text;
	request.local = !http_header(&request, "authorization");
	int status = ask(arena, &request);
	MUST(status >= 200 && status < 600 && status != 500);
	return 0;
}
