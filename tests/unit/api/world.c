#include "world.h"

struct messaging_options messaging_options_of(struct world *world)
{
	return (struct messaging_options){ .kernel = &world->fixture->kernel,
					   .keys = world->keys,
					   .keys_directory = world->directory };
}

struct world begin(void **state, bool plain)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);
	struct world world = { .fixture = fixture, .directory = pki_directory_new() };

	must(keys_open(world.directory, &world.keys, &fixture->err));
	struct messaging_options options = messaging_options_of(&world);
	must(messaging_new(&options, &world.messaging, &fixture->err));
	must(api_new(&(struct api_options){ .kernel = &fixture->kernel,
					    .messaging = world.messaging,
					    .node_name = "Thai node",
					    .version = "0",
					    .keys_directory = world.directory,
					    .disk_path = world.directory,
					    .disk_reserve_bytes = 4096,
					    .plain = plain },
		     &world.api, &fixture->err));
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

struct answer call(struct world *world, const char *method, const char *path, const struct schema *schema,
		   const void *view)
{
	struct arena *arena = world->fixture->arena;
	const char *query = strchr(path, '?');
	struct http_response response;
	buf_auto body;

	buf_init(&body, 1 << 20);
	if (schema)
		field_put_json(&body, schema, view);
	const struct http_request request = { .arena = arena,
					      .method = method,
					      .path = arena_text_of(arena, bytes(path, strcspn(path, "?"))),
					      .query = query ? query + 1 : "",
					      .body = buf_bytes(&body),
					      .peer = "unix",
					      .local = true };
	api_handle(world->api, &request, &response);
	struct answer answer = { response.status, "" };
	if (response.owned) {
		answer.text = arena_text_of(arena, buf_bytes(response.owned));
		buf_done(response.owned);
	}
	return answer;
}

void expect(struct answer answer, int status, const char *text)
{
	if (answer.status != status || (text && !strstr(answer.text, text)))
		fail_msg("not %d with %s: %d %s", status, text ? text : "anything", answer.status, answer.text);
}
