/*
 * What libfaketime 0.9.10 (Debian 12, Ubuntu 24.04) leaves out for a Python process.
 *
 * Loaded before libfaketime, with FAKETIME as a number of seconds ("+86400"):
 *
 * - A sleep until an instant of the monotonic clock (Python's time.sleep) is handed to the kernel
 *   as it is. libfaketime takes the instant for one of the shifted clock and fails with EINVAL,
 *   although FAKETIME_DONT_FAKE_MONOTONIC says that this clock is not shifted.
 * - So is a wait of the interpreter for its lock, which also counts on the monotonic clock.
 *   libfaketime converts its deadline, and on a busy machine now and then to one that is refused:
 *   "take_gil: PyCOND_WAIT(gil->cond) failed".
 * - The times of files are shifted like the clock, in both directions, as on a machine whose
 *   clock was set. libfaketime shifts those that are written, but glibc since 2.33 reads them by
 *   functions that it does not know.
 * - A program started with an environment of its own gets the same clock, so that no test has to
 *   pass the variables on.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

extern char **environ;

static const char *const carried[] = {
    "LD_PRELOAD=", "FAKETIME=", "FAKETIME_SHARED=", "FAKETIME_DONT_FAKE_MONOTONIC=",
    "FAKE_UTIME=", "NO_FAKE_STAT=",
};
enum { CARRIED = sizeof carried / sizeof *carried };

static char *ours[CARRIED]; /* the entries of this process, as they were at its start */
static time_t shift;

__attribute__((constructor)) static void remember(void)
{
    const char *text = getenv("FAKETIME");
    shift = text ? (time_t)strtod(text, NULL) : 0;
    for (int i = 0; i < CARRIED; i++)
        for (char **entry = environ; *entry; entry++)
            if (strncmp(*entry, carried[i], strlen(carried[i])) == 0)
                ours[i] = strdup(*entry);
}

/* Sleep */

int clock_nanosleep(clockid_t clock, int flags, const struct timespec *until, struct timespec *left)
{
    if (clock != CLOCK_REALTIME)
        return syscall(SYS_clock_nanosleep, clock, flags, until, left) ? errno : 0;
    return REAL(clock_nanosleep)(clock, flags, until, left);
}

int pthread_cond_timedwait(pthread_cond_t *condition, pthread_mutex_t *mutex,
                           const struct timespec *until)
{
    static __typeof__(&pthread_cond_timedwait) wait;
    if (!wait) {
        void *libc = dlopen("libc.so.6", RTLD_LAZY | RTLD_NOLOAD);
        wait = libc ? dlsym(libc, "pthread_cond_timedwait") : NULL;
    }
    return (wait ? wait : REAL(pthread_cond_timedwait))(condition, mutex, until);
}

/* The times of files */

#define SHIFTED(status)                   \
    do {                                  \
        (status)->st_atim.tv_sec += shift; \
        (status)->st_mtim.tv_sec += shift; \
        (status)->st_ctim.tv_sec += shift; \
    } while (0)

int fstatat(int folder, const char *path, struct stat *status, int flags)
{
    if (syscall(SYS_newfstatat, folder, path, status, flags))
        return -1;
    SHIFTED(status);
    return 0;
}

int stat(const char *path, struct stat *status) { return fstatat(AT_FDCWD, path, status, 0); }

int lstat(const char *path, struct stat *status)
{
    return fstatat(AT_FDCWD, path, status, AT_SYMLINK_NOFOLLOW);
}

int fstat(int file, struct stat *status) { return fstatat(file, "", status, AT_EMPTY_PATH); }

int fstatat64(int folder, const char *path, struct stat64 *status, int flags)
{
    return fstatat(folder, path, (struct stat *)status, flags);
}

int stat64(const char *path, struct stat64 *status) { return stat(path, (struct stat *)status); }
int lstat64(const char *path, struct stat64 *status) { return lstat(path, (struct stat *)status); }
int fstat64(int file, struct stat64 *status) { return fstat(file, (struct stat *)status); }

int statx(int folder, const char *path, int flags, unsigned mask, struct statx *status)
{
    if (syscall(SYS_statx, folder, path, flags, mask, status))
        return -1;
    status->stx_atime.tv_sec += shift;
    status->stx_mtime.tv_sec += shift;
    status->stx_ctime.tv_sec += shift;
    status->stx_btime.tv_sec += shift;
    return 0;
}

/* Children */

static char **with_our_clock(char *const given[])
{
    size_t count = 0;
    for (char *const *entry = given; entry && *entry; entry++) {
        if (strncmp(*entry, "FAKETIME=", strlen("FAKETIME=")) == 0)
            return (char **)given; /* it has a clock of its own */
        count++;
    }
    char **told = calloc(count + CARRIED + 1, sizeof *told);
    size_t n = 0;
    for (size_t i = 0; i < count; i++)
        told[n++] = given[i];
    for (int i = 0; i < CARRIED; i++)
        if (ours[i])
            told[n++] = ours[i];
    return told;
}

int execve(const char *path, char *const words[], char *const given[])
{
    return REAL(execve)(path, words, with_our_clock(given));
}

int execvpe(const char *path, char *const words[], char *const given[])
{
    return REAL(execvpe)(path, words, with_our_clock(given));
}

int execv(const char *path, char *const words[]) { return execve(path, words, environ); }
int execvp(const char *path, char *const words[]) { return execvpe(path, words, environ); }

int execle(const char *path, const char *word, ...)
{
    const char *words[256] = {word};
    va_list rest;
    va_start(rest, word);
    int n = 0;
    while (words[n] && n < 254)
        words[++n] = va_arg(rest, const char *);
    char *const *given = va_arg(rest, char *const *);
    va_end(rest);
    return execve(path, (char *const *)words, given);
}

int posix_spawn(pid_t *child, const char *path, const posix_spawn_file_actions_t *actions,
                const posix_spawnattr_t *attributes, char *const words[], char *const given[])
{
    return REAL(posix_spawn)(child, path, actions, attributes, words, with_our_clock(given));
}
