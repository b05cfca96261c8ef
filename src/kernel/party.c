#include "kernel/party.h"

#include "kernel/credential.h"

#include "base/buf.h"
#include "base/date.h"
#include "crypto/cert.h"
#include "kernel/journal.h"
#include "kernel/own_key.h"
#include "kernel/reply.h"
#include "kernel/store_int.h"

enum { CHANGE_ARENA = 1 << 20 };

/* --- Organisations --- */

static bool code_valid(const char *code)
{
	size_t length = code ? strlen(code) : 0;

	return length >= 2 && length <= 32 && strspn(code, "abcdefghijklmnopqrstuvwxyz0123456789-") == length;
}

static const char *const seats[] = { "customs", "issuing-authority", "plant-health", "transport", "guarantor" };

const char *organisation_seat(size_t index)
{
	return index < COUNT(seats) ? seats[index] : NULL;
}

/* A document finds the organisation that it is for by the kind of its seat: one with a kind that no document knows
 * would wait for ever. */
static enum err_code seat_check(const char *seat, struct err *err)
{
	enum { LIST_MAX = 200 };
	buf_auto list;

	buf_init(&list, LIST_MAX);
	for (size_t i = 0; i < COUNT(seats); i++) {
		if (same(seat, seats[i]))
			return OK;
		buf_printf(&list, "%s%s", i == 0 ? "" : i + 1 < COUNT(seats) ? ", " : " or ", seats[i]);
	}
	return fail(err, ERR_INVALID, "\"%.40s\" is no kind of seat: give %s", seat ? seat : "", buf_text(&list));
}

static struct organisation organisation_row(struct arena *arena, const struct query *query)
{
	return (struct organisation){ .code = db_text(arena, query, 0),
				      .seat = db_text(arena, query, 1),
				      .name = db_text(arena, query, 2) };
}

enum err_code organisation_add(struct tx *tx, const struct organisation *organisation, const struct actor *actor,
			       int64_t now_us, struct err *err)
{
	if (!code_valid(organisation->code))
		return fail(err, ERR_INVALID,
			    "the code of an organisation has 2 to 32 of a-z, 0-9 and '-', not \"%.40s\"",
			    organisation->code ? organisation->code : "");
	TRY(seat_check(organisation->seat, err));
	TRY(db_exec(tx, &sql_organisation_put,
		    BINDS(BIND_TEXT(organisation->code), BIND_TEXT(organisation->seat), BIND_TEXT(organisation->name),
			  BIND_INT(now_us)),
		    NULL, err));
	return journal_put(tx,
			   &(struct journal_entry){ .at_us = now_us,
						    .actor = actor->name,
						    .organisation = actor->organisation,
						    .subject_type = "organisation",
						    .subject = organisation->code,
						    .event = "added",
						    .detail = organisation->seat },
			   err);
}

static enum err_code organisations(struct tx *tx, struct arena *arena, const struct statement *statement,
				   const char *value, struct organisation_list *list, struct err *err)
{
	struct organisation_list found = { 0 };
	db_query_auto query = { 0 };

	TRY(db_query(tx, statement, &(struct bind){ BIND_TEXT_, 0, bytes_of(value) }, value ? 1 : 0, &query, err));
	while (db_next(&query)) {
		found.items = list_grow(arena, found.items, found.count, sizeof(*found.items));
		if (!found.items)
			return fail(err, ERR_MEMORY, "no memory left for the list of organisations");
		found.items[found.count++] = organisation_row(arena, &query);
	}
	TRY(db_end(&query, err));
	*list = found;
	return OK;
}

enum err_code organisation_list(struct tx *tx, struct arena *arena, struct organisation_list *list, struct err *err)
{
	return organisations(tx, arena, &sql_organisation_all, NULL, list, err);
}

enum err_code organisation_find(struct tx *tx, struct arena *arena, const char *code, struct organisation *organisation,
				struct err *err)
{
	struct organisation_list list = { 0 };

