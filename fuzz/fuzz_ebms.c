/* A SOAP envelope alone: what is read of eb:Messaging without a finding is written and read again as the same. */
#include "fuzz.h"
#include "messaging/message_int.h"
#include "messaging/uris_int.h"

#define WRITTEN_MAX ((size_t)4 << 20)

static void write_unit(struct buf *out, const struct schema *schema, const void *record)
{
	buf_init(out, WRITTEN_MAX);
	buf_printf(out, "<eb:%s xmlns:eb=\"" NS_EBMS3 "\">", schema->root);
	field_put_xml_children(out, schema, record);
	buf_printf(out, "</eb:%s>", schema->root);
}

static void must_round_trip(struct arena *arena, const struct schema *schema, const void *record)
{
	union {
		struct ebms_user_message user;
		struct ebms_signal signal;
	} again;
	buf_auto first;
	xml_doc_auto doc = NULL;
	struct err err;
	struct findings *findings = findings_new(arena);

	write_unit(&first, schema, record);
	if (!findings || first.failed == ERR_MEMORY)
		return;
	MUST(first.failed == OK);
	MUST(xml_parse(arena, buf_bytes(&first), &ebms_limits_default.xml, &doc, &err) == OK);
	if (!field_read_xml(arena, schema, xml_root(doc), NULL, &again, findings))
		return;
	MUST(findings_count(findings) == 0);
	buf_auto second;
	write_unit(&second, schema, &again);
	MUST(second.failed == ERR_MEMORY || bytes_same(buf_bytes(&first), buf_bytes(&second)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	arena_auto arena = arena_new((size_t)24 << 20);
	struct findings *findings = arena ? findings_new(arena) : NULL;
	struct ebms_message message;
	struct err err = { 0 };

	if (!findings)
		return 0;
	ebms_init(&message, arena, &ebms_limits_default, findings);
	enum err_code code = ebms_read(&message, MIME_SOAP12, bytes(data, size), &err);
	MUST(code == OK || code == ERR_MEMORY);
	/* PartInfo may name what is not there: that finding is of the package, not of the header. */
	if (code == OK && findings_count(findings) == 0 && message.kind == KIND_USER_MESSAGE)
		must_round_trip(arena, &ebms_user_message_schema, &message.user);
	ebms_done(&message);
	return 0;
}
