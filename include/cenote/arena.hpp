#pragma once
#include "cenote/pool/arena.hpp"
