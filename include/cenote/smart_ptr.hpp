#pragma once
#include "cenote/adaptor/smart_ptr.hpp"
