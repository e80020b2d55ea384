#pragma once
#include "cenote/adaptor/shared_segment_pool.hpp"
