#include "connections_int.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"

/* The list is walked at most this often, however many connections are due one after another. */
#define STEP_US (20 * INT64_C(1000))

/* --- Who a peer is --- */

/* An IPv6 site has a /64 (RFC 6177), so its addresses are one peer; an IPv4 address is one (mapped, RFC 4291 2.5.5.2).
 */
static void address_key(const struct sockaddr *address, uint8_t key[16])
{
	memset(key, 0, 16);
	if (address->sa_family == AF_INET) {
		struct sockaddr_in v4;
		memcpy(&v4, address, sizeof(v4));
		key[10] = key[11] = 0xff;
		memcpy(key + 12, &v4.sin_addr, 4);
	} else if (address->sa_family == AF_INET6) {
		struct sockaddr_in6 v6;
		memcpy(&v6, address, sizeof(v6));
		memcpy(key, &v6.sin6_addr, IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr) ? 16 : 8);
	}
}

static bool is_remote(const struct sockaddr *address)
{
	return address->sa_family == AF_INET || address->sa_family == AF_INET6;
}

static void peer_text(const struct sockaddr *address, char *text, size_t size)
{
	char host[INET6_ADDRSTRLEN] = "?";

	if (address->sa_family == AF_INET) {
		struct sockaddr_in v4;
		memcpy(&v4, address, sizeof(v4));
		inet_ntop(AF_INET, &v4.sin_addr, host, sizeof(host));
		snprintf(text, size, "%s:%u", host, (unsigned)ntohs(v4.sin_port));
	} else if (address->sa_family == AF_INET6) {
		struct sockaddr_in6 v6;
		memcpy(&v6, address, sizeof(v6));
		inet_ntop(AF_INET6, &v6.sin6_addr, host, sizeof(host));
		snprintf(text, size, "[%s]:%u", host, (unsigned)ntohs(v6.sin6_port));
	} else {
		snprintf(text, size, "unix");
	}
}

/* --- The thread that cuts --- */

/* Shuts down what is due and returns when the next one is. */
static int64_t cut_due(struct connections *connections, int64_t now_us)
{
	int64_t next_us = DUE_NEVER;

	for (struct connection *c = connections->first; c; c = c->next) {
		if (c->due_us <= now_us) {
			atomic_fetch_add(&connections->cut, 1);
			c->due_us = DUE_NEVER;
			shutdown(c->fd, SHUT_RDWR);
		} else if (c->due_us < next_us) {
			next_us = c->due_us;
		}
	}
	return next_us;
}

static void wait_until(struct connections *connections, int64_t us)
{
	if (us == DUE_NEVER) {
		pthread_cond_wait(&connections->sooner, &connections->lock);
		return;
	}

	struct timespec until = { .tv_sec = us / SECOND_US, .tv_nsec = us % SECOND_US * 1000 };
	pthread_cond_timedwait(&connections->sooner, &connections->lock, &until);
}

static void *cut_loop(void *arg)
{
	struct connections *connections = arg;

	pthread_mutex_lock(&connections->lock);
	while (!connections->ending) {
		int64_t now_us = clock_monotonic_us();
		if (connections->wake_us > now_us) {
			wait_until(connections, connections->wake_us);
			continue;
		}
		int64_t next_us = cut_due(connections, now_us);
		connections->wake_us = next_us < now_us + STEP_US ? now_us + STEP_US : next_us;
	}
	pthread_mutex_unlock(&connections->lock);
	return NULL;
}

enum err_code connections_start(struct connections *connections, unsigned max, unsigned max_per_address,
				struct err *err)
{
	pthread_condattr_t monotonic;

	*connections = (struct connections){ .max = max, .max_per_address = max_per_address, .wake_us = DUE_NEVER };
	pthread_mutex_init(&connections->lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&connections->sooner, &monotonic);
	pthread_condattr_destroy(&monotonic);
	if (pthread_create(&connections->thread, NULL, cut_loop, connections) != 0) {
		pthread_cond_destroy(&connections->sooner);
		pthread_mutex_destroy(&connections->lock);
		return fail(err, ERR_MEMORY,
			    "no thread for the deadlines of connections: is the limit of processes reached?");
	}
	return OK;
}

