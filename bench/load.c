/* Documents for a running node, and how long each takes from "accepted" to "receipt stored".
 *
 * usage: load NODE RECEIVER PARTNER DOCUMENT FIRST COUNT OPEN RATE
 *
 * NODE and RECEIVER are directories of nodes. COUNT copies of DOCUMENT, numbered from FIRST on in place of the first
 * "@NUMBER@@" in it, are submitted over NODE's administration socket; at most OPEN of them are without a stored receipt
 * at a time. RATE: a second, at regular times; 0: as fast as OPEN allows.
 *
 * One thread, so that it takes little from the nodes: a poll loop over CONNECTIONS keep-alive connections, and a
 * read-only connection to each database. PRAGMA data_version says for a few microseconds whether another connection has
 * committed since; only then is it asked which messages are still queued. SQLite shows a commit to others after the log
 * was synced, so what is seen is durable.
 *
 * Prints one line of JSON: what was measured, and what the measuring cost. */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <sqlite3.h>

#define SECOND_US INT64_C(1000000)
#define NUMBER    "@NUMBER@@" /* as long as what takes its place: "%09d" */
enum {
	CONNECTIONS = 4, /* as many as the administration socket has workers */
	OPEN_MOST = 1024,
	ID_SIZE = 37,
	REQUEST_HEAD = 512,
	ANSWER_MAX = 4096,
	LOOK_US = 1000,              /* how often the databases are looked at */
	STALL_US = 60 * 1000 * 1000, /* nothing moved for so long: something is broken */
};

struct connection {
	int fd;
	bool busy;
	size_t written;
	char *request; /* head and document */
	size_t size, number_at;
	char answer[ANSWER_MAX];
	size_t answered;
};
struct message {
	char id[ID_SIZE];
	int64_t accepted_us;
	bool seen; /* in this look, still queued */
};
struct watch {
	sqlite3 *db;
	sqlite3_stmt *version, *waiting;
	int64_t last;
};

static struct load {
	struct connection connections[CONNECTIONS];
	struct watch sender, receiver;
	struct message open[OPEN_MOST];
	size_t open_count, asked_open; /* accepted, not yet stored; sent, not yet answered */
	size_t first, count, open_max, submitted, accepted, delivered;
	double rate;
	double *latencies_us;
	int64_t began_us, moved_us, delivered_us;
} load;

static _Noreturn void die(const char *format, ...)
{
	va_list args;
	va_start(args, format);
	fputs("load: ", stderr);
	vfprintf(stderr, format, args);
	fputc('\n', stderr);
	va_end(args);
	exit(1);
}

static int64_t now_us(void)
{
	struct timespec at;
	clock_gettime(CLOCK_MONOTONIC, &at);
	return at.tv_sec * SECOND_US + at.tv_nsec / 1000;
}

/* --- Submissions --- */

static char *file_read(const char *path, size_t *size)
{
	struct stat about;
	FILE *file = fopen(path, "rb");
	if (!file || fstat(fileno(file), &about) != 0)
		die("cannot read %s: %m", path);
	*size = (size_t)about.st_size;
	char *text = malloc(*size + 1);
	if (!text || fread(text, 1, *size, file) != *size)
		die("cannot read %s", path);
	text[*size] = '\0';
	fclose(file);
	return text;
}

static void connection_open(struct connection *c, const char *directory, const char *partner, const char *document,
			    size_t document_size)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	snprintf(address.sun_path, sizeof address.sun_path, "%s/admin.sock", directory);
	c->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (c->fd < 0 || connect(c->fd, (const struct sockaddr *)&address, sizeof address) != 0)
		die("cannot connect to %s: %m", address.sun_path);
	c->request = malloc(REQUEST_HEAD + document_size + 1);
	if (!c->request)
		die("no memory");
	int head = snprintf(c->request, REQUEST_HEAD,
			    "POST /api/v1/documents?organisation=dft&partner=%s HTTP/1.1\r\nHost: lintas\r\n"
			    "Content-Type: application/xml\r\nContent-Length: %zu\r\n\r\n",
			    partner, document_size);
	memcpy(c->request + head, document, document_size + 1);
	c->size = (size_t)head + document_size;
	const char *number = strstr(c->request, NUMBER);
	if (!number)
		die("the document has no " NUMBER);
	c->number_at = (size_t)(number - c->request);
}

static void submit(struct connection *c)
{
	char number[16];
	snprintf(number, sizeof number, "%09zu", load.first + load.submitted++);
	memcpy(c->request + c->number_at, number, strlen(NUMBER));
	c->busy = true;
	c->written = c->answered = 0;
	load.asked_open++;
}

