/* The protocol between the node and the key process, over stream socket pairs that the parent made before it forked.
 *
 *   frame    := length (4 octets, big-endian, of what follows) body
 *   request  := operation (1) fields          sign: id alg data; reload: nothing
 *                                             unwrap: id alg digest mgf kek_bytes originator salt info wrapped
 *   answer   := DONE fields | NOT_GOOD | FAULT code text
 *   numbers are one octet; texts and octets have a length of 4 octets before them. Nothing may follow the last field.
 */
#include <errno.h>
#include <openssl/crypto.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "crypto/keys_int.h"

#define REQUEST_MAX    (SIGNED_DATA_MAX + 4096)
#define ANSWER_MAX     4096
#define LENGTH_BYTES   4
#define FRAME_USUAL    ANSWER_MAX /* nearly every frame is no longer: a SignedInfo has 2 kB */
#define TEXT_MAX       319        /* of struct err */
#define SOCKETS_MAX    64
#define ANSWER_SECONDS 30 /* a signature takes milliseconds: after that the key process hangs */

enum { SIGN, UNWRAP, RELOAD };
enum { DONE, NOT_GOOD, FAULT };

/* --- Fields --- */

static void put_length(uint8_t to[static LENGTH_BYTES], size_t size)
{
	for (size_t i = 0; i < LENGTH_BYTES; i++)
		to[i] = (uint8_t)(size >> (24 - 8 * i) & 0xFFU);
}

static size_t get_length(const uint8_t from[static LENGTH_BYTES])
{
	return (size_t)from[0] << 24 | (size_t)from[1] << 16 | (size_t)from[2] << 8 | from[3];
}

static void put_number(struct buf *out, unsigned number)
{
	uint8_t octet = (uint8_t)number;

	buf_put(out, &octet, 1);
}

static void put_field(struct buf *out, struct bytes field)
{
	uint8_t length[LENGTH_BYTES];

	put_length(length, field.size);
	buf_put(out, length, sizeof(length));
	buf_put_bytes(out, field);
}

struct reader {
	struct bytes rest;
	bool good; /* false once something was missing or too long; then everything reads as empty */
};

static struct bytes take(struct reader *in, size_t size)
{
	in->good = in->good && size <= in->rest.size;
	if (!in->good)
		return bytes(NULL, 0);

	struct bytes taken = bytes(in->rest.data, size);
	in->rest = bytes(size > 0 ? in->rest.data + size : in->rest.data, in->rest.size - size);
	return taken;
}

static unsigned get_number(struct reader *in)
{
	struct bytes octet = take(in, 1);

	return in->good ? octet.data[0] : 0;
}

static struct bytes get_field(struct reader *in, size_t max)
{
	struct bytes length = take(in, LENGTH_BYTES);
	size_t size = in->good ? get_length(length.data) : 0;

	in->good = in->good && size <= max;
	return take(in, size);
}

static void get_id(struct reader *in, char id[static KEY_ID_SIZE])
{
	struct bytes field = get_field(in, KEY_ID_SIZE - 1);

	if (field.size > 0)
		memcpy(id, field.data, field.size);
	id[field.size] = '\0';
}

static bool at_end(const struct reader *in)
{
	return in->good && in->rest.size == 0;
}

/* --- The key process: answering --- */

static enum err_code answer_sign(struct keys *local, struct reader *in, struct buf *answer, struct err *err)
{
	char id[KEY_ID_SIZE];
	buf_auto signature;

	buf_init(&signature, SIGNATURE_MAX);
	get_id(in, id);
	unsigned alg = get_number(in);
	struct bytes data = get_field(in, SIGNED_DATA_MAX);
	if (!at_end(in) || !sig_alg_known(alg))
		return fail(err, ERR_SYNTAX, "the request to sign is not understood");
	TRY(keys_sign(local, id, (enum sig_alg)alg, data, &signature, err));
	put_number(answer, DONE);
	put_field(answer, buf_bytes(&signature));
	return OK;
}

