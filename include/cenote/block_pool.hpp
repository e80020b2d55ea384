#pragma once
#include "cenote/pool/block_pool.hpp"
