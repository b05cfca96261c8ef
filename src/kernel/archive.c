#include "kernel/archive.h"

#include "base/text.h"
#include "codec/json.h"

enum { TEXT_MAX = 1000, NAME_MAX_BYTES = 100, DIGEST_DIGITS = 64 };
#define DIGEST "[0-9a-f]{64}"

static const struct field entry_rows[] = {
	FIELD_TEXT(struct archive_entry, file, .json = "file", .min = 1, .max_length = NAME_MAX_BYTES),
	FIELD_TEXT(struct archive_entry, sha256, .json = "sha256", .min = 1, .pattern = DIGEST),
	FIELD_INT(struct archive_entry, bytes, .json = "bytes", .min = 1),
	FIELD_TIME(struct archive_entry, at_us, .json = "at", .min = 1),
	FIELD_TEXT(struct archive_entry, message, .json = "message", .min = 1, .max_length = NAME_MAX_BYTES),
	FIELD_TEXT(struct archive_entry, message_id, .json = "messageId", .max_length = TEXT_MAX),
	FIELD_TEXT(struct archive_entry, type, .json = "type", .min = 1, .max_length = TEXT_MAX),
	FIELD_TEXT(struct archive_entry, document, .json = "document", .max_length = TEXT_MAX),
	FIELD_TEXT(struct archive_entry, reference, .json = "reference", .max_length = TEXT_MAX),
	FIELD_TEXT(struct archive_entry, issuer_state, .json = "issuerState", .max_length = TEXT_MAX),
	FIELD_DAY(struct archive_entry, issued_on, .json = "issuedOn"),
	FIELD_TEXT(struct archive_entry, organisation, .json = "organisation", .max_length = TEXT_MAX),
	FIELD_TEXT(struct archive_entry, partner, .json = "partner", .min = 1, .max_length = TEXT_MAX),
	FIELD_TEXT(struct archive_entry, direction, .json = "direction", .min = 1, .pattern = "in|out"),
	FIELD_TIME(struct archive_entry, last_us, .json = "last", .min = 1),
};
static const struct fields entry_fields = FIELDS(struct archive_entry, entry_rows);
const struct schema archive_entry_schema = {
	.name = "archiveEntry", .root = "archiveEntry", .ns = "", .prefix = "", .fields = &entry_fields
};

static const struct field manifest_rows[] = {
	FIELD_INT(struct archive_manifest, version, .json = "version", .min = 1),
	FIELD_TEXT(struct archive_manifest, archive, .json = "archive", .min = 1, .max_length = NAME_MAX_BYTES),
	FIELD_INT(struct archive_manifest, number, .json = "number", .min = 1),
	FIELD_INT(struct archive_manifest, messages, .json = "messages", .min = 1),
	FIELD_INT(struct archive_manifest, bytes, .json = "bytes", .min = 1),
	FIELD_TEXT(struct archive_manifest, previous, .json = "previous", .pattern = DIGEST,
		   .label = "SHA-256 of the volume.jws before"),
	FIELD_TEXT(struct archive_manifest, sums, .json = "sums", .min = 1, .pattern = DIGEST,
		   .label = "SHA-256 of SHA256SUMS"),
	FIELD_TIME(struct archive_manifest, made_us, .json = "made", .min = 1),
};
static const struct fields manifest_fields = FIELDS(struct archive_manifest, manifest_rows);
const struct schema archive_manifest_schema = {
	.name = "archiveManifest", .root = "archiveManifest", .ns = "", .prefix = "", .fields = &manifest_fields
};

static bool is_alphanumeric(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool archive_name_valid(const char *name)
{
	size_t size = strlen(name);

	for (size_t i = 0; i < size; i++)
		if (!is_alphanumeric(name[i]) && (i == 0 || !strchr("._-", name[i])))
			return false;
	return size > 0 && size <= NAME_MAX_BYTES;
}

enum err_code archive_entry_parse(struct arena *arena, struct bytes line, struct archive_entry *entry, struct err *err)
{
	struct archive_entry read = { .issued_on = DATE_NONE };
	struct findings *findings = findings_new(arena);
	const struct finding *first;

	if (!findings)
		return fail(err, ERR_MEMORY, "no memory left for a line of an index");
	if (line.size > ARCHIVE_LINE_MAX)
		return fail(err, ERR_SYNTAX, "the line is longer than %d octets", ARCHIVE_LINE_MAX);
	TRY(field_read_json(arena, &archive_entry_schema, line, NULL, &read, findings, err));
	first = findings_at(findings, 0);
	if (first)
		return fail(err, ERR_SYNTAX, "%s: %s", *first->path ? first->path : "the line", first->text);
	if (!archive_name_valid(read.file))
		return fail(err, ERR_SYNTAX, "/file is no name of a file in this volume");
	if (!archive_name_valid(read.message))
		return fail(err, ERR_SYNTAX, "/message is no id of a message");
	if (read.bytes < 0 || read.bytes > ARCHIVE_BUNDLE_BYTES)
		return fail(err, ERR_SYNTAX, "/bytes is more than evidence may have");
	*entry = read;
	return OK;
}

enum err_code archive_entry_put(struct buf *out, const struct archive_entry *entry, struct err *err)
{
	field_put_json(out, &archive_entry_schema, entry);
	buf_putc(out, '\n');
	return buf_check(out, "the index of an archive", err);
}

enum err_code archive_sum_parse(struct arena *arena, struct bytes line, const char **name, const char **digest,
				struct err *err)
{
	struct bytes value;
	const char *text = utf8_valid(line) ? arena_text_of(arena, line) : NULL;
	const char *hex =
		text && line.size > DIGEST_DIGITS + 2 ? arena_text_of(arena, bytes(line.data, DIGEST_DIGITS)) : NULL;

	if (!hex || strspn(hex, "0123456789abcdef") != DIGEST_DIGITS || !hex_parse(arena, hex, &value) ||
	    strncmp(text + DIGEST_DIGITS, "  ", 2) != 0 || !archive_name_valid(text + DIGEST_DIGITS + 2))
		return fail(err, ERR_SYNTAX, "it is not a digest, two spaces and the name of a file in this volume");
	*name = text + DIGEST_DIGITS + 2;
	*digest = hex;
	return OK;
}
