#include "base/buf.h"
#include "base/date.h"
#include "base/random.h"
#include "base/text.h"
#include "base/uuid.h"
#include "crypto/digest.h"
#include "kernel/party.h"
#include "kernel/store_int.h"
#include "kernel/user_int.h"

enum { NAME_MIN = 2, NAME_MAX = 64, TITLE_MAX = 200, TOKENS_MAX = 100, SECRET_BYTES = 32 };

enum {
	RULE_NAME,
	RULE_ORGANISATION,
	RULE_ROLE,
	RULE_ROLE_KIND,
	RULE_NO_ROLE,
	RULE_TITLE,
	RULE_STATUS,
	RULE_ROLE_OF_USER,
	RULE_DISABLED,
	RULE_TOKENS,
};
const struct rule user_rules[] = {
	[RULE_NAME] = { .code = "USR-001",
			.text = "\"{1}\" is no name: 2 to 64 of a-z, 0-9, '.', '_' and '-', a letter or digit first" },
	[RULE_ORGANISATION] = { .code = "USR-002",
				.text = "there is no organisation \"{1}\": lintas organisation list shows them, "
					"lintas organisation add makes one" },
	[RULE_ROLE] = { .code = "USR-003", .text = "there is no role \"{1}\": lintas role list shows them" },
	[RULE_ROLE_KIND] = { .code = "USR-004", .text = "the role {1} is for users of {2}" },
	[RULE_NO_ROLE] = { .code = "USR-005", .text = "at least one role is needed" },
	[RULE_TITLE] = { .code = "USR-006", .text = "a title has 1 to 200 characters, in one line" },
	[RULE_STATUS] = { .code = "USR-007", .text = "\"{1}\" is neither active nor disabled" },
	[RULE_ROLE_OF_USER] = { .code = "USR-008", .text = "{2} does not have the role \"{1}\"" },
	[RULE_DISABLED] = { .code = "USR-009", .text = "{1} is disabled, and a token would let nobody in" },
	[RULE_TOKENS] = { .code = "USR-010", .text = "{1} has 100 tokens, and nobody has more: revoke one" },
	{ 0 },
};

/* What the entries of one change have in common. */
struct change {
	struct tx *tx;
	const struct actor *actor;
	int64_t now_us;
	const char *organisation; /* the user's: its own may see what was done to its users, whoever did it */
};

static enum err_code entry_put(const struct change *change, const char *type, const char *subject, const char *event,
			       const char *detail, struct err *err)
{
	return journal_put(change->tx,
			   &(struct journal_entry){ .at_us = change->now_us,
						    .actor = change->actor->name,
						    .organisation = change->organisation,
						    .subject_type = type,
						    .subject = subject,
						    .event = event,
						    .detail = detail },
			   err);
}

/* --- What can be --- */

static bool name_valid(const char *name)
{
	size_t length = name ? strlen(name) : 0;

	return length >= NAME_MIN && length <= NAME_MAX && !strchr("._-", name[0]) &&
	       strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789._-") == length;
}

static void title_check(const char *title, struct findings *findings)
{
	bool good = title && *title && utf8_valid(bytes_of(title)) && utf8_length(title) <= TITLE_MAX;

	for (size_t i = 0; good && title[i]; i++)
		good = (unsigned char)title[i] >= ' ' && title[i] != 0x7F;
	if (!good)
		finding_add(findings, &user_rules[RULE_TITLE], "/title", NULL, NULL);
}

static enum err_code organisation_check(struct tx *tx, struct arena *arena, const char *code, struct findings *findings,
					struct err *err)
{
	struct organisation organisation;

	if (!code)
		return OK;
	TRY(organisation_find(tx, arena, code, &organisation, err));
	if (!organisation.code)
		finding_add(findings, &user_rules[RULE_ORGANISATION], "/organisation", code, NULL);
	return OK;
}

/* Calls EACH for every role in ROLES; it says whether there may be such a one, or adds a finding. */
typedef void role_fn(const struct user *user, const char *role, struct findings *findings);

