#include <sys/stat.h>
#include <sys/un.h>

#include "net_test.h"

struct setting {
	char directory[64], path[96];
};

static int set_up(void **state)
{
	struct setting *setting = calloc(1, sizeof(*setting));

	snprintf(setting->directory, sizeof(setting->directory), "/tmp/lintas-net-XXXXXX");
	if (!mkdtemp(setting->directory))
		return -1;
	snprintf(setting->path, sizeof(setting->path), "%s/admin.sock", setting->directory);
	*state = setting;
	return 0;
}

static int tear_down(void **state)
{
	struct setting *setting = *state;

	unlink(setting->path);
	rmdir(setting->directory);
	free(setting);
	return 0;
}

static enum err_code ask_socket(const char *path, const char *target, struct arena *arena, struct http_answer *answer,
				struct err *err)
{
	struct http_client *client = http_client_new();
	const struct http_call call = {
		.method = "GET",
		.url = arena_printf(arena, "http://lintas%s", target),
		.unix_path = path,
		.allow_plain = true,
	};
	enum err_code code = client->call(client, arena, &call, answer, err);

	http_client_free(client);
	return code;
}

static void a_socket_file_serves_its_owner_alone(void **state)
{
	struct setting *setting = *state;
	struct bench bench;
	struct stat found;
	struct http_answer answer = { 0 };
	struct err err = { 0 };
	arena_auto arena = arena_new(MIB);

	bench_start_with(&bench,
			 (struct http_server_options){ .unix_path = setting->path, .max_connections_per_address = 1 });
	assert_int_equal(stat(setting->path, &found), 0);
	assert_true(S_ISSOCK(found.st_mode));
	assert_int_equal(found.st_mode & 07777, 0600);
	assert_int_equal(http_server_port(bench.server), 0);

	assert_int_equal(ask_socket(setting->path, "/local", arena, &answer, &err), OK);
	assert_string_equal(text_of(arena, answer.body), "local");
	assert_string_equal(answer_header(arena, &answer, "X-Peer"), "unix");
	bench_stop(&bench);

	assert_int_equal(stat(setting->path, &found), -1); /* tidied away */
	assert_int_equal(ask_socket(setting->path, "/local", arena, &answer, &err), ERR_NET);
	assert_non_null(strstr(err.text, "is the node running?"));
}

static void the_file_of_a_dead_process_is_replaced(void **state)
{
	struct setting *setting = *state;
	struct sockaddr_un name = { .sun_family = AF_UNIX };
	struct bench bench;
	struct http_answer answer = { 0 };
	struct err err = { 0 };
	arena_auto arena = arena_new(MIB);

	memcpy(name.sun_path, setting->path, strlen(setting->path) + 1);
	int dead = socket(AF_UNIX, SOCK_STREAM, 0);
	assert_int_equal(bind(dead, (const struct sockaddr *)&name, sizeof(name)), 0);
	close(dead);

	bench_start_with(&bench, (struct http_server_options){ .unix_path = setting->path });
	assert_int_equal(ask_socket(setting->path, "/local", arena, &answer, &err), OK);
	bench_stop(&bench);
}

static void a_socket_somebody_listens_on_is_left_alone(void **state)
{
	struct setting *setting = *state;
	const struct http_server_options options = { .unix_path = setting->path, .handler = handle };
	struct http_server *second = NULL;
	struct bench bench;
	struct http_answer answer = { 0 };
	struct err err = { 0 };
	arena_auto arena = arena_new(MIB);

	bench_start_with(&bench, (struct http_server_options){ .unix_path = setting->path });
	assert_int_equal(http_server_start(&options, &second, &err), ERR_CONFLICT);
	assert_null(second);
	assert_int_equal(ask_socket(setting->path, "/local", arena, &answer, &err), OK);
	bench_stop(&bench);
}

static void a_file_that_is_no_socket_is_left_alone(void **state)
{
	struct setting *setting = *state;
	const struct http_server_options options = { .unix_path = setting->path, .handler = handle };
	struct http_server *server = NULL;
	struct stat found;
	struct err err = { 0 };
	FILE *file = fopen(setting->path, "w");

	assert_non_null(file);
	fclose(file);
	assert_int_equal(http_server_start(&options, &server, &err), ERR_CONFLICT);
	assert_int_equal(stat(setting->path, &found), 0);
	assert_true(S_ISREG(found.st_mode));
}

static void a_port_in_use_is_said_to_be(void **state)
{
	struct bench bench;
	struct http_server *second = NULL;
	struct err err = { 0 };

	(void)state;
	bench_start_with(&bench, (struct http_server_options){ 0 });
	const struct http_server_options options = {
		.address = "127.0.0.1",
		.port = http_server_port(bench.server),
		.handler = handle,
	};
	assert_int_equal(http_server_start(&options, &second, &err), ERR_CONFLICT);
	assert_non_null(strstr(err.text, "in use"));
	assert_null(second);
	bench_stop(&bench);
}

static void only_numeric_addresses_are_listened_on(void **state)
{
	static const char *const addresses[] = { "localhost", "", "1.2.3", "::g", NULL };

	(void)state;
	for (size_t i = 0; i < COUNT(addresses); i++) {
		const struct http_server_options options = { .address = addresses[i], .handler = handle };
		struct http_server *server = NULL;
		struct err err = { 0 };
		assert_int_equal(http_server_start(&options, &server, &err), ERR_CONFIG);
	}
}

static void a_socket_path_that_does_not_fit_is_refused(void **state)
{
	char path[200];
	struct http_server *server = NULL;
	struct err err = { 0 };

	(void)state;
	memset(path, 'x', sizeof(path) - 1);
	path[sizeof(path) - 1] = '\0';
	const struct http_server_options options = { .unix_path = path, .handler = handle };
	assert_int_equal(http_server_start(&options, &server, &err), ERR_CONFIG);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_socket_file_serves_its_owner_alone),
		TEST(the_file_of_a_dead_process_is_replaced),
		TEST(a_socket_somebody_listens_on_is_left_alone),
		TEST(a_file_that_is_no_socket_is_left_alone),
		TEST(a_port_in_use_is_said_to_be),
		TEST(only_numeric_addresses_are_listened_on),
		TEST(a_socket_path_that_does_not_fit_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
