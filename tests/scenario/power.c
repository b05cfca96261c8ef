#include "power.h"

#include "../unit/unit.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sqlite3.h>

#include "base/buf.h"
#include "base/text.h"

/* What a disk writes whole or not at all: less than any of today's, as SQLite's own crash tests have it. */
#define SECTOR 512
/* What SQLite is told of a disk (power.h). */
#define TOLD_SECTOR      4096
#define CHARACTERISTICS  SQLITE_IOCAP_POWERSAFE_OVERWRITE
#define IMAGE_MAX        ((size_t)64 << 20)
#define CHANGES_MAX      8192
#define FULL_WRITES_MAX  12
#define CHECKPOINT_PAGES 40

enum { IMAGES_MAX = 4 };

struct change {
	enum { CHANGE_WRITE, CHANGE_SIZE, CHANGE_UNLINK } kind;
	size_t at; /* of a write; or the new size */
	size_t size;
	uint8_t *data; /* malloc'd */
};

/* A file, as it would be after a power cut, and what was done to it since its last sync. */
struct image {
	char name[48]; /* in the directory; "": a free place */
	bool named;    /* durably */
	bool present;  /* for who looks now */
	struct buf content;
	struct change changes[CHANGES_MAX];
	size_t count;
};

struct power {
	sqlite3_vfs vfs;   /* registered */
	sqlite3_vfs *real; /* the system's */
	char name[32], root[160], directory[180];
	unsigned restored;
	struct power_tally *tally;
	pthread_mutex_t mutex; /* guards what follows */
	uint64_t random;
	struct power_plan plan;
	uint64_t left[POWER_FAULTS]; /* until it strikes; 0: it does not */
	unsigned full_left;          /* writes that still find no room */
	bool off, paused;
	unsigned open;
	uint64_t operations, faults;
	struct image images[IMAGES_MAX];
};

struct handle {
	sqlite3_file file; /* first, so that it is found from it */
	struct power *power;
	struct image *image; /* NULL: a temporary file */
	sqlite3 *connection; /* of a main database file, when it is known */
	bool names;          /* its next sync is also one of the directory */
	sqlite3_file *real;
};

static const sqlite3_io_methods methods;

/* Of what is asserted with the mutex held, or on a thread that is not the test's: no longjmp leads out of there. */
#define must(condition) ((condition) ? (void)0 : give_up(#condition, __LINE__))

static void give_up(const char *condition, int line)
{
	fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, line, condition);
	abort();
}

static struct handle *handle_of(sqlite3_file *file)
{
	return (struct handle *)file;
}

static struct power *locked(struct power *power)
{
	pthread_mutex_lock(&power->mutex);
	return power;
}

static int unlocked(struct power *power, int rc)
{
	pthread_mutex_unlock(&power->mutex);
	return rc;
}

static enum power_kind kind_of(const struct image *image)
{
	if (ends_with(image->name, "-wal"))
		return POWER_WAL;
	return ends_with(image->name, "-journal") ? POWER_JOURNAL : POWER_DB;
}

/* --- Chance --- */

/* SplitMix64, not base/random: what the nodes draw must not change what befalls their disks. */
static uint64_t draw(struct power *power, uint64_t bound)
{
	uint64_t z = power->random += UINT64_C(0x9E3779B97F4A7C15);

	z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
	return (z ^ (z >> 31)) % bound;
}

static void arm(struct power *power, enum power_fault fault, unsigned at)
{
	unsigned within = power->plan.on[fault].within;

	power->left[fault] = at ? at : within ? 1 + draw(power, within) : 0;
}

static bool strikes(struct power *power, enum power_fault fault)
{
	if (power->paused || power->left[fault] == 0 || --power->left[fault] > 0)
		return false;
	arm(power, fault, 0);
	power->tally->struck[fault]++;
	return true;
}

static int failed(struct power *power, int rc)
{
	power->faults++;
	return rc;
}

/* Whether the power fails in this OPERATION on IMAGE. What it changes has been noted: it is under way then. */
static bool cut_falls(struct power *power, const struct image *image, enum power_operation operation)
{
	enum power_kind kind = kind_of(image);
	enum power_fault in_sync = kind == POWER_DB ? POWER_CUT_IN_CHECKPOINT : POWER_CUT_IN_COMMIT;
	bool falls = operation == POWER_SYNC && strikes(power, in_sync);

	power->operations += !power->paused;
	falls = strikes(power, POWER_CUT) || falls;
	if (!falls)
		return false;
	power->off = true;
	power->tally->cuts[kind][operation]++;
	return true;
}

