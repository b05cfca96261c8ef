/* What the node needs beside right settings: the same rows before it starts and for `lintas config check`. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "customs/registry.h"
#include "kernel/codelist.h"
#include "node/node_int.h"

enum { TRUST_MAX = 16 << 20 };

enum {
	RULE_PLACE,
	RULE_TLS_KEY,
	RULE_WITHOUT,
	RULE_FAULT,
	RULE_ENDED,
	RULE_NO_KEY,
	RULE_WEBHOOK,
	RULE_TLS_NAME,
	RULE_TERM_OF
};
const struct rule check_rules[] = {
	[RULE_PLACE] = { .code = "CFG-020",
			 .text = "{1} cannot be read ({2}): lintas serve does not start without it" },
	[RULE_TLS_KEY] = { .code = "CFG-021",
			   .text = "there is no active TLS key: lintas key new --use tls, then csr and install; for a "
				   "trial on one machine set [gateway] plain = yes" },
	[RULE_WITHOUT] = { .code = "CFG-022", .text = "{1}: {2}", .severity = SEVERITY_WARNING },
	[RULE_FAULT] = { .code = "CFG-023", .text = "{1}" },
	[RULE_ENDED] = { .code = "CFG-024",
			 .text = "the certificate of {1} ended at {2}, and partners refuse it: lintas key new, then csr, "
				 "install, and send partners the new one",
			 .severity = SEVERITY_WARNING },
	[RULE_NO_KEY] = { .code = "CFG-025",
			  .text = "there is no active key to {1}: {2}; lintas key new --use {1}, then csr and install",
			  .severity = SEVERITY_WARNING },
	[RULE_WEBHOOK] = { .code = "CFG-026",
			   .text = "webhook {1} would not be added now: {2}; remove it, and add it with the right names",
			   .severity = SEVERITY_WARNING },
	[RULE_TLS_NAME] = { .code = "CFG-028", .text = "{1}: {2}", .law = "RFC 9525 6", .severity = SEVERITY_WARNING },
	[RULE_TERM_OF] = { .code = "CFG-029",
			   .text = "[retention] {1}: there is no organisation {2}, so nothing is kept by this; lintas "
				   "organisation list shows those that there are",
			   .severity = SEVERITY_WARNING },
	{ 0 },
};

struct checking {
	struct arena *arena;
	const struct config *config;
	struct findings *findings;
};

/* --- Files and folders that settings name --- */

static enum err_code text_read(struct arena *arena, const char *path, struct bytes *text, const char **why)
{
	fd_auto fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat status;
	*why = NULL;
	if (fd < 0 || fstat(fd, &status) != 0) {
		*why = strerror(errno);
		return OK;
	}
	if (!S_ISREG(status.st_mode) || status.st_size > TRUST_MAX) {
		*why = "it is not a file of at most 16 MB";
		return OK;
	}
	uint8_t *data = arena_alloc(arena, (size_t)status.st_size + 1);
	if (!data)
		return ERR_MEMORY;
	size_t got = 0;
	*why = fd_read(fd, data, (size_t)status.st_size, &got) ? NULL : strerror(errno);
	*text = bytes(data, got);
	return OK;
}

/* Why the PEM certificates in TEXT are of no use; NULL if they are. */
static const char *pem_trouble(struct arena *arena, struct bytes text)
{
	static const char begin[] = "-----BEGIN CERTIFICATE-----", end[] = "-----END CERTIFICATE-----";
	const char *all = arena_text_of(arena, text), *from = all;
	size_t count = 0;
	while (from && (from = strstr(from, begin))) {
		struct err err = { 0 };
		cert_auto cert = NULL;
		const char *to = strstr(from, end);
		size_t size = to ? (size_t)(to - from) + strlen(end) : strlen(from);
		count++;
		if (cert_parse(bytes(from, size), &cert, &err) != OK)
			return arena_printf(arena, "certificate %zu in it: %s", count, err.text);
		from += size;
	}
	return !all ? "it is too large" : count ? NULL : "there is no PEM certificate in it";
}

static enum err_code place_trouble(struct checking *c, const struct setting *setting, const char *path,
				   const char **why, struct err *err)
{
	struct bytes text = bytes(NULL, 0);
	struct stat status;
	if (setting->names == NAMES_AUTHORITIES) {
		if (text_read(c->arena, path, &text, why) != OK)
			return fail(err, ERR_MEMORY, "no memory for %s", path);
		*why = *why ? *why : pem_trouble(c->arena, text);
		return OK;
	}
	int mode = R_OK | X_OK | (setting->names == NAMES_SPOOL ? W_OK : 0);
	bool found = stat(path, &status) == 0;
	*why = found && !S_ISDIR(status.st_mode)   ? "it is no folder"
	       : !found || access(path, mode) != 0 ? strerror(errno)
						   : NULL;
	return OK;
}

