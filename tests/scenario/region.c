#include "region.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/log.h"
#include "base/random.h"
#include "customs/registry.h"
#include "kernel/codelist.h"
#include "kernel/fsm.h"
#include "kernel/journal.h"
#include "keyring.h"
#include "pki.h"

#define DEFAULT_TIMEOUT_US (90 * SECOND_US)
#define REGION_ARENA_BYTES ((size_t)256 << 20)
#define ROUNDS_MAX         100000

static const char *const states[NODES] = { "TH", "LA", "VN" };

static const struct actor operator_ = { .name = "operator" };

void region_must_(struct region *region, enum err_code code, const char *file, int line)
{
	if (code == OK)
		return;
	print_error("%s: %s (%s) (LINTAS_SEED=%llu)\n", err_row(code)->name, region->err.text, region->err.where,
		    (unsigned long long)region->options.seed);
	_fail(file, line);
}

static int64_t region_now_us(const struct clock *clock)
{
	const struct region_clock *own = (const struct region_clock *)clock;

	return *own->true_us + own->skew_us;
}

struct region_node *region_node(struct region *region, const char *state)
{
	for (size_t i = 0; i < NODES; i++)
		if (same(region->nodes[i].state, state))
			return &region->nodes[i];
	region_fail(region, "there is no node %s", state);
	return NULL;
}

/* --- Making a node --- */

static enum err_code seed_thread(struct tx *tx, void *arg, struct err *err)
{
	(void)tx, (void)err;
	random_simulate(*(const uint64_t *)arg);
	return OK;
}

/* Identifiers and back-offs are drawn on the database's writer thread, too, and the source is a thread's own. */
static void seed_writer(struct region_node *node, uint64_t seed)
{
	struct region *region = node->region;

	region_must(region, db_write(node->kernel.db, seed_thread, &seed, &region->err));
}

static enum err_code add_organisations(struct tx *tx, void *arg, struct err *err)
{
	static const struct organisation rows[] = {
		{ "customs", "customs", "Customs" },
		{ "dft", "issuing-authority", "Department of Foreign Trade" },
	};
	const struct region_node *node = arg;

	for (size_t i = 0; i < COUNT(rows); i++)
		TRY(organisation_add(tx, &rows[i], &operator_, clock_now_us(&node->clock.clock), err));
	return OK;
}

/* Each pair of nodes has another profile, and another way to name certificates. */
static const struct pair {
	size_t a, b;
	const char *profile, *token;
	enum key_type sign, decrypt;
} pairs[] = {
	{ TH, LA, "edelivery-1.15", "bst", KEY_RSA_2048, KEY_RSA_2048 },
	{ TH, VN, "ecdsa-p256", "ski", KEY_P256, KEY_P256 },
	{ LA, VN, "edelivery-2.0", "issuer-serial", KEY_ED25519, KEY_X25519 },
};

struct adding {
	struct region_node *node, *peer;
	const struct pair *pair;
};

static enum err_code add_certificate(struct tx *tx, const struct adding *adding, const char *use, enum key_use key_use,
				     enum key_type type, struct err *err)
{
	struct key_list list;

	TRY(keystore_list(adding->peer->keys_directory, &list, err));
	const struct cert *cert = keyring_find(&list, key_use, type);
	struct partner_certificate certificate = {
		.partner = adding->peer->state,
		.use = use,
		.fingerprint = cert_fingerprint(cert),
		.der = cert_der(cert),
		.until_us = TIME_NONE,
	};
	enum err_code code =
		partner_certificate_add(tx, &certificate, &operator_, clock_now_us(&adding->node->clock.clock), err);
	key_list_done(&list);
	return code;
}

static enum err_code add_partner(struct tx *tx, void *arg, struct err *err)
{
	const struct adding *adding = arg;
	struct partner partner = {
		.code = adding->peer->state,
		.name = adding->peer->state,
		.party_id = adding->peer->state,
		.party_type = PARTY_TYPE,
		.endpoint = adding->peer->url,
		.profile = adding->pair->profile,
		.token = adding->pair->token,
		.status = "active",
	};

