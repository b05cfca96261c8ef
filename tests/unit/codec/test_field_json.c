#include "field_sample.h"

#include <jansson.h>

#include "codec/json.h"

static enum err_code read_json(struct arena *arena, const char *text, struct form *form, const char **findings_text,
			       struct err *err)
{
	struct findings *findings = findings_new(arena);

	assert_non_null(findings);
	enum err_code code = field_read_json(arena, &form_schema, bytes_of(text), &codes, form, findings, err);
	*findings_text = found(arena, findings);
	return code;
}

static void xml_and_json_carry_the_same(void **state)
{
	(void)state;
	arena_auto arena = arena_new(1 << 20);
	struct form form;
	struct err err = { 0 };
	const char *wrong;
	buf_auto out;

	buf_init(&out, 1 << 20);
	assert_int_equal(read_json(arena, sample_json, &form, &wrong, &err), OK);
	assert_string_equal(wrong, "");
	field_put_xml(&out, &form_schema, &form);
	assert_string_equal(buf_text(&out), sample_xml);

	xml_doc_auto doc = NULL;
	struct findings *findings = findings_new(arena);
	assert_int_equal(xml_parse(arena, bytes_of(sample_xml), &xml_limits_default, &doc, &err), OK);
	assert_true(field_read_xml(arena, &form_schema, xml_root(doc), &codes, &form, findings));
	buf_clear(&out);
	field_put_json(&out, &form_schema, &form);
	assert_int_equal(buf_check(&out, "form", &err), OK);
	assert_string_equal(buf_text(&out), sample_json);
}

/* jansson is the oracle. */
static void every_text_is_escaped_as_json_asks(void **state)
{
	(void)state;
	static const char *const texts[] = { "\"",     "\\",        "\\u0041", "/",
					     "\t\r\n", "</script>", "กรม",     "\xF0\x9F\x9A\xA2" };

	for (size_t i = 0; i < COUNT(texts); i++) {
		struct form form = { .remarks = texts[i] };
		buf_auto out;
		buf_init(&out, 1 << 16);
		field_put_json(&out, &form_schema, &form);
		json_error_t error;
		json_t *json = json_loads(buf_text(&out), 0, &error);
		assert_non_null(json);
		assert_string_equal(json_string_value(json_object_get(json, "remarks")), texts[i]);
		json_decref(json);
	}
}

static void text_that_is_not_utf8_fails_the_writing(void **state)
{
	(void)state;
	struct form form = { .remarks = "a\xFF" };
	struct err err;
	buf_auto out;

	buf_init(&out, 1 << 16);
	field_put_json(&out, &form_schema, &form);
	assert_int_equal(buf_check(&out, "form", &err), ERR_SYNTAX);
}

static const struct breakage json_breakages[] = {
	{ "\"number\":\"D2026-0045678\",", "", "FLD-001 /number", false },
	{ "\"D2026-0045678\"", "\"  \"", "FLD-001 /number", false },
	{ ",\"exhibition\":false", "", "FLD-001 /exhibition", false },
	{ "\"items\":[", "\"items\":[],\"item\":[", "FLD-003 /item; FLD-001 /items", false },
	{ "\"notes\":[", "\"notes\":[{},", "FLD-002 /notes", false },
	{ "\"sequence\":1", "\"sequence\":1,\"colour\":\"red\"", "FLD-003 /items/0/colour", false },
	{ "\"issued\"", "\"a/b\":1,\"issued\"", "FLD-003 /a~1b", false },
	{ "\"2026-11-02\"", "\"2026-02-29\"", "FLD-005 /issued", true },
	{ "\"2026-11-02\"", "\" 2026-11-02\"", "FLD-005 /issued", false },
	{ "04.123Z", "04.123", "FLD-005 /signedAt", false },
	{ "\"12.50\"", "\"1.25E1\"", "FLD-005 /items/0/grossMass/value", false },
	{ "2nd", "01234567890123456789", "FLD-006 /remarks", false },
	{ "D2026-", "D26-", "FLD-007 /number", false },
	{ "\"TH\"", "\"DE\"", "FLD-008 /items/0/origin", true },
	{ "2nd", "\\u0001", "FLD-010 /remarks", true },
	{ "2nd", "\\u009f", "FLD-010 /remarks", true },
	{ "2nd", "\\uffff", "FLD-010 /remarks", true },
	{ "\"12.50\"", "12.50", "FLD-012 /items/0/grossMass/value", false },
	{ "\"12.50\"", "12", "FLD-012 /items/0/grossMass/value", false },
	{ "\"sequence\":1", "\"sequence\":\"1\"", "FLD-012 /items/0/sequence", false },
	{ "\"sequence\":1", "\"sequence\":1.5", "FLD-012 /items/0/sequence", false },
	{ "\"retrospective\":true", "\"retrospective\":\"true\"", "FLD-012 /retrospective", false },
	{ "\"retrospective\":true", "\"retrospective\":1", "FLD-012 /retrospective", false },
	{ "\"retrospective\":true", "\"retrospective\":null", "FLD-012 /retrospective", false },
	{ "\"notes\":[{\"language\":\"en\",\"text\":\"fragile\"},{}]", "\"notes\":{}", "FLD-012 /notes", false },
	{ "{}]", "[]]", "FLD-012 /notes/1", false },
	{ "{\"value\":\"12.50\",\"unit\":\"KGM\"}", "[]", "FLD-012 /items/0/grossMass", false },
};

