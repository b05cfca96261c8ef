#include "files.h"

#include "codec/mime.h"

#define RELATED "multipart/related; boundary=b; type=\"application/soap+xml\""

struct fixture {
	struct arena *arena;
	struct mime_message message;
	struct err err;
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	f->arena = arena_new(64 << 20);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;
	arena_free(f->arena);
	free(f);
	return 0;
}

static enum err_code parse(struct fixture *f, const char *content_type, struct bytes body, bool lenient)
{
	struct mime_limits limits = mime_limits_default;
	limits.lenient = lenient;
	f->message = (struct mime_message){ 0 };
	memset(&f->err, 0, sizeof(f->err));
	return mime_parse(f->arena, content_type, body, &limits, &f->message, &f->err);
}

static void assert_parsed(struct fixture *f, const char *content_type, const char *body, size_t parts)
{
	if (parse(f, content_type, bytes_of(body), false) != OK)
		fail_msg("%s", f->err.text);
	assert_int_equal(f->message.count, parts);
}

static void assert_refused(struct fixture *f, const char *content_type, const char *body, enum err_code code,
			   const char *reason)
{
	assert_int_equal(parse(f, content_type, bytes_of(body), false), code);
	assert_int_equal(f->message.count, 0);
	if (!strstr(f->err.text, reason))
		fail_msg("\"%s\" does not say \"%s\"", f->err.text, reason);
}

/* RFC 2387 §5.1, the example, with its content shortened. */
static void the_example_of_the_standard_is_read(void **state)
{
	struct fixture *f = *state;
	assert_parsed(f,
		      "Multipart/Related; boundary=example-1; start=\"<950120.aaCC@XIson.com>\"; "
		      "type=\"Application/X-FixedRecord\"; start-info=\"-o ps\"",
		      "--example-1\r\n"
		      "Content-Type: Application/X-FixedRecord\r\n"
		      "Content-ID: <950120.aaCC@XIson.com>\r\n"
		      "\r\n"
		      "25\r\n10\r\n"
		      "\r\n--example-1\r\n"
		      "Content-Type: Application/octet-stream\r\n"
		      "Content-Description: The fixed length records\r\n"
		      "Content-Transfer-Encoding: base64\r\n"
		      "Content-ID: <950120.aaCB@XIson.com>\r\n"
		      "\r\n"
		      "T2xkIE1hY0RvbmFsZCBoYWQgYSBmYXJtCkUgSS\r\nBFIEkgTwo=\r\n"
		      "--example-1--\r\n",
		      2);
	const struct mime_part *parts = f->message.parts;
	struct bytes body = { 0 };

	assert_int_equal(f->message.root, 0);
	assert_string_equal(parts[0].content_type, "application/x-fixedrecord");
	assert_string_equal(parts[0].content_type_full, "Application/X-FixedRecord");
	assert_string_equal(parts[0].content_id, "950120.aaCC@XIson.com");
	assert_string_equal(parts[0].encoding, "binary");
	assert_bytes(parts[0].body, "25\r\n10\r\n");
	assert_string_equal(parts[1].encoding, "base64");
	assert_int_equal(mime_body(f->arena, &parts[1], &body, &f->err), OK);
	assert_bytes(body, "Old MacDonald had a farm\nE I E I O\n");
	assert_int_equal(mime_body(f->arena, &parts[0], &body, &f->err), OK);
	assert_ptr_equal(body.data, parts[0].body.data);
}

static void start_names_the_root(void **state)
{
	struct fixture *f = *state;
	static const char body[] = "--b\r\nContent-ID: <1@a>\r\n\r\none\r\n--b\r\nContent-ID:2@a\r\n\r\ntwo\r\n--b--";

	assert_parsed(f, RELATED "; start=\"<2@a>\"", body, 2);
	assert_int_equal(f->message.root, 1);
	assert_string_equal(f->message.parts[1].content_id, "2@a");
	assert_parsed(f, RELATED "; start=1@a", body, 2);
	assert_int_equal(f->message.root, 0);
	assert_parsed(f, RELATED, body, 2);
	assert_int_equal(f->message.root, 0);
	assert_refused(f, RELATED "; start=\"<3@a>\"", body, ERR_SYNTAX, "no part has the Content-ID \"3@a\"");
	assert_refused(f, RELATED "; start=\"<1@a>\"; start=\"<2@a>\"", body, ERR_SYNTAX, "start twice");
	assert_refused(f, RELATED "; start=\"<>\"", body, ERR_SYNTAX, "not a Content-ID");
}

