/* A node's directory, and what is opened from it. */
#include "node/node.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "base/text.h"
#include "base/uuid.h"
#include "customs/registry.h"
#include "kernel/catch_up.h"
#include "kernel/codelist.h"
#include "kernel/own_key.h"
#include "kernel/party.h"
#include "node/node_int.h"

/* The file of an SQLite database: a path in its URL is relative to the node's directory. NULL if it is another one. */
static const char *database_file(struct arena *arena, const struct config *config)
{
	const char *file = db_url_file(config->database);
	return file ? config_path(arena, config, file) : NULL;
}

static const char *database_url(struct arena *arena, const struct config *config)
{
	if (!db_url_file(config->database))
		return config->database;
	const char *path = database_file(arena, config);
	return path ? arena_printf(arena, "sqlite:%s", path) : NULL;
}

enum err_code node_open_database(struct arena *arena, const struct config *config, struct db **db, struct err *err)
{
	const char *url = database_url(arena, config);
	struct db_options options = { .reserve_bytes = config->disk_reserve_bytes };
	if (!url)
		return fail(err, ERR_MEMORY, "no memory to open the database");
	return db_open(url, &options, db, err);
}

enum err_code node_require_migrated(struct db *db, const char *directory, struct err *err)
{
	struct migration_status status;
	TRY(db_migrate(db, kernel_migrations, kernel_migrations_count, true, &status, NULL, err));
	if (status.pending)
		return fail(err, ERR_CONFIG,
			    "the database is %d migrations behind this program; run lintas db migrate -d %s",
			    status.pending, directory);
	return OK;
}

#define LOCK_WAIT_US  (2 * SECOND_US)
#define LOCK_PAUSE_NS (20 * 1000 * 1000L)

enum err_code node_lock(struct arena *arena, const char *directory, int *lock, struct err *err)
{
	const char *path = arena_printf(arena, "%s/lock", directory);
	int fd = path ? open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600) : -1;
	if (fd < 0)
		return fail(err, ERR_IO, "cannot open %s/lock: %s", directory, strerror(errno));
	/* A command on a stopped node has it for a moment, and whoever starts the node meanwhile means it. */
	int64_t until_us = clock_monotonic_us() + LOCK_WAIT_US;
	int taken = -1;
	while ((taken = flock(fd, LOCK_EX | LOCK_NB)) != 0 && clock_monotonic_us() < until_us)
		nanosleep(&(struct timespec){ .tv_nsec = LOCK_PAUSE_NS }, NULL);
	if (taken != 0) {
		close(fd);
		return fail(err, ERR_BUSY,
			    "a node runs on %s already; if it has just been started, it answers in a moment",
			    directory);
	}
	*lock = fd;
	return OK;
}

/* Whole or not at all, also when we are killed meanwhile: written aside, then given its name. Whoever was first wins.
 */
static enum err_code instance_make(struct arena *arena, const char *path, struct err *err)
{
	char text[UUID_SIZE] = "";
	const char *aside = arena_printf(arena, "%s.%ld", path, (long)getpid());
	if (!aside)
		return fail(err, ERR_MEMORY, "no memory for the node");
	uuid_new(text, clock_now_us(&clock_system));
	int fd = open(aside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	bool good = fd >= 0 && fd_write(fd, bytes_of(text)) && fsync(fd) == 0;
	if (fd >= 0)
		good = close(fd) == 0 && good;
	good = good && (link(aside, path) == 0 || errno == EEXIST);
	int failed = errno;
	unlink(aside);
	return good ? OK : fail(err, ERR_IO, "cannot make %s: %s", path, strerror(failed));
}

/* This instance's name among those that work on one database: made once, kept in its directory, so that a restart knows
 * what its predecessor had in hand, whatever the machine is called by then. */
static enum err_code instance_of(struct arena *arena, const struct config *config, const char **instance,
				 struct err *err)
{
	const char *path = config_path(arena, config, "instance");
	char text[UUID_SIZE] = "";
	if (!path)
		return fail(err, ERR_MEMORY, "no memory for the node");
	if (access(path, F_OK) != 0)
		TRY(instance_make(arena, path, err));
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t size = fd >= 0 ? read(fd, text, UUID_SIZE - 1) : -1;
	if (fd >= 0)
		close(fd);
	if (size != UUID_SIZE - 1 || !uuid_valid(text))
		return fail(err, ERR_CONFIG, "%s is damaged: stop all nodes on this database, then remove the file",
			    path);
	*instance = arena_text(arena, text);
	return *instance ? OK : fail(err, ERR_MEMORY, "no memory for the node");
}

static void kernel_init(struct kernel *kernel, struct db *db, const char *instance, const struct config *config)
{
	*kernel = (struct kernel){ .db = db,
				   .instance = instance,
				   .clock = &clock_system,
				   .lists = codelists(),
				   .capabilities = customs_capabilities,
				   .state = config->state,
				   .retention = &config->retention };
}

enum err_code node_require_right(const char *directory, const struct findings *findings, struct err *err)
{
	size_t mistakes = findings_errors(findings);
	if (mistakes)
		return fail(err, ERR_CONFIG, "%s/lintas.conf has %zu mistake%s; see lintas config check -d %s",
			    directory, mistakes, mistakes == 1 ? "" : "s", directory);
	return OK;
}

enum err_code node_read_config(struct arena *arena, const char *directory, struct config *config,
			       struct findings *findings, struct err *err)
{
	TRY(config_read(arena, directory, config, findings, err));
	return node_require_right(directory, findings, err);
}

/* What the key ceremony did while the node was stopped. That it cannot be journalled (the disk is full) stops nothing:
 * it is, when it can. */
static void note_keys(struct kernel *kernel, const char *keys)
{
	struct err err = { 0 };
	if (own_keys_note(kernel, keys, &actor_system, clock_now_us(kernel->clock), &err) != OK)
		LOG(LOG_WARN, "keys.not-journalled", LOG_ERR(&err));
}

static enum err_code webhooks_of(struct arena *arena, struct node *node, struct err *err)
{
	const struct config *c = &node->config;
	bool ours = !same(c->webhook_trust_file, "system");
	const char *trust = ours ? config_path(arena, c, c->webhook_trust_file) : NULL;

