/* `lintas simulate partner`: a partner for integrators and tests, that does what a script says. It needs no node. */
#include <signal.h>
#include <time.h>

#include "base/log.h"
#include "base/text.h"
#include "cli/simulate_int.h"
#include "customs/registry.h"

enum { BODY_MAX = 64 << 20, HANDLERS = 8 };
#define LOOK_US  (SECOND_US / 10)
#define GRACE_US SECOND_US

struct playing {
	struct invocation *in;
	struct kernel kernel; /* its document types and its clock: it keeps nothing */
	struct http_tls tls;
	struct http_server_options server;
	struct simulator *simulator;
};

/* --- What fits together --- */

enum { ANSWERS = 1, SENDS = 2 };
enum { ELSEWHERE, MISSING, NO_TLS_KEY };
const struct rule simulate_option_rules[] = {
	[ELSEWHERE] = { .code = "SIM-020", .text = "{1} is for a partner that {2}: leave it out" },
	[MISSING] = { .code = "SIM-021", .text = "a partner that {2} needs {1}" },
	[NO_TLS_KEY] = { .code = "SIM-023", .text = "{1} has no active TLS key: add one, or say --plain" },
	{ 0 },
};
static const struct {
	const char *option;
	int sides, needed_by;
	const char *form; /* in which it is to be given */
} side_rows[] = {
	/* clang-format off */
	{ "--listen",     ANSWERS,         ANSWERS, "--listen ADDRESS:PORT" },
	{ "--cpa",        ANSWERS,         0,       NULL },
	{ "--anywhere",   ANSWERS,         0,       NULL },
	{ "--send",       SENDS,           SENDS,   "--send FILE" },
	{ "--party",      ANSWERS | SENDS, SENDS,   "--party ID" },
	{ "--type",       SENDS,           SENDS,   "--type TYPE" },
	{ "--to",         SENDS,           0,       NULL },
	{ "--card",       SENDS,           0,       NULL },
	{ "--to-party",   SENDS,           0,       NULL },
	{ "--party-type", SENDS,           0,       NULL },
	{ "--encrypt",    SENDS,           0,       NULL },
	{ "--sign",       SENDS,           0,       NULL },
	{ "--agreement",  SENDS,           0,       NULL },
	{ "--trust",      SENDS,           0,       NULL },
	{ "--count",      SENDS,           0,       NULL },
	/* clang-format on */
};
static const char *const does[] = { [ANSWERS] = "answers (--listen)", [SENDS] = "sends (--send)" };

static void check_sides(struct invocation *in, int side)
{
	for (size_t i = 0; i < COUNT(side_rows); i++) {
		const char *given = option_value(in, side_rows[i].option);
		if (given && !(side_rows[i].sides & side))
			finding_add(in->findings, &simulate_option_rules[ELSEWHERE], "", side_rows[i].option,
				    does[side_rows[i].sides]);
		if (!given && (side_rows[i].needed_by & side))
			finding_add(in->findings, &simulate_option_rules[MISSING], "", side_rows[i].form, does[side]);
	}
	if (side == ANSWERS && in->json)
		finding_add(in->findings, &simulate_option_rules[ELSEWHERE], "", "--json", does[SENDS]);
}

/* --- Answering --- */

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

enum err_code simulate_tls(struct invocation *in, struct http_tls *tls, struct err *err)
{
	const char *directory = option_value(in, option_value(in, "--tls") ? "--tls" : "--keys");
	struct key_list list;
	const char *id = NULL;
	TRY(keystore_list(directory, &list, err));
	for (size_t i = 0; i < list.count; i++)
		if (list.keys[i].use == KEY_USE_TLS && list.keys[i].status == KEY_ACTIVE)
			id = arena_text(in->arena, list.keys[i].id);
	key_list_done(&list);
	if (!id) {
		finding_add(in->findings, &simulate_option_rules[NO_TLS_KEY], "", directory, NULL);
		return OK;
	}
	*tls = (struct http_tls){ .certificate_file = arena_printf(in->arena, "%s/%s/certificate.pem", directory, id),
				  .key_file = arena_printf(in->arena, "%s/%s/key.pem", directory, id),
				  .trust_file = option_value(in, "--trust") };
	return tls->certificate_file && tls->key_file ? OK : fail(err, ERR_MEMORY, "no memory for a path");
}

static size_t admit(void *arg, const struct http_request *request, int *status)
{
	(void)arg;
	(void)request;
	(void)status;
	return BODY_MAX;
}

enum err_code simulate_input(struct invocation *in, const char *option, struct bytes *content, struct err *err)
{
	enum { INPUT_MAX = 32 << 20 };
	const char *path = option_value(in, option);
	return path ? input_read(in->arena, path, INPUT_MAX, content, err) : OK;
}

const char *simulate_profile(struct invocation *in)
{
	const char *profile = option_value(in, "--profile");
	return profile ? profile : "edelivery-1.15";
}

enum err_code simulate_wrong(struct err *err)
{
	return fail(err, ERR_INVALID,
		    "it cannot be played: docs/simulator.md has the words, and lintas help simulate "
		    "partner the options");
}

static enum err_code prepare(struct playing *p, struct err *err)
{
	struct invocation *in = p->in;
	struct simulator_options options = { .keys_directory = option_value(in, "--keys"),
					     .other_keys_directory = option_value(in, "--other-keys"),
					     .profile = simulate_profile(in),
					     .party_id = option_value(in, "--party"),
					     .cpa = option_value(in, "--cpa"),
					     .kernel = &p->kernel };
	p->kernel = (struct kernel){ .clock = &clock_system, .capabilities = customs_capabilities };
	p->server = (struct http_server_options){
		.workers = HANDLERS, .bodies_bytes = 4 * (size_t)BODY_MAX, .admit = admit, .handler = simulator_handle
	};
	TRY(read_listen(p, err));
	TRY(simulate_input(in, "--script", &options.script, err));
	if (!option_value(in, "--plain")) {
		TRY(simulate_tls(in, &p->tls, err));
		p->server.tls = &p->tls;
	}
	TRY(simulator_new(&options, &p->simulator, in->findings, err));
	if (!p->simulator)
		return simulate_wrong(err);
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

static enum err_code listen_and_play(struct invocation *in, struct err *err)
{
	struct playing p = { .in = in };
	enum err_code code = prepare(&p, err);
	if (code == OK)
		code = play(&p, err);
	simulator_free(p.simulator);
	return code;
}

enum err_code run_simulate_partner(struct invocation *in, struct err *err)
{
	bool answers = option_value(in, "--listen"), sends = option_value(in, "--send");
	log_setup(LOG_INFO, NULL);
	if (answers == sends)
		return fail(err, ERR_USAGE,
			    "say what the partner does: --listen ADDRESS:PORT to answer, or --send FILE to send%s",
			    answers ? ", in a program of its own each" : "");
	check_sides(in, sends ? SENDS : ANSWERS);
	if (sends)
		return simulate_send(in, err);
	return listen_and_play(in, err);
}
