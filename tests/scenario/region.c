#include "region.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/log.h"
#include "base/random.h"
#include "crypto/digest.h"
#include "customs/registry.h"
#include "kernel/agreement.h"
#include "kernel/capability.h"
#include "kernel/catch_up.h"
#include "kernel/codelist.h"
#include "kernel/fsm.h"
#include "kernel/journal.h"
#include "keyring.h"
#include "messaging/cpa_int.h"
#include "pki.h"

#define DEFAULT_TIMEOUT_US (90 * SECOND_US)
#define ROUNDS_MAX         100000
#define TRIES_MAX          1000

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

/* Identifiers and back-offs are drawn on the database's writer thread, too, and the source is a thread's own. No two
 * writers draw the same: what the last one gave names to may be there. */
static enum err_code seed_writer(struct region_node *node, struct err *err)
{
	struct region *region = node->region;
	uint64_t seed = region->options.seed * NODES + (uint64_t)(node - region->nodes) + 1;

	seed += (uint64_t)node->starts++ << 32;
	return db_write(node->kernel.db, seed_thread, &seed, err);
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

/* In the place of TH's and VN's. */
static const struct pair ebms2_pair = { TH, VN, "ebms2-rsa-sha256", "bst", KEY_RSA_2048, KEY_RSA_2048 };

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

static void replace(struct region *region, struct buf *text, const char *from, const char *to)
{
	const char *rest = arena_text_of(region->arena, buf_bytes(text)), *at;

	buf_clear(text);
	for (; (at = strstr(rest, from)); rest = at + strlen(from)) {
		buf_put(text, rest, (size_t)(at - rest));
		buf_puts(text, to);
	}
	buf_puts(text, rest);
}

/* What the program does not propose, and partners may. */
static void weaken(struct region *region, struct buf *text)
{
	if (region->options.unsigned_acks)
		replace(region, text, "ackSignatureRequested=\"always\"", "ackSignatureRequested=\"never\"");
	if (!region->options.sha1)
		return;
	replace(region, text, "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256",
		"http://www.w3.org/2000/09/xmldsig#rsa-sha1");
	replace(region, text, "http://www.w3.org/2001/04/xmlenc#sha256", "http://www.w3.org/2000/09/xmldsig#sha1");
}

static enum err_code put_agreement(struct tx *tx, const struct adding *adding, const struct cpa_offer *offer,
				   struct err *err)
{
	buf_auto text;
	buf_init(&text, (size_t)1 << 20);
	TRY(cpa_write(offer, &text, err));
	weaken(adding->node->region, &text);
	struct agreement agreement = { .partner = adding->peer->state,
				       .id = offer->id,
				       .text = buf_bytes(&text),
				       .terms = adding->node->region->options.sha1 ? "{\"allowSha1\":true}" : NULL,
				       .until_us = TIME_NONE };
	return agreement_put(tx, &agreement, &operator_, clock_now_us(&adding->node->clock.clock), err);
}

static struct cpa_offer_party offer_party(const struct region_node *node, const struct key_list *keys)
{
	return (struct cpa_offer_party){ .name = node->state,
					 .party_id = node->state,
					 .party_type = PARTY_TYPE,
					 .endpoint = node->url,
					 .signing = cert_der(keyring_find(keys, KEY_USE_SIGN, KEY_RSA_2048)) };
}

/* Both ends have the same, whoever adds it: all document types both ways, by their seats. */
static enum err_code add_agreement(struct tx *tx, const struct adding *adding, struct err *err)
{
	enum { ACTIONS_MAX = 64 };
	struct region *region = adding->node->region;
	struct cpa_offer_action actions[ACTIONS_MAX];
	struct key_list keys[2];
	size_t count = 0;
	const struct region_node *ends[] = { &region->nodes[ebms2_pair.a], &region->nodes[ebms2_pair.b] };

