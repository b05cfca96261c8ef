/* What this node says of itself, signed as JSON: for whoever has its card. */
#include "messaging/jws_int.h"
#include "messaging/messaging_int.h"

enum err_code messaging_sign(struct messaging *messaging, const char *type, struct bytes payload, int64_t now_us,
			     struct buf *out, struct err *err)
{
	struct directory *directory = directory_get(messaging);
	const struct key_info *key = directory_signer(directory, NULL, now_us);
	enum err_code code = key ? jws_put(messaging->options.keys, key, type, payload, out, err)
				 : fail(err, ERR_KEY,
					"no active signing key has a valid certificate, so nothing can be signed; see "
					"lintas key list");
	directory_release(directory);
	return code;
}

enum err_code messaging_signed_read(struct arena *arena, struct bytes text, const char *type,
				    struct messaging_signed *read, struct findings *findings, struct err *err)
{
	struct jws jws = { .verified = false };
	TRY(jws_read(arena, text, type, &jws, findings, err));
	struct messaging_signed found = { .payload = jws.payload, .verified = jws.verified && jws.cert };
	if (jws.cert) {
		found.signer = arena_text(arena, cert_subject(jws.cert));
		found.fingerprint = arena_text(arena, cert_fingerprint(jws.cert));
	}
	bool whole = !jws.cert || (found.signer && found.fingerprint);
	cert_unref(jws.cert);
	if (!whole)
		return fail(err, ERR_MEMORY, "no memory for a signature");
	*read = found;
	return OK;
}
