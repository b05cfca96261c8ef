/* A backup from a stranger, who may have the certificate: its records, however they are cut into pieces, are refused or
 * read the same; and any octets at all as the file around them. The first octet says which. */
#include <sys/mman.h>
#include <unistd.h>

#include "fuzz.h"
#include "kernel/backup.h"

/* P-256, made for this: nothing is encrypted to it but what is in the corpus. */
static const char key[] = "-----BEGIN PRIVATE KEY-----\n"
			  "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgtQOy32Ob24vGXMh7\n"
			  "FMjVYGiNSmTpmhH8gYXcpehXnF2hRANCAARKAiaPP1d7V6fBBUrCJOyOkSNBd3+A\n"
			  "Axt4I4GRJSJAu3VOIcNcOEupTmOXwo4J56YipTIVyowbeE5Ow+HeZrFN\n"
			  "-----END PRIVATE KEY-----\n";

struct seen {
	size_t heads, files, tables, rows;
};

static enum err_code head_see(void *arg, const struct backup_head *head, struct err *err)
{
	(void)err;
	((struct seen *)arg)->heads++;
	MUST(same(head->format, BACKUP_FORMAT) && head->state);
	return OK;
}

static enum err_code file_see(void *arg, const struct backup_file *file, struct err *err)
{
	(void)err;
	((struct seen *)arg)->files++;
	MUST(backup_name_valid(file->name) && !strstr(file->name, ".."));
	return OK;
}

static enum err_code table_see(void *arg, const struct db_table *table, struct err *err)
{
	(void)err;
	((struct seen *)arg)->tables++;
	MUST(table->name && table->columns_count > 0 && table->columns_count <= DB_COLUMNS_MAX);
	return OK;
}

static enum err_code row_see(void *arg, const struct bind *values, size_t count, struct err *err)
{
	(void)err;
	((struct seen *)arg)->rows++;
	for (size_t i = 0; i < count; i++)
		MUST(values[i].kind == BIND_NULL_ || values[i].kind == BIND_INT_ || values[i].value.data);
	return OK;
}

static enum err_code records_read(struct bytes records, size_t piece, struct seen *seen)
{
	const struct backup_handler handler = { head_see, file_see, table_see, row_see, seen };
	struct backup_reader *reader = backup_reader_new(&handler);
	struct backup_summary summary = { 0 };
	struct err err;
	enum err_code code = OK;

	MUST(reader);
	for (size_t at = 0; code == OK && at < records.size; at += piece) {
		size_t left = records.size - at;
		code = backup_reader_put(reader, bytes(records.data + at, left < piece ? left : piece), &err);
	}
	if (code == OK)
		code = backup_reader_end(reader, &summary, &err);
	if (code == OK)
		MUST((size_t)summary.tables == seen->tables && (size_t)summary.rows == seen->rows && seen->heads == 1);
	backup_reader_free(reader);
	return code;
}

static enum err_code plain_drop(void *arg, struct bytes plain, struct err *err)
{
	(void)err;
	*(size_t *)arg += plain.size;
	return OK;
}

static void file_read(struct bytes file)
{
	struct envelope_facts facts;
	struct err err;
	size_t plain = 0;
	int fd = memfd_create("backup", MFD_CLOEXEC);

	MUST(fd >= 0 && write(fd, file.data, file.size) == (ssize_t)file.size);
	if (envelope_open(fd, bytes_of(key), plain_drop, &plain, &facts, &err) == OK)
		MUST(facts.bytes == file.size && plain < file.size);
	close(fd);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct seen whole = { 0 }, pieces = { 0 };

	if (size == 0)
		return 0;
	const struct bytes input = bytes(data + 1, size - 1);
	if (data[0] == 'F') {
		file_read(input);
		return 0;
	}
	enum err_code code = records_read(input, input.size + 1, &whole);
	MUST(records_read(input, 1 + data[0] % 31, &pieces) == code);
	MUST(memcmp(&whole, &pieces, sizeof(whole)) == 0);
	return 0;
}
