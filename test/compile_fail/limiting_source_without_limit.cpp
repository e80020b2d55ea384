// expect: (no matching|could not convert|no default constructor|implicitly[- ]deleted|use of deleted)
#include "cenote/source/decorators.hpp"
#include "cenote/source/vm_source.hpp"

#ifndef CENOTE_FIXED
cenote::limiting_source<cenote::vm_source> source;
#else
cenote::limiting_source<cenote::vm_source> source{1 << 20};
#endif