	TRY(organisations(tx, arena, &sql_organisation_get, code, &list, err));
	*organisation = list.count > 0 ? list.items[0] : (struct organisation){ 0 };
	return OK;
}

enum err_code organisation_of_seat(struct tx *tx, struct arena *arena, const char *seat,
				   struct organisation *organisation, struct err *err)
{
	struct organisation_list list = { 0 };

	TRY(organisations(tx, arena, &sql_organisation_seat, seat, &list, err));
	if (list.count == 0)
		return fail(err, ERR_NOT_FOUND, "no organisation of this node has the seat \"%s\"", seat);
	if (list.count > 1)
		return fail(err, ERR_CONFLICT,
			    "several organisations have the seat \"%s\", among them %s and %s: name one", seat,
			    list.items[0].code, list.items[1].code);
	*organisation = list.items[0];
	return OK;
}

/* --- Partners --- */

static struct partner partner_row(struct arena *arena, const struct query *query)
{
	return (struct partner){
		.code = db_text(arena, query, 0),
		.name = db_text(arena, query, 1),
		.party_id = db_text(arena, query, 2),
		.party_type = db_text(arena, query, 3),
		.endpoint = db_text(arena, query, 4),
		.profile = db_text(arena, query, 5),
		.token = db_text(arena, query, 6),
		.status = db_text(arena, query, 7),
		.binding = db_text(arena, query, 8),
	};
}

enum err_code partner_journal(struct tx *tx, const struct journal_entry *entry, struct err *err)
{
	TRY(db_exec(tx, &sql_counter_grow, BINDS(BIND_TEXT("partner-revision")), NULL, err));
	return journal_put(tx, entry, err);
}

static enum err_code partner_changed(struct tx *tx, const char *code, const char *event, const char *detail,
				     const struct actor *actor, int64_t now_us, struct err *err)
{
	return partner_journal(tx,
			       &(struct journal_entry){ .at_us = now_us,
							.actor = actor->name,
							.organisation = actor->organisation,
							.subject_type = "partner",
							.subject = code,
							.event = event,
							.detail = detail },
			       err);
}

static const char *binding_of(const struct partner *partner)
{
	return partner->binding ? partner->binding : "as4";
}

enum err_code partner_add(struct tx *tx, const struct partner *partner, const struct actor *actor, int64_t now_us,
			  struct err *err)
{
	TRY(db_exec(tx, &sql_partner_put,
		    BINDS(BIND_TEXT(partner->code), BIND_TEXT(partner->name), BIND_TEXT(partner->party_id),
			  BIND_TEXT(partner->party_type), BIND_TEXT(partner->endpoint), BIND_TEXT(partner->profile),
			  BIND_TEXT(partner->token), BIND_TEXT(partner->status), BIND_TEXT(binding_of(partner)),
			  BIND_INT(now_us)),
		    NULL, err));
	return partner_changed(tx, partner->code, "added", partner->endpoint, actor, now_us, err);
}

static enum err_code partners(struct tx *tx, struct arena *arena, const struct statement *statement,
			      const struct bind *binds, size_t binds_count, struct partner_list *list, struct err *err)
{
	struct partner_list found = { 0 };
	db_query_auto query = { 0 };

	TRY(db_query(tx, statement, binds, binds_count, &query, err));
	while (db_next(&query)) {
		found.items = list_grow(arena, found.items, found.count, sizeof(*found.items));
		if (!found.items)
			return fail(err, ERR_MEMORY, "no memory left for the list of partners");
		found.items[found.count++] = partner_row(arena, &query);
	}
	TRY(db_end(&query, err));
	*list = found;
	return OK;
}

enum err_code partner_list(struct tx *tx, struct arena *arena, struct partner_list *list, struct err *err)
{
	return partners(tx, arena, &sql_partner_all, NO_BINDS, list, err);
}

enum err_code partner_find(struct tx *tx, struct arena *arena, const char *code, struct partner *partner,
			   struct err *err)
{
	struct partner_list list = { 0 };

