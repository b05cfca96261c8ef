#include "net_test.h"

/* Enough for an honest handshake on a loaded machine. */
#define DEADLINE_US (4 * SECOND_US)

/* Certificates are made by the openssl program, which is also the oracle for their DER. */
static char directory[64];

static char *file(struct arena *arena, const char *name)
{
	return arena_printf(arena, "%s/%s", directory, name);
}

static int run_openssl(const char *command)
{
	char line[1024];

	snprintf(line, sizeof(line), "cd %s && openssl %s 2>openssl.log", directory, command);
	return system(line);
}

#define NEW_KEY "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 "
#define BY_CA   NEW_KEY "-CA ca.pem -CAkey ca.key "

static int make_certificates(void **state)
{
	static const char *const commands[] = {
		NEW_KEY "-subj /CN=ca -keyout ca.key -out ca.pem",
		NEW_KEY "-subj /CN=other -keyout other.key -out other.pem",
		BY_CA "-subj /CN=server -addext subjectAltName=IP:127.0.0.1 -keyout server.key -out server.pem",
		BY_CA
		"-subj /CN=elsewhere -addext subjectAltName=DNS:elsewhere -keyout elsewhere.key -out elsewhere.pem",
		BY_CA "-subj /CN=client -keyout client.key -out client.pem",
		NEW_KEY "-subj /CN=stranger -keyout stranger.key -out stranger.pem",
		"x509 -in client.pem -outform DER -out client.der",
		"x509 -in ca.pem -outform DER -out ca.der",
		"x509 -in stranger.pem -outform DER -out stranger.der",
		"x509 -in client.pem -out chain.pem && cat ca.pem >>chain.pem",
	};

	(void)state;
	snprintf(directory, sizeof(directory), "/tmp/lintas-tls-XXXXXX");
	if (!mkdtemp(directory))
		return -1;
	for (size_t i = 0; i < COUNT(commands); i++)
		if (run_openssl(commands[i]) != 0)
			return -1;
	return 0;
}

static int remove_certificates(void **state)
{
	char line[128];

	(void)state;
	snprintf(line, sizeof(line), "rm -r %s", directory);
	return system(line);
}

static struct bytes read_der(struct arena *arena, const char *name)
{
	uint8_t *data = arena_alloc(arena, 8192);
	FILE *in = fopen(file(arena, name), "rb");

	assert_non_null(in);
	size_t size = fread(data, 1, 8192, in);
	fclose(in);
	return bytes(data, size);
}

struct setting {
	struct bench bench;
	struct arena *arena;
	struct http_client *client;
	struct http_answer answer;
	struct err err;
};

static void start_with(struct setting *setting, const char *certificate, const char *key)
{
	setting->arena = arena_new(4 * MIB);
	const struct http_tls tls = {
		.certificate_file = file(setting->arena, certificate),
		.key_file = file(setting->arena, key),
		.trust_file = file(setting->arena, "ca.pem"),
	};

	bench_start_with(&setting->bench, (struct http_server_options){ .tls = &tls, .deadline_us = DEADLINE_US });
	setting->client = http_client_new();
}

static int set_up(void **state)
{
	struct setting *setting = calloc(1, sizeof(*setting));

	start_with(setting, "server.pem", "server.key");
	*state = setting;
	return 0;
}

static int tear_down(void **state)
{
	struct setting *setting = *state;

	bench_stop(&setting->bench);
	http_client_free(setting->client);
	arena_free(setting->arena);
	free(setting);
	return 0;
}

/* NAME of a client certificate without ".pem" may be NULL; KEY and TRUST are files. */
static enum err_code ask_as(struct setting *setting, const char *certificate, const char *key, const char *trust,
			    const char *target)
{
	const struct http_tls tls = {
		.certificate_file = certificate ? file(setting->arena, certificate) : NULL,
		.key_file = key ? file(setting->arena, key) : NULL,
		.trust_file = file(setting->arena, trust),
	};
	const struct http_call call = {
		.method = "GET",
		.url = arena_printf(setting->arena, "%s%s", setting->bench.url, target),
		.tls = &tls,
		.timeout_us = 20 * SECOND_US,
	};

	return setting->client->call(setting->client, setting->arena, &call, &setting->answer, &setting->err);
}