static enum power_kept kept_by_chance(struct power *power)
{
	return (enum power_kept)(POWER_KEPT_NONE + draw(power, 3));
}

/* --- Images --- */

static void content_resize(struct buf *content, size_t size)
{
	if (size > content->size) {
		size_t more = size - content->size;
		uint8_t *end = buf_reserve(content, more);
		must(end);
		memset(end, 0, more);
		buf_grown(content, more);
	}
	content->size = size;
}

static void content_write(struct buf *content, size_t at, const uint8_t *data, size_t size)
{
	if (at + size > content->size)
		content_resize(content, at + size);
	memcpy(content->data + at, data, size);
}

/* Any of its sectors, each by chance. */
static void content_tear(struct power *power, struct buf *content, const struct change *change)
{
	size_t end = change->at + change->size;

	for (size_t at = change->at, next; at < end; at = next) {
		next = (at / SECTOR + 1) * SECTOR;
		if (next > end)
			next = end;
		if (draw(power, 2))
			content_write(content, at, change->data + (at - change->at), next - at);
	}
}

static void change_apply(struct image *image, const struct change *change)
{
	if (change->kind == CHANGE_WRITE) {
		content_write(&image->content, change->at, change->data, change->size);
		return;
	}
	content_resize(&image->content, change->at);
	if (change->kind == CHANGE_UNLINK)
		image->named = false;
}

static void change_apply_perhaps(struct power *power, struct image *image, const struct change *change)
{
	if (change->kind == CHANGE_WRITE && draw(power, 3) == 0)
		content_tear(power, &image->content, change);
	else if (draw(power, 2))
		change_apply(image, change);
}

static void changes_drop(struct image *image, size_t from, size_t to)
{
	for (size_t i = from; i < to; i++)
		free(image->changes[i].data);
	memmove(&image->changes[from], &image->changes[to], (image->count - to) * sizeof(image->changes[0]));
	image->count -= to - from;
}

/* What happened to a file before it was unlinked, and what to the next one of its name, do not mix: it is the next one
 * if the unlinking is DONE. */
static void unlinking_settle(struct image *image, bool done)
{
	size_t first = 0, last = image->count;

	while (first < image->count && image->changes[first].kind != CHANGE_UNLINK)
		first++;
	if (first == image->count)
		return;
	while (image->changes[last - 1].kind != CHANGE_UNLINK)
		last--;
	if (done)
		change_apply(image, &image->changes[last - 1]);
	changes_drop(image, done ? 0 : first, done ? last : image->count);
}

static void some_settle(struct power *power, struct image *image)
{
	unlinking_settle(image, draw(power, 2));
	for (size_t i = image->count; i > 0; i--) {
		size_t k = draw(power, i);
		struct change change = image->changes[k];
		image->changes[k] = image->changes[i - 1];
		change_apply_perhaps(power, image, &change);
		free(change.data);
	}
	image->count = 0;
}

/* Makes the content of IMAGE's changes, as far as they are KEPT; they are not under way any more. */
static void image_settle(struct power *power, struct image *image, enum power_kept kept)
{
	if (kept == POWER_KEPT_SOME)
		some_settle(power, image);
	for (size_t i = 0; i < image->count && kept == POWER_KEPT_ALL; i++)
		change_apply(image, &image->changes[i]);
	changes_drop(image, 0, image->count);
}

static void image_note(struct image *image, struct change change, const void *data)
{
	if (image->count == CHANGES_MAX) { /* written back, as a kernel does that has no room for more */
		for (size_t i = 0; i < CHANGES_MAX / 2; i++)
			change_apply(image, &image->changes[i]);
		changes_drop(image, 0, CHANGES_MAX / 2);
	}
	if (change.kind == CHANGE_WRITE) {
		change.data = malloc(change.size + 1);
		must(change.data);
		memcpy(change.data, data, change.size);
	}
	image->changes[image->count++] = change;
}

static struct image *image_of(struct power *power, const char *path)
{
	const char *name = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
	struct image *image = power->images;

	while (image < power->images + IMAGES_MAX && image->name[0] && !same(image->name, name))
		image++;
	must(image < power->images + IMAGES_MAX && strlen(name) < sizeof(image->name));
	snprintf(image->name, sizeof(image->name), "%s", name);
	return image;
}