	for (size_t c = 0; customs_capabilities[c]; c++)
		for (const struct doctype *const *d = customs_capabilities[c]->doctypes; d && *d; d++)
			for (unsigned from = 0; from < 2; from++) {
				assert_true(count < ACTIONS_MAX);
				actions[count++] = (struct cpa_offer_action){ .service = SERVICE_DOCUMENTS,
									      .action = (*d)->code,
									      .from_role = (*d)->from_seat,
									      .to_role = (*d)->to_seat,
									      .from = from };
			}
	TRY(keystore_list(ends[0]->keys_directory, &keys[0], err));
	TRY(keystore_list(ends[1]->keys_directory, &keys[1], err));
	const struct cpa_offer_party th = offer_party(ends[0], &keys[0]), vn = offer_party(ends[1], &keys[1]);
	struct cpa_offer offer = { .id = "th-vn",
				   .status = "agreed",
				   .start_us = REGION_START_US - DAY_US,
				   .end_us = REGION_START_US + 365 * DAY_US,
				   .parties = { th, vn },
				   .actions = actions,
				   .actions_count = count,
				   .sync = region->options.ebms2 == REGION_EBMS2_SYNC,
				   .retries = 1000,
				   .retry_interval_us = region->options.ebms2_interval_us
								? region->options.ebms2_interval_us
								: MINUTE_US,
				   .persist_us = 60 * DAY_US };
	enum err_code code = put_agreement(tx, adding, &offer, err);
	key_list_done(&keys[0]);
	key_list_done(&keys[1]);
	return code;
}

static struct partner partner_of(const struct adding *adding)
{
	bool weak = adding->pair == &ebms2_pair && adding->node->region->options.sha1;

	return (struct partner){
		.code = adding->peer->state,
		.name = adding->peer->state,
		.party_id = adding->peer->state,
		.party_type = PARTY_TYPE,
		.endpoint = adding->peer->url,
		.profile = weak ? "ebms2-rsa-sha1" : adding->pair->profile,
		.binding = adding->pair == &ebms2_pair ? "ebms2" : "as4",
		.token = adding->pair->token,
		.status = "active",
	};
}

static enum err_code add_partner(struct tx *tx, void *arg, struct err *err)
{
	const struct adding *adding = arg;
	const struct partner partner = partner_of(adding);

	TRY(partner_add(tx, &partner, &operator_, clock_now_us(&adding->node->clock.clock), err));
	TRY(add_certificate(tx, adding, "sign", KEY_USE_SIGN, adding->pair->sign, err));
	if (adding->pair == &ebms2_pair)
		return add_agreement(tx, adding, err);
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
		bool ebms2 = region->options.ebms2 != REGION_AS4 && pair->a == ebms2_pair.a && pair->b == ebms2_pair.b;
		struct adding adding = { node, &region->nodes[pair->a == own ? pair->b : pair->a],
					 ebms2 ? &ebms2_pair : pair };
		region_must(region, db_write(node->kernel.db, add_partner, &adding, &region->err));
	}
}

static enum err_code change_run(struct tx *tx, void *arg, struct err *err)
{
	const struct adding *adding = arg;
	const struct partner partner = partner_of(adding);

	TRY(partner_change(tx, &partner, &operator_, clock_now_us(&adding->node->clock.clock), err));
	TRY(add_certificate(tx, adding, "sign", KEY_USE_SIGN, adding->pair->sign, err));
	return add_agreement(tx, adding, err);
}

void region_change_binding(struct region *region, enum region_ebms2 ebms2)
{
	struct region_node *ends[] = { &region->nodes[ebms2_pair.a], &region->nodes[ebms2_pair.b] };

	region->options.ebms2 = ebms2;
	for (size_t i = 0; i < COUNT(ends); i++) {
		struct adding adding = { ends[i], ends[1 - i], &ebms2_pair };
		region_must(region, db_write(ends[i]->kernel.db, change_run, &adding, &region->err));
		region_must(region, messaging_refresh(ends[i]->messaging, false, &region->err));
	}
}

struct believing {
	struct region_node *node;
	const struct partner_certificate *certificate;
};

static enum err_code believe_run(struct tx *tx, void *arg, struct err *err)
{
	const struct believing *believing = arg;

	return partner_certificate_add(tx, believing->certificate, &operator_, believing->node->region->now_us, err);
}