static enum err_code roles_check(struct arena *arena, const struct user *user, const char *roles, role_fn *each,
				 struct findings *findings, struct err *err)
{
	const char *rest = roles;
	struct bytes word;
	size_t count = 0;

	while (word_next(&rest, &word)) {
		const char *role = arena_text_of(arena, word);
		if (!role)
			return fail(err, ERR_MEMORY, "no memory left for the roles of %s", user->name);
		each(user, role, findings);
		count++;
	}
	if (count == 0)
		finding_add(findings, &user_rules[RULE_NO_ROLE], "/roles", NULL, NULL);
	return OK;
}

static void role_for_user(const struct user *user, const char *name, struct findings *findings)
{
	const struct role *role = role_find(name);

	if (!role)
		finding_add(findings, &user_rules[RULE_ROLE], "/roles", name, NULL);
	else if (role->node != !user->organisation)
		finding_add(findings, &user_rules[RULE_ROLE_KIND], "/roles", name,
			    role->node ? "the node itself" : "an organisation");
}

static void role_for_token(const struct user *user, const char *name, struct findings *findings)
{
	if (!word_among(user->roles, name))
		finding_add(findings, &user_rules[RULE_ROLE_OF_USER], "/roles", name, user->name);
}

static void status_check(const char *status, struct findings *findings)
{
	if (!same(status, "active") && !same(status, "disabled"))
		finding_add(findings, &user_rules[RULE_STATUS], "/status", status, NULL);
}

/* --- Users --- */

static struct user user_row(struct arena *arena, const struct query *query)
{
	return (struct user){
		.name = db_text(arena, query, 0),
		.organisation = db_text(arena, query, 1),
		.title = db_text(arena, query, 2),
		.roles = db_text(arena, query, 3),
		.status = db_text(arena, query, 4),
		.password = !db_null(query, 5),
		.created_us = db_int(query, 6),
	};
}

enum err_code user_list(struct tx *tx, struct arena *arena, const char *organisation, const char *after, size_t limit,
			struct user_list *list, struct err *err)
{
	struct user_list found = { 0 };
	db_query_auto query = { 0 };

	TRY(db_query(tx, &sql_account_all, BINDS(BIND_TEXT(organisation), BIND_TEXT(after), BIND_INT(limit)), &query,
		     err));
	while (db_next(&query)) {
		found.items = list_grow(arena, found.items, found.count, sizeof(*found.items));
		if (!found.items)
			return fail(err, ERR_MEMORY, "no memory left for the list of users");
		found.items[found.count++] = user_row(arena, &query);
	}
	TRY(db_end(&query, err));
	*list = found;
	return OK;
}

enum err_code user_find(struct tx *tx, struct arena *arena, const char *name, struct user *user,
			const char **password_hash, struct err *err)
{
	struct user found = { 0 };
	const char *hash = NULL;
	db_query_auto query = { 0 };

	TRY(db_query(tx, &sql_account_get, BINDS(BIND_TEXT(name)), &query, err));
	if (db_next(&query)) {
		found = user_row(arena, &query);
		hash = db_text(arena, &query, 5);
	}
	TRY(db_end(&query, err));
	*user = found;
	if (password_hash)
		*password_hash = hash;
	return OK;
}

static enum err_code user_get(struct tx *tx, struct arena *arena, const char *name, struct user *user, struct err *err)
{
	struct user found;

	TRY(user_find(tx, arena, name, &found, NULL, err));
	if (!found.name)
		return fail(err, ERR_NOT_FOUND, "there is no user \"%.64s\"", name);
	*user = found;
	return OK;
}