/* --- A file --- */

static int handle_close(sqlite3_file *file)
{
	struct handle *handle = handle_of(file);
	struct power *power = locked(handle->power);

	power->open--;
	return unlocked(power, handle->real->pMethods->xClose(handle->real));
}

static int handle_read(sqlite3_file *file, void *data, int size, sqlite3_int64 at)
{
	struct handle *handle = handle_of(file);
	struct power *power = locked(handle->power);

	if (power->off || (handle->image && strikes(power, POWER_FAILED_READ)))
		return unlocked(power, failed(power, SQLITE_IOERR_READ));
	return unlocked(power, handle->real->pMethods->xRead(handle->real, data, size, at));
}

/* How much of a write of *SIZE reaches the file, and how it ends. */
static int write_meets(struct power *power, int *size)
{
	if (power->full_left == 0 && strikes(power, POWER_FULL))
		power->full_left = 1 + (unsigned)draw(power, FULL_WRITES_MAX);
	bool full = power->full_left > 0;

	if (!full && !strikes(power, POWER_FAILED_WRITE))
		return SQLITE_OK;
	power->full_left -= full;
	*size = (int)draw(power, (uint64_t)*size / SECTOR + 1) * SECTOR;
	return failed(power, full ? SQLITE_FULL : SQLITE_IOERR_WRITE);
}

static int image_write(struct power *power, const struct handle *handle, const void *data, int size, sqlite3_int64 at)
{
	if ((size_t)at + (size_t)size > IMAGE_MAX)
		return failed(power, SQLITE_FULL);
	int rc = write_meets(power, &size);
	image_note(handle->image, (struct change){ .kind = CHANGE_WRITE, .at = (size_t)at, .size = (size_t)size },
		   data);
	if (cut_falls(power, handle->image, POWER_WRITE))
		return failed(power, SQLITE_IOERR_WRITE);
	int real = handle->real->pMethods->xWrite(handle->real, data, size, at);
	return rc != SQLITE_OK ? rc : real;
}

static int handle_write(sqlite3_file *file, const void *data, int size, sqlite3_int64 at)
{
	struct handle *handle = handle_of(file);
	struct power *power = locked(handle->power);

	if (power->off)
		return unlocked(power, failed(power, SQLITE_IOERR_WRITE));
	if (handle->image)
		return unlocked(power, image_write(power, handle, data, size, at));
	return unlocked(power, handle->real->pMethods->xWrite(handle->real, data, size, at));
}

static int handle_truncate(sqlite3_file *file, sqlite3_int64 size)
{
	struct handle *handle = handle_of(file);
	struct power *power = locked(handle->power);
	bool on = !power->off;

	if (on && handle->image) {
		image_note(handle->image, (struct change){ .kind = CHANGE_SIZE, .at = (size_t)size }, NULL);
		on = !cut_falls(power, handle->image, POWER_TRUNCATE);
	}
	if (!on)
		return unlocked(power, failed(power, SQLITE_IOERR_TRUNCATE));
	return unlocked(power, handle->real->pMethods->xTruncate(handle->real, size));
}

/* What was unlinked is gone, and what is there has its name for good. */
static void directory_sync(struct power *power)
{
	for (size_t i = 0; i < IMAGES_MAX; i++) {
		unlinking_settle(&power->images[i], true);
		power->images[i].named = power->images[i].present;
	}
}

/* The real disk is not asked to sync: what is durable is said here, and only here. */
static int handle_sync(sqlite3_file *file, int flags)
{
	struct handle *handle = handle_of(file);
	struct power *power = locked(handle->power);

	(void)flags;
	if (power->off || (handle->image && cut_falls(power, handle->image, POWER_SYNC)))
		return unlocked(power, failed(power, SQLITE_IOERR_FSYNC));
	if (handle->image && strikes(power, POWER_FAILED_SYNC)) {
		unlinking_settle(handle->image, true);
		image_settle(power, handle->image, kept_by_chance(power));
		return unlocked(power, failed(power, SQLITE_IOERR_FSYNC));
	}
	if (handle->names)
		directory_sync(power);
	handle->names = false;
	if (handle->image)
		image_settle(power, handle->image, POWER_KEPT_ALL);
	return unlocked(power, SQLITE_OK);
}

static bool has_power(struct power *power)
{
	bool on = !locked(power)->off;

	power->faults += !on;
	unlocked(power, SQLITE_OK);
	return on;
}

