/* /api/v1/users, /tokens, /roles, /me. Who manages users (users.change) of an organisation manages those of that one
 * alone; who manages those of the node manages all. Of others he sees nothing, not even that they are there. */
#include "api/call_int.h"
#include "base/text.h"
#include "crypto/password.h"

#define MANAGE "users.change"

/* A person logs in for a working day; a program is given a new token before the old one ends. */
#define LOGIN_US     (12 * HOUR_US)
#define TOKEN_US     (90 * DAY_US)
#define TOKEN_MOST_S INT64_C(31622400)
_Static_assert(TOKEN_MOST_S *SECOND_US == 366 * DAY_US, "the rule says days");

enum { RULE_PASSWORD, RULE_CURRENT, RULE_ORGANISATION, RULE_WHOSE, RULE_TWO_ENDS, RULE_END, RULE_OWN_ROLES };
const struct rule access_rules[] = {
	[RULE_PASSWORD] = { .code = "ACC-001",
			    .text = "a password has {1} to {2} characters; its length makes it good" },
	[RULE_CURRENT] = { .code = "ACC-002", .text = "the current password is needed, and this is not it" },
	[RULE_ORGANISATION] = { .code = "ACC-003", .text = "you manage the users of {1} alone, not those of {2}" },
	[RULE_WHOSE] = { .code = "ACC-004", .text = "say whose token it is to be" },
	[RULE_TWO_ENDS] = { .code = "ACC-005", .text = "the end is said twice: give expiresIn or expires" },
	[RULE_END] = { .code = "ACC-006", .text = "a token ends after 366 days at most, and later than now" },
	[RULE_OWN_ROLES] = { .code = "ACC-007",
			     .text = "nobody changes his own roles: another one who manages users does it" },
	{ 0 },
};

/* A transaction may run again, so it has findings of its own, which begin with those of the request: with an error
 * among them the kernel goes on looking, but changes nothing. */
struct managing {
	struct call *call;
	struct findings *findings;
	const char *name;
	struct user user;
	const char *hash; /* of the password */
	struct token token;
	const char *secret;
};

static enum err_code begin_findings(struct managing *m, struct err *err)
{
	m->findings = findings_new(m->call->arena);
	if (!m->findings)
		return fail(err, ERR_MEMORY, "no memory for the findings");
	findings_append(m->findings, m->call->findings);
	return OK;
}

static enum err_code change(struct managing *m, db_fn *run, struct err *err)
{
	TRY(db_write(m->call->kernel->db, run, m, err));
	m->call->findings = m->findings;
	return OK;
}

static bool is_self(const struct call *call, const char *name)
{
	return call->asked->user && same(call->asked->user->name, name);
}

static enum err_code find_visible(struct tx *tx, struct managing *m, struct err *err)
{
	struct user found;
	TRY(user_find(tx, m->call->arena, m->name, &found, &m->hash, err));
	if (!found.name || !call_sees(m->call, found.organisation))
		return fail(err, ERR_NOT_FOUND,
			    "there is no user %s; lintas user list (GET /api/v1/users) shows who there is", m->name);
	m->user = found;
	return OK;
}

static enum err_code read_visible(struct tx *tx, void *arg, struct err *err)
{
	return find_visible(tx, arg, err);
}

static void show_user(const void *item, void *view)
{
	const struct user *u = item;
	*(struct user_view *)view = (struct user_view){ .name = u->name,
							.organisation = u->organisation,
							.title = u->title,
							.roles = u->roles,
							.status = u->status,
							.password = u->password,
							.created_us = u->created_us };
}

static enum err_code answer_user(struct call *call, const char *name, struct err *err)
{
	struct managing m = { .call = call, .name = name };
	struct user_view view;
	if (findings_errors(call->findings))
		return OK;
	TRY(db_read(call->kernel->db, read_visible, &m, err));
	show_user(&m.user, &view);
	return call_answer(call, &view, err);
}

/* --- Users --- */

static void check_length(struct call *call, const char *password)
{
	size_t length = utf8_length(password);
	if (length < PASSWORD_MIN || length > PASSWORD_MAX)
		finding_add(call->findings, &access_rules[RULE_PASSWORD], "/password",
			    arena_printf(call->arena, "%d", PASSWORD_MIN),
			    arena_printf(call->arena, "%d", PASSWORD_MAX));
}

