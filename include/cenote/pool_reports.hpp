#pragma once
#include "cenote/adaptor/pool_reports.hpp"
