/* Links, as they are shown. */
#ifndef API_LINK_INT_H
#define API_LINK_INT_H

#include "api/call_int.h"
#include "kernel/link.h"

void link_show(const struct link *link, struct link_view *view);
/* NULL: there is no such partner. */
const struct link *link_with(const struct link_list *links, const char *partner);
/* Of all partners, each of which has its .link. */
void link_put_metrics(struct buf *out, const struct status_view *status);

#endif
