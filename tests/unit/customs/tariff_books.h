/* The national tariffs that were collected (LINTAS_DATA/tariff), as measures in memory; for tests and the bench. */
#ifndef TARIFF_BOOKS_H
#define TARIFF_BOOKS_H

#include "customs/tariff/tariff.h"

/* Reference data that lives as long as the program. NULL: it could not be loaded. */
const struct tariff_reference *books_reference(void);
/* The snapshot of "VN" or "ID" for 2022 to 2027, with rates of exchange for USD and SGD; NULL: there is no LINTAS_DATA.
 */
struct tariff_snapshot *book_of(const char *state);

#endif
