#include "node/config.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/text.h"
#include "customs/registry.h"
#include "db/db.h"
#include "net/reach.h"

#define MIB (INT64_C(1) << 20)
#define SETTING(section_, name_, unit_, member, type, value_, min_, max_, help_)                                       \
	{                                                                                                              \
		.section = section_, .name = name_, .unit = unit_, .value = value_, .min = min_, .max = max_,          \
		.help = help_,                                                                                         \
		.offset = offsetof(struct config, member) +                                                            \
			  0 * sizeof(char[__builtin_types_compatible_p(__typeof__(((struct config *)0)->member), type) \
						  ? 1                                                                  \
						  : -1])                                                               \
	}
#define TEXT(section, name, member, value, help)                                                                       \
	SETTING(section, name, UNIT_TEXT, member, const char *, value, 0, 255, help)
/* A file or folder. A row that is one belongs to backups, and is checked before the node starts, by itself. */
#define PLACE(section_, name_, member, value_, kind, help_, ...)                                                       \
	{                                                                                                              \
		.section = section_, .name = name_, .unit = UNIT_TEXT, .value = value_, .max = 255, .help = help_,     \
		.offset = offsetof(struct config, member) +                                                            \
			  0 * sizeof(char[__builtin_types_compatible_p(__typeof__(((struct config *)0)->member),       \
								       const char *)                                   \
						  ? 1                                                                  \
						  : -1]),                                                              \
		.names = kind, __VA_ARGS__                                                                             \
	}
#define NUMBER(section, name, member, value, min, max, help)                                                           \
	SETTING(section, name, UNIT_NUMBER, member, int64_t, value, min, max, help)
#define FLAG(section, name, member, value, help) SETTING(section, name, UNIT_FLAG, member, bool, value, 0, 1, help)
#define SIZE(section, name, member, value, min, max, help)                                                             \
	SETTING(section, name, UNIT_BYTES, member, int64_t, value, min, max, help)
#define TIME(section, name, member, value, min, max, help)                                                             \
	SETTING(section, name, UNIT_TIME, member, int64_t, value, min, max, help)

