/* Backup and restore: what people give, and what they are told. */
#include <inttypes.h>
#include <unistd.h>

#include "cli/cli_int.h"
#include "node/backup.h"

enum { CERTIFICATE_MAX = 1 << 20, SHOWN_MAX = 4096 };

struct backup_view {
	const char *file, *sha256, *state, *node, *program, *database, *hash;
	int64_t bytes, schema, at_us, last_us, tables, rows, seal;
	bool keys;
	struct node_left *left;
	size_t left_count;
};

#define SHOWN(member, name, least)                                                                                     \
	FIELD_TEXT(struct backup_view, member, .json = name, .min = (least), .max_length = SHOWN_MAX)
#define SHOWN_INT(member, name) FIELD_INT(struct backup_view, member, .json = name, .min = 1)
static const struct field left_rows[] = {
	FIELD_TEXT(struct node_left, what, .json = "what", .min = 1, .max_length = SHOWN_MAX),
	FIELD_TEXT(struct node_left, why, .json = "why", .min = 1, .max_length = SHOWN_MAX),
};
static const struct fields left_fields = FIELDS(struct node_left, left_rows);
static const struct field backup_rows[] = {
	SHOWN(file, "file", 1),
	SHOWN_INT(bytes, "bytes"),
	SHOWN(sha256, "sha256", 1),
	SHOWN(state, "state", 1),
	SHOWN(node, "node", 1),
	SHOWN(program, "program", 1),
	SHOWN(database, "database", 1),
	SHOWN_INT(schema, "schema"),
	FIELD_TIME(struct backup_view, at_us, .json = "at", .min = 1),
	FIELD_TIME(struct backup_view, last_us, .json = "lastEntryAt", .min = 1),
	SHOWN_INT(tables, "tables"),
	SHOWN_INT(rows, "rows"),
	SHOWN_INT(seal, "seal"),
	SHOWN(hash, "head", 0),
	FIELD_FLAG(struct backup_view, keys, .json = "keys", .min = 1),
	FIELD_LIST(struct backup_view, left, left_count, struct node_left, left_fields, .json = "leftOut",
		   .max = NODE_LEFT_OUT_MAX),
};
static const struct fields backup_fields = FIELDS(struct backup_view, backup_rows);
static const struct schema backup_schema = { .name = "backup", .fields = &backup_fields };

static struct backup_view view_of(const char *file, const struct backup_head *head,
				  const struct backup_summary *summary, struct node_left_out *left)
{
	return (struct backup_view){ .file = file,
				     .sha256 = summary->file.digest,
				     .state = head->state,
				     .node = head->node,
				     .program = head->program,
				     .database = head->database,
				     .hash = head->hash,
				     .bytes = (int64_t)summary->file.bytes,
				     .schema = head->schema,
				     .at_us = head->at_us,
				     .last_us = head->last_us,
				     .tables = summary->tables,
				     .rows = summary->rows,
				     .seal = head->seal,
				     .keys = head->keys,
				     .left = left->items,
				     .left_count = left->count };
}

static void print_view(const struct backup_view *view)
{
	char at[TIME_SIZE], last[TIME_SIZE];
	printf("%s: %s (%s) as of %s\n", view->file, view->node, view->state, time_format(view->at_us, at));
	printf("  made by    lintas %s, schema %" PRId64 ", %s\n", view->program, view->schema, view->database);
	printf("  content    %" PRId64 " tables, %" PRId64 " rows, private keys: %s\n", view->tables, view->rows,
	       view->keys ? "yes" : "no");
	printf("  file       %" PRId64 " bytes, sha256 %s\n", view->bytes, view->sha256);
	printf("  journal    last entry %s, seal %" PRId64 " %s\n", time_format(view->last_us, last), view->seal,
	       view->hash ? view->hash : "(none yet)");
	for (size_t i = 0; i < view->left_count; i++)
		printf("  NOT IN IT  %s: %s\n", view->left[i].what, view->left[i].why);
}

static enum err_code show(struct invocation *in, const struct backup_view *view, struct err *err)
{
	if (in->json)
		return json_put(&backup_schema, view, err);
	print_view(view);
	return OK;
}

/* On a terminal one line that changes; elsewhere (cron) nothing but what is wrong. */
static void print_progress(void *arg, const char *table, int64_t rows, uint64_t bytes)
{
	(void)arg;
	fprintf(stderr, "\r%-24s %10" PRId64 " rows %10.1f MB in all", table, rows, (double)bytes / 1e6);
}

enum err_code run_backup(struct invocation *in, struct err *err)
{
	struct bytes recipients[CLI_REPEATS];
	struct node_backup backup = { .file = option_value(in, "--to"),
				      .recipients = recipients,
				      .keys = option_value(in, "--with-keys") != NULL };
	struct backup_head head = { 0 };
	struct backup_summary summary = { 0 };
	struct node_left_out left = { .count = 0 };
	const char *file;
	bool terminal = isatty(STDERR_FILENO);
	while ((file = option_value_at(in, "--recipient", backup.recipients_count))) {
		TRY(input_read(in->arena, file, CERTIFICATE_MAX, &recipients[backup.recipients_count], err));
		backup.recipients_count++;
	}
	if (terminal)
		backup.progress = print_progress;
	enum err_code code = node_backup(in->arena, in->arguments_count ? in->arguments[0] : in->directory, &backup,
					 in->findings, &head, &summary, &left, err);
	if (terminal)
		fputs("\r\033[K", stderr);
	if (code != OK)
		return code;
	const struct backup_view view = view_of(backup.file, &head, &summary, &left);
	TRY(show(in, &view, err));
	if (!head.keys && !in->json)
		printf("The private keys are not in it: keep the key directory elsewhere, or add --with-keys.\n");
	return OK;
}

enum err_code run_restore(struct invocation *in, struct err *err)
{
	const char *file = in->arguments[0], *directory = in->arguments_count > 1 ? in->arguments[1] : in->directory;
	bool check = option_value(in, "--check") != NULL;
	struct backup_contents contents = { 0 };
	struct node_left_out left = { .count = 0 };
	struct bytes key;
	TRY(input_read(in->arena, option_value(in, "--key"), CERTIFICATE_MAX, &key, err));
	if (check)
		TRY(node_backup_check(in->arena, file, key, &contents, err));
	else
		TRY(node_restore(in->arena,
				 &(struct node_restore){ .file = file,
							 .directory = directory,
							 .key = key,
							 .database = option_value(in, "--database") },
				 in->findings, &contents, &left, err));
	const struct backup_view view = view_of(file, &contents.head, &contents.summary, &left);
	TRY(show(in, &view, err));
	if (in->json)
		return OK;
	if (check) {
		printf("It is whole and opens with this key.\n");
		return OK;
	}
	printf("%s is this node again, as of then. Next:\n"
	       "  make sure that the old one stays stopped: two with the same keys would both answer\n",
	       directory);
	if (left.count)
		printf("  put there what is NOT IN IT, above; lintas config check -d %s says what is still missing\n",
		       directory);
	printf("  lintas audit verify --evidence -d %s\n"
	       "%s"
	       "  lintas serve %s; what waited then is sent again under the same ids, and counts once\n"
	       "What was exchanged after %s it asks back from its partners by itself when it starts: "
	       "lintas status.\n",
	       directory, contents.head.keys ? "" : "  put the key directory back, or install new keys\n", directory,
	       time_format(contents.head.last_us, (char[TIME_SIZE]){ 0 }));
	return OK;
}
