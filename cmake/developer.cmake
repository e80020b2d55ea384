# What only the project's own builds need: strict warnings, sanitizers, the flags of the presets.
# `cenote_developer` is linked by every test, benchmark and example; users of the library never see it.

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)

find_program(CENOTE_CCACHE ccache)
if(CENOTE_CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CENOTE_CCACHE})
endif()

find_package(Threads REQUIRED)

add_library(cenote_developer INTERFACE)
target_link_libraries(cenote_developer INTERFACE cenote::cenote Threads::Threads)
target_compile_options(cenote_developer INTERFACE
  -Wall -Wextra -Wconversion -Wsign-conversion -Wshadow -Wundef -Wold-style-cast -Wnon-virtual-dtor -Werror)

if(CENOTE_SANITIZE)
  set(sanitize -fsanitize=${CENOTE_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  target_compile_options(cenote_developer INTERFACE ${sanitize})
  target_link_options(cenote_developer INTERFACE ${sanitize})
endif()

# The counts lie in a file that is mapped, so that they are whole however a process ends. For src/ as well.
if(CENOTE_COVERAGE)
  add_compile_options("$<$<COMPILE_LANGUAGE:CXX>:SHELL:-fprofile-instr-generate -fcoverage-mapping -mllvm -runtime-counter-relocation -mllvm -instrprof-atomic-counter-update-all>")
  add_link_options($<$<LINK_LANGUAGE:CXX>:-fprofile-instr-generate>)
endif()

# Most tests look at the pools' own addresses; those that shall not say so (test/CMakeLists.txt).
if(CENOTE_SANITIZE MATCHES address)
  target_compile_definitions(cenote_developer INTERFACE CENOTE_STAND_INS=0)
endif()

# Stacks of each create and destroy would be most of what the tests do; test/death has them.
target_compile_definitions(cenote_developer INTERFACE CENOTE_CHECK_FRAMES=0)

if(CENOTE_NO_EXCEPTIONS)
  target_compile_options(cenote_developer INTERFACE -fno-exceptions -fno-rtti)
endif()
