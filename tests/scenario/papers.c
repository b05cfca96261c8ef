/* Documents for the nodes to exchange: the golden samples with other states, numbers and days. */
#include "region.h"

#include <stdio.h>
#include <stdlib.h>

#include "crypto/digest.h"

#define SAMPLE_MAX      ((size_t)64 << 10)
#define SAMPLE_DAY      "2026-11-02"
#define SAMPLE_REF      "D2026-0045678"
#define SAMPLE_RESPONSE "VN-RSP-1"
#define SAMPLE_CANCEL   "TH-CNL-1"
#define SAMPLE_REQUEST  "VN-RTR-1"

static const char *sample(struct region *region, const char *name)
{
	const char *root = getenv("LINTAS_SOURCE");
	const char *path = arena_printf(region->arena, "%s/tests/golden/%s", root ? root : ".", name);
	char *text = arena_alloc(region->arena, SAMPLE_MAX);
	FILE *file = path ? fopen(path, "rb") : NULL;

	if (!file || !text)
		region_fail(region, "cannot open the sample %s", name);
	text[fread(text, 1, SAMPLE_MAX - 1, file)] = '\0';
	fclose(file);
	return text;
}

struct swap {
	const char *from, *to;
};

/* TEXT with every .from replaced at once, so that TH and VN can change places. */
static const char *swapped(struct region *region, const char *text, const struct swap *swaps, size_t count)
{
	buf_auto out;

	buf_init(&out, SAMPLE_MAX);
	while (*text) {
		size_t i = 0;
		while (i < count && strncmp(text, swaps[i].from, strlen(swaps[i].from)) != 0)
			i++;
		if (i < count) {
			buf_puts(&out, swaps[i].to);
			text += strlen(swaps[i].from);
		} else {
			buf_putc(&out, *text++);
		}
	}
	return arena_text(region->arena, buf_text(&out));
}

/* TEXT whose first sample day, the document's own, is DAY. */
static const char *issued_on(struct region *region, const char *text, const char *day)
{
	const char *at = strstr(text, SAMPLE_DAY);

	if (!at)
		region_fail(region, "the sample has no day");
	return arena_printf(region->arena, "%.*s%s%s", (int)(at - text), text, day, at + strlen(SAMPLE_DAY));
}

static const char *paper(struct region *region, const char *name, const char *from, const char *to, unsigned number,
			 date certificate_day, date day)
{
	char own_day[DATE_SIZE], certificate[DATE_SIZE];
	const char *tag_from = arena_printf(region->arena, ">%s<", from);
	const char *tag_to = arena_printf(region->arena, ">%s<", to);
	const struct swap swaps[] = {
		{ ">TH<", tag_from },
		{ ">VN<", tag_to },
		{ "THLCH", arena_printf(region->arena, "%sAAA", from) },
		{ "VNSGN", arena_printf(region->arena, "%sBBB", to) },
		{ SAMPLE_REF, arena_printf(region->arena, "%s-%s %05u", from, to, number) },
		{ SAMPLE_RESPONSE, arena_printf(region->arena, "RSP-%s %05u", to, number) },
		{ SAMPLE_CANCEL, arena_printf(region->arena, "CNL-%s %05u", from, number) },
		{ SAMPLE_REQUEST, arena_printf(region->arena, "RTR-%s %05u", to, number) },
		{ SAMPLE_DAY, date_format(certificate_day, certificate) },
	};
	const char *text = issued_on(region, sample(region, name), date_format(day, own_day));

	return swapped(region, text, swaps, COUNT(swaps));
}

const char *paper_form_d(struct region *region, const char *from, const char *to, unsigned number, date day)
{
	return paper(region, "form-d/good-ordinary.xml", from, to, number, day, day);
}

const char *paper_response(struct region *region, const char *from, const char *to, unsigned number, date issued,
			   date day)
{
	return paper(region, "customs-response/good-utilised.xml", from, to, number, issued, day);
}

const char *paper_cancellation(struct region *region, const char *from, const char *to, unsigned number, date issued,
			       date day)
{
	return paper(region, "cancellation/good-cancellation.xml", from, to, number, issued, day);
}

const char *paper_retransmission(struct region *region, const char *from, const char *to, unsigned number, date issued,
				 date day)
{
	return paper(region, "retransmission-request/good-request.xml", from, to, number, issued, day);
}

struct document_result region_submit(struct region_node *node, const char *organisation, const char *text)
{
	struct region *region = node->region;
	struct document_result result = { 0 };
	struct findings *findings = findings_new(region->arena);
	struct document_request request = {
		.organisation = organisation,
		.text = bytes_of(text),
		.actor = { .name = "user:officer", .organisation = organisation },
	};
	bool again = true, before = false;

	while (again) {
		uint64_t faults = power_faults(node->power);
		request.now_us = clock_now_us(&node->clock.clock);
		enum err_code code =
			document_submit(&node->kernel, region->arena, &request, findings, &result, &region->err);
		again = region_again(node, faults, code);
		region->submitted_again += again;
		region->found_again += before && !again && result.repeated;
		before = again;
	}
	const struct finding *finding = findings_at(findings, 0);
	if (finding || !result.id)
		region_fail(region, "%s refused a document: %s %s %s", node->state, finding ? finding->rule->code : "",
			    finding ? finding->path : "", finding ? finding->text : "");
	if (region->submitted_count == SUBMITTED_MAX)
		region_fail(region, "more than %d documents", SUBMITTED_MAX);
	struct submitted *submitted = &region->submitted[region->submitted_count++];
	submitted->node = node;
	snprintf(submitted->document, sizeof(submitted->document), "%s", result.id);
	snprintf(submitted->message, sizeof(submitted->message), "%s", result.message);
	sha256_hex(bytes_of(text), submitted->digest);
	return result;
}