static void every_breakage_is_found_in_its_place(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(json_breakages); i++) {
		arena_auto arena = arena_new(1 << 20);
		struct form form;
		struct err err = { 0 };
		const char *wrong;
		char *text = with(arena, sample_json, json_breakages[i].old, json_breakages[i].new);
		if (read_json(arena, text, &form, &wrong, &err) != OK)
			fail_msg("%s: %s", text, err.text);
		assert_string_equal(wrong, json_breakages[i].found);
	}
}

static void a_name_that_cannot_be_shown_is_found_in_its_object(void **state)
{
	(void)state;
	static const char *const names[] = { "a\\u0007b",
					     "0123456789012345678901234567890123456789012345678901234567890123456789"
					     "0123456789012345678901234567890123456789" };

	for (size_t i = 0; i < COUNT(names); i++) {
		arena_auto arena = arena_new(1 << 20);
		struct form form;
		struct err err;
		const char *wrong, *member = arena_printf(arena, "\"sequence\":1,\"%s\":1", names[i]);
		assert_int_equal(
			read_json(arena, with(arena, sample_json, "\"sequence\":1", member), &form, &wrong, &err), OK);
		assert_string_equal(wrong, "FLD-003 /items/0");
	}
}

static void a_member_that_is_given_twice_is_a_finding(void **state)
{
	(void)state;
	arena_auto arena = arena_new(1 << 20);
	struct form form;
	struct err err;
	const char *wrong;
	char *text = with(arena, sample_json, "\"sequence\":1", "\"sequence\":1,\"sequence\":2");

	assert_int_equal(read_json(arena, text, &form, &wrong, &err), OK);
	assert_string_equal(wrong, "FLD-013 ");
	assert_null(form.items);
	assert_int_equal(form.issued, DATE_NONE);
}

/* RFC 8259 §6: it is JSON, so whoever wrote it learns which number cannot be held. */
static void a_number_that_cannot_be_held_is_a_finding(void **state)
{
	(void)state;
	static const char *const numbers[] = { "99999999999999999999", "-9223372036854775809", "1e400" };

	for (size_t i = 0; i < COUNT(numbers); i++) {
		arena_auto arena = arena_new(1 << 20);
		struct findings *findings = findings_new(arena);
		struct form form;
		struct err err;
		const char *text = arena_printf(arena, "{\n  \"items\": [{\"sequence\": %s}]}", numbers[i]);

		assert_int_equal(field_read_json(arena, &form_schema, bytes_of(text), &codes, &form, findings, &err),
				 OK);
		assert_int_equal(findings_count(findings), 1);
		assert_string_equal(findings_at(findings, 0)->rule->code, "FLD-005");
		assert_non_null(
			strstr(findings_at(findings, 0)->text, arena_printf(arena, "\"%s\" is not", numbers[i])));
		assert_non_null(strstr(findings_at(findings, 0)->text, "line 2, column "));
		assert_null(form.items);
	}
}

static void what_is_no_object_is_a_finding(void **state)
{
	(void)state;
	static const char *const texts[] = { "[]", "\"x\"", "null", "1" };

	for (size_t i = 0; i < COUNT(texts); i++) {
		arena_auto arena = arena_new(1 << 16);
		struct form form;
		struct err err;
		const char *wrong;
		assert_int_equal(read_json(arena, texts[i], &form, &wrong, &err), OK);
		assert_string_equal(wrong, "FLD-012 ");
	}
}

