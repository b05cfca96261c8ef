#include "codec/codec_int.h" /* finds: internal */

static const char *const sql = "SELECT id FROM document"; /* finds: sql */
static const char *const text = "SELECTED or DELETE";