/* RFC 2046 §5.1.1: a boundary is a line of its own, with blanks after it at most; the line end before it belongs to it.
 */
static void a_boundary_inside_the_content_is_content(void **state)
{
	struct fixture *f = *state;
	static const char content[] =
		"--b in a line\r\nx--b\r\n--bb\r\n\n--b\n\r--b\r\n--b--x\r\n--b -\r\n-- b\r\n--B\r\n";
	const char *body =
		arena_printf(f->arena, "preamble\r\n--b \t\r\n\r\n%s\r\n--b--  \r\nepilogue\r\n--b\r\n", content);

	assert_parsed(f, RELATED, body, 1);
	assert_bytes(f->message.parts[0].body, content);
}

static void a_part_may_be_empty_and_without_headers(void **state)
{
	struct fixture *f = *state;

	assert_parsed(f, RELATED, "--b\r\n\r\n\r\n--b\r\nX: y\r\n\r\n\r\n--b--", 2);
	assert_int_equal(f->message.parts[0].body.size, 0);
	assert_string_equal(f->message.parts[0].content_type, "");
	assert_null(f->message.parts[0].content_id);
	assert_int_equal(f->message.parts[1].body.size, 0);
}

static void a_message_that_is_cut_is_refused_at_every_length(void **state)
{
	struct fixture *f = *state;
	static const char body[] = "--b\r\nContent-ID: <1>\r\n\r\none\r\n--b\r\n\r\ntwo\r\n--b--";

	assert_parsed(f, RELATED, body, 2);
	for (size_t size = 0; size < strlen(body); size++)
		assert_int_equal(parse(f, RELATED, bytes(body, size), size % 2), ERR_SYNTAX);
}

static void what_breaks_a_rule_is_refused_with_the_rule(void **state)
{
	static const struct {
		const char *content_type;
		const char *body;
		const char *reason;
	} rows[] = {
		{ "text/xml", "", "text/xml, not multipart/related" },
		{ "multipart/mixed; boundary=b", "", "not multipart/related" },
		{ "multipart", "", "not a media type" },
		{ "/related; boundary=b", "", "not a media type" },
		{ "multipart/related", "", "no boundary" },
		{ "multipart/related; boundary=b; Boundary=c", "", "boundary twice" },
		{ "multipart/related; boundary=\"b", "", "malformed" },
		{ "multipart/related; boundary=b; nonsense", "", "malformed" },
		{ "multipart/related; boundary=b c", "", "malformed" },
		{ "multipart/related; boundary=\"\"", "", "not a boundary" },
		{ "multipart/related; boundary=\"b \"", "", "not a boundary" },
		{ "multipart/related; boundary=\"b\\\"\"", "", "not a boundary" },
		{ "multipart/related; boundary="
		  "01234567890123456789012345678901234567890123456789012345678901234567890",
		  "", "not a boundary" },
		{ RELATED, "", "no line of the body" },
		{ RELATED, "--b\n\nx\n--b--\n", "no line of the body" },
		{ RELATED, "--b--\r\n", "no parts" },
		{ RELATED, "--b\r\n\r\nx\r\n--b\r\n\r\ny\r\n", "end boundary is missing" },
		{ RELATED, "--b\r\n\r\nx\r\n--b\r\n--b--\r\n", "do not end with an empty line" },
		{ RELATED, "--b\r\nContent-ID: <1>\r\n--b--\r\n", "do not end with an empty line" },
		{ RELATED, "--b\r\nContent-ID <1>\r\n\r\nx\r\n--b--\r\n", "header 1 of a part is malformed" },
		{ RELATED, "--b\r\n folded: x\r\n\r\nx\r\n--b--\r\n", "header 1 of a part is malformed" },
		{ RELATED, "--b\r\nA: 1\r\nB: x\ny\r\n\r\nx\r\n--b--\r\n", "header 2 of a part is malformed" },
		{ RELATED, "--b\r\nA: 1\rB: 2\r\n\r\nx\r\n--b--\r\n", "header 1 of a part is malformed" },
		{ RELATED, "--b\r\nContent-ID: <1>\r\nContent-Id: <2>\r\n\r\nx\r\n--b--\r\n",
		  "two Content-ID headers" },
		{ RELATED, "--b\r\nContent-ID: <1> <2>\r\n\r\nx\r\n--b--\r\n", "not a Content-ID" },
		{ RELATED, "--b\r\nContent-ID: <1>\r\n\r\nx\r\n--b\r\nContent-ID: 1\r\n\r\ny\r\n--b--\r\n",
		  "two parts have the Content-ID \"1\"" },
		{ RELATED, "--b\r\nContent-Type: multipart/related; boundary=c\r\n\r\nx\r\n--b--\r\n", "not allowed" },
		{ RELATED, "--b\r\nContent-Type: nothing\r\n\r\nx\r\n--b--\r\n", "not a media type" },
		{ RELATED, "--b\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\nx\r\n--b--\r\n",
		  "\"quoted-printable\" is not supported" },
	};
	for (size_t i = 0; i < COUNT(rows); i++)
		assert_refused(*state, rows[i].content_type, rows[i].body, ERR_SYNTAX, rows[i].reason);
}