/* clang-format off */
static const struct setting settings[] = {
	TEXT("node", "state", state, NULL, "The member state that this node serves, ISO 3166 alpha-2 (VN)."),
	TEXT("node", "name", name, "Lintas node", "What people call this node; shown in status and logs."),
	TEXT("party", "id", party_id, NULL, "Our eb:PartyId, as partners know it."),
	TEXT("party", "type", party_type, CONFIG_PARTY_TYPE,
	     "The type of all party identifiers (ebCore). Fixed by agreement among the partners."),
	TEXT("database", "url", database, "sqlite:lintas.db",
	     "sqlite:FILE (relative to the node's directory) or postgresql://… ; `lintas db migrate` after a change."),
	TEXT("gateway", "address", address, "0.0.0.0", "The address on which partners reach us."),
	NUMBER("gateway", "port", port, "8443", 1, 65535,
	       "The port of the AS4 endpoint (/as4), health (/health/ready) and metrics (/metrics)."),
	TEXT("gateway", "url", gateway_url, "none",
	     "The URL by which partners reach us, such as https://asw.customs.example:8443/as4, for our card; none: there is no card."),
	FLAG("gateway", "plain", plain, "no",
	     "yes: HTTP without TLS, on a loopback address only. For trials on one machine; messages stay signed and encrypted."),
	PLACE("gateway", "trust-file", trust_file, "partners-tls.pem", NAMES_AUTHORITIES,
	      "PEM of the authorities (or certificates) by which TLS of partners is verified, relative to the node's directory.",
	      .over_tls = true),
	NUMBER("gateway", "io-threads", io_threads, "1", 1, 16, "Threads that read requests."),
	NUMBER("gateway", "workers", workers, "16", 1, 256,
	       "Requests worked on at a time; they wait for the disk together, so more than cores."),
	NUMBER("gateway", "max-connections", max_connections, "1024", 8, 65536,
	       "Connections at a time; further ones are refused."),
	NUMBER("gateway", "max-connections-per-address", max_connections_per_address, "256", 1, 65536,
	       "The same, of one address."),
	TIME("gateway", "request-deadline", request_deadline_us, "60s", SECOND_US, HOUR_US,
	     "From a request's first byte to its last; a sender of one byte a second is cut off here."),
	TEXT("interface", "address", interface_address, "127.0.0.1",
	     "The address on which people and their systems reach the interface (/api/v1), each with a token."),
	NUMBER("interface", "port", interface_port, "0", 0, 65535,
	       "Its port, e.g. 8444; 0: the interface is not on the network, only commands on this machine use it."),
	NUMBER("interface", "max-connections", interface_connections, "256", 8, 65536,
	       "Connections at a time to the interface; further ones are refused."),
	NUMBER("interface", "max-connections-per-address", interface_connections_per_address, "64", 1, 65536,
	       "The same, of one address; more where all come through one proxy."),
	TIME("interface", "answers-kept", answers_kept_us, "24h", MINUTE_US, 90 * DAY_US,
	     "How long the answer to a request with an Idempotency-Key is kept; longer than callers try again."),
	NUMBER("interface", "requests-per-minute", requests_per_minute, "1200", 0, 60000,
	       "Requests a minute of one token, in each process; 20 a second is more than a day's work needs. 0: no limit."),
	NUMBER("interface", "burst", burst, "300", 1, 60000,
	       "Requests of one token that may come at once, after a pause: a file of certificates, a page with its lists."),
	TEXT("interface", "purposes", purposes,
	     "clearance, risk-analysis, verification, audit, investigation, assistance, statistics, support",
	     "For what documents are read (?purpose=, --purpose); docs/interface.md has the sources of these."),
	FLAG("interface", "purpose-required", purpose_required, "no",
	     "yes: whoever reads a document says for what, or is refused. no: who does not stands in the timeline with \"not stated\"."),
	NUMBER("overload", "max-waiting", max_waiting, "1024", 4, 65536,
	       "Requests that wait for a worker of the gateway, and of the interface; at most one a connection. It is a load of 100 %."),
	TIME("overload", "longest-wait", longest_wait_us, "20s", SECOND_US, HOUR_US,
	     "The same by time: when the oldest of them has waited so long, it is 100 %. Partners wait 60 s for an answer, people less."),
	NUMBER("overload", "refuse-lists", refuse_lists, "25", 1, 100,
	       "From this load on, in percent, pings and lists are answered 503: nothing is lost by asking again."),
	NUMBER("overload", "refuse-repeated", refuse_repeated, "50", 1, 100,
	       "The same for messages, which partners send again by themselves, and submissions with an Idempotency-Key."),
	NUMBER("overload", "refuse-others", refuse_others, "75", 1, 100,
	       "The same for all else that is asked of the interface. Receipts, health and the node's state go on."),
	SIZE("exchange", "max-message", max_message_bytes, "32MB", 65536, 256 * MIB, "Greatest message on the wire."),
	SIZE("exchange", "max-payload", max_payload_bytes, "20MB", 65536, 256 * MIB, "Greatest payload, expanded."),
	TIME("exchange", "timeout", exchange_timeout_us, "90s", SECOND_US, HOUR_US,
	     "How long we wait for a receipt; slow partners need over 60 s (as Domibus waits)."),
	TIME("exchange", "duplicate-window", duplicate_window_us, "60d", DAY_US, 3650 * DAY_US,
	     "How long message identifiers are kept; a message that is older is refused. Longer than any partner's retries."),
	TIME("exchange", "retry-first", retry_first_us, "5s", SECOND_US / 10, DAY_US,
	     "Pause after the first failed attempt; it doubles."),
	TIME("exchange", "retry-max", retry_max_us, "30m", SECOND_US, 7 * DAY_US, "Longest pause between attempts."),
	TIME("exchange", "give-up", give_up_us, "21d", MINUTE_US, 365 * DAY_US,
	     "Age at which a message is given up and an officer gets a task. Gateways were down for three weeks (31 May 2021)."),
	NUMBER("exchange", "slots", slots, "16", 1, 256, "Exchanges at a time with one partner."),
	NUMBER("exchange", "senders", senders, "32", 4, 256,
	       "Exchanges at a time with all partners; one gets no more than it leaves free. More than there are partners."),
	NUMBER("exchange", "processors", processors, "2", 1, 64, "Threads that turn received messages into documents."),
	TIME("health", "heartbeat", heartbeat_us, "10m", 0, DAY_US,
	     "A partner that has not answered for so long is pinged, so that an outage is known within twice that; 0s: never."),
	TIME("health", "slow", slow_us, "10s", 0, HOUR_US,
	     "A link is slow if half of the last answers took longer; 0s: none is."),
	TIME("health", "alarm", alarm_us, "1h", 0, 30 * DAY_US,
	     "So long a link is down before there is a task, unless the partner announced it; 0s: there is none."),
	FLAG("trust", "crl-required", crl_required, "no",
	     "yes: partners' certificates are refused without a revocation list of their issuer. no: where one is, it must be current."),
	TIME("trust", "crl-grace", crl_grace_us, "0s", 0, 30 * DAY_US,
	     "How long an overdue revocation list is still used, with an alarm. 0s: what its issuer issued is refused at once."),
	NUMBER("keys", "sockets", key_sockets, "4", 1, 64,
	       "Signatures and decryptions at a time in the keys process; about the number of cores."),
	TEXT("webhooks", "private-networks", webhook_networks, "none",
	     "Networks of ours in which receivers of webhooks may be, such as 10.20.0.0/16, fd00:20::/32; else only public addresses."),
	PLACE("webhooks", "trust-file", webhook_trust_file, "system", NAMES_AUTHORITIES,
	      "PEM of the authorities by which receivers' TLS is verified, relative to the node's directory; system: those of the machine.",
	      .nothing = "system", .without = "no webhook over https:// is delivered"),
	NUMBER("webhooks", "senders", webhook_senders, "8", 2, 64,
	       "Requests at a time; half of them for receivers whose last request was taken, so that those that hang delay none of these."),
	TIME("webhooks", "give-up", webhook_give_up_us, "3d", MINUTE_US, 30 * DAY_US,
	     "How long a receiver takes nothing until its webhook is paused, with a task; what happens meanwhile waits for it."),
	SIZE("disk", "reserve", disk_reserve_bytes, "256MB", 0, 1024 * 1024 * MIB,
	     "While the disk of an SQLite database has less free, new messages are answered 503: nothing is half written."),
	FLAG("archive", "required", archived_first, "yes",
	     "yes: nothing is deleted before it stands in an archive (`lintas archive write`). no: it goes when it is due."),
	PLACE("national", "mappings", mappings, "none", NAMES_FOLDER,
	      "The folder of the mapping files that ?map= and drop folders may name, relative to the node's directory; none: none.",
	      .nothing = "none"),
	PLACE("national", "drop", drop, "none", NAMES_SPOOL,
	      "The folder whose folders, each named like an organisation of ours, files are dropped into; none: none.",
	      .nothing = "none", .without = "no file is taken from drop folders, and none is put there"),
	TIME("national", "drop-settle", drop_settle_us, "5s", 0, HOUR_US,
	     "A dropped file that has not changed for so long is taken; longer than its writer pauses."),
	TEXT("log", "level", log_level, "info", "debug, info, warn, error or off."),
};
/* clang-format on */

