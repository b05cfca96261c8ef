/* /api/v1/notices: what this node tells its partners of itself, and what they told it. */
#include "api/call_int.h"
#include "base/text.h"
#include "customs/link/link.h"
#include "kernel/party.h"

/* clang-format off */
enum { RULE_PARTNER, RULE_NOBODY };
const struct rule notice_rules[] = {
	[RULE_PARTNER] = { .code = "LNK-008", .text = "{1} is no active partner: lintas partner list shows who there is" },
	[RULE_NOBODY]  = { .code = "LNK-009", .text = "there is no active partner to tell" },
	{ 0 },
};
/* clang-format on */

struct notices_call {
	struct call *call;
	struct new_notice_view wanted;
	struct partner_list partners;
	struct link_notice_list notices;
	const char **told; /* codes of those that can be told */
	size_t told_count;
	struct notice_sent_list_view answer;
};

static enum err_code read_partners(struct tx *tx, void *arg, struct err *err)
{
	struct notices_call *n = arg;
	return partner_list(tx, n->call->arena, &n->partners, err);
}

static bool is_active(const struct notices_call *n, struct bytes code)
{
	for (size_t i = 0; i < n->partners.count; i++)
		if (bytes_same(bytes_of(n->partners.items[i].code), code) &&
		    same(n->partners.items[i].status, "active"))
			return true;
	return false;
}

static bool is_wanted(const struct notices_call *n, const char *code)
{
	return !n->wanted.partners || word_among(n->wanted.partners, code);
}

/* Whoever cannot get it is answered so, and keeps nobody else from knowing. */
static enum err_code choose(struct notices_call *n, struct err *err)
{
	struct call *call = n->call;
	size_t count = n->partners.count;
	n->told = arena_array(call->arena, count + 1, sizeof *n->told);
	n->answer.items = arena_array(call->arena, count + 1, sizeof *n->answer.items);
	if (!n->told || !n->answer.items)
		return fail(err, ERR_MEMORY, "no memory for a notice");
	for (size_t i = 0; i < count; i++) {
		const struct partner *p = &n->partners.items[i];
		if (!same(p->status, "active") || !is_wanted(n, p->code))
			continue;
		if (messaging_carries(call->asked->api->options.messaging, p->code, NOTICE, "customs", call->now_us))
			n->told[n->told_count++] = p->code;
		else
			n->answer.items[n->answer.count++] = (struct notice_sent_view){
				.partner = p->code,
				.refused = "no agreement with it has an action for NOTICE: tell it another way"
			};
	}
	return OK;
}

static void check_partners(struct notices_call *n)
{
	const char *words = n->wanted.partners;
	struct call *call = n->call;
	struct bytes word;
	while (words && word_next(&words, &word))
		if (!is_active(n, word))
			finding_add(call->findings, &notice_rules[RULE_PARTNER], "/partners",
				    arena_text_of(call->arena, word), NULL);
	if (!n->told_count && !n->answer.count && !findings_errors(call->findings))
		finding_add(call->findings, &notice_rules[RULE_NOBODY], "/partners", NULL, NULL);
}

static enum err_code send(struct notices_call *n, struct err *err)
{
	struct call *call = n->call;
	const struct notice_request request = { .organisation = call_organisation(call),
						.kind = n->wanted.kind,
						.text = n->wanted.text,
						.from_us = n->wanted.from_us,
						.until_us = n->wanted.until_us,
						.partners = n->told,
						.count = n->told_count,
						.actor = call->actor,
						.now_us = call->now_us };
	struct notice_result *results = arena_array(call->arena, n->told_count + 1, sizeof *results);
	if (!results)
		return fail(err, ERR_MEMORY, "no memory for a notice");
	if (findings_errors(call->findings)) /* all that is wrong, at once */
		return notice_judge(call->kernel, call->arena, &request, call->findings, err);
	TRY(notice_send(call->kernel, call->arena, &request, call->findings, results, err));
	for (size_t i = 0; i < n->told_count && !findings_errors(call->findings); i++)
		n->answer.items[n->answer.count++] = (struct notice_sent_view){ .partner = results[i].partner,
										.document = results[i].document,
										.message = results[i].message,
										.refused = results[i].refused };
	return OK;
}

enum err_code notices_send(struct call *call, struct err *err)
{
	struct notices_call n = { .call = call };
	TRY(call_read(call, &n.wanted, err));
	if (findings_errors(call->findings))
		return OK;
	TRY(db_read(call->kernel->db, read_partners, &n, err));
	TRY(choose(&n, err));
	check_partners(&n);
	TRY(send(&n, err));
	return findings_errors(call->findings) ? OK : call_answer(call, &n.answer, err);
}

static enum err_code read_notices(struct tx *tx, void *arg, struct err *err)
{
	struct notices_call *n = arg;
	return link_notices(tx, n->call->arena, false, &n->notices, err);
}

static void show(const void *item, void *view)
{
	const struct link_notice *n = item;
	*(struct notice_view *)view = (struct notice_view){ .id = n->id,
							    .partner = n->partner,
							    .direction = n->direction,
							    .kind = n->kind,
							    .text = n->text,
							    .from_us = n->from_us,
							    .until_us = n->until_us,
							    .at_us = n->at_us,
							    .ended_us = n->ended_us };
}

enum err_code notices_list(struct call *call, struct err *err)
{
	struct notices_call n = { .call = call };
	TRY(db_read(call->kernel->db, read_notices, &n, err));
	return call_answer_page(call, PAGE(n.notices, notice_view, show, NULL), err);
}