static void parts_headers_and_header_bytes_are_limited(void **state)
{
	struct fixture *f = *state;
	const struct mime_limits limits = { .max_parts = 1, .max_headers = 2, .max_header_bytes = 8 };
	static const struct {
		const char *body;
		enum err_code expected;
	} rows[] = {
		{ "--b\r\nA: 1\r\nB: 2\r\n\r\nx\r\n--b--", OK },
		{ "--b\r\nA: 1\r\nB: 2\r\nC: 3\r\n\r\nx\r\n--b--", ERR_LIMIT },
		{ "--b\r\nA: 234567\r\n\r\nx\r\n--b--", OK },
		{ "--b\r\nA: 2345678\r\n\r\nx\r\n--b--", ERR_LIMIT },
		{ "--b\r\n\r\nx\r\n--b\r\n\r\ny\r\n--b--", ERR_LIMIT },
	};
	for (size_t i = 0; i < COUNT(rows); i++)
		assert_int_equal(mime_parse(f->arena, RELATED, bytes_of(rows[i].body), &limits, &f->message, &f->err),
				 rows[i].expected);
}

static void a_folded_header_is_unfolded(void **state)
{
	struct fixture *f = *state;

	assert_parsed(f, RELATED,
		      "--b\r\nContent-Type: text/xml;\r\n\tcharset=UTF-8\r\nContent-ID:\r\n <1>\r\n\r\nx\r\n--b--", 1);
	assert_string_equal(f->message.parts[0].content_type, "text/xml");
	assert_string_equal(f->message.parts[0].content_type_full, "text/xml;\tcharset=UTF-8");
	assert_string_equal(f->message.parts[0].content_id, "1");
}

static void line_feeds_alone_are_for_saved_files_only(void **state)
{
	struct fixture *f = *state;
	struct bytes saved = bytes_of("\n--b\nContent-ID: <1>\n\nx\r\ny\r\n--b\n\nz\n--b--\n");

	assert_int_equal(parse(f, RELATED, saved, false), ERR_SYNTAX);
	assert_int_equal(parse(f, RELATED, saved, true), OK);
	assert_int_equal(f->message.count, 2);
	/* In a file of LF, a CR in front of one is content. */
	assert_bytes(f->message.parts[0].body, "x\r\ny\r");
	assert_bytes(f->message.parts[1].body, "z");

	/* A body of CRLF stays one, also when read leniently. */
	assert_int_equal(parse(f, RELATED, bytes_of("--b\r\n\r\nx\n--b\n\ny\r\n--b--\r\n"), true), OK);
	assert_int_equal(f->message.count, 1);
	assert_bytes(f->message.parts[0].body, "x\n--b\n\ny");
}

