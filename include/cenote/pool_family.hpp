#pragma once
#include "cenote/adaptor/pool_family.hpp"