enum err_code user_add(struct tx *tx, struct arena *arena, const struct user *user, const char *password_hash,
		       const struct actor *actor, int64_t now_us, struct findings *findings, struct err *err)
{
	const struct change change = { tx, actor, now_us, user->organisation };
	const char *status = user->status ? user->status : "active";
	int64_t added = 0;

	if (!name_valid(user->name))
		finding_add(findings, &user_rules[RULE_NAME], "/name", user->name, NULL);
	title_check(user->title, findings);
	status_check(status, findings);
	TRY(organisation_check(tx, arena, user->organisation, findings, err));
	TRY(roles_check(arena, user, user->roles, role_for_user, findings, err));
	if (findings_errors(findings) > 0)
		return OK;

	const char *roles = roles_common(arena, user->roles, user->roles);
	if (!roles)
		return fail(err, ERR_MEMORY, "no memory left for the roles of %s", user->name);
	TRY(db_exec(tx, &sql_account_put,
		    BINDS(BIND_TEXT(user->name), BIND_TEXT(user->organisation), BIND_TEXT(user->title),
			  BIND_TEXT(roles), BIND_TEXT(status), BIND_TEXT(password_hash), BIND_INT(now_us)),
		    &added, err));
	if (added == 0)
		return fail(err, ERR_CONFLICT, "there is a user \"%s\" already: take another name, or change that one",
			    user->name);
	return entry_put(&change, "user", user->name, "added", roles, err);
}

/* Every token of NAME that still lets somebody in. */
static enum err_code tokens_end(const struct change *change, struct arena *arena, const char *name, struct err *err)
{
	const char *detail = arena_printf(arena, "of %s", name);
	const char **ids = NULL;
	size_t count = 0;
	db_query_auto query = { 0 };

	TRY(db_query(change->tx, &sql_token_end_all, BINDS(BIND_TEXT(name), BIND_INT(change->now_us)), &query, err));
	while (db_next(&query)) {
		ids = list_grow(arena, ids, count, sizeof(*ids));
		if (!ids || !detail)
			return fail(err, ERR_MEMORY, "no memory left for the tokens of %s", name);
		ids[count++] = db_text(arena, &query, 0);
	}
	TRY(db_end(&query, err));
	for (size_t i = 0; i < count; i++)
		TRY(entry_put(change, "token", ids[i], "revoked", detail, err));
	return OK;
}

static enum err_code user_set(const struct change *change, struct arena *arena, const struct user *before,
			      const struct user *after, struct err *err)
{
	bool title = !same(before->title, after->title), roles = !same(before->roles, after->roles);

	TRY(db_exec(change->tx, &sql_account_set,
		    BINDS(BIND_TEXT(after->name), BIND_TEXT(after->title), BIND_TEXT(after->roles),
			  BIND_TEXT(after->status)),
		    NULL, err));
	if (title || roles) {
		const char *detail = !roles ? "title"
					    : arena_printf(arena, "%sroles: %s, were: %s", title ? "title, " : "",
							   after->roles, before->roles);
		if (!detail)
			return fail(err, ERR_MEMORY, "no memory left for the change of %s", after->name);
		TRY(entry_put(change, "user", after->name, "changed", detail, err));
	}
	if (same(before->status, after->status))
		return OK;
	bool disabled = same(after->status, "disabled");
	TRY(entry_put(change, "user", after->name, disabled ? "disabled" : "enabled", NULL, err));
	return disabled ? tokens_end(change, arena, after->name, err) : OK;
}

enum err_code user_change(struct tx *tx, struct arena *arena, const struct user *user, const struct actor *actor,
			  int64_t now_us, struct findings *findings, struct err *err)
{
	struct user before;

	TRY(user_get(tx, arena, user->name, &before, err));
	/* Only what is given is checked: a user with a role that no longer exists can still be disabled. */
	if (user->title)
		title_check(user->title, findings);
	if (user->status)
		status_check(user->status, findings);
	if (user->roles)
		TRY(roles_check(arena, &before, user->roles, role_for_user, findings, err));
	if (findings_errors(findings) > 0)
		return OK;

	const struct change change = { tx, actor, now_us, before.organisation };
	struct user after = before;
	if (user->title)
		after.title = user->title;
	if (user->status)
		after.status = user->status;
	if (user->roles)
		after.roles = roles_common(arena, user->roles, user->roles);
	if (!after.roles)
		return fail(err, ERR_MEMORY, "no memory left for the roles of %s", user->name);
	return user_set(&change, arena, &before, &after, err);
}

