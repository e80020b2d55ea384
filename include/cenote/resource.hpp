#pragma once
#include "cenote/adaptor/resource.hpp"
