#ifndef NATIONAL_WEBHOOK_INT_H
#define NATIONAL_WEBHOOK_INT_H

#include "national/national.h"

#define WEBHOOK_SECRET_PREFIX "whsec_"

#endif
