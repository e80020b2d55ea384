#pragma once
#include "cenote/pool/locked_pool.hpp"