void region_believe(struct region_node *node, const char *partner, const char *use, struct bytes der, int64_t until_us)
{
	char fingerprint[SHA256_HEX_SIZE];
	const struct partner_certificate certificate = {
		.partner = partner, .use = use, .fingerprint = fingerprint, .der = der, .until_us = until_us
	};
	struct region *region = node->region;

	sha256_hex(der, fingerprint);
	region_must(region,
		    db_write(node->kernel.db, believe_run, &(struct believing){ node, &certificate }, &region->err));
	region_must(region, messaging_refresh(node->messaging, false, &region->err));
}

static enum err_code node_start(struct region_node *node, struct err *err)
{
	struct region *region = node->region;
	struct retry_policy retry = retry_policy_default;
	struct db_options db_options = { .readers = 1, .vfs = node->power ? power_vfs(node->power) : NULL };

	TRY(db_open(node->database, &db_options, &node->kernel.db, err));
	TRY(db_migrate(node->kernel.db, kernel_migrations, kernel_migrations_count, false, NULL, NULL, err));
	TRY(seed_writer(node, err));
	if (region->options.retry_max_us)
		retry.max_us = region->options.retry_max_us;
	struct messaging_options options = {
		.kernel = &node->kernel,
		.keys = node->keys,
		.keys_directory = node->keys_directory,
		.client = &node->line.client,
		.party_id = node->state,
		.party_type = PARTY_TYPE,
		.endpoint = node->url,
		.allow_plain = true,
		.max_message_bytes = (size_t)32 << 20,
		.max_payload_bytes = (size_t)20 << 20,
		.duplicate_window_us = 60 * DAY_US,
		.timeout_us = DEFAULT_TIMEOUT_US,
		.slots = 8,
		.retry = retry,
		.trust = region->options.trust,
		.health = region->options.health,
	};
	TRY(messaging_new(&options, &node->messaging, err));
	TRY(catch_up_resume(&node->kernel, clock_now_us(&node->clock.clock), err));
	return outbox_resume(&node->kernel, clock_now_us(&node->clock.clock), err);
}

void region_node_close(struct region_node *node)
{
	messaging_free(node->messaging);
	db_close(node->kernel.db);
	node->messaging = NULL;
	node->kernel.db = NULL;
}

/* The disk's folder is another one after each time that its power was gone. */
static void database_place(struct region_node *node)
{
	const char *directory = node->power ? power_directory(node->power) : node->region->directory;

	if (node->power || node->region->options.on_disk)
		snprintf(node->database, sizeof(node->database), "%s/%s.db", directory, node->state);
	else
		snprintf(node->database, sizeof(node->database), ":memory:");
}

static bool has_failed(struct region_node *node, uint64_t faults)
{
	return power_faults(node->power) > faults;
}

/* Until it comes up: the disk may fail again while it does. */
void region_node_open(struct region_node *node)
{
	struct region *region = node->region;

	for (unsigned tries = 0;; tries++) {
		if (tries == TRIES_MAX)
			region_fail(region, "%s does not come up", node->state);
		database_place(node);
		uint64_t faults = power_faults(node->power);
		enum err_code code = node_start(node, &region->err);
		if (code == OK && !power_is_off(node->power))
			break;
		if (!has_failed(node, faults))
			region_must(region, code);
		region_node_close(node);
		if (power_is_off(node->power))
			power_restore(node->power);
	}
	node->delivered_count = node->accepted_count = 0;
	node->calling = NULL;
}