	TRY(partner_add(tx, &partner, &operator_, clock_now_us(&adding->node->clock.clock), err));
	TRY(add_certificate(tx, adding, "sign", KEY_USE_SIGN, adding->pair->sign, err));
	return add_certificate(tx, adding, "encrypt", KEY_USE_DECRYPT, adding->pair->decrypt, err);
}

static void node_add_partners(struct region_node *node)
{
	struct region *region = node->region;
	size_t own = (size_t)(node - region->nodes);

	for (size_t i = 0; i < COUNT(pairs); i++) {
		const struct pair *pair = &pairs[i];
		if (pair->a != own && pair->b != own)
			continue;
		struct adding adding = { node, &region->nodes[pair->a == own ? pair->b : pair->a], pair };
		region_must(region, db_write(node->kernel.db, add_partner, &adding, &region->err));
	}
}

static void node_open(struct region_node *node)
{
	struct region *region = node->region;
	struct retry_policy retry = retry_policy_default;
	size_t own = (size_t)(node - region->nodes);

	region_must(region,
		    db_open(node->database, &(struct db_options){ .readers = 1 }, &node->kernel.db, &region->err));
	region_must(region, db_migrate(node->kernel.db, kernel_migrations, kernel_migrations_count, false, NULL, NULL,
				       &region->err));
	seed_writer(node, region->options.seed * NODES + own + 1);
	region_must(region, keys_open(node->keys_directory, &node->keys, &region->err));
	if (region->options.retry_max_us)
		retry.max_us = region->options.retry_max_us;
	struct messaging_options options = {
		.kernel = &node->kernel,
		.keys = node->keys,
		.keys_directory = node->keys_directory,
		.client = &node->line.client,
		.party_id = node->state,
		.party_type = PARTY_TYPE,
		.allow_plain = true,
		.max_message_bytes = (size_t)32 << 20,
		.max_payload_bytes = (size_t)20 << 20,
		.duplicate_window_us = 60 * DAY_US,
		.timeout_us = DEFAULT_TIMEOUT_US,
		.slots = 8,
		.retry = retry,
	};
	region_must(region, messaging_new(&options, &node->messaging, &region->err));
	region_must(region, outbox_resume(&node->kernel, clock_now_us(&node->clock.clock), &region->err));
}

static void node_close(struct region_node *node)
{
	messaging_free(node->messaging);
	keys_free(node->keys);
	db_close(node->kernel.db);
	node->messaging = NULL;
	node->keys = NULL;
	node->kernel.db = NULL;
}

static void node_init(struct region *region, size_t i)
{
	struct region_node *node = &region->nodes[i];

	node->region = region;
	node->state = states[i];
	snprintf(node->url, sizeof(node->url), "http://%s.example/as4", states[i]);
	snprintf(node->keys_directory, sizeof(node->keys_directory), "%s", keyring_directory(states[i]));
	if (region->options.on_disk)
		snprintf(node->database, sizeof(node->database), "%s/%s.db", region->directory, states[i]);
	else
		snprintf(node->database, sizeof(node->database), ":memory:");
	node->clock = (struct region_clock){ .clock = { region_now_us }, .true_us = &region->now_us };
	node->line = (struct region_line){ .client = { region_call }, .from = node };
	node->kernel = (struct kernel){
		.clock = &node->clock.clock,
		.lists = codelists(),
		.capabilities = customs_capabilities,
		.state = states[i],
		.instance = states[i],
	};
}

struct region *region_new(const struct region_options *options)
{
	struct region *region = calloc(1, sizeof(*region));

	assert_non_null(region);
	log_setup(LOG_OFF, NULL);
	region->options = *options;
	region->odds = options->odds;
	region->now_us = REGION_START_US;
	region->random = options->seed;
	region->arena = arena_new(REGION_ARENA_BYTES);
	assert_non_null(region->arena);
	if (options->on_disk) {
		char *directory = pki_directory_new();
		snprintf(region->directory, sizeof(region->directory), "%s", directory);
		free(directory);
	}
	random_simulate(options->seed);
	for (size_t i = 0; i < NODES; i++)
		node_init(region, i);
	for (size_t i = 0; i < NODES; i++) {
		struct region_node *node = &region->nodes[i];
		node_open(node);
		region_must(region, db_write(node->kernel.db, add_organisations, node, &region->err));
		node_add_partners(node);
		region_must(region, messaging_refresh(node->messaging, false, &region->err));
	}
	return region;
}