/* True when the answer is whole: a status of success, and the message's id. */
static bool answer_whole(struct connection *c, char id[static ID_SIZE])
{
	const char *end = strstr(c->answer, "\r\n\r\n");
	if (!end)
		return false;
	const char *length = strcasestr(c->answer, "\r\nContent-Length:");
	if (!length || length > end)
		die("an answer without a length: %s", c->answer);
	if (c->answered < (size_t)(end + 4 - c->answer) + strtoul(length + strlen("\r\nContent-Length:"), NULL, 10))
		return false;
	if (strncmp(c->answer, "HTTP/1.1 202", strlen("HTTP/1.1 202")) != 0)
		die("not accepted: %s", c->answer);
	const char *message = strstr(end, "\"message\"");
	const char *quote = message ? strchr(message + strlen("\"message\""), '"') : NULL;
	if (!quote || strlen(quote) < ID_SIZE)
		die("no message in the answer: %s", end);
	memcpy(id, quote + 1, ID_SIZE - 1);
	id[ID_SIZE - 1] = '\0';
	return true;
}

static void connection_read(struct connection *c)
{
	ssize_t got = recv(c->fd, c->answer + c->answered, ANSWER_MAX - 1 - c->answered, 0);
	struct message *message = &load.open[load.open_count];
	if (got <= 0)
		die("the node closed the connection: %m");
	c->answered += (size_t)got;
	c->answer[c->answered] = '\0';
	if (!answer_whole(c, message->id))
		return;
	message->accepted_us = load.moved_us = now_us();
	load.open_count++;
	load.accepted++;
	load.asked_open--;
	c->busy = false;
}

static void connection_write(struct connection *c)
{
	ssize_t sent = send(c->fd, c->request + c->written, c->size - c->written, MSG_NOSIGNAL | MSG_DONTWAIT);
	if (sent < 0 && errno != EAGAIN)
		die("cannot write to the node: %m");
	if (sent > 0)
		c->written += (size_t)sent;
}

static bool submission_due(void)
{
	if (load.submitted == load.count || load.open_count + load.asked_open >= load.open_max)
		return false;
	return load.rate <= 0 ||
	       now_us() - load.began_us >= (int64_t)((double)load.submitted * (double)SECOND_US / load.rate);
}

static void converse(void)
{
	struct pollfd polled[CONNECTIONS];
	const struct timespec pause = { .tv_nsec = LOOK_US * 1000L };
	for (size_t i = 0; i < CONNECTIONS; i++) {
		struct connection *c = &load.connections[i];
		if (!c->busy && submission_due())
			submit(c);
		if (c->busy && c->written < c->size)
			connection_write(c);
		polled[i] = (struct pollfd){ .fd = c->busy ? c->fd : -1,
					     .events = c->written < c->size ? POLLOUT : POLLIN };
	}
	if (ppoll(polled, CONNECTIONS, &pause, NULL) <= 0)
		return;
	for (size_t i = 0; i < CONNECTIONS; i++)
		if (polled[i].revents & (POLLIN | POLLHUP | POLLERR))
			connection_read(&load.connections[i]);
}

/* --- What is stored --- */

static sqlite3_stmt *prepared(sqlite3 *db, const char *sql)
{
	sqlite3_stmt *statement;
	if (sqlite3_prepare_v2(db, sql, -1, &statement, NULL) != SQLITE_OK)
		die("%s: %s", sql, sqlite3_errmsg(db));
	return statement;
}

static void watch_open(struct watch *watch, const char *directory, const char *waiting)
{
	char path[4096];
	snprintf(path, sizeof path, "%s/lintas.db", directory);
	if (sqlite3_open_v2(path, &watch->db, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK)
		die("cannot open %s: %s", path, sqlite3_errmsg(watch->db));
	watch->version = prepared(watch->db, "PRAGMA data_version");
	watch->waiting = prepared(watch->db, waiting);
	watch->last = -1;
}

static bool row(struct watch *watch, sqlite3_stmt *statement)
{
	int rc = sqlite3_step(statement);
	if (rc != SQLITE_ROW && rc != SQLITE_DONE)
		die("reading a database: %s", sqlite3_errmsg(watch->db));
	if (rc == SQLITE_DONE)
		sqlite3_reset(statement);
	return rc == SQLITE_ROW;
}

static bool changed(struct watch *watch)
{
	int64_t version = 0;
	while (row(watch, watch->version))
		version = sqlite3_column_int64(watch->version, 0);
	bool is = version != watch->last;
	watch->last = version;
	return is;
}

static void mark_queued(const char *id)
{
	for (size_t i = 0; i < load.open_count; i++)
		if (strcmp(load.open[i].id, id) == 0)
			load.open[i].seen = true;
}

static void look(void)
{
	size_t left = 0;
	if (load.open_count == 0 || !changed(&load.sender))
		return;
	while (row(&load.sender, load.sender.waiting))
		mark_queued((const char *)sqlite3_column_text(load.sender.waiting, 0));
	int64_t at_us = now_us();
	for (size_t i = 0; i < load.open_count; i++) {
		struct message *message = &load.open[i];
		if (message->seen) {
			message->seen = false;
			load.open[left++] = *message;
		} else {
			load.latencies_us[load.delivered++] = (double)(at_us - message->accepted_us);
			load.delivered_us = load.moved_us = at_us;
		}
	}
	load.open_count = left;
}

static size_t unprocessed(void)
{
	size_t waiting = 0;
	while (row(&load.receiver, load.receiver.waiting))
		waiting = (size_t)sqlite3_column_int64(load.receiver.waiting, 0);
	return waiting;
}

/* --- The whole --- */

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return x < y ? -1 : x > y;
}