enum err_code user_set_password(struct tx *tx, const char *name, const char *password_hash, const struct actor *actor,
				int64_t now_us, struct err *err)
{
	enum { ARENA_BYTES = 256 * 1024 }; /* a user, and the ids of all tokens that one has */
	arena_auto arena = arena_new(ARENA_BYTES);
	struct user user = { 0 };

	if (!arena)
		return fail(err, ERR_MEMORY, "no memory left for the password of %s", name);
	TRY(user_get(tx, arena, name, &user, err));
	const struct change change = { tx, actor, now_us, user.organisation };
	TRY(db_exec(tx, &sql_account_password_set, BINDS(BIND_TEXT(name), BIND_TEXT(password_hash)), NULL, err));
	TRY(entry_put(&change, "user", name, "password-set", NULL, err));
	return tokens_end(&change, arena, name, err);
}

/* --- Tokens --- */

/* The digest by which SECRET is found. A secret has 256 random bits, so what SHA-256 hides needs no salt and no work
 * factor; and what a search by digest tells by its time is of no use without a secret that has the digest. */
static struct bytes secret_digest(const char *secret, uint8_t digest[static SHA256_SIZE])
{
	sha256(bytes_of(secret), digest);
	return bytes(digest, SHA256_SIZE);
}

static const char *secret_new(struct arena *arena)
{
	enum { TEXT_BYTES = 64 };
	uint8_t random[SECRET_BYTES];
	buf_auto text;

	random_bytes(random, sizeof(random));
	buf_init(&text, TEXT_BYTES);
	buf_puts(&text, "lintas_");
	base64url_put(&text, bytes(random, sizeof(random)));
	return text.failed == OK ? arena_text(arena, buf_text(&text)) : NULL;
}

static enum err_code tokens_check(struct tx *tx, const char *name, int64_t now_us, struct findings *findings,
				  struct err *err)
{
	db_query_auto query = { 0 };

	TRY(db_query(tx, &sql_token_live, BINDS(BIND_TEXT(name), BIND_INT(now_us)), &query, err));
	int64_t live = db_next(&query) ? db_int(&query, 0) : 0;
	TRY(db_end(&query, err));
	if (live >= TOKENS_MAX)
		finding_add(findings, &user_rules[RULE_TOKENS], "", name, NULL);
	return OK;
}

static enum err_code token_put(const struct change *change, struct arena *arena, const struct token *token,
			       const char *secret, struct err *err)
{
	uint8_t digest[SHA256_SIZE];
	char expires[TIME_SIZE];
	const char *detail = arena_printf(arena, "of %s: %s, until %s", token->user, token->roles,
					  time_format(token->expires_us, expires));

	if (!detail)
		return fail(err, ERR_MEMORY, "no memory left for a token");
	TRY(db_exec(change->tx, &sql_account_turn, BINDS(BIND_TEXT(token->user)), NULL, err));
	/* What has ended goes, so that a user never has more than the live ones and those that ended since; the journal
	 * keeps their story. */
	TRY(db_exec(change->tx, &sql_token_sweep, BINDS(BIND_TEXT(token->user), BIND_INT(change->now_us)), NULL, err));
	TRY(db_exec(change->tx, &sql_token_put,
		    BINDS(BIND_TEXT(token->id), BIND_TEXT(token->user), BIND_TEXT(token->title),
			  BIND_TEXT(token->roles), BIND_BLOB(secret_digest(secret, digest)),
			  BIND_INT(token->created_us), BIND_INT(token->expires_us)),
		    NULL, err));
	return entry_put(change, "token", token->id, "made", detail, err);
}

enum err_code token_new(struct tx *tx, struct arena *arena, struct token *token, const char **secret,
			const struct actor *actor, int64_t now_us, struct findings *findings, struct err *err)
{
	struct user user = { 0 };
	char id[UUID_SIZE];

	TRY(user_get(tx, arena, token->user, &user, err));
	const char *wanted = token->roles ? token->roles : user.roles;
	title_check(token->title, findings);
	TRY(roles_check(arena, &user, wanted, role_for_token, findings, err));
	if (!same(user.status, "active"))
		finding_add(findings, &user_rules[RULE_DISABLED], "/user", user.name, NULL);
	TRY(tokens_check(tx, user.name, now_us, findings, err));
	if (findings_errors(findings) > 0)
		return OK;

	id_new(id, now_us);
	const struct change change = { tx, actor, now_us, user.organisation };
	const struct token made = {
		.id = arena_text(arena, id),
		.user = user.name,
		.title = token->title,
		.roles = roles_common(arena, wanted, user.roles),
		.created_us = now_us,
		.expires_us = token->expires_us,
		.revoked_us = TIME_NONE,
	};
	const char *told = secret_new(arena);
	if (!told || !made.id || !made.roles)
		return fail(err, ERR_MEMORY, "no memory left for a token");
	TRY(token_put(&change, arena, &made, told, err));
	*token = made;
	*secret = told;
	return OK;
}

