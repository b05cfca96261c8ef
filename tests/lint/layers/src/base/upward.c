#include "codec/codec.h" /* finds: layer */
#include "good.h"
