#pragma once
#include "cenote/pool/publication.hpp"
