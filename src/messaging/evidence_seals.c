/* The journal's extract in a folder of evidence, held against its own seals: by whoever has the folder and no node. */
#include <inttypes.h>

#include "base/text.h"
#include "messaging/evidence_int.h"

enum { LINES_MAX = 100000, COLUMNS = 7 };

struct links {
	struct journal_link *items;
	size_t count;
};

static bool take_number(const char *text, int64_t *number)
{
	return int64_parse(text, number) && *number >= 0;
}

static bool take_hash(const char *text, char hash[static JOURNAL_HASH_SIZE])
{
	if (strlen(text) != JOURNAL_HASH_SIZE - 1 || strspn(text, "0123456789abcdef") != JOURNAL_HASH_SIZE - 1)
		return false;
	memcpy(hash, text, JOURNAL_HASH_SIZE);
	return true;
}

/* number, first, last, time, previous, root, hash: LINE is cut up. */
static bool take_link(char *line, struct journal_link *link)
{
	const char *columns[COLUMNS];
	size_t count = 0;
	for (char *column = line; column && count < COLUMNS; count++) {
		columns[count] = column;
		column = strchr(column, '\t');
		if (column)
			*column++ = '\0';
		else
			line = NULL;
	}
	return count == COLUMNS && !line && take_number(columns[0], &link->number) &&
	       take_number(columns[1], &link->first) && take_number(columns[2], &link->last) &&
	       take_number(columns[3], &link->at_us) && take_hash(columns[4], link->previous) &&
	       take_hash(columns[5], link->root) && take_hash(columns[6], link->hash);
}

static enum err_code check_link(const struct links *links, const struct journal_link *link, struct err *err)
{
	bool right;
	const struct journal_link *before = links->count ? &links->items[links->count - 1] : NULL;
	TRY(journal_link_check(link, &right, err));
	if (!right)
		return fail(err, ERR_INVALID, "seal %" PRId64 " of the journal is not that of its entries and time",
			    link->number);
	if (before && link->number <= before->number)
		return fail(err, ERR_INVALID, "seal %" PRId64 " of the journal is out of its order", link->number);
	if (before && link->number == before->number + 1 &&
	    (!same(link->previous, before->hash) || link->first != before->last + 1))
		return fail(err, ERR_INVALID, "seal %" PRId64 " of the journal does not follow the one before it",
			    link->number);
	return OK;
}

static enum err_code read_links(struct arena *arena, struct bytes text, struct links *links, struct err *err)
{
	size_t lines = 0;
	for (size_t i = 0; i < text.size; i++)
		lines += text.data[i] == '\n';
	if (lines > LINES_MAX || (text.size && text.data[text.size - 1] != '\n'))
		return fail(err, ERR_SYNTAX, "audit/links.tsv is cut off, or too long");
	links->items = arena_array(arena, lines + 1, sizeof *links->items);
	if (!links->items)
		return fail(err, ERR_MEMORY, "no memory for the seals");
	while (text.size) {
		struct journal_link *link = &links->items[links->count];
		size_t size = (size_t)((const uint8_t *)memchr(text.data, '\n', text.size) - text.data);
		char *line = arena_text_of(arena, bytes(text.data, size));
		if (!line)
			return fail(err, ERR_MEMORY, "no memory for the seals");
		if (!take_link(line, link))
			return fail(err, ERR_SYNTAX, "line %zu of audit/links.tsv is no seal", links->count + 1);
		TRY(check_link(links, link, err));
		links->count++;
		text = bytes(text.data + size + 1, text.size - size - 1);
	}
	return OK;
}

static const struct journal_link *link_of(const struct links *links, int64_t number)
{
	for (size_t i = 0; i < links->count; i++)
		if (links->items[i].number == number)
			return &links->items[i];
	return NULL;
}

/* JSON has no empty text apart from none: their names stand in "empty". */
static void restore_empty(struct entry_view *view)
{
	const char *names = view->empty, *empty = "";
	for (size_t i = 0; i < evidence_entry_fields.count; i++) {
		const struct field *row = &evidence_entry_fields.row[i];
		if (row->kind == FIELD_KIND_TEXT && word_among(names, row->json))
			memcpy((char *)view + row->offset, &empty, sizeof empty);
	}
}

static enum err_code check_entry(struct arena *arena, const struct links *links, struct entry_view *view, bool *proved,
				 struct err *err)
{
	const struct journal_link *link = view->seal == INTEGER_NONE ? NULL : link_of(links, view->seal);
	bool right;
	*proved = false;
	if (!link)
		return OK; /* not sealed yet, or behind the links that are here */
	restore_empty(view);
	const struct journal_entry entry = { .id = view->id,
					     .at_us = view->at_us,
					     .actor = view->actor,
					     .organisation = view->organisation,
					     .subject_type = view->subject_type,
					     .subject = view->subject,
					     .event = view->event,
					     .from_state = view->from_state,
					     .to_state = view->to_state,
					     .detail = view->detail,
					     .law = view->law,
					     .content = view->content,
					     .sequence = view->sequence };
	struct journal_path path = { .entry = &entry,
				     .seal = view->seal,
				     .index = view->index,
				     .count = view->count,
				     .hashes = arena_array(arena, view->path_count + 1, sizeof *path.hashes),
				     .hashes_count = view->path_count };
	if (!path.hashes)
		return fail(err, ERR_MEMORY, "no memory for the seals");
	right = view->id && view->sequence == link->first + view->index && view->count == link->last - link->first + 1;
	for (size_t i = 0; i < view->path_count && right; i++)
		right = view->path[i].hash && take_hash(view->path[i].hash, path.hashes[i]);
	if (right)
		TRY(journal_path_check(&path, link->root, &right, err));
	if (!right)
		return fail(err, ERR_INVALID, "entry %" PRId64 " of the journal (%s) is not under its seal %" PRId64,
			    view->sequence, view->event ? view->event : "-", view->seal);
	*proved = true;
	return OK;
}

enum err_code messaging_evidence_seals(struct arena *arena, struct bytes entries, struct bytes text, struct err *err)
{
	struct links links = { 0 };
	struct entries_view view = { 0 };
	struct findings *findings = findings_new(arena);
	bool any = false, proved;
	if (!findings)
		return fail(err, ERR_MEMORY, "no memory for the seals");
	TRY(read_links(arena, text, &links, err));
	TRY(field_read_json(arena, &evidence_entries_schema, entries, NULL, &view, findings, err));
	const struct finding *first = findings_at(findings, 0);
	if (first)
		return fail(err, ERR_SYNTAX, "audit/entries.json: %s: %s", first->path, first->text);
	for (size_t i = 0; i < view.count; i++) {
		TRY(check_entry(arena, &links, &view.items[i], &proved, err));
		any = any || proved;
	}
	return any ? OK : fail(err, ERR_INVALID, "no entry of the journal is proved by the seals that are there");
}
