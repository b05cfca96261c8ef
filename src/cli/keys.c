/* The key ceremony: on the node's key directory, whether the node runs or not. A running node is told to read it anew.
 */
#include <unistd.h>

#include "base/text.h"
#include "cli/cli_int.h"

enum { PEM_MAX = 1 << 20 };

static enum err_code keys_of(struct invocation *in, struct config *config, const char **directory, struct err *err)
{
	TRY(right_config(in, config, err));
	*directory = config_path(in->arena, config, "keys");
	return *directory ? OK : fail(err, ERR_MEMORY, "no memory for a path");
}

static enum err_code key_directory(struct invocation *in, const char **directory, struct err *err)
{
	struct config config;
	return keys_of(in, &config, directory, err);
}

/* A node that does not run reads the keys, and journals what was done with them, when it starts. */
static enum err_code tell_node(struct invocation *in, struct err *err)
{
	struct http_answer answer;
	if (access(arena_printf(in->arena, "%s/admin.sock", in->directory), F_OK) != 0)
		return OK;
	return remote_call(in, "POST", "/api/v1/keys/reread", bytes(NULL, 0), &answer, err);
}

enum err_code run_key_new(struct invocation *in, struct err *err)
{
	const char *directory;
	const char *type_name = option_value(in, "--type") ? option_value(in, "--type") : "rsa-3072";
	enum key_use use;
	enum key_type type;
	struct key_info info;
	if (!key_use_parse(option_value(in, "--use"), &use))
		return fail(err, ERR_USAGE, "--use is sign, decrypt or tls, not %s", option_value(in, "--use"));
	if (!key_type_parse(type_name, &type))
		return fail(err, ERR_USAGE, "there is no key type %s; see lintas help key new", type_name);
	TRY(key_directory(in, &directory, err));
	TRY(keystore_new(directory, use, type, &info, err));
	printf("%s\n", info.id);
	/* The order of a roll-over (docs/operations.md): a partner encrypts for a certificate as soon as it has it, and
	 * the older key signs until it is retired or ends, so both are installed at once; a connection shows the TLS
	 * key that was made last. An X25519 key cannot sign a request: the authority takes its public half. */
	bool tls = use == KEY_USE_TLS;
	fprintf(stderr, "Next: lintas key %s %s%s; then %slintas key install %s --certificate FILE%s\n",
		type == KEY_X25519 ? "public" : "csr", info.id,
		type == KEY_X25519 ? ", from which your authority makes the certificate" : " --subject NAME",
		tls ? "give partners its certificate, and when all have it " : "", info.id,
		tls ? ""
		: use == KEY_USE_SIGN
			? ", by which partners get it on our card; an older key of its kind signs until it is "
			  "retired or ends"
			: ", by which partners get it on our card");
	return tell_node(in, err);
}

typedef enum err_code put_pem(const char *directory, const char *id, const char *subject, struct buf *pem,
			      struct err *err);

static enum err_code put_public(const char *directory, const char *id, const char *subject, struct buf *pem,
				struct err *err)
{
	(void)subject;
	return keystore_public(directory, id, pem, err);
}

static enum err_code print_pem(struct invocation *in, put_pem *put, const char *subject, struct err *err)
{
	const char *directory;
	buf_auto pem;
	buf_init(&pem, PEM_MAX);
	TRY(key_directory(in, &directory, err));
	TRY(put(directory, in->arguments[0], subject, &pem, err));
	fwrite(pem.data, 1, pem.size, stdout);
	return OK;
}

enum err_code run_key_csr(struct invocation *in, struct err *err)
{
	return print_pem(in, keystore_csr, option_value(in, "--subject"), err);
}

enum err_code run_key_public(struct invocation *in, struct err *err)
{
	return print_pem(in, put_public, NULL, err);
}

/* What is installed stays: whoever moves the node to another host installs first. */
static enum err_code warn_of_name(struct invocation *in, const struct config *config, const char *directory,
				  struct err *err)
{
	struct key_list list;
	TRY(keystore_list(directory, &list, err));
	for (size_t i = 0; i < list.count; i++) {
		const struct key_info *key = &list.keys[i];
		bool shown = same(key->id, in->arguments[0]) && key->use == KEY_USE_TLS && key->cert;
		const char *doubt = shown ? node_tls_doubt(in->arena, config, key->cert) : NULL;
		if (doubt)
			fprintf(stderr, "warning: %s\n", doubt);
	}
	key_list_done(&list);
	return OK;
}

enum err_code run_key_install(struct invocation *in, struct err *err)
{
	struct config config;
	const char *directory;
	struct bytes pem;
	TRY(keys_of(in, &config, &directory, err));
	TRY(input_read(in->arena, option_value(in, "--certificate"), PEM_MAX, &pem, err));
	TRY(keystore_install(directory, in->arguments[0], pem, err));
	printf("%s is active\n", in->arguments[0]);
	TRY(warn_of_name(in, &config, directory, err));
	return tell_node(in, err);
}

/* Whether KEY may be retired: another active one can do what it does, or it is not active itself. */
static bool replaceable(const struct key_list *list, const struct key_info *key)
{
	for (size_t i = 0; i < list->count; i++)
		if (&list->keys[i] != key && list->keys[i].use == key->use && list->keys[i].status == KEY_ACTIVE)
			return true;
	return key->status != KEY_ACTIVE;
}

static enum err_code check_retire(struct invocation *in, const struct key_list *list, struct err *err)
{
	const char *id = in->arguments[0], *ids = "";
	for (size_t i = 0; i < list->count; i++) {
		if (same(list->keys[i].id, id) && !replaceable(list, &list->keys[i]) && !option_value(in, "--anyway"))
			return fail(err, ERR_CONFLICT,
				    "%s is the only active key of its use: without it nothing can be exchanged; "
				    "install another one first, or say --anyway",
				    id);
		if (same(list->keys[i].id, id))
			return option_value(in, "--approved") || option_value(in, "--anyway")
				       ? OK
				       : key_ask_partners(in, list, &list->keys[i], err);
		ids = arena_printf(in->arena, "%s%s%s", ids, i ? ", " : "", list->keys[i].id);
		if (!ids)
			return fail(err, ERR_MEMORY, "no memory for the keys");
	}
	return fail(err, ERR_NOT_FOUND, "there is no key %.64s; there is: %.200s", id, *ids ? ids : "none");
}

enum err_code run_key_retire(struct invocation *in, struct err *err)
{
	const char *directory;
	struct key_list list;
	TRY(key_directory(in, &directory, err));
	TRY(keystore_list(directory, &list, err));
	enum err_code code = check_retire(in, &list, err);
	key_list_done(&list);
	if (code != OK)
		return code;
	TRY(keystore_retire(directory, in->arguments[0], err));
	printf("%s is retired\n", in->arguments[0]);
	return tell_node(in, err);
}

enum err_code run_key_list(struct invocation *in, struct err *err)
{
	const char *directory;
	struct key_list list;
	TRY(key_directory(in, &directory, err));
	TRY(keystore_list(directory, &list, err));
	enum err_code code = show_keys(in, &list, err);
	key_list_done(&list);
	return code;
}
