#include "codec/codec_int.h" /* finds: public */
#include <libxml/tree.h>     /* finds: public */
