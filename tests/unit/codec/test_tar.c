/* Oracle: GNU tar, for what is written and for what is read. */
#include "files.h"

#include "codec/tar.h"

#define AT_US INT64_C(1793590204000000) /* 2026-11-02T03:30:04Z: date -u -d @1793590204 */

enum { FILES_MAX = 8, ARCHIVE_MAX = 1 << 20 };

static const struct tar_file three[] = {
	{ .path = "folder/README.md", .content = { (const uint8_t *)"read me\n", 8 } },
	{ .path = "folder/verify.sh", .content = { (const uint8_t *)"exit 0\n", 7 }, .executable = true },
	{ .path = "folder/1-sent/empty", .content = { (const uint8_t *)"", 0 } },
};

static void put_three(struct buf *out)
{
	struct err err = { 0 };
	buf_init(out, ARCHIVE_MAX);
	assert_int_equal(tar_put(three, COUNT(three), AT_US, out, &err), OK);
}

/* What the shell line SCRIPT, run in an empty folder, prints: GNU tar makes an archive there. */
static struct bytes made_by(struct arena *arena, const char *script)
{
	struct bytes out = { 0 };
	const char *line =
		arena_printf(arena, "d=$(mktemp -d); (cd \"$d\" && { %s; }); s=$?; rm -rf \"$d\"; (exit $s)", script);
	if (!oracle(arena, arena_printf(arena, "bash -c '%s'", line), bytes("", 0), &out)) {
		assert_int_not_equal(system("tar --version 2>/dev/null | grep -q GNU"), 0);
		print_message("SKIPPED: GNU tar is not installed\n");
		skip();
	}
	return out;
}

static void assert_read(struct bytes archive, enum err_code expected)
{
	arena_auto arena = arena_new(4 << 20);
	struct err err = { 0 };
	struct tar_file *files = NULL;
	size_t count = 0;
	assert_int_equal(tar_read(arena, archive, FILES_MAX, &files, &count, &err), expected);
	if (expected != OK) {
		assert_null(files);
		assert_string_not_equal(err.text, "");
	}
}

static void tar_unpacks_what_we_write(void **state)
{
	(void)state;
	arena_auto arena = arena_new(4 << 20);
	buf_auto archive;
	struct bytes listed;
	put_three(&archive);
	if (!oracle(arena, "tar -tvf - --utc --full-time --numeric-owner", buf_bytes(&archive), &listed)) {
		print_message("SKIPPED: GNU tar is not installed\n");
		skip();
	}
	assert_bytes(listed, "-rw-r--r-- 0/0               8 2026-11-02 03:30:04 folder/README.md\n"
			     "-rwxr-xr-x 0/0               7 2026-11-02 03:30:04 folder/verify.sh\n"
			     "-rw-r--r-- 0/0               0 2026-11-02 03:30:04 folder/1-sent/empty\n");
	assert_true(oracle(arena, "tar -xOf - folder/README.md", buf_bytes(&archive), &listed));
	assert_bytes(listed, "read me\n");
}

static void we_read_what_we_write(void **state)
{
	(void)state;
	arena_auto arena = arena_new(4 << 20);
	buf_auto archive;
	struct err err;
	struct tar_file *files;
	size_t count;
	put_three(&archive);
	assert_int_equal(tar_read(arena, buf_bytes(&archive), FILES_MAX, &files, &count, &err), OK);
	assert_int_equal(count, COUNT(three));
	for (size_t i = 0; i < count; i++) {
		assert_string_equal(files[i].path, three[i].path);
		assert_true(bytes_same(files[i].content, three[i].content));
		assert_int_equal(files[i].executable, three[i].executable);
	}
}

static void the_same_files_give_the_same_octets(void **state)
{
	(void)state;
	buf_auto one, other;
	put_three(&one);
	put_three(&other);
	assert_true(bytes_same(buf_bytes(&one), buf_bytes(&other)));
}

/* Longer than the 100 octets of the old header. */
static void a_long_path_is_read_by_tar(void **state)
{
	(void)state;
	arena_auto arena = arena_new(4 << 20);
	buf_auto archive;
	struct err err;
	struct bytes listed;
	const char *path = arena_printf(arena, "%0120d/%0100d", 1, 2);
	buf_init(&archive, ARCHIVE_MAX);
	assert_int_equal(tar_put(&(struct tar_file){ .path = path }, 1, AT_US, &archive, &err), OK);
	assert_read(buf_bytes(&archive), OK);
	if (!oracle(arena, "tar -tf -", buf_bytes(&archive), &listed))
		skip();
	assert_bytes(listed, arena_printf(arena, "%s\n", path));
}

static void we_read_what_tar_writes(void **state)
{
	(void)state;
	static const char *const formats[] = { "ustar", "pax", "gnu" };
	for (size_t i = 0; i < COUNT(formats); i++) {
		arena_auto arena = arena_new(4 << 20);
		struct err err;
		struct tar_file *files;
		size_t count;
		struct bytes archive = made_by(arena, arena_printf(arena,
								   "mkdir -p a/b; echo one >a/b/c; echo >a/b/d; "
								   "tar --format=%s --sort=name -cf - a",
								   formats[i]));
		assert_int_equal(tar_read(arena, archive, FILES_MAX, &files, &count, &err), OK);
		assert_int_equal(count, 2);
		assert_string_equal(files[0].path, "a/b/c");
		assert_bytes(files[0].content, "one\n");
		assert_string_equal(files[1].path, "a/b/d");
	}
}

