// A piece of a test in a process of its own.
#pragma once

#include <sys/wait.h>
#include <unistd.h>

namespace cenote_test {

// Runs `body` in a child and returns its exit code; -1 when it did not end by itself in time.
template <class Body>
int in_a_child(Body body) {
    const pid_t child = ::fork();
    if (child == 0) {
        ::alarm(20);
        ::_exit(body());
    }
    int status = 0;
    if (child < 0 || ::waitpid(child, &status, 0) != child || !WIFEXITED(status)) return -1;
    return WEXITSTATUS(status);
}

} // namespace cenote_test
