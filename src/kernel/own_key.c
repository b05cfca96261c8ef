#include "kernel/own_key.h"

#include "base/date.h"
#include "crypto/keys.h"
#include "kernel/message_int.h"

#define NOTE_ARENA_BYTES ((size_t)4 << 20)

/* A key as it was seen last. */
struct seen_key {
	const char *id, *type, *status, *fingerprint; /* fingerprint NULL: no certificate yet */
};

struct note {
	struct kernel *kernel;
	const struct key_list *list;
	const struct actor *actor;
	int64_t now_us;
	struct arena *arena; /* of this run of the transaction, which may be repeated */
	struct seen_key *seen;
	size_t seen_count;
	bool changed;
};

static const char *instance_of(const struct note *note)
{
	return note->kernel->instance ? note->kernel->instance : "";
}

static bool was(const struct seen_key *before, enum key_status status)
{
	return before && same(before->status, key_status_name(status));
}

/* --- What can happen to a key --- */

static bool is_made(const struct seen_key *before, const struct key_info *key)
{
	(void)key;
	return !before;
}

static bool is_certified(const struct seen_key *before, const struct key_info *key)
{
	return key->cert && !(before && same(before->fingerprint, cert_fingerprint(key->cert)));
}

static bool is_retired(const struct seen_key *before, const struct key_info *key)
{
	return key->status == KEY_RETIRED && !was(before, KEY_RETIRED);
}

/* Not by the ceremony, which knows no way back. */
static bool is_reactivated(const struct seen_key *before, const struct key_info *key)
{
	return key->status == KEY_ACTIVE && (was(before, KEY_RETIRED) || was(before, KEY_DAMAGED));
}

static bool is_damaged(const struct seen_key *before, const struct key_info *key)
{
	return key->status == KEY_DAMAGED && !was(before, KEY_DAMAGED);
}

static const struct key_event {
	const char *event;
	bool (*happened)(const struct seen_key *before, const struct key_info *key);
	bool certificate; /* the entry speaks of it */
} key_events[] = {
	{ "made", is_made, false },       { "certificate-installed", is_certified, true },
	{ "retired", is_retired, false }, { "reactivated", is_reactivated, false },
	{ "damaged", is_damaged, false },
};

static const char *detail_of(struct arena *arena, const struct key_info *key, bool certificate)
{
	char from[TIME_SIZE], to[TIME_SIZE];
	const char *type = key_type_name(key->type);

	if (!certificate)
		return arena_text(arena, type);
	/* A subject is whatever an authority wrote; the journal keeps the beginning of it. */
	const char *subject = message_reason(arena, cert_subject(key->cert));
	return subject ? arena_printf(arena, "%s, certificate sha-256 %s, %s, valid %s to %s", type,
				      cert_fingerprint(key->cert), subject,
				      time_format(cert_not_before_us(key->cert), from),
				      time_format(cert_not_after_us(key->cert), to))
		       : NULL;
}

static enum err_code event_put(struct tx *tx, const struct note *note, const char *id, const char *event,
			       const char *detail, const char *fingerprint, struct err *err)
{
	return journal_put(tx,
			   &(struct journal_entry){ .at_us = note->now_us,
						    .actor = note->actor->name,
						    .organisation = note->actor->organisation,
						    .subject_type = "key",
						    .subject = id,
						    .event = event,
						    .detail = detail,
						    .content = fingerprint },
			   err);
}

/* --- Comparing --- */

static enum err_code seen_read(struct tx *tx, struct note *note, struct err *err)
{
	db_query_auto query = { 0 };

	note->seen = NULL;
	note->seen_count = 0;
	TRY(db_query(tx, &sql_own_key_all, BINDS(BIND_TEXT(instance_of(note))), &query, err));
	while (db_next(&query)) {
		note->seen = list_grow(note->arena, note->seen, note->seen_count, sizeof(*note->seen));
		if (!note->seen)
			return fail(err, ERR_MEMORY, "no memory left for our keys");
		note->seen[note->seen_count++] = (struct seen_key){
			.id = db_text(note->arena, &query, 0),
			.type = db_text(note->arena, &query, 1),
			.status = db_text(note->arena, &query, 2),
			.fingerprint = db_text(note->arena, &query, 3),
		};
	}
	return db_end(&query, err);
}

static const struct seen_key *seen_of(const struct note *note, const char *id)
{
	for (size_t i = 0; i < note->seen_count; i++)
		if (same(note->seen[i].id, id))
			return &note->seen[i];
	return NULL;
}

static bool is_there(const struct note *note, const char *id)
{
	for (size_t i = 0; i < note->list->count; i++)
		if (same(note->list->keys[i].id, id))
			return true;
	return false;
}

