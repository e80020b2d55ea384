#include "cenote/cenote.h"

#define CENOTE_TEXT_OF(number) #number
#define CENOTE_TEXT(number) CENOTE_TEXT_OF(number)

const char* cenote_version(void) {
    return CENOTE_TEXT(CENOTE_VERSION_MAJOR) "." CENOTE_TEXT(CENOTE_VERSION_MINOR) "." CENOTE_TEXT(
        CENOTE_VERSION_PATCH);
}

const char* cenote_result_text(cenote_result result) {
    switch (result) {
    case CENOTE_OK:
        return "no error";
    case CENOTE_OUT_OF_MEMORY:
        return "out of memory";
    case CENOTE_INVALID_ARGUMENT:
        return "invalid argument";
    }
    return "unknown result";
}
