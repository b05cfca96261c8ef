#include "world.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "codec/gzip.h"
#include "messaging/uris_int.h"

#define WIRE_MAX  (32 << 20)
#define ARENA_MAX (64 << 20)

struct world world;

/* --- Keys --- */

static void install_all(const char *directory)
{
	static const struct {
		enum key_use use;
		enum key_type type;
	} rows[] = {
		{ KEY_USE_SIGN, KEY_RSA_2048 },    { KEY_USE_SIGN, KEY_P256 },      { KEY_USE_SIGN, KEY_ED25519 },
		{ KEY_USE_DECRYPT, KEY_RSA_2048 }, { KEY_USE_DECRYPT, KEY_X25519 }, { KEY_USE_DECRYPT, KEY_P256 },
	};
	struct key_info info;

	for (size_t i = 0; i < COUNT(rows); i++)
		pki_key_install(directory, rows[i].use, rows[i].type, world.root, &info);
}

int world_begin(void **state)
{
	(void)state;
	world.root = pki_issue(&(struct pki_spec){ .subject = "/C=VN/O=Customs, Hanoi/CN=Root", .authority = true });
	world.directory = pki_directory_new();
	world.foreign_directory = pki_directory_new();
	install_all(world.directory);
	install_all(world.foreign_directory);
	assert_int_equal(keys_open(world.directory, &world.keys, NULL), OK);
	assert_int_equal(keys_open(world.foreign_directory, &world.foreign_keys, NULL), OK);
	assert_int_equal(keystore_list(world.directory, &world.own, NULL), OK);
	assert_int_equal(keystore_list(world.foreign_directory, &world.foreign, NULL), OK);
	for (size_t i = 0; i < world.own.count && world.certs_count < WORLD_CERTS; i++)
		if (world.own.keys[i].use == KEY_USE_SIGN)
			world.certs[world.certs_count++] = world.own.keys[i].cert;
	return 0;
}

int world_end(void **state)
{
	(void)state;
	key_list_done(&world.own);
	key_list_done(&world.foreign);
	keys_free(world.keys);
	keys_free(world.foreign_keys);
	pki_directory_free(world.directory);
	pki_directory_free(world.foreign_directory);
	pki_free(world.root);
	return 0;
}

int world_arena_new(void **state)
{
	(void)state;
	world.arena = arena_new(ARENA_MAX);
	return world.arena ? 0 : -1;
}

int world_arena_free(void **state)
{
	(void)state;
	arena_free(world.arena);
	return 0;
}

const struct key_info *world_key(const struct key_list *list, enum key_use use, enum key_type type)
{
	for (size_t i = 0; i < list->count; i++)
		if (list->keys[i].use == use && list->keys[i].type == type)
			return &list->keys[i];
	fail_msg("no such key in the test's world");
	return NULL;
}

const struct key_info *world_signer(const struct key_list *list, const struct security_profile *profile)
{
	enum key_type type = profile->signature == SIG_RSA_SHA256 ? KEY_RSA_2048
			     : profile->signature == SIG_ED25519  ? KEY_ED25519
								  : KEY_P256;
	return world_key(list, KEY_USE_SIGN, type);
}

const struct key_info *world_recipient(const struct key_list *list, const struct security_profile *profile)
{
	enum key_type type = profile->wrap == WRAP_RSA_OAEP          ? KEY_RSA_2048
			     : profile->wrap == WRAP_X25519_HKDF_AES ? KEY_X25519
								     : KEY_P256;
	return world_key(list, KEY_USE_DECRYPT, type);
}

/* --- Letters --- */

static const char *document_text(size_t number)
{
	return arena_printf(
		world.arena,
		"<?xml version=\"1.0\"?>\n<form number=\"%zu\"><goods>durian &amp; mangosteen</goods></form>\n",
		number);
}

static void property_add(struct ebms_properties *properties, const char *name, const char *value)
{
	properties->property[properties->count++] = (struct ebms_typed){ .name = name, .value = value };
}