static enum err_code write_user(struct tx *tx, void *arg, struct err *err)
{
	struct managing *m = arg;
	TRY(begin_findings(m, err));
	return user_add(tx, m->call->arena, &m->user, m->hash, &m->call->actor, m->call->now_us, m->findings, err);
}

enum err_code users_add(struct call *call, struct err *err)
{
	const char *own = call->actor.organisation;
	struct new_user_view view;
	TRY(call_read(call, &view, err));
	if (findings_errors(call->findings))
		return OK;
	if (view.organisation && !call_sees(call, view.organisation))
		finding_add(call->findings, &access_rules[RULE_ORGANISATION], "/organisation", own, view.organisation);
	if (view.password)
		check_length(call, view.password);
	struct managing m = { .call = call,
			      .user = { .name = view.name,
					.organisation = own ? own : view.organisation,
					.title = view.title,
					.roles = view.roles } };
	if (view.password && !findings_errors(call->findings))
		TRY(password_hash(call->arena, view.password, &m.hash, err));
	TRY(change(&m, write_user, err));
	return answer_user(call, view.name, err);
}

struct listing {
	struct call *call;
	const char *user; /* whose tokens; NULL: all */
	size_t limit;
	struct user_list users;
	struct token_list tokens;
};

static enum err_code read_users(struct tx *tx, void *arg, struct err *err)
{
	struct listing *l = arg;
	return user_list(tx, l->call->arena, call_organisation(l->call), call_query(l->call, "after"), l->limit,
			 &l->users, err);
}

enum err_code users_list(struct call *call, struct err *err)
{
	struct listing l = { .call = call, .limit = call_limit(call) };
	TRY(db_read(call->kernel->db, read_users, &l, err));
	bool more = l.users.count == l.limit;
	return call_answer_page(
		call, PAGE(l.users, user_view, show_user, more ? l.users.items[l.users.count - 1].name : NULL), err);
}

enum err_code users_get(struct call *call, struct err *err)
{
	return answer_user(call, call->parameters[0], err);
}

static enum err_code write_change(struct tx *tx, void *arg, struct err *err)
{
	struct managing *m = arg;
	struct managing known = *m;
	struct user_view view;
	TRY(begin_findings(m, err));
	TRY(find_visible(tx, &known, err));
	show_user(&known.user, &view);
	TRY(call_precondition(m->call, &view, err));
	return user_change(tx, m->call->arena, &m->user, &m->call->actor, m->call->now_us, m->findings, err);
}

enum err_code users_change(struct call *call, struct err *err)
{
	struct user_change_view view;
	TRY(call_read(call, &view, err));
	if (findings_errors(call->findings))
		return OK;
	if (view.roles && is_self(call, call->parameters[0]) && !same(view.roles, call->asked->user->roles))
		finding_add(call->findings, &access_rules[RULE_OWN_ROLES], "/roles", NULL, NULL);
	struct managing m = {
		.call = call,
		.name = call->parameters[0],
		.user = { .name = call->parameters[0], .title = view.title, .roles = view.roles, .status = view.status }
	};
	TRY(change(&m, write_change, err));
	return answer_user(call, m.name, err);
}

/* Between looking at a password and what it allows it may have been set anew, because somebody had learnt it. */
static enum err_code check_verified(const struct managing *m, const struct managing *known, struct err *err)
{
	if (!m->call->asked->verified || same(m->call->asked->verified, known->hash))
		return OK;
	return fail(err, ERR_UNAUTHENTICATED, "the password was set anew meanwhile: log in with the new one");
}

static enum err_code write_password(struct tx *tx, void *arg, struct err *err)
{
	const struct managing *m = arg;
	struct managing known = *m;
	TRY(find_visible(tx, &known, err));
	TRY(check_verified(m, &known, err));
	return user_set_password(tx, m->name, m->hash, &m->call->actor, m->call->now_us, err);
}

