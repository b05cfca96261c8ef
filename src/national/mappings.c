/* The mapping files of the node: loaded and checked when it starts, so that none is found to be wrong at night. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/text.h"
#include "national/national.h"

enum { ARENA_BYTES = 256 << 20, NAME_MAX_BYTES = 64 };

struct national_mappings {
	struct arena *arena;
	struct national_mapping items[NATIONAL_MAPPINGS_MAX];
	size_t count;
};

enum { RULE_NAME, RULE_FILE };
const struct rule mapping_file_rules[] = {
	[RULE_NAME] = { .code = "NAT-001",
			.text = "{1}: the name of a mapping file has letters, digits, '-' and '_' before .json, at most 64" },
	[RULE_FILE] = { .code = "NAT-005", .text = "{1}" },
	{ 0 },
};

/* The INDEXth of those of documents, or of records. */
static const struct national_mapping *mapping_at(const struct national_mappings *mappings, bool records, size_t index)
{
	for (size_t i = 0; mappings && i < mappings->count; i++)
		if ((mapping_kind(mappings->items[i].in) != NULL) == records && index-- == 0)
			return &mappings->items[i];
	return NULL;
}

static const struct national_mapping *mapping_named(const struct national_mappings *mappings, bool records,
						    const char *name)
{
	const struct national_mapping *mapping = NULL;

	for (size_t i = 0; name && (mapping = mapping_at(mappings, records, i)); i++)
		if (same(mapping->name, name))
			return mapping;
	return NULL;
}

const struct national_mapping *national_mapping_at(const struct national_mappings *mappings, size_t index)
{
	return mapping_at(mappings, false, index);
}

const struct national_mapping *national_mapping_find(const struct national_mappings *mappings, const char *name)
{
	return mapping_named(mappings, false, name);
}

const struct national_mapping *national_records_at(const struct national_mappings *mappings, size_t index)
{
	return mapping_at(mappings, true, index);
}

const struct national_mapping *national_records_find(const struct national_mappings *mappings, const char *name)
{
	return mapping_named(mappings, true, name);
}

void national_mappings_free(struct national_mappings *mappings)
{
	if (!mappings)
		return;
	arena_free(mappings->arena);
	free(mappings);
}

/* It stands in URLs, and is the name of a folder. */
static bool is_name(const char *name, size_t size)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";

	return size > 0 && size <= NAME_MAX_BYTES && name[0] != '-' && strspn(name, letters) >= size;
}

