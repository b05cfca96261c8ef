/* The node's settings: one table of rows from which come the reader, the check, `lintas config --help` and
 * docs/settings.md. */
#ifndef NODE_CONFIG_H
#define NODE_CONFIG_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/findings.h"
#include "kernel/retention.h"

#define CONFIG_PARTY_TYPE "urn:oasis:names:tc:ebcore:partyid-type:unregistered:asw" /* [party] type, by default */

struct config {
	const char *directory; /* of the node; not a setting */
	const char *state, *name;
	const char *party_id, *party_type;
	const char *database;
	const char *address, *gateway_url;
	int64_t port;
	bool plain;
	const char *trust_file;
	const char *interface_address;
	int64_t interface_port, interface_connections, interface_connections_per_address, answers_kept_us;
	int64_t requests_per_minute, burst;
	const char *purposes;
	bool purpose_required;
	int64_t io_threads, workers, max_connections, max_connections_per_address;
	int64_t request_deadline_us;
	int64_t max_waiting, longest_wait_us, refuse_lists, refuse_repeated, refuse_others; /* [overload] */
	int64_t max_message_bytes, max_payload_bytes;
	int64_t exchange_timeout_us, duplicate_window_us;
	int64_t retry_first_us, retry_max_us, give_up_us;
	bool crl_required;
	int64_t crl_grace_us;
	int64_t heartbeat_us, slow_us, alarm_us;
	int64_t slots, senders, processors, key_sockets;
	const char *webhook_networks, *webhook_trust_file;
	int64_t webhook_senders, webhook_give_up_us;
	int64_t disk_reserve_bytes;
	bool archived_first;
	struct retention retention; /* [retention], whose names are document types */
	const char *mappings, *drop;
	int64_t drop_settle_us;
	const char *log_level;
};

enum setting_unit { UNIT_TEXT, UNIT_NUMBER, UNIT_FLAG, UNIT_BYTES, UNIT_TIME };

/* What a text is the path of. A file or a folder with its files belongs to the node, and to its backup; what lies in a
 * spool is on its way, and does not. */
enum setting_names { NAMES_NOTHING, NAMES_AUTHORITIES, NAMES_FOLDER, NAMES_SPOOL };

struct setting {
	const char *section, *name;
	enum setting_unit unit;
	size_t offset;     /* in struct config */
	const char *value; /* default, as it would be written; NULL: must be given */
	int64_t min, max;  /* of numbers, bytes, microseconds */
	const char *help;  /* one sentence: what it does and why the default */
	enum setting_names names;
	const char *nothing; /* the value that is no path; NULL: every value is one */
	const char *without; /* what the node does not do where the path leads to nothing; NULL: it does not start */
	bool over_tls;       /* of no use to a node with plain = yes */
};
const struct setting *config_setting(size_t index); /* NULL after the last */
/* The path that SETTING has in CONFIG, as it is written there; NULL if it names none, or is of no use there. */
const char *config_named(const struct setting *setting, const struct config *config);
/* The path VALUE from the node's DIRECTORY on, which need not be there yet, if it lies in there: "./a//b" is "a/b".
 * Else NULL. The arena's. */
const char *config_inside(struct arena *arena, const char *directory, const char *value);

/* Reads the settings of the node in DIRECTORY: "name = value" below a "[section]", in UTF-8; ';' and '#' begin a
 * comment. Every mistake is a finding; unknown settings too. The values live in ARENA. */
enum err_code config_parse(struct arena *arena, const char *directory, struct bytes text, struct config *config,
			   struct findings *findings, struct err *err) MUST_USE;
/* The same of the file DIRECTORY/lintas.conf. ERR_NOT_FOUND if there is none, ERR_LIMIT beyond CONFIG_MAX_BYTES. */
#define CONFIG_MAX_BYTES ((size_t)1 << 18)
enum err_code config_read(struct arena *arena, const char *directory, struct config *config, struct findings *findings,
			  struct err *err) MUST_USE;
/* Writes a new configuration file for STATE with every setting explained; refuses to overwrite. DATABASE NULL: SQLite
 * beside it. */
enum err_code config_write(const char *directory, const char *state, const char *name, const char *database,
			   int64_t port, bool plain, struct err *err) MUST_USE;
/* Finds that the value URL of WHERE, such as "--database", is no database; ERR_CONFIG then. */
enum err_code config_database_require(const char *where, const char *url, struct findings *findings,
				      struct err *err) MUST_USE;
/* A setting's value, as it would be written, but for a password in a URL (url_put_masked()). */
void config_put_value(struct buf *out, const struct setting *setting, const struct config *config);
/* The settings as text: as the file would be, with comments; without passwords. */
void config_put(struct buf *out, const struct config *config);
/* The same as a Markdown table for docs/. */
void config_put_markdown(struct buf *out);
/* The same for a terminal. */
void config_put_help(struct buf *out);

/* DIRECTORY/NAME; arena's. */
const char *config_path(struct arena *arena, const struct config *config, const char *name);

/* What is found of settings, each array ended by a row without a code: in the file, in what it leads to, in its places.
 */
extern const struct rule config_rules[], check_rules[], place_rules[];

#endif
