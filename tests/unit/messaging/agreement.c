#include "agreement.h"

#include "base/buf.h"

struct world world;

static struct pki *issue(const char *subject, const char *key)
{
	return pki_issue(&(struct pki_spec){ .subject = subject, .key = key });
}

int world_begin(void **state)
{
	(void)state;
	world.one = issue("/C=VN/O=Customs/CN=one", "rsa-2048");
	world.other = issue("/C=TH/O=Customs/CN=other", "rsa-2048");
	world.tls = issue("/C=VN/O=Customs/CN=tls", "p256");
	world.p256 = issue("/C=VN/O=Customs/CN=p256", "p256");
	return 0;
}

int world_end(void **state)
{
	(void)state;
	pki_free(world.one);
	pki_free(world.other);
	pki_free(world.tls);
	pki_free(world.p256);
	return 0;
}

int begin(void **state)
{
	(void)state;
	world.arena = arena_new(ARENA_MAX);
	return world.arena ? 0 : -1;
}

int end(void **state)
{
	(void)state;
	arena_free(world.arena);
	return 0;
}

/* --- A CPA that is right --- */

const struct cpa_offer_action actions[ACTIONS] = {
	{ "urn:asean:asw:form-d", "Submit", "Exporter", "Importer", 0 },
	{ "urn:asean:asw:form-d", "Respond", "Importer", "Exporter", 1 },
	{ "urn:asean:asw:acdd", "Submit", "Exporter", "Importer", 1 },
	{ "urn:asean:asw:form-d", "Amend", "Exporter", "Importer", 0 },
};

struct cpa_offer offer(void)
{
	return (struct cpa_offer){
		.id = "asw-vn-th-2026",
		.status = "agreed",
		.start_us = PKI_NOW - DAY_US,
		.end_us = PKI_NOW + DAY_US,
		.parties = { { .name = "Customs & Excise, \"VN\"",
			       .party_id = "urn:asean:customs:vn",
			       .endpoint = "https://vn.example/ebms?a=1&b=2",
			       .signing = cert_der(pki_cert(world.one)),
			       .tls_client = cert_der(pki_cert(world.tls)),
			       .tls_server = cert_der(pki_cert(world.tls)) },
			     { .name = "TH",
			       .party_id = "TH-0001",
			       .party_type = "urn:asean:customs",
			       .endpoint = "https://th.example/ebms",
			       .signing = cert_der(pki_cert(world.other)) } },
		.actions = actions,
		.actions_count = ACTIONS,
		.retries = 3,
		.retry_interval_us = 90 * SECOND_US,
		.persist_us = DAY_US + HOUR_US,
	};
}

const char *written(const struct cpa_offer *from)
{
	buf_auto out = { 0 };
	struct err err = { 0 };

	buf_init(&out, CPA_MAX);
	if (cpa_write(from, &out, &err) != OK)
		fail_msg("%s", err.text);
	return arena_text(world.arena, buf_text(&out));
}

const char *good(void)
{
	struct cpa_offer from = offer();
	return written(&from);
}

const struct cpa *read_bytes(struct bytes text, struct findings *findings)
{
	const struct cpa *cpa = NULL;
	struct err err = { 0 };

	if (cpa_read(world.arena, text, &cpa, findings, &err) != OK)
		fail_msg("%s", err.text);
	assert_int_equal(!cpa, findings_errors(findings) > 0);
	return cpa;
}

void show(const struct findings *findings)
{
	for (size_t i = 0; i < findings_count(findings) && findings_at(findings, i); i++)
		print_message("  %s %s: %s\n", findings_at(findings, i)->rule->code, findings_at(findings, i)->path,
			      findings_at(findings, i)->text);
}

const struct cpa *read_good(const char *text)
{
	struct findings *findings = findings_new(world.arena);
	const struct cpa *cpa = read_bytes(bytes_of(text), findings);

	if (findings_count(findings) > 0) {
		show(findings);
		fail_msg("a CPA that is right has findings");
	}
	return cpa;
}

const struct cpa_seat vn_seat = { .party_id = "urn:asean:customs:vn",
				  .partner_id = "TH-0001",
				  .partner_type = "urn:asean:customs",
				  .now_us = PKI_NOW };
const struct cpa_seat th_seat = { .party_id = "TH-0001",
				  .party_type = "urn:asean:customs",
				  .partner_id = "urn:asean:customs:vn",
				  .now_us = PKI_NOW };

struct findings *checked(const struct cpa *cpa, const struct cpa_seat *seat)
{
	struct findings *findings = findings_new(world.arena);

	cpa_check(cpa, seat, world.arena, findings);
	return findings;
}

const char *replaced(const char *text, const char *from, const char *to, bool all)
{
	buf_auto out = { 0 };
	const char *at = strstr(text, from);

	if (!at)
		fail_msg("nothing to replace: %s", from);
	buf_init(&out, CPA_MAX);
	do {
		buf_put(&out, text, (size_t)(at - text));
		buf_puts(&out, to);
		text = at + strlen(from);
		at = strstr(text, from);
	} while (all && at);
	buf_puts(&out, text);
	assert_int_equal(out.failed, OK);
	return arena_text(world.arena, buf_text(&out));
}

void assert_first(const struct findings *findings, const struct mutation *mutation)
{
	const struct finding *first = findings_at(findings, 0);

	if (!first || strcmp(first->rule->code, mutation->code) != 0 || strcmp(first->path, mutation->path) != 0 ||
	    (mutation->count > 0 && findings_count(findings) != mutation->count)) {
		show(findings);
		fail_msg("%s -> %s: %s at %s expected, %zu findings in all", mutation->from, mutation->to,
			 mutation->code, mutation->path, mutation->count);
	}
	assert_true(first->text[0] != '\0');
}