static void what_is_not_json_is_a_fault_and_leaves_the_record_alone(void **state)
{
	(void)state;
	static const char *const texts[] = {
		"",
		"{",
		"{}{}",
		"{} x",
		"{'a':1}",
		"{\"a\":01}",
		"{\"remarks\":\"\xFF\"}",
		"{\"remarks\":\"a\\u0000b\"}",
		"{\"remarks\":\"\\ud800\"}",
		"{\"a\":1,}",
		"<Form/>",
	};

	for (size_t i = 0; i < COUNT(texts); i++) {
		arena_auto arena = arena_new(1 << 16);
		struct form form = { .number = "untouched" };
		struct err err = { 0 };
		const char *wrong;
		assert_int_equal(read_json(arena, texts[i], &form, &wrong, &err), ERR_SYNTAX);
		assert_string_equal(wrong, "");
		assert_non_null(strstr(err.text, "line"));
		assert_string_equal(form.number, "untouched");
	}
}

/* In our words, not in those of the library that reads it. */
static void a_null_character_is_refused_by_name(void **state)
{
	(void)state;
	static const char *const texts[] = { "{\"remarks\":\"a\\u0000b\"}", "{\"a\\u0000b\":1}" };

	for (size_t i = 0; i < COUNT(texts); i++) {
		arena_auto arena = arena_new(1 << 16);
		struct form form;
		struct err err = { 0 };
		const char *wrong;
		assert_int_equal(read_json(arena, texts[i], &form, &wrong, &err), ERR_SYNTAX);
		assert_non_null(strstr(err.text, "U+0000 at line 1"));
	}
}

static void deep_nesting_ends_in_a_fault_or_a_finding(void **state)
{
	(void)state;
	enum { DEPTH = 200000 };
	arena_auto arena = arena_new(1 << 22);
	struct form form;
	struct err err;
	const char *wrong;
	char *text = arena_alloc(arena, DEPTH + 1);

	memset(text, '[', DEPTH);
	assert_int_equal(read_json(arena, text, &form, &wrong, &err), ERR_SYNTAX);
	text = arena_printf(arena, "%s", "{\"items\":[{\"grossMass\":{\"value\":{\"a\":{\"b\":[[[[1]]]]}}}}]}");
	assert_int_equal(read_json(arena, text, &form, &wrong, &err), OK);
	assert_non_null(strstr(wrong, "FLD-012 /items/0/grossMass/value;"));
}

static void out_of_memory_fails_the_reading(void **state)
{
	(void)state;
	enum err_code code = ERR_MEMORY;

	for (size_t size = 0; code != OK; size += 8) {
		arena_auto arena = arena_new(size);
		arena_auto other = arena_new(1 << 20);
		struct findings *findings = findings_new(other);
		struct form form;
		struct err err;
		code = field_read_json(arena, &form_schema, bytes_of(sample_json), &codes, &form, findings, &err);
		assert_true(code == OK || code == ERR_MEMORY);
		assert_true(size > 100 || code != OK);
		assert_int_equal(findings_count(findings), 0);
		assert_true(size < 100000);
	}
}

static json_t *schema_json(void)
{
	buf_auto out;
	json_error_t error;

	buf_init(&out, 1 << 20);
	field_put_json_schema(&(struct json_writer){ .out = &out }, NULL, &form_schema,
			      &(struct schema_options){ .closed = true });
	assert_int_equal(buf_check(&out, "schema", NULL), OK);
	json_t *schema = json_loads(buf_text(&out), JSON_REJECT_DUPLICATES, &error);
	if (!schema)
		fail_msg("%s: %s", error.text, buf_text(&out));
	return schema;
}

static void the_schema_names_laws_lists_and_limits(void **state)
{
	(void)state;
	json_t *schema = schema_json();
	json_t *properties = json_object_get(schema, "properties");
	json_t *number = json_object_get(properties, "number");
	json_t *items = json_object_get(properties, "items");
	json_t *item_properties = json_object_get(json_object_get(items, "items"), "properties");
	json_t *origin = json_object_get(item_properties, "origin");

	assert_string_equal(json_string_value(json_object_get(schema, "title")), "FORM");
	assert_true(json_is_false(json_object_get(schema, "additionalProperties")));
	assert_int_equal(json_array_size(json_object_get(schema, "required")), 5);
	assert_int_equal(json_object_size(properties), 10);
	assert_string_equal(json_string_value(json_object_get(number, "title")), "reference number");
	assert_string_equal(json_string_value(json_object_get(number, "x-law")), "OCP rule 10");
	assert_string_equal(json_string_value(json_object_get(number, "pattern")), "^(D[0-9]{4}-[0-9]{7})$");
	json_t *of_kind = json_array_get(json_object_get(number, "allOf"), 0);
	assert_string_equal(json_string_value(json_object_get(of_kind, "pattern")), "[^ \\t\\r\\n]");
	assert_int_equal(json_integer_value(json_object_get(items, "minItems")), 1);
	assert_int_equal(json_integer_value(json_object_get(items, "maxItems")), 3);
	assert_string_equal(json_string_value(json_object_get(origin, "x-code-list")), "ISO3166");
	assert_int_equal(json_integer_value(json_object_get(origin, "maxLength")), 2);
	json_decref(schema);
}