	TRY(partners(tx, arena, &sql_partner_get, BINDS(BIND_TEXT(code)), &list, err));
	*partner = list.count > 0 ? list.items[0] : (struct partner){ 0 };
	return OK;
}

enum err_code partner_find_party(struct tx *tx, struct arena *arena, const char *party_id, const char *party_type,
				 struct partner *partner, struct err *err)
{
	struct partner_list list = { 0 };

	TRY(partners(tx, arena, &sql_partner_by_party, BINDS(BIND_TEXT(party_id), BIND_TEXT(party_type)), &list, err));
	*partner = list.count > 0 ? list.items[0] : (struct partner){ 0 };
	return OK;
}

static const char *said(const char *text)
{
	return text && *text ? text : "(none)";
}

/* What an operator reads years later of who changed what: each member that is another one, with what it was. */
static const char *changes_of(struct arena *arena, const struct partner *before, const struct partner *after)
{
	const struct {
		const char *what, *before, *after;
	} members[] = {
		{ "status", before->status, after->status },    { "endpoint", before->endpoint, after->endpoint },
		{ "profile", before->profile, after->profile }, { "binding", before->binding, binding_of(after) },
		{ "token", before->token, after->token },       { "name", before->name, after->name },
		{ "party", before->party_id, after->party_id }, { "party type", before->party_type, after->party_type },
	};
	const char *text = "";

	for (size_t i = 0; text && i < COUNT(members); i++)
		if (!same(members[i].before, members[i].after))
			text = arena_printf(arena, "%s%s%s %s -> %s", text, *text ? "; " : "", members[i].what,
					    said(members[i].before), said(members[i].after));
	return text && !*text ? "nothing of the partner itself" : text;
}

enum err_code partner_change(struct tx *tx, const struct partner *partner, const struct actor *actor, int64_t now_us,
			     struct err *err)
{
	arena_auto arena = arena_new(CHANGE_ARENA);
	struct partner before;

	if (!arena)
		return fail(err, ERR_MEMORY, "no memory left for partner %.40s", partner->code);
	TRY(partner_find(tx, arena, partner->code, &before, err));
	if (!before.code)
		return fail(err, ERR_NOT_FOUND, "there is no partner \"%s\"", partner->code);
	const char *changes = changes_of(arena, &before, partner);
	if (!changes)
		return fail(err, ERR_MEMORY, "no memory left for partner %.40s", partner->code);
	TRY(db_exec(tx, &sql_partner_set,
		    BINDS(BIND_TEXT(partner->code), BIND_TEXT(partner->name), BIND_TEXT(partner->party_id),
			  BIND_TEXT(partner->party_type), BIND_TEXT(partner->endpoint), BIND_TEXT(partner->profile),
			  BIND_TEXT(partner->token), BIND_TEXT(partner->status), BIND_TEXT(binding_of(partner))),
		    NULL, err));
	if (!same(before.binding, binding_of(partner)))
		TRY(reply_drop_all(tx, partner->code, now_us, err));
	return partner_changed(tx, partner->code, "changed", changes, actor, now_us, err);
}

static bool is_pin(const struct partner_certificate *certificate)
{
	return same(certificate->use, "sign") || same(certificate->use, "encrypt") || same(certificate->use, "tls");
}

/* What cannot be read is believed by nobody, and has its octets alone to be known by. */
static enum err_code key_of(struct bytes der, struct cert **cert, struct err *err)
{
	struct err why = { 0 };
	enum err_code code = cert_cached(der, cert, &why);

	if (code != ERR_MEMORY)
		return OK;
	*err = why;
	return code;
}

bool partner_certificate_live(const struct partner_certificate *certificate, int64_t now_us)
{
	return certificate->der.data && (certificate->until_us == TIME_NONE || certificate->until_us > now_us);
}

/* It is the key that speaks and opens: an authority may have certified it twice. Two that add it at once meet at the
 * counter of changes: PostgreSQL lets the second begin anew, and it sees the first. */
enum err_code partner_certificate_check(struct tx *tx, const struct partner_certificate *certificate, int64_t now_us,
					struct err *err)
{
	db_query_auto query = { 0 };
	cert_auto cert = NULL;
	bool ours;

