// expect: memory_source
#include "cenote/source/decorators.hpp"
#include "cenote/source/vm_source.hpp"

#ifndef CENOTE_FIXED
cenote::counting_source<int> source;
#else
cenote::counting_source<cenote::vm_source> source;
#endif