static void the_clients_certificate_is_handed_up(void **state)
{
	struct setting *setting = *state;
	struct bytes der = read_der(setting->arena, "client.der");

	assert_int_equal(ask_as(setting, "client.pem", "client.key", "ca.pem", "/certificate"), OK);
	assert_int_equal(setting->answer.body.size, der.size);
	assert_memory_equal(setting->answer.body.data, der.data, der.size);

	/* And again, on the connection that was kept. */
	assert_int_equal(ask_as(setting, "client.pem", "client.key", "ca.pem", "/certificate"), OK);
	assert_true(bytes_same(setting->answer.body, der));
	assert_int_equal(bench_counters(&setting->bench).connections, 1);
	assert_int_equal(ask_as(setting, "stranger.pem", "stranger.key", "ca.pem", "/chain"), OK);
	assert_int_equal(setting->answer.body.size, 0);
}

static void the_rest_of_its_chain_is_handed_up(void **state)
{
	struct setting *setting = *state;

	assert_int_equal(ask_as(setting, "chain.pem", "client.key", "ca.pem", "/chain"), OK);
	assert_true(bytes_same(setting->answer.body, read_der(setting->arena, "ca.der")));
	assert_int_equal(ask_as(setting, "chain.pem", "client.key", "ca.pem", "/certificate"), OK);
	assert_true(bytes_same(setting->answer.body, read_der(setting->arena, "client.der")));
}

static void without_a_certificate_the_request_still_arrives(void **state)
{
	struct setting *setting = *state;

	assert_int_equal(ask_as(setting, NULL, NULL, "ca.pem", "/certificate"), OK);
	assert_int_equal(setting->answer.status, 200);
	assert_int_equal(setting->answer.body.size, 0);
}

/* The server only asks; who is who is judged elsewhere. */
static void a_strangers_certificate_is_handed_up_unjudged(void **state)
{
	struct setting *setting = *state;

	assert_int_equal(ask_as(setting, "stranger.pem", "stranger.key", "ca.pem", "/certificate"), OK);
	assert_true(bytes_same(setting->answer.body, read_der(setting->arena, "stranger.der")));
}

/* A connection that one certificate opened is not used for another. */
static void connections_are_not_shared_between_identities(void **state)
{
	struct setting *setting = *state;

	assert_int_equal(ask_as(setting, "client.pem", "client.key", "ca.pem", "/certificate"), OK);
	assert_int_equal(ask_as(setting, NULL, NULL, "ca.pem", "/certificate"), OK);
	assert_int_equal(setting->answer.body.size, 0);
	assert_int_equal(ask_as(setting, "stranger.pem", "stranger.key", "ca.pem", "/certificate"), OK);
	assert_true(bytes_same(setting->answer.body, read_der(setting->arena, "stranger.der")));
}

static void a_server_of_another_authority_is_refused(void **state)
{
	struct setting *setting = *state;

	assert_int_equal(ask_as(setting, NULL, NULL, "other.pem", "/echo"), ERR_NET);
	assert_non_null(strstr(setting->err.text, "trust"));
	/* Nor when a connection of somebody who trusts it is at hand. */
	assert_int_equal(ask_as(setting, NULL, NULL, "ca.pem", "/echo"), OK);
	assert_int_equal(ask_as(setting, NULL, NULL, "other.pem", "/echo"), ERR_NET);
}

/* As an operator adds the authority of a new partner while the node runs. */
static void an_authority_that_was_added_is_trusted_at_the_next_connection(void **state)
{
	struct setting *setting = *state;

	assert_int_equal(run_openssl("x509 -in other.pem -out trust.pem"), 0);
	assert_int_equal(ask_as(setting, NULL, NULL, "trust.pem", "/echo"), ERR_NET);
	assert_int_equal(run_openssl("version && cat ca.pem >>trust.pem"), 0);
	assert_int_equal(ask_as(setting, NULL, NULL, "trust.pem", "/echo"), OK);
}

/* RFC 9110 4.3.4: the certificate must be the host's. */
static void a_certificate_for_another_host_is_refused(void **state)
{
	struct setting setting = { .client = NULL };

	(void)state;
	start_with(&setting, "elsewhere.pem", "elsewhere.key");
	assert_int_equal(ask_as(&setting, NULL, NULL, "ca.pem", "/echo"), ERR_NET);
	assert_non_null(strstr(setting.err.text, "certificate"));
	bench_stop(&setting.bench);
	http_client_free(setting.client);
	arena_free(setting.arena);
}

