#pragma once
#include "cenote/pool/real_time_pool.hpp"
