/* What the roles of the running node fail with: in the status at once, and as a task once it lasts. */
#include <stdio.h>

#include "api/call_int.h"
#include "kernel/task.h"

#define LASTS_US (10 * SECOND_US) /* what is over before needs nobody */
#define AGAIN_US MINUTE_US        /* another node on the same database may have closed the task */
#define KIND     "role-failed"

void faults_init(struct faults *faults)
{
	pthread_mutex_init(&faults->lock, NULL);
}

void faults_done(struct faults *faults)
{
	pthread_mutex_destroy(&faults->lock);
}

static struct fault *fault_of(struct faults *faults, const char *role)
{
	for (size_t i = 0; i < faults->count; i++)
		if (same(faults->items[i].role, role))
			return &faults->items[i];
	if (faults->count == FAULTS_MAX)
		return NULL;
	faults->items[faults->count].role = role;
	return &faults->items[faults->count++];
}

void api_role_failed(struct api *api, const char *role, const struct err *why)
{
	pthread_mutex_lock(&api->faults.lock);
	struct fault *fault = fault_of(&api->faults, role);
	if (fault && fault->threads++ == 0) {
		fault->since_us = clock_now_us(api->options.kernel->clock);
		snprintf(fault->text, sizeof fault->text, "%s", why->text);
	}
	pthread_mutex_unlock(&api->faults.lock);
}

void api_role_recovered(struct api *api, const char *role)
{
	pthread_mutex_lock(&api->faults.lock);
	struct fault *fault = fault_of(&api->faults, role);
	if (fault && fault->threads > 0)
		fault->threads--;
	pthread_mutex_unlock(&api->faults.lock);
}

static void look(struct faults *faults, struct fault *copies, size_t *count)
{
	pthread_mutex_lock(&faults->lock);
	*count = faults->count;
	for (size_t i = 0; i < faults->count; i++)
		copies[i] = faults->items[i];
	pthread_mutex_unlock(&faults->lock);
}

enum err_code faults_show(struct faults *faults, struct arena *arena, struct fault_view **views, size_t *count,
			  struct err *err)
{
	struct fault copies[FAULTS_MAX];
	size_t looked, failing = 0;
	look(faults, copies, &looked);
	struct fault_view *items = arena_array(arena, looked + 1, sizeof *items);
	if (!items)
		return fail(err, ERR_MEMORY, "no memory for the status");
	for (size_t i = 0; i < looked; i++) {
		if (!copies[i].threads)
			continue;
		items[failing] = (struct fault_view){ .role = copies[i].role,
						      .text = arena_text(arena, copies[i].text),
						      .since_us = copies[i].since_us };
		if (!items[failing++].text)
			return fail(err, ERR_MEMORY, "no memory for the status");
	}
	*views = items;
	*count = failing;
	return OK;
}

struct telling {
	const struct fault *fault;
	int64_t now_us;
};

static enum err_code tell_run(struct tx *tx, void *arg, struct err *err)
{
	const struct telling *t = arg;
	char text[sizeof t->fault->text + 160];
	if (!t->fault->threads)
		return task_close(tx, t->fault->role, KIND, t->now_us, err);
	snprintf(
		text, sizeof text,
		"\"%s\" of the node fails, and does nothing meanwhile: %s. Mend it; it is tried again all the time, and "
		"lintas status shows whether it still fails",
		t->fault->role, t->fault->text);
	const struct task task = { .kind = KIND, .subject = t->fault->role, .text = text };
	return task_open(tx, &task, t->now_us, err);
}

/* Whether the task of FAULT is as it should be. */
static bool is_told(const struct fault *fault, int64_t now_us)
{
	if (!fault->threads)
		return fault->told_us == 0;
	return now_us - fault->since_us < LASTS_US || (fault->told_us && now_us - fault->told_us < AGAIN_US);
}

enum err_code api_faults_step(struct api *api, int64_t now_us, struct err *err)
{
	struct faults *faults = &api->faults;
	struct fault copies[FAULTS_MAX];
	size_t count;
	bool changed;
	if (!faults->begun) /* those of the node before this start */
		TRY(task_keep(api->options.kernel, KIND, &(struct task_list){ .count = 0 }, now_us, &changed, err));
	faults->begun = true;
	look(faults, copies, &count);
	for (size_t i = 0; i < count; i++) {
		struct telling telling = { &copies[i], now_us };
		if (is_told(&copies[i], now_us))
			continue;
		TRY(db_write(api->options.kernel->db, tell_run, &telling, err));
		pthread_mutex_lock(&faults->lock);
		faults->items[i].told_us = copies[i].threads ? now_us : 0;
		pthread_mutex_unlock(&faults->lock);
	}
	return OK;
}
