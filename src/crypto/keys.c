/* Keys in this process. */
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <pthread.h>
#include <stdlib.h>

#include "crypto/keys_int.h"

enum operation { SIGN, UNWRAP };

static const char *const operation_texts[] = { [SIGN] = "sign", [UNWRAP] = "decrypt" };

/* What a key may do. No row: it may not, and is not even loaded. */
static const struct {
	enum key_use use;
	enum key_status status;
	enum operation operation;
} permissions[] = {
	{ KEY_USE_SIGN, KEY_ACTIVE, SIGN },
	{ KEY_USE_DECRYPT, KEY_ACTIVE, UNWRAP },
	{ KEY_USE_DECRYPT, KEY_RETIRED, UNWRAP }, /* messages of before the roll-over are still on their way */
};

struct slot {
	char id[KEY_ID_SIZE];
	enum key_use use;
	enum key_status status;
	EVP_PKEY *key; /* NULL: it may do nothing */
	enum key_kind kind;
	EVP_MD_CTX *signers[SIG_ALGS]; /* of an active signing key, those that fit its kind */
};

struct slots {
	struct slot *all;
	size_t count;
};

struct local {
	struct keys base;
	char *directory;
	pthread_rwlock_t lock; /* of slots: reload exchanges them while others sign */
	struct slots slots;
};

static struct local *local_of(struct keys *keys)
{
	return (struct local *)keys; /* base is its first member */
}

static bool may(const struct slot *slot, enum operation operation)
{
	for (size_t i = 0; i < COUNT(permissions); i++)
		if (permissions[i].use == slot->use && permissions[i].status == slot->status &&
		    permissions[i].operation == operation)
			return true;
	return false;
}

static void slots_done(struct slots *slots)
{
	for (size_t i = 0; i < slots->count; i++) {
		for (size_t k = 0; k < SIG_ALGS; k++)
			EVP_MD_CTX_free(slots->all[i].signers[k]);
		EVP_PKEY_free(slots->all[i].key); /* OpenSSL overwrites the numbers */
	}
	free(slots->all);
	*slots = (struct slots){ 0 };
}

static enum err_code signers_make(struct slot *slot, struct err *err)
{
	for (size_t i = 0; i < SIG_ALGS; i++) {
		if (sig_alg_key((enum sig_alg)i) != slot->kind)
			continue;
		slot->signers[i] = signature_context((enum sig_alg)i, slot->key, EVP_DigestSignInit);
		if (!slot->signers[i])
			return fail_openssl(err, ERR_CRYPTO, "a key cannot be set up to sign");
	}
	return OK;
}

/* A retired key that cannot be read is nobody's to use; the others go on. An active one must be seen to. */
static enum err_code slot_load(const char *directory, struct slot *slot, struct err *err)
{
	enum err_code code;
	struct err why = { 0 };

	if (!may(slot, SIGN) && !may(slot, UNWRAP))
		return OK;
	code = keystore_private(directory, slot->id, &slot->key, &why);
	if (slot->status == KEY_RETIRED && (code == ERR_KEY || code == ERR_NOT_FOUND))
		slot->status = KEY_DAMAGED;
	else if (code != OK)
		return fail(err, code, "key %s: %s", slot->id, why.text);
	slot->kind = key_kind_of(slot->key);
	return may(slot, SIGN) ? signers_make(slot, err) : OK;
}

static enum err_code slots_fill(const char *directory, const struct key_list *list, struct slots *slots,
				struct err *err)
{
	for (size_t i = 0; i < list->count; i++) {
		const struct key_info *info = &list->keys[i];
		struct slot *slot = &slots->all[slots->count++];
		*slot = (struct slot){ .use = info->use, .status = info->status };
		memcpy(slot->id, info->id, sizeof(slot->id));
		TRY(slot_load(directory, slot, err));
	}
	return OK;
}

static enum err_code slots_read(const char *directory, struct slots *slots, struct err *err)
{
	struct key_list list;
	struct slots read = { 0 };

	TRY(keystore_list(directory, &list, err));
	read.all = calloc(list.count + 1, sizeof(*read.all));
	enum err_code code = read.all ? slots_fill(directory, &list, &read, err)
				      : fail(err, ERR_MEMORY, "no memory left for the keys");
	key_list_done(&list);
	if (code != OK) {
		slots_done(&read);
		return code;
	}
	*slots = read;
	return OK;
}

/* Key ID for OPERATION. With the lock held, and only for as long. */
static enum err_code slot_get(const struct local *local, const char *id, enum operation operation,
			      const struct slot **found, struct err *err)
{
	const struct slot *slot = NULL;

	for (size_t i = 0; i < local->slots.count && !slot; i++)
		if (same(local->slots.all[i].id, id))
			slot = &local->slots.all[i];
	if (!slot)
		return fail(err, ERR_KEY, "there is no key %.40s", id ? id : "");
	if (!may(slot, operation))
		return fail(err, ERR_DENIED, "key %s is a %s key and %s: it may not %s", slot->id,
			    key_use_name(slot->use), key_status_name(slot->status), operation_texts[operation]);
	*found = slot;
	return OK;
}

static enum err_code signer_copy(const struct slot *slot, enum sig_alg alg, EVP_MD_CTX *signer, struct err *err)
{
	if (!sig_alg_known(alg) || !slot->signers[alg])
		return fail(err, ERR_KEY, "the key is not one for %s", sig_alg_name(alg));
	if (!signer || EVP_MD_CTX_copy_ex(signer, slot->signers[alg]) != 1)
		return fail_openssl(err, ERR_CRYPTO, "the signature cannot be made");
	return OK;
}

