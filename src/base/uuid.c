#include "base/uuid.h"

#include <stddef.h>

#include "base/random.h"

static bool hyphen_at(size_t i)
{
	return i == 8 || i == 13 || i == 18 || i == 23;
}

static void put_time(uint8_t raw[static 16], int64_t time_us)
{
	uint64_t ms = time_us > 0 ? (uint64_t)time_us / 1000 : 0;

	for (size_t i = 0; i < 6; i++)
		raw[i] = (uint8_t)(ms >> (40 - 8 * i) & 0xFF);
}

static void format(char uuid[static UUID_SIZE], const uint8_t raw[static 16])
{
	size_t at = 0;

	for (size_t i = 0; i < 16; i++) {
		if (hyphen_at(at))
			uuid[at++] = '-';
		uuid[at++] = "0123456789abcdef"[raw[i] >> 4];
		uuid[at++] = "0123456789abcdef"[raw[i] & 0x0F];
	}
	uuid[at] = '\0';
}

/* RFC 9562 §5.7: 48 bits of milliseconds, version 7, 12 random bits, variant 10, 62 random bits. */
void uuid_new(char uuid[static UUID_SIZE], int64_t now_us)
{
	uint8_t raw[16];

	random_bytes(raw + 6, sizeof(raw) - 6);
	put_time(raw, now_us);
	raw[6] = (uint8_t)(0x70 | (raw[6] & 0x0F));
	raw[8] = (uint8_t)(0x80 | (raw[8] & 0x3F));
	format(uuid, raw);
}

void uuid_floor(char uuid[static UUID_SIZE], int64_t time_us)
{
	uint8_t raw[16] = { 0 };

	put_time(raw, time_us);
	format(uuid, raw);
}

bool uuid_valid(const char *text)
{
	if (!text)
		return false;
	for (size_t i = 0; i < UUID_SIZE - 1; i++) {
		char c = text[i];
		bool hex = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
		if (hyphen_at(i) ? c != '-' : !hex)
			return false;
	}
	return text[UUID_SIZE - 1] == '\0';
}