static const char *few_codes(const struct code_lists *lists, const char *list, size_t index)
{
	static const char *const states[] = { "TH", "VN" };

	(void)lists;
	return same(list, "ISO3166") && index < COUNT(states) ? states[index] : NULL;
}

static const char *many_codes(const struct code_lists *lists, const char *list, size_t index)
{
	(void)lists;
	(void)list;
	return index < 249 ? "XX" : NULL;
}

static const char *code_name(const struct code_lists *lists, const char *list, const char *code)
{
	(void)lists, (void)list;
	return same(code, "TH") ? "Thailand" : NULL;
}

static json_t *schema_with(const struct schema_options *options)
{
	buf_auto out;

	buf_init(&out, 1 << 20);
	field_put_json_schema(&(struct json_writer){ .out = &out }, NULL, &form_schema, options);
	assert_int_equal(buf_check(&out, "schema", NULL), OK);
	return json_loads(buf_text(&out), JSON_REJECT_DUPLICATES, NULL);
}

/* Where the item of the form's list is described. */
static const json_t *item_of(const json_t *schema)
{
	return json_object_get(json_object_get(json_object_get(schema, "properties"), "items"), "items");
}

static const json_t *origin_of(const json_t *schema)
{
	return json_object_get(json_object_get(item_of(schema), "properties"), "origin");
}

static void an_open_schema_lets_later_versions_add_members(void **state)
{
	(void)state;
	json_t *schema = schema_with(&(struct schema_options){ 0 });

	assert_null(json_object_get(schema, "additionalProperties"));
	assert_null(json_object_get(item_of(schema), "additionalProperties"));
	json_decref(schema);
}

static void short_code_lists_are_enumerated_and_long_ones_named(void **state)
{
	(void)state;
	const struct code_lists few = { .at = few_codes, .name = code_name }, many = { .at = many_codes };
	json_t *schema = schema_with(&(struct schema_options){ .lists = &few });
	const json_t *listed = json_object_get(origin_of(schema), "enum");

	assert_int_equal(json_array_size(listed), 2);
	assert_string_equal(json_string_value(json_array_get(listed, 1)), "VN");
	assert_string_equal(json_string_value(json_object_get(origin_of(schema), "description")), "TH: Thailand; VN");
	assert_null(json_object_get(origin_of(schema), "pattern"));
	json_decref(schema);
	schema = schema_with(&(struct schema_options){ .lists = &many });
	assert_null(json_object_get(origin_of(schema), "enum"));
	assert_string_equal(json_string_value(json_object_get(origin_of(schema), "x-code-list")), "ISO3166");
	json_decref(schema);
}

static void a_table_that_has_a_name_is_referred_to(void **state)
{
	(void)state;
	static const struct schema item_schema = { .name = "item", .fields = &item_table };
	const struct schema *const named[] = { &form_schema, &item_schema };
	json_t *schema = schema_with(
		&(struct schema_options){ .named = named, .named_count = COUNT(named), .reference = "#/schemas/" });

	assert_string_equal(json_string_value(json_object_get(schema, "type")), "object"); /* not itself */
	assert_string_equal(json_string_value(json_object_get(item_of(schema), "$ref")), "#/schemas/item");
	assert_int_equal(json_object_size(item_of(schema)), 1);
	json_decref(schema);
}

