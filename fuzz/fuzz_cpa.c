/* A collaboration protocol agreement, as an operator is handed it. What is read can be looked up, all of it. */
#include "fuzz.h"
#include "messaging/cpa_int.h"

#define ARENA_MAX ((size_t)32 << 20)
#define NOW_US    INT64_C(1793588400000000) /* 2026-11-02T03:00:00Z */

static void run_party(const struct cpa *cpa, const struct cpa_party *party)
{
	const struct cpa_party *other = cpa_other(cpa, party);
	const struct cpa_channel *end = party->channels + party->channels_count;

	MUST(other != party && cpa_other(cpa, other) == party);
	MUST(party->name && party->ids_count > 0 && party->ids_count <= CPA_MANY && party->channels_count <= CPA_MANY);
	for (size_t i = 0; i < party->ids_count; i++)
		MUST(cpa_party_of(cpa, party->ids[i].value, party->ids[i].type) == party);
	MUST(party->default_channel >= party->channels && party->default_channel < end);
	for (size_t i = 0; i < party->overrides_count; i++)
		MUST(cpa_signal_channel(party, party->overrides[i].action));
	for (size_t i = 0; i < party->actions_count; i++) {
		const struct cpa_action *action = &party->actions[i];
		MUST(action->id && action->channel >= party->channels && action->channel < end);
		MUST(cpa_action_of(party, action->sends, action->role, &action->service, action->action) == action);
		MUST(action->other >= other->actions && action->other < other->actions + other->actions_count);
		MUST(action->other->sends != action->sends);
	}
}

static void run_seat(const struct cpa *cpa, const struct cpa_party *ours, struct arena *arena)
{
	const struct cpa_party *theirs = cpa_other(cpa, ours);
	struct cpa_seat seat = { .party_id = ours->ids[0].value,
				 .party_type = ours->ids[0].type,
				 .partner_id = theirs->ids[0].value,
				 .partner_type = theirs->ids[0].type,
				 .now_us = NOW_US };
	struct findings *strict = findings_new(arena), *lenient = findings_new(arena);

	if (!strict || !lenient)
		return;
	cpa_check(cpa, &seat, arena, strict);
	seat.sha1 = true;
	cpa_check(cpa, &seat, arena, lenient);
	MUST(findings_count(lenient) <= findings_count(strict));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	arena_auto arena = arena_new(ARENA_MAX);
	struct findings *findings = arena ? findings_new(arena) : NULL;
	const struct cpa *cpa = NULL;
	struct err err;

	if (!findings || cpa_read(arena, bytes(data, size), &cpa, findings, &err) != OK)
		return 0;
	MUST(!cpa == (findings_errors(findings) > 0));
	for (size_t i = 0; cpa && i < 2; i++) {
		run_party(cpa, &cpa->parties[i]);
		run_seat(cpa, &cpa->parties[i], arena);
	}
	return 0;
}
