/* The intake of SERVICE_CONTINUITY: reads what partners ask and return (kernel/catch_up.h). */
#include "messaging/catch_up_int.h"

#include "base/text.h"

enum { NOTE_MAX_BYTES = 256 << 10 };

const struct rule catch_up_rules[] = {
	{ .code = "CUP-001", .text = "what the partner says to catch up is no note: {1}" },
	{ 0 },
};

struct taking {
	struct catch_up_note note;
	struct catch_up_evidence *evidence; /* NULL: it is no return */
	struct findings *findings;          /* of the note's form */
};

static enum err_code read_return(struct messaging *messaging, struct arena *arena, const struct message *message,
				 const struct message_parts *parts, int64_t now_us, struct taking *taking,
				 struct err *err)
{
	size_t count = parts->count - 1;
	struct bytes *plain = arena_array(arena, count + 1, sizeof *plain);
	taking->evidence = arena_alloc(arena, sizeof *taking->evidence);
	if (!plain || !taking->evidence)
		return fail(err, ERR_MEMORY, "no memory for what %s returned", message->partner);
	for (size_t i = 0; i < count; i++)
		TRY(message_part_plain(arena, &parts->items[i + 1], messaging->options.max_message_bytes, &plain[i],
				       err));
	struct directory *directory = directory_get(messaging);
	const struct catch_up_proof proof = { .messaging = messaging,
					      .directory = directory,
					      .peer = directory_peer(directory, message->partner),
					      .arena = arena,
					      .note = &taking->note,
					      .parts = plain,
					      .parts_count = count,
					      .now_us = now_us };
	taking->evidence->refused = "the partner is not there any more";
	enum err_code code = proof.peer ? catch_up_prove(&proof, taking->evidence, err) : OK;
	directory_release(directory);
	if (code == OK && !taking->evidence->refused)
		code = catch_up_read(messaging->options.kernel, arena, taking->evidence, err);
	return code;
}

static enum err_code read_note(struct arena *arena, const struct message_parts *parts, struct taking *taking,
			       struct err *err)
{
	struct bytes text;
	struct err why = { 0 };
	TRY(message_part_plain(arena, &parts->items[0], NOTE_MAX_BYTES, &text, err));
	enum err_code code =
		field_read_json(arena, &catch_up_note_schema, text, NULL, &taking->note, taking->findings, &why);
	if (code == ERR_SYNTAX)
		finding_add(taking->findings, &catch_up_rules[0], "", why.text, NULL);
	else if (code != OK)
		*err = why;
	return code == ERR_SYNTAX ? OK : code;
}

static enum err_code read_continuity(struct kernel *kernel, struct arena *arena, const struct message *message,
				     const struct message_parts *parts, int64_t now_us, const void **read,
				     struct err *err)
{
	struct messaging *messaging = ((const struct continuity *)kernel->continuity)->messaging;
	struct taking *taking = arena_alloc(arena, sizeof *taking);
	if (!taking)
		return fail(err, ERR_MEMORY, "no memory for a %s", message->action);
	*taking = (struct taking){ .findings = findings_new(arena) };
	if (!taking->findings)
		return fail(err, ERR_MEMORY, "no memory for a %s", message->action);
	TRY(read_note(arena, parts, taking, err));
	if (!findings_errors(taking->findings) && same(message->action, CATCH_UP_RETURN))
		TRY(read_return(messaging, arena, message, parts, now_us, taking, err));
	*read = taking;
	return OK;
}

static enum err_code process_continuity(struct kernel *kernel, struct tx *tx, struct arena *arena,
					const struct message *message, const void *read, int64_t now_us,
					struct findings *findings, struct err *err)
{
	const struct taking *taking = read;
	findings_append(findings, taking->findings);
	if (findings_errors(taking->findings))
		return OK;
	return catch_up_take(kernel, tx, arena, message, &taking->note, taking->evidence, now_us, err);
}

const struct intake continuity_intake = { .read = read_continuity, .process = process_continuity };
