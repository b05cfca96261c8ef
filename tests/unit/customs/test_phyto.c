/* Phytosanitary certificates: XML of others, which is read for its summary and kept as it came. The node is TH, the
 * partner VN. */
#include "node.h"

#include "customs/phyto/phyto.h"

static enum err_code add_plant_health(struct tx *tx, void *arg, struct err *err)
{
	const struct organisation agriculture = { .code = "doa",
						  .seat = "plant-health",
						  .name = "Department of Agriculture" };

	(void)arg;
	return organisation_add(tx, &agriculture, &fixture_actor, FIXTURE_NOW_US, err);
}

static struct kernel_fixture *with_plant_health(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);

	must(db_write(fixture->kernel.db, add_plant_health, NULL, &fixture->err));
	return fixture;
}

/* The sample as VN would issue it. */
static const char *from_vn(struct kernel_fixture *fixture, const char *name)
{
	const char *text = sample(fixture->arena, name);

	text = with(fixture->arena, text, "<ram:ID>VN</ram:ID>", "<ram:ID>@</ram:ID>");
	text = with(fixture->arena, text, "<ram:ID>TH</ram:ID>", "<ram:ID>VN</ram:ID>");
	return with(fixture->arena, text, "<ram:ID>@</ram:ID>", "<ram:ID>TH</ram:ID>");
}

struct original {
	struct arena *arena;
	struct document document;
	struct bytes octets;
};

static enum err_code original_run(struct tx *tx, void *arg, struct err *err)
{
	struct original *original = arg;

	return document_original(tx, original->arena, &original->document, &original->octets, err);
}

static void must_be_kept_as(struct kernel_fixture *fixture, struct document document, const char *text)
{
	struct original original = { .arena = fixture->arena, .document = document };

	must(db_read(fixture->kernel.db, original_run, &original, &fixture->err));
	assert_true(bytes_same(original.octets, bytes_of(text)));
}

static const struct phyto *summary_of(struct kernel_fixture *fixture, struct bytes text)
{
	struct findings *findings = findings_new(fixture->arena);
	const struct doctype *doctype;
	const void *record;

	must(document_check(&fixture->kernel, fixture->arena, NULL, text, date_of(2026, 11, 2), &doctype, &record,
			    findings, &fixture->err));
	assert_string_equal(codes_of(fixture->arena, findings), "");
	assert_string_equal(doctype->code, "E-PHYTO");
	return record;
}

/* The certificate that a production client of the IPPC hub is tested with: 221 kB, six attachments, elements out of the
 * schema's order, a byte of every oddity. Expected values are what stands in the file. */
static void a_published_certificate_is_summarised(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);
	const char *data = getenv("LINTAS_DATA");
	FILE *file =
		data ? fopen(arena_printf(fixture->arena, "%s/asw/ephyto/SPSCertificateContent.sample.xml", data), "rb")
		     : NULL;
	const size_t room = (size_t)1 << 20;
	char *text = arena_alloc(fixture->arena, room);

	if (!file)
		skip();
	size_t size = fread(text, 1, room, file);
	fclose(file);
	const struct phyto *phyto = summary_of(fixture, bytes(text, size));
	assert_string_equal(phyto->number, "123ABC");
	assert_string_equal(phyto->issued_at, "2016-04-22T13:53:08-03:00");
	assert_string_equal(phyto->signatory, "Miguel Perrerra");
	assert_null(phyto->signed_at); /* its element is empty */
	assert_int_equal(phyto->notes_count, 12);
	assert_int_equal(phyto->references_count, 6);
	assert_string_equal(phyto->references[1].relationship, "AWR");
	assert_string_equal(phyto->references[5].file, "UkjentFiltype");
	assert_string_equal(phyto->exporter->line2, "Brandsen, Buenos Aires, Argentina");
	assert_string_equal(phyto->exporting_country, "AR");
	assert_string_equal(phyto->importing_country, "EC");
	assert_string_equal(phyto->transit[0].code, "US");
	assert_string_equal(phyto->containers[0].seals[0].text, "G2382564");
	assert_int_equal(phyto->transports_count, 2);
	assert_string_equal(phyto->transports[1].voyage, "Voyage N° 18");
	assert_string_equal(phyto->transports[1].means[0].text, "Ocean Vessel: Black Pearl");
	assert_int_equal(phyto->items_count, 2);
	assert_int_equal(phyto->items[0].descriptions_count, 2);
	assert_string_equal(phyto->items[0].descriptions[1].language, "nn");
	assert_string_equal(phyto->items[0].species[0].text, "Ribes");
	assert_string_equal(phyto->items[0].gross_volume->unit, "MTQ");
	assert_int_equal(decimal_compare(phyto->items[0].gross_volume->value, decimal_of(50)), 0);
	assert_string_equal(phyto->items[0].classes[0].code, "06029048");
	assert_int_equal(phyto->items[0].classes[0].names_count, 0); /* its element is empty */
	assert_int_equal(phyto->items[1].origins_count, 2);
	assert_int_equal(phyto->signatures_count, 0);
}