static struct token token_row(struct arena *arena, const struct query *query)
{
	return (struct token){
		.id = db_text(arena, query, 0),
		.user = db_text(arena, query, 1),
		.title = db_text(arena, query, 2),
		.roles = db_text(arena, query, 3),
		.created_us = db_int(query, 4),
		.expires_us = db_int(query, 5),
		.revoked_us = db_time(query, 6),
	};
}

enum err_code token_find(struct tx *tx, struct arena *arena, const char *id, struct token *token, struct err *err)
{
	struct token found = { 0 };
	db_query_auto query = { 0 };

	TRY(db_query(tx, &sql_token_get, BINDS(BIND_TEXT(id)), &query, err));
	if (db_next(&query))
		found = token_row(arena, &query);
	TRY(db_end(&query, err));
	*token = found;
	return OK;
}

enum err_code token_revoke(struct tx *tx, struct arena *arena, const char *id, const struct actor *actor,
			   int64_t now_us, struct err *err)
{
	struct change change = { tx, actor, now_us, NULL };
	int64_t revoked = 0;
	db_query_auto query = { 0 };

	TRY(db_query(tx, &sql_token_owner, BINDS(BIND_TEXT(id)), &query, err));
	const char *owner = db_next(&query) ? db_text(arena, &query, 0) : NULL;
	if (owner)
		change.organisation = db_text(arena, &query, 1);
	TRY(db_end(&query, err));
	if (!owner)
		return fail(err, ERR_NOT_FOUND, "there is no token \"%.40s\"", id);

	TRY(db_exec(tx, &sql_token_end, BINDS(BIND_TEXT(id), BIND_INT(now_us)), &revoked, err));
	if (revoked == 0)
		return OK;
	const char *detail = arena_printf(arena, "of %s", owner);
	if (!detail)
		return fail(err, ERR_MEMORY, "no memory left for the token of %s", owner);
	return entry_put(&change, "token", id, "revoked", detail, err);
}

enum err_code token_list(struct tx *tx, struct arena *arena, const char *user, const char *before, size_t limit,
			 struct token_list *list, struct err *err)
{
	struct token_list found = { 0 };
	db_query_auto query = { 0 };

	TRY(db_query(tx, &sql_token_all, BINDS(BIND_TEXT(user), BIND_TEXT(before), BIND_INT(limit)), &query, err));
	while (db_next(&query)) {
		found.items = list_grow(arena, found.items, found.count, sizeof(*found.items));
		if (!found.items)
			return fail(err, ERR_MEMORY, "no memory left for the list of tokens");
		found.items[found.count++] = token_row(arena, &query);
	}
	TRY(db_end(&query, err));
	*list = found;
	return OK;
}

enum err_code token_user(struct tx *tx, struct arena *arena, const char *secret, int64_t now_us, struct user *user,
			 struct err *err)
{
	uint8_t digest[SHA256_SIZE];
	struct user found = { 0 };
	db_query_auto query = { 0 };

	TRY(db_query(tx, &sql_token_user, BINDS(BIND_BLOB(secret_digest(secret, digest)), BIND_INT(now_us)), &query,
		     err));
	if (db_next(&query)) {
		found = user_row(arena, &query);
		found.roles = roles_common(arena, found.roles, db_text(arena, &query, 7));
	}
	TRY(db_end(&query, err));
	if (found.name && !found.roles)
		return fail(err, ERR_MEMORY, "no memory left for the roles of %s", found.name);
	*user = found;
	return OK;
}
