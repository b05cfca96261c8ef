/* A second node, of another state, on the same database: whoever writes cards to be imported. */
#ifndef API_OTHER_H
#define API_OTHER_H

#include "world.h"

#include "kernel/card.h"
#include "kernel/party.h"
#include "kernel/task.h"

#define LA          "/api/v1/partners/LA/card"
#define LA_ENDPOINT "https://asw.la.example:8443/as4"

struct other {
	struct world world;
	struct kernel kernel; /* of LA */
	char *directory;
	struct pki *root;
	struct keys *keys;
	struct messaging *messaging;
	int64_t now_us;
};

static inline void open_other(struct other *o, const char *endpoint)
{
	struct kernel_fixture *fixture = o->world.fixture;
	struct messaging_options options = messaging_options_of(&o->world);

	messaging_free(o->messaging);
	keys_free(o->keys);
	must(keys_open(o->directory, &o->keys, &fixture->err));
	options.kernel = &o->kernel;
	options.keys = o->keys;
	options.keys_directory = o->directory;
	options.party_id = "LA:gateway";
	options.endpoint = endpoint;
	must(messaging_new(&options, &o->messaging, &fixture->err));
}

static inline void install(const char *directory, const struct pki *root)
{
	struct key_info info;

	pki_key_install(directory, KEY_USE_SIGN, KEY_P256, root, &info);
	pki_key_install(directory, KEY_USE_DECRYPT, KEY_P256, root, &info);
	pki_key_install(directory, KEY_USE_TLS, KEY_P256, root, &info);
}

static inline void other_begin(void **state, struct other *o)
{
	*o = (struct other){ .world = begin(state, false), .now_us = FIXTURE_NOW_US };
	o->kernel = o->world.fixture->kernel;
	o->kernel.state = "LA";
	o->directory = pki_directory_new();
	o->root = pki_issue(&(struct pki_spec){ .subject = "/CN=LA root", .authority = true });
	install(o->directory, o->root);
	install(o->world.directory, o->world.root);
	struct kernel_fixture *fixture = o->world.fixture;
	must(keys_reload(o->world.keys, &fixture->err));
	must(messaging_refresh(o->world.messaging, true, &fixture->err));
	open_other(o, LA_ENDPOINT);
}

static inline void other_end(struct other *o)
{
	messaging_free(o->messaging);
	keys_free(o->keys);
	pki_free(o->root);
	pki_directory_free(o->directory);
	end(&o->world);
}

static inline const char *card_of(struct other *o)
{
	struct kernel_fixture *fixture = o->world.fixture;
	buf_auto out;

	buf_init(&out, CARD_BYTES_MAX);
	o->now_us += SECOND_US; /* which is its serial number */
	must(messaging_card_write(o->messaging, fixture->arena, &(struct card_offer){ .name = "Lao Customs" },
				  o->now_us, &out, &fixture->err));
	return arena_text(fixture->arena, buf_text(&out));
}

/* As the partner would read it out. */
static inline const char *fingerprint_of(struct other *o, const char *text)
{
	struct kernel_fixture *fixture = o->world.fixture;
	struct card card;
	const struct card_reading reading = { .text = bytes_of(text),
					      .held_serial = INTEGER_NONE,
					      .now_us = o->now_us };

	must(messaging_card_read(fixture->arena, &reading, &card, findings_new(fixture->arena), &fixture->err));
	return arena_printf(fixture->arena, "%.32s", card.fingerprint);
}

static inline struct answer import(struct other *o, const char *card, const char *fingerprint)
{
	return call(&o->world, "POST", "/api/v1/cards", &card_import_schema,
		    &(struct card_import_view){ .card = card, .fingerprint = fingerprint });
}

static inline void imported(struct other *o)
{
	const char *card = card_of(o);
	expect(import(o, card, fingerprint_of(o, card)), 201, "\"state\":\"held\"");
}

struct looked {
	struct arena *arena;
	struct partner partner;
	struct partner_certificate_list certificates;
	struct task_list tasks;
	struct partner_card held;
};

static inline enum err_code read_all(struct tx *tx, void *arg, struct err *err)
{
	struct looked *l = arg;
	TRY(partner_find(tx, l->arena, "LA", &l->partner, err));
	TRY(partner_certificates(tx, l->arena, "LA", &l->certificates, err));
	TRY(partner_card_find(tx, l->arena, "LA", CARD_HELD, &l->held, err));
	return task_list(tx, l->arena, NULL, NULL, 10, &l->tasks, err);
}

static inline struct looked look(struct other *o)
{
	struct kernel_fixture *fixture = o->world.fixture;
	struct looked looked = { .arena = fixture->arena };

	must(db_read(fixture->kernel.db, read_all, &looked, &fixture->err));
	return looked;
}

#endif