const struct setting *config_setting(size_t index)
{
	return index < COUNT(settings) ? &settings[index] : NULL;
}

const char *config_named(const struct setting *setting, const struct config *config)
{
	const char *value = NULL;
	if (setting->names == NAMES_NOTHING || (setting->over_tls && config->plain))
		return NULL;
	memcpy(&value, (const char *)config + setting->offset, sizeof value);
	return same(value, setting->nothing) ? NULL : value;
}

/* The absolute path of DIRECTORY; of one that is to be made, by the one in which it will be. NULL if there is none. */
static const char *whole_path(struct arena *arena, const char *directory)
{
	char whole[PATH_MAX];
	if (realpath(directory, whole))
		return arena_text(arena, whole);
	const char *slash = strrchr(directory, '/');
	const char *up = !slash               ? "."
			 : slash == directory ? "/"
					      : arena_text_of(arena, bytes(directory, (size_t)(slash - directory)));
	return up && realpath(up, whole) ? arena_printf(arena, "%s/%s", whole, slash ? slash + 1 : directory) : NULL;
}

const char *config_inside(struct arena *arena, const char *directory, const char *value)
{
	const char *whole = value[0] == '/' ? whole_path(arena, directory) : NULL;
	size_t size = whole ? strlen(whole) : 0;
	if (size && strncmp(value, whole, size) == 0 && value[size] == '/')
		value += size + 1;
	if (value[0] == '/')
		return NULL;
	buf_auto inside;
	buf_init(&inside, PATH_MAX);
	for (; *value; value += strspn(value, "/")) {
		size_t part = strcspn(value, "/");
		if (part == 2 && memcmp(value, "..", 2) == 0)
			return NULL;
		if (part != 1 || *value != '.')
			buf_printf(&inside, "%s%.*s", inside.size ? "/" : "", (int)part, value);
		value += part;
	}
	return inside.size && !inside.failed ? arena_text(arena, buf_text(&inside)) : NULL;
}

