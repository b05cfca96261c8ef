/* Probes of ebMS 2 whose answer comes with a request of its own: the gateway hands it over. */
#include "base/text.h"
#include "messaging/send_int.h"

void probe_await(struct awaited *awaited, const struct probe *probe)
{
	struct messaging *messaging = probe->messaging;
	pthread_condattr_t monotonic;
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	awaited->probe = probe;
	awaited->answer = (struct probe_answer){ .said_us = TIME_NONE, .findings = awaited->findings };
	pthread_cond_init(&awaited->heard, &monotonic);
	pthread_condattr_destroy(&monotonic);
	pthread_mutex_lock(&messaging->lock);
	awaited->next = messaging->awaited;
	messaging->awaited = awaited;
	pthread_mutex_unlock(&messaging->lock);
}

bool probe_wait(struct awaited *awaited)
{
	struct messaging *messaging = awaited->probe->messaging;
	int64_t until_us = clock_monotonic_us() + awaited->probe->timeout_us;
	const struct timespec until = { .tv_sec = (time_t)(until_us / SECOND_US),
					.tv_nsec = (long)(until_us % SECOND_US * 1000) };
	pthread_mutex_lock(&messaging->lock);
	while (!awaited->came)
		if (pthread_cond_timedwait(&awaited->heard, &messaging->lock, &until) != 0)
			break;
	bool came = awaited->came;
	pthread_mutex_unlock(&messaging->lock);
	return came;
}

void probe_forget(struct awaited *awaited)
{
	struct messaging *messaging = awaited->probe->messaging;
	pthread_mutex_lock(&messaging->lock);
	struct awaited **at = &messaging->awaited;
	while (*at != awaited)
		at = &(*at)->next;
	*at = awaited->next;
	pthread_mutex_unlock(&messaging->lock);
	pthread_cond_destroy(&awaited->heard);
}

static struct awaited *find(struct messaging *messaging, const struct peer *peer, const char *about)
{
	struct awaited *awaited = messaging->awaited;
	while (awaited && (awaited->came || !same(awaited->probe->message->message_id, about) ||
			   !same(awaited->probe->peer->partner.code, peer->partner.code)))
		awaited = awaited->next;
	return awaited;
}

/* The lock is held; who sent the probe reads the answer once it has come. */
static void hand_over(struct awaited *awaited, struct ebms_message *signal, const struct cert *cert)
{
	struct findings *findings = signal->findings;
	const char *about = awaited->probe->message->message_id;
	signal->findings = awaited->findings;
	if (signal->kind == KIND_RECEIPT)
		ebms_check_sent(signal, about, &awaited->sent);
	signal->findings = findings;
	probe_read(awaited->arena, about, signal, cert, &awaited->answer);
	awaited->came = true;
	pthread_cond_signal(&awaited->heard);
}

bool probe_came(struct messaging *messaging, const struct peer *peer, struct ebms_message *signal,
		const struct cert *cert)
{
	const char *about = signal->signal.info ? signal->signal.info->ref_to : NULL;
	pthread_mutex_lock(&messaging->lock);
	struct awaited *awaited = find(messaging, peer, about);
	if (awaited)
		hand_over(awaited, signal, cert);
	pthread_mutex_unlock(&messaging->lock);
	return awaited != NULL;
}