void region_free(struct region *region)
{
	for (size_t i = 0; i < NODES; i++)
		node_close(&region->nodes[i]);
	region_network_done(region);
	if (region->options.on_disk)
		pki_directory_free(strdup(region->directory));
	arena_free(region->arena);
	free(region);
	random_real();
}

/* --- Steps --- */

static bool is_up(const struct region_node *node)
{
	return node->down_until_us <= node->region->now_us;
}

/* What node/roles.c has run by threads, once. True if something was done. */
static bool node_step(struct region_node *node)
{
	enum { AT_A_TIME = 16, SEAL_AT_A_TIME = 1000, TIMERS_AT_A_TIME = 100 };
	struct region *region = node->region;
	struct kernel *kernel = &node->kernel;
	unsigned sent, processed, fired, sealed;

	region_must(region, messaging_refresh(node->messaging, false, &region->err));
	region_must(region, messaging_send_step(node->messaging, clock_now_us(kernel->clock), &sent, &region->err));
	region_must(region, inbox_step(kernel, clock_now_us(kernel->clock), AT_A_TIME, &processed, &region->err));
	region_must(region,
		    fsm_timers_step(kernel, clock_now_us(kernel->clock), TIMERS_AT_A_TIME, &fired, &region->err));
	region_must(region,
		    journal_seal_step(kernel, clock_now_us(kernel->clock), SEAL_AT_A_TIME, &sealed, &region->err));
	return sent + processed + fired + sealed > 0;
}

void region_settle(struct region *region)
{
	bool busy = true;

	for (unsigned round = 0; busy; round++) {
		if (round == ROUNDS_MAX)
			region_fail(region, "the nodes do not come to rest");
		busy = region_arrivals(region);
		for (size_t i = 0; i < NODES; i++)
			if (is_up(&region->nodes[i]) && node_step(&region->nodes[i]))
				busy = true;
	}
}

static int64_t earlier(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* When NODE has something to do next, in true time; INT64_MAX: never. */
static int64_t node_next_us(struct region_node *node)
{
	struct region *region = node->region;
	int64_t next_us = TIME_NONE, best_us = INT64_MAX;

	region_must(region, outbox_next_us(&node->kernel, &next_us, &region->err));
	if (next_us != TIME_NONE)
		best_us = next_us - node->clock.skew_us;
	struct message_list waiting = region_messages(node, "in", "received");
	for (size_t i = 0; i < waiting.count; i++)
		best_us = earlier(best_us, waiting.items[i].next_attempt_us - node->clock.skew_us);
	/* A down node works off what is due when it is up again. */
	return best_us != INT64_MAX && best_us < node->down_until_us ? node->down_until_us : best_us;
}

static int64_t region_next_us(struct region *region)
{
	int64_t next_us = region_next_arrival_us(region);

	for (size_t i = 0; i < NODES; i++)
		next_us = earlier(next_us, node_next_us(&region->nodes[i]));
	return next_us;
}

static void advance(struct region *region, int64_t next_us)
{
	/* What is due but not done (a suspended partner's messages) is looked at each minute. */
	region->now_us = next_us > region->now_us ? next_us : region->now_us + MINUTE_US;
}

void region_run(struct region *region, int64_t duration_us)
{
	int64_t until_us = region->now_us + duration_us;

	region_settle(region);
	while (region->now_us < until_us) {
		advance(region, earlier(region_next_us(region), until_us));
		region_settle(region);
	}
}

void region_drain(struct region *region, int64_t limit_us)
{
	int64_t until_us = region->now_us + limit_us;

	region_settle(region);
	for (int64_t next_us; (next_us = region_next_us(region)) != INT64_MAX;) {
		if (region->now_us > until_us)
			region_fail(region, "something still waits after %lld minutes",
				    (long long)(limit_us / MINUTE_US));
		advance(region, next_us);
		region_settle(region);
	}
}

void region_outage(struct region_node *node, int64_t duration_us)
{
	node->down_until_us = node->region->now_us + duration_us;
	if (node->region->options.on_disk) {
		node_close(node);
		node_open(node);
	}
}

date region_today(const struct region_node *node)
{
	return document_today(clock_now_us(&node->clock.clock));
}
