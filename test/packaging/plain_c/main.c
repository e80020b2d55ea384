#include <cenote/cenote.h>

#include <stdio.h>
#include <string.h>

int main(void) {
    cenote_pool* pool = NULL;
    const cenote_pool_options options = {.block_size = 32};
    const cenote_result result = cenote_pool_create(&pool, &options);
    if (result != CENOTE_OK) {
        fprintf(stderr, "%s\n", cenote_result_text(result));
        return 1;
    }
    char* text = cenote_pool_allocate(pool);
    if (text == NULL) return 1;
    strcpy(text, "version ");
    strcat(text, cenote_version());
    puts(text);
    cenote_pool_deallocate(pool, text);
    cenote_pool_destroy(pool);
    return 0;
}
