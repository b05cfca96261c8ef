/* Users of the interface, for tests: how they are made, and how they ask. */
#ifndef API_PEOPLE_H
#define API_PEOPLE_H

#include "world.h"

#include "base/text.h"

#define PASSWORD         "correct horse battery" /* of everybody who has one */
#define ORGANISATION_ALL "officer supervisor auditor administrator"

/* ORGANISATION NULL: of the node. PASSWORD may be NULL. */
static inline void add_user(struct world *world, const char *name, const char *organisation, const char *roles,
			    const char *password)
{
	struct new_user_view view = {
		.name = name, .organisation = organisation, .title = name, .roles = roles, .password = password
	};

	expect(call(world, "POST", "/api/v1/users", &new_user_schema, &view), 201, name);
}

static inline struct token_view read_token(struct world *world, struct answer answer)
{
	struct kernel_fixture *fixture = world->fixture;
	struct findings *findings = findings_new(fixture->arena);
	struct token_view view;

	expect(answer, 201, "\"secret\"");
	must(field_read_json(fixture->arena, &token_schema, bytes_of(answer.text), NULL, &view, findings,
			     &fixture->err));
	assert_int_equal(findings_count(findings), 0);
	return view;
}

#define NO_END .expires_in_s = INTEGER_NONE, .expires_us = TIME_NONE

/* A token of NAME with all roles, made by the operator. */
static inline struct token_view token_of(struct world *world, const char *name)
{
	struct new_token_view view = { .user = name, .title = "test", NO_END };

	return read_token(world, call(world, "POST", "/api/v1/tokens", &new_token_schema, &view));
}

/* The secret of a new user's token. */
static inline const char *new_user(struct world *world, const char *name, const char *organisation, const char *roles)
{
	add_user(world, name, organisation, roles, NULL);
	return token_of(world, name).secret;
}

/* RFC 7617. PEER NULL: always the same address. */
static inline struct answer log_in_from(struct world *world, const char *peer, const char *name, const char *password,
					const char *method, const char *path)
{
	struct arena *arena = world->fixture->arena;
	buf_auto header;

	buf_init(&header, 4096);
	buf_puts(&header, "Basic ");
	base64_put(&header, bytes_of(arena_printf(arena, "%s:%s", name, password)));
	return ask(world, &(struct ask){ .method = method,
					 .path = path,
					 .body = bytes_of("{}"),
					 .remote = true,
					 .peer = peer,
					 .headers = { { "Authorization", arena_text(arena, buf_text(&header)) } } });
}

static inline struct answer log_in(struct world *world, const char *name, const char *password, const char *method,
				   const char *path)
{
	return log_in_from(world, NULL, name, password, method, path);
}

static inline struct answer get_as(struct world *world, const char *secret, const char *path)
{
	return call_with(world, secret, "GET", path, NULL, NULL);
}

#endif
