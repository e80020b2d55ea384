#pragma once
#include "cenote/adaptor/handle_pool.hpp"
