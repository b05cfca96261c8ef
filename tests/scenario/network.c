/* The network of a region: every request meets the fate that the seed has for it. */
#include "region.h"

#include <stdlib.h>

/* What a request that failed cost its sender. */
#define TIMEOUT_US (90 * SECOND_US)
/* A request that comes late or again does so within this. */
#define LATE_US (2 * HOUR_US)

const struct odds odds_calm = { .delay_us = SECOND_US };
const struct odds odds_storm = {
	.lost = 15, .late = 10, .answer_lost = 15, .twice = 10, .replayed = 10, .delay_us = 20 * SECOND_US
};

enum fate { FATE_ARRIVES, FATE_LOST, FATE_LATE, FATE_ANSWER_LOST, FATE_TWICE, FATE_REPLAYED, FATE_DOWN };

/* SplitMix64, not base/random: what the nodes draw must not change what the network does. */
static uint64_t draw(struct region *region)
{
	uint64_t z = region->random += UINT64_C(0x9E3779B97F4A7C15);

	z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
	return z ^ (z >> 31);
}

static int64_t draw_us(struct region *region, int64_t most_us)
{
	return most_us > 0 ? (int64_t)(draw(region) % (uint64_t)most_us) : 0;
}

static enum fate draw_fate(struct region *region)
{
	const struct odds *odds = &region->odds;
	const struct {
		enum fate fate;
		unsigned percent;
	} rows[] = {
		{ FATE_LOST, odds->lost },   { FATE_LATE, odds->late },         { FATE_ANSWER_LOST, odds->answer_lost },
		{ FATE_TWICE, odds->twice }, { FATE_REPLAYED, odds->replayed },
	};
	unsigned at = (unsigned)(draw(region) % 100);

	for (size_t i = 0; i < COUNT(rows); i++) {
		if (at < rows[i].percent)
			return rows[i].fate;
		at -= rows[i].percent;
	}
	return FATE_ARRIVES;
}

/* FNV-1a, 64 bits. */
static void trace(struct region *region, int64_t value)
{
	for (unsigned i = 0; i < 8; i++) {
		region->trace ^= ((uint64_t)value >> (8 * i)) & 0xFF;
		region->trace *= UINT64_C(0x100000001B3);
	}
}

static void packet_set(struct packet *packet, struct region_node *to, int64_t due_us, const char *content_type,
		       struct bytes body)
{
	*packet =
		(struct packet){ .to = to, .due_us = due_us, .content_type = strdup(content_type), .size = body.size };
	packet->body = malloc(body.size + 1);
	assert_true(packet->content_type && packet->body);
	memcpy(packet->body, body.data, body.size);
}

static void packet_done(struct packet *packet)
{
	free(packet->content_type);
	free(packet->body);
	*packet = (struct packet){ 0 };
}

void region_post(struct region_node *node, struct arena *arena, const char *content_type, struct bytes body,
		 struct http_answer *answer)
{
	struct http_header header = { "Content-Type", content_type };
	arena_auto own = arena_new((size_t)32 << 20);
	struct http_request request = {
		.arena = own,
		.method = "POST",
		.path = "/as4",
		.query = "",
		.headers = &header,
		.headers_count = content_type ? 1 : 0,
		.body = body,
		.peer = "192.0.2.1:49152",
		.peer_certificate = node->region->client_certificate,
	};
	struct http_response response = { 0 };

	assert_non_null(own);
	region_note_request(node);
	messaging_receive(node->messaging, &request, &response);
	region_note_answer(node, body);
	struct bytes octets = response.owned ? buf_bytes(response.owned) : response.body;
	*answer = (struct http_answer){
		.status = response.status,
		.content_type = arena_text(arena, response.content_type ? response.content_type : ""),
		.body = bytes(arena_copy(arena, octets.data ? octets.data : (const uint8_t *)"", octets.size),
			      octets.size),
	};
	if (response.owned)
		buf_done(response.owned);
}

static bool is_down(const struct region_node *node)
{
	return node->down_until_us > node->region->now_us || power_is_off(node->power);
}

static void fly(struct region *region, struct region_node *to, const struct http_call *call)
{
	if (region->flights_count == FLIGHTS_MAX)
		region_fail(region, "more than %d requests are under way", FLIGHTS_MAX);
	packet_set(&region->flights[region->flights_count++], to,
		   region->now_us + TIMEOUT_US + draw_us(region, LATE_US), call->headers[0].value, call->body);
}

/* The same octets again must get the same octets in answer: one delivery has one proof (AS4 profile 1.0 §3.2). Since
 * the first arrived the disk of TO had FAULTS faults: with one more there may be no answer to one of them. */
