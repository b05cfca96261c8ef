/* What the tests see of a node, by its public calls alone. */
#include "region.h"

enum { LIST_MAX = 5000 };

struct looking {
	struct region_node *node;
	const char *id;
	struct message_filter messages;
	struct message_list message_list;
	struct message message;
	struct document_filter documents;
	struct document_list document_list;
	struct wire_list wires;
	struct task_list tasks;
	struct exchange_counts_list counts;
};

static void look(struct looking *looking, db_fn *run)
{
	struct region_node *node = looking->node;
	struct region *region = node->region;

	if (power_is_off(node->power))
		region_power_cut(node);
	power_pause(node->power, true);
	region_must(region, db_read(node->kernel.db, run, looking, &region->err));
	power_pause(node->power, false);
}

static enum err_code messages_run(struct tx *tx, void *arg, struct err *err)
{
	struct looking *looking = arg;

	return message_list(tx, looking->node->region->arena, &looking->messages, &looking->message_list, err);
}

struct message_list region_messages(struct region_node *node, const char *direction, const char *state)
{
	struct looking looking = { .node = node,
				   .messages = { .direction = direction, .state = state, .limit = LIST_MAX } };

	look(&looking, messages_run);
	return looking.message_list;
}

static enum err_code message_run(struct tx *tx, void *arg, struct err *err)
{
	struct looking *looking = arg;

	return message_find(tx, looking->node->region->arena, looking->id, &looking->message, err);
}

struct message region_message(struct region_node *node, const char *id)
{
	struct looking looking = { .node = node, .id = id };

	look(&looking, message_run);
	return looking.message;
}

static enum err_code documents_run(struct tx *tx, void *arg, struct err *err)
{
	struct looking *looking = arg;

	return document_list(tx, looking->node->region->arena, &looking->documents, &looking->document_list, err);
}

struct document_list region_documents(struct region_node *node, const char *direction)
{
	struct looking looking = { .node = node, .documents = { .direction = direction, .limit = DOCUMENT_LIST_MAX } };

	look(&looking, documents_run);
	return looking.document_list;
}

static enum err_code wires_run(struct tx *tx, void *arg, struct err *err)
{
	struct looking *looking = arg;

	return message_wires(tx, looking->node->region->arena, looking->id, &looking->wires, err);
}

struct wire_list region_wires(struct region_node *node, const char *message)
{
	struct looking looking = { .node = node, .id = message };

	look(&looking, wires_run);
	return looking.wires;
}

struct bytes region_wire(struct region_node *node, const char *message, enum wire_kind kind)
{
	struct wire_list wires = region_wires(node, message);
	struct bytes found = { 0 };
	size_t count = 0;

	for (size_t i = 0; i < wires.count; i++) {
		if (wires.items[i].kind != kind)
			continue;
		found = wires.items[i].octets;
		count++;
	}
	if (count != 1 || found.size == 0)
		region_fail(node->region, "%s has %zu times evidence of kind %d of message %s, not once", node->state,
			    count, (int)kind, message);
	return found;
}

static enum err_code tasks_run(struct tx *tx, void *arg, struct err *err)
{
	struct looking *looking = arg;

	return task_list(tx, looking->node->region->arena, NULL, NULL, LIST_MAX, &looking->tasks, err);
}

size_t region_open_tasks(struct region_node *node, const char *kind)
{
	struct looking looking = { .node = node };
	size_t count = 0;

	look(&looking, tasks_run);
	for (size_t i = 0; i < looking.tasks.count; i++)
		count += same(looking.tasks.items[i].state, "open") && same(looking.tasks.items[i].kind, kind);
	return count;
}

static enum err_code counts_run(struct tx *tx, void *arg, struct err *err)
{
	struct looking *looking = arg;

	return message_counts(tx, looking->node->region->arena, &looking->counts, err);
}

struct exchange_counts region_counts(struct region_node *node, const char *partner)
{
	struct looking looking = { .node = node };

	look(&looking, counts_run);
	for (size_t i = 0; i < looking.counts.count; i++)
		if (same(looking.counts.items[i].partner, partner))
			return looking.counts.items[i];
	region_fail(node->region, "%s does not count %s", node->state, partner);
	return (struct exchange_counts){ 0 };
}
