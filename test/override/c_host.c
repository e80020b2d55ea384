/* A program in C that loads a library in C++, as interpreters do: the C++ runtime comes with that, after the replacement. */
#include <dlfcn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char** argv) {
    static const char* const names[] = {"plugin_allocates", "plugin_gets_null", "plugin_gets_exceptions",
                                        "plugin_has_its_handler_called"};
    if (argc != 2) return 2;
    free(malloc(100));
    void* const library = dlopen(argv[1], RTLD_NOW | RTLD_LOCAL);
    if (library == NULL) {
        fprintf(stderr, "%s\n", dlerror());
        return 2;
    }
    int failed = 0;
    for (size_t i = 0; i != sizeof names / sizeof *names; ++i) {
        void* const found = dlsym(library, names[i]);
        bool (*function)(void);
        *(void**)&function = found;
        if (found == NULL || !function()) {
            fprintf(stderr, "%s: no\n", names[i]);
            failed = 1;
        }
    }
    return failed;
}
