#include "ebms2_world.h"

#include "base/text.h"

void letter2_init(struct letter2 *letter, size_t parts)
{
	letter_init(&letter->base, "ebms2-rsa-sha256", TOKEN_BST, parts, false);
	letter->agreement = (struct ebms_agreement){ .value = "vn-th-1" };
	letter->wishes = (struct ebms2_wishes){ .ack_wanted = true, .ack_signed = true, .once = true };
	letter->base.collaboration.agreement = &letter->agreement;
	letter->base.from.role = letter->base.to.role = "customs";
}

void letter2_pack(const struct letter2 *letter, struct wire_copy *wire)
{
	struct ebms_packed packed = { 0 };
	struct err err = { 0 };
	const struct ebms_letter packing = { .profile = letter->base.profile,
					     .identity = &letter->base.identity,
					     .user = &letter->base.user,
					     .payloads = letter->base.payloads,
					     .count = letter->base.count,
					     .wishes = &letter->wishes };

	if (ebms_pack_user(world.arena, &packing, &packed, &err) != OK)
		fail_msg("not packed: %s", err.text);
	*wire = (struct wire_copy){ .content_type = packed.content_type,
				    .body = packed.body,
				    .references = packed.references,
				    .references_count = packed.references_count };
	wire->body.max_bytes = (size_t)32 << 20; /* tests make it longer */
}

struct forgery forgery_new(void)
{
	return (struct forgery){ .arena = world.arena,
				 .keys = world.keys,
				 .key = world_key(&world.own, KEY_USE_SIGN, KEY_RSA_2048) };
}

void open_wire(struct opening *opening, const struct wire_copy *wire)
{
	opening_run(opening, profile_find("ebms2-rsa-sha256"), &ebms_limits_default, wire->content_type,
		    buf_bytes(&wire->body));
}

void wrong_pack(const struct wrong *row, struct wire_copy *wire)
{
	struct letter2 letter;
	struct forgery forgery = row ? row->forgery : (struct forgery){ 0 }, own = forgery_new();

	letter2_init(&letter, row && row->bare ? 0 : 2);
	letter.wishes.sync = true;
	letter2_pack(&letter, wire);
	for (size_t i = 0; row && i < EDITS && row->before[i].from; i++)
		text_replace(&wire->body, row->before[i].from, row->before[i].to);
	forgery.arena = own.arena;
	if (!forgery.keys) {
		forgery.keys = own.keys;
		forgery.key = own.key;
	}
	if (!row || !row->as_it_is)
		forge_sign(&forgery, &wire->body);
	for (size_t i = 0; row && i < EDITS && row->after[i].from; i++)
		text_replace(&wire->body, row->after[i].from, row->after[i].to);
}

bool wrong_is_refused(const struct wrong *row)
{
	struct wire_copy wire;
	struct opening opening;

	wrong_pack(row, &wire);
	open_wire(&opening, &wire);
	bool good = opening.step == row->step && same(opening_rule(&opening), ebms_rule(row->rule)->code);
	if (!good)
		print_error("%s: at step %d by %s (%s), not at step %d by %s\n", row->name, opening.step,
			    opening_rule(&opening),
			    findings_at(opening.findings, 0) ? findings_at(opening.findings, 0)->text : "no finding",
			    row->step, ebms_rule(row->rule)->code);
	opening_done(&opening);
	buf_done(&wire.body);
	return good;
}

void wrong_run(const struct wrong *rows, size_t count)
{
	size_t bad = 0;

	for (size_t i = 0; i < count; i++) {
		bad += !wrong_is_refused(&rows[i]);
		assert_int_equal(world_arena_free(NULL), 0);
		assert_int_equal(world_arena_new(NULL), 0);
	}
	assert_int_equal(bad, 0);
}