static void a_certificate_is_kept_byte_for_byte_on_both_sides(void **state)
{
	struct kernel_fixture *fixture = with_plant_health(state);
	const char *ours = sample(fixture->arena, "e-phyto/good-replacement.xml");
	const char *theirs = from_vn(fixture, "e-phyto/good-seeds.xml");

	assert_string_equal(submit(fixture, "doa", ours).codes, "");
	must_be_kept_as(fixture, document_called(fixture, "TH-PC-2026-004218"), ours);
	struct document received = arrive(fixture, "m-1@vn", "E-PHYTO", "TH:doa", theirs);
	assert_string_equal(received.state, "received");
	assert_string_equal(received.organisation, "doa");
	assert_string_equal(received.partner, "VN");
	must_be_kept_as(fixture, received, theirs);
}

static void json_of_a_certificate_of_others_is_not_taken(void **state)
{
	struct kernel_fixture *fixture = with_plant_health(state);

	assert_string_equal(submit_as(fixture, "doa", "E-PHYTO", NULL, "{\"number\": \"1\"}", false).codes, "DOC-021");
}

static struct document document_of(struct kernel_fixture *fixture, const char *doctype, const char *direction)
{
	struct document_list list =
		documents(fixture, (struct document_filter){ .doctype = doctype, .direction = direction });

	assert_int_equal(list.count, 1);
	return list.items[0];
}

/* Status 40 makes it the withdrawal of the certificate of its number, at the side that says so and where it arrives. */
static void a_withdrawal_withdraws_on_both_sides(void **state)
{
	struct kernel_fixture *fixture = with_plant_health(state);

	assert_string_equal(submit(fixture, "doa", sample(fixture->arena, "e-phyto/good-seeds.xml")).codes, "");
	assert_string_equal(
		submit(fixture, "doa", sample(fixture->arena, "e-phyto-withdrawal/good-withdrawal.xml")).codes, "");
	assert_string_equal(document_of(fixture, "E-PHYTO", "out").state, "withdrawn");
	assert_string_equal(document_of(fixture, "E-PHYTO-WITHDRAWAL", "out").about,
			    document_of(fixture, "E-PHYTO", "out").id);

	arrive(fixture, "m-1@vn", "E-PHYTO", "TH:doa", from_vn(fixture, "e-phyto/good-seeds.xml"));
	arrive(fixture, "m-2@vn", "E-PHYTO-WITHDRAWAL", "TH:doa",
	       from_vn(fixture, "e-phyto-withdrawal/good-withdrawal.xml"));
	assert_string_equal(document_of(fixture, "E-PHYTO", "in").state, "withdrawn");
	assert_string_equal(document_of(fixture, "E-PHYTO-WITHDRAWAL", "in").state, "received");
}

struct naming {
	struct arena *arena;
	const char *name;
	struct document document;
};

static enum err_code named_run(struct tx *tx, void *arg, struct err *err)
{
	struct naming *naming = arg;

	return document_named(tx, naming->arena, NULL, naming->name, &naming->document, err);
}

/* Both have the number of the certificate. */
static void a_reference_names_the_certificate_before_its_withdrawal(void **state)
{
	struct kernel_fixture *fixture = with_plant_health(state);
	struct naming naming = { .arena = fixture->arena, .name = "TH-PC-2026-004217" };

	assert_string_equal(submit(fixture, "doa", sample(fixture->arena, "e-phyto/good-seeds.xml")).codes, "");
	fixture->clock.now_us += 1000000;
	assert_string_equal(
		submit(fixture, "doa", sample(fixture->arena, "e-phyto-withdrawal/good-withdrawal.xml")).codes, "");
	must(db_read(fixture->kernel.db, named_run, &naming, &fixture->err));
	assert_string_equal(naming.document.doctype, "E-PHYTO");
	assert_string_equal(naming.document.state, "withdrawn");
}

