#pragma once
#include "cenote/pool/lockfree_pool.hpp"
