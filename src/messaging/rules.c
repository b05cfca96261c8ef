#include "messaging/messaging.h"
#include "messaging/rules_int.h"

#include "base/text.h"
#include "codec/xml.h"

static const struct ebms_error_row error_rows[] = {
#define EBMS_ERROR(name, code_, short_description_, severity_, category_, code2_, final_)                              \
	[EBMS_##name] = { .code = code_,                                                                               \
			  .short_description = short_description_,                                                     \
			  .severity = severity_,                                                                       \
			  .category = category_,                                                                       \
			  .code2 = code2_,                                                                             \
			  .final = final_ },
#include "messaging/errors.def"
#undef EBMS_ERROR
};

const struct rule message_rules[] = {
#define EBMS_RULE(name, code_, stage, ebms, text_, law_)                                                               \
	[RULE_##name] = { .code = code_, .text = text_, .law = law_, .severity = SEVERITY_ERROR },
#include "messaging/rules.def"
#undef EBMS_RULE
	{ 0 },
};

static const struct {
	enum ebms_stage stage;
	enum ebms_code ebms;
} consequences[] = {
#define EBMS_RULE(name, code_, stage_, ebms_, text_, law_)                                                             \
	[RULE_##name] = { .stage = STAGE_##stage_, .ebms = EBMS_##ebms_ },
#include "messaging/rules.def"
#undef EBMS_RULE
};

const char *ebms_stage_name(enum ebms_stage stage)
{
	static const char *const names[] = {
		[STAGE_MIME] = "MIME",           [STAGE_HEADER] = "header",       [STAGE_PROFILE] = "profile",
		[STAGE_SIGNATURE] = "signature", [STAGE_TRUST] = "trust",         [STAGE_DECRYPTION] = "decryption",
		[STAGE_EXPANSION] = "expansion", [STAGE_AGREEMENT] = "agreement", [STAGE_DUPLICATE] = "duplicate",
		[STAGE_RECEIPT] = "receipt",
	};

	return names[stage];
}

const struct ebms_error_row *ebms_error_row(enum ebms_code code)
{
	return &error_rows[code];
}

const struct ebms_error_row *ebms_error_find(const char *code)
{
	for (size_t i = 0; i < COUNT(error_rows); i++)
		if (same(error_rows[i].code, code) || same(error_rows[i].code2, code))
			return &error_rows[i];
	return NULL;
}

const struct rule *ebms_rule(enum ebms_rule_name name)
{
	return &message_rules[name];
}

static bool ours(const struct rule *rule)
{
	return rule >= message_rules && rule < message_rules + COUNT(message_rules);
}

enum ebms_stage ebms_rule_stage(const struct rule *rule)
{
	return ours(rule) ? consequences[rule - message_rules].stage : STAGE_TRUST;
}

enum ebms_code ebms_rule_ebms(const struct rule *rule)
{
	return ours(rule) ? consequences[rule - message_rules].ebms : EBMS_FAILED_AUTHENTICATION;
}

/* --- Provisions --- */

static bool is_of_other(struct bytes provision, bool ebms2)
{
	static const struct {
		const char *begins;
		bool ebms2;
	} standards[] = {
		{ "ebMS 2.0", true },     { "SOAP 1.1", true },  { "eDelivery AS4", false },
		{ "AS4 profile", false }, { "ebMS 3.0", false }, { "SOAP 1.2", false },
	};
	for (size_t i = 0; i < COUNT(standards); i++) {
		size_t length = strlen(standards[i].begins);
		if (standards[i].ebms2 != ebms2 && provision.size >= length &&
		    memcmp(provision.data, standards[i].begins, length) == 0)
			return true;
	}
	return false;
}

void ebms_put_law(struct buf *out, const char *before, const char *law, bool ebms2)
{
	enum { LAW_MAX = 4096 };
	buf_auto kept;
	buf_init(&kept, LAW_MAX);
	for (const char *at = law ? law : ""; *at;) {
		const char *end = strstr(at, "; ");
		struct bytes provision = bytes(at, end ? (size_t)(end - at) : strlen(at));
		if (!is_of_other(provision, ebms2)) {
			buf_puts(&kept, kept.size ? "; " : "");
			buf_put(&kept, provision.data, provision.size);
		}
		at += provision.size + (end ? 2 : 0);
	}
	if (!kept.size || kept.failed != OK)
		return;
	buf_puts(out, before);
	xml_put_text(out, buf_text(&kept));
}
