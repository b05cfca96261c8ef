#ifndef CLI_CLI_INT_H
#define CLI_CLI_INT_H

#include "cli/cli.h"
#include "interface/command.h"
#include "node/node.h"

/* Commands of one subject, or of one capability; .title NULL: there is none. */
struct command_group {
	const char *title;
	const struct command *commands;
};
struct command_group cli_group_at(size_t index);    /* none after the last */
const struct command *cli_command_at(size_t index); /* of all groups; NULL after the last */

/* The node's configuration; its mistakes are findings and ERR_CONFIG. */
enum err_code right_config(struct invocation *invocation, struct config *config, struct err *err) MUST_USE;

/* Calls the interface: of the running node through its administration socket, or in this process while it is stopped.
 * ANSWER's body is the arena's. A status of 400 or more is an error, printed already unless it is a fault of ours:
 * *PRINTED. */
enum err_code remote_call(struct invocation *invocation, const char *method, const char *path, struct bytes body,
			  struct http_answer *answer, struct err *err) MUST_USE;
/* The .remote of invocations: runs a row that has .method and .path. */
enum err_code remote_row(struct invocation *invocation, struct bytes body, struct err *err) MUST_USE;
/* Calls what the row's .method and .path say, with arguments and options filled in. */
enum err_code remote_answer(struct invocation *invocation, struct bytes body, struct http_answer *answer,
			    struct err *err) MUST_USE;
/* Reads ANSWER by SCHEMA into VIEW, its struct. */
enum err_code remote_read(struct invocation *invocation, const struct schema *schema, const struct http_answer *answer,
			  void *view, struct err *err) MUST_USE;
/* Whether the node runs: else remote calls work on it in this process. */
bool remote_running(struct invocation *invocation);
/* Before KEY of LIST is retired, while the node runs: shows which partners have our card with the key that signs then.
 * ERR_CONFLICT if there are partners, who may not have approved it. */
enum err_code key_ask_partners(struct invocation *invocation, const struct key_list *list, const struct key_info *key,
			       struct err *err) MUST_USE;
enum err_code run_init(struct invocation *invocation, struct err *err);
enum err_code run_serve(struct invocation *invocation, struct err *err);
enum err_code run_config_check(struct invocation *invocation, struct err *err);
enum err_code run_config_show(struct invocation *invocation, struct err *err);
enum err_code run_config_settings(struct invocation *invocation, struct err *err);
enum err_code run_db_migrate(struct invocation *invocation, struct err *err);
enum err_code run_db_schema(struct invocation *invocation, struct err *err);
enum err_code run_key_new(struct invocation *invocation, struct err *err);
enum err_code run_key_csr(struct invocation *invocation, struct err *err);
enum err_code run_key_public(struct invocation *invocation, struct err *err);
enum err_code run_key_install(struct invocation *invocation, struct err *err);
enum err_code run_key_retire(struct invocation *invocation, struct err *err);
enum err_code run_key_list(struct invocation *invocation, struct err *err);
enum err_code run_api_openapi(struct invocation *invocation, struct err *err);
enum err_code run_doctype_list(struct invocation *invocation, struct err *err);
enum err_code run_doctype_xsd(struct invocation *invocation, struct err *err);
enum err_code run_doctype_check(struct invocation *invocation, struct err *err);
enum err_code run_doctype_map(struct invocation *invocation, struct err *err);
enum err_code run_rule_show(struct invocation *in, struct err *err) MUST_USE;
enum err_code run_machine_show(struct invocation *invocation, struct err *err);
enum err_code run_partner_add(struct invocation *invocation, struct err *err);
enum err_code run_partner_change(struct invocation *invocation, struct err *err);
enum err_code run_partner_certificate(struct invocation *invocation, struct err *err);
enum err_code run_partner_withdraw(struct invocation *invocation, struct err *err);
enum err_code run_partner_import(struct invocation *invocation, struct err *err);
enum err_code run_card(struct invocation *invocation, struct err *err);
enum err_code run_card_show(struct invocation *invocation, struct err *err);
/* Imports TEXT, a partner's card, instead of what the row of the command says. */
enum err_code card_import(struct invocation *invocation, struct bytes text, struct err *err) MUST_USE;
enum err_code run_partner_propose(struct invocation *invocation, struct err *err);
enum err_code run_partner_decide(struct invocation *invocation, struct err *err);
enum err_code run_partner_matrix(struct invocation *invocation, struct err *err);
enum err_code run_catch_up(struct invocation *invocation, struct err *err);
enum err_code run_organisation_add(struct invocation *invocation, struct err *err);
enum err_code run_user_add(struct invocation *invocation, struct err *err);
enum err_code run_user_change(struct invocation *invocation, struct err *err);
enum err_code run_user_status(struct invocation *invocation, struct err *err);
enum err_code run_user_password(struct invocation *invocation, struct err *err);
enum err_code run_token_new(struct invocation *invocation, struct err *err);
enum err_code run_webhook_add(struct invocation *invocation, struct err *err);
enum err_code run_webhook_events(struct invocation *invocation, struct err *err);
enum err_code run_webhook_rotate(struct invocation *invocation, struct err *err);
enum err_code run_webhook_redeliver(struct invocation *invocation, struct err *err);
enum err_code run_as4_inspect(struct invocation *invocation, struct err *err);
enum err_code run_evidence_export(struct invocation *invocation, struct err *err);
enum err_code run_events(struct invocation *invocation, struct err *err);
enum err_code run_role_list(struct invocation *invocation, struct err *err);
enum err_code run_ping(struct invocation *invocation, struct err *err);
enum err_code run_partner_test(struct invocation *invocation, struct err *err);
enum err_code run_simulate_partner(struct invocation *invocation, struct err *err);
enum err_code run_timeline(struct invocation *invocation, struct err *err);
enum err_code run_archive_write(struct invocation *invocation, struct err *err);
enum err_code run_archive_verify(struct invocation *invocation, struct err *err);
enum err_code run_archive_search(struct invocation *invocation, struct err *err);
enum err_code run_hold_put(struct invocation *invocation, struct err *err);
enum err_code run_retention_terms(struct invocation *invocation, struct err *err);
enum err_code run_help(struct invocation *invocation, struct err *err);
enum err_code run_help_commands(struct invocation *invocation, struct err *err);
enum err_code run_version(struct invocation *invocation, struct err *err);