static enum err_code check_places(struct checking *c, struct err *err)
{
	const struct setting *setting;
	node_places_check(c->arena, c->config, c->findings);
	for (size_t i = 0; (setting = config_setting(i)); i++) {
		const char *value = config_named(setting, c->config), *why = NULL;
		const char *path = value ? config_path(c->arena, c->config, value) : NULL;
		if (!value)
			continue;
		if (!path)
			return fail(err, ERR_MEMORY, "no memory for a path");
		TRY(place_trouble(c, setting, path, &why, err));
		if (!why)
			continue;
		const char *what = arena_printf(c->arena, "[%s] %s: %s", setting->section, setting->name, path);
		if (setting->without)
			finding_add(c->findings, &check_rules[RULE_WITHOUT], "",
				    arena_printf(c->arena, "%s cannot be used (%s)", what, why), setting->without);
		else
			finding_add(c->findings, &check_rules[RULE_PLACE], "", what, why);
	}
	return OK;
}

/* --- Keys --- */

static const struct {
	enum key_use use;
	const char *name, *without;
} key_uses[] = {
	{ KEY_USE_SIGN, "sign", "nothing is sent or acknowledged" },
	{ KEY_USE_DECRYPT, "decrypt", "nothing that is encrypted is received" },
	{ KEY_USE_TLS, "tls", NULL },
};

/* The host of URL, which http_url_begins() takes; NULL: no memory. */
static const char *host_of(struct arena *arena, const char *url)
{
	const char *at = strstr(url, "://");
	at = at ? at + 3 : url;
	bool number = *at == '['; /* RFC 3986 3.2.2: an IPv6 address */
	at += number;
	return arena_text_of(arena, bytes(at, strcspn(at, number ? "]" : ":/?#")));
}

const char *node_tls_doubt(struct arena *arena, const struct config *config, const struct cert *cert)
{
	const char *host = same(config->gateway_url, "none") ? NULL : host_of(arena, config->gateway_url);
	if (!host || cert_names_host(cert, host))
		return NULL;
	return arena_printf(arena,
			    "the TLS certificate does not name %s, the host of [gateway] url, so partners do not "
			    "believe the connection: have it certified with subjectAltName=DNS:%s (IP: and the number, "
			    "where the URL has one)",
			    host, host);
}

static enum err_code check_keys(struct checking *c, struct err *err)
{
	const char *folder = config_path(c->arena, c->config, "keys");
	int64_t now_us = clock_now_us(&clock_system);
	struct key_list list;
	if (!folder)
		return fail(err, ERR_MEMORY, "no memory for a path");
	TRY(keystore_list(folder, &list, err));
	for (size_t u = 0; u < COUNT(key_uses); u++) {
		bool active = false, tls = key_uses[u].use == KEY_USE_TLS;
		if (tls && c->config->plain)
			continue;
		for (size_t i = 0; i < list.count; i++) {
			const struct key_info *key = &list.keys[i];
			char ended[TIME_SIZE];
			if (key->use != key_uses[u].use || key->status != KEY_ACTIVE)
				continue;
			active = true;
			const char *doubt = tls && key->cert ? node_tls_doubt(c->arena, c->config, key->cert) : NULL;
			if (doubt)
				finding_add(c->findings, &check_rules[RULE_TLS_NAME], "", key->id, doubt);
			if (key->cert && cert_not_after_us(key->cert) < now_us)
				finding_add(c->findings, &check_rules[RULE_ENDED], "", key->id,
					    time_format(cert_not_after_us(key->cert), ended));
		}
		if (!active)
			finding_add(c->findings, &check_rules[tls ? RULE_TLS_KEY : RULE_NO_KEY], "", key_uses[u].name,
				    key_uses[u].without);
	}
	key_list_done(&list);
	return OK;
}

/* --- The database, the mappings, the machine --- */

/* Those that were added before names were checked may wait for events that never come. */
static enum err_code check_webhooks(struct tx *tx, void *arg, struct err *err)
{
	const struct checking *c = arg;
	const struct kernel kernel = { .clock = &clock_system, .capabilities = customs_capabilities };
	struct webhook_list list;
	struct findings *found = findings_new(c->arena);
	if (!found)
		return fail(err, ERR_MEMORY, "no memory to check webhooks");
	TRY(webhook_list(tx, c->arena, NULL, &list, err));
	for (size_t i = 0; i < list.count; i++) {
		size_t before = findings_count(found);
		const struct finding *f;
		webhook_check_events(&kernel, c->arena, list.items[i].events, found);
		for (size_t k = before; (f = findings_at(found, k)); k++)
			finding_add(c->findings, &check_rules[RULE_WEBHOOK], "", list.items[i].id, f->text);
	}
	return OK;
}