static void bad_base64_is_refused(void **state)
{
	struct fixture *f = *state;
	const struct mime_part part = { .content_type = "text/xml", .encoding = "base64", .body = bytes_of("T2x!") };
	struct bytes body = { 0 };

	assert_int_equal(mime_body(f->arena, &part, &body, &f->err), ERR_SYNTAX);
}

static void a_parameter_is_found_by_name_in_any_case(void **state)
{
	struct fixture *f = *state;
	static const char header[] = "Text/XML ; charset = \"UTF\\\"-8;x\" ; Boundary==-M9/a==; empty=\"\";";
	const char *type;

	assert_int_equal(mime_media_type(f->arena, header, &type, &f->err), OK);
	assert_string_equal(type, "text/xml");
	assert_string_equal(mime_parameter(f->arena, header, "CHARSET"), "UTF\"-8;x");
	assert_string_equal(mime_parameter(f->arena, header, "boundary"), "=-M9/a==");
	assert_string_equal(mime_parameter(f->arena, header, "empty"), "");
	assert_null(mime_parameter(f->arena, header, "x"));
	assert_null(mime_parameter(f->arena, "a/b; c=1; c=1", "c"));
	assert_null(mime_parameter(f->arena, "a/b; c=", "c"));
	assert_null(mime_parameter(f->arena, "a/b; c=\"1\\", "c"));
}

static void http_headers_are_cut_off_files(void **state)
{
	struct fixture *f = *state;
	static const struct {
		const char *file;
		size_t headers; /* how many bytes of it */
		const char *content_type;
	} rows[] = {
		{ "POST /as4 HTTP/1.1\r\nContent-Type: a/b;\r\n c=d\r\n\r\nbody", 48, "a/b; c=d" },
		{ "HTTP/1.1 200 OK\ncontent-type:a/b\n\nbody", 34, "a/b" },
		{ "Content-Type: a/b\r\n\r\n\r\nbody", 21, "a/b" },
		{ "Content-Type: a/b\r\nContent-Type: c/d\r\n\r\nbody", 40, NULL },
		{ "Server: x\r\n\r\n", 13, NULL },
		{ "Server: x\r\n", 0, NULL },
		{ "--b\r\nContent-Type: a/b\r\n\r\nbody", 0, NULL },
		{ "--uuid:1\r\nContent-Type: a/b\r\n\r\nbody", 0, NULL },
		{ "\r\n--b\r\nContent-Type: a/b\r\n\r\nbody", 0, NULL },
		{ "<?xml version='1.0'?>\n\n<a:b/>", 0, NULL },
		{ "", 0, NULL },
	};
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct bytes file = bytes_of(rows[i].file);
		struct bytes headers = { 0 };
		struct bytes body = { 0 };
		mime_split_http(file, &headers, &body);
		assert_int_equal(headers.size, rows[i].headers);
		assert_ptr_equal(body.data, file.data + headers.size);
		assert_int_equal(headers.size + body.size, file.size);
		const char *type = mime_header(f->arena, headers, "Content-Type");
		if (rows[i].content_type)
			assert_string_equal(type, rows[i].content_type);
		else
			assert_null(type);
	}
}

static void the_boundary_of_a_file_without_headers_is_guessed(void **state)
{
	struct fixture *f = *state;
	const char *guess = mime_guess_content_type(f->arena, bytes_of("\xEF\xBB\xBF\r\n--=-M9/a b== \r\n\r\nx"));

	assert_string_equal(guess, "multipart/related; boundary=\"=-M9/a b==\"");
	assert_null(mime_guess_content_type(f->arena, bytes_of("<a/>")));
	assert_null(mime_guess_content_type(f->arena, bytes_of("--b")));
	assert_null(mime_guess_content_type(f->arena, bytes_of("--\r\n")));
	assert_null(mime_guess_content_type(f->arena, bytes_of("--b\"; start=x\r\n")));
	assert_null(mime_guess_content_type(f->arena, bytes_of("")));
}

