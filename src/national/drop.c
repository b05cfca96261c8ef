/* The drop folders of a node's organisations: docs/drop.md is what they promise. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <unistd.h>

#include "kernel/party.h"
#include "national/drop_int.h"

enum { STRANGERS_MAX = 64 };

struct listing {
	struct arena *arena;
	struct organisation_list list;
	const char *organisation;
	int64_t count;
};

static enum err_code list_organisations(struct tx *tx, void *arg, struct err *err)
{
	struct listing *listing = arg;

	return organisation_list(tx, listing->arena, &listing->list, err);
}

/* The folder of ORGANISATION; *ROOT -1 if nobody made it. */
static enum err_code open_root(const struct national_drop *drop, const char *organisation, int *root, struct err *err)
{
	fd_auto all = open(drop->directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (all < 0)
		return fail(err, ERR_IO, "[national] drop: cannot open the folder %s: %s", drop->directory,
			    strerror(errno));
	*root = drop_folder_open(all, organisation, false);
	return *root >= 0 || errno == ENOENT
		       ? OK
		       : fail(err, ERR_IO, "cannot open the drop folder of %s: %s", organisation, strerror(errno));
}

/* The names that folders inside "in" may have: "", mappings, document types. NULL after the last. */
static const char *folder_at(const struct national_drop *drop, size_t index)
{
	const struct national_mapping *mapping;
	const struct doctype *doctype;

	if (index == 0)
		return "";
	for (size_t i = 0; (mapping = national_mapping_at(drop->mappings, i)); i++)
		if (--index == 0)
			return mapping->name;
	doctype = doctype_at(drop->kernel, index - 1);
	return doctype ? doctype->code : NULL;
}

static void keep_first(enum err_code code, const struct err *why, enum err_code *first, struct err *err)
{
	if (code == OK || *first != OK)
		return;
	*first = code;
	*err = *why;
}

static enum err_code step_organisation(const struct national_drop *drop, const char *organisation, int root,
				       int64_t now_us, unsigned *done, struct err *err)
{
	enum err_code first = OK;
	const char *folder;

	for (size_t i = 0; (folder = folder_at(drop, i)); i++)
		for (size_t way = 0; way < DROP_WAYS; way++) {
			struct err why = { 0 };
			keep_first(
				drop_take_folder(drop, organisation, root, &drop_ways[way], folder, now_us, done, &why),
				&why, &first, err);
		}
	struct err why = { 0 };
	keep_first(drop_give(drop, organisation, root, done, &why), &why, &first, err);
	return first;
}

/* Nodes with one database may have one folder; a file system that knows no locks leaves it to the database, which lets
 * one of them keep each file, and tells the other. */
static bool is_taken_by_another(int root)
{
	return flock(root, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK;
}

enum err_code national_drop_step(const struct national_drop *drop, int64_t now_us, unsigned *done, struct err *err)
{
	enum { ARENA_BYTES = 4 << 20 };
	arena_auto arena = arena_new(ARENA_BYTES);
	struct listing listing = { .arena = arena };
	enum err_code first = OK;

	*done = 0;
	if (!drop->directory)
		return OK;
	if (!arena)
		return fail(err, ERR_MEMORY, "no memory for the drop folders");
	TRY(db_read(drop->kernel->db, list_organisations, &listing, err));
	for (size_t i = 0; i < listing.list.count; i++) {
		const char *organisation = listing.list.items[i].code;
		fd_auto root = -1;
		struct err why = { 0 };
		enum err_code code = open_root(drop, organisation, &root, &why);
		if (code == OK && root >= 0 && !is_taken_by_another(root))
			code = step_organisation(drop, organisation, root, now_us, done, &why);
		keep_first(code, &why, &first, err);
	}
	return first;
}

/* --- Looking --- */

struct looking {
	const struct national_drop *drop;
	struct arena *arena;
	int64_t now_us;
	struct national_drop_look *look;
	const struct drop_way *way;
};

/* How many entries the folder NAME has that are no files of programs; 0 if it is none. */
static size_t files_in(int folder, const char *name)
{
	int fd = drop_folder_open(folder, name, false);
	DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
	const struct dirent *entry;
	size_t count = 0;

	if (!dir) {
		fd_close(&fd);
		return 0;
	}
	for (size_t n = 0; n < DROP_LOOK_MAX && (entry = readdir(dir)); n++)
		count += entry->d_name[0] != '.';
	closedir(dir);
	return count;
}

static enum err_code look_at_entry(struct looking *looking, int folder, const char *place, const char *name,
				   struct err *err)
{
	struct national_drop_look *look = looking->look;
	struct drop_entry entry;
	const char *why = drop_entry_look(looking->drop, folder, name, looking->now_us, &entry);

	if (!why)
		look->waiting++;
	if (!why || !*why || look->entries_count == NATIONAL_DROP_ENTRIES_MAX)
		return OK;
	size_t files = files_in(folder, name);
	if (files)
		why = arena_printf(looking->arena, "%s; %zu file%s in it %s not taken", why, files,
				   files == 1 ? "" : "s", files == 1 ? "is" : "are");
	const char *shown = why ? drop_name_shown(looking->arena, name) : NULL;
	const char *path =
		shown ? arena_printf(looking->arena, "%s%s%s/%s", looking->way->name, *place ? "/" : "", place, shown)
		      : NULL;
	if (!path)
		return fail(err, ERR_MEMORY, "no memory for a drop folder");
	look->entries[look->entries_count++] = (struct national_drop_entry){ path, why };
	return OK;
}

static bool is_folder_of_ours(const struct national_drop *drop, int in, const char *name)
{
	fd_auto fd = drop_folder_open(in, name, false);
	const char *folder;

	for (size_t i = 1; fd >= 0 && (folder = folder_at(drop, i)); i++)
		if (same(folder, name))
			return true;
	return false;
}

static enum err_code look_into(struct looking *looking, int in, const char *place, struct err *err)
{
	int fd = drop_folder_open(in, *place ? place : ".", false);
	DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
	const struct dirent *entry;
	enum err_code code = OK;

	if (!dir) {
		fd_close(&fd);
		return OK;
	}
	for (size_t n = 0; code == OK && n < DROP_LOOK_MAX && (entry = readdir(dir)); n++)
		if (*place || !is_folder_of_ours(looking->drop, in, entry->d_name))
			code = look_at_entry(looking, dirfd(dir), place, entry->d_name, err);
	closedir(dir);
	return code;
}

static enum err_code count_taken(struct tx *tx, void *arg, struct err *err)
{
	struct listing *listing = arg;

	return drop_file_count(tx, listing->organisation, &listing->count, err);
}

static enum err_code look_at(struct looking *looking, int root, const char *organisation, struct err *err)
{
	struct listing listing = { .organisation = organisation };
	const char *folder;

	looking->look->entries =
		arena_array(looking->arena, NATIONAL_DROP_ENTRIES_MAX, sizeof(*looking->look->entries));
	if (!looking->look->entries)
		return fail(err, ERR_MEMORY, "no memory for a drop folder");
	looking->look->organisation = organisation;
	TRY(db_read(looking->drop->kernel->db, count_taken, &listing, err));
	looking->look->taken = listing.count;
	for (size_t way = 0; way < DROP_WAYS; way++) {
		looking->way = &drop_ways[way];
		fd_auto in = drop_folder_open(root, looking->way->name, false);
		for (size_t i = 0; in >= 0 && (folder = folder_at(looking->drop, i)); i++)
			TRY(look_into(looking, in, folder, err));
	}
	return OK;
}

/* A folder beside those of our organisations, NAME: whatever lies in it is nobody's. */
static enum err_code look_at_stranger(struct looking *looking, const char *name, struct err *err)
{
	const char *shown = drop_name_shown(looking->arena, name);
	struct national_drop_entry *entry = arena_alloc(looking->arena, sizeof(*entry));

	if (!shown || !entry)
		return fail(err, ERR_MEMORY, "no memory for a drop folder");
	*entry = (struct national_drop_entry){
		".", "no organisation of ours has this name: lintas organisation list shows them, "
		     "lintas organisation add makes one"
	};
	*looking->look = (struct national_drop_look){ .organisation = shown, .entries = entry, .entries_count = 1 };
	return OK;
}

static enum err_code look_at_strangers(struct looking *looking, const struct organisation_list *ours,
				       struct national_drop_look *items, size_t *count, struct err *err)
{
	DIR *dir = opendir(looking->drop->directory);
	const struct dirent *entry;
	enum err_code code = OK;

	for (size_t left = STRANGERS_MAX; dir && code == OK && left > 0 && (entry = readdir(dir));) {
		fd_auto folder = entry->d_name[0] == '.' ? -1 : drop_folder_open(dirfd(dir), entry->d_name, false);
		bool known = folder < 0;
		for (size_t i = 0; i < ours->count; i++)
			known = known || same(ours->items[i].code, entry->d_name);
		if (known)
			continue;
		looking->look = &items[(*count)++];
		code = look_at_stranger(looking, entry->d_name, err);
		left--;
	}
	if (dir)
		closedir(dir);
	return code;
}

enum err_code national_drop_look(const struct national_drop *drop, struct arena *arena, int64_t now_us,
				 struct national_drop_look **looks, size_t *count, struct err *err)
{
	struct listing listing = { .arena = arena };
	struct looking looking = { .drop = drop, .arena = arena, .now_us = now_us };
	size_t found = 0;

	if (drop->directory)
		TRY(db_read(drop->kernel->db, list_organisations, &listing, err));
	struct national_drop_look *items = arena_array(arena, listing.list.count + STRANGERS_MAX, sizeof(*items));
	if (!items)
		return fail(err, ERR_MEMORY, "no memory for the drop folders");
	for (size_t i = 0; i < listing.list.count; i++) {
		fd_auto root = -1;
		TRY(open_root(drop, listing.list.items[i].code, &root, err));
		looking.look = &items[found];
		if (root < 0)
			continue;
		TRY(look_at(&looking, root, listing.list.items[i].code, err));
		found++;
	}
	if (drop->directory)
		TRY(look_at_strangers(&looking, &listing.list, items, &found, err));
	*looks = items;
	*count = found;
	return OK;
}