void connections_stop(struct connections *connections)
{
	pthread_mutex_lock(&connections->lock);
	connections->ending = true;
	pthread_cond_signal(&connections->sooner);
	pthread_mutex_unlock(&connections->lock);
	pthread_join(connections->thread, NULL);
	pthread_cond_destroy(&connections->sooner);
	pthread_mutex_destroy(&connections->lock);
}

/* --- Connections --- */

unsigned connections_count(struct connections *connections)
{
	pthread_mutex_lock(&connections->lock);
	unsigned count = connections->count;
	pthread_mutex_unlock(&connections->lock);
	return count;
}

static unsigned count_of(const struct connections *connections, const uint8_t key[16])
{
	unsigned count = 0;

	for (const struct connection *c = connections->first; c; c = c->next)
		count += memcmp(c->address, key, 16) == 0;
	return count;
}

bool connections_admit(struct connections *connections, const struct sockaddr *address)
{
	uint8_t key[16];

	address_key(address, key);
	pthread_mutex_lock(&connections->lock);
	bool admitted = connections->count < connections->max &&
			(!is_remote(address) || count_of(connections, key) < connections->max_per_address);
	pthread_mutex_unlock(&connections->lock);
	if (!admitted)
		atomic_fetch_add(&connections->refused, 1);
	return admitted;
}

static void set_due(struct connections *connections, struct connection *connection, int64_t due_us)
{
	connection->due_us = due_us;
	if (due_us < connections->wake_us) {
		connections->wake_us = due_us;
		pthread_cond_signal(&connections->sooner);
	}
}

struct connection *connection_opened(struct connections *connections, int fd, const struct sockaddr *address,
				     int64_t due_us)
{
	struct connection *connection = calloc(1, sizeof(*connection));

	if (!connection)
		return NULL;
	connection->fd = fd;
	address_key(address, connection->address);
	peer_text(address, connection->peer, sizeof(connection->peer));

	pthread_mutex_lock(&connections->lock);
	connection->next = connections->first;
	if (connections->first)
		connections->first->previous = connection;
	connections->first = connection;
	connections->count++;
	set_due(connections, connection, due_us);
	pthread_mutex_unlock(&connections->lock);
	return connection;
}

void connection_closed(struct connections *connections, struct connection *connection)
{
	pthread_mutex_lock(&connections->lock);
	if (connection->previous)
		connection->previous->next = connection->next;
	else
		connections->first = connection->next;
	if (connection->next)
		connection->next->previous = connection->previous;
	connections->count--;
	pthread_mutex_unlock(&connections->lock);
	free(connection);
}

bool connection_take(struct connections *connections, struct connection *connection, size_t bytes, size_t max)
{
	enum { PEERS_PART = 4 };
	size_t all = bytes, own = bytes;

	pthread_mutex_lock(&connections->lock);
	for (const struct connection *c = connections->first; c; c = c->next) {
		all += c->body_bytes;
		own += memcmp(c->address, connection->address, sizeof(c->address)) == 0 ? c->body_bytes : 0;
	}
	bool room = all <= max && own <= max / PEERS_PART;
	if (room)
		connection->body_bytes += bytes;
	pthread_mutex_unlock(&connections->lock);
	return room;
}

size_t connections_bodies(struct connections *connections)
{
	size_t all = 0;

	pthread_mutex_lock(&connections->lock);
	for (const struct connection *c = connections->first; c; c = c->next)
		all += c->body_bytes;
	pthread_mutex_unlock(&connections->lock);
	return all;
}

void connection_give(struct connections *connections, struct connection *connection)
{
	pthread_mutex_lock(&connections->lock);
	connection->body_bytes = 0;
	pthread_mutex_unlock(&connections->lock);
}

void connection_due(struct connections *connections, struct connection *connection, int64_t due_us)
{
	pthread_mutex_lock(&connections->lock);
	set_due(connections, connection, due_us);
	pthread_mutex_unlock(&connections->lock);
}

void connection_due_by(struct connections *connections, struct connection *connection, int64_t due_us)
{
	pthread_mutex_lock(&connections->lock);
	if (due_us < connection->due_us)
		set_due(connections, connection, due_us);
	pthread_mutex_unlock(&connections->lock);
}