static void what_is_written_is_read(void **state)
{
	struct fixture *f = *state;
	char boundary[MIME_BOUNDARY_SIZE];
	char other[MIME_BOUNDARY_SIZE];
	buf_auto out = { 0 };

	mime_boundary(boundary);
	mime_boundary(other);
	assert_string_not_equal(boundary, other);
	buf_init(&out, 4096);
	mime_put_part(&out, boundary, "application/soap+xml; charset=UTF-8", "root@a", bytes_of("<a/>"));
	mime_put_part(&out, boundary, "application/gzip", NULL, bytes("\0\r\n--\n", 6));
	mime_put_end(&out, boundary);
	assert_int_equal(out.failed, OK);

	const char *type = arena_printf(f->arena, "multipart/related; boundary=\"%s\"; start=\"<root@a>\"", boundary);
	assert_int_equal(parse(f, type, buf_bytes(&out), false), OK);
	assert_int_equal(f->message.count, 2);
	assert_string_equal(f->message.parts[0].content_type_full, "application/soap+xml; charset=UTF-8");
	assert_string_equal(f->message.parts[0].content_id, "root@a");
	assert_bytes(f->message.parts[0].body, "<a/>");
	assert_null(f->message.parts[1].content_id);
	assert_true(bytes_same(f->message.parts[1].body, bytes("\0\r\n--\n", 6)));
}

/* Python's email package, which shares nothing with us, reads what we write. */
static void another_implementation_reads_what_is_written(void **state)
{
	struct fixture *f = *state;
	static const char script[] =
		"import sys, email; m = email.message_from_bytes(sys.stdin.buffer.read()); p = m.get_payload(); "
		"print(m.get_content_type(), len(p), p[0][\"Content-ID\"], p[1].get_content_type(), "
		"p[0].get_payload(), p[1].get_payload())";
	struct bytes printed = { 0 };
	buf_auto out = { 0 };

	buf_init(&out, 4096);
	buf_puts(&out, "MIME-Version: 1.0\r\nContent-Type: multipart/related; boundary=\"b\"\r\n\r\n");
	mime_put_part(&out, "b", "text/xml", "1@a", bytes_of("<a/>"));
	mime_put_part(&out, "b", "text/plain", "2@a", bytes_of("hello"));
	mime_put_end(&out, "b");
	if (!oracle(f->arena, arena_printf(f->arena, "python3 -c '%s'", script), buf_bytes(&out), &printed)) {
		print_message("SKIPPED: python3 is not installed\n");
		skip();
	}
	assert_bytes(printed, "multipart/related 2 <1@a> text/plain <a/> hello\n");
}

static void nobody_forges_headers_through_a_type_or_an_id(void **state)
{
	static const char *const wrong[][2] = {
		{ "a/b\r\nX: y", "1" }, { "a/b", "1\r\nX: y" }, { "a/b", "1>" }, { "a/b", "1 2" }, { "a/b\n", NULL },
	};
	(void)state;
	for (size_t i = 0; i < COUNT(wrong); i++) {
		buf_auto out = { 0 };
		buf_init(&out, 4096);
		mime_put_part(&out, "b", wrong[i][0], wrong[i][1], bytes_of("x"));
		assert_int_equal(out.failed, ERR_SYNTAX);
		assert_int_equal(out.size, 0);
	}
}

/* A search that looked at what follows again for each candidate would need minutes for this. AddressSanitizer does just
 * that: its memmem checks the whole range at each call. */
#ifdef UNDER_ASAN
#define FALSE_BOUNDARIES 50000
#else
#define FALSE_BOUNDARIES 1600000
#endif
static void a_body_full_of_false_boundaries_is_read_in_linear_time(void **state)
{
	struct fixture *f = *state;
	buf_auto body = { 0 };

	buf_init(&body, 16 << 20);
	buf_puts(&body, "--b\r\n\r\n");
	for (unsigned i = 0; i < FALSE_BOUNDARIES; i++)
		buf_puts(&body, "\r\n--b   x");
	buf_puts(&body, "\r\n--b--");
	assert_int_equal(body.failed, OK);
	size_t content = body.size - strlen("--b\r\n\r\n") - strlen("\r\n--b--");
	assert_int_equal(parse(f, RELATED, buf_bytes(&body), false), OK);
	assert_int_equal(f->message.parts[0].body.size, content);
}

