// expect: (use of deleted function|call to deleted constructor)
#include "cenote/pool_family.hpp"

cenote::pool_family first;
#ifndef CENOTE_FIXED
cenote::pool_family second{first};
#else
cenote::pool_family second;
#endif