static void node_init(struct region *region, size_t i)
{
	struct region_node *node = &region->nodes[i];

	node->region = region;
	node->state = states[i];
	snprintf(node->url, sizeof(node->url), "http://%s.example/as4", states[i]);
	snprintf(node->keys_directory, sizeof(node->keys_directory), "%s", keyring_directory(states[i]));
	if (region->options.disks)
		node->power = power_new(states[i], arena_printf(region->arena, "%s/%s", region->directory, states[i]),
					region->options.seed * NODES + i, region->options.disks);
	/* Of a process of their own: they are there however often the node is started anew. */
	region_must(region, keys_open(node->keys_directory, &node->keys, &region->err));
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
	if (options->on_disk || options->disks) {
		char *directory = pki_directory_new();
		snprintf(region->directory, sizeof(region->directory), "%s", directory);
		free(directory);
	}
	random_simulate(options->seed);
	for (size_t i = 0; i < NODES; i++)
		node_init(region, i);
	for (size_t i = 0; i < NODES; i++) {
		struct region_node *node = &region->nodes[i];
		region_node_open(node);
		region_must(region, db_write(node->kernel.db, add_organisations, node, &region->err));
		node_add_partners(node);
		region_must(region, messaging_refresh(node->messaging, false, &region->err));
	}
	return region;
}

void region_free(struct region *region)
{
	for (size_t i = 0; i < NODES; i++)
		region_node_close(&region->nodes[i]);
	for (size_t i = 0; i < NODES; i++) {
		power_free(region->nodes[i].power);
		keys_free(region->nodes[i].keys);
	}
	region_network_done(region);
	if (region->options.on_disk || region->options.disks)
		pki_directory_free(strdup(region->directory));
	arena_free(region->arena);
	free(region);
	random_real();
}

/* --- Acknowledgements --- */

static bool starts_with_octets(const uint8_t *at, const uint8_t *end, const char *text)
{
	size_t size = strlen(text);

	return (size_t)(end - at) >= size && memcmp(at, text, size) == 0;
}

/* BODY begins with the header in clear: the first element whose name ends so. */
static const char *id_in(struct region *region, struct bytes body, const char *name)
{
	const uint8_t *end = body.data + body.size, *at = body.data;

	while (at < end && !starts_with_octets(at, end, name))
		at++;
	if (at == end)
		region_fail(region, "a message without eb:MessageId was taken for one");
	const char *id = (const char *)at + strlen(name);
	const char *rest = memchr(id, '<', (size_t)((const char *)end - id));
	region_expect(region, rest);
	return arena_printf(region->arena, "%.*s", (int)(rest - id), id);
}

static void note(struct region *region, struct noted *noted, const char *id)
{
	for (size_t i = 0; i < noted->count; i++)
		if (same(noted->ids[i], id))
			return;
	region_expect(region, id && noted->count < NOTED_MAX);
	noted->ids[noted->count++] = id;
}

/* In eb:MessageInfo, and in eb:MessageData of ebMS 2, eb:MessageId is the first of its name. */
static const char *message_id_in(struct region *region, struct bytes body)
{
	return id_in(region, body, "MessageId>");
}

/* One message is sent after the other: what has become delivered is the last one that was called for. */
static void note_delivery(struct region_node *node)
{
	struct messaging_counters now;

	messaging_counters(node->messaging, &now);
	region_expect(node->region, now.delivered <= node->delivered_count + 1);
	if (now.delivered > node->delivered_count)
		note(node->region, &node->delivered, node->calling);
	node->delivered_count = now.delivered;
}

void region_note_request(struct region_node *node)
{
	note_delivery(node);
}

void region_note_call(struct region_node *node, struct bytes body)
{
	note_delivery(node);
	node->calling = message_id_in(node->region, body);
}

/* A duplicate gets the receipt once more, and so is acknowledged as well. */
void region_note_answer(struct region_node *node, struct bytes body)
{
	struct messaging_counters now;

	messaging_counters(node->messaging, &now);
	if (now.accepted + now.duplicates > node->accepted_count)
		note(node->region, &node->accepted, message_id_in(node->region, body));
	node->accepted_count = now.accepted + now.duplicates;
	/* ebMS 2: an acknowledgment with a request of its own. */
	if (now.delivered > node->delivered_count)
		note(node->region, &node->delivered, id_in(node->region, body, "RefToMessageId>"));
	node->delivered_count = now.delivered;
}

