/* A signal's handler calls exit() while malloc and free are at work. POSIX does not allow it, many programs do it, and with
   glibc's malloc they get away with it unless their own destructors allocate: there are none here. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

enum { children = 60, blocks = 5000, seconds = 30 };

static void end(int signal) {
    (void)signal;
    exit(0);
}

static void allocate_until_the_signal(int after) {
    static void* all[blocks];
    const struct itimerval once = {{0, 0}, {0, after}};
    signal(SIGALRM, end);
    setitimer(ITIMER_REAL, &once, NULL);
    for (;;) {
        for (int i = 0; i != blocks; ++i)
            all[i] = malloc(i % 100 == 0 ? 70000 : 64);
        for (int i = 0; i != blocks; ++i)
            free(all[i]);
    }
}

int main(void) {
    for (int n = 0; n != children; ++n) {
        const pid_t child = fork();
        if (child == 0) allocate_until_the_signal(500 + 37 * n);
        int status = -1;
        int waited = 0; /* milliseconds */
        while (waitpid(child, &status, WNOHANG) == 0 && waited != seconds * 1000) {
            usleep(1000);
            ++waited;
        }
        if (waited == seconds * 1000) {
            kill(child, SIGKILL);
            fprintf(stderr, "child %d hangs\n", n);
            return 1;
        }
        if (status != 0) {
            fprintf(stderr, "child %d ended with %d\n", n, status);
            return 1;
        }
    }
    return 0;
}
