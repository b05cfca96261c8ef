/* Archives in files: what is kept when the node has deleted it, readable without Lintas.
 *
 * An archive is a folder of volumes, volume-000001 and on, each written once and never again:
 *   NNNN-<message>.tar   the evidence of one message, as `lintas evidence export` gives it
 *   index.jsonl          a line of JSON for each, in their order: by what it is found
 *   SHA256SUMS           of all of these, by name (sha256sum -c)
 *   volume.json          what the volume says of itself: the digest of SHA256SUMS, and of the volume before it
 *   volume.jws           the same, signed by the node (RFC 7515) */
#ifndef KERNEL_ARCHIVE_H
#define KERNEL_ARCHIVE_H

#include "base/date.h"
#include "codec/field.h"

enum {
	ARCHIVE_MESSAGES_MAX = 1000, /* of a volume */
	ARCHIVE_LINE_MAX = 16384,    /* of the index */
	ARCHIVE_VOLUMES_MAX = 999999
};
#define ARCHIVE_VOLUME_BYTES ((int64_t)512 << 20) /* a volume is closed once it is so large */
#define ARCHIVE_BUNDLE_BYTES ((int64_t)192 << 20) /* of one message: as long as an answer of the interface may be */
#define ARCHIVE_TYPE         "lintas-archive+json"
#define ARCHIVE_VERSION      1

struct archive_entry { /* a line of index.jsonl */
	const char *file, *sha256;
	int64_t bytes, at_us; /* .at_us: when the evidence was read */
	const char *message, *message_id, *type, *document, *reference, *issuer_state, *organisation, *partner,
		*direction;
	date issued_on;
	int64_t last_us; /* the last thing that happened to it */
};
extern const struct schema archive_entry_schema;

struct archive_manifest { /* volume.json */
	int64_t version;
	const char *archive; /* the same in all its volumes: UUID */
	int64_t number, messages, bytes;
	const char *previous; /* SHA-256 of the volume.jws before; NULL: the first */
	const char *sums;     /* SHA-256 of SHA256SUMS */
	int64_t made_us;
};
extern const struct schema archive_manifest_schema;

/* A name that may stand in a volume: letters, digits, '.', '-' and '_', the first none of the last three, at most 100
 * octets. */
bool archive_name_valid(const char *name);
/* One line of the index, without its line feed. Everything of ENTRY is in ARENA. ERR_SYNTAX if it is not what
 * archive_entry_put() writes: its fields, a valid name, a digest in lower case, UTF-8. */
enum err_code archive_entry_parse(struct arena *arena, struct bytes line, struct archive_entry *entry,
				  struct err *err) MUST_USE;
/* With its line feed. */
enum err_code archive_entry_put(struct buf *out, const struct archive_entry *entry, struct err *err) MUST_USE;
/* "64 hexadecimal digits, two spaces, a name", as sha256sum writes it; NAME and DIGEST are in ARENA. ERR_SYNTAX. */
enum err_code archive_sum_parse(struct arena *arena, struct bytes line, const char **name, const char **digest,
				struct err *err) MUST_USE;

#endif
