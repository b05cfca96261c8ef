/* Backups, and going back to what was. */
#include "region.h"

#include <stdio.h>

#include "base/random.h"

static void file_copy(struct region *region, const char *from, const char *to)
{
	char buffer[1 << 16];
	FILE *in = fopen(from, "rb"), *out = fopen(to, "wb");

	region_expect(region, in && out);
	for (size_t size; (size = fread(buffer, 1, sizeof(buffer), in)) > 0;)
		region_expect(region, fwrite(buffer, 1, size, out) == size);
	fclose(in);
	region_expect(region, fclose(out) == 0);
}

/* Closed, so that nothing of it is in its log. */
const char *region_backup(struct region_node *node)
{
	struct region *region = node->region;
	static unsigned number;
	const char *path = arena_printf(region->arena, "%s/%s-%u.backup", region->directory, node->state, ++number);

	region_expect(region, (region->options.on_disk || node->power) && path);
	region_note_request(node);
	region_node_close(node);
	file_copy(region, node->database, path);
	region_node_open(node);
	return path;
}

static void put_back(struct region_node *node, const char *backup)
{
	if (node->power)
		power_load(node->power, arena_printf(node->region->arena, "%s.db", node->state), backup,
			   node->region->options.seed * NODES + (uint64_t)(node - node->region->nodes));
	else
		file_copy(node->region, backup, node->database);
	node->delivered = node->accepted = (struct noted){ 0 };
}

void region_restore(struct region_node *node, const char *backup)
{
	region_note_request(node);
	region_node_close(node);
	put_back(node, backup);
	node->region->now_us += SECOND_US; /* no identifier is given twice */
	region_node_open(node);
}

struct region_moment region_moment(struct region *region)
{
	struct region_moment moment = { .submitted_count = region->submitted_count };

	region_expect(region, region->flights_count == 0);
	for (size_t i = 0; i < NODES; i++) {
		snprintf(moment.files[i], sizeof(moment.files[i]), "%s", region_backup(&region->nodes[i]));
		moment.starts[i] = region->nodes[i].starts;
	}
	moment.now_us = region->now_us + SECOND_US;
	return moment;
}

void region_rewind(struct region *region, const struct region_moment *moment, uint64_t seed)
{
	for (size_t i = 0; i < NODES; i++)
		region_node_close(&region->nodes[i]);
	region_network_done(region);
	arena_free(region->arena);
	region->arena = arena_new(REGION_ARENA_BYTES);
	assert_non_null(region->arena);
	region->options.seed = region->random = seed;
	random_simulate(~seed); /* not what the nodes drew in their past, whatever seed that had */
	region->now_us = moment->now_us;
	region->trace = 0;
	region->submitted_count = moment->submitted_count;
	for (size_t i = 0; i < NODES; i++) {
		struct region_node *node = &region->nodes[i];
		put_back(node, moment->files[i]);
		node->starts = moment->starts[i];
		node->down_until_us = 0;
	}
}

void region_wake(struct region *region)
{
	for (size_t i = 0; i < NODES; i++)
		region_node_open(&region->nodes[i]);
}
