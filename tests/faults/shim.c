/* Faults in the calls by which a process changes files: loaded before the C library (LD_PRELOAD), so that the writes of
 * SQLite, tantivy and hnswlib are met as well as Python's own. Counts only changes below one folder, from `faults_arm`
 * on; a process that never calls it, such as a child that was started by exec, goes undisturbed. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

enum { OFF, KILL, TORN, FULL, BROKEN }; /* as in `shim.Mode` */
enum { TAKES_ROOM = 1, IS_WRITE = 2 };

static int mode = OFF, trace = -1, skip_sync = 0;
static long at = 0;
static atomic_long steps;
static char root[PATH_MAX];
static size_t root_length = 0;

#define NEXT(result, name, ...) static result (*next)(__VA_ARGS__) = 0; if (!next) next = (result (*)(__VA_ARGS__))dlsym(RTLD_NEXT, name)

/* The `at`-th step from now on meets the fault; gives nothing back. `log` is a descriptor for a line per step, or -1. */
void faults_arm(int new_mode, long new_at, const char *folder, int log) {
    atomic_store(&steps, 0);
    at = new_at;
    trace = log;
    root_length = strlen(folder);
    memcpy(root, folder, root_length + 1);
    mode = new_mode;
}
long faults_steps(void) { return atomic_load(&steps); }
void faults_skip_sync(int yes) { skip_sync = yes; }

static int below(const char *path) { return root_length && path && strncmp(path, root, root_length) == 0; }

static const char *path_of(int descriptor, char *buffer) {
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
    ssize_t length = readlink(link, buffer, PATH_MAX - 1);
    buffer[length < 0 ? 0 : length] = 0;
    return buffer;
}

/* The path of a call that may be relative to a folder's descriptor. */
static const char *path_at(int folder, const char *path, char *buffer) {
    if (!path || path[0] == '/') return path;
    char start[PATH_MAX];
    if (folder == AT_FDCWD) { if (!getcwd(start, sizeof start)) return path; }
    else path_of(folder, start);
    snprintf(buffer, PATH_MAX, "%.2000s/%.2000s", start, path);
    return buffer;
}

static void die(void) { kill(getpid(), SIGKILL); for (;;) pause(); }

/* What is to become of a call: 0 goes on, 1 is to be torn, otherwise an errno. */
static int step(const char *what, const char *path, int kind) {
    if (!root_length || !below(path)) return 0;
    if (mode == FULL && !(kind & TAKES_ROOM)) return 0;
    if (mode == TORN && !(kind & IS_WRITE)) return 0;
    long number = atomic_fetch_add(&steps, 1) + 1;
    if (trace >= 0) dprintf(trace, "%s\t%s\n", what, path + root_length);
    if (!at || number < at) return 0;
    if (mode == FULL) return ENOSPC; /* and stays full */
    if (number > at) return 0;
    if (mode == KILL) die();
    return mode == TORN ? 1 : mode == BROKEN ? EIO : 0;
}

#define FAIL_IF(fault) do { int f = (fault); if (f) { errno = f; return -1; } } while (0)
#define PATHS char buffer[PATH_MAX], other[PATH_MAX]; (void)buffer; (void)other

