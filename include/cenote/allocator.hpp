#pragma once
#include "cenote/adaptor/allocator.hpp"