static void what_is_not_here_cannot_be_withdrawn(void **state)
{
	struct kernel_fixture *fixture = with_plant_health(state);

	assert_string_equal(
		submit(fixture, "doa", sample(fixture->arena, "e-phyto-withdrawal/good-withdrawal.xml")).codes,
		"DOC-013");
	arrive(fixture, "m-1@vn", "E-PHYTO-WITHDRAWAL", "TH:doa",
	       from_vn(fixture, "e-phyto-withdrawal/good-withdrawal.xml"));
	assert_string_equal(document_of(fixture, "E-PHYTO-WITHDRAWAL", "in").state, "refused");
}

static void a_replacement_replaces_also_what_was_withdrawn(void **state)
{
	struct kernel_fixture *fixture = with_plant_health(state);
	const char *replacement = sample(fixture->arena, "e-phyto/good-replacement.xml");

	assert_string_equal(submit(fixture, "doa", sample(fixture->arena, "e-phyto/good-seeds.xml")).codes, "");
	assert_string_equal(
		submit(fixture, "doa", sample(fixture->arena, "e-phyto-withdrawal/good-withdrawal.xml")).codes, "");
	assert_string_equal(submit(fixture, "doa", replacement).codes, "");
	for (size_t i = 0; i < 3; i++) {
		struct document document = documents(fixture, (struct document_filter){ .direction = "out" }).items[i];
		if (same(document.doctype, "E-PHYTO") && same(document.reference, "TH-PC-2026-004217"))
			assert_string_equal(document.state, "replaced");
	}
}

/* Its predecessor may have gone on paper. */
static void a_replacement_needs_nothing_to_replace(void **state)
{
	struct kernel_fixture *fixture = with_plant_health(state);

	arrive(fixture, "m-1@vn", "E-PHYTO", "TH:doa", from_vn(fixture, "e-phyto/good-replacement.xml"));
	assert_string_equal(document_of(fixture, "E-PHYTO", "in").state, "received");
}

/* An empty status before the one that stands there is passed over by both: what it is taken for, and what it says. */
static void a_withdrawal_is_none_the_less_one_behind_an_empty_status(void **state)
{
	struct kernel_fixture *fixture = with_plant_health(state);
	const char *withdrawal = from_vn(fixture, "e-phyto-withdrawal/good-withdrawal.xml");
	const char *disguised =
		with(fixture->arena, withdrawal, "<ram:StatusCode>40</ram:StatusCode>",
		     "<ram:StatusCode/><ram:StatusCode> </ram:StatusCode><ram:StatusCode>40</ram:StatusCode>");

	arrive(fixture, "m-1@vn", "E-PHYTO", "TH:doa", disguised);
	assert_string_equal(document_of(fixture, "E-PHYTO", "in").state, "refused");
	arrive(fixture, "m-2@vn", "E-PHYTO", "TH:doa", from_vn(fixture, "e-phyto/good-seeds.xml"));
	arrive(fixture, "m-3@vn", "E-PHYTO-WITHDRAWAL", "TH:doa", disguised);
	assert_string_equal(document_of(fixture, "E-PHYTO-WITHDRAWAL", "in").state, "received");
}

static void a_certificate_does_not_replace_itself(void **state)
{
	struct kernel_fixture *fixture = with_plant_health(state);
	const char *text = sample(fixture->arena, "e-phyto/good-replacement.xml");

	text = with(fixture->arena, text, "TH-PC-2026-004217", "TH-PC-2026-004218");
	text = with(fixture->arena, text, "2026-11-01T09:30:00+07:00", "2026-11-02");
	assert_string_equal(submit(fixture, "doa", text).codes, "");
	assert_string_equal(document_of(fixture, "E-PHYTO", "out").state, "submitted");
	assert_null(document_of(fixture, "E-PHYTO", "out").about);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_published_certificate_is_summarised),
		cmocka_unit_test(a_certificate_is_kept_byte_for_byte_on_both_sides),
		cmocka_unit_test(json_of_a_certificate_of_others_is_not_taken),
		cmocka_unit_test(a_withdrawal_withdraws_on_both_sides),
		cmocka_unit_test(a_reference_names_the_certificate_before_its_withdrawal),
		cmocka_unit_test(what_is_not_here_cannot_be_withdrawn),
		cmocka_unit_test(a_replacement_replaces_also_what_was_withdrawn),
		cmocka_unit_test(a_replacement_needs_nothing_to_replace),
		cmocka_unit_test(a_withdrawal_is_none_the_less_one_behind_an_empty_status),
		cmocka_unit_test(a_certificate_does_not_replace_itself),
	};

	return kernel_run("customs/phyto", tests, COUNT(tests), customs_capabilities);
}