/* RFC 8259 §7: what must be escaped. The reader is jansson. */
static void what_the_writer_writes_is_json(void **state)
{
	(void)state;
	static const char text[] = "\"\\\b\x1f/\n Hà Nội";
	buf_auto out;
	json_error_t error;

	buf_init(&out, 4096);
	struct json_writer json = { .out = &out };
	json_open(&json, NULL, '{');
	json_put_text(&json, text, text);
	json_put_text(&json, "absent", NULL);
	json_put_number(&json, "least", INT64_MIN);
	json_open(&json, "list", '[');
	json_put_flag(&json, NULL, true);
	json_open(&json, NULL, '{');
	json_close(&json, '}');
	json_put_text(&json, NULL, "");
	json_close(&json, ']');
	json_close(&json, '}');
	json_t *read = json_loads(buf_text(&out), JSON_REJECT_DUPLICATES, &error);
	if (!read)
		fail_msg("%s: %s", error.text, buf_text(&out));
	assert_int_equal(json_object_size(read), 3);
	assert_string_equal(json_string_value(json_object_get(read, text)), text);
	assert_true(json_integer_value(json_object_get(read, "least")) == INT64_MIN);
	const json_t *list = json_object_get(read, "list");
	assert_int_equal(json_array_size(list), 3);
	assert_true(json_is_true(json_array_get(list, 0)));
	assert_int_equal(json_object_size(json_array_get(list, 1)), 0);
	assert_string_equal(json_string_value(json_array_get(list, 2)), "");
	json_decref(read);
	json_put_text(&json, "bad", "\xff");
	assert_int_equal(out.failed, ERR_SYNTAX);
}

/* The oracle is Python's jsonschema, where it is installed. */
#define ORACLE                                                                                                         \
	"python3 -c 'import json,sys,jsonschema as j\n"                                                                \
	"s,d=map(json.load,map(open,sys.argv[1:]))\n"                                                                  \
	"V=j.Draft202012Validator\nV.check_schema(s)\n"                                                                \
	"print(\"\".join(\"v\" if V(s).is_valid(i) else \"x\" for i in d))' %s %s"

static void write_json(const char *path, json_t *json)
{
	assert_int_equal(json_dump_file(json, path, 0), 0);
	json_decref(json);
}

static void the_schema_accepts_and_refuses_what_the_reader_does(void **state)
{
	(void)state;
	char folder[] = "/tmp/lintas-json-XXXXXX";
	char schema_path[64], documents_path[64], command[1024], verdicts[256] = "", expected[256] = "v";
	json_t *documents = json_array();
	json_error_t error;
	arena_auto arena = arena_new(1 << 20);

	if (system("python3 -c 'import jsonschema' 2>/dev/null") != 0) {
		json_decref(documents);
		skip();
	}
	assert_non_null(mkdtemp(folder));
	snprintf(schema_path, sizeof(schema_path), "%s/schema.json", folder);
	snprintf(documents_path, sizeof(documents_path), "%s/documents.json", folder);
	json_array_append_new(documents, json_loads(sample_json, 0, &error));
	for (size_t i = 0; i < COUNT(json_breakages); i++) {
		const struct breakage *breakage = &json_breakages[i];
		char *text = with(arena, sample_json, breakage->old, breakage->new);
		assert_int_equal(json_array_append_new(documents, json_loads(text, 0, &error)), 0);
		strcat(expected, breakage->beyond_xsd ? "v" : "x");
	}
	write_json(schema_path, schema_json());
	write_json(documents_path, documents);

	snprintf(command, sizeof(command), ORACLE, schema_path, documents_path);
	FILE *oracle = popen(command, "r");
	assert_non_null(oracle);
	assert_non_null(fgets(verdicts, sizeof(verdicts), oracle));
	assert_int_equal(pclose(oracle), 0);
	verdicts[strcspn(verdicts, "\n")] = '\0';
	assert_string_equal(verdicts, expected);
	unlink(schema_path);
	unlink(documents_path);
	rmdir(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(xml_and_json_carry_the_same),
		cmocka_unit_test(every_text_is_escaped_as_json_asks),
		cmocka_unit_test(text_that_is_not_utf8_fails_the_writing),
		cmocka_unit_test(every_breakage_is_found_in_its_place),
		cmocka_unit_test(a_name_that_cannot_be_shown_is_found_in_its_object),
		cmocka_unit_test(a_member_that_is_given_twice_is_a_finding),
		cmocka_unit_test(a_number_that_cannot_be_held_is_a_finding),
		cmocka_unit_test(what_is_no_object_is_a_finding),
		cmocka_unit_test(what_is_not_json_is_a_fault_and_leaves_the_record_alone),
		cmocka_unit_test(a_null_character_is_refused_by_name),
		cmocka_unit_test(deep_nesting_ends_in_a_fault_or_a_finding),
		cmocka_unit_test(out_of_memory_fails_the_reading),
		cmocka_unit_test(the_schema_names_laws_lists_and_limits),
		cmocka_unit_test(an_open_schema_lets_later_versions_add_members),
		cmocka_unit_test(short_code_lists_are_enumerated_and_long_ones_named),
		cmocka_unit_test(a_table_that_has_a_name_is_referred_to),
		cmocka_unit_test(what_the_writer_writes_is_json),
		cmocka_unit_test(the_schema_accepts_and_refuses_what_the_reader_does),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