enum {
	RULE_UNKNOWN,
	RULE_VALUE,
	RULE_MISSING,
	RULE_TWICE,
	RULE_PLAIN,
	RULE_LINE,
	RULE_WINDOW,
	RULE_PLAIN_INTERFACE,
	RULE_SAME_PORT,
	RULE_TERM,
	RULE_TERM_LAW,
	RULE_TERM_WINDOW,
	RULE_TERMS,
	RULE_OVERLOAD,
	RULE_DATABASE
};
const struct rule config_rules[] = {
	[RULE_UNKNOWN] = { .code = "CFG-001", .text = "there is no setting {1}; `lintas config settings` lists all" },
	[RULE_VALUE] = { .code = "CFG-002", .text = "{1} is not {2}" },
	[RULE_MISSING] = { .code = "CFG-003", .text = "the setting {1} must be given: {2}" },
	[RULE_TWICE] = { .code = "CFG-004", .text = "the setting {1} stands twice" },
	[RULE_PLAIN] = { .code = "CFG-005",
			 .text = "plain = yes needs a loopback address, not {1}: without TLS partners cannot be told apart" },
	[RULE_LINE] = { .code = "CFG-006", .text = "line {1} is no setting: name = value, below a [section]" },
	[RULE_WINDOW] = { .code = "CFG-007",
			  .text = "[exchange] duplicate-window must be longer than give-up: or a last retry would be refused as too old" },
	[RULE_PLAIN_INTERFACE] = { .code = "CFG-008",
				   .text = "plain = yes needs a loopback address of the interface, not {1}: "
					   "tokens would be read on the way" },
	[RULE_SAME_PORT] = { .code = "CFG-009",
			     .text = "[interface] port and [gateway] port are both {1}, on addresses that meet: give another one" },
	[RULE_TERM] = { .code = "CFG-010",
			.text = "{1} is no term: NAME = 5y, 90d or 1y30d, where NAME is {2}, or one of them with @ORGANISATION" },
	[RULE_TERM_LAW] = { .code = "CFG-011", .text = "{1} is shorter than the law allows" },
	[RULE_TERM_WINDOW] = { .code = "CFG-012",
			       .text = "{1} is shorter than [exchange] duplicate-window: a partner that sends again could not be "
				       "given its receipt" },
	[RULE_TERMS] = { .code = "CFG-013", .text = "there are more than {1} terms" },
	[RULE_OVERLOAD] = { .code = "CFG-014",
			    .text = "[overload] refuse-lists, refuse-repeated and refuse-others go up: what costs least to "
				    "repeat is refused first" },
	[RULE_DATABASE] = { .code = "CFG-015",
			    .text = "{1} is no database: sqlite:PATH, postgresql://… or postgres://…" },
	{ 0 },
};

struct unit_row {
	const char *suffix;
	int64_t factor;
};
static const struct unit_row bytes_units[] = {
	{ "GB", 1024 * MIB }, { "MB", MIB }, { "KB", 1024 }, { "B", 1 }, { NULL, 0 }
};
static const struct unit_row time_units[] = { { "ms", 1000 },     { "d", DAY_US },    { "h", HOUR_US },
					      { "m", MINUTE_US }, { "s", SECOND_US }, { NULL, 0 } };

static bool scaled_parse(const char *text, const struct unit_row *units, int64_t *value)
{
	for (const struct unit_row *u = units; u->suffix; u++) {
		char digits[24];
		size_t length = strlen(text), cut = strlen(u->suffix);
		if (!ends_with(text, u->suffix) || length <= cut || length - cut >= sizeof digits)
			continue;
		memcpy(digits, text, length - cut);
		digits[length - cut] = '\0';
		int64_t number;
		if (int64_parse(digits, &number) && number >= 0 && number <= INT64_MAX / u->factor) {
			*value = number * u->factor;
			return true;
		}
	}
	return false;
}

static const char *wanted(struct arena *arena, const struct setting *s)
{
	switch (s->unit) {
	case UNIT_FLAG:
		return "yes or no";
	case UNIT_NUMBER:
		return arena_printf(arena, "a whole number from %lld to %lld", (long long)s->min, (long long)s->max);
	case UNIT_BYTES:
		return arena_printf(arena, "a size in B, KB, MB or GB, such as 20MB, from %lldB to %lldB",
				    (long long)s->min, (long long)s->max);
	case UNIT_TIME:
		return arena_printf(arena, "a time such as 90s, 30m, 12h or 21d, from %lld ms to %lld s",
				    (long long)(s->min / 1000), (long long)(s->max / SECOND_US));
	case UNIT_TEXT:
		break;
	}
	return "a text of 1 to 255 characters";
}

static bool setting_parse(struct arena *arena, const struct setting *s, const char *text, void *config)
{
	char *member = (char *)config + s->offset;
	int64_t number = 0;
	bool good = false;
	switch (s->unit) {
	case UNIT_TEXT: {
		const char *copy = arena_text(arena, text);
		memcpy(member, &copy, sizeof copy);
		return copy && *copy && strlen(copy) <= (size_t)s->max;
	}
	case UNIT_FLAG: {
		bool yes = same(text, "yes");
		memcpy(member, &yes, sizeof yes);
		return yes || same(text, "no");
	}
	case UNIT_NUMBER:
		good = int64_parse(text, &number);
		break;
	case UNIT_BYTES:
		good = scaled_parse(text, bytes_units, &number);
		break;
	case UNIT_TIME:
		good = scaled_parse(text, time_units, &number);
		break;
	}
	memcpy(member, &number, sizeof number);
	return good && number >= s->min && number <= s->max;
}

