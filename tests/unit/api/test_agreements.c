/* What is agreed with a partner for ebMS 2, through the interface. What is refused, and that nothing is written then,
 * follows from docs/ebms2.md and CPPA 2.0; which document types go from which seat to which, from the registry; the
 * public samples are others'. Certificates are made by OpenSSL. */
#include "world.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/text.h"
#include "customs/registry.h"
#include "kernel/agreement.h"
#include "kernel/task.h"
#include "messaging/cpa_int.h"
#include "messaging/messaging_int.h"

#define LA "/api/v1/partners/LA/agreements"

/* --- A CPA that is right, between LA and this node, and what a test changes in it --- */

struct parties {
	struct world world;
	struct pki *ours, *theirs, *tls; /* RSA */
};

static struct parties parties_begin(void **state, bool plain)
{
	return (struct parties){
		.world = begin(state, plain),
		.ours = pki_issue(&(struct pki_spec){ .subject = "/CN=ours", .key = "rsa-2048" }),
		.theirs = pki_issue(&(struct pki_spec){ .subject = "/CN=theirs", .key = "rsa-2048" }),
		.tls = pki_issue(&(struct pki_spec){ .subject = "/CN=their-tls" }),
	};
}

static void parties_end(struct parties *p)
{
	pki_free(p->ours);
	pki_free(p->theirs);
	pki_free(p->tls);
	end(&p->world);
}

static const struct cpa_offer_action two_actions[] = {
	{ SERVICE_DOCUMENTS, "FORM-D", "issuing-authority", "customs", 1 },
	{ SERVICE_DOCUMENTS, "CUSTOMS-RESPONSE", "customs", "issuing-authority", 0 },
	{ SERVICE_DOCUMENTS, "SECOND", "customs", "issuing-authority", 0 },
};

static struct cpa_offer offer_of(const struct parties *p)
{
	return (struct cpa_offer){
		.id = "cpa-1",
		.status = "agreed",
		.start_us = FIXTURE_NOW_US - DAY_US,
		.end_us = FIXTURE_NOW_US + 365 * DAY_US,
		.parties = { { .name = "Thai node",
			       .party_id = WORLD_PARTY,
			       .party_type = WORLD_PARTY_TYPE,
			       .endpoint = "https://192.0.2.1/as4",
			       .signing = cert_der(pki_cert(p->ours)) },
			     { .name = "Lao Customs",
			       .party_id = "urn:la",
			       .endpoint = "https://192.0.2.7/msh",
			       .signing = cert_der(pki_cert(p->theirs)),
			       .tls_client = cert_der(pki_cert(p->tls)) } },
		.actions = two_actions,
		.actions_count = 2,
		.retries = 5,
		.retry_interval_us = 5 * MINUTE_US,
		.persist_us = DAY_US,
	};
}

static const char *written(const struct parties *p, const struct cpa_offer *offer)
{
	struct kernel_fixture *fixture = p->world.fixture;
	buf_auto out;

	buf_init(&out, 1 << 20);
	must(cpa_write(offer, &out, &fixture->err));
	return arena_text(fixture->arena, buf_text(&out));
}

static const char *good(const struct parties *p)
{
	struct cpa_offer offer = offer_of(p);
	return written(p, &offer);
}

static const char *with(const struct parties *p, const char *text, const char *from, const char *to)
{
	buf_auto out;

	buf_init(&out, 1 << 20);
	if (!strstr(text, from))
		fail_msg("nothing to replace: %s", from);
	for (const char *at; (at = strstr(text, from)); text = at + strlen(from)) {
		buf_put(&out, text, (size_t)(at - text));
		buf_puts(&out, to);
	}
	buf_puts(&out, text);
	return arena_text(p->world.fixture->arena, buf_text(&out));
}

static const char *with_sha1(const struct parties *p, const char *text)
{
	text = with(p, text, "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256",
		    "http://www.w3.org/2000/09/xmldsig#rsa-sha1");
	return with(p, text, "http://www.w3.org/2001/04/xmlenc#sha256", "http://www.w3.org/2000/09/xmldsig#sha1");
}

static struct answer import_as(struct parties *p, const char *code, const struct agreement_import_view *view)
{
	return call(&p->world, "POST", arena_printf(p->world.fixture->arena, "/api/v1/partners/%s/agreements", code),
		    &agreement_import_schema, view);
}

static struct answer import(struct parties *p, const char *cpa)
{
	return import_as(p, "LA", &(struct agreement_import_view){ .cpa = cpa });
}

static struct agreement_view read_view(struct parties *p, struct answer answer)
{
	struct kernel_fixture *fixture = p->world.fixture;
	struct findings *findings = findings_new(fixture->arena);
	struct agreement_view view;

	must(field_read_json(fixture->arena, &agreement_schema, bytes_of(answer.text), NULL, &view, findings,
			     &fixture->err));
	assert_int_equal(findings_count(findings), 0);
	return view;
}

