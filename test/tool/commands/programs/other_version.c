/* Publishes as another version of Cenote would: the same name, another layout. Says "ready"; ends with 3 once it was asked. */
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

volatile uint32_t wanted;
const struct {
    uint64_t magic;
    uint64_t layout;
    volatile uint32_t* wanted;
} cenote_publication = {0x3130706f54746e43, 1, &wanted};

int main(void) {
    puts("ready");
    fflush(stdout);
    while (wanted == 0)
        usleep(10000);
    return 3;
}
