#pragma once
#include "cenote/pool/intrusive_pool.hpp"
