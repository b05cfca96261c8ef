#include <limits.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>

#include "base/clock.h"
#include "base/date.h"
#include "crypto/crypto_int.h"

static bool lacked_memory(unsigned long error)
{
	return ERR_GET_REASON(error) == ERR_R_MALLOC_FAILURE;
}

enum err_code openssl_fail(struct err *err, enum err_code code, const char *where, const char *what)
{
	char text[sizeof(err->text)];
	size_t size = 0;
	unsigned long error;

	text[0] = '\0';
	while ((error = ERR_get_error()) != 0) {
		const char *reason = ERR_reason_error_string(error);
		if (lacked_memory(error))
			code = ERR_MEMORY;
		int added = snprintf(text + size, sizeof(text) - size, "%s%s", size == 0 ? ": " : "; ",
				     reason ? reason : "no reason given");
		if (added > 0 && (size_t)added < sizeof(text) - size)
			size += (size_t)added;
		else
			text[size] = '\0';
	}
	return err_set(err, code, where, "%s%s", what, text);
}

enum err_code openssl_refused(bool *good, struct err *err)
{
	bool memory = false;
	unsigned long error;

	while ((error = ERR_get_error()) != 0)
		memory |= lacked_memory(error);
	if (memory)
		return fail(err, ERR_MEMORY, "no memory left for a cryptographic check");
	*good = false;
	return OK;
}

BIO *bio_of(struct bytes text)
{
	return text.size <= INT_MAX ? BIO_new_mem_buf(text.size > 0 ? (const void *)text.data : "", (int)text.size)
				    : NULL;
}

struct bytes bio_bytes(BIO *bio)
{
	char *data = NULL;
	long size = BIO_get_mem_data(bio, &data);

	return bytes(data, size > 0 ? (size_t)size : 0);
}

int pem_no_password(char *password, int size, int writing, void *arg)
{
	(void)password, (void)size, (void)writing, (void)arg;
	return -1;
}

bool is_der(struct bytes text)
{
	return text.size >= 2 && text.data[0] == 0x30 && (text.data[1] & 0x80U) != 0;
}

struct pem_block {
	char *name;
	char *header;
	uint8_t *data;
	long size;
};

static void pem_block_done(struct pem_block *block)
{
	OPENSSL_free(block->name);
	OPENSSL_free(block->header);
	OPENSSL_free(block->data);
}

static enum err_code pem_block_check(const struct pem_block *block, const char *name, struct err *err)
{
	if (!same(block->name, name))
		return fail(err, ERR_SYNTAX, "the PEM text has a block %.40s where only %s is expected", block->name,
			    name);
	if (block->header[0] != '\0')
		return fail(err, ERR_SYNTAX, "the PEM block %s has a header (RFC 7468 knows none)", name);
	return OK;
}

enum err_code pem_blocks(struct bytes text, const char *name, size_t max, pem_block_fn *each, void *arg,
			 struct err *err)
{
	bio_auto in = bio_of(text);
	size_t count = 0;

	if (!in)
		return fail_openssl(err, ERR_LIMIT, "the PEM text cannot be taken");
	for (;;) {
		__attribute__((cleanup(pem_block_done))) struct pem_block block = { 0 };
		if (PEM_read_bio(in, &block.name, &block.header, &block.data, &block.size) != 1) {
			bool end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
			if (!end || count == 0)
				return fail_openssl(err, ERR_SYNTAX, "the text is not PEM");
			ERR_clear_error();
			return OK;
		}
		if (++count > max)
			return fail(err, ERR_LIMIT, "the PEM text has more than %zu blocks %s", max, name);
		TRY(pem_block_check(&block, name, err));
		TRY(each(arg, bytes(block.data, (size_t)block.size), err));
	}
}

int64_t asn1_time_us(const ASN1_TIME *time)
{
	struct tm tm;

	if (!time || ASN1_TIME_to_tm(time, &tm) != 1) {
		ERR_clear_error();
		return TIME_NONE;
	}
	date day = date_of(tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday);
	if (day == DATE_NONE)
		return TIME_NONE;
	return day * DAY_US + tm.tm_hour * HOUR_US + tm.tm_min * MINUTE_US + tm.tm_sec * SECOND_US;
}