static void fill_part(struct letter *letter, size_t i, bool compressed)
{
	static const uint8_t picture[] = { 0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n', 0, 0xff, '-', '-', '\r', '\n' };
	const char *id = arena_printf(world.arena, "part-%zu@th.example", i + 1);
	struct bytes octets = bytes(picture, sizeof picture - i); /* no two are the same */

	if (compressed) {
		buf_auto packed;
		buf_init(&packed, 65536);
		assert_int_equal(gzip_compress(bytes_of(document_text(i)), 6, &packed, NULL), OK);
		octets = bytes(arena_copy(world.arena, packed.data, packed.size), packed.size);
	}
	const char *type = compressed ? "application/xml" : "image/png";
	letter->payloads[i] = (struct ebms_payload){
		.content_id = id, .mime_type = type, .compressed = compressed, .octets = octets
	};
	letter->part_properties[i].property = letter->part_property[i];
	property_add(&letter->part_properties[i], "MimeType", type);
	if (compressed) {
		property_add(&letter->part_properties[i], "CharacterSet", "utf-8");
		property_add(&letter->part_properties[i], "CompressionType", "application/gzip");
	}
	letter->part[i] = (struct ebms_part_info){ .href = arena_printf(world.arena, "cid:%s", id),
						   .properties = &letter->part_properties[i] };
}

void letter_part(struct letter *letter, size_t number, const char *mime_type, struct bytes octets)
{
	letter->payloads[number].mime_type = mime_type;
	letter->payloads[number].octets = octets;
	letter->payloads[number].compressed = false;
	letter->part_properties[number].count = 0;
	property_add(&letter->part_properties[number], "MimeType", mime_type);
}

void letter_init(struct letter *l, const char *profile, enum ebms_token_kind token, size_t parts, bool compressed)
{
	*l = (struct letter){ .profile = profile_find(profile), .count = parts };
	assert_non_null(l->profile);
	l->identity = (struct ebms_identity){ .keys = world.keys,
					      .key = world_signer(&world.own, l->profile),
					      .token = token };
	l->recipient = world_recipient(&world.own, l->profile)->cert;
	l->info = (struct ebms_message_info){ .timestamp_us = PKI_NOW, .message_id = "0197-1142@th.example" };
	l->from_id =
		(struct ebms_typed){ .type = "urn:oasis:names:tc:ebcore:partyid-type:unregistered", .value = "TH" };
	l->to_id = (struct ebms_typed){ .type = "urn:oasis:names:tc:ebcore:partyid-type:unregistered", .value = "VN" };
	l->from = (struct ebms_party){ .id = &l->from_id, .role = URI_ROLE_INITIATOR };
	l->to = (struct ebms_party){ .id = &l->to_id, .role = URI_ROLE_RESPONDER };
	l->parties = (struct ebms_party_info){ .from = &l->from, .to = &l->to };
	l->service = (struct ebms_typed){ .value = "urn:asean:asw:documents" };
	l->collaboration = (struct ebms_collaboration){ .service = &l->service,
							.action = "FORM-D",
							.conversation = "conversation-1" };
	l->property[0] = (struct ebms_typed){ .name = "originalSender",
					      .value = "TH:<DFT> \"trade\" & \xe0\xb9\x84\xe0\xb8\x97\xe0\xb8\xa2" };
	l->property[1] = (struct ebms_typed){ .name = "finalRecipient", .value = "VN:customs" };
	l->properties = (struct ebms_properties){ .property = l->property, .count = 2 };
	for (size_t i = 0; i < parts; i++)
		fill_part(l, i, compressed);
	l->payload = (struct ebms_payload_info){ .part = l->part, .count = parts };
	l->user = (struct ebms_user_message){ .info = &l->info,
					      .parties = &l->parties,
					      .collaboration = &l->collaboration,
					      .properties = &l->properties,
					      .payload = parts ? &l->payload : NULL };
}

void letter_pack(const struct letter *letter, struct wire_copy *wire)
{
	struct ebms_packed packed = { 0 };
	struct err err = { 0 };
	const struct ebms_letter packing = { .profile = letter->profile,
					     .identity = &letter->identity,
					     .recipient = letter->recipient,
					     .user = &letter->user,
					     .payloads = letter->payloads,
					     .count = letter->count };
	enum err_code code = ebms_pack_user(world.arena, &packing, &packed, &err);
	if (code != OK)
		fail_msg("not packed: %s", err.text);
	*wire = (struct wire_copy){ .content_type = packed.content_type,
				    .body = packed.body,
				    .references = packed.references,
				    .references_count = packed.references_count };
	wire->body.max_bytes = WIRE_MAX; /* tests make it longer */
}

/* --- Opening --- */

static bool clean(struct opening *opening, enum step next)
{
	bool good = findings_count(opening->findings) == 0;
	if (good)
		opening->step = next;
	return good;
}

static enum err_code open_all(struct opening *o, const struct security_profile *profile, const char *content_type,
			      struct bytes body, struct err *err)
{
	struct ebms_message *message = &o->message;
	TRY(ebms_read(message, content_type, body, err));
	if (clean(o, SECURITY))
		TRY(ebms_read_security(message, err));
	if (o->step >= SECURITY && clean(o, PROFILE))
		ebms_check_profile(message, profile);
	if (o->step >= PROFILE && clean(o, SIGNER))
		TRY(ebms_signer(message, world.certs, world.certs_count, &o->cert, err));
	if (o->step >= SIGNER && clean(o, VERIFYING))
		TRY(ebms_verify(message, o->cert, err));
	if (o->step >= VERIFYING && clean(o, DECRYPTING))
		TRY(ebms_decrypt(message, world.keys, &world.own, err));
	if (o->step >= DECRYPTING && clean(o, PARTS))
		TRY(ebms_verify_parts(message, err));
	if (o->step >= PARTS && clean(o, EXPANDING))
		TRY(ebms_expand(message, err));
	if (o->step >= EXPANDING)
		clean(o, PASSED);
	return OK;
}

void opening_run(struct opening *opening, const struct security_profile *profile, const struct ebms_limits *limits,
		 const char *content_type, struct bytes body)
{
	struct err err = { 0 };

	*opening = (struct opening){ .findings = findings_new(world.arena) };
	assert_non_null(opening->findings);
	ebms_init(&opening->message, world.arena, limits, opening->findings);
	if (open_all(opening, profile, content_type, body, &err) != OK)
		fail_msg("a fault where a finding belongs: %s (%s)", err.text, err.where);
}

void opening_done(struct opening *opening)
{
	ebms_done(&opening->message);
	cert_unref(opening->cert);
}

const char *opening_rule(const struct opening *opening)
{
	const struct finding *first = findings_at(opening->findings, 0);

	return first ? first->rule->code : "";
}

void opening_must_pass(const struct opening *opening)
{
	for (size_t i = 0; findings_at(opening->findings, i); i++)
		print_error("%s %s\n", findings_at(opening->findings, i)->rule->code,
			    findings_at(opening->findings, i)->text);
	assert_int_equal(opening->step, PASSED);
}

/* --- Texts --- */

static const uint8_t *text_from(const struct buf *body, size_t from, const char *text)
{
	return body->data ? memmem(body->data + from, body->size - from, text, strlen(text)) : NULL;
}

bool text_has(const struct buf *body, const char *text)
{
	return text_from(body, 0, text) != NULL;
}

size_t text_at(const struct buf *body, const char *text)
{
	const uint8_t *at = text_from(body, 0, text);

	if (!at)
		fail_msg("the message has no \"%s\"", text);
	return (size_t)(at - body->data);
}

static void splice(struct buf *body, size_t at, size_t cut, const char *text)
{
	const uint8_t *tail = arena_copy(world.arena, body->data + at + cut, body->size - at - cut);
	size_t tail_size = body->size - at - cut;

	assert_non_null(tail);
	body->size = at;
	buf_puts(body, text);
	buf_put(body, tail, tail_size);
	assert_int_equal(body->failed, OK);
}

void text_replace(struct buf *body, const char *from, const char *to)
{
	splice(body, text_at(body, from), strlen(from), to);
}

void text_replace_all(struct buf *body, const char *from, const char *to)
{
	size_t at = text_at(body, from);

	for (const uint8_t *next; (next = text_from(body, at, from)) != NULL; at += strlen(to)) {
		at = (size_t)(next - body->data);
		splice(body, at, strlen(from), to);
	}
}

void text_insert(struct buf *body, size_t at, const char *text)
{
	splice(body, at, 0, text);
}

static size_t text_length(const struct buf *body, size_t at, const char *end)
{
	const uint8_t *to = text_from(body, at, end);

	if (!to)
		fail_msg("the message has no \"%s\" there", end);
	return (size_t)(to - body->data) + strlen(end) - at;
}

const char *text_copy(const struct buf *body, const char *begin, const char *end)
{
	size_t at = text_at(body, begin);

	return arena_text_of(world.arena, bytes(body->data + at, text_length(body, at, end)));
}

const char *text_cut(struct buf *body, const char *begin, const char *end)
{
	const char *copy = text_copy(body, begin, end);

	splice(body, text_at(body, begin), strlen(copy), "");
	return copy;
}

/* --- Hostile messages --- */

static void hostile_pack(const struct hostile *row, struct letter *letter, struct wire_copy *wire)
{
	letter_init(letter, row->profile ? row->profile : "ecdsa-p256", TOKEN_BST, row->bare ? 0 : 2, true);
	if (row->shape)
		row->shape(letter);
	letter_pack(letter, wire);
}

static bool hostile_one(const struct hostile *row)
{
	struct letter letter;
	struct wire_copy wire;
	struct opening opening;

	hostile_pack(row, &letter, &wire);
	if (row->mutate)
		row->mutate(&wire);
	for (size_t i = 0; i < COUNT(row->edits) && row->edits[i].from; i++)
		text_replace(&wire.body, row->edits[i].from, row->edits[i].to);
	opening_run(&opening, row->opened_as ? profile_find(row->opened_as) : letter.profile, &ebms_limits_default,
		    wire.content_type, buf_bytes(&wire.body));
	bool good = opening.step == row->step && same(opening_rule(&opening), ebms_rule(row->rule)->code);
	if (!good) {
		const struct finding *first = findings_at(opening.findings, 0);
		print_error("%s: at step %d by %s (%s), not at step %d by %s\n", row->name, opening.step,
			    opening_rule(&opening), first ? first->text : "no finding", row->step,
			    ebms_rule(row->rule)->code);
	}
	opening_done(&opening);
	buf_done(&wire.body);
	return good;
}

void hostile_run(const struct hostile *rows, size_t count)
{
	size_t wrong = 0;

	for (size_t i = 0; i < count; i++) {
		/* What is not changed passes: so it is the change that is refused. */
		struct letter letter;
		struct wire_copy wire;
		struct opening opening;
		if (!rows[i].shape) {
			hostile_pack(&rows[i], &letter, &wire);
			opening_run(&opening, letter.profile, &ebms_limits_default, wire.content_type,
				    buf_bytes(&wire.body));
			opening_must_pass(&opening);
			opening_done(&opening);
			buf_done(&wire.body);
		}
		wrong += !hostile_one(&rows[i]);
		assert_int_equal(world_arena_free(NULL), 0);
		assert_int_equal(world_arena_new(NULL), 0);
	}
	assert_int_equal(wrong, 0);
}

/* --- Oracles --- */

int oracle_run(const char *files, const char *format, ...)
{
	char *command = NULL, *line = NULL;
	va_list args;

	va_start(args, format);
	assert_true(vasprintf(&command, format, args) > 0);
	va_end(args);
	/* A sanitizer of ours is none of the oracle's. */
	assert_true(asprintf(&line, "cd '%s' && LD_PRELOAD= %s >out 2>&1", files, command) > 0);
	int status = system(line);
	free(line);
	free(command);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

bool oracle_there(const char *files, const char *command)
{
	if (oracle_run(files, "%s", command) == 0)
		return true;
	print_message("SKIPPED: no oracle: %s\n", command);
	return false;
}

void oracle_put(const char *files, const char *name, struct bytes content)
{
	FILE *file = fopen(arena_printf(world.arena, "%s/%s", files, name), "wb");

	assert_non_null(file);
	assert_int_equal(fwrite(content.data, 1, content.size, file), content.size);
	assert_int_equal(fclose(file), 0);
}

struct bytes oracle_get(const char *files, const char *name)
{
	FILE *file = fopen(arena_printf(world.arena, "%s/%s", files, name), "rb");
	buf_auto content;
	uint8_t *to;

	assert_non_null(file);
	buf_init(&content, WIRE_MAX);
	while (!feof(file) && (to = buf_reserve(&content, 65536)) != NULL)
		buf_grown(&content, fread(to, 1, 65536, file));
	assert_int_equal(ferror(file), 0);
	assert_int_equal(content.failed, OK);
	fclose(file);
	return bytes(arena_copy(world.arena, content.size ? content.data : (const uint8_t *)"", content.size),
		     content.size);
}

const char *collection(void)
{
	const char *root = getenv("LINTAS_DATA");
	const char *path = arena_printf(world.arena, "%s/as4", root ? root : LINTAS_SOURCE_ROOT "/../shared/data");

	if (access(path, R_OK) == 0)
		return path;
	print_message("SKIPPED: %s is not there (set LINTAS_DATA to the folder of the collection)\n", path);
	return NULL;
}
