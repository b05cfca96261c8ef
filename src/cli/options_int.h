/* Tables of commands, by subject, which commands.c lists; and of the options that they take. */
#ifndef CLI_OPTIONS_INT_H
#define CLI_OPTIONS_INT_H

#include "cli/cli_int.h"

extern const struct command message_commands[], partner_commands[], link_commands[], national_commands[],
	user_commands[], record_commands[], node_commands[], tool_commands[], help_commands[], reference_commands[];

extern const struct option init_options[], key_new_options[], csr_options[], install_options[], retire_options[],
	migrate_options[], map_options[], box_options[], ping_options[], partner_options[], change_options[],
	card_options[], import_options[], propose_options[], activation_options[], certificate_options[],
	stranger_options[], refusal_options[], organisation_options[], user_options[], user_list_options[],
	user_change_options[], password_options[], token_options[], token_list_options[], event_options[],
	task_options[], verify_options[], simulate_options[], evidence_options[], inspect_options[], check_options[],
	backup_options[], restore_options[], webhook_options[], webhook_list_options[], rotate_options[],
	redeliver_options[], delivery_options[], hold_options[], hold_list_options[], due_options[],
	archive_write_options[], archive_verify_options[], archive_search_options[], notice_options[],
	notice_restored_options[], catch_up_options[], catch_up_status_options[], approve_options[], reject_options[],
	reads_options[], edition_list_options[], edition_import_options[], reason_options[], activate_options[];

#endif
