#pragma once
#include "cenote/adaptor/shared_pool.hpp"
