/* A duty as somebody writes it. What is read is written in one form, and is the same when that is read again. */
#include "customs/tariff/tariff.h"
#include "fuzz.h"

#define ARENA_MAX   ((size_t)1 << 20)
#define WRITTEN_MAX ((size_t)64 << 10)

/* Whether TEXT is a duty; its one form goes to OUT. */
static bool copy(const char *text, struct buf *out)
{
	arena_auto arena = arena_new(ARENA_MAX);
	struct findings *findings = arena ? findings_new(arena) : NULL;
	bool full = false;

	if (!findings)
		return false;
	const struct tariff_duty *duty = tariff_duty_parse(arena, text, "/duty", findings, &full);
	MUST(duty || full || findings_count(findings) == 1);
	MUST(!duty || findings_count(findings) == 0);
	if (duty)
		tariff_duty_format(duty, out);
	return duty;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	buf_auto text = { 0 }, once = { 0 }, twice = { 0 };

	buf_init(&text, WRITTEN_MAX);
	buf_init(&once, WRITTEN_MAX);
	buf_init(&twice, WRITTEN_MAX);
	buf_put(&text, data, size);
	if (text.failed || !copy(buf_text(&text), &once))
		return 0;
	/* The one form has blanks that what was read may not have had: so it may be too long. */
	if (once.size <= TARIFF_DUTY_MAX) {
		MUST(copy(buf_text(&once), &twice));
		MUST(bytes_same(buf_bytes(&once), buf_bytes(&twice)));
	}
	return 0;
}
