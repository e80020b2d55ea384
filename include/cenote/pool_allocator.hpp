#pragma once
#include "cenote/adaptor/pool_allocator.hpp"
