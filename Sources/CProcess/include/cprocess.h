#ifndef SEALANE_CPROCESS_H
#define SEALANE_CPROCESS_H

// Two system calls that Swift cannot make: prctl is variadic, and posix_spawn's closing of every descriptor is a GNU extension.

/// No core dumps, and no reading of this process's memory by others of the same user. 0, or an errno.
int sealane_forbid_dumps(void);

/// Starts a program in a process group of its own: standard input from `input` (-1: nothing to read), standard output to `output`, no other
/// descriptor, default signals. `arguments` and `environment` end with NULL. 0, or an errno.
int sealane_spawn(int *process, const char *program, char *const *arguments, char *const *environment, int input, int output);

#endif
