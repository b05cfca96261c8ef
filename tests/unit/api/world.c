#include "world.h"

struct messaging_options messaging_options_of(struct world *world)
{
	return (struct messaging_options){ .kernel = &world->fixture->kernel,
					   .keys = world->keys,
					   .keys_directory = world->directory,
					   .party_id = WORLD_PARTY,
					   .party_type = WORLD_PARTY_TYPE,
					   .endpoint = WORLD_ENDPOINT };
}

void serve_with(struct world *world, struct api_options options)
{
	struct kernel_fixture *fixture = world->fixture;

	options.kernel = &fixture->kernel;
	options.messaging = world->messaging;
	options.node_name = "Thai node";
	options.version = "0";
	options.keys_directory = options.disk_path = world->directory;
	options.disk_reserve_bytes = 4096;
	api_free(world->api);
	world->api = NULL;
	must(api_new(&options, &world->api, &fixture->err));
}

struct world begin(void **state, bool plain)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);
	struct world world = { .fixture = fixture, .directory = pki_directory_new() };

	must(keys_open(world.directory, &world.keys, &fixture->err));
	struct messaging_options options = messaging_options_of(&world);
	must(messaging_new(&options, &world.messaging, &fixture->err));
	serve_with(&world, (struct api_options){ .plain = plain });
	world.root = pki_issue(&(struct pki_spec){ .subject = "/CN=root", .authority = true });
	world.sign = pki_issue(&(struct pki_spec){ .subject = "/CN=sign", .issuer = world.root });
	world.encrypt = pki_issue(&(struct pki_spec){ .subject = "/CN=encrypt", .issuer = world.root });
	world.tls = pki_issue(&(struct pki_spec){ .subject = "/CN=tls", .issuer = world.root });
	return world;
}

void end(struct world *world)
{
	pki_free(world->tls);
	pki_free(world->encrypt);
	pki_free(world->sign);
	pki_free(world->root);
	api_free(world->api);
	messaging_free(world->messaging);
	keys_free(world->keys);
	pki_directory_free(world->directory);
}

const char *pem_of(struct world *world, const struct pki *pki)
{
	buf_auto pem;

	buf_init(&pem, 65536);
	pki_cert_pem(pki, &pem);
	return arena_text_of(world->fixture->arena, buf_bytes(&pem));
}

struct answer ask(struct world *world, const struct ask *ask)
{
	struct arena *arena = world->fixture->arena;
	struct http_response response;
	struct http_request request = { .arena = arena,
					.method = ask->method,
					.body = ask->body,
					.headers = ask->headers,
					.peer = !ask->remote ? "unix"
						: ask->peer  ? ask->peer
							     : "192.0.2.7:4711",
					.local = !ask->remote };

	while (request.headers_count < COUNT(ask->headers) && ask->headers[request.headers_count].name)
		request.headers_count++;
	assert_true(http_target(arena, ask->path, &request));
	api_handle(world->api, &request, &response);
	struct answer answer = { .status = response.status, .content_type = response.content_type, .text = "" };
	memcpy(answer.headers, response.headers, sizeof(answer.headers));
	if (response.owned) {
		answer.text = arena_text_of(arena, buf_bytes(response.owned));
		buf_done(response.owned);
	}
	return answer;
}

const char *header_of(const struct answer *answer, const char *name)
{
	for (size_t i = 0; i < COUNT(answer->headers) && answer->headers[i].name; i++)
		if (same(answer->headers[i].name, name))
			return answer->headers[i].value;
	return NULL;
}

static struct bytes body_of(struct world *world, const struct schema *schema, const void *view)
{
	buf_auto body;

	buf_init(&body, 1 << 20);
	if (schema)
		field_put_json(&body, schema, view);
	return bytes_of(arena_text_of(world->fixture->arena, buf_bytes(&body)));
}

struct answer call(struct world *world, const char *method, const char *path, const struct schema *schema,
		   const void *view)
{
	return ask(world, &(struct ask){ .method = method, .path = path, .body = body_of(world, schema, view) });
}

struct answer call_with(struct world *world, const char *secret, const char *method, const char *path,
			const struct schema *schema, const void *view)
{
	const char *bearer = arena_printf(world->fixture->arena, "Bearer %s", secret);

	return ask(world, &(struct ask){ .method = method,
					 .path = path,
					 .body = body_of(world, schema, view),
					 .remote = true,
					 .headers = { { "Authorization", bearer } } });
}

void expect(struct answer answer, int status, const char *text)
{
	if (answer.status != status || (text && !strstr(answer.text, text)))
		fail_msg("not %d with %s: %d %s", status, text ? text : "anything", answer.status, answer.text);
}

const char *metrics(struct world *world)
{
	struct kernel_fixture *fixture = world->fixture;
	buf_auto out;

	buf_init(&out, 1 << 20);
	must(api_put_metrics(world->api, &out, &fixture->err));
	return arena_text_of(fixture->arena, buf_bytes(&out));
}
