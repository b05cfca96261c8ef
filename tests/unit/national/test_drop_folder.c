/* Files of others in an open folder. What is expected is what POSIX says of links, names and moved files. */
#include "../unit.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"
#include "national/drop_int.h"

enum { ARENA = 1 << 20, MAX = 1000 };

struct place {
	char path[64];
	int folder, done;
	struct arena *arena;
};

static int make_place(void **state)
{
	struct place *place = calloc(1, sizeof(*place));

	snprintf(place->path, sizeof(place->path), "/tmp/lintas-drop-XXXXXX");
	assert_non_null(mkdtemp(place->path));
	place->folder = open(place->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	place->done = drop_folder_open(place->folder, "done", true);
	assert_true(place->folder >= 0 && place->done >= 0);
	place->arena = arena_new(ARENA);
	*state = place;
	return 0;
}

static int drop_place(void **state)
{
	struct place *place = *state;
	char command[128];

	arena_free(place->arena);
	close(place->folder);
	close(place->done);
	snprintf(command, sizeof(command), "rm -rf %s", place->path);
	assert_int_equal(system(command), 0);
	free(place);
	return 0;
}

static void put(int folder, const char *name, const char *text)
{
	int fd = openat(folder, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}

static const char *content(const struct place *place, int folder, const char *name)
{
	struct bytes text = { 0 };
	struct stat stat;
	struct err err;
	bool changes;

	assert_int_equal(drop_file_read(place->arena, folder, name, MAX, &text, &stat, &changes, &err), OK);
	return changes ? NULL : arena_text_of(place->arena, text);
}

static bool is_there(int folder, const char *name)
{
	return faccessat(folder, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

static size_t hidden_files(const struct place *place)
{
	char command[128];
	char line[32] = "";

	snprintf(command, sizeof(command), "find %s -name '.*' | wc -l", place->path);
	FILE *pipe = popen(command, "r");
	assert_non_null(fgets(line, sizeof(line), pipe));
	pclose(pipe);
	return strtoul(line, NULL, 10);
}

static void a_file_that_was_replaced_while_it_was_taken_stays(void **state)
{
	struct place *place = *state;
	struct bytes text;
	struct stat stat;
	struct err err;
	bool changes;

	put(place->folder, "a.csv", "first");
	assert_int_equal(drop_file_read(place->arena, place->folder, "a.csv", MAX, &text, &stat, &changes, &err), OK);
	assert_false(changes);
	put(place->folder, "new", "second");
	assert_int_equal(renameat(place->folder, "new", place->folder, "a.csv"), 0);
	assert_int_equal(drop_file_move(place->folder, "a.csv", place->done, "a.csv", &stat, &err), OK);
	assert_string_equal(content(place, place->folder, "a.csv"), "second");
	assert_false(is_there(place->done, "a.csv"));
}

static void a_file_is_moved_under_its_name_and_once(void **state)
{
	struct place *place = *state;
	struct bytes text;
	struct stat stat;
	struct err err;
	bool changes;

	put(place->folder, "-rf\n.csv", "x");
	assert_int_equal(drop_file_read(place->arena, place->folder, "-rf\n.csv", MAX, &text, &stat, &changes, &err),
			 OK);
	assert_int_equal(drop_file_move(place->folder, "-rf\n.csv", place->done, "-rf\n.csv", &stat, &err), OK);
	assert_int_equal(drop_file_move(place->folder, "-rf\n.csv", place->done, "-rf\n.csv", &stat, &err), OK);
	assert_string_equal(content(place, place->done, "-rf\n.csv"), "x");
}

static void links_pipes_and_folders_are_neither_read_nor_followed(void **state)
{
	struct place *place = *state;

	put(place->folder, "file", "x");
	assert_int_equal(symlinkat("file", place->folder, "link"), 0);
	assert_int_equal(symlinkat("done", place->folder, "folder-link"), 0);
	assert_int_equal(mkfifoat(place->folder, "pipe", 0600), 0);
	assert_null(content(place, place->folder, "link"));
	assert_null(content(place, place->folder, "pipe"));
	assert_null(content(place, place->folder, "done"));
	assert_null(content(place, place->folder, "missing"));
	assert_true(drop_folder_open(place->folder, "folder-link", true) < 0);
	assert_true(drop_folder_open(place->folder, "file", true) < 0);
	assert_int_equal(linkat(place->folder, "file", place->folder, "second", 0), 0);
	assert_null(content(place, place->folder, "file"));
	assert_int_equal(unlinkat(place->folder, "second", 0), 0);
	assert_string_equal(content(place, place->folder, "file"), "x");
}

static void of_a_file_that_is_too_large_no_more_is_read_than_shows_it(void **state)
{
	struct place *place = *state;
	char text[3 * MAX + 1];

	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	put(place->folder, "large", text);
	assert_int_equal(strlen(content(place, place->folder, "large")), MAX + 1);
}

/* RLIMIT_FSIZE stands for a disk that is full: write(2) fails in the middle of a file. */
static void a_file_that_cannot_be_written_whole_is_not_there(void **state)
{
	struct place *place = *state;
	struct rlimit before, limit;
	struct err err;
	static uint8_t octets[4096];

	put(place->done, "receipt.json", "old");
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	limit = before;
	limit.rlim_cur = 1024;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
	enum err_code code = drop_file_write(place->done, "receipt.json", bytes(octets, sizeof(octets)), &err);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	assert_int_equal(code, ERR_IO);
	assert_string_equal(content(place, place->done, "receipt.json"), "old");
	assert_int_equal(hidden_files(place), 0);
	assert_int_equal(drop_file_write(place->done, "receipt.json", bytes_of("new"), &err), OK);
	assert_string_equal(content(place, place->done, "receipt.json"), "new");
	assert_int_equal(hidden_files(place), 0);
}

static void a_file_is_ready_when_it_has_settled_and_the_oldest_comes_first(void **state)
{
	struct place *place = *state;
	const struct national_drop drop = { .settle_us = 5 * SECOND_US };
	int64_t now_us = clock_now_us(&clock_system);
	struct drop_entry entry, *entries;
	size_t count;
	struct err err;

	put(place->folder, "one.csv", "1");
	usleep(20000);
	put(place->folder, "a-later-one.csv", "2");
	put(place->folder, ".hidden", "3");
	put(place->folder, "copy.csv.part", "4");
	assert_null(drop_entry_look(&drop, place->folder, "one.csv", now_us, &entry));
	assert_false(entry.ready);
	assert_string_equal(drop_entry_look(&drop, place->folder, ".hidden", now_us, &entry), "");
	assert_string_equal(drop_entry_look(&drop, place->folder, "copy.csv.part", now_us, &entry), "");
	assert_int_equal(drop_folder_ready(&drop, place->arena, place->folder, now_us, &entries, &count, &err), OK);
	assert_int_equal(count, 0);
	assert_int_equal(
		drop_folder_ready(&drop, place->arena, place->folder, now_us + 10 * SECOND_US, &entries, &count, &err),
		OK);
	assert_int_equal(count, 2);
	assert_string_equal(entries[0].name, "one.csv");
	assert_string_equal(entries[1].name, "a-later-one.csv");
	/* A clock that was a day ahead when it was written keeps nobody waiting for a day. */
	assert_null(drop_entry_look(&drop, place->folder, "one.csv", now_us - 25 * HOUR_US, &entry));
	assert_true(entry.ready);
}

/* Unicode Technical Report 36: what looks like another name is shown by its octets. */
static void names_that_would_mislead_are_shown_encoded(void **state)
{
	struct place *place = *state;

	assert_string_equal(drop_name_shown(place->arena, "ใบรับรอง 1.csv"), "ใบรับรอง 1.csv");
	assert_string_equal(drop_name_shown(place->arena, "a\nb"), "a%0Ab");
	assert_string_equal(drop_name_shown(place->arena, "\xff"), "%FF");
	assert_string_equal(drop_name_shown(place->arena, "\u202egpj"), "%E2%80%AEgpj");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_place, drop_place)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_file_that_was_replaced_while_it_was_taken_stays),
		TEST(a_file_is_moved_under_its_name_and_once),
		TEST(links_pipes_and_folders_are_neither_read_nor_followed),
		TEST(of_a_file_that_is_too_large_no_more_is_read_than_shows_it),
		TEST(a_file_that_cannot_be_written_whole_is_not_there),
		TEST(a_file_is_ready_when_it_has_settled_and_the_oldest_comes_first),
		TEST(names_that_would_mislead_are_shown_encoded),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
