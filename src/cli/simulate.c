/* `lintas simulate partner`: a partner for integrators and tests, that does what a script says. It needs no node. */
#include <signal.h>
#include <time.h>

#include "base/log.h"
#include "base/text.h"
#include "cli/cli_int.h"
#include "customs/registry.h"

enum { SCRIPT_MAX = 1 << 20, BODY_MAX = 64 << 20, HANDLERS = 8 };
#define LOOK_US  (SECOND_US / 10)
#define GRACE_US SECOND_US

struct playing {
	struct invocation *in;
	struct kernel kernel; /* its document types and its clock: it keeps nothing */
	struct http_tls tls;
	struct http_server_options server;
	struct simulator *simulator;
};

static bool is_loopback(const char *address)
{
	return starts_with(address, "127.") || same(address, "::1");
}

/* "127.0.0.1:9443", "[::1]:9443" */
static enum err_code read_listen(struct playing *p, struct err *err)
{
	const char *text = option_value(p->in, "--listen");
	const char *colon = strrchr(text, ':');
	int64_t port = 0;
	if (!colon || !int64_parse(colon + 1, &port) || port < 1 || port > UINT16_MAX)
		return fail(err, ERR_USAGE, "--listen is ADDRESS:PORT, such as 127.0.0.1:9443, not %s", text);
	bool brackets = text[0] == '[' && colon[-1] == ']';
	p->server.address =
		arena_printf(p->in->arena, "%.*s", (int)(colon - text) - 2 * (int)brackets, text + brackets);
	p->server.port = (uint16_t)port;
	if (!p->server.address)
		return fail(err, ERR_MEMORY, "no memory for an address");
	if (!is_loopback(p->server.address) && !option_value(p->in, "--anywhere"))
		return fail(err, ERR_USAGE,
			    "%s can be reached from other machines, and this partner believes everybody: listen on "
			    "127.0.0.1, or say --anywhere",
			    p->server.address);
	return OK;
}

static enum err_code find_tls(struct playing *p, const char *directory, struct err *err)
{
	struct key_list list;
	const char *id = NULL;
	TRY(keystore_list(directory, &list, err));
	for (size_t i = 0; i < list.count; i++)
		if (list.keys[i].use == KEY_USE_TLS && list.keys[i].status == KEY_ACTIVE)
			id = arena_text(p->in->arena, list.keys[i].id);
	key_list_done(&list);
	if (!id)
		return fail(err, ERR_KEY, "%s has no active TLS key: add one, or say --plain", directory);
	p->tls = (struct http_tls){ .certificate_file =
					    arena_printf(p->in->arena, "%s/%s/certificate.pem", directory, id),
				    .key_file = arena_printf(p->in->arena, "%s/%s/key.pem", directory, id) };
	p->server.tls = &p->tls;
	return p->tls.certificate_file && p->tls.key_file ? OK : fail(err, ERR_MEMORY, "no memory for a path");
}

static size_t admit(void *arg, const struct http_request *request, int *status)
{
	(void)arg;
	(void)request;
	(void)status;
	return BODY_MAX;
}

static enum err_code prepare(struct playing *p, struct err *err)
{
	struct invocation *in = p->in;
	const char *script = option_value(in, "--script"), *profile = option_value(in, "--profile");
	struct simulator_options options = { .keys_directory = option_value(in, "--keys"),
					     .other_keys_directory = option_value(in, "--other-keys"),
					     .profile = profile ? profile : "edelivery-1.15",
					     .party_id = option_value(in, "--party"),
					     .cpa = option_value(in, "--cpa"),
					     .kernel = &p->kernel };
	p->kernel = (struct kernel){ .clock = &clock_system, .capabilities = customs_capabilities };
	p->server = (struct http_server_options){
		.workers = HANDLERS, .bodies_bytes = 4 * (size_t)BODY_MAX, .admit = admit, .handler = simulator_handle
	};
	TRY(read_listen(p, err));
	if (script)
		TRY(input_read(in->arena, script, SCRIPT_MAX, &options.script, err));
	if (!option_value(in, "--plain"))
		TRY(find_tls(p, option_value(in, "--tls") ? option_value(in, "--tls") : options.keys_directory, err));
	TRY(simulator_new(&options, &p->simulator, in->findings, err));
	if (!p->simulator) {
		print_findings(stderr, in->findings);
		return fail(err, ERR_INVALID, "the script is not understood: docs/simulator.md has its words");
	}
	p->server.arg = p->simulator;
	return OK;
}

/* True when it is told to end. */
static bool rest(const sigset_t *ends, int64_t pause_us)
{
	const struct timespec pause = { .tv_sec = (time_t)(pause_us / SECOND_US),
					.tv_nsec = (long)(pause_us % SECOND_US * 1000) };
	return sigtimedwait(ends, NULL, &pause) > 0;
}

/* Listens, and while the script says that it has gone away nobody does. */
static enum err_code play(struct playing *p, struct err *err)
{
	sigset_t ends;
	bool end = false;
	sigemptyset(&ends);
	sigaddset(&ends, SIGINT);
	sigaddset(&ends, SIGTERM);
	if (pthread_sigmask(SIG_BLOCK, &ends, NULL) != 0)
		return fail(err, ERR_IO, "cannot wait for signals");
	while (!end) {
		struct http_server *server = NULL;
		TRY(http_server_start(&p->server, &server, err));
		printf("SIMULATOR, no partner: it believes everybody and keeps nothing. It listens on %s:%u\n",
		       p->server.address, (unsigned)p->server.port);
		fflush(stdout);
		while (!end && simulator_away_us(p->simulator) == 0)
			end = rest(&ends, LOOK_US);
		http_server_stop(server, GRACE_US);
		while (!end && simulator_away_us(p->simulator) > 0)
			end = rest(&ends, LOOK_US);
	}
	return OK;
}

enum err_code run_simulate_partner(struct invocation *in, struct err *err)
{
	struct playing p = { .in = in };
	log_setup(LOG_INFO, NULL);
	enum err_code code = prepare(&p, err);
	if (code == OK)
		code = play(&p, err);
	simulator_free(p.simulator);
	return code;
}
