#include <malloc.h>

/* In Swift `mallinfo2()` would be an empty struct of that name. */
static inline struct mallinfo2 malloc_statistics(void) { return mallinfo2(); }