/* Who changes his own says the current one, or a stolen token would become a password. */
static enum err_code check_current(struct managing *m, const char *current, struct err *err)
{
	bool right = false;
	const struct login login = { .name = m->name, .password = current, .hash = m->hash, .user = &m->user };
	if (current)
		TRY(call_password(m->call, &login, &right, err));
	m->call->asked->verified = right ? m->hash : NULL;
	if (!right)
		finding_add(m->call->findings, &access_rules[RULE_CURRENT], "/current", NULL, NULL);
	return OK;
}

enum err_code users_password(struct call *call, struct err *err)
{
	struct managing m = { .call = call, .name = call->parameters[0] };
	bool manages = call_may(call, MANAGE);
	struct password_view view;
	if (!manages && !is_self(call, m.name))
		return fail(err, ERR_DENIED, "the password of %s is set by that user, or by who has " MANAGE, m.name);
	TRY(call_read(call, &view, err));
	if (findings_errors(call->findings))
		return OK;
	TRY(db_read(call->kernel->db, read_visible, &m, err));
	check_length(call, view.password);
	if (is_self(call, m.name))
		TRY(check_current(&m, view.current, err));
	if (findings_errors(call->findings))
		return OK;
	TRY(password_hash(call->arena, view.password, &m.hash, err));
	TRY(db_write(call->kernel->db, write_password, &m, err));
	return answer_user(call, m.name, err);
}

/* --- Tokens --- */

static void show_token(const void *item, void *view)
{
	const struct token *t = item;
	*(struct token_view *)view = (struct token_view){ .id = t->id,
							  .user = t->user,
							  .title = t->title,
							  .roles = t->roles,
							  .created_us = t->created_us,
							  .expires_us = t->expires_us,
							  .revoked_us = t->revoked_us };
}

static int64_t expiry(struct call *call, const struct new_token_view *view)
{
	bool in = view->expires_in_s != INTEGER_NONE, at = view->expires_us != TIME_NONE;
	int64_t most_us = call->now_us + TOKEN_MOST_S * SECOND_US, end_us = view->expires_us;
	if (in && at)
		finding_add(call->findings, &access_rules[RULE_TWO_ENDS], "/expires", NULL, NULL);
	if (!at)
		end_us = call->now_us + (call->asked->by_password ? LOGIN_US : TOKEN_US);
	if (in)
		end_us = view->expires_in_s > 0 && view->expires_in_s <= TOKEN_MOST_S
				 ? call->now_us + view->expires_in_s * SECOND_US
				 : TIME_NONE;
	if (end_us > call->now_us && end_us <= most_us)
		return end_us;
	finding_add(call->findings, &access_rules[RULE_END], in ? "/expiresIn" : "/expires", NULL, NULL);
	return TIME_NONE;
}

/* A token makes none for its own user, whatever he manages: whoever takes one away has taken all that came of it. */
static enum err_code may_make(const struct call *call, const char *name, struct err *err)
{
	if (is_self(call, name) ? call->asked->by_password : call_may(call, MANAGE))
		return OK;
	if (is_self(call, name))
		return fail(err, ERR_DENIED,
			    "a token makes no other one for its own user: log in with name and password");
	return fail(err, ERR_DENIED, "a token for %s is made by that user, or by who has " MANAGE, name);
}

static enum err_code write_token(struct tx *tx, void *arg, struct err *err)
{
	struct managing *m = arg;
	struct token token = m->token;
	struct managing known = *m;
	TRY(begin_findings(m, err));
	TRY(find_visible(tx, &known, err));
	if (is_self(m->call, m->name))
		TRY(check_verified(m, &known, err));
	TRY(token_new(tx, m->call->arena, &token, &m->secret, &m->call->actor, m->call->now_us, m->findings, err));
	m->token = token;
	return OK;
}

enum err_code tokens_add(struct call *call, struct err *err)
{
	struct new_token_view asked;
	struct token_view view;
	TRY(call_read(call, &asked, err));
	if (!asked.user && !call->asked->user)
		finding_add(call->findings, &access_rules[RULE_WHOSE], "/user", NULL, NULL);
	if (findings_errors(call->findings))
		return OK;
	const char *name = asked.user ? asked.user : call->asked->user->name;
	TRY(may_make(call, name, err));
	struct managing m = { .call = call,
			      .name = name,
			      .token = { .user = name,
					 .title = asked.title
							  ? asked.title
							  : arena_printf(call->arena, "made by %s", call->actor.name),
					 .roles = asked.roles,
					 .expires_us = expiry(call, &asked) } };
	TRY(change(&m, write_token, err));
	if (findings_errors(call->findings))
		return OK;
	show_token(&m.token, &view);
	view.secret = m.secret;
	TRY(call_header(call, "Cache-Control", "no-store", err));
	return call_answer(call, &view, err);
}