static void expect_all(struct region_node *node, const struct noted *noted, const struct message_list *list,
		       const char *what)
{
	for (size_t i = 0; i < noted->count; i++) {
		size_t k = 0;
		while (k < list->count && !same(list->items[k].message_id, noted->ids[i]))
			k++;
		if (k == list->count)
			region_fail(node->region, "%s has lost message %s, which it had %s", node->state, noted->ids[i],
				    what);
	}
}

/* --- Steps --- */

static bool is_up(const struct region_node *node)
{
	return node->down_until_us <= node->region->now_us;
}

typedef enum err_code node_role(struct region_node *node, int64_t now_us, unsigned *done, struct err *err);

static enum err_code step_refresh(struct region_node *node, int64_t now_us, unsigned *done, struct err *err)
{
	(void)done;
	TRY(messaging_refresh(node->messaging, false, err));
	return messaging_watch(node->messaging, now_us, err);
}

static enum err_code step_send(struct region_node *node, int64_t now_us, unsigned *done, struct err *err)
{
	enum err_code code = messaging_send_step(node->messaging, now_us, done, err);

	note_delivery(node);
	return code;
}

static enum err_code step_process(struct region_node *node, int64_t now_us, unsigned *done, struct err *err)
{
	enum { AT_A_TIME = 16 };
	return inbox_step(&node->kernel, now_us, AT_A_TIME, done, err);
}

static enum err_code step_timers(struct region_node *node, int64_t now_us, unsigned *done, struct err *err)
{
	enum { AT_A_TIME = 100 };
	return fsm_timers_step(&node->kernel, now_us, AT_A_TIME, done, err);
}

static enum err_code step_seal(struct region_node *node, int64_t now_us, unsigned *done, struct err *err)
{
	enum { AT_A_TIME = 1000 };
	return journal_seal_step(&node->kernel, now_us, AT_A_TIME, done, err);
}

/* What node/roles.c has run by threads, once. True if something was done. */
static bool node_step(struct region_node *node)
{
	static node_role *const roles[] = { step_refresh, step_send, step_process, step_timers, step_seal };
	bool busy = false;

	for (size_t i = 0; i < COUNT(roles) && is_up(node); i++) {
		uint64_t faults = power_faults(node->power);
		unsigned done = 0;
		enum err_code code = roles[i](node, clock_now_us(&node->clock.clock), &done, &node->region->err);
		busy = region_again(node, faults, code) || done > 0 || busy;
	}
	return busy;
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
	struct message_list waiting = region_messages(node, "in", "received");
	int64_t next_us = TIME_NONE, best_us = INT64_MAX;

	power_pause(node->power, true);
	region_must(region, outbox_next_us(&node->kernel, &next_us, &region->err));
	power_pause(node->power, false);
	if (next_us != TIME_NONE)
		best_us = next_us - node->clock.skew_us;
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

/* From its files, or what of them a power cut left: all that it had acknowledged must be among it. */
static void node_restart(struct region_node *node)
{
	note_delivery(node);
	region_node_close(node);
	region_node_open(node);
	struct message_list out = region_messages(node, "out", "delivered"), in = region_messages(node, "in", NULL);
	expect_all(node, &node->delivered, &out, "seen delivered");
	expect_all(node, &node->accepted, &in, "given a receipt for");
}

void region_outage(struct region_node *node, int64_t duration_us)
{
	node->down_until_us = node->region->now_us + duration_us;
	if (node->region->options.on_disk || node->power)
		node_restart(node);
}

void region_power_cut(struct region_node *node)
{
	struct region *region = node->region;

	power_cut(node->power);
	region->now_us += SECOND_US; /* so that no identifier of before is given again, or one that sorts before it */
	if (node->down_until_us < region->now_us + MINUTE_US)
		node->down_until_us = region->now_us + MINUTE_US;
	node_restart(node);
}

bool region_again_(struct region_node *node, uint64_t faults, enum err_code code, const char *file, int line)
{
	if (code == OK)
		return false;
	if (!has_failed(node, faults))
		region_must_(node->region, code, file, line);
	if (power_is_off(node->power))
		region_power_cut(node);
	return true;
}

date region_today(const struct region_node *node)
{
	return document_today(clock_now_us(&node->clock.clock));
}