struct reading {
	struct arena *arena;
	struct config *config;
	struct findings *findings;
	bool given[COUNT(settings)];
	struct retention_rule *terms;
	size_t terms_count;
};

/* --- [retention]: the names are those of document types --- */

enum { TERMS_MAX = 256 };

static const struct kernel *types_kernel(void)
{
	static const struct kernel kernel = { .capabilities = customs_capabilities };

	return &kernel;
}

/* The type's own text; NULL if there is no such type. */
static const char *type_named(const char *name, size_t size, struct retention_term *least, const char **law)
{
	struct retention_term term;
	const char *type;

	for (size_t i = 0; (type = retention_type_at(types_kernel(), i, &term, least, law)); i++)
		if (strlen(type) == size && memcmp(type, name, size) == 0)
			return type;
	return NULL;
}

static const char *type_names(struct arena *arena)
{
	struct retention_term term, least;
	const char *names = NULL, *type, *law;

	for (size_t i = 0; (type = retention_type_at(types_kernel(), i, &term, &least, &law)); i++)
		names = names ? arena_printf(arena, "%s, %s", names, type) : type;
	return names;
}

static bool same_rule(const struct retention_rule *one, const struct retention_rule *other)
{
	return same(one->type, other->type) &&
	       (one->organisation && other->organisation ? same(one->organisation, other->organisation)
							 : !one->organisation && !other->organisation);
}

/* "FORM-D = 5y", "FORM-D@dft = 7y". */
static void take_term(struct reading *r, const char *full, const char *name, const char *value)
{
	struct retention_rule rule = { 0 };
	struct retention_term least;
	const char *law, *text = arena_printf(r->arena, "%s = %s", full, value), *at = strchr(name, '@');

	rule.type = type_named(name, at ? (size_t)(at - name) : strlen(name), &least, &law);
	rule.organisation = at ? arena_text(r->arena, at + 1) : NULL;
	if (!rule.type || !retention_term_parse(value, &rule.term) || (at && !at[1])) {
		finding_add(r->findings, &config_rules[RULE_TERM], "", text, type_names(r->arena));
		return;
	}
	if (retention_end_us(0, rule.term) < retention_end_us(0, least))
		finding_add_law(r->findings, &config_rules[RULE_TERM_LAW], "", law, text, NULL);
	for (size_t i = 0; i < r->terms_count; i++)
		if (same_rule(&r->terms[i], &rule))
			finding_add(r->findings, &config_rules[RULE_TWICE], "", full, NULL);
	if (!r->terms)
		r->terms = arena_array(r->arena, TERMS_MAX, sizeof *r->terms);
	if (!r->terms || r->terms_count == TERMS_MAX)
		finding_add(r->findings, &config_rules[RULE_TERMS], "", arena_printf(r->arena, "%d", TERMS_MAX), NULL);
	else
		r->terms[r->terms_count++] = rule;
}

static void check_terms(struct reading *r)
{
	struct config *c = r->config;
	char term[RETENTION_TERM_SIZE];

	c->retention = (struct retention){ .rules = r->terms,
					   .count = r->terms_count,
					   .archived_first = c->archived_first,
					   .least_us = c->duplicate_window_us };
	for (size_t i = 0; i < r->terms_count; i++)
		if (retention_end_us(0, r->terms[i].term) < c->duplicate_window_us &&
		    !same(r->terms[i].type, RETENTION_REFUSAL))
			finding_add(r->findings, &config_rules[RULE_TERM_WINDOW], "",
				    arena_printf(r->arena, "[retention] %s = %s", r->terms[i].type,
						 retention_term_format(r->terms[i].term, term)),
				    NULL);
}

/* TEXT as people and logs may see it. */
static const char *shown(struct arena *arena, const char *text)
{
	buf_auto masked;
	buf_init(&masked, CONFIG_MAX_BYTES);
	url_put_masked(&masked, text ? text : "");
	return masked.failed ? "a value" : arena_text(arena, buf_text(&masked));
}

static void take(struct reading *r, const char *section, const char *name, const char *value)
{
	const char *full = shown(r->arena, arena_printf(r->arena, "[%s] %s", section, name));
	if (same(section, "retention")) {
		take_term(r, full, name, value);
		return;
	}
	for (size_t i = 0; i < COUNT(settings); i++) {
		const struct setting *s = &settings[i];
		if (!same(s->section, section) || !same(s->name, name))
			continue;
		if (r->given[i])
			finding_add(r->findings, &config_rules[RULE_TWICE], "", full, NULL);
		r->given[i] = true;
		if (!setting_parse(r->arena, s, value, r->config))
			finding_add(r->findings, &config_rules[RULE_VALUE], "",
				    arena_printf(r->arena, "%s = %s", full, shown(r->arena, value)),
				    wanted(r->arena, s));
		return;
	}
	finding_add(r->findings, &config_rules[RULE_UNKNOWN], "", full, NULL);
}

