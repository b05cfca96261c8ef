/* What the rows of a script do to what goes out: one table for a played partner that answers, and for one that sends.
 */
#include <time.h>

#include "base/text.h"
#include "messaging/simulate_int.h"

/* Names that nobody has agreed on. */
#define NOBODY     "simulator-nobody"
#define NOT_AGREED "simulator-not-agreed"

static void wait_so_long(struct turn *turn)
{
	struct timespec pause = { .tv_sec = (time_t)(turn->row->seconds > 0 ? turn->row->seconds : 0) };
	nanosleep(&pause, NULL);
}

static void shift_clock(struct turn *turn)
{
	turn->now_us += turn->row->seconds * SECOND_US;
}

static void take_other_key(struct turn *turn)
{
	turn->identity = turn->other;
}

static void speak_other_version(struct turn *turn)
{
	turn->other_version = true;
}

static void break_off(struct turn *turn)
{
	turn->breaks = true;
}

static void go_away(struct turn *turn)
{
	turn->away_us = turn->row->seconds * SECOND_US;
}

/* --- Answers --- */

static void speak_of_another(struct turn *turn)
{
	turn->ref_to = "another-message@simulator";
}

static void refuse(struct turn *turn)
{
	turn->refuses = true;
}

static void say_status(struct turn *turn)
{
	turn->status = turn->row->status;
}

/* --- Messages --- */

static void repeat(struct turn *turn)
{
	turn->repeated = AGAIN;
	turn->pause_us = turn->row->seconds == INTEGER_NONE ? 0 : turn->row->seconds * SECOND_US;
}

static void repeat_at_once(struct turn *turn)
{
	turn->repeated = AT_ONCE;
}

static void alter(struct turn *turn)
{
	turn->repeated = ALTERED;
}

static void take_other_name(struct turn *turn)
{
	turn->from = NOBODY;
}

static void send_to_another(struct turn *turn)
{
	turn->to = NOBODY;
}

static void do_what_is_not_agreed(struct turn *turn)
{
	turn->action = NOT_AGREED;
}

static void halve(struct turn *turn)
{
	turn->document.size /= 2;
}

/* --- What was made --- */

/* The first octet of the last part, if it has parts: one of the payload, whatever the size of what is around it. */
static size_t place_to_spoil(const struct buf *body)
{
	static const char blank_line[] = "\r\n\r\n";
	const size_t length = sizeof blank_line - 1;
	for (size_t at = body->size; at > length; at--)
		if (at < body->size && memcmp(body->data + at - length, blank_line, length) == 0)
			return at;
	return body->size / 2;
}

static void corrupt(struct turn *turn)
{
	struct buf *body = &turn->packed.body;
	if (body->size)
		body->data[place_to_spoil(body)] ^= 1;
}

/* Takes out the element between START and END, which an envelope has once. */
static bool cut(struct buf *body, const char *start, const char *end)
{
	char *text = (char *)body->data;
	char *from = text ? strstr(text, start) : NULL, *to = from ? strstr(from, end) : NULL;
	if (!to)
		return false;
	to += strlen(end);
	memmove(from, to, (size_t)(text + body->size - to) + 1);
	body->size -= (size_t)(to - from);
	return true;
}

/* What is encrypted stays so. */
static void take_signature_out(struct turn *turn)
{
	struct buf *body = &turn->packed.body;
	bool sealed = body->data && strstr((char *)body->data, "<xenc:EncryptedKey ");
	if (sealed || !cut(body, "<wsse:Security ", "</wsse:Security>"))
		cut(body, "<ds:Signature ", "</ds:Signature>");
	cut(body, "<wsse:BinarySecurityToken ", "</wsse:BinarySecurityToken>");
}

const struct act act_right = { "as it should be", SIDE_BOTH, NULL, NULL, NULL };

static const struct act acts[] = {
	/* clang-format off */
	{ "receipt",        SIDE_ANSWERS, NULL,      NULL,                  NULL },
	{ "send",           SIDE_SENDS,   NULL,      NULL,                  NULL },
	{ "delay",          SIDE_BOTH,    "seconds", wait_so_long,          NULL },
	{ "clock",          SIDE_BOTH,    "seconds", shift_clock,           NULL },
	{ "unsigned",       SIDE_BOTH,    NULL,      NULL,                  take_signature_out },
	{ "other-key",      SIDE_BOTH,    NULL,      take_other_key,        NULL },
	{ "corrupt",        SIDE_BOTH,    NULL,      NULL,                  corrupt },
	{ "old-version",    SIDE_BOTH,    NULL,      speak_other_version,   NULL },
	{ "close",          SIDE_BOTH,    NULL,      break_off,             NULL },
	{ "away",           SIDE_BOTH,    "seconds", go_away,               NULL },
	{ "refuse",         SIDE_ANSWERS, NULL,      refuse,                NULL },
	{ "wrong-receipt",  SIDE_ANSWERS, NULL,      speak_of_another,      NULL },
	{ "status",         SIDE_ANSWERS, "status",  say_status,            NULL },
	{ "duplicate",      SIDE_SENDS,   NULL,      repeat,                NULL },
	{ "at-once",        SIDE_SENDS,   NULL,      repeat_at_once,        NULL },
	{ "altered",        SIDE_SENDS,   NULL,      alter,                 NULL },
	{ "wrong-sender",   SIDE_SENDS,   NULL,      take_other_name,       NULL },
	{ "wrong-receiver", SIDE_SENDS,   NULL,      send_to_another,       NULL },
	{ "wrong-action",   SIDE_SENDS,   NULL,      do_what_is_not_agreed, NULL },
	{ "half",           SIDE_SENDS,   NULL,      halve,                 NULL },
	/* clang-format on */
};

const struct act *act_find(const char *name)
{
	for (size_t i = 0; i < COUNT(acts); i++)
		if (same(acts[i].name, name))
			return &acts[i];
	return NULL;
}