ssize_t write(int descriptor, const void *data, size_t count) {
    NEXT(ssize_t, "write", int, const void *, size_t);
    if (!root_length) return next(descriptor, data, count);
    PATHS;
    int fault = step("write", path_of(descriptor, buffer), TAKES_ROOM | IS_WRITE);
    if (fault == 1) { next(descriptor, data, count / 2); die(); }
    FAIL_IF(fault);
    return next(descriptor, data, count);
}
#define PWRITE(name, offset_type) \
ssize_t name(int descriptor, const void *data, size_t count, offset_type offset) { \
    NEXT(ssize_t, #name, int, const void *, size_t, offset_type); \
    if (!root_length) return next(descriptor, data, count, offset); \
    PATHS; \
    int fault = step("write", path_of(descriptor, buffer), TAKES_ROOM | IS_WRITE); \
    if (fault == 1) { next(descriptor, data, count / 2, offset); die(); } \
    FAIL_IF(fault); \
    return next(descriptor, data, count, offset); \
}
PWRITE(pwrite, off_t)
PWRITE(pwrite64, off64_t)
ssize_t writev(int descriptor, const struct iovec *parts, int count) {
    NEXT(ssize_t, "writev", int, const struct iovec *, int);
    if (!root_length) return next(descriptor, parts, count);
    PATHS;
    int fault = step("write", path_of(descriptor, buffer), TAKES_ROOM | IS_WRITE);
    if (fault == 1) { next(descriptor, parts, count / 2); die(); }
    FAIL_IF(fault);
    return next(descriptor, parts, count);
}

/* Opening counts where it makes or empties a file. */
#define OPENS (O_CREAT | O_TRUNC)
static int open_step(const char *path, int flags) {
    if (!(flags & OPENS) || (flags & O_TMPFILE) == O_TMPFILE) return 0;
    struct stat found;
    int made = (flags & O_CREAT) && stat(path, &found) != 0;
    if (!made && !(flags & O_TRUNC)) return 0;
    int fault = step(made ? "create" : "empty", path, made ? TAKES_ROOM : 0);
    return fault == 1 ? 0 : fault;
}
#define OPEN(name) \
int name(const char *path, int flags, ...) { \
    NEXT(int, #name, const char *, int, ...); \
    va_list more; va_start(more, flags); mode_t rights = flags & OPENS ? va_arg(more, mode_t) : 0; va_end(more); \
    if (root_length) { PATHS; FAIL_IF(open_step(path_at(AT_FDCWD, path, buffer), flags)); } \
    return next(path, flags, rights); \
}
OPEN(open)
OPEN(open64)
#define OPENAT(name) \
int name(int folder, const char *path, int flags, ...) { \
    NEXT(int, #name, int, const char *, int, ...); \
    va_list more; va_start(more, flags); mode_t rights = flags & OPENS ? va_arg(more, mode_t) : 0; va_end(more); \
    if (root_length) { PATHS; FAIL_IF(open_step(path_at(folder, path, buffer), flags)); } \
    return next(folder, path, flags, rights); \
}
OPENAT(openat)
OPENAT(openat64)
#define FOPEN(name) \
FILE *name(const char *path, const char *how) { \
    NEXT(FILE *, #name, const char *, const char *); \
    if (root_length && (how[0] == 'w' || how[0] == 'a')) { \
        PATHS; \
        int fault = open_step(path_at(AT_FDCWD, path, buffer), how[0] == 'w' ? O_CREAT | O_TRUNC : O_CREAT); \
        if (fault) { errno = fault; return NULL; } \
    } \
    return next(path, how); \
}
FOPEN(fopen)
FOPEN(fopen64)

#define ON_DESCRIPTOR(name, what, kind, skipped, parameters, arguments, ...) \
int name parameters { \
    NEXT(int, #name, __VA_ARGS__); \
    if (root_length) { PATHS; int fault = step(what, path_of(descriptor, buffer), kind); FAIL_IF(fault == 1 ? 0 : fault); } \
    if ((skipped) && skip_sync) return 0; \
    return next arguments; \
}
ON_DESCRIPTOR(fsync, "sync", 0, 1, (int descriptor), (descriptor), int)
ON_DESCRIPTOR(fdatasync, "sync", 0, 1, (int descriptor), (descriptor), int)
ON_DESCRIPTOR(ftruncate, "truncate", TAKES_ROOM, 0, (int descriptor, off_t size), (descriptor, size), int, off_t)
ON_DESCRIPTOR(ftruncate64, "truncate", TAKES_ROOM, 0, (int descriptor, off64_t size), (descriptor, size), int, off64_t)

#define ON_PATH(name, what, kind, parameters, arguments, folder, ...) \
int name parameters { \
    NEXT(int, #name, __VA_ARGS__); \
    if (root_length) { PATHS; int fault = step(what, path_at(folder, path, buffer), kind); FAIL_IF(fault == 1 ? 0 : fault); } \
    return next arguments; \
}
ON_PATH(unlink, "remove", 0, (const char *path), (path), AT_FDCWD, const char *)
ON_PATH(rmdir, "remove", 0, (const char *path), (path), AT_FDCWD, const char *)
ON_PATH(mkdir, "create", TAKES_ROOM, (const char *path, mode_t rights), (path, rights), AT_FDCWD, const char *, mode_t)
ON_PATH(unlinkat, "remove", 0, (int folder, const char *path, int flags), (folder, path, flags), folder, int, const char *, int)

static int rename_step(int folder, const char *from, int target, const char *to) {
    PATHS;
    char both[2 * PATH_MAX];
    const char *source = path_at(folder, from, buffer), *goal = path_at(target, to, other);
    if (!below(goal)) return 0;
    snprintf(both, sizeof both, "%s\t%s", source, goal + root_length);
    int fault = step("rename", both, 0);
    return fault == 1 ? 0 : fault;
}
int rename(const char *from, const char *to) {
    NEXT(int, "rename", const char *, const char *);
    if (root_length) FAIL_IF(rename_step(AT_FDCWD, from, AT_FDCWD, to));
    return next(from, to);
}
int renameat(int folder, const char *from, int target, const char *to) {
    NEXT(int, "renameat", int, const char *, int, const char *);
    if (root_length) FAIL_IF(rename_step(folder, from, target, to));
    return next(folder, from, target, to);
}
int renameat2(int folder, const char *from, int target, const char *to, unsigned flags) {
    NEXT(int, "renameat2", int, const char *, int, const char *, unsigned);
    if (root_length) FAIL_IF(rename_step(folder, from, target, to));
    return next(folder, from, target, to, flags);
}