/* An organisation may be added after its term; one that is misspelt keeps nothing, and nobody hears of it. */
static enum err_code check_terms(struct tx *tx, void *arg, struct err *err)
{
	const struct checking *c = arg;
	const struct retention *retention = &c->config->retention;
	for (size_t i = 0; i < retention->count; i++) {
		const struct retention_rule *rule = &retention->rules[i];
		struct organisation organisation = { 0 };
		if (rule->organisation)
			TRY(organisation_find(tx, c->arena, rule->organisation, &organisation, err));
		if (rule->organisation && !organisation.code)
			finding_add(c->findings, &check_rules[RULE_TERM_OF], "",
				    arena_printf(c->arena, "%s@%s", rule->type, rule->organisation),
				    rule->organisation);
	}
	return OK;
}

/* Opening an SQLite database makes one: a check does not. */
static enum err_code check_database(struct checking *c, struct err *err)
{
	const char *name = db_url_file(c->config->database);
	const char *file = name ? config_path(c->arena, c->config, name) : NULL;
	struct db *db = NULL;
	if (file && access(file, R_OK | W_OK) != 0)
		return fail(err, ERR_CONFIG,
			    "[database] url: %s cannot be used (%s): lintas db migrate makes a new one", file,
			    strerror(errno));
	TRY(node_open_database(c->arena, c->config, &db, err));
	enum err_code code = node_require_migrated(db, c->config->directory, err);
	if (code == OK)
		code = db_read(db, check_webhooks, c, err);
	if (code == OK)
		code = db_read(db, check_terms, c, err);
	db_close(db);
	return code;
}

static enum err_code check_mappings(struct checking *c, struct err *err)
{
	const struct kernel kernel = { .clock = &clock_system,
				       .lists = codelists(),
				       .capabilities = customs_capabilities,
				       .state = c->config->state };
	const char *folder =
		same(c->config->mappings, "none") ? NULL : config_path(c->arena, c->config, c->config->mappings);
	struct national_mappings *mappings = NULL;
	if (!folder || access(folder, R_OK | X_OK) != 0)
		return OK; /* said already */
	TRY(national_mappings_load(&kernel, folder, &mappings, c->findings, err));
	national_mappings_free(mappings);
	return OK;
}

enum err_code node_descriptors(const struct config *c, struct rlimit *limit, struct err *err)
{
	enum { OURS = 256 }; /* the database, the administration socket, and what was open before */
	int64_t interface = c->interface_port ? c->interface_connections : 0;
	rlim_t needed =
		(rlim_t)(c->max_connections + interface + c->senders + c->webhook_senders + 2 * c->key_sockets + OURS);
	if (getrlimit(RLIMIT_NOFILE, limit) != 0)
		return fail(err, ERR_IO, "cannot ask for the limit of open files: %s", strerror(errno));
	if (needed > limit->rlim_max)
		return fail(
			err, ERR_CONFIG,
			"[gateway] max-connections = %lld and [interface] max-connections = %lld need %llu open files "
			"together, and at most %llu are allowed: lower one, or raise the limit (ulimit -Hn, LimitNOFILE)",
			(long long)c->max_connections, (long long)interface, (unsigned long long)needed,
			(unsigned long long)limit->rlim_max);
	if (limit->rlim_cur < needed)
		limit->rlim_cur = needed;
	return OK;
}

static enum err_code check_descriptors(struct checking *c, struct err *err)
{
	struct rlimit limit;
	return node_descriptors(c->config, &limit, err);
}

enum err_code node_check(struct arena *arena, const struct config *config, struct findings *findings, struct err *err)
{
	static enum err_code (*const checks[])(struct checking * c, struct err * err) = {
		check_places, check_keys, check_mappings, check_database, check_descriptors,
	};
	struct checking c = { .arena = arena, .config = config, .findings = findings };
	enum err_code first = OK;
	for (size_t i = 0; i < COUNT(checks); i++) {
		struct err why = { 0 };
		enum err_code code = checks[i](&c, &why);
		/* A database that does not answer may do so in a moment: who started us tries again. */
		bool passes = err_row(code)->transient && code != ERR_IO;
		if (code != OK && passes && first == OK)
			first = fail(err, code, "%s", why.text);
		else if (code != OK && !passes)
			finding_add(findings, &check_rules[RULE_FAULT], "", why.text, NULL);
	}
	return first;
}