static int handle_size(sqlite3_file *file, sqlite3_int64 *size)
{
	struct handle *handle = handle_of(file);

	return has_power(handle->power) ? handle->real->pMethods->xFileSize(handle->real, size) : SQLITE_IOERR_FSTAT;
}

static int handle_lock(sqlite3_file *file, int lock)
{
	struct handle *handle = handle_of(file);

	return has_power(handle->power) ? handle->real->pMethods->xLock(handle->real, lock) : SQLITE_IOERR_LOCK;
}

/* Letting go needs no disk. */
static int handle_unlock(sqlite3_file *file, int lock)
{
	sqlite3_file *real = handle_of(file)->real;

	return real->pMethods->xUnlock(real, lock);
}

static int handle_check_lock(sqlite3_file *file, int *reserved)
{
	struct handle *handle = handle_of(file);

	return has_power(handle->power) ? handle->real->pMethods->xCheckReservedLock(handle->real, reserved)
					: SQLITE_IOERR_CHECKRESERVEDLOCK;
}

/* A PRAGMA is the first thing that is said on a connection when it is ready. */
static int handle_control(sqlite3_file *file, int operation, void *arg)
{
	struct handle *handle = handle_of(file);

	if (operation == SQLITE_FCNTL_PRAGMA && handle->connection)
		sqlite3_wal_autocheckpoint(handle->connection, CHECKPOINT_PAGES);
	return handle->real->pMethods->xFileControl(handle->real, operation, arg);
}

static int handle_sector_size(sqlite3_file *file)
{
	(void)file;
	return TOLD_SECTOR;
}

static int handle_characteristics(sqlite3_file *file)
{
	(void)file;
	return CHARACTERISTICS;
}

static int handle_shm_map(sqlite3_file *file, int region, int size, int extend, void volatile **memory)
{
	struct handle *handle = handle_of(file);

	return has_power(handle->power) ? handle->real->pMethods->xShmMap(handle->real, region, size, extend, memory)
					: SQLITE_IOERR_SHMMAP;
}

static int handle_shm_lock(sqlite3_file *file, int offset, int count, int flags)
{
	struct handle *handle = handle_of(file);

	if (!(flags & SQLITE_SHM_UNLOCK) && !has_power(handle->power))
		return SQLITE_IOERR_SHMLOCK;
	return handle->real->pMethods->xShmLock(handle->real, offset, count, flags);
}

static void handle_shm_barrier(sqlite3_file *file)
{
	sqlite3_file *real = handle_of(file)->real;

	real->pMethods->xShmBarrier(real);
}

static int handle_shm_unmap(sqlite3_file *file, int remove)
{
	sqlite3_file *real = handle_of(file)->real;

	return real->pMethods->xShmUnmap(real, remove);
}

static const sqlite3_io_methods methods = {
	.iVersion = 2, /* with shared memory, without mapped files */
	.xClose = handle_close,
	.xRead = handle_read,
	.xWrite = handle_write,
	.xTruncate = handle_truncate,
	.xSync = handle_sync,
	.xFileSize = handle_size,
	.xLock = handle_lock,
	.xUnlock = handle_unlock,
	.xCheckReservedLock = handle_check_lock,
	.xFileControl = handle_control,
	.xSectorSize = handle_sector_size,
	.xDeviceCharacteristics = handle_characteristics,
	.xShmMap = handle_shm_map,
	.xShmLock = handle_shm_lock,
	.xShmBarrier = handle_shm_barrier,
	.xShmUnmap = handle_shm_unmap,
};

/* --- The file system --- */

static int file_open(sqlite3_vfs *vfs, const char *path, sqlite3_file *file, int flags, int *out_flags)
{
	struct power *power = locked(vfs->pAppData);
	struct handle *handle = handle_of(file);
	struct image *image = path ? image_of(power, path) : NULL;
	bool on = !power->off, made = flags & SQLITE_OPEN_CREATE;
	bool names = made && flags & (SQLITE_OPEN_WAL | SQLITE_OPEN_MAIN_JOURNAL | SQLITE_OPEN_SUPER_JOURNAL);

	*handle = (struct handle){ .power = power, .image = image, .names = names, .real = (void *)(handle + 1) };
	if (on && image) {
		image->present = image->present || made;
		on = !cut_falls(power, image, POWER_OPEN);
	}
	if (!on)
		return unlocked(power, failed(power, SQLITE_IOERR));
	int rc = power->real->xOpen(power->real, path, handle->real, flags, out_flags);
	if (handle->real->pMethods) {
		handle->file.pMethods = &methods;
		power->open++;
	}
	return unlocked(power, rc);
}

