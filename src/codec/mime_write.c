#include <stdio.h>

#include "base/random.h"
#include "codec/mime.h"

void mime_boundary(char boundary[static MIME_BOUNDARY_SIZE])
{
	uint64_t random[2];

	random_bytes(random, sizeof(random));
	snprintf(boundary, MIME_BOUNDARY_SIZE, "lintas-%016llx%016llx", (unsigned long long)random[0],
		 (unsigned long long)random[1]);
}

static bool is_header_value(const char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < ' ' || *text == 0x7F)
			return false;
	return true;
}

void mime_put_part(struct buf *out, const char *boundary, const char *content_type, const char *content_id,
		   struct bytes body)
{
	bool sound = is_header_value(content_type) &&
		     (!content_id || (is_header_value(content_id) && content_id[strcspn(content_id, " <>")] == '\0'));

	if (!sound && out->failed == OK)
		out->failed = ERR_SYNTAX;
	buf_printf(out, "--%s\r\nContent-Type: %s\r\nContent-Transfer-Encoding: binary\r\n", boundary, content_type);
	if (content_id)
		buf_printf(out, "Content-ID: <%s>\r\n", content_id);
	buf_puts(out, "\r\n");
	buf_put_bytes(out, body);
	buf_puts(out, "\r\n");
}

void mime_put_end(struct buf *out, const char *boundary)
{
	buf_printf(out, "--%s--\r\n", boundary);
}
