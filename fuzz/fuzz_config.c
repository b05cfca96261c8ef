/* The file lintas.conf. What is right is written as `lintas config show` does, and read the same again. */
#include "fuzz.h"
#include "node/config.h"

#define ARENA_MAX   ((size_t)4 << 20)
#define WRITTEN_MAX ((size_t)64 << 10)

/* True if nothing is wrong with TEXT. */
static bool read_settings(struct arena *arena, struct bytes text, struct config *config)
{
	struct findings *findings = findings_new(arena);
	struct err err;

	if (!findings || config_parse(arena, "/var/lib/lintas", text, config, findings, &err) != OK)
		return false;
	return findings_count(findings) == 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	arena_auto arena = arena_new(ARENA_MAX);
	struct config config, again;
	buf_auto once = { 0 }, twice = { 0 };

	if (!arena || !read_settings(arena, bytes(data, size), &config))
		return 0;
	MUST(config.state && config.party_id && config.port > 0 && config.port <= UINT16_MAX);
	buf_init(&once, WRITTEN_MAX);
	buf_init(&twice, WRITTEN_MAX);
	config_put(&once, &config);
	MUST(once.failed == OK && read_settings(arena, buf_bytes(&once), &again));
	config_put(&twice, &again);
	MUST(twice.failed == OK && bytes_same(buf_bytes(&once), buf_bytes(&twice)));
	return 0;
}