static int file_delete(sqlite3_vfs *vfs, const char *path, int sync_directory)
{
	struct power *power = locked(vfs->pAppData);
	struct image *image = image_of(power, path);
	bool on = !power->off;

	if (on && image->present) {
		image->present = false;
		image_note(image, (struct change){ .kind = CHANGE_UNLINK }, NULL);
		on = !cut_falls(power, image, POWER_DELETE);
	}
	if (!on)
		return unlocked(power, failed(power, SQLITE_IOERR_DELETE));
	if (sync_directory)
		directory_sync(power);
	else if (draw(power, 2))
		unlinking_settle(image, true);
	return unlocked(power, power->real->xDelete(power->real, path, 0));
}

static int file_access(sqlite3_vfs *vfs, const char *path, int flags, int *result)
{
	struct power *power = vfs->pAppData;

	return has_power(power) ? power->real->xAccess(power->real, path, flags, result) : SQLITE_IOERR_ACCESS;
}

/* Called for every connection of the program: ours are told by their methods. When the connection is ready SQLite sets
 * how often it moves the log, so that it is too early here to set it. */
static int connection_meet(sqlite3 *connection, char **message, const struct sqlite3_api_routines *api)
{
	sqlite3_file *file = NULL;

	(void)message, (void)api;
	if (sqlite3_file_control(connection, "main", SQLITE_FCNTL_FILE_POINTER, &file) == SQLITE_OK && file &&
	    file->pMethods == &methods)
		handle_of(file)->connection = connection;
	return SQLITE_OK;
}

static void directory_make(struct power *power)
{
	snprintf(power->directory, sizeof(power->directory), "%s/%u", power->root, power->restored);
	assert_int_equal(mkdir(power->directory, 0700), 0);
}

/* The files of before, the index of the log among them, are nobody's any more. */
static void directory_renew(struct power *power)
{
	char path[256];

	must(power->open == 0);
	for (size_t i = 0; i < IMAGES_MAX; i++)
		for (unsigned shm = 0; shm < 2; shm++) {
			snprintf(path, sizeof(path), "%s/%s%s", power->directory, power->images[i].name,
				 shm ? "-shm" : "");
			if (power->images[i].name[0])
				unlink(path);
		}
	must(rmdir(power->directory) == 0);
	power->restored++;
	directory_make(power);
}

struct power *power_new(const char *name, const char *directory, uint64_t seed, struct power_tally *tally)
{
	struct power *power = calloc(1, sizeof(*power));

	assert_non_null(power);
	snprintf(power->name, sizeof(power->name), "power-%s", name);
	snprintf(power->root, sizeof(power->root), "%s", directory);
	assert_int_equal(mkdir(power->root, 0700), 0);
	directory_make(power);
	power->tally = tally;
	power->random = seed;
	for (size_t i = 0; i < IMAGES_MAX; i++)
		buf_init(&power->images[i].content, IMAGE_MAX);
	pthread_mutex_init(&power->mutex, NULL);

	power->real = sqlite3_vfs_find(NULL);
	power->vfs = *power->real; /* what is not of files and is not replaced is the system's */
	power->vfs.pNext = NULL;
	power->vfs.zName = power->name;
	power->vfs.pAppData = power;
	power->vfs.szOsFile = (int)sizeof(struct handle) + power->real->szOsFile;
	power->vfs.xOpen = file_open;
	power->vfs.xDelete = file_delete;
	power->vfs.xAccess = file_access;
	assert_int_equal(sqlite3_vfs_register(&power->vfs, 0), SQLITE_OK);
	assert_int_equal(sqlite3_auto_extension((void (*)(void))connection_meet), SQLITE_OK); /* once, however often */
	return power;
}

void power_free(struct power *power)
{
	if (!power)
		return;
	sqlite3_vfs_unregister(&power->vfs);
	for (size_t i = 0; i < IMAGES_MAX; i++) {
		changes_drop(&power->images[i], 0, power->images[i].count);
		buf_done(&power->images[i].content);
	}
	pthread_mutex_destroy(&power->mutex);
	free(power);
}

const char *power_vfs(const struct power *power)
{
	return power->name;
}

const char *power_directory(const struct power *power)
{
	return power->directory;
}

/* --- What befalls it --- */