static const struct finding_view *finding_of(const struct agreement_view *view, const char *code)
{
	for (size_t i = 0; i < view->findings_count; i++)
		if (same(view->findings[i].code, code))
			return &view->findings[i];
	return NULL;
}

/* How many agreements the messaging has with CODE; -1 if it has no such partner. */
static int pacts_of(struct parties *p, const char *code)
{
	struct directory *directory = directory_get(p->world.messaging);
	const struct peer *peer = directory_peer(directory, code);
	int count = peer ? (int)peer->pacts.count : -1;

	directory_release(directory);
	return count;
}

struct finding_la {
	struct arena *arena;
	struct partner partner;
};

static enum err_code find_la(struct tx *tx, void *arg, struct err *err)
{
	struct finding_la *one = arg;
	return partner_find(tx, one->arena, "LA", &one->partner, err);
}

static struct partner partner_la(struct parties *p)
{
	struct kernel_fixture *fixture = p->world.fixture;
	struct finding_la one = { .arena = fixture->arena };

	must(db_read(fixture->kernel.db, find_la, &one, &fixture->err));
	return one.partner;
}

/* --- Import --- */

static void a_cpa_makes_its_partner_with_binding_certificates_and_agreement(void **state)
{
	struct parties p = parties_begin(state, false);
	const char *cpa = good(&p);
	struct answer answer = import(&p, cpa);

	expect(answer, 201, "\"in-force\"");
	assert_string_equal(header_of(&answer, "Location"), LA "/cpa-1");
	struct partner partner = partner_la(&p);
	assert_string_equal(partner.name, "Lao Customs");
	assert_string_equal(partner.party_id, "urn:la");
	assert_string_equal(partner.profile, "ebms2-rsa-sha256");
	assert_string_equal(partner.binding, "ebms2");
	assert_string_equal(partner.endpoint, "");
	assert_int_equal(pacts_of(&p, "LA"), 1);
	expect(call(&p.world, "GET", "/api/v1/partners/LA", NULL, NULL), 200, cert_fingerprint(pki_cert(p.theirs)));
	expect(call(&p.world, "GET", "/api/v1/partners/LA", NULL, NULL), 200, cert_fingerprint(pki_cert(p.tls)));

	struct agreement_view view = read_view(&p, call(&p.world, "GET", LA "/cpa-1", NULL, NULL));
	assert_int_equal(view.agreed.actions_count, 2);
	const struct agreed_action *out = &view.agreed.actions[same(view.agreed.actions[0].direction, "out") ? 0 : 1];
	assert_string_equal(out->document, "CUSTOMS-RESPONSE");
	assert_string_equal(out->seat, "customs");
	assert_string_equal(out->other_seat, "issuing-authority");
	assert_string_equal(out->endpoint, "https://192.0.2.7/msh");
	assert_int_equal(out->retries, 5);
	assert_int_equal(out->retry_interval_s, 300);
	assert_false(out->sync);
	expect(call(&p.world, "GET", LA, NULL, NULL), 200, "\"cpa-1\"");
	struct answer original = call(&p.world, "GET", LA "/cpa-1/original", NULL, NULL);
	assert_string_equal(original.content_type, "application/xml");
	assert_int_equal(strlen(original.text), strlen(cpa) - 1); /* text in JSON has no line end at its end */
	assert_true(starts_with(cpa, original.text));
	parties_end(&p);
}

/* A digest at the other side is of the file: what comes as base64 is kept with the ends of its lines. */
static void each_byte_of_a_cpa_is_kept(void **state)
{
	struct parties p = parties_begin(state, false);
	const char *cpa = with(&p, arena_printf(p.world.fixture->arena, "%s\n\n", good(&p)), "\n", "\r\n");
	buf_auto encoded;

	buf_init(&encoded, 1 << 20);
	base64_put(&encoded, bytes_of(cpa));
	expect(import(&p, buf_text(&encoded)), 201, NULL);
	assert_string_equal(call(&p.world, "GET", LA "/cpa-1/original", NULL, NULL).text, cpa);
	parties_end(&p);
}

static void a_trial_tells_the_same_and_changes_nothing(void **state)
{
	struct parties p = parties_begin(state, false);
	static const char path[] = "/api/v1/partners/LA/agreement-check";
	struct agreement_import_view view = { .cpa = good(&p) };
	struct answer answer = call(&p.world, "POST", path, &agreement_import_schema, &view);

	expect(answer, 200, "\"in-force\"");
	assert_null(header_of(&answer, "Location"));
	expect(call(&p.world, "GET", "/api/v1/partners/LA", NULL, NULL), 404, NULL);
	assert_int_equal(pacts_of(&p, "LA"), -1);
	view.cpa = with(&p, good(&p), "value=\"agreed\"", "value=\"proposed\"");
	expect(call(&p.world, "POST", path, &agreement_import_schema, &view), 422, "CPA-022");
	parties_end(&p);
}

