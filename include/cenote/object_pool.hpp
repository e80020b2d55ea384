#pragma once
#include "cenote/pool/object_pool.hpp"