/* The collection's README says what each file is; the numbers were counted with grep. */
static void saved_messages_of_other_products_are_read(void **state)
{
	struct fixture *f = *state;
	static const struct {
		const char *name;
		size_t parts; /* 0: no MIME, the body begins with the envelope */
		const char *last_type;
	} rows[] = {
		{ "as4/envelope-only/phase4-dump-raw.as4out", 2, "application/octet-stream" },
		{ "as4/envelope-only/rssbus_message.as4", 2, "application/gzip" },
		{ "as4/envelope-only/as4_flame_envelope.as4", 0, NULL },
		{ "as4/negative/8.1.22-message.gcm-tag-mismatch.as4", 3, "application/octet-stream" },
		{ "as4/negative/WrongCompression.mime", 2, "application/xml" },
		{ "as4/negative/receipt_with_invalid_signature.as4", 0, NULL },
		{ "as4/positive/TestReceipt12.xml", 0, NULL },
		{ "as4/positive/as4-multihop-message.as4", 1, "application/soap+xml" },
		{ "as4/positive/dataport1-mustunderstand.as4in", 0, NULL },
		{ "as4/positive/governikus.as4in", 0, NULL },
		{ "as4/unsigned/sample_entsog.txt", 2, "application/xml" },
	};
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct bytes headers = { 0 };
		struct bytes body = { 0 };
		mime_split_http(file_collected(f->arena, rows[i].name), &headers, &body);
		const char *type = mime_header(f->arena, headers, "Content-Type");
		if (!type)
			type = mime_guess_content_type(f->arena, body);
		if (rows[i].parts == 0) {
			assert_true(!type || strstr(type, "soap+xml"));
			assert_int_equal(body.data[0], '<');
			continue;
		}
		if (parse(f, type, body, true) != OK)
			fail_msg("%s: %s", rows[i].name, f->err.text);
		const struct mime_part *last = &f->message.parts[f->message.count - 1];
		if (f->message.count != rows[i].parts || !same(last->content_type, rows[i].last_type))
			fail_msg("%s: %zu parts, the last %s", rows[i].name, f->message.count, last->content_type);
		assert_string_equal(f->message.parts[f->message.root].content_type, "application/soap+xml");
		assert_int_equal(f->message.parts[f->message.root].body.data[0], '<');
	}
}

static void a_saved_message_with_the_same_payload_twice_is_refused(void **state)
{
	struct fixture *f = *state;
	struct bytes body = file_collected(f->arena, "as4/unsigned/as4message_duplicate_payloads.as4");

	assert_int_equal(parse(f, mime_guess_content_type(f->arena, body), body, false), ERR_SYNTAX);
	assert_non_null(strstr(f->err.text, "two parts have the Content-ID \"earth\""));
}

int main(void)
{
#define ROW(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		ROW(the_example_of_the_standard_is_read),
		ROW(start_names_the_root),
		ROW(a_boundary_inside_the_content_is_content),
		ROW(a_part_may_be_empty_and_without_headers),
		ROW(a_message_that_is_cut_is_refused_at_every_length),
		ROW(what_breaks_a_rule_is_refused_with_the_rule),
		ROW(parts_headers_and_header_bytes_are_limited),
		ROW(a_folded_header_is_unfolded),
		ROW(line_feeds_alone_are_for_saved_files_only),
		ROW(bad_base64_is_refused),
		ROW(a_parameter_is_found_by_name_in_any_case),
		ROW(http_headers_are_cut_off_files),
		ROW(the_boundary_of_a_file_without_headers_is_guessed),
		ROW(what_is_written_is_read),
		ROW(another_implementation_reads_what_is_written),
		ROW(nobody_forges_headers_through_a_type_or_an_id),
		ROW(a_body_full_of_false_boundaries_is_read_in_linear_time),
		ROW(saved_messages_of_other_products_are_read),
		ROW(a_saved_message_with_the_same_payload_twice_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