	if (ours && !trust)
		return fail(err, ERR_MEMORY, "no memory for the node");
	node->webhooks = (struct webhook_sender){ .kernel = &node->kernel,
						  .client = node->client,
						  .reach = { .everywhere_public = true },
						  .allow_plain = c->plain,
						  .trust_file = trust,
						  .give_up_us = c->webhook_give_up_us,
						  .failing_most = c->webhook_senders / 2 };
	if (!reach_parse(arena, c->webhook_networks, &node->webhooks.reach))
		return fail(err, ERR_CONFIG, "[webhooks] private-networks = %s are no networks", c->webhook_networks);
	return OK;
}

static const char *national_folder(struct arena *arena, const struct config *config, const char *name)
{
	return same(name, "none") ? NULL : config_path(arena, config, name);
}

/* As wrong settings are: told all at once, and nothing runs before they are mended. */
static enum err_code load_mappings(struct arena *arena, struct node *node, struct findings *findings, struct err *err)
{
	const char *folder = national_folder(arena, &node->config, node->config.mappings);
	TRY(national_mappings_load(&node->kernel, folder, &node->mappings, findings, err));
	size_t mistakes = findings_errors(findings);
	if (mistakes)
		return fail(err, ERR_CONFIG,
			    "the mapping files in %s have %zu mistake%s; lintas doctype map --mapping FILE checks one",
			    folder, mistakes, mistakes == 1 ? "" : "s");
	return OK;
}

enum err_code node_assemble(struct arena *arena, struct node *node, const struct http_tls *tls,
			    const struct api_options *api, struct findings *findings, struct err *err)
{
	const struct config *c = &node->config;
	const char *instance = NULL, *keys = config_path(arena, c, "keys");
	if (!keys)
		return fail(err, ERR_MEMORY, "no memory for the node");
	TRY(node_open_database(arena, c, &node->kernel.db, err));
	TRY(node_require_migrated(node->kernel.db, c->directory, err));
	TRY(instance_of(arena, c, &instance, err));
	kernel_init(&node->kernel, node->kernel.db, instance, c);
	TRY(load_mappings(arena, node, findings, err));
	node->client = http_client_new();
	if (!node->client)
		return fail(err, ERR_MEMORY, "no memory for the HTTP client");
	struct messaging_options messaging = {
		.kernel = &node->kernel,
		.keys = node->keys,
		.keys_directory = keys,
		.client = node->client,
		.party_id = c->party_id,
		.party_type = c->party_type,
		.endpoint = same(c->gateway_url, "none") ? NULL : c->gateway_url,
		.tls = tls,
		.allow_plain = c->plain,
		.require_client_certificate = !c->plain,
		.max_message_bytes = (size_t)c->max_message_bytes,
		.max_payload_bytes = (size_t)c->max_payload_bytes,
		.duplicate_window_us = c->duplicate_window_us,
		.timeout_us = c->exchange_timeout_us,
		.slots = (unsigned)c->slots,
		.senders = (unsigned)c->senders,
		.trust = { .require_crl = c->crl_required, .crl_grace_us = c->crl_grace_us },
		.health = { .heartbeat_us = c->heartbeat_us, .slow_us = c->slow_us, .alarm_us = c->alarm_us },
		.retry = { .first_us = c->retry_first_us, .max_us = c->retry_max_us, .give_up_us = c->give_up_us },
	};
	TRY(messaging_new(&messaging, &node->messaging, err));
	TRY(webhooks_of(arena, node, err));
	note_keys(&node->kernel, keys);
	if (api->running)
		TRY(catch_up_resume(&node->kernel, clock_now_us(node->kernel.clock), err));
	node->drop = (struct national_drop){ .kernel = &node->kernel,
					     .mappings = node->mappings,
					     .directory = national_folder(arena, c, c->drop),
					     .settle_us = c->drop_settle_us,
					     .max_bytes = (size_t)c->max_payload_bytes };
	struct api_options options = *api;
	options.kernel = &node->kernel;
	options.messaging = node->messaging;
	options.mappings = node->mappings;
	options.drop = &node->drop;
	options.plain = c->plain;
	options.keys_directory = keys;
	options.trust_file = c->plain ? NULL : config_path(arena, c, c->trust_file);
	options.disk_path = database_file(arena, c);
	options.disk_reserve_bytes = c->disk_reserve_bytes;
	options.node_name = c->name;
	options.version = LINTAS_VERSION;
	options.answers_kept_us = c->answers_kept_us;
	options.requests_per_minute = c->requests_per_minute;
	options.burst = c->burst;
	options.purposes = c->purposes;
	options.purpose_required = c->purpose_required;
	options.webhook_reach = &node->webhooks.reach;
	return api_new(&options, &node->api, err);
}

enum err_code node_open(struct arena *arena, const char *directory, struct node *node, struct findings *findings,
			struct err *err)
{
	*node = (struct node){ .lock = -1 };
	TRY(node_read_config(arena, directory, &node->config, findings, err));
	TRY(node_lock(arena, directory, &node->lock, err));
	const char *keys = config_path(arena, &node->config, "keys");
	if (!keys)
		return fail(err, ERR_MEMORY, "no memory for the node");
	enum err_code code = keys_open(keys, &node->keys, err);
	if (code == OK)
		code = node_assemble(arena, node, NULL, &(struct api_options){ .running = false }, findings, err);
	if (code != OK)
		node_close(node);
	return code;
}

void node_close(struct node *node)
{
	api_free(node->api);
	national_mappings_free(node->mappings);
	messaging_free(node->messaging);
	if (node->client)
		http_client_free(node->client);
	keys_free(node->keys);
	db_close(node->kernel.db);
	if (node->lock >= 0)
		close(node->lock);
	*node = (struct node){ .lock = -1 };
}

static enum err_code add_customs(struct tx *tx, void *arg, struct err *err)
{
	(void)arg;
	const struct organisation customs = { .code = "customs", .seat = "customs", .name = "Customs" };
	const struct actor actor = { .name = "operator" };
	return organisation_add(tx, &customs, &actor, clock_now_us(&clock_system), err);
}

static enum err_code fill_node(struct arena *arena, const struct node_init *init, struct findings *findings,
			       struct err *err)
{
	struct config config;
	struct db *db = NULL;
	TRY(node_read_config(arena, init->directory, &config, findings, err));
	const char *keys = config_path(arena, &config, "keys");
	if (!keys || (mkdir(keys, 0700) != 0 && errno != EEXIST))
		return fail(err, ERR_IO, "cannot make the key directory of %s: %s", init->directory, strerror(errno));
	TRY(node_open_database(arena, &config, &db, err));
	enum err_code code = db_migrate(db, kernel_migrations, kernel_migrations_count, false, NULL, NULL, err);
	if (code == OK)
		code = db_write(db, add_customs, NULL, err);
	db_close(db);
	return code;
}

/* A directory with a configuration is a node: what could not be made whole does not keep one. */
enum err_code node_create(struct arena *arena, const struct node_init *init, struct findings *findings, struct err *err)
{
	const char *path = arena_printf(arena, "%s/lintas.conf", init->directory);
	if (!path)
		return fail(err, ERR_MEMORY, "no memory for a node");
	if (init->database)
		TRY(config_database_require("--database", init->database, findings, err));
	if (mkdir(init->directory, 0700) != 0 && errno != EEXIST)
		return fail(err, ERR_IO, "cannot make %s: %s", init->directory, strerror(errno));
	TRY(config_write(init->directory, init->state, init->name, init->database, init->port, init->plain, err));
	enum err_code code = fill_node(arena, init, findings, err);
	if (code != OK)
		unlink(path);
	return code;
}
