/* Cards of partners that there are: against what is held of them, whether they come as a file or over the wire. */
#include "base/text.h"
#include "messaging/messaging_int.h"

/* clang-format off */
enum { RULE_PARTY, RULE_PINNED };
const struct rule card_take_rules[] = {
	[RULE_PARTY]  = { .code = "CARD-021", .text = "partner {1} is known as party {2}: a card cannot make it another; add it anew" },
	[RULE_PINNED] = { .code = "CARD-023", .text = "two partners cannot have one certificate: {1}" },
	{ 0 },
};
/* clang-format on */

static enum err_code no_memory(struct err *err)
{
	return fail(err, ERR_MEMORY, "no memory for a card");
}

enum err_code messaging_card_known(struct tx *tx, struct arena *arena, const char *partner, struct card_known *known,
				   struct err *err)
{
	struct card_known found;
	TRY(partner_find(tx, arena, partner, &found.partner, err));
	TRY(partner_certificates(tx, arena, partner, &found.kept, err));
	TRY(partner_card_find(tx, arena, partner, CARD_HELD, &found.held, err));
	TRY(partner_card_find(tx, arena, partner, CARD_PENDING, &found.pending, err));
	*known = found;
	return OK;
}

/* A party is its identifier, which messages carry, and a partner's code is that of its state. */
static void check_party(struct arena *arena, const struct partner *partner, const struct card_party *party,
			struct findings *findings)
{
	const char *type = party->type ? party->type : "";
	if (!same(partner->party_id, party->id) || !same(partner->party_type, type) ||
	    !same(partner->code, party->code))
		finding_add(findings, &card_take_rules[RULE_PARTY], "/party", partner->code,
			    arena_printf(arena, "%s (%s)", partner->party_id, partner->party_type));
}

/* Of the cards that TEXT has to be newer than. What waits takes no older one in its place: somebody may have looked at
 * it, and would approve the other one. */
static int64_t newest_serial(const struct card_known *known, struct bytes text)
{
	int64_t held = known->held.partner ? known->held.serial : INTEGER_NONE;
	bool other = known->pending.partner && !bytes_same(known->pending.octets, text);
	return other && known->pending.serial > held ? known->pending.serial : held;
}

enum err_code messaging_card_judge(const struct messaging *messaging, struct arena *arena,
				   const struct card_known *known, struct bytes text, const char *fingerprint,
				   int64_t now_us, struct card *card, struct findings *findings, struct err *err)
{
	const char **pinned = arena_array(arena, known->kept.count + 1, sizeof *pinned);
	size_t count = 0;
	if (!pinned)
		return no_memory(err);
	/* Whom a later card is believed from: who signs the partner's messages now. */
	for (size_t i = 0; i < known->kept.count; i++)
		if (same(known->kept.items[i].use, "sign") && partner_certificate_live(&known->kept.items[i], now_us))
			pinned[count++] = known->kept.items[i].fingerprint;
	const struct card_reading reading = {
		.text = text,
		.kernel = messaging->options.kernel,
		.party_id = messaging->options.party_id,
		.party_type = messaging->options.party_type,
		.allow_plain = messaging->options.allow_plain,
		.held_serial = newest_serial(known, text),
		.pinned = known->partner.code ? pinned : NULL,
		.pinned_count = count,
		.fingerprint = fingerprint,
		.now_us = now_us,
	};
	TRY(messaging_card_read(arena, &reading, card, findings, err));
	if (known->partner.code && card->party && card->party->id && card->party->code)
		check_party(arena, &known->partner, card->party, findings);
	return OK;
}

enum err_code messaging_card_keys(struct tx *tx, struct arena *arena, const char *partner, const struct card *card,
				  int64_t now_us, struct findings *findings, struct err *err)
{
	for (size_t i = 0; i < card->certificates_count; i++) {
		cert_auto cert = NULL;
		struct err why = { 0 };
		TRY(messaging_card_certificate(arena, &card->certificates[i], &cert, err));
		const struct partner_certificate row = { .partner = partner,
							 .use = card->certificates[i].use,
							 .fingerprint = cert_fingerprint(cert),
							 .der = cert_der(cert),
							 .until_us = TIME_NONE };
		enum err_code code = partner_certificate_check(tx, &row, now_us, &why);
		if (code == ERR_CONFLICT)
			finding_add(findings, &card_take_rules[RULE_PINNED], "/certificates", why.text, NULL);
		else if (code != OK)
			return fail(err, code, "%s", why.text);
	}
	return OK;
}

enum err_code messaging_card_wait(struct tx *tx, struct arena *arena, const char *partner, const struct card *card,
				  struct bytes text, const struct actor *actor, int64_t now_us,
				  struct partner_card *kept, struct err *err)
{
	const char *task =
		arena_printf(arena,
			     "Partner %s: a new card waits. lintas partner card %s shows what it changes, and how it "
			     "is approved or rejected",
			     partner, partner);
	*kept = (struct partner_card){ .partner = partner,
				       .serial = card->serial,
				       .octets = text,
				       .state = CARD_PENDING,
				       .at_us = now_us,
				       .by = actor->name };
	return task ? partner_card_put(tx, kept, task, actor, now_us, err) : no_memory(err);
}

/* --- Over the wire --- */

/* The desk is a member of the messaging. */
static const struct messaging *messaging_of(const struct card_desk *desk)
{
	return (const struct messaging *)(const void *)((const char *)desk - offsetof(struct messaging, card_desk));
}

enum err_code card_take(const struct card_desk *desk, struct tx *tx, struct arena *arena, const char *partner,
			struct bytes octets, const struct actor *actor, int64_t now_us, struct findings *findings,
			struct err *err)
{
	const struct messaging *messaging = messaging_of(desk);
	struct card_known known;
	struct partner_card kept;
	struct card card;
	size_t errors = findings_errors(findings);
	TRY(messaging_card_known(tx, arena, partner, &known, err));
	TRY(messaging_card_judge(messaging, arena, &known, octets, NULL, now_us, &card, findings, err));
	if (findings_errors(findings) > errors)
		return OK;
	TRY(messaging_card_keys(tx, arena, partner, &card, now_us, findings, err));
	if (findings_errors(findings) > errors)
		return OK;
	return messaging_card_wait(tx, arena, partner, &card, octets, actor, now_us, &kept, err);
}
