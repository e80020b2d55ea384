#pragma once
#include "cenote/pool/cached_pool.hpp"