static double percentile_ms(double part)
{
	return load.latencies_us[(size_t)(part * (double)(load.count - 1))] / 1000;
}

static void report(int64_t ended_us, int64_t cpu_us)
{
	qsort(load.latencies_us, load.count, sizeof load.latencies_us[0], by_value);
	printf("{\"messages\":%zu,\"seconds\":%.6f,\"processed_seconds\":%.6f,\"cpu_seconds\":%.6f,"
	       "\"p50_ms\":%.3f,\"p90_ms\":%.3f,\"p99_ms\":%.3f,\"max_ms\":%.3f}\n",
	       load.count, (double)(load.delivered_us - load.began_us) / 1e6, (double)(ended_us - load.began_us) / 1e6,
	       (double)cpu_us / 1e6, percentile_ms(0.5), percentile_ms(0.9), percentile_ms(0.99), percentile_ms(1));
}

static int64_t cpu_us(void)
{
	struct rusage usage;
	getrusage(RUSAGE_SELF, &usage);
	return (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * SECOND_US + usage.ru_utime.tv_usec +
	       usage.ru_stime.tv_usec;
}

static void run(void)
{
	int64_t cpu_before_us = cpu_us();
	load.began_us = load.moved_us = now_us();
	int64_t looked_us = 0;
	while (load.delivered < load.count) {
		converse();
		if (now_us() - looked_us >= LOOK_US) {
			look();
			looked_us = now_us();
		}
		if (now_us() - load.moved_us > STALL_US)
			die("nothing moved for a minute: %zu submitted, %zu accepted, %zu delivered of %zu",
			    load.submitted, load.accepted, load.delivered, load.count);
	}
	int64_t spent_us = cpu_us() - cpu_before_us;
	while (unprocessed() > 0) {
		if (now_us() - load.delivered_us > STALL_US)
			die("the receiver has not processed what it has");
		nanosleep(&(struct timespec){ .tv_nsec = LOOK_US * 1000L }, NULL);
	}
	report(now_us(), spent_us);
}

int main(int argc, char **argv)
{
	size_t size;
	char own[128];
	if (argc != 9) {
		fprintf(stderr, "usage: load NODE RECEIVER PARTNER DOCUMENT FIRST COUNT OPEN RATE\n");
		return 2;
	}
	load.first = strtoul(argv[5], NULL, 10);
	load.count = strtoul(argv[6], NULL, 10);
	load.open_max = strtoul(argv[7], NULL, 10);
	load.rate = strtod(argv[8], NULL);
	if (load.count == 0 || load.open_max == 0 || load.open_max > OPEN_MOST - CONNECTIONS)
		die("COUNT and OPEN are at least 1, OPEN at most %d", OPEN_MOST - CONNECTIONS);
	load.latencies_us = calloc(load.count, sizeof load.latencies_us[0]);
	if (!load.latencies_us)
		die("no memory");
	char *document = file_read(argv[4], &size);
	for (size_t i = 0; i < CONNECTIONS; i++)
		connection_open(&load.connections[i], argv[1], argv[3], document, size);
	free(document);
	/* Of this partner alone: a backlog for another may be long. */
	snprintf(own, sizeof own,
		 "SELECT id FROM message WHERE direction = 'out' AND state = 'queued' AND partner = '%.2s'", argv[3]);
	watch_open(&load.sender, argv[1], own);
	watch_open(&load.receiver, argv[2], "SELECT count(*) FROM message WHERE state = 'received'");
	run();
	return 0;
}