static void a_bad_cpa_is_refused_and_nothing_is_written(void **state)
{
	struct parties p = parties_begin(state, false);
	struct cpa_offer offer = offer_of(&p);
	offer.actions_count = 3;
	const char *three = written(&p, &offer);
	offer = offer_of(&p);
	offer.parties[1].tls_client = bytes(NULL, 0);
	const char *no_tls = written(&p, &offer);
	const char *cpa = good(&p);
	const struct {
		const char *cpa, *code;
	} rows[] = {
		{ "hello", "AGR-020" },
		{ "<hello", "CPA-002" },
		{ "<a xmlns=\"urn:a\"/>", "CPA-003" },
		{ with(&p, cpa, "value=\"agreed\"", "value=\"proposed\""), "CPA-022" },
		{ with(&p, with(&p, cpa, "2026-11-01T", "2020-11-01T"), "2027-11-02T", "2025-11-02T"), "CPA-023" },
		{ with(&p, cpa, ">" WORLD_PARTY "<", ">KH:gateway<"), "CPA-020" },
		/* two delivery channels for one action */
		{ with(&p, three, "\"SECOND\"", "\"CUSTOMS-RESPONSE\""), "CPA-014" },
		{ with_sha1(&p, cpa), "CPA-030" },
		{ with(&p, cpa, "https://192.0.2.7/msh", "http://192.0.2.7/msh"), "AGR-012" },
		{ no_tls, "PTN-014" },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		expect(import(&p, rows[i].cpa), 422, rows[i].code);
		assert_int_equal(pacts_of(&p, "LA"), -1);
	}
	expect(call(&p.world, "GET", "/api/v1/partners/LA", NULL, NULL), 404, NULL);
	expect(import_as(&p, "XQ", &(struct agreement_import_view){ .cpa = cpa }), 422, "PTN-007");
	expect(import_as(&p, "TH", &(struct agreement_import_view){ .cpa = cpa }), 422, "PTN-020");
	parties_end(&p);
}

static void all_findings_come_at_once(void **state)
{
	struct parties p = parties_begin(state, false);
	struct term_action actions[] = { { .document = "FORM-X", .action = "FORM-D" },
					 { .document = "FORM-D", .service = "urn:other", .action = "FORM-D" } };
	struct term_role roles[] = { { .role = "customs", .seat = "harbour" },
				     { .role = "nobody", .seat = "customs" } };
	struct terms terms = { .actions = actions, .actions_count = 2, .roles = roles, .roles_count = 2 };
	const char *cpa = with(&p, with_sha1(&p, good(&p)), "https://192.0.2.7", "http://192.0.2.7");
	struct answer answer = import_as(&p, "XQ", &(struct agreement_import_view){ .cpa = cpa, .terms = &terms });
	static const char *const codes[] = { "AGR-001", "AGR-002", "AGR-003", "AGR-004",
					     "AGR-012", "CPA-030", "PTN-007", "/terms/actions/0/document" };

	for (size_t i = 0; i < COUNT(codes); i++)
		expect(answer, 422, codes[i]);
	parties_end(&p);
}

/* What the CPA leaves open the terms say; what neither says is a warning. */
static void terms_say_which_document_an_action_carries_and_which_seat_a_role_is(void **state)
{
	struct parties p = parties_begin(state, false);
	struct cpa_offer offer = offer_of(&p);
	const struct cpa_offer_action named[] = { { "urn:asw:co", "Submit", "Exporter", "Importer", 1 },
						  { "urn:asw:co", "Other", "Exporter", "Importer", 1 } };
	struct term_action action = { .document = "FORM-D", .service = "urn:asw:co", .action = "Submit" };
	struct term_role role = { .role = "Exporter", .seat = "issuing-authority" };
	struct terms terms = { .actions = &action, .actions_count = 1, .roles = &role, .roles_count = 1, .test = true };
	offer.actions = named;

	struct answer answer =
		import_as(&p, "LA", &(struct agreement_import_view){ .cpa = written(&p, &offer), .terms = &terms });
	expect(answer, 201, NULL);
	struct agreement_view view = read_view(&p, answer);
	assert_true(view.terms->test);
	assert_string_equal(view.agreed.actions[0].document, "FORM-D");
	assert_string_equal(view.agreed.actions[0].seat, "customs");
	assert_string_equal(view.agreed.actions[0].other_seat, "issuing-authority");
	assert_null(view.agreed.actions[1].document);
	assert_non_null(finding_of(&view, "AGR-005"));
	assert_null(finding_of(&view, "AGR-006"));

	terms.roles_count = 0;
	answer = import_as(&p, "LA", &(struct agreement_import_view){ .cpa = written(&p, &offer), .terms = &terms });
	expect(answer, 201, "AGR-006");
	parties_end(&p);
}

/* --- SHA-1 --- */

