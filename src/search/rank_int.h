/* From what is asked to codes with scores and reasons. */
#ifndef SEARCH_RANK_INT_H
#define SEARCH_RANK_INT_H

#include "search/ask_int.h"

enum err_code rank(const struct view *view, const struct search_query *query, const struct ask *ask,
		   struct arena *arena, struct search_result *result, struct err *err) MUST_USE;

#endif