static void deliver_again(struct region_node *to, struct arena *arena, const struct http_call *call,
			  const struct http_answer *first, uint64_t faults)
{
	struct http_answer second;

	region_post(to, arena, call->headers[0].value, call->body, &second);
	if (power_faults(to->power) > faults && (first->status != 200 || second.status != 200))
		return;
	if (second.status != first->status || (first->status == 200 && !bytes_same(second.body, first->body)))
		region_fail(to->region, "the same request got another answer the second time");
}

static enum err_code carry(struct region_node *to, enum fate fate, struct arena *arena, const struct http_call *call,
			   struct http_answer *answer, struct err *err)
{
	struct region *region = to->region;
	uint64_t faults = power_faults(to->power);

	if (fate == FATE_DOWN && call->failed_at)
		*call->failed_at = HTTP_CONNECTION;
	if (fate == FATE_DOWN)
		return fail(err, ERR_NET, "%s refuses connections", to->url);
	if (fate == FATE_LATE)
		fly(region, to, call);
	if (fate == FATE_LOST || fate == FATE_LATE) {
		region->lost += fate == FATE_LOST;
		region->late += fate == FATE_LATE;
		region->now_us += TIMEOUT_US;
		return fail(err, ERR_TIMEOUT, "%s did not answer", to->url);
	}
	region_post(to, arena, call->headers[0].value, call->body, answer);
	trace(region, answer->status);
	region->now_us += draw_us(region, region->odds.delay_us);
	if (fate == FATE_TWICE || fate == FATE_REPLAYED)
		region->repeated++;
	if (fate == FATE_TWICE)
		deliver_again(to, arena, call, answer, faults);
	if (fate == FATE_REPLAYED)
		fly(region, to, call);
	if (fate == FATE_ANSWER_LOST) {
		region->answers_lost++;
		return fail(err, ERR_NET, "the connection to %s was lost", to->url);
	}
	return OK;
}

enum err_code region_call(struct http_client *client, struct arena *arena, const struct http_call *call,
			  struct http_answer *answer, struct err *err)
{
	struct region_node *from = ((struct region_line *)client)->from, *to = NULL;
	struct region *region = from->region;

	for (size_t i = 0; i < NODES; i++)
		if (same(region->nodes[i].url, call->url))
			to = &region->nodes[i];
	if (!to)
		return fail(err, ERR_NET, "the name of %s is not known", call->url);
	packet_done(&region->last);
	packet_set(&region->last, to, region->now_us, call->headers[0].value, call->body);
	region_note_call(from, call->body);
	region->requests++;
	region->now_us += draw_us(region, region->odds.delay_us);
	if (region->intercept && region->intercept(region->intercept_arg, to, arena, call, answer))
		return OK;

	enum fate fate = is_down(to) ? FATE_DOWN : draw_fate(region);
	trace(region, region->now_us);
	trace(region, (int64_t)(from - region->nodes) * NODES + (to - region->nodes));
	trace(region, (int64_t)fate);
	return carry(to, fate, arena, call, answer, err);
}

/* --- What comes late, or again --- */

/* Nobody waits for the answer. The gateway takes it, or gives the stored receipt: what was a valid request stays one.
 */
static void arrive(struct region *region, size_t index)
{
	struct packet packet = region->flights[index];
	uint64_t faults = power_faults(packet.to->power);
	struct http_answer answer;
	arena_auto arena = arena_new((size_t)4 << 20);

	region->flights[index] = region->flights[--region->flights_count];
	assert_non_null(arena);
	if (!is_down(packet.to)) {
		region_post(packet.to, arena, packet.content_type, bytes(packet.body, packet.size), &answer);
		trace(region, answer.status);
		if (answer.status != 200 && answer.status != 204 && power_faults(packet.to->power) == faults)
			region_fail(region, "a late request got the status %d", answer.status);
	}
	packet_done(&packet);
}

bool region_arrivals(struct region *region)
{
	bool some = false;

	for (size_t i = region->flights_count; i > 0; i--) {
		if (region->flights[i - 1].due_us > region->now_us)
			continue;
		arrive(region, i - 1);
		some = true;
	}
	return some;
}

int64_t region_next_arrival_us(const struct region *region)
{
	int64_t next_us = INT64_MAX;

	for (size_t i = 0; i < region->flights_count; i++)
		if (region->flights[i].due_us < next_us)
			next_us = region->flights[i].due_us;
	return next_us;
}

void region_network_done(struct region *region)
{
	while (region->flights_count > 0)
		packet_done(&region->flights[--region->flights_count]);
	packet_done(&region->last);
}
