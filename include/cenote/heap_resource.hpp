#pragma once
#include "cenote/adaptor/heap_resource.hpp"
