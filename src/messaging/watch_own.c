/* The watch over our own certificates: what partners have to say of theirs, said of ours. */
#include "base/date.h"
#include "kernel/own_key.h"
#include "messaging/watch_int.h"

#define TASK_OWN_CERTIFICATE "own-certificate"

static const struct use {
	const char *name, *without; /* what a node without such a certificate comes to */
} uses[] = {
	[KEY_USE_SIGN] = { "sign", "partners refuse what we send and acknowledge" },
	[KEY_USE_DECRYPT] = { "decrypt", "partners can send us nothing" },
	[KEY_USE_TLS] = { "tls", "partners trust no connection of ours" },
};

static enum err_code fill(struct arena *arena, const struct key_info *key, int64_t now_us,
			  struct messaging_credential *item, struct err *err)
{
	const struct use *use = &uses[key->use];
	const char *subject = cert_subject(key->cert), *what = NULL;
	char end[TIME_SIZE];
	*item = (struct messaging_credential){ .use = use->name,
					       .subject = arena_text(arena, subject),
					       .fingerprint = arena_text(arena, cert_fingerprint(key->cert)),
					       .not_before_us = cert_not_before_us(key->cert),
					       .not_after_us = cert_not_after_us(key->cert),
					       .state = CREDENTIAL_GOOD };
	time_format(item->not_after_us, end);
	if (now_us < item->not_before_us) {
		item->state = CREDENTIAL_FUTURE;
	} else if (now_us >= item->not_after_us) {
		item->state = CREDENTIAL_REFUSED;
		what = arena_printf(arena, "expired at %s; without another one %s", end, use->without);
	} else if (item->not_after_us - now_us < MESSAGING_RENEW_DAYS * DAY_US) {
		item->state = CREDENTIAL_ENDING;
		what = arena_printf(arena, "ends at %s", end);
	}
	if (what)
		item->advice =
			arena_printf(arena,
				     "Our key %s: the certificate of %s (use %s) %s. Make the next one (lintas key "
				     "new --use %s --type %s), have it certified (lintas key csr), then lintas key "
				     "install KEY --certificate FILE",
				     key->id, subject, use->name, what, use->name, key_type_name(key->type));
	bool told = item->advice || same(item->state, CREDENTIAL_GOOD) || same(item->state, CREDENTIAL_FUTURE);
	return item->subject && item->fingerprint && told ? OK : fail(err, ERR_MEMORY, "no memory for our keys");
}

/* Partners agree on a profile, and with it on a kind of key; TLS takes any. */
static bool does_the_same(const struct key_info *one, const struct key_info *other)
{
	return one->use == other->use &&
	       (one->use == KEY_USE_TLS || cert_key_kind(one->cert) == cert_key_kind(other->cert));
}

static enum err_code look(struct arena *arena, const struct directory *directory, int64_t now_us,
			  struct messaging_credentials *list, struct err *err)
{
	const struct key_list *own = &directory->own;
	struct messaging_credential *items = arena_array(arena, own->count + 1, sizeof *items);
	const struct key_info **keys = arena_array(arena, own->count + 1, sizeof *keys);
	size_t count = 0;
	if (!items || !keys)
		return fail(err, ERR_MEMORY, "no memory for our keys");
	for (size_t i = 0; i < own->count; i++) {
		if (own->keys[i].status != KEY_ACTIVE || !own->keys[i].cert)
			continue;
		keys[count] = &own->keys[i];
		TRY(fill(arena, keys[count], now_us, &items[count], err));
		count++;
	}
	for (size_t i = 0; i < count; i++) {
		items[i].alarm = items[i].advice != NULL;
		for (size_t other = 0; other < count; other++)
			if (other != i && does_the_same(keys[i], keys[other]) &&
			    watch_stands_in(&items[other], &items[i]))
				items[i].alarm = false;
	}
	*list = (struct messaging_credentials){ items, count };
	return OK;
}

/* Several instances on one database may each have keys of their own: a task of a key that is not here is for whoever
 * has it, as long as somebody does. */
static enum err_code are_others(struct tx *tx, void *arg, const struct task *task, bool *others, struct err *err)
{
	const struct directory *directory = arg;
	const char *fingerprint = strrchr(task->subject, ' ');
	*others = false;
	for (size_t i = 0; fingerprint && i < directory->own.count; i++) {
		const struct cert *cert = directory->own.keys[i].cert;
		if (cert && same(cert_fingerprint(cert), fingerprint + 1))
			return OK;
	}
	return fingerprint ? own_key_known(tx, fingerprint + 1, others, err) : OK;
}

static enum err_code keep_tasks(struct messaging *messaging, struct directory *directory, struct arena *arena,
				int64_t now_us, bool tell, struct err *err)
{
	struct messaging_credentials own;
	struct task_list wanted;
	bool changed = false;
	TRY(look(arena, directory, now_us, &own, err));
	TRY(watch_tasks(arena, &own, &wanted, err));
	TRY(task_keep_ours(messaging->options.kernel, TASK_OWN_CERTIFICATE, &wanted, are_others, directory, now_us,
			   &changed, err));
	if (changed || tell)
		watch_tell(&wanted);
	return OK;
}

enum err_code watch_own(struct messaging *messaging, struct arena *arena, int64_t now_us, bool tell, struct err *err)
{
	struct directory *directory = directory_get(messaging);
	enum err_code code = keep_tasks(messaging, directory, arena, now_us, tell, err);
	directory_release(directory);
	return code;
}