static const struct credential_view *credential(struct parties *p, const char *use)
{
	struct kernel_fixture *fixture = p->world.fixture;
	struct findings *findings = findings_new(fixture->arena);
	struct status_view *view = arena_alloc(fixture->arena, sizeof *view);
	struct answer answer = call(&p->world, "GET", "/api/v1/status", NULL, NULL);

	must(field_read_json(fixture->arena, &status_schema, bytes_of(answer.text), NULL, view, findings,
			     &fixture->err));
	assert_int_equal(findings_count(findings), 0);
	for (size_t i = 0; i < view->partners_count; i++)
		for (size_t k = 0; same(view->partners[i].partner, "LA") && k < view->partners[i].credentials_count;
		     k++)
			if (same(view->partners[i].credentials[k].use, use))
				return &view->partners[i].credentials[k];
	fail_msg("LA has no %s in the status", use);
	return NULL;
}

static void sha1_is_taken_of_an_excepted_partner_with_a_warning_that_stays(void **state)
{
	struct parties p = parties_begin(state, false);
	struct terms terms = { .sha1 = true };
	struct agreement_import_view view = { .cpa = with_sha1(&p, good(&p)), .terms = &terms };

	expect(import_as(&p, "LA", &view), 201, "AGR-007");
	assert_string_equal(partner_la(&p).profile, "ebms2-rsa-sha1");
	p.world.fixture->clock.now_us += 100 * DAY_US;
	struct agreement_view kept = read_view(&p, call(&p.world, "GET", LA "/cpa-1", NULL, NULL));
	assert_non_null(finding_of(&kept, "AGR-007"));
	const struct credential_view *weak = credential(&p, "agreement");
	assert_string_equal(weak->state, "weak");
	assert_non_null(strstr(weak->advice, "SHA-1"));
	assert_false(weak->alarm);
	parties_end(&p);
}

static struct answer change_profile(struct parties *p, const char *profile)
{
	const struct partner_change_view change = { .profile = profile };

	return call(&p->world, "PATCH", "/api/v1/partners/LA", &partner_change_schema, &change);
}

/* By its agreement alone, and as long as that is in force. */
static void no_operator_sets_sha1_for_a_partner_that_is_not_excepted(void **state)
{
	struct parties p = parties_begin(state, false);
	struct terms terms = { .sha1 = true };
	struct agreement_import_view view = { .cpa = with_sha1(&p, good(&p)), .terms = &terms };

	expect(import(&p, good(&p)), 201, NULL);
	expect(change_profile(&p, "ebms2-rsa-sha1"), 422, "PTN-021");
	expect(change_profile(&p, "ebms2-rsa-sha1"), 422, "--allow-sha1");
	expect(import_as(&p, "LA", &view), 201, "AGR-007");
	expect(change_profile(&p, "ebms2-rsa-sha256"), 200, NULL);
	expect(change_profile(&p, "ebms2-rsa-sha1"), 200, NULL);
	expect(call(&p.world, "POST", LA "/cpa-1/withdraw", NULL, NULL), 200, "\"withdrawn\"");
	expect(change_profile(&p, "ebms2-rsa-sha1"), 422, "PTN-021");
	parties_end(&p);
}

/* It must not wait for a weaker agreement. */
static void an_exception_that_is_not_needed_is_not_kept(void **state)
{
	struct parties p = parties_begin(state, false);
	struct terms terms = { .sha1 = true };
	struct answer answer = import_as(&p, "LA", &(struct agreement_import_view){ .cpa = good(&p), .terms = &terms });

	expect(answer, 201, NULL);
	assert_false(read_view(&p, answer).terms->sha1);
	assert_string_equal(credential(&p, "agreement")->state, "good");
	parties_end(&p);
}

/* A partner has one profile. */
static void an_agreement_in_force_is_not_broken_by_another_that_needs_another_profile(void **state)
{
	struct parties p = parties_begin(state, false);
	struct terms terms = { .sha1 = true };
	struct cpa_offer second = offer_of(&p);
	second.id = "cpa-2";
	struct agreement_import_view view = { .cpa = with_sha1(&p, written(&p, &second)), .terms = &terms };

	expect(import(&p, good(&p)), 201, NULL);
	expect(import_as(&p, "LA", &view), 422, "AGR-024");
	assert_string_equal(partner_la(&p).profile, "ebms2-rsa-sha256");
	expect(call(&p.world, "POST", LA "/cpa-1/withdraw", NULL, NULL), 200, "\"withdrawn\"");
	expect(import_as(&p, "LA", &view), 201, NULL);
	assert_string_equal(partner_la(&p).profile, "ebms2-rsa-sha1");
	parties_end(&p);
}

/* --- One partner beside another --- */