static bool is_changed(const struct seen_key *before, const struct key_info *key)
{
	for (size_t i = 0; i < COUNT(key_events); i++)
		if (key_events[i].happened(before, key))
			return true;
	return !same(before->status, key_status_name(key->status));
}

static bool any_changed(const struct note *note)
{
	for (size_t i = 0; i < note->list->count; i++)
		if (is_changed(seen_of(note, note->list->keys[i].id), &note->list->keys[i]))
			return true;
	for (size_t i = 0; i < note->seen_count; i++)
		if (!is_there(note, note->seen[i].id))
			return true;
	return false;
}

static enum err_code compare_run(struct tx *tx, void *arg, struct err *err)
{
	struct note *note = arg;
	arena_auto arena = arena_new(NOTE_ARENA_BYTES);

	note->arena = arena;
	if (!arena)
		return fail(err, ERR_MEMORY, "no memory left for our keys");
	TRY(seen_read(tx, note, err));
	note->changed = any_changed(note);
	return OK;
}

/* --- Writing --- */

/* Of a damaged key type and certificate cannot be read: what was known of them stays. */
static enum err_code key_remember(struct tx *tx, const struct note *note, const struct seen_key *before,
				  const struct key_info *key, struct err *err)
{
	const char *fingerprint = key->cert ? cert_fingerprint(key->cert) : before ? before->fingerprint : NULL;
	const char *type = key->status == KEY_DAMAGED && before ? before->type : key_type_name(key->type);

	return db_exec(tx, &sql_own_key_put,
		       BINDS(BIND_TEXT(instance_of(note)), BIND_TEXT(key->id), BIND_TEXT(key_use_name(key->use)),
			     BIND_TEXT(type), BIND_TEXT(key_status_name(key->status)), BIND_TEXT(fingerprint),
			     BIND_INT(note->now_us)),
		       NULL, err);
}

static enum err_code key_note(struct tx *tx, const struct note *note, const struct key_info *key, struct err *err)
{
	const struct seen_key *before = seen_of(note, key->id);

	if (!is_changed(before, key))
		return OK;
	for (size_t i = 0; i < COUNT(key_events); i++) {
		const struct key_event *row = &key_events[i];
		if (!row->happened(before, key))
			continue;
		const char *detail = detail_of(note->arena, key, row->certificate);
		if (!detail)
			return fail(err, ERR_MEMORY, "no memory left for key %s", key->id);
		TRY(event_put(tx, note, key->id, row->event, detail,
			      row->certificate ? cert_fingerprint(key->cert) : NULL, err));
	}
	return key_remember(tx, note, before, key, err);
}

static enum err_code removal_note(struct tx *tx, const struct note *note, const struct seen_key *key, struct err *err)
{
	TRY(event_put(tx, note, key->id, "removed", key->type, NULL, err));
	return db_exec(tx, &sql_own_key_drop, BINDS(BIND_TEXT(instance_of(note)), BIND_TEXT(key->id)), NULL, err);
}

static enum err_code note_run(struct tx *tx, void *arg, struct err *err)
{
	struct note *note = arg;
	arena_auto arena = arena_new(NOTE_ARENA_BYTES);

	note->arena = arena;
	if (!arena)
		return fail(err, ERR_MEMORY, "no memory left for our keys");
	TRY(seen_read(tx, note, err));
	for (size_t i = 0; i < note->list->count; i++)
		TRY(key_note(tx, note, &note->list->keys[i], err));
	for (size_t i = 0; i < note->seen_count; i++)
		if (!is_there(note, note->seen[i].id))
			TRY(removal_note(tx, note, &note->seen[i], err));
	return OK;
}

enum err_code own_keys_note(struct kernel *kernel, const char *directory, const struct actor *actor, int64_t now_us,
			    struct err *err)
{
	struct key_list list;

	TRY(keystore_list(directory, &list, err));
	struct note note = { .kernel = kernel, .list = &list, .actor = actor, .now_us = now_us };
	enum err_code code = db_read(kernel->db, compare_run, &note, err);
	if (code == OK && note.changed)
		code = db_write(kernel->db, note_run, &note, err);
	key_list_done(&list);
	return code;
}

enum err_code own_key_known(struct tx *tx, const char *fingerprint, bool *known, struct err *err)
{
	db_query_auto query = { 0 };

	TRY(db_query(tx, &sql_own_key_known, BINDS(BIND_TEXT(fingerprint)), &query, err));
	bool found = db_next(&query);
	TRY(db_end(&query, err));
	*known = found;
	return OK;
}
