/* Runs a fuzz target over every file of the folders given: what a fuzzer once found stays tested, with every compiler.
 */
#include <dirent.h>
#include <errno.h>
#include <string.h>

#include "base/buf.h"
#include "fuzz.h"

#define FILE_BYTES_MAX ((size_t)64 << 20)

static bool run_file(const char *path)
{
	FILE *file = fopen(path, "rb");
	buf_auto content = { 0 };
	uint8_t *to;

	if (!file) {
		fprintf(stderr, "cannot open %s: %s\n", path, strerror(errno));
		return false;
	}
	buf_init(&content, FILE_BYTES_MAX);
	while (!feof(file) && !ferror(file) && (to = buf_reserve(&content, 4096)) != NULL)
		buf_grown(&content, fread(to, 1, 4096, file));
	bool good = !ferror(file) && content.failed == OK;
	fclose(file);
	if (!good) {
		fprintf(stderr, "cannot read %s\n", path);
		return false;
	}

	/* A copy of exactly this size, so that AddressSanitizer sees the first byte too many. */
	uint8_t *data = malloc(content.size ? content.size : 1);
	if (!data)
		return false;
	if (content.size > 0)
		memcpy(data, content.data, content.size);
	LLVMFuzzerTestOneInput(data, content.size);
	free(data);
	return true;
}

/* The number of files that were run; -1 if one could not be. */
static long run_folder(const char *folder)
{
	DIR *dir = opendir(folder);
	long count = 0;
	const struct dirent *entry;

	if (!dir) {
		fprintf(stderr, "cannot open %s: %s\n", folder, strerror(errno));
		return -1;
	}
	while (count >= 0 && (entry = readdir(dir)) != NULL) {
		char path[4096];
		if (entry->d_name[0] == '.')
			continue;
		int size = snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
		bool run = size > 0 && (size_t)size < sizeof(path) && run_file(path);
		count = run ? count + 1 : -1;
	}
	closedir(dir);
	return count;
}

int main(int argc, char **argv)
{
	long total = 0;

	for (int i = 1; i < argc; i++) {
		long count = run_folder(argv[i]);
		if (count <= 0) { /* an empty corpus tests nothing */
			fprintf(stderr, "%s: nothing was run\n", argv[i]);
			return 1;
		}
		total += count;
	}
	printf("%ld inputs\n", total);
	return total > 0 ? 0 : 1;
}