static void two_partners_with_one_certificate_are_refused(void **state)
{
	struct parties p = parties_begin(state, false);
	struct cpa_offer other = offer_of(&p);
	other.id = "cpa-kh";
	other.parties[1].party_id = "urn:kh";

	expect(import(&p, good(&p)), 201, NULL);
	struct answer answer = import_as(&p, "KH", &(struct agreement_import_view){ .cpa = written(&p, &other) });
	expect(answer, 422, "AGR-022");
	expect(answer, 422, cert_fingerprint(pki_cert(p.theirs)));
	expect(answer, 422, cert_fingerprint(pki_cert(p.tls)));
	expect(call(&p.world, "GET", "/api/v1/partners/KH", NULL, NULL), 404, NULL);
	parties_end(&p);
}

static void an_agreement_is_one_with_the_partner_that_it_names(void **state)
{
	struct parties p = parties_begin(state, false);
	struct cpa_offer other = offer_of(&p);
	pki_auto third = pki_issue(&(struct pki_spec){ .subject = "/CN=third", .key = "rsa-2048" });
	pki_auto third_tls = pki_issue(&(struct pki_spec){ .subject = "/CN=third-tls" });
	other.parties[1].party_id = "urn:kh";
	other.parties[1].signing = cert_der(pki_cert(third));
	other.parties[1].tls_client = cert_der(pki_cert(third_tls));

	expect(import(&p, good(&p)), 201, NULL);
	expect(import_as(&p, "KH", &(struct agreement_import_view){ .cpa = good(&p) }), 422, "AGR-021");
	expect(import(&p, written(&p, &other)), 422, "CPA-021");
	/* messages name their agreement by its CPAId, so one is nobody else's */
	expect(import_as(&p, "KH", &(struct agreement_import_view){ .cpa = written(&p, &other) }), 422, "AGR-023");
	other.id = "cpa-kh";
	expect(import_as(&p, "KH", &(struct agreement_import_view){ .cpa = written(&p, &other) }), 201, NULL);
	expect(call(&p.world, "GET", "/api/v1/partners/KH/agreements/cpa-1", NULL, NULL), 404, "no agreement cpa-1");
	expect(call(&p.world, "POST", "/api/v1/partners/KH/agreements/cpa-1/withdraw", NULL, NULL), 404, NULL);
	parties_end(&p);
}

static void a_partner_that_was_on_as4_is_told_to_be_on_ebms2_from_now_on(void **state)
{
	struct parties p = parties_begin(state, true);
	struct certificate_view certificates[] = {
		{ .use = "sign",
		  .pem = pem_of(&p.world, p.world.sign),
		  .not_before_us = TIME_NONE,
		  .not_after_us = TIME_NONE,
		  .withdrawn_us = TIME_NONE },
		{ .use = "encrypt",
		  .pem = pem_of(&p.world, p.world.encrypt),
		  .not_before_us = TIME_NONE,
		  .not_after_us = TIME_NONE,
		  .withdrawn_us = TIME_NONE },
	};
	struct partner_view view = { .code = "LA",
				     .name = "Laos",
				     .party_id = "urn:la",
				     .endpoint = "https://192.0.2.9/as4",
				     .profile = "ecdsa-p256",
				     .certificates = certificates,
				     .certificates_count = 2 };

	expect(call(&p.world, "POST", "/api/v1/partners", &partner_schema, &view), 201, NULL);
	expect(import(&p, good(&p)), 201, "AGR-026");
	assert_string_equal(partner_la(&p).name, "Laos");
	assert_string_equal(partner_la(&p).endpoint, "");
	/* what an operator gives then counts, also when the agreement is imported again, until he takes it back */
	struct partner_change_view change = { .endpoint = "https://192.0.2.10/msh" };
	expect(call(&p.world, "PATCH", "/api/v1/partners/LA", &partner_change_schema, &change), 200, NULL);
	expect(import(&p, good(&p)), 201, NULL);
	assert_string_equal(partner_la(&p).endpoint, "https://192.0.2.10/msh");
	change.endpoint = "as-agreed";
	expect(call(&p.world, "PATCH", "/api/v1/partners/LA", &partner_change_schema, &change), 200, NULL);
	assert_string_equal(partner_la(&p).endpoint, "");
	/* and back: AS4 needs an endpoint of its own */
	change = (struct partner_change_view){ .profile = "ecdsa-p256" };
	expect(call(&p.world, "PATCH", "/api/v1/partners/LA", &partner_change_schema, &change), 422, "PTN-022");
	change.endpoint = "https://192.0.2.9/as4";
	expect(call(&p.world, "PATCH", "/api/v1/partners/LA", &partner_change_schema, &change), 200, NULL);
	assert_string_equal(partner_la(&p).binding, "as4");
	parties_end(&p);
}