static enum err_code read_text(struct arena *arena, int folder, const char *name, struct bytes *text, struct err *err)
{
	fd_auto fd = openat(folder, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat stat;
	size_t size;

	if (fd < 0 || fstat(fd, &stat) != 0)
		return fail(err, ERR_CONFIG, "cannot read the mapping %s: %s", name, strerror(errno));
	if (!S_ISREG(stat.st_mode) || stat.st_size > (off_t)MAPPING_FILE_MAX)
		return fail(err, ERR_CONFIG, "cannot read the mapping %s: it is no file of at most 1 MiB", name);
	uint8_t *to = arena_alloc(arena, (size_t)stat.st_size + 1);
	if (!to)
		return fail(err, ERR_MEMORY, "no memory for the mapping %s", name);
	if (!fd_read(fd, to, (size_t)stat.st_size, &size))
		return fail(err, ERR_CONFIG, "cannot read the mapping %s: %s", name, strerror(errno));
	*text = bytes(to, size);
	return OK;
}

/* What FOUND says, behind the file's name. */
static void say_where(struct arena *arena, const char *file, const struct findings *found, struct findings *findings)
{
	for (size_t i = 0; findings_at(found, i); i++) {
		const struct finding *f = findings_at(found, i);
		finding_restate(findings, f, arena_printf(arena, "/%s%s", file, f->path), f->text);
	}
}

/* The file NAME as one more mapping; both ways, if it can. */
static enum err_code load_one(struct national_mappings *mappings, const struct kernel *kernel, int folder,
			      const char *name, struct findings *findings, struct err *err)
{
	struct national_mapping *mapping = &mappings->items[mappings->count];
	struct arena *arena = mappings->arena;
	struct findings *there = findings_new(arena), *back = findings_new(arena);
	size_t size = strlen(name) - strlen(".json");
	struct bytes text;

	if (!is_name(name, size)) {
		finding_add(findings, &mapping_file_rules[RULE_NAME], "", name, NULL);
		return OK;
	}
	if (!there || !back)
		return fail(err, ERR_MEMORY, "no memory for the mapping %s", name);
	struct err fault = { 0 };
	enum err_code code = read_text(arena, folder, name, &text, &fault);
	if (code == OK)
		code = mapping_load(arena, kernel, text, false, &mapping->in, there, &fault);
	if (code == ERR_MEMORY)
		return fail(err, code, "%s", fault.text);
	if (code != OK) /* the others are looked at all the same */
		finding_add(there, &mapping_file_rules[RULE_FILE], "", fault.text, NULL);
	say_where(arena, name, there, findings);
	if (findings_errors(there))
		return OK;
	TRY(mapping_load(arena, kernel, text, true, &mapping->out, back, err));
	const struct finding *why = findings_at(back, findings_count(there));
	mapping->one_way_reason = mapping->out ? NULL : why ? why->text : "it is read, not written";
	mapping->name = arena_text_of(arena, bytes(name, size));
	mappings->count++;
	return mapping->name ? OK : fail(err, ERR_MEMORY, "no memory for the mapping %s", name);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The names that end in .json, in their order. */
static enum err_code list_names(struct arena *arena, DIR *folder, const char **names, size_t *count, struct err *err)
{
	*count = 0;
	for (const struct dirent *entry; (entry = readdir(folder));) {
		if (entry->d_name[0] == '.' || !ends_with(entry->d_name, ".json"))
			continue;
		if (*count == NATIONAL_MAPPINGS_MAX)
			return fail(err, ERR_LIMIT, "there are more than %d mappings", NATIONAL_MAPPINGS_MAX);
		if (!(names[(*count)++] = arena_text(arena, entry->d_name)))
			return fail(err, ERR_MEMORY, "no memory for the mappings");
	}
	if (*count > 0)
		qsort(names, *count, sizeof(*names), by_name);
	return OK;
}

static enum err_code load_all(struct national_mappings *mappings, const struct kernel *kernel, DIR *folder,
			      struct findings *findings, struct err *err)
{
	const char *names[NATIONAL_MAPPINGS_MAX];
	size_t count;

	TRY(list_names(mappings->arena, folder, names, &count, err));
	for (size_t i = 0; i < count; i++)
		TRY(load_one(mappings, kernel, dirfd(folder), names[i], findings, err));
	return OK;
}

enum err_code national_mappings_load(const struct kernel *kernel, const char *directory,
				     struct national_mappings **mappings, struct findings *findings, struct err *err)
{
	size_t errors = findings_errors(findings);
	DIR *folder = directory ? opendir(directory) : NULL;

	if (directory && !folder)
		return fail(err, ERR_CONFIG, "[national] mappings: cannot read the folder %s: %s", directory,
			    strerror(errno));
	struct national_mappings *loaded = calloc(1, sizeof(*loaded));
	if (loaded)
		loaded->arena = arena_new(ARENA_BYTES);
	enum err_code code = loaded && loaded->arena ? OK : fail(err, ERR_MEMORY, "no memory for the mappings");
	if (code == OK && folder)
		code = load_all(loaded, kernel, folder, findings, err);
	if (folder)
		closedir(folder);
	bool right = code == OK && findings_errors(findings) == errors;
	if (!right)
		national_mappings_free(loaded);
	if (code == OK)
		*mappings = right ? loaded : NULL;
	return code;
}