static bool is_blank(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

/* Arena's; without blanks around it. */
static char *trimmed(struct arena *arena, const uint8_t *text, size_t size)
{
	for (; size > 0 && is_blank(text[0]); text++)
		size--;
	while (size > 0 && is_blank(text[size - 1]))
		size--;
	return arena_text_of(arena, bytes(text, size));
}

/* A comment begins with ';' or '#' at the start of a line, or with ';' behind a blank or '=': a URL may hold either. */
static size_t without_comment(const uint8_t *line, size_t size)
{
	bool open = true, begun = false;
	for (size_t i = 0; i < size; i++) {
		if (open && (line[i] == ';' || (line[i] == '#' && !begun)))
			return i;
		open = is_blank(line[i]) || line[i] == '=';
		begun = begun || !is_blank(line[i]);
	}
	return size;
}

/* One line without its end. *SECTION: the one that it stands in. False if it is neither a section nor a setting. */
static bool take_line(struct reading *r, const uint8_t *line, size_t size, const char **section)
{
	char *text = utf8_valid(bytes(line, size)) ? trimmed(r->arena, line, without_comment(line, size)) : NULL;
	if (!text || !*text)
		return text;
	if (*text == '[') {
		char *end = text + strlen(text) - 1;
		*section = text + 1;
		bool closed = *end == ']';
		*end = '\0';
		return closed;
	}
	const char *equals = strchr(text, '=');
	if (!equals)
		return false;
	const char *name = trimmed(r->arena, (const uint8_t *)text, (size_t)(equals - text));
	const char *value = trimmed(r->arena, (const uint8_t *)equals + 1, strlen(equals + 1));
	if (name && value)
		take(r, *section, name, value);
	return name && value;
}

static void take_lines(struct reading *r, struct bytes text)
{
	static const uint8_t mark[] = { 0xEF, 0xBB, 0xBF };
	const char *section = "";
	if (text.size >= sizeof mark && memcmp(text.data, mark, sizeof mark) == 0)
		text = bytes(text.data + sizeof mark, text.size - sizeof mark);
	for (int number = 1; text.size > 0; number++) {
		const uint8_t *end = memchr(text.data, '\n', text.size);
		size_t size = end ? (size_t)(end - text.data) : text.size;
		if (!take_line(r, text.data, size, &section))
			finding_add(r->findings, &config_rules[RULE_LINE], "", arena_printf(r->arena, "%d", number),
				    NULL);
		size += end != NULL;
		text = bytes(text.data + size, text.size - size);
	}
}

static bool loopback(const char *address)
{
	return starts_with(address, "127.") || same(address, "::1") || same(address, "localhost");
}

static bool is_any(const char *address)
{
	return same(address, "0.0.0.0") || same(address, "::");
}

/* 0.0.0.0 and :: are every address of the machine. */
static bool ports_meet(const struct config *c)
{
	return c->port == c->interface_port &&
	       (same(c->address, c->interface_address) || is_any(c->address) || is_any(c->interface_address));
}

static void check_addresses(struct reading *r)
{
	const struct config *c = r->config;
	if (c->plain && !loopback(c->address))
		finding_add(r->findings, &config_rules[RULE_PLAIN], "", c->address, NULL);
	if (c->plain && c->interface_port && !loopback(c->interface_address))
		finding_add(r->findings, &config_rules[RULE_PLAIN_INTERFACE], "", c->interface_address, NULL);
	if (ports_meet(c))
		finding_add(r->findings, &config_rules[RULE_SAME_PORT], "",
			    arena_printf(r->arena, "%lld", (long long)c->port), NULL);
}

/* Codes, for they stand in the journal for ever: nothing that says who or what is meant. */
static bool are_purposes(const char *text)
{
	enum { MOST = 32, LONGEST = 32 };
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789-";
	for (size_t count = 1;; count++) {
		size_t size = strspn(text, letters);
		if (size == 0 || size > LONGEST || count > MOST)
			return false;
		if (!text[size])
			return true;
		text += size;
		if (strspn(text, ",") != 1)
			return false;
		text++;
		text += strspn(text, " ");
	}
}

static void check_interface(struct reading *r)
{
	const struct config *c = r->config;
	if (c->refuse_lists > c->refuse_repeated || c->refuse_repeated > c->refuse_others)
		finding_add(r->findings, &config_rules[RULE_OVERLOAD], "", NULL, NULL);
	if (c->purposes && !are_purposes(c->purposes))
		finding_add(
			r->findings, &config_rules[RULE_VALUE], "", "[interface] purposes",
			"1 to 32 codes of small letters, digits and \"-\", at most 32 long, with \",\" between them");
}

static bool database_known(struct arena *arena, const char *where, const char *url, struct findings *findings)
{
	if (db_url_valid(url))
		return true;
	finding_add(findings, &config_rules[RULE_DATABASE], "", arena_printf(arena, "%s %s", where, shown(arena, url)),
		    NULL);
	return false;
}

enum err_code config_database_require(const char *where, const char *url, struct findings *findings, struct err *err)
{
	arena_auto arena = arena_new(2 * CONFIG_MAX_BYTES);
	if (!arena)
		return fail(err, ERR_MEMORY, "no memory for a setting");
	return database_known(arena, where, url, findings)
		       ? OK
		       : fail(err, ERR_CONFIG, "the node has no database that this program can use");
}

static void check_whole(struct reading *r)
{
	for (size_t i = 0; i < COUNT(settings); i++)
		if (!r->given[i] && !settings[i].value)
			finding_add(r->findings, &config_rules[RULE_MISSING], "",
				    arena_printf(r->arena, "[%s] %s", settings[i].section, settings[i].name),
				    settings[i].help);
	enum log_level level;
	if (r->config->duplicate_window_us <= r->config->give_up_us)
		finding_add(r->findings, &config_rules[RULE_WINDOW], "", NULL, NULL);
	check_addresses(r);
	check_interface(r);
	if (r->config->database && *r->config->database)
		database_known(r->arena, "[database] url =", r->config->database, r->findings);
	struct reach reach = { 0 };
	if (r->config->webhook_networks && !reach_parse(r->arena, r->config->webhook_networks, &reach))
		finding_add(r->findings, &config_rules[RULE_VALUE], "", "[webhooks] private-networks",
			    "none, or networks such as 10.20.0.0/16, fd00:20::/32, without bits beyond the prefix");
	check_terms(r);
	if (r->config->log_level && !log_level_parse(r->config->log_level, &level))
		finding_add(r->findings, &config_rules[RULE_VALUE], "", "[log] level",
			    "debug, info, warn, error or off");
	const char *state = r->config->state;
	if (state && (strlen(state) != 2 || strspn(state, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != 2))
		finding_add(r->findings, &config_rules[RULE_VALUE], "", "[node] state",
			    "two capital letters (ISO 3166 alpha-2)");
}

static enum err_code config_defaults(struct arena *arena, struct config *config, struct err *err)
{
	for (size_t i = 0; i < COUNT(settings); i++)
		if (settings[i].value && !setting_parse(arena, &settings[i], settings[i].value, config))
			return fail(err, ERR_INTERNAL, "the default of %s is wrong", settings[i].name);
	return OK;
}

enum err_code config_parse(struct arena *arena, const char *directory, struct bytes text, struct config *config,
			   struct findings *findings, struct err *err)
{
	struct reading reading = { .arena = arena, .config = config, .findings = findings };
	*config = (struct config){ .directory = arena_text(arena, directory) };
	if (!config->directory)
		return fail(err, ERR_MEMORY, "no memory for the configuration");
	TRY(config_defaults(arena, config, err));
	take_lines(&reading, text);
	check_whole(&reading);
	return OK;
}

static enum err_code read_file(const char *path, const char *directory, struct buf *out, struct err *err)
{
	fd_auto fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT)
		return fail(err, ERR_NOT_FOUND,
			    "there is no node in %s: give --dir DIR, or set LINTAS_DIR; to make a node: "
			    "lintas init DIR --state STATE",
			    directory);
	if (fd < 0 || !fd_read_all(fd, out))
		return fail(err, ERR_IO, "cannot read %s: %s", path, strerror(errno));
	return buf_check(out, path, err);
}

enum err_code config_read(struct arena *arena, const char *directory, struct config *config, struct findings *findings,
			  struct err *err)
{
	const char *path = arena_printf(arena, "%s/lintas.conf", directory);
	buf_auto text;
	buf_init(&text, CONFIG_MAX_BYTES);
	if (!path)
		return fail(err, ERR_MEMORY, "no memory for the configuration");
	TRY(read_file(path, directory, &text, err));
	return config_parse(arena, directory, buf_bytes(&text), config, findings, err);
}

static void put_value(struct buf *out, const struct setting *s, const struct config *config,
		      void (*put_text)(struct buf *out, const char *text))
{
	const char *member = (const char *)config + s->offset;
	int64_t number;
	const char *text;
	bool flag;
	const struct unit_row *units = s->unit == UNIT_BYTES ? bytes_units : time_units;
	switch (s->unit) {
	case UNIT_TEXT:
		memcpy(&text, member, sizeof text);
		put_text(out, text ? text : "");
		break;
	case UNIT_FLAG:
		memcpy(&flag, member, sizeof flag);
		buf_puts(out, flag ? "yes" : "no");
		break;
	case UNIT_NUMBER:
		memcpy(&number, member, sizeof number);
		buf_printf(out, "%lld", (long long)number);
		break;
	case UNIT_BYTES:
	case UNIT_TIME: {
		const struct unit_row *best = NULL;
		memcpy(&number, member, sizeof number);
		for (const struct unit_row *u = units; u->suffix; u++)
			if (number % u->factor == 0 && (!best || u->factor > best->factor))
				best = u;
		if (best)
			buf_printf(out, "%lld%s", (long long)(number / best->factor), best->suffix);
		break;
	}
	}
}

void config_put_value(struct buf *out, const struct setting *s, const struct config *config)
{
	put_value(out, s, config, url_put_masked);
}

static void put_terms(struct buf *out, const struct retention *retention)
{
	char term[RETENTION_TERM_SIZE];

	buf_puts(out,
		 "\n[retention]\n; How long documents are kept, by type, such as FORM-D = 5y or FORM-D@customs = 7y; "
		 "`lintas retention terms` lists what counts.\n");
	for (size_t i = 0; i < retention->count; i++) {
		const struct retention_rule *rule = &retention->rules[i];
		buf_printf(out, "%s%s%s = %s\n", rule->type, rule->organisation ? "@" : "",
			   rule->organisation ? rule->organisation : "", retention_term_format(rule->term, term));
	}
}

static void put_all(struct buf *out, const struct config *config, void (*put_text)(struct buf *out, const char *text))
{
	const char *section = NULL;
	for (size_t i = 0; i < COUNT(settings); i++) {
		const struct setting *s = &settings[i];
		if (!same(section, s->section))
			buf_printf(out, "%s[%s]\n", section ? "\n" : "", s->section);
		section = s->section;
		buf_printf(out, "; %s\n%s = ", s->help, s->name);
		put_value(out, s, config, put_text);
		buf_putc(out, '\n');
	}
	put_terms(out, &config->retention);
}

void config_put(struct buf *out, const struct config *config)
{
	put_all(out, config, url_put_masked);
}

void config_put_help(struct buf *out)
{
	const char *section = "";
	for (size_t i = 0; i < COUNT(settings); i++) {
		const struct setting *s = &settings[i];
		if (!same(section, s->section))
			buf_printf(out, "  [%s]\n", s->section);
		section = s->section;
		buf_printf(out, "    %s = %s\n        %s\n", s->name, s->value ? s->value : "(required)", s->help);
	}
}

void config_put_markdown(struct buf *out)
{
	buf_puts(out, "| section | setting | default | what it does |\n|---|---|---|---|\n");
	for (size_t i = 0; i < COUNT(settings); i++) {
		const struct setting *s = &settings[i];
		buf_printf(out, "| %s | %s | %s | %s |\n", s->section, s->name, s->value ? s->value : "(required)",
			   s->help);
	}
}

/* A new file, whole or not at all. */
static enum err_code file_create(const char *path, struct bytes content, struct err *err)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return errno == EEXIST ? fail(err, ERR_CONFLICT, "there is a node already: %s", path)
				       : fail(err, ERR_IO, "cannot make %s: %s", path, strerror(errno));
	bool good = fd_write(fd, content) && fsync(fd) == 0;
	int why = errno;
	if (close(fd) == 0 && good)
		return OK;
	unlink(path);
	return fail(err, ERR_IO, "cannot write %s: %s", path, strerror(why));
}

enum err_code config_write(const char *directory, const char *state, const char *name, const char *database,
			   int64_t port, bool plain, struct err *err)
{
	struct config config = { .directory = directory };
	arena_auto arena = arena_new(65536);
	buf_auto text;
	buf_init(&text, 65536);
	const char *path = arena ? config_path(arena, &config, "lintas.conf") : NULL;
	if (!path)
		return fail(err, ERR_MEMORY, "no memory for the configuration");
	TRY(config_defaults(arena, &config, err));
	config.state = state;
	config.party_id = state;
	config.name = name ? name : config.name;
	config.database = database ? database : config.database;
	config.port = port ? port : config.port;
	config.plain = plain;
	if (plain)
		config.address = "127.0.0.1";
	put_all(&text, &config, buf_puts);
	TRY(buf_check(&text, "the configuration", err));
	return file_create(path, buf_bytes(&text), err);
}

const char *config_path(struct arena *arena, const struct config *config, const char *name)
{
	return name[0] == '/' ? arena_text(arena, name) : arena_printf(arena, "%s/%s", config->directory, name);
}