static void a_partner_is_added_for_ebms2_without_endpoint_and_encryption(void **state)
{
	struct parties p = parties_begin(state, true);
	struct certificate_view sign = { .use = "sign",
					 .pem = pem_of(&p.world, p.theirs),
					 .not_before_us = TIME_NONE,
					 .not_after_us = TIME_NONE,
					 .withdrawn_us = TIME_NONE };
	struct partner_view view = { .code = "LA",
				     .name = "Laos",
				     .party_id = "urn:la",
				     .profile = "ebms2-rsa-sha256",
				     .certificates = &sign,
				     .certificates_count = 1 };

	expect(call(&p.world, "POST", "/api/v1/partners", &partner_schema, &view), 201, NULL);
	assert_string_equal(partner_la(&p).binding, "ebms2");
	view.code = "KH";
	view.party_id = "urn:kh";
	view.profile = "edelivery-1.15";
	struct answer answer = call(&p.world, "POST", "/api/v1/partners", &partner_schema, &view);
	expect(answer, 422, "PTN-003");
	expect(answer, 422, "PTN-022");
	parties_end(&p);
}

/* --- Its end --- */

static enum err_code count_tasks(struct tx *tx, void *arg, struct err *err)
{
	return task_count(tx, NULL, arg, err);
}

/* What the watch asks an operator for. */
static int64_t open_tasks(struct parties *p)
{
	struct kernel_fixture *fixture = p->world.fixture;
	int64_t count = 0;

	must(messaging_refresh(p->world.messaging, false, &fixture->err));
	must(messaging_watch(p->world.messaging, fixture->clock.now_us, &fixture->err));
	must(db_read(fixture->kernel.db, count_tasks, &count, &fixture->err));
	return count;
}

static void a_withdrawn_agreement_is_shown_and_cannot_be_withdrawn_again(void **state)
{
	struct parties p = parties_begin(state, false);

	expect(import(&p, good(&p)), 201, NULL);
	expect(call(&p.world, "POST", LA "/cpa-1/withdraw", NULL, NULL), 200, "\"state\":\"withdrawn\"");
	expect(call(&p.world, "GET", LA, NULL, NULL), 200, "\"state\":\"withdrawn\"");
	expect(call(&p.world, "POST", LA "/cpa-1/withdraw", NULL, NULL), 409, "withdrawn already");
	expect(call(&p.world, "GET", LA "/cpa-1/original", NULL, NULL), 200, "CollaborationProtocolAgreement");
	struct answer timeline = call(&p.world, "GET", "/api/v1/timeline/LA", NULL, NULL);
	expect(timeline, 200, "\"subject\":\"cpa-1\",\"event\":\"withdrawn\",\"detail\":\"cpa-1 with LA\"");
	parties_end(&p);
}

/* ATIGA OCP rule 27(2): what a state has declared goes before what is agreed on between two systems. */
static void a_cpa_that_carries_what_is_opted_out_says_so(void **state)
{
	struct parties p = parties_begin(state, false);
	const struct new_activation_view opt_out = { .document = "FORM-D",
						     .direction = "in",
						     .state = "opted-out",
						     .from_day = DATE_NONE,
						     .law = "our note 4" };

	expect(import(&p, good(&p)), 201, NULL);
	expect(call(&p.world, "POST", "/api/v1/partners/LA/activations", &new_activation_schema, &opt_out), 200, NULL);
	struct answer answer = import(&p, good(&p));
	expect(answer, 201, "AGR-027");
	expect(answer, 201, "FORM-D from LA is opted out since 2026-11-02 (our note 4)");
	parties_end(&p);
}

/* 365 days from the fixture's day: 59 days before its end it is within the 60 of MESSAGING_RENEW_DAYS. */
static void an_agreement_that_ends_is_an_alarm_until_another_covers_it(void **state)
{
	struct parties p = parties_begin(state, false);
	struct cpa_offer part = offer_of(&p), next = offer_of(&p);
	part.id = "cpa-part";
	part.actions_count = 1; /* not all that ends */
	part.end_us = next.end_us = FIXTURE_NOW_US + 3000 * DAY_US;
	next.id = "cpa-next";

	expect(import(&p, good(&p)), 201, NULL);
	assert_int_equal(open_tasks(&p), 0);
	p.world.fixture->clock.now_us = FIXTURE_NOW_US + 306 * DAY_US;
	const struct credential_view *row = credential(&p, "agreement");
	assert_string_equal(row->state, "ending");
	assert_true(row->alarm);
	assert_int_equal(row->days_left, 59);
	struct agreement_view view = read_view(&p, call(&p.world, "GET", LA "/cpa-1", NULL, NULL));
	assert_non_null(finding_of(&view, "AGR-009"));
	assert_int_equal(open_tasks(&p), 1);
	expect(import(&p, written(&p, &part)), 201, NULL);
	assert_int_equal(open_tasks(&p), 1);
	expect(import(&p, written(&p, &next)), 201, NULL);
	assert_int_equal(open_tasks(&p), 0);

	p.world.fixture->clock.now_us = FIXTURE_NOW_US + 366 * DAY_US;
	expect(call(&p.world, "GET", LA "/cpa-1", NULL, NULL), 200, "\"state\":\"ended\"");
	expect(call(&p.world, "GET", LA "/cpa-1", NULL, NULL), 200, "CPA-023");
	assert_int_equal(open_tasks(&p), 0);
	expect(call(&p.world, "POST", LA "/cpa-next/withdraw", NULL, NULL), 200, NULL);
	assert_int_equal(open_tasks(&p), 1);
	parties_end(&p);
}