void print_messages(FILE *out, const void *answer);
void print_message_line(FILE *out, const void *answer);
void print_message_whole(FILE *out, const void *answer);
void print_partner_test(FILE *out, const void *answer);
/* How the ping M to P stands, and what to do; RUNNING: whether our node does. */
void print_ping(FILE *out, const struct message_view *m, const struct partner_view *p, bool running);
/* OK: delivered; ERR_BUSY: it waits; ERR_INVALID: refused, or taken back. */
enum err_code ping_outcome(const struct message_view *m) MUST_USE;
void print_timeline(FILE *out, const void *answer);
void print_events(FILE *out, const void *answer);
void print_reads(FILE *out, const void *answer);
void print_partners(FILE *out, const void *answer);
void print_partner(FILE *out, const void *answer);
void print_partner_with(FILE *out, const struct partner_view *p, const struct link_view *link);
void print_partner_changed(FILE *out, const void *answer);
void print_agreement(FILE *out, const void *answer);
void print_agreement_withdrawn(FILE *out, const void *answer);
void print_card(FILE *out, const void *answer);
bool card_good(const void *answer);
void print_agreements(FILE *out, const void *answer);
void print_activations(FILE *out, const void *answer);
void print_activation_changed(FILE *out, const void *answer);
void print_organisations(FILE *out, const void *answer);
void print_organisation(FILE *out, const void *answer);
void print_tasks(FILE *out, const void *answer);
void print_users(FILE *out, const void *answer);
void print_user(FILE *out, const void *answer);
void print_user_password(FILE *out, const void *answer);
/* The secret alone on OUT, for scripts; what it is on standard error. */
void print_new_token(FILE *out, const void *answer);
void print_token(FILE *out, const void *answer);
void print_tokens(FILE *out, const void *answer);
void print_roles(FILE *out, const void *answer);
/* With the secret alone on OUT if it is told, for scripts, as print_new_token(). */
void print_webhook(FILE *out, const void *answer);
void print_webhook_removed(FILE *out, const void *answer);
void print_webhooks(FILE *out, const void *answer);
void print_deliveries(FILE *out, const void *answer);
void print_keys(FILE *out, const struct key_list_view *list);
/* How a link stands, in a line or two; WAITS: something is queued. */
void print_link_line(FILE *out, const struct link_view *link, bool waits);
void print_link(FILE *out, const void *answer);
void print_notices(FILE *out, const void *answer);
void print_notices_sent(FILE *out, const void *answer);
enum err_code run_notice(struct invocation *invocation, struct err *err);
enum err_code run_partner_show(struct invocation *invocation, struct err *err);
void print_strangers(FILE *out, const void *answer);
void print_catch_ups(FILE *out, const void *answer);
void print_refusals(FILE *out, const void *answer);
void print_status(FILE *out, const void *answer);
void print_holds(FILE *out, const void *answer);
void print_hold(FILE *out, const void *answer);
void print_retention(FILE *out, const void *answer);
void print_retention_run(FILE *out, const void *answer);
void print_drops(FILE *out, const void *answer);
void print_proof(FILE *out, const void *answer);
bool proof_good(const void *answer);

/* For people, or with --json. */
enum err_code show_keys(struct invocation *invocation, const struct key_list *keys, struct err *err) MUST_USE;

enum err_code run_backup(struct invocation *invocation, struct err *err);
enum err_code run_restore(struct invocation *invocation, struct err *err);

/* What commands of their own answer with --json. */
enum err_code json_put(const struct schema *schema, const void *view, struct err *err) MUST_USE;
struct machine;
enum err_code json_doctypes(struct invocation *invocation, const struct kernel *kernel, struct err *err);
enum err_code json_machines(struct invocation *invocation, const struct machine *const *machines, size_t count,
			    struct err *err);
enum err_code json_migration(bool dry_run, const struct migration_status *status, const char *sql, struct err *err);
enum err_code json_schema(struct invocation *invocation, const int64_t *applied_us, struct err *err);
enum err_code json_settings(struct invocation *invocation, const struct config *config, struct err *err);

#endif