void power_plan(struct power *power, const struct power_plan *plan)
{
	if (!power)
		return;
	locked(power);
	power->plan = plan ? *plan : (struct power_plan){ 0 };
	power->full_left = 0;
	for (enum power_fault i = 0; i < POWER_FAULTS; i++)
		arm(power, i, power->plan.on[i].at);
	unlocked(power, SQLITE_OK);
}

void power_pause(struct power *power, bool paused)
{
	if (!power)
		return;
	locked(power)->paused = paused;
	unlocked(power, SQLITE_OK);
}

void power_cut(struct power *power)
{
	if (!power)
		return;
	locked(power)->off = true;
	unlocked(power, SQLITE_OK);
}

bool power_is_off(struct power *power)
{
	return power && unlocked(power, locked(power)->off);
}

uint64_t power_operations(struct power *power)
{
	uint64_t operations = power ? locked(power)->operations : 0;

	if (power)
		unlocked(power, SQLITE_OK);
	return operations;
}

uint64_t power_faults(struct power *power)
{
	uint64_t faults = power ? locked(power)->faults : 0;

	if (power)
		unlocked(power, SQLITE_OK);
	return faults;
}

static void image_write_out(const struct image *image, const char *directory)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/%s", directory, image->name);
	FILE *file = fopen(path, "wb");
	must(file);
	must(fwrite(buf_text(&image->content), 1, image->content.size, file) == image->content.size);
	must(fclose(file) == 0);
}

/* Whether IMAGE is there after a power cut that left what is KEPT. */
static bool name_lasts(struct power *power, const struct image *image, enum power_kept kept)
{
	if (!image->present || kept == POWER_KEPT_NONE)
		return image->named;
	return image->named || kept == POWER_KEPT_ALL || draw(power, 2);
}

/* What is left of the database is whole: asked of a copy, so that the node meets it as it is. */
static void remains_check(const struct power *power)
{
	char directory[200], path[256];

	snprintf(directory, sizeof(directory), "%s/remains-%u", power->root, power->restored);
	assert_int_equal(mkdir(directory, 0700), 0);
	for (size_t i = 0; i < IMAGES_MAX; i++)
		if (power->images[i].present)
			image_write_out(&power->images[i], directory);
	for (size_t i = 0; i < IMAGES_MAX; i++) {
		if (!power->images[i].present || kind_of(&power->images[i]) != POWER_DB)
			continue;
		snprintf(path, sizeof(path), "%s/%s", directory, power->images[i].name);
		power_check_file(path, true);
	}
	for (size_t i = 0; i < IMAGES_MAX; i++) {
		snprintf(path, sizeof(path), "%s/%s", directory, power->images[i].name);
		if (power->images[i].name[0])
			unlink(path); /* a log or journal may be gone */
	}
	assert_int_equal(rmdir(directory), 0);
}

void power_restore(struct power *power)
{
	if (!power)
		return;
	locked(power);
	enum power_kept kept = power->plan.kept ? power->plan.kept : kept_by_chance(power);
	directory_renew(power);
	for (size_t i = 0; i < IMAGES_MAX; i++) {
		struct image *image = &power->images[i];
		image_settle(power, image, kept);
		image->present = image->named = name_lasts(power, image, kept);
		if (image->present)
			image_write_out(image, power->directory);
		else
			buf_clear(&image->content);
	}
	power->off = false;
	power->full_left = 0;
	unlocked(power, SQLITE_OK);
	remains_check(power);
}

static void image_read_in(struct image *image, const char *path)
{
	char buffer[1 << 14];
	FILE *file = fopen(path, "rb");

	must(file);
	for (size_t size; (size = fread(buffer, 1, sizeof(buffer), file)) > 0;)
		buf_put(&image->content, buffer, size);
	must(!ferror(file) && fclose(file) == 0);
}

void power_load(struct power *power, const char *name, const char *path, uint64_t seed)
{
	locked(power);
	directory_renew(power);
	power->random = seed;
	for (size_t i = 0; i < IMAGES_MAX; i++) {
		struct image *image = &power->images[i];
		changes_drop(image, 0, image->count);
		buf_clear(&image->content);
		image->present = image->named = false;
	}
	struct image *image = image_of(power, name);
	image_read_in(image, path);
	image->present = image->named = true;
	image_write_out(image, power->directory);
	power->off = false;
	unlocked(power, SQLITE_OK);
	power_plan(power, NULL);
}
