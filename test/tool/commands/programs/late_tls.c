/* A library that needs BYTES of static thread-local memory, and comes when the program runs already. */
__attribute__((tls_model("initial-exec"))) static __thread char room[BYTES];

char* room_of_this_thread(void) { return room; }