static void files_that_cannot_be_used_are_a_matter_of_configuration(void **state)
{
	struct setting *setting = *state;

	assert_int_equal(ask_as(setting, "absent.pem", "client.key", "ca.pem", "/echo"), ERR_CONFIG);
	assert_int_equal(ask_as(setting, "client.pem", "stranger.key", "ca.pem", "/echo"), ERR_CONFIG);
	assert_int_equal(ask_as(setting, NULL, NULL, "absent.pem", "/echo"), ERR_CONFIG);
	assert_int_equal(ask_as(setting, NULL, NULL, "ca.pem", "/echo"), OK);
}

/* RFC 8996: TLS 1.1 and below must not be used. The cipher string lets OpenSSL 3 offer it at all. */
static void tls_1_1_is_not_spoken(void **state)
{
	static const struct {
		const char *version;
		bool spoken;
	} rows[] = { { "-tls1_1", false }, { "-tls1_2", true }, { "-tls1_3", true } };
	struct setting *setting = *state;

	for (size_t i = 0; i < COUNT(rows); i++) {
		char command[256];
		snprintf(
			command, sizeof(command),
			"s_client -connect 127.0.0.1:%u %s -cipher ALL:@SECLEVEL=0 -CAfile ca.pem </dev/null >/dev/null",
			http_server_port(setting->bench.server), rows[i].version);
		assert_int_equal(run_openssl(command) == 0, rows[i].spoken);
	}
}

static void a_handshake_that_does_not_go_on_is_cut(void **state)
{
	struct setting *setting = *state;
	int64_t start_us = clock_monotonic_us();
	int fd = dial(&setting->bench);

	/* The first bytes of a TLS handshake record (RFC 8446 5.1). */
	assert_int_equal(send(fd, "\x16\x03\x01", 3, MSG_NOSIGNAL), 3);
	assert_true(is_closed(fd));
	int64_t took_us = clock_monotonic_us() - start_us;
	assert_true(took_us >= DEADLINE_US && took_us < PATIENCE_S * SECOND_US);
	assert_int_equal(bench_counters(&setting->bench).deadline_closed, 1);
	close(fd);
}

static void plain_http_to_a_tls_port_is_not_answered(void **state)
{
	struct setting *setting = *state;

	assert_int_equal(status_of_raw(&setting->bench, "GET /echo HTTP/1.1\r\nHost: a\r\n\r\n"), 0);
}

static void a_server_with_an_unusable_key_does_not_start(void **state)
{
	static const struct {
		const char *certificate, *key;
	} rows[] = { { "server.pem", "client.key" },
		     { "server.pem", "absent.key" },
		     { "ca.der", "ca.key" },
		     { "server.pem", NULL } };
	arena_auto arena = arena_new(MIB);

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct http_tls tls = {
			.certificate_file = file(arena, rows[i].certificate),
			.key_file = rows[i].key ? file(arena, rows[i].key) : NULL,
		};
		const struct http_server_options options = { .address = "127.0.0.1", .tls = &tls, .handler = handle };
		struct http_server *server = NULL;
		struct err err = { 0 };
		/* The lowest free descriptor tells that none was left open, and none closed twice. */
		int before = dup(0);
		close(before);
		assert_int_equal(http_server_start(&options, &server, &err), ERR_CONFIG);
		assert_null(server);
		int after = dup(0);
		close(after);
		assert_int_equal(after, before);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_clients_certificate_is_handed_up),
		TEST(the_rest_of_its_chain_is_handed_up),
		TEST(without_a_certificate_the_request_still_arrives),
		TEST(a_strangers_certificate_is_handed_up_unjudged),
		TEST(connections_are_not_shared_between_identities),
		TEST(a_server_of_another_authority_is_refused),
		TEST(an_authority_that_was_added_is_trusted_at_the_next_connection),
		cmocka_unit_test(a_certificate_for_another_host_is_refused),
		TEST(files_that_cannot_be_used_are_a_matter_of_configuration),
		TEST(tls_1_1_is_not_spoken),
		TEST(a_handshake_that_does_not_go_on_is_cut),
		TEST(plain_http_to_a_tls_port_is_not_answered),
		cmocka_unit_test(a_server_with_an_unusable_key_does_not_start),
	};

	return cmocka_run_group_tests(tests, make_certificates, remove_certificates);
}