static enum err_code read_tokens(struct tx *tx, void *arg, struct err *err)
{
	struct listing *l = arg;
	struct managing m = { .call = l->call, .name = l->user };
	if (l->user)
		TRY(find_visible(tx, &m, err));
	return token_list(tx, l->call->arena, l->user, call_query(l->call, "before"), l->limit, &l->tokens, err);
}

enum err_code tokens_list(struct call *call, struct err *err)
{
	const char *asked = call_query(call, "user");
	struct listing l = { .call = call, .limit = call_limit(call), .user = asked };
	if (!asked && call->asked->user)
		l.user = call->asked->user->name;
	if (asked && !is_self(call, asked) && !call_may(call, "users.read"))
		return fail(err, ERR_DENIED, "the tokens of %s are shown to that user, or to who has users.read",
			    asked);
	TRY(db_read(call->kernel->db, read_tokens, &l, err));
	bool more = l.tokens.count == l.limit;
	return call_answer_page(
		call, PAGE(l.tokens, token_view, show_token, more ? l.tokens.items[l.tokens.count - 1].id : NULL), err);
}

/* A token of somebody else is not there for who does not manage him. */
static enum err_code find_own(struct tx *tx, struct managing *m, const char *id, struct token *token, struct err *err)
{
	const struct call *call = m->call;
	TRY(token_find(tx, call->arena, id, token, err));
	if (token->id)
		TRY(user_find(tx, call->arena, token->user, &m->user, NULL, err));
	bool manages = token->id && call_may(call, MANAGE) && call_sees(call, m->user.organisation);
	if (!manages && !(token->id && is_self(call, token->user)))
		return fail(err, ERR_NOT_FOUND,
			    "there is no token %s; lintas token list (GET /api/v1/tokens) shows what there is", id);
	return OK;
}

static enum err_code write_revocation(struct tx *tx, void *arg, struct err *err)
{
	struct managing *m = arg;
	const struct call *call = m->call;
	const char *id = call->parameters[0];
	struct token token;
	TRY(find_own(tx, m, id, &token, err));
	TRY(token_revoke(tx, call->arena, id, &call->actor, call->now_us, err));
	return token_find(tx, call->arena, id, &m->token, err);
}

enum err_code tokens_revoke(struct call *call, struct err *err)
{
	struct managing m = { .call = call };
	struct token_view view;
	TRY(db_write(call->kernel->db, write_revocation, &m, err));
	show_token(&m.token, &view);
	return call_answer(call, &view, err);
}

/* --- Roles, and who asks --- */

static void show_role(const void *item, void *view)
{
	const struct role *r = item;
	*(struct role_view *)view = (struct role_view){
		.name = r->name, .title = r->title, .permissions = r->permissions, .node = r->node
	};
}

enum err_code roles_list(struct call *call, struct err *err)
{
	struct {
		const struct role *items;
		size_t count;
	} list = { .items = role_at(0) };
	while (role_at(list.count))
		list.count++;
	return call_answer_page(call, PAGE(list, role_view, show_role, NULL), err);
}

enum err_code me_get(struct call *call, struct err *err)
{
	enum { PERMISSIONS_MAX = 4096 }; /* the names of all together are shorter */
	buf_auto permissions;
	buf_init(&permissions, PERMISSIONS_MAX);
	for (size_t i = 0; permission_at(i); i++)
		if (call_may(call, permission_at(i)->name))
			buf_printf(&permissions, "%s%s", permissions.size ? " " : "", permission_at(i)->name);
	TRY(buf_check(&permissions, "the permissions", err));
	struct me_view view = { .name = call->asked->user ? call->asked->user->name : call->actor.name,
				.organisation = call->actor.organisation,
				.title = call->asked->user ? call->asked->user->title : NULL,
				.roles = call->roles,
				.permissions = buf_text(&permissions) };
	return call_answer(call, &view, err);
}