static enum err_code answer_unwrap(struct keys *local, struct reader *in, struct buf *answer, struct err *err)
{
	char id[KEY_ID_SIZE];
	uint8_t key[CONTENT_KEY_MAX];
	size_t size = 0;
	bool good = false;
	struct wrapped_key wrapped = { 0 };

	get_id(in, id);
	unsigned alg = get_number(in);
	unsigned digest = get_number(in);
	unsigned mgf = get_number(in);
	wrapped.kek_bytes = get_number(in);
	wrapped.originator = get_field(in, WRAP_ORIGINATOR_MAX);
	wrapped.salt = get_field(in, WRAP_SALT_MAX);
	wrapped.info = get_field(in, WRAP_INFO_MAX);
	wrapped.wrapped = get_field(in, WRAP_WRAPPED_MAX);
	wrapped.alg = (enum wrap_alg)alg;
	wrapped.digest = (enum digest)digest;
	wrapped.mgf = (enum digest)mgf;
	if (!at_end(in) || !wrapped_key_fits(&wrapped))
		return fail(err, ERR_SYNTAX, "the request to decrypt is not understood");
	TRY(keys_unwrap(local, id, &wrapped, key, &size, &good, err));
	put_number(answer, good ? DONE : NOT_GOOD);
	if (good)
		put_field(answer, bytes(key, size));
	OPENSSL_cleanse(key, sizeof(key));
	return OK;
}

static enum err_code answer_reload(struct keys *local, struct reader *in, struct buf *answer, struct err *err)
{
	if (!at_end(in))
		return fail(err, ERR_SYNTAX, "the request to reload is not understood");
	TRY(keys_reload(local, err));
	put_number(answer, DONE);
	return OK;
}

void keys_answer(struct keys *local, struct bytes request, struct buf *answer)
{
	static enum err_code (*const operations[])(struct keys *, struct reader *, struct buf *, struct err *) = {
		[SIGN] = answer_sign,
		[UNWRAP] = answer_unwrap,
		[RELOAD] = answer_reload,
	};
	struct reader in = { request, true };
	struct err err = { 0 };
	unsigned operation = get_number(&in);
	enum err_code code = in.good && operation < COUNT(operations)
				     ? operations[operation](local, &in, answer, &err)
				     : fail(&err, ERR_SYNTAX, "there is no such request");

	if (code == OK)
		return;
	put_number(answer, FAULT);
	put_number(answer, (unsigned)code);
	put_field(answer, bytes_of(err.text));
}

/* --- Frames --- */

static enum err_code send_all(int fd, struct bytes data, struct err *err)
{
	while (data.size > 0) {
		ssize_t sent = send(fd, data.data, data.size, MSG_NOSIGNAL);
		if (sent < 0 && errno == EINTR)
			continue;
		if (sent < 0)
			return fail(err, ERR_IO, "the other end of the key socket is gone: %s", strerror(errno));
		data = bytes(data.data + sent, data.size - (size_t)sent);
	}
	return OK;
}

static enum err_code receive_some(int fd, uint8_t *to, size_t room, size_t *size, struct err *err)
{
	ssize_t got;

	do
		got = recv(fd, to, room, 0);
	while (got < 0 && errno == EINTR);
	if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
		return fail(err, ERR_TIMEOUT, "the key process does not answer");
	if (got <= 0)
		return fail(err, ERR_IO, "the other end of the key socket is gone");
	*size = (size_t)got;
	return OK;
}

/* Clears FRAME; what is put then is its body. */
static void frame_begin(struct buf *frame)
{
	static const uint8_t length[LENGTH_BYTES];

	buf_clear(frame);
	buf_put(frame, length, sizeof(length));
}

/* In one call, or the other end would be woken for the length alone. */
static enum err_code frame_send(int fd, struct buf *frame, struct err *err)
{
	TRY(buf_check(frame, "frame on the key socket", err));
	put_length(frame->data, frame->size - LENGTH_BYTES);
	return send_all(fd, buf_bytes(frame), err);
}

