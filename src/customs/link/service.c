#include "base/text.h"
#include "base/uuid.h"
#include "customs/link/link_int.h"
#include "kernel/party.h"

enum { NOTICE_BYTES_MAX = 1 << 16 };

struct sending {
	struct kernel *kernel;
	struct arena *arena;
	const struct notice_request *request;
	const char *number; /* of the announcement: each partner's notice has it and the partner's code */
};

static struct notice notice_for(const struct sending *sending, const char *partner)
{
	const struct notice_request *request = sending->request;

	return (struct notice){
		.reference = arena_printf(sending->arena, "%s-%s", sending->number, partner),
		.issued_on = date_of_time(request->now_us),
		.issuing_country = sending->kernel->state,
		.receiving_country = partner,
		.kind = request->kind,
		.from_us = request->from_us == TIME_NONE ? request->now_us : request->from_us,
		.until_us = request->until_us,
		.text = request->text,
	};
}

/* What is wrong with the announcement, whoever it goes to. */
static void check(const struct sending *sending, struct findings *findings)
{
	struct notice notice = notice_for(sending, sending->request->partners[0]);

	field_check(&notice_schema, &notice, sending->kernel->lists, findings);
	notice_check(&notice, document_today(sending->request->now_us), findings);
	notice_check_now(&notice, sending->request->now_us, findings);
}

static enum err_code send_one(const struct sending *sending, const char *partner, struct notice_result *result,
			      struct err *err)
{
	const struct notice_request *request = sending->request;
	struct notice notice = notice_for(sending, partner);
	struct findings *findings = findings_new(sending->arena);
	struct document_result sent;
	buf_auto text;

	buf_init(&text, NOTICE_BYTES_MAX);
	if (!findings || !notice.reference)
		return fail(err, ERR_MEMORY, "no memory left for a notice to %s", partner);
	field_put_json(&text, &notice_schema, &notice);
	TRY(buf_check(&text, "a notice", err));
	const struct document_request submission = {
		.organisation = request->organisation,
		.doctype = NOTICE,
		.partner = partner,
		.text = buf_bytes(&text),
		.own = true,
		.actor = request->actor,
		.now_us = request->now_us,
	};
	TRY(document_submit(sending->kernel, sending->arena, &submission, findings, &sent, err));
	*result = (struct notice_result){ .partner = partner, .document = sent.id, .message = sent.message };
	if (!sent.id)
		result->refused = findings_at(findings, 0) ? findings_at(findings, 0)->text : "it was refused";
	return OK;
}

static enum err_code number(struct sending *sending, struct err *err)
{
	char uuid[UUID_SIZE];

	uuid_new(uuid, sending->request->now_us);
	sending->number = arena_text(sending->arena, uuid);
	return sending->number ? OK : fail(err, ERR_MEMORY, "no memory left for a notice");
}

enum err_code notice_judge(struct kernel *kernel, struct arena *arena, const struct notice_request *request,
			   struct findings *findings, struct err *err)
{
	struct sending sending = { .kernel = kernel, .arena = arena, .request = request };

	TRY(number(&sending, err));
	if (request->count)
		check(&sending, findings);
	return OK;
}

enum err_code notice_send(struct kernel *kernel, struct arena *arena, const struct notice_request *request,
			  struct findings *findings, struct notice_result *results, struct err *err)
{
	struct sending sending = { .kernel = kernel, .arena = arena, .request = request };
	size_t errors = findings_errors(findings);

	TRY(number(&sending, err));
	if (request->count)
		check(&sending, findings);
	for (size_t i = 0; i < request->count && findings_errors(findings) == errors; i++)
		TRY(send_one(&sending, request->partners[i], &results[i], err));
	return OK;
}

/* --- Cards --- */

struct sender {
	struct arena *arena;
	const char *organisation;
};

/* The card is the node's: whichever of its customs sends it. */
static enum err_code find_sender(struct tx *tx, void *arg, struct err *err)
{
	struct sender *sender = arg;
	struct organisation_list list;

	TRY(organisation_list(tx, sender->arena, &list, err));
	for (size_t i = 0; i < list.count && !sender->organisation; i++)
		if (same(list.items[i].seat, "customs"))
			sender->organisation = list.items[i].code;
	return OK;
}

enum err_code card_update_send(struct kernel *kernel, struct arena *arena, const struct card_update_request *request,
			       struct findings *findings, struct err *err)
{
	enum { TEXT_BYTES_MAX = 2 << 20 };
	char uuid[UUID_SIZE];
	struct sender sender = { .arena = arena };
	struct document_result sent;
	buf_auto base64, text;

	buf_init(&base64, TEXT_BYTES_MAX);
	buf_init(&text, TEXT_BYTES_MAX);
	uuid_new(uuid, request->now_us);
	base64_put(&base64, request->card);
	TRY(buf_check(&base64, "a card", err));
	const struct card_update update = {
		.reference = uuid,
		.issued_on = date_of_time(request->now_us),
		.issuing_country = kernel->state,
		.receiving_country = request->partner,
		.card = buf_text(&base64),
	};
	field_put_json(&text, &card_update_schema, &update);
	TRY(buf_check(&text, "a card", err));
	TRY(db_read(kernel->db, find_sender, &sender, err));
	const struct document_request submission = {
		.organisation = sender.organisation,
		.doctype = CARD,
		.partner = request->partner,
		.text = buf_bytes(&text),
		.own = true,
		.actor = request->actor,
		.now_us = request->now_us,
	};
	return document_submit(kernel, arena, &submission, findings, &sent, err);
}
