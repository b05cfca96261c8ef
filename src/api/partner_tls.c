/* Whether a connection with a partner can come about at all: who issued its TLS certificates must be in our trust file,
 * which no import writes. */
#include <errno.h>
#include <fcntl.h>

#include "api/partner_int.h"
#include "base/fd.h"

enum { TRUST_MAX = 16 << 20 };

const struct rule partner_tls_rules[] = {
	{ .code = "PTN-023",
	  .severity = SEVERITY_WARNING,
	  .text = "no connection with this partner comes about yet: {1} {2}. Ask it for the certificate of the authority that "
		  "issues its TLS certificates, compare the fingerprint by another way, and append it to that file "
		  "([gateway] trust-file)" },
	{ 0 },
};

/* NULL: at least one of ROWS for TLS is believed by TEXT, or there is none. */
static const char *trouble(const struct partner_certificate *rows, size_t count, struct bytes text)
{
	bool any = false;
	for (size_t i = 0; i < count; i++) {
		cert_auto cert = NULL;
		struct err why = { 0 };
		bool issued = false;
		if (!same(rows[i].use, "tls") || cert_cached(rows[i].der, &cert, &why) != OK)
			continue;
		any = true;
		if (cert_issued_among(cert, text, &issued, &why) != OK)
			return "holds what is no certificate";
		if (issued)
			return NULL;
	}
	return any ? "has none that issued one of its TLS certificates" : NULL;
}

enum err_code partner_check_authority(struct partner_call *p, const struct partner_certificate *rows, size_t count,
				      const char *path, struct err *err)
{
	const char *name = p->call->asked->api->options.trust_file, *why = NULL;
	buf_auto text;
	buf_init(&text, TRUST_MAX);
	if (!name)
		return OK;
	fd_auto fd = open(name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0 || !fd_read_all(fd, &text))
		why = arena_printf(p->call->arena, "cannot be read (%s)", strerror(errno));
	else
		TRY(buf_check(&text, name, err));
	if (!why)
		why = trouble(rows, count, buf_bytes(&text));
	if (why)
		finding_add(p->findings, &partner_tls_rules[0], path, name, why);
	return OK;
}
