/* Code lists: ISO 3166 countries, ISO 4217 currencies, UN/ECE Rec 20 units, Rec 21 packages, UN/LOCODE form, Rec 19
 * modes, AHTN form. The lists are files under data/codelists (CSV: code,name), compiled into the program; their sources
 * are named in their first lines. */
#ifndef KERNEL_CODELIST_H
#define KERNEL_CODELIST_H

#include "codec/field.h"

/* The lists of this program. Immutable; never NULL. */
const struct code_lists *codelists(void);
/* The name of CODE in LIST for people; NULL if it is not in it or the list has no names. */
const char *codelist_name(const char *list, const char *code);
/* True if LIST exists (a field table that names another is a mistake that the contract test finds). */
bool codelist_exists(const char *list);

#endif
