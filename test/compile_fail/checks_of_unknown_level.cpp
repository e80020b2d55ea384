// expect: CENOTE_CHECKS must be CENOTE_CHECKS_NONE, CENOTE_CHECKS_CHEAP or CENOTE_CHECKS_FULL
#ifndef CENOTE_FIXED
#define CENOTE_CHECKS 7
#else
#define CENOTE_CHECKS CENOTE_CHECKS_CHEAP
#endif
#include "cenote/base/config.hpp"
