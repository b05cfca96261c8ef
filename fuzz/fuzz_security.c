/* What is inside wsse:Security, in a message that is right otherwise: the signature of letter.mime is in the corpus,
 * and nothing that differs from it in meaning may pass. */
#include "base/buf.h"
#include "fuzz.h"
#include "opening.h"

extern const char text_letter_mime[]; /* made by tools/embed.py: a message of two sealed parts, without its security */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *after = strstr(text_letter_mime, "</wsse:Security>");
	buf_auto file;

	MUST(after);
	buf_init(&file, size + strlen(text_letter_mime));
	buf_put(&file, text_letter_mime, (size_t)(after - text_letter_mime));
	buf_put(&file, data, size);
	buf_puts(&file, after);
	if (file.failed == OK)
		opening_run_as4(buf_bytes(&file));
	return 0;
}
