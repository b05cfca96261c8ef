/* Stages DECRYPTION and EXPANSION: the payloads' octets. */
#include "codec/gzip.h"
#include "messaging/message_int.h"
#include "messaging/uris_int.h"

/* Keys to try: those whose certificate the message names first, then all others that may decrypt. */
static bool names(const struct ebms_token *token, const struct key_info *key)
{
	if (!key->cert) /* handed over for an inspection */
		return false;
	if (token->kind == TOKEN_BST)
		return bytes_same(token->data, cert_der(key->cert));
	if (token->kind == TOKEN_SKI)
		return bytes_same(token->data, cert_ski(key->cert));
	return token->kind == TOKEN_ISSUER_SERIAL && same(token->serial, cert_serial(key->cert));
}

static enum err_code unwrap(const struct ebms_encryption *encryption, struct keys *keys, const struct key_list *own,
			    uint8_t key[static CONTENT_KEY_MAX], size_t *size, bool *good, struct err *err)
{
	*good = false;
	for (int named = 1; named >= 0 && !*good; named--)
		for (size_t i = 0; i < own->count && !*good; i++) {
			const struct key_info *info = &own->keys[i];
			bool able = info->status == KEY_ACTIVE || info->status == KEY_RETIRED;
			if (info->use != KEY_USE_DECRYPT || !able ||
			    names(&encryption->recipient, info) != (named == 1))
				continue;
			TRY(keys_unwrap(keys, info->id, &encryption->wrapped, key, size, good, err));
		}
	return OK;
}

/* What a part carries; a transfer encoding that cannot be undone is the sender's mistake. */
static enum err_code part_body(struct ebms_message *message, const struct ebms_part *part, struct bytes *body,
			       bool *good, struct err *err)
{
	struct err why = { 0 };
	enum err_code code = mime_body(message->arena, part->mime, body, &why);
	*good = code == OK;
	if (*good && !body->data) /* empty, not closed */
		*body = bytes("", 0);
	if (code == ERR_SYNTAX || code == ERR_LIMIT) {
		ebms_found(message, RULE_MIME, why.text, NULL);
		return OK;
	}
	if (code != OK)
		*err = why;
	return code;
}

static enum err_code open_part(struct ebms_message *message, struct ebms_part *part, const uint8_t *key,
			       size_t key_size, struct err *err)
{
	struct bytes sealed = { 0 };
	bool good = false;
	TRY(part_body(message, part, &sealed, &good, err));
	if (!good)
		return OK;
	good = false;
	if (key && key_size == content_key_size(part->sealed->alg))
		TRY(content_decrypt(part->sealed->alg, key, sealed, &part->opened, &good, err));
	TRY(buf_check(&part->opened, "a decrypted part", err));
	if (good)
		part->octets = part->opened.data ? buf_bytes(&part->opened) : bytes("", 0);
	else
		ebms_found(message, RULE_DECRYPTION, part->content_id,
			   key ? "it was altered after it was sealed" : "no key here opens the message's key");
	return OK;
}

enum err_code ebms_decrypt(struct ebms_message *message, struct keys *keys, const struct key_list *own, struct err *err)
{
	uint8_t key[CONTENT_KEY_MAX];
	size_t size = 0;
	bool good = false;
	if (message->encryption && message->encryption->wrap_known)
		TRY(unwrap(message->encryption, keys, own, key, &size, &good, err));
	enum err_code code = OK;
	for (size_t i = 0; i < message->parts_count && code == OK; i++) {
		struct ebms_part *part = &message->parts[i];
		if (part->sealed)
			code = open_part(message, part, good && part->sealed->alg_known ? key : NULL, size, err);
		else
			code = part_body(message, part, &part->octets, &(bool){ false }, err);
	}
	content_key_forget(key);
	return code;
}

enum err_code ebms_take_parts(struct ebms_message *message, const struct bytes *opened, size_t count, struct err *err)
{
	if (count != message->parts_count) {
		ebms_found(message, RULE_PARTS, "those given", "are not as many as it has");
		return OK;
	}
	for (size_t i = 0; i < count; i++)
		if (message->parts[i].sealed)
			message->parts[i].octets = opened[i];
		else
			TRY(part_body(message, &message->parts[i], &message->parts[i].octets, &(bool){ false }, err));
	return OK;
}

/* XML 1.0 §4.3.3 EncName: [A-Za-z] ([A-Za-z0-9._] | '-')* */
static bool is_encoding_name(const char *text)
{
	const char *rest = text + strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-");
	return ((*text | 32) >= 'a' && (*text | 32) <= 'z') && *rest == '\0';
}

/* eDelivery AS4 1.15 §3.2.2: a compressed part says so, and says what it was (TA24 to TA29). */
static bool check_compression(struct ebms_message *message, const struct ebms_part *part)
{
	size_t before = findings_count(message->findings);
	if (part->compressed && !same(part->compression, MIME_GZIP))
		ebms_found(message, RULE_COMPRESSION, part->content_id,
			   "is compressed in a way other than application/gzip");
	if (part->compressed && !part->mime_type)
		ebms_found(message, RULE_COMPRESSION, part->content_id, "is compressed and has no property MimeType");
	if (part->charset && !is_encoding_name(part->charset))
		ebms_found(message, RULE_COMPRESSION, part->content_id, "has a CharacterSet that is no encoding name");
	return findings_count(message->findings) == before;
}

enum err_code ebms_expand(struct ebms_message *message, struct err *err)
{
	for (size_t i = 0; i < message->parts_count; i++) {
		const struct ebms_part *part = &message->parts[i];
		if (!check_compression(message, part) || !part->compressed || !part->octets.data)
			continue;
		struct err why = { 0 };
		buf_auto plain;
		buf_init(&plain, message->limits->max_payload_bytes);
		enum err_code code = gzip_expand(part->octets, message->limits->max_ratio, &plain, &why);
		if (code == ERR_SYNTAX || code == ERR_LIMIT) {
			ebms_found(message, RULE_DECOMPRESSION, part->content_id, why.text);
		} else if (code != OK) {
			*err = why;
			return code;
		}
	}
	return OK;
}
