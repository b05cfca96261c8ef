#include "opening.h"

#include "base/text.h"
#include "codec/mime.h"
#include "fuzz.h"

#define ARENA_MAX ((size_t)24 << 20)

/* A stranger's bytes are wrong, never a fault of ours, unless memory ran out. */
static void must_be_judged(enum err_code code)
{
	MUST(code == OK || code == ERR_MEMORY);
}

static void run_gateway(const struct opening *opening, struct bytes file)
{
	arena_auto arena = arena_new(ARENA_MAX);
	struct findings *findings = arena ? findings_new(arena) : NULL;
	struct ebms_limits limits = ebms_limits_default;
	struct ebms_message message;
	struct bytes headers, body;
	struct err err = { 0 };

	limits.max_payload_bytes = OPENING_PAYLOAD_MAX;
	if (!findings)
		return;
	mime_split_http(file, &headers, &body);
	ebms_init(&message, arena, &limits, findings);
	must_be_judged(opening->gateway(&message, mime_header(arena, headers, "content-type"), body, &err));
	ebms_done(&message);
}

/* Every stage, whatever the one before has found. */
static void run_inspector(const struct opening *opening, struct bytes file)
{
	arena_auto arena = arena_new(ARENA_MAX);
	struct inspection report = { 0 };
	struct err err = { 0 };

	if (!arena)
		return;
	enum err_code code = messaging_inspect(arena,
					       &(struct inspect_options){ .file = file,
									  .believed = &opening->signer,
									  .believed_count = 1,
									  .profile = opening->profile,
									  .max_payload_bytes = OPENING_PAYLOAD_MAX,
									  .at_us = opening->at_us },
					       &report, &err);
	must_be_judged(code);
	if (code != OK || !same(report.verdict, INSPECT_VERIFIED))
		return;
	MUST(report.header_signed && report.body_signed && report.findings_count == 0);
	if (opening->verified)
		opening->verified(&report);
}

void opening_run(const struct opening *opening, struct bytes file)
{
	run_gateway(opening, file);
	run_inspector(opening, file);
}