	TRY(own_key_known(tx, certificate->fingerprint, &ours, err));
	if (ours)
		return fail(
			err, ERR_CONFLICT,
			"certificate %s is of a key of this node: what it signs would be believed as the partner's; "
			"give the partner's own",
			certificate->fingerprint);
	TRY(key_of(certificate->der, &cert, err));
	TRY(db_query(tx, &sql_certificate_elsewhere, BINDS(BIND_TEXT(certificate->partner), BIND_INT(now_us)), &query,
		     err));
	while (db_next(&query)) {
		arena_auto arena = arena_new((size_t)1 << 20);
		cert_auto other = NULL;
		if (!arena)
			return fail(err, ERR_MEMORY, "no memory left for a certificate of %s", certificate->partner);
		const char *partner = db_text(arena, &query, 0), *fingerprint = db_text(arena, &query, 1);
		TRY(key_of(db_blob(arena, &query, 2), &other, err));
		if (same(fingerprint, certificate->fingerprint) || (cert && other && cert_same_key(cert, other)))
			return fail(err, ERR_CONFLICT,
				    "the key of certificate %s is pinned for partner %s already (certificate %s); each "
				    "partner needs keys of its own: withdraw it there if it is not that partner's",
				    certificate->fingerprint, partner, fingerprint);
	}
	return db_end(&query, err);
}

enum err_code partner_certificate_add(struct tx *tx, const struct partner_certificate *certificate,
				      const struct actor *actor, int64_t now_us, struct err *err)
{
	const struct credential credential = {
		.kind = same(certificate->use, "crl") ? "crl" : "certificate",
		.fingerprint = certificate->fingerprint,
		.der = certificate->der,
	};

	bool withdrawn = certificate->until_us != TIME_NONE && certificate->until_us <= now_us;
	if (is_pin(certificate) && !withdrawn)
		TRY(partner_certificate_check(tx, certificate, now_us, err));
	TRY(credential_keep(tx, &credential, now_us, err));
	TRY(db_exec(tx, &sql_certificate_put,
		    BINDS(BIND_TEXT(certificate->partner), BIND_TEXT(certificate->use),
			  BIND_TEXT(certificate->fingerprint), BIND_INT(now_us), BIND_TIME(certificate->until_us)),
		    NULL, err));
	return partner_changed(tx, certificate->partner,
			       certificate->until_us == TIME_NONE ? "certificate-added" : "certificate-withdrawn",
			       certificate->fingerprint, actor, now_us, err);
}

enum err_code partner_certificates(struct tx *tx, struct arena *arena, const char *partner,
				   struct partner_certificate_list *list, struct err *err)
{
	struct partner_certificate_list found = { 0 };
	db_query_auto query = { 0 };

	TRY(db_query(tx, &sql_certificate_of, BINDS(BIND_TEXT(partner)), &query, err));
	while (db_next(&query)) {
		found.items = list_grow(arena, found.items, found.count, sizeof(*found.items));
		if (!found.items)
			return fail(err, ERR_MEMORY, "no memory left for the certificates of %s", partner);
		found.items[found.count++] = (struct partner_certificate){
			.partner = db_text(arena, &query, 0),
			.use = db_text(arena, &query, 1),
			.fingerprint = db_text(arena, &query, 2),
			.der = db_blob(arena, &query, 3),
			.added_us = db_int(&query, 4),
			.until_us = db_time(&query, 5),
		};
	}
	TRY(db_end(&query, err));
	*list = found;
	return OK;
}

enum err_code partner_revision(struct tx *tx, int64_t *revision, struct err *err)
{
	db_query_auto query = { 0 };

	TRY(db_query(tx, &sql_counter_get, BINDS(BIND_TEXT("partner-revision")), &query, err));
	int64_t value = db_next(&query) ? db_int(&query, 0) : 0;
	TRY(db_end(&query, err));
	*revision = value;
	return OK;
}
