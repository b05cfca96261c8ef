/* Evidence as somebody gets it who has no Lintas: a folder on disk, judged by openssl and by Python with lxml. */
#ifndef SCENARIO_PROOF_H
#define SCENARIO_PROOF_H

#include "region.h"

/* Set-up and tear-down: an empty place for folders. */
int proof_begin(void);
int proof_end(void);

/* The evidence of MESSAGE at NODE, in place of what was exported before. */
void proof_export(struct region_node *node, const char *message);
/* Both programs find nothing wrong with it; without lxml only the one that needs none is run. */
void proof_must_hold(void);
bool proof_has_lxml(void);
/* Whether COMMAND, in the exported folder, ends with status 0. What it prints is in ../output. */
bool proof_holds(const char *command);
const char *proof_folder(void);

#endif