/* --- What we propose --- */

static struct agreement_offer_view proposal(void)
{
	return (struct agreement_offer_view){ .endpoint = "https://192.0.2.1/as4",
					      .partner_endpoint = "https://192.0.2.7/msh",
					      .start_us = TIME_NONE,
					      .end_us = TIME_NONE,
					      .retries = INTEGER_NONE,
					      .retry_interval_s = INTEGER_NONE,
					      .persist_s = INTEGER_NONE };
}

static struct answer propose(struct parties *p, const struct agreement_offer_view *view)
{
	return call(&p->world, "POST", "/api/v1/partners/LA/agreement-proposal", &agreement_offer_schema, view);
}

static void add_la(struct parties *p)
{
	struct certificate_view certificates[] = {
		{ .use = "sign",
		  .pem = pem_of(&p->world, p->theirs),
		  .not_before_us = TIME_NONE,
		  .not_after_us = TIME_NONE,
		  .withdrawn_us = TIME_NONE },
		{ .use = "tls",
		  .pem = pem_of(&p->world, p->tls),
		  .not_before_us = TIME_NONE,
		  .not_after_us = TIME_NONE,
		  .withdrawn_us = TIME_NONE },
	};
	struct partner_view view = { .code = "LA",
				     .name = "Lao Customs",
				     .party_id = "urn:la",
				     .profile = "ebms2-rsa-sha256",
				     .certificates = certificates,
				     .certificates_count = 2 };

	expect(call(&p->world, "POST", "/api/v1/partners", &partner_schema, &view), 201, NULL);
}

/* How many of the actions are DOCTYPE's, from its sender's seat to its receiver's, in DIRECTION. */
static int ways(const struct agreement_view *view, const struct doctype *doctype, const char *direction)
{
	int count = 0;
	for (size_t i = 0; i < view->agreed.actions_count; i++) {
		const struct agreed_action *a = &view->agreed.actions[i];
		bool out = same(a->direction, "out");
		count += same(a->direction, direction) && same(a->document, doctype->code) &&
			 same(a->service, SERVICE_DOCUMENTS) &&
			 same(out ? a->seat : a->other_seat, doctype->from_seat) &&
			 same(out ? a->other_seat : a->seat, doctype->to_seat);
	}
	return count;
}

static void what_we_propose_carries_all_documents_both_ways_and_is_taken_once_agreed(void **state)
{
	struct parties p = parties_begin(state, false);
	struct kernel_fixture *fixture = p.world.fixture;
	struct agreement_offer_view offer = proposal();
	struct key_info sign, tls;

	add_la(&p);
	expect(propose(&p, &offer), 422, "AGR-014");
	pki_key_install(p.world.directory, KEY_USE_SIGN, KEY_RSA_2048, p.world.root, &sign);
	pki_key_install(p.world.directory, KEY_USE_TLS, KEY_P256, p.world.root, &tls);
	must(messaging_refresh(p.world.messaging, true, &fixture->err));
	struct answer answer = propose(&p, &offer);
	expect(answer, 200, "\"proposed\"");
	assert_string_equal(answer.content_type, "application/xml");
	expect(import(&p, answer.text), 422, "CPA-022");

	offer.agreed = true;
	answer = import(&p, propose(&p, &offer).text);
	expect(answer, 201, "TH-LA-2026-11-02");
	struct agreement_view view = read_view(&p, answer);
	assert_int_equal(view.findings_count, 0); /* our keys are in it, and all else is as it should be */
	for (size_t c = 0; customs_capabilities[c]; c++)
		for (const struct doctype *const *d = customs_capabilities[c]->doctypes; d && *d; d++) {
			assert_int_equal(ways(&view, *d, "out"), 1);
			assert_int_equal(ways(&view, *d, "in"), 1);
		}
	parties_end(&p);
}

static void what_cannot_be_proposed_is_said_at_once(void **state)
{
	struct parties p = parties_begin(state, false);
	struct agreement_offer_view offer = proposal();

	expect(propose(&p, &offer), 404, "no partner LA");
	add_la(&p);
	offer.endpoint = "http://192.0.2.1/as4";
	offer.partner_endpoint = NULL;
	offer.documents = "FORM-D FORM-X";
	struct answer answer = propose(&p, &offer);
	expect(answer, 422, "AGR-001");
	expect(answer, 422, "AGR-012");
	expect(answer, 422, "AGR-013");
	expect(answer, 422, "AGR-014");
	parties_end(&p);
}