/* Appends to FRAME, which is empty, and returns the body in it. Mostly in one call: neither end sends a second frame
 * before the first was answered, so whatever comes belongs to this one. */
static enum err_code frame_receive(int fd, struct buf *frame, struct bytes *body, struct err *err)
{
	size_t whole = LENGTH_BYTES; /* as far as is known */
	size_t got = 0;

	while (frame->size < whole) {
		size_t room = (whole > FRAME_USUAL ? whole : FRAME_USUAL) - frame->size;
		uint8_t *to = buf_reserve(frame, room);
		if (!to)
			return buf_check(frame, "frame on the key socket", err);
		TRY(receive_some(fd, to, room, &got, err));
		buf_grown(frame, got);
		if (frame->size >= LENGTH_BYTES)
			whole = LENGTH_BYTES + get_length(frame->data);
	}
	if (frame->size > whole)
		return fail(err, ERR_IO, "the other end of the key socket is out of step");
	*body = bytes(frame->data + LENGTH_BYTES, whole - LENGTH_BYTES);
	return OK;
}

static enum err_code check_sockets(const int *sockets, size_t count, struct err *err)
{
	if (count == 0 || count > SOCKETS_MAX)
		return fail(err, ERR_CONFIG, "the key process has 1 to %d sockets, not %zu", SOCKETS_MAX, count);
	for (size_t i = 0; i < count; i++) {
		int type = 0;
		socklen_t size = sizeof(type);
		if (getsockopt(sockets[i], SOL_SOCKET, SO_TYPE, &type, &size) != 0 || type != SOCK_STREAM)
			return fail(err, ERR_CONFIG, "the key process needs stream sockets");
	}
	return OK;
}

/* --- The key process: serving --- */

struct server {
	pthread_t thread;
	int fd;
	struct keys *keys;
};

/* The room is taken once: a growing buffer would leave content keys behind in freed memory. */
static enum err_code answer_one(struct server *server, struct buf *request, struct buf *answer)
{
	struct bytes body = { 0 };

	buf_clear(request);
	TRY(frame_receive(server->fd, request, &body, NULL));
	frame_begin(answer);
	keys_answer(server->keys, body, answer);
	enum err_code code = frame_send(server->fd, answer, NULL);
	OPENSSL_cleanse(answer->data, answer->size);
	return code;
}

/* Ends with the socket: closed by the node, or out of step after a frame that is too long. */
static void *serve(void *arg)
{
	struct server *server = arg;
	buf_auto request;
	secret_buf_auto answer;

	buf_init(&request, REQUEST_MAX);
	buf_init(&answer, ANSWER_MAX);
	while (buf_reserve(&answer, ANSWER_MAX) && answer_one(server, &request, &answer) == OK)
		buf_clear(&answer);
	close(server->fd);
	server->fd = -1;
	return NULL;
}

/* No core dump and no debugger of the same user; no key in swap, as far as the system lets us (best effort: an
 * unprivileged process may lock little). Future memory only without a limit, or later allocations would fail. */