/* What the lock gives has references of its own: a reload may end the slot while it is used. */
static enum err_code local_sign(struct keys *keys, const char *id, enum sig_alg alg, struct bytes data,
				struct buf *signature, struct err *err)
{
	struct local *local = local_of(keys);
	const struct slot *slot = NULL;
	md_ctx_auto signer = EVP_MD_CTX_new();

	pthread_rwlock_rdlock(&local->lock);
	enum err_code code = slot_get(local, id, SIGN, &slot, err);
	if (code == OK)
		code = signer_copy(slot, alg, signer, err);
	pthread_rwlock_unlock(&local->lock);
	return code == OK ? signature_make(alg, signer, data, signature, err) : code;
}

static enum err_code local_unwrap(struct keys *keys, const char *id, const struct wrapped_key *wrapped,
				  uint8_t content_key[static CONTENT_KEY_MAX], size_t *size, bool *good,
				  struct err *err)
{
	struct local *local = local_of(keys);
	const struct slot *slot = NULL;
	enum key_kind kind = KEY_KIND_OTHER;
	pkey_auto key = NULL;

	pthread_rwlock_rdlock(&local->lock);
	enum err_code code = slot_get(local, id, UNWRAP, &slot, err);
	if (code == OK && EVP_PKEY_up_ref(slot->key) == 1) {
		key = slot->key;
		kind = slot->kind;
	}
	pthread_rwlock_unlock(&local->lock);
	return code == OK ? key_unwrap(key, kind, wrapped, content_key, size, good, err) : code;
}

static enum err_code local_reload(struct keys *keys, struct err *err)
{
	struct local *local = local_of(keys);
	struct slots new, old;

	TRY(slots_read(local->directory, &new, err));
	pthread_rwlock_wrlock(&local->lock);
	old = local->slots;
	local->slots = new;
	pthread_rwlock_unlock(&local->lock);
	slots_done(&old);
	return OK;
}

static void local_free(struct keys *keys)
{
	struct local *local = local_of(keys);

	slots_done(&local->slots);
	pthread_rwlock_destroy(&local->lock);
	free(local->directory);
	free(local);
}

static const struct keys_ops local_ops = { local_sign, local_unwrap, local_reload, local_free };

enum err_code keys_open(const char *directory, struct keys **keys, struct err *err)
{
	struct local *local = calloc(1, sizeof(*local));
	char *copy = local ? strdup(directory) : NULL;

	if (!copy) {
		free(local);
		return fail(err, ERR_MEMORY, "no memory left for the keys");
	}
	enum err_code code = slots_read(directory, &local->slots, err);
	if (code != OK) {
		free(copy);
		free(local);
		return code;
	}
	local->base.ops = &local_ops;
	local->directory = copy;
	pthread_rwlock_init(&local->lock, NULL);
	*keys = &local->base;
	return OK;
}

/* There is nothing to read anew. */
static enum err_code given_reload(struct keys *keys, struct err *err)
{
	(void)keys, (void)err;
	return OK;
}

static const struct keys_ops given_ops = { local_sign, local_unwrap, given_reload, local_free };

enum err_code keys_of_pem(struct bytes pem, struct keys **keys, struct key_list *list, struct err *err)
{
	static const struct key_info given = {
		.id = "decrypt-1", .use = KEY_USE_DECRYPT, .status = KEY_ACTIVE, .type = KEY_TYPE_UNKNOWN
	};
	pkey_auto key = NULL;

	TRY(private_parse(pem, &key, err));
	struct local *local = calloc(1, sizeof(*local));
	struct slot *slot = calloc(1, sizeof(*slot));
	struct key_info *info = calloc(1, sizeof(*info));
	if (!local || !slot || !info) {
		free(local);
		free(slot);
		free(info);
		return fail(err, ERR_MEMORY, "no memory left for the key");
	}
	*info = given;
	*slot = (struct slot){ .use = given.use, .status = given.status, .key = key, .kind = key_kind_of(key) };
	memcpy(slot->id, given.id, sizeof(slot->id));
	key = NULL; /* the slot's now */
	local->base.ops = &given_ops;
	local->slots = (struct slots){ .all = slot, .count = 1 };
	pthread_rwlock_init(&local->lock, NULL);
	*keys = &local->base;
	*list = (struct key_list){ .keys = info, .count = 1 };
	return OK;
}

/* --- Of either kind: what is refused here never reaches the socket --- */

static enum err_code check_id(const char *id, struct err *err)
{
	if (!id || strlen(id) >= KEY_ID_SIZE)
		return fail(err, ERR_KEY, "there is no key %.40s", id ? id : "");
	return OK;
}

void keys_free(struct keys *keys)
{
	if (keys)
		keys->ops->free(keys);
}

enum err_code keys_sign(struct keys *keys, const char *id, enum sig_alg alg, struct bytes data, struct buf *signature,
			struct err *err)
{
	TRY(check_id(id, err));
	if (data.size > SIGNED_DATA_MAX)
		return fail(err, ERR_LIMIT, "what is to be signed is larger than %u bytes", SIGNED_DATA_MAX);
	return keys->ops->sign(keys, id, alg, data, signature, err);
}

enum err_code keys_unwrap(struct keys *keys, const char *id, const struct wrapped_key *wrapped,
			  uint8_t key[static CONTENT_KEY_MAX], size_t *size, bool *good, struct err *err)
{
	TRY(check_id(id, err));
	if (!wrapped_key_fits(wrapped)) {
		*good = false;
		return OK;
	}
	return keys->ops->unwrap(keys, id, wrapped, key, size, good, err);
}

enum err_code keys_reload(struct keys *keys, struct err *err)
{
	return keys->ops->reload(keys, err);
}