/* --- Others' agreements --- */

/* The public sample NAME with our PartyId in the second party; NULL if it is not there. */
static const char *sample(struct parties *p, const char *name)
{
	struct arena *arena = p->world.fixture->arena;
	const char *data = getenv("LINTAS_DATA"), *source = getenv("LINTAS_SOURCE");
	const char *path = data ? arena_printf(arena, "%s/asw/ebms2/%s", data, name)
				: arena_printf(arena, "%s/../shared/data/asw/ebms2/%s", source ? source : ".", name);
	static char text[1 << 18];
	FILE *file = fopen(path, "rb");
	if (!file) {
		print_message("SKIPPED: no collected sample %s; set LINTAS_DATA\n", path);
		return NULL;
	}
	size_t size = fread(text, 1, sizeof(text) - 1, file);
	fclose(file);
	text[size] = '\0';
	return with(p, text, "<tns:PartyId tns:type=\"urn:osb:oin\">00000000000000000001<",
		    "<tns:PartyId tns:type=\"" WORLD_PARTY_TYPE "\">" WORLD_PARTY "<");
}

/* Clockwork's stub agreements: 2011 to 2031, four actions, retries 5 x PT5M, one certificate for all. */
static void the_public_samples_are_taken_and_sha1_only_by_exception(void **state)
{
	struct parties p = parties_begin(state, false);
	const char *sha256 = sample(&p, "cpa.https.signed-sha256.sample.xml");
	const char *sha1 = sample(&p, "cpa.https.signed.ackSigned.sample.xml");
	struct terms terms = { .sha1 = true };
	struct agreement_import_view view = { .cpa = sha1 };
	if (!sha256 || !sha1) {
		parties_end(&p);
		skip();
	}
	struct answer answer = import(&p, sha256);
	expect(answer, 201, "cpaStubEBF.rm.https.signed-sha256");
	struct agreement_view read = read_view(&p, answer);
	assert_int_equal(read.agreed.actions_count, 4);
	assert_string_equal(read.agreed.them->id, "00000000000000000000");
	assert_string_equal(read.agreed.actions[0].acknowledgment, "unsigned");
	assert_int_equal(read.agreed.actions[0].retries, 5);
	assert_int_equal(read.agreed.actions[0].retry_interval_s, 300);
	assert_non_null(finding_of(&read, "CPA-018")); /* one certificate for both parties */
	assert_non_null(finding_of(&read, "AGR-005"));
	expect(call(&p.world, "POST", LA "/cpaStubEBF.rm.https.signed-sha256/withdraw", NULL, NULL), 200, NULL);

	expect(import_as(&p, "LA", &view), 422, "CPA-030");
	view.terms = &terms;
	answer = import_as(&p, "LA", &view);
	expect(answer, 201, "ebms2-rsa-sha1");
	assert_string_equal(read_view(&p, answer).agreed.actions[0].acknowledgment, "signed");
	parties_end(&p);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_cpa_makes_its_partner_with_binding_certificates_and_agreement),
		cmocka_unit_test(each_byte_of_a_cpa_is_kept),
		cmocka_unit_test(a_trial_tells_the_same_and_changes_nothing),
		cmocka_unit_test(a_bad_cpa_is_refused_and_nothing_is_written),
		cmocka_unit_test(all_findings_come_at_once),
		cmocka_unit_test(terms_say_which_document_an_action_carries_and_which_seat_a_role_is),
		cmocka_unit_test(sha1_is_taken_of_an_excepted_partner_with_a_warning_that_stays),
		cmocka_unit_test(no_operator_sets_sha1_for_a_partner_that_is_not_excepted),
		cmocka_unit_test(an_exception_that_is_not_needed_is_not_kept),
		cmocka_unit_test(an_agreement_in_force_is_not_broken_by_another_that_needs_another_profile),
		cmocka_unit_test(two_partners_with_one_certificate_are_refused),
		cmocka_unit_test(an_agreement_is_one_with_the_partner_that_it_names),
		cmocka_unit_test(a_partner_that_was_on_as4_is_told_to_be_on_ebms2_from_now_on),
		cmocka_unit_test(a_partner_is_added_for_ebms2_without_endpoint_and_encryption),
		cmocka_unit_test(a_cpa_that_carries_what_is_opted_out_says_so),
		cmocka_unit_test(a_withdrawn_agreement_is_shown_and_cannot_be_withdrawn_again),
		cmocka_unit_test(an_agreement_that_ends_is_an_alarm_until_another_covers_it),
		cmocka_unit_test(what_we_propose_carries_all_documents_both_ways_and_is_taken_once_agreed),
		cmocka_unit_test(what_cannot_be_proposed_is_said_at_once),
		cmocka_unit_test(the_public_samples_are_taken_and_sha1_only_by_exception),
	};
	return kernel_run("agreements", tests, COUNT(tests), customs_capabilities);
}
