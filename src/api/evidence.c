/* /api/v1/messages/{message}/evidence */
#include "api/call_int.h"
#include "codec/tar.h"
#include "kernel/journal.h"

struct exporting {
	struct call *call;
	const struct evidence *evidence;
	char sums[CONTENT_DIGEST_SIZE];
};

/* Who was given what: the digest of the list of digests names every octet of the folder. */
static enum err_code note_export(struct tx *tx, void *arg, struct err *err)
{
	const struct exporting *exporting = arg;
	const struct call *call = exporting->call;
	const struct message *message = &exporting->evidence->message;
	return journal_put(tx,
			   &(struct journal_entry){ .at_us = call->now_us,
						    .actor = call->actor.name,
						    .organisation = message->organisation,
						    .subject_type = "evidence", /* its content is no wire's */
						    .subject = message->id,
						    .event = "evidence-exported",
						    .content = exporting->sums },
			   err);
}

static enum err_code put_archive(struct call *call, const struct evidence *evidence, struct err *err)
{
	struct tar_file *files = arena_array(call->arena, evidence->count, sizeof *files);
	if (!files)
		return fail(err, ERR_MEMORY, "no memory for an archive");
	for (size_t i = 0; i < evidence->count; i++) {
		const struct evidence_file *file = &evidence->files[i];
		files[i] = (struct tar_file){ .path = arena_printf(call->arena, "%s/%s", evidence->name, file->path),
					      .content = file->content,
					      .executable = file->executable };
		if (!files[i].path)
			return fail(err, ERR_MEMORY, "no memory for an archive");
	}
	return tar_put(files, evidence->count, call->now_us, call->out, err);
}

enum err_code evidence_export(struct call *call, struct err *err)
{
	struct evidence evidence;
	struct exporting exporting = { .call = call, .evidence = &evidence };
	const char *id = NULL;
	TRY(call_message(call, call->parameters[0], &id, err));
	TRY(messaging_evidence(call->asked->api->options.messaging, call->arena, id, call->now_us, &evidence, err));
	TRY(put_archive(call, &evidence, err));
	for (size_t i = 0; i < evidence.count; i++)
		if (same(evidence.files[i].path, EVIDENCE_SUMS))
			content_digest(evidence.files[i].content, exporting.sums);
	/* The whole document is in it. */
	const struct message *message = &evidence.message;
	TRY(call_shown(call, message->document ? "document" : "message",
		       message->document ? message->document : message->id, message->organisation, err));
	TRY(db_write(call->kernel->db, note_export, &exporting, err));
	call->content_type = "application/x-tar";
	return OK;
}
