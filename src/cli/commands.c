/* The commands: one row each, by subject in commands_*.c, and in the cli.c of the capabilities. The help, the parser
 * and docs/commands.md come from here. */
#include "cli/options_int.h"
#include "customs/registry.h"

/* What capabilities bring stands between these two: after how a node is run, before what it needs for that. */
static const struct command_group before[] = { { "The node", node_commands } };
static const struct command_group after[] = {
	{ "Messages and tasks", message_commands },
	{ "Partners", partner_commands },
	{ "Links with partners", link_commands },
	{ "Systems of one's own", national_commands },
	{ "Reference data", reference_commands },
	{ "Organisations and users", user_commands },
	{ "Proof, keeping and deleting", record_commands },
	{ "Formats and rules, without a node", tool_commands },
	{ "Help", help_commands },
};

struct command_group cli_group_at(size_t index)
{
	if (index < COUNT(before))
		return before[index];
	index -= COUNT(before);
	for (const struct capability *const *c = customs_capabilities; *c; c++)
		if ((*c)->commands && index-- == 0)
			return (struct command_group){ (*c)->title, (*c)->commands };
	return index < COUNT(after) ? after[index] : (struct command_group){ 0 };
}

const struct command *cli_command_at(size_t index)
{
	for (size_t i = 0; cli_group_at(i).title; i++)
		for (const struct command *c = cli_group_at(i).commands; c->words; c++)
			if (index-- == 0)
				return c;
	return NULL;
}
