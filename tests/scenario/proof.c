#include "proof.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "codec/tar.h"

/* What the interface gives to a request, and to an answer. */
enum { REQUEST_ARENA = 192 << 20, ANSWER_MAX = 192 << 20, FOLDER_ROOM = 64, COMMAND_MAX = 65536 };

static char folder[FOLDER_ROOM];

int proof_begin(void)
{
	snprintf(folder, sizeof folder, "/tmp/lintas-evidence-XXXXXX");
	return mkdtemp(folder) ? 0 : -1;
}

int proof_end(void)
{
	char line[FOLDER_ROOM + 16];

	snprintf(line, sizeof line, "rm -rf %s", folder);
	return system(line);
}

const char *proof_folder(void)
{
	return folder;
}

bool proof_holds(const char *command)
{
	buf_auto line;

	buf_init(&line, COMMAND_MAX);
	buf_printf(&line, "cd %s/evidence-* && { %s\n} >%s/output 2>&1", folder, command, folder);
	return system(buf_text(&line)) == 0;
}

static void write_folder(struct region *region, struct arena *arena, const struct evidence *evidence)
{
	struct tar_file *files = arena_array(arena, evidence->count, sizeof *files);
	FILE *tar = popen(arena_printf(arena, "rm -rf %s/evidence-*; tar -xf - -C %s", folder, folder), "w");
	buf_auto out;

	assert_non_null(files);
	assert_non_null(tar);
	for (size_t i = 0; i < evidence->count; i++)
		files[i] = (struct tar_file){ .path = arena_printf(arena, "%s/%s", evidence->name,
								   evidence->files[i].path),
					      .content = evidence->files[i].content,
					      .executable = evidence->files[i].executable };
	buf_init(&out, ANSWER_MAX);
	region_must(region, tar_put(files, evidence->count, region->now_us, &out, &region->err));
	assert_int_equal(fwrite(out.data, 1, out.size, tar), out.size);
	assert_int_equal(pclose(tar), 0);
}

void proof_export(struct region_node *node, const char *message)
{
	struct region *region = node->region;
	arena_auto arena = arena_new(REQUEST_ARENA);
	struct evidence evidence;

	region_must(region,
		    messaging_evidence(node->messaging, arena, message, region->now_us, &evidence, &region->err));
	write_folder(region, arena, &evidence);
}

bool proof_has_lxml(void)
{
	static int status = -1; /* asked once: a Python starts in a good tenth of a second */

	if (status < 0)
		status = system("/usr/bin/python3 -c 'import lxml' 2>/dev/null");
	if (status != 0)
		print_message("SKIPPED: lxml is not installed\n");
	return status == 0;
}

void proof_must_hold(void)
{
	char line[FOLDER_ROOM + 16];
	bool good = proof_holds("sh verify.sh");

	if (good && proof_has_lxml())
		good = proof_holds("/usr/bin/python3 derive.py");
	if (good)
		return;
	snprintf(line, sizeof line, "cat %s/output >&2", folder);
	print_error("%s/output:\n", folder);
	assert_int_equal(system(line), 0);
	fail_msg("the evidence does not hold");
}