static void what_is_no_ordinary_file_inside_the_folder_is_refused(void **state)
{
	(void)state;
	static const char *const scripts[] = {
		"ln -s /etc/passwd a; tar -cf - a",                                  /* a symbolic link */
		"echo >a; ln a b; tar -cf - a b",                                    /* a hard link */
		"mkfifo a; tar -cf - a",                                             /* a pipe */
		"echo >a; tar -Pcf - \"$PWD/a\"",                                    /* an absolute path */
		"mkdir b; echo >a; cd b; tar -Pcf - ../a",                           /* above the folder */
		"echo >a; tar -Pcf - ./a",                                           /* "." */
		"mkdir b; echo >b/a; tar -Pcf - b//a b/../b/a",                      /* in between */
		"echo >\"a\\\\b\"; tar --no-unquote -cf - a*",                       /* a folder elsewhere */
		"echo >a; tar --hard-dereference -cf - a a",                         /* twice */
		"echo >a; mkdir d; echo >d/b; tar --transform=s/^a$/d/ -cf - a d/b", /* a file and a folder */
		"truncate -s 1M a; tar --format=pax -Scf - a",                       /* with a hole */
		"echo >a; tar -czf - a",                                             /* compressed */
	};
	for (size_t i = 0; i < COUNT(scripts); i++) {
		arena_auto arena = arena_new(4 << 20);
		assert_read(made_by(arena, scripts[i]), ERR_SYNTAX);
	}
}

static void more_files_than_allowed_are_refused(void **state)
{
	(void)state;
	arena_auto arena = arena_new(4 << 20);
	assert_read(made_by(arena, "for i in 1 2 3 4 5 6 7 8; do echo >$i; done; tar -cf - *"), OK);
	assert_read(made_by(arena, "for i in 1 2 3 4 5 6 7 8 9; do echo >$i; done; tar -cf - *"), ERR_LIMIT);
}

static void what_is_cut_is_refused_at_every_length(void **state)
{
	(void)state;
	buf_auto archive;
	put_three(&archive);
	size_t least = archive.size; /* what follows the end marker is padding */
	while (least > 1024 && archive.data[least - 1] == 0)
		least--;
	for (size_t size = 0; size < least + 1024; size += 128)
		assert_read(bytes(archive.data, size < archive.size ? size : archive.size), ERR_SYNTAX);
	assert_read(buf_bytes(&archive), OK);
}

static void what_follows_the_end_is_refused(void **state)
{
	(void)state;
	buf_auto archive;
	put_three(&archive);
	assert_int_equal(archive.data[archive.size - 1], 0);
	archive.data[archive.size - 1] = 1;
	assert_read(buf_bytes(&archive), ERR_SYNTAX);
	archive.data[archive.size - 1] = 0;
	archive.data[archive.size - 4096] = 1;
	assert_read(buf_bytes(&archive), ERR_SYNTAX);
	buf_puts(&archive, "more");
	assert_read(buf_bytes(&archive), ERR_SYNTAX);
}

static void a_path_that_we_would_not_read_is_not_written(void **state)
{
	(void)state;
	static const char *const paths[] = { "",   "/a", "../a", "a/../b", "a//b",
					     "a/", ".",  "a\\b", "a\nb",   "caf\xc3\xa9" };
	for (size_t i = 0; i < COUNT(paths); i++) {
		struct err err = { 0 };
		buf_auto archive;
		buf_init(&archive, ARCHIVE_MAX);
		assert_int_equal(tar_put(&(struct tar_file){ .path = paths[i] }, 1, AT_US, &archive, &err),
				 ERR_INVALID);
	}
}

static void the_buffer_bounds_the_archive(void **state)
{
	(void)state;
	struct err err = { 0 };
	buf_auto archive;
	buf_init(&archive, 4096);
	assert_int_equal(tar_put(three, COUNT(three), AT_US, &archive, &err), ERR_LIMIT);
}

static void a_full_arena_is_a_fault(void **state)
{
	(void)state;
	buf_auto archive;
	put_three(&archive);
	for (size_t room = 0; room < 256; room += 16) {
		arena_auto arena = arena_new(room);
		struct err err = { 0 };
		struct tar_file *files = NULL;
		size_t count = 0;
		assert_int_equal(tar_read(arena, buf_bytes(&archive), FILES_MAX, &files, &count, &err), ERR_MEMORY);
		assert_null(files);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tar_unpacks_what_we_write),
		cmocka_unit_test(we_read_what_we_write),
		cmocka_unit_test(the_same_files_give_the_same_octets),
		cmocka_unit_test(a_long_path_is_read_by_tar),
		cmocka_unit_test(we_read_what_tar_writes),
		cmocka_unit_test(what_is_no_ordinary_file_inside_the_folder_is_refused),
		cmocka_unit_test(more_files_than_allowed_are_refused),
		cmocka_unit_test(what_is_cut_is_refused_at_every_length),
		cmocka_unit_test(what_follows_the_end_is_refused),
		cmocka_unit_test(a_path_that_we_would_not_read_is_not_written),
		cmocka_unit_test(the_buffer_bounds_the_archive),
		cmocka_unit_test(a_full_arena_is_a_fault),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
