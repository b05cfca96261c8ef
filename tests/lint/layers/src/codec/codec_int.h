#include <libxml/tree.h>
