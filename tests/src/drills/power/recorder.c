/* Records what a program does to the files below one folder, in order: loaded before the C library (LD_PRELOAD), it
 * passes every call on and appends a record of it to a log. What the program says on its standard output is recorded in
 * the same order, so that a test knows what had been promised when the power went. `replay.rs` reads the log.
 *
 * JIAFANG_RECORD_ROOT  the folder (absolute, no slash at the end)
 * JIAFANG_RECORD_LOG   the log; several programs may append to one
 * JIAFANG_RECORD_WHO   a number from 0 to 255 that stands in each record
 *
 * A record, little-endian: u32 length of what follows; u8 who; u8 kind; u64 inode; u64 number (an offset or a length);
 * u32 length of the path; the path; the rest is data. */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

enum { CREATE = 1, WRITE, TRUNCATE, SYNC, SYNC_FOLDER, RENAME, UNLINK, MKDIR, SAID };

#define FILES_MAX 4096

static struct { int known, is_folder, appends; uint64_t inode; char *path; } files[FILES_MAX];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static const char *root;
static size_t root_length;
static int log_fd = -1;
static uint8_t who;

static int (*real_open)(const char *, int, ...);
static int (*real_close)(int);
static ssize_t (*real_write)(int, const void *, size_t);
static ssize_t (*real_pwrite)(int, const void *, size_t, off_t);
static int (*real_ftruncate)(int, off_t);
static int (*real_fsync)(int);
static int (*real_fdatasync)(int);
static int (*real_rename)(const char *, const char *);
static int (*real_unlink)(const char *);
static int (*real_mkdir)(const char *, mode_t);

