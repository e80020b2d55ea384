#pragma once
#include "cenote/heap/heap.hpp"
