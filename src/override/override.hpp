// Layer: override. What the functions that replace malloc's share.
#pragma once

#include "heap/process_heap.hpp"

#include "cenote/base/config.hpp"
#include "cenote/os/errno_kept.hpp"

#include <cstddef>
#include <new>

// All else in the library is hidden.
#define CENOTE_EXPORT [[gnu::visibility("default")]]

namespace cenote::detail {

// As operator new owes it when malloc refuses: asks the new-handler until there is memory, or there is no handler:
// then throws std::bad_alloc, or where a program without C++'s runtime came here, aborts.
void* new_slowly(std::size_t size, std::size_t alignment);

// The deletes on which the sized ones rest, as they are here: other names of the same functions, which no program can
// replace.
void default_delete(void* p) noexcept;
void default_delete(void* p, std::align_val_t alignment) noexcept;
void default_delete_array(void* p) noexcept;
void default_delete_array(void* p, std::align_val_t alignment) noexcept;

} // namespace cenote::detail