__attribute__((constructor)) static void begin(void) {
    real_open = dlsym(RTLD_NEXT, "open64");
    real_close = dlsym(RTLD_NEXT, "close");
    real_write = dlsym(RTLD_NEXT, "write");
    real_pwrite = dlsym(RTLD_NEXT, "pwrite64");
    real_ftruncate = dlsym(RTLD_NEXT, "ftruncate64");
    real_fsync = dlsym(RTLD_NEXT, "fsync");
    real_fdatasync = dlsym(RTLD_NEXT, "fdatasync");
    real_rename = dlsym(RTLD_NEXT, "rename");
    real_unlink = dlsym(RTLD_NEXT, "unlink");
    real_mkdir = dlsym(RTLD_NEXT, "mkdir");
    const char *log = getenv("JIAFANG_RECORD_LOG"), *number = getenv("JIAFANG_RECORD_WHO");
    root = getenv("JIAFANG_RECORD_ROOT");
    if (!log || !root) return;
    root_length = strlen(root);
    who = number ? (uint8_t)atoi(number) : 0;
    log_fd = real_open(log, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
}

/* The shared memory of SQLite's index of the log is no file that outlives a power loss in any use. */
static int below_root(const char *path) {
    if (log_fd < 0 || !path || strncmp(path, root, root_length)) return 0;
    if (path[root_length] && path[root_length] != '/') return 0;
    size_t length = strlen(path);
    return length < 4 || strcmp(path + length - 4, "-shm");
}

/* One write to a file opened for appending: records of several programs do not mix. A log with a hole would prove
 * nothing, so the program does not go on without it. */
static void put(uint8_t kind, uint64_t inode, uint64_t number, const char *path, const void *data, size_t length) {
    int saved = errno;
    uint32_t path_length = path ? (uint32_t)strlen(path) : 0;
    uint32_t total = (uint32_t)(1 + 1 + 8 + 8 + 4 + path_length + length);
    uint8_t *record = malloc(4 + (size_t)total), *at = record;
    if (!record) abort();
#define ADD(from, bytes) (memcpy(at, from, bytes), at += (bytes))
    ADD(&total, 4); ADD(&who, 1); ADD(&kind, 1); ADD(&inode, 8); ADD(&number, 8); ADD(&path_length, 4);
    if (path_length) ADD(path, path_length);
    if (length) ADD(data, length);
    if (real_write(log_fd, record, (size_t)(at - record)) != at - record) abort();
    free(record);
    errno = saved;
}

static int known(int fd) { return fd >= 0 && fd < FILES_MAX && files[fd].known; }

static int open_recorded(const char *path, int flags, mode_t mode) {
    struct stat before, now;
    pthread_mutex_lock(&lock);
    int was_there = stat(path, &before) == 0;
    int fd = real_open(path, flags, mode);
    if (fd >= 0 && fd < FILES_MAX && fstat(fd, &now) == 0) {
        files[fd].known = 1;
        files[fd].is_folder = S_ISDIR(now.st_mode);
        files[fd].appends = (flags & O_APPEND) != 0;
        files[fd].inode = now.st_ino;
        free(files[fd].path);
        files[fd].path = strdup(path);
        if (!was_there) put(CREATE, now.st_ino, 0, path, NULL, 0);
        else if ((flags & O_TRUNC) && before.st_size) put(TRUNCATE, now.st_ino, 0, path, NULL, 0);
    }
    pthread_mutex_unlock(&lock);
    return fd;
}

static int open_any(const char *path, int flags, mode_t mode) {
    return below_root(path) ? open_recorded(path, flags, mode) : real_open(path, flags, mode);
}

#define MODE_OF(flags)                                                   \
    mode_t mode = 0;                                                     \
    if ((flags) & (O_CREAT | O_TMPFILE)) {                               \
        va_list more;                                                    \
        va_start(more, flags);                                           \
        mode = (mode_t)va_arg(more, int);                                \
        va_end(more);                                                    \
    }

int open(const char *path, int flags, ...) { MODE_OF(flags) return open_any(path, flags, mode); }
int open64(const char *path, int flags, ...) { MODE_OF(flags) return open_any(path, flags, mode); }

int close(int fd) {
    pthread_mutex_lock(&lock);
    if (known(fd)) files[fd].known = 0;
    int result = real_close(fd);
    pthread_mutex_unlock(&lock);
    return result;
}

ssize_t write(int fd, const void *bytes, size_t length) {
    if (log_fd < 0 || (fd != STDOUT_FILENO && !known(fd))) return real_write(fd, bytes, length);
    pthread_mutex_lock(&lock);
    ssize_t written;
    if (fd == STDOUT_FILENO) {
        /* First the record: what is said is said at the latest now. */
        put(SAID, 0, 0, NULL, bytes, length);
        written = real_write(fd, bytes, length);
    } else {
        off_t at = files[fd].appends ? lseek(fd, 0, SEEK_END) : lseek(fd, 0, SEEK_CUR);
        written = real_write(fd, bytes, length);
        if (written > 0) put(WRITE, files[fd].inode, (uint64_t)at, NULL, bytes, (size_t)written);
    }
    pthread_mutex_unlock(&lock);
    return written;
}

static ssize_t pwrite_any(int fd, const void *bytes, size_t length, off_t at) {
    if (!known(fd)) return real_pwrite(fd, bytes, length, at);
    pthread_mutex_lock(&lock);
    ssize_t written = real_pwrite(fd, bytes, length, at);
    if (written > 0) put(WRITE, files[fd].inode, (uint64_t)at, NULL, bytes, (size_t)written);
    pthread_mutex_unlock(&lock);
    return written;
}

ssize_t pwrite(int fd, const void *bytes, size_t length, off_t at) { return pwrite_any(fd, bytes, length, at); }
ssize_t pwrite64(int fd, const void *bytes, size_t length, off_t at) { return pwrite_any(fd, bytes, length, at); }

static int truncate_any(int fd, off_t length) {
    if (!known(fd)) return real_ftruncate(fd, length);
    pthread_mutex_lock(&lock);
    int result = real_ftruncate(fd, length);
    if (result == 0) put(TRUNCATE, files[fd].inode, (uint64_t)length, NULL, NULL, 0);
    pthread_mutex_unlock(&lock);
    return result;
}

int ftruncate(int fd, off_t length) { return truncate_any(fd, length); }
int ftruncate64(int fd, off_t length) { return truncate_any(fd, length); }

/* A sync counts once it has returned: the record follows it. The lock is held meanwhile, so a sync covers what stands
 * before it in the log, and nothing else. */
static int sync_any(int (*real)(int), int fd) {
    if (!known(fd)) return real(fd);
    pthread_mutex_lock(&lock);
    int result = real(fd);
    if (result == 0) put(files[fd].is_folder ? SYNC_FOLDER : SYNC, files[fd].inode, 0, files[fd].path, NULL, 0);
    pthread_mutex_unlock(&lock);
    return result;
}

int fsync(int fd) { return sync_any(real_fsync, fd); }
int fdatasync(int fd) { return sync_any(real_fdatasync, fd); }

int rename(const char *from, const char *to) {
    if (!below_root(from) && !below_root(to)) return real_rename(from, to);
    pthread_mutex_lock(&lock);
    int result = real_rename(from, to);
    if (result == 0) put(RENAME, 0, 0, from, to, strlen(to));
    pthread_mutex_unlock(&lock);
    return result;
}

int unlink(const char *path) {
    if (!below_root(path)) return real_unlink(path);
    pthread_mutex_lock(&lock);
    int result = real_unlink(path);
    if (result == 0) put(UNLINK, 0, 0, path, NULL, 0);
    pthread_mutex_unlock(&lock);
    return result;
}

int mkdir(const char *path, mode_t mode) {
    if (!below_root(path)) return real_mkdir(path, mode);
    pthread_mutex_lock(&lock);
    int result = real_mkdir(path, mode);
    if (result == 0) put(MKDIR, 0, 0, path, NULL, 0);
    pthread_mutex_unlock(&lock);
    return result;
}
