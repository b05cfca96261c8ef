/* The commands, by subject: one row each, in commands_*.c. The help, the parser and docs/commands.md come from here. */
#include "cli/options_int.h"

const struct command_group cli_groups[] = {
	{ "The node", node_commands },
	{ "Documents", document_commands },
	{ "Messages", message_commands },
	{ "Partners", partner_commands },
	{ "Links with partners", link_commands },
	{ "Systems of one's own", national_commands },
	{ "Organisations and users", user_commands },
	{ "Proof, keeping and deleting", record_commands },
	{ "Formats and rules, without a node", tool_commands },
	{ "Help", help_commands },
	{ 0 },
};

const struct command *cli_command_at(size_t index)
{
	for (const struct command_group *group = cli_groups; group->title; group++)
		for (const struct command *c = group->commands; c->words; c++)
			if (index-- == 0)
				return c;
	return NULL;
}