static void harden(void)
{
	struct rlimit limit;
	bool unlimited = getrlimit(RLIMIT_MEMLOCK, &limit) == 0 && limit.rlim_cur == RLIM_INFINITY;

	(void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	/* On fault: whole thread stacks locked at once would be most of the process. */
	(void)mlockall(MCL_ONFAULT | (unlimited ? MCL_CURRENT | MCL_FUTURE : MCL_CURRENT));
}

static enum err_code serve_all(struct keys *keys, struct server *servers, const int *sockets, size_t count,
			       struct err *err)
{
	enum err_code code = OK;
	size_t started = 0;

	for (size_t i = 0; i < count; i++)
		servers[i] = (struct server){ .fd = sockets[i], .keys = keys };
	for (; started < count && code == OK; started += code == OK) {
		int failed = pthread_create(&servers[started].thread, NULL, serve, &servers[started]);
		if (failed != 0)
			code = fail(err, ERR_MEMORY, "the key process cannot start its threads: %s", strerror(failed));
	}
	for (size_t i = 0; i < count && code != OK; i++)
		shutdown(sockets[i], SHUT_RDWR);
	for (size_t i = 0; i < started; i++)
		pthread_join(servers[i].thread, NULL);
	for (size_t i = started; i < count; i++)
		close(sockets[i]);
	return code;
}

enum err_code keys_serve(const char *directory, const int *sockets, size_t count, struct err *err)
{
	struct keys *keys = NULL;

	TRY(check_sockets(sockets, count, err));
	TRY(keys_open(directory, &keys, err));
	harden();
	struct server *servers = calloc(count, sizeof(*servers));
	enum err_code code = servers ? serve_all(keys, servers, sockets, count, err)
				     : fail(err, ERR_MEMORY, "no memory left for the key process");
	free(servers);
	keys_free(keys);
	return code;
}

/* --- The node: asking --- */

struct remote {
	struct keys base;
	pthread_mutex_t lock;
	pthread_cond_t given_back;
	size_t idle, alive; /* sockets[0..idle) wait for work; alive counts those in use, too */
	int sockets[SOCKETS_MAX];
};

static struct remote *remote_of(struct keys *keys)
{
	return (struct remote *)keys; /* base is its first member */
}

static enum err_code socket_take(struct remote *remote, int *fd, struct err *err)
{
	enum err_code code = OK;

	pthread_mutex_lock(&remote->lock);
	while (remote->idle == 0 && remote->alive > 0)
		pthread_cond_wait(&remote->given_back, &remote->lock);
	if (remote->alive == 0)
		code = fail(err, ERR_IO, "the key process is gone");
	else
		*fd = remote->sockets[--remote->idle];
	pthread_mutex_unlock(&remote->lock);
	return code;
}

/* A socket that is out of step is closed; when the last is, everybody who waits hears of it. */
static void socket_give(struct remote *remote, int fd, bool usable)
{
	pthread_mutex_lock(&remote->lock);
	if (usable) {
		remote->sockets[remote->idle++] = fd;
		pthread_cond_signal(&remote->given_back);
	} else {
		close(fd);
		remote->alive--;
		pthread_cond_broadcast(&remote->given_back);
	}
	pthread_mutex_unlock(&remote->lock);
}

static enum err_code exchange(struct remote *remote, struct buf *request, struct buf *answer, struct bytes *body,
			      struct err *err)
{
	int fd = -1;

	TRY(buf_check(request, "request to the key process", err));
	TRY(socket_take(remote, &fd, err));
	enum err_code code = frame_send(fd, request, err);
	if (code == OK)
		code = frame_receive(fd, answer, body, err);
	socket_give(remote, fd, code == OK);
	return code;
}

static enum err_code answer_unreadable(struct err *err)
{
	return fail(err, ERR_INTERNAL, "the answer of the key process is not understood");
}

/* Reads the fault of an answer and passes it on as our own. */
static enum err_code answer_fault(struct reader *in, struct err *err)
{
	char text[TEXT_MAX + 1] = { 0 };
	unsigned code = get_number(in);
	struct bytes field = get_field(in, TEXT_MAX);

	if (!at_end(in) || code == OK || code >= ERR_COUNT)
		return answer_unreadable(err);
	if (field.size > 0)
		memcpy(text, field.data, field.size);
	return fail(err, (enum err_code)code, "%s", text);
}

/* Asks, and returns the answer's field (within ANSWER; empty if it has none). *GOOD false: NOT_GOOD. */
static enum err_code ask(struct keys *keys, struct buf *request, size_t fields, struct buf *answer, struct bytes *field,
			 bool *good, struct err *err)
{
	struct bytes body = { 0 };

	TRY(exchange(remote_of(keys), request, answer, &body, err));
	struct reader in = { body, true };
	unsigned status = get_number(&in);
	if (in.good && status == FAULT)
		return answer_fault(&in, err);
	*good = status == DONE;
	*field = *good && fields > 0 ? get_field(&in, ANSWER_MAX) : bytes(NULL, 0);
	return at_end(&in) && status <= NOT_GOOD ? OK : answer_unreadable(err);
}

static enum err_code remote_sign(struct keys *keys, const char *id, enum sig_alg alg, struct bytes data,
				 struct buf *signature, struct err *err)
{
	buf_auto request;
	buf_auto answer;
	struct bytes made = { 0 };
	bool good = false;

	buf_init(&request, REQUEST_MAX);
	buf_init(&answer, ANSWER_MAX);
	frame_begin(&request);
	put_number(&request, SIGN);
	put_field(&request, bytes_of(id));
	put_number(&request, (unsigned)alg);
	put_field(&request, data);
	TRY(ask(keys, &request, 1, &answer, &made, &good, err));
	if (!good)
		return answer_unreadable(err);
	buf_put_bytes(signature, made);
	return buf_check(signature, "signature", err);
}

static enum err_code remote_unwrap(struct keys *keys, const char *id, const struct wrapped_key *wrapped,
				   uint8_t key[static CONTENT_KEY_MAX], size_t *size, bool *good, struct err *err)
{
	buf_auto request;
	secret_buf_auto answer;
	struct bytes opened = { 0 };
	bool opens = false;

	buf_init(&request, REQUEST_MAX);
	buf_init(&answer, ANSWER_MAX);
	frame_begin(&request);
	put_number(&request, UNWRAP);
	put_field(&request, bytes_of(id));
	put_number(&request, (unsigned)wrapped->alg);
	put_number(&request, (unsigned)wrapped->digest);
	put_number(&request, (unsigned)wrapped->mgf);
	put_number(&request, wrapped->kek_bytes);
	put_field(&request, wrapped->originator);
	put_field(&request, wrapped->salt);
	put_field(&request, wrapped->info);
	put_field(&request, wrapped->wrapped);
	TRY(ask(keys, &request, 1, &answer, &opened, &opens, err));
	if (opens && (opened.size == 0 || opened.size > CONTENT_KEY_MAX))
		return answer_unreadable(err);
	if (opens) {
		memcpy(key, opened.data, opened.size);
		*size = opened.size;
	}
	*good = opens;
	return OK;
}

static enum err_code remote_reload(struct keys *keys, struct err *err)
{
	buf_auto request;
	buf_auto answer;
	struct bytes nothing = { 0 };
	bool good = false;

	buf_init(&request, REQUEST_MAX);
	buf_init(&answer, ANSWER_MAX);
	frame_begin(&request);
	put_number(&request, RELOAD);
	TRY(ask(keys, &request, 0, &answer, &nothing, &good, err));
	return good ? OK : answer_unreadable(err);
}

static void remote_free(struct keys *keys)
{
	struct remote *remote = remote_of(keys);

	for (size_t i = 0; i < remote->idle; i++)
		close(remote->sockets[i]);
	pthread_mutex_destroy(&remote->lock);
	pthread_cond_destroy(&remote->given_back);
	free(remote);
}

static const struct keys_ops remote_ops = { remote_sign, remote_unwrap, remote_reload, remote_free };

enum err_code keys_connect(const int *sockets, size_t count, struct keys **keys, struct err *err)
{
	const struct timeval patience = { .tv_sec = ANSWER_SECONDS };

	TRY(check_sockets(sockets, count, err));
	for (size_t i = 0; i < count; i++)
		if (setsockopt(sockets[i], SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)) != 0 ||
		    setsockopt(sockets[i], SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience)) != 0)
			return fail(err, ERR_IO, "the key socket cannot be set up: %s", strerror(errno));

	struct remote *remote = calloc(1, sizeof(*remote));
	if (!remote)
		return fail(err, ERR_MEMORY, "no memory left for the keys");
	remote->base.ops = &remote_ops;
	pthread_mutex_init(&remote->lock, NULL);
	pthread_cond_init(&remote->given_back, NULL);
	memcpy(remote->sockets, sockets, count * sizeof(*sockets));
	remote->idle = remote->alive = count;
	*keys = &remote->base;
	return OK;
}
