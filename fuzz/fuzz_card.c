/* A card from a stranger. Whatever it is, only what the holder of a key signed may pass without a finding, and a card
 * without errors has all that an import relies on. */
#include "base/text.h"
#include "fuzz.h"
#include "messaging/messaging.h"

#define ARENA_MAX ((size_t)16 << 20)
#define NOW_US    INT64_C(1795316401000000) /* 2026-11-22T03:00:01Z */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	arena_auto arena = arena_new(ARENA_MAX);
	struct findings *findings = arena ? findings_new(arena) : NULL;
	const struct card_reading reading = { .text = bytes(data, size),
					      .party_id = "us",
					      .held_serial = 1,
					      .fingerprint = "0123456789abcdef",
					      .now_us = NOW_US };
	struct card card;
	struct err err = { 0 };

	if (!findings)
		return 0;
	enum err_code code = messaging_card_read(arena, &reading, &card, findings, &err);
	MUST(code == OK || code == ERR_MEMORY);
	if (code != OK || findings_errors(findings))
		return 0;
	MUST(card.party && card.party->code && card.party->id && card.fingerprint && card.serial > 1);
	MUST(card.endpoints_count && card.bindings_count && card.certificates_count);
	for (size_t i = 0; i < card.certificates_count; i++)
		MUST(card.certificates[i].use && card.certificates[i].certificate);
	return 0;
}
