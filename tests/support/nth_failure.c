// SPDX-License-Identifier: Apache-2.0
#include "support/nth_failure.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <poll.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

// What is counted of a thread; of a preloaded library there is one for all.
struct counting {
    unsigned kinds;
    unsigned long calls;
    unsigned long wanted; // that fails; 0: none
    bool armed, failed;
    const void *place; // of the call that failed
    long blocks;
};

#define NEXT(name) ((__typeof__(&(name)))next(#name))

// Code whose calls count in a program.
enum { RANGES_MAX = 64 };
static struct range {
    uintptr_t from, to;
} ranges[RANGES_MAX];
static size_t range_count;

static _Thread_local struct counting own __attribute__((tls_model("initial-exec")));
static struct counting process;    // of the whole one; armed by the environment alone
static atomic_ulong process_calls; // relaxed: only the one that meets the number acts

static void *next(const char *name)
{
    return dlsym(RTLD_NEXT, name);
}

static bool counts(const void *caller)
{
    for (size_t i = 0; i < range_count; i++) {
        if ((uintptr_t)caller >= ranges[i].from && (uintptr_t)caller < ranges[i].to) {
            return true;
        }
    }
    return false;
}

// Whether the test's own program calls.
static bool is_own(const void *caller)
{
    // the linker's, of a program; a library that is preloaded has neither, and is not asked for own calls
    extern const char __executable_start __attribute__((weak)), etext __attribute__((weak));
    return caller >= (const void *)&__executable_start && caller < (const void *)&etext;
}

// File, and offset for addr2line.
static void describe(const void *caller, char *ret_text, unsigned long size)
{
    Dl_info info;
    ret_text[0] = '\0';
    if (caller && dladdr(caller, &info)) {
        snprintf(ret_text, size, "%s +0x%lx", info.dli_fname,
                 (unsigned long)((uintptr_t)caller - (uintptr_t)info.dli_fbase - 1));
    }
}

// Writes a line to the file that a variable of the environment names; by system calls alone.
static void tell(const char *variable, const char *text)
{
    const char *path = getenv(variable);
    int flags = O_WRONLY | O_CREAT | O_CLOEXEC;
    int fd = path ? (int)syscall(SYS_openat, AT_FDCWD, path, flags, 0600) : -1;
    if (fd >= 0) {
        (void)!syscall(SYS_write, fd, text, strlen(text));
        syscall(SYS_close, fd);
    }
}

// Whether this call is the one that fails.
static bool fails(enum hs_nth_kind kind, const void *caller, int error)
{
    if (own.armed && (own.kinds & kind) && (!(own.kinds & HS_NTH_OWN) || is_own(caller)) &&
        ++own.calls == own.wanted) {
        own.failed = true;
        own.place = caller;
        errno = error;
        return true;
    }
    if (process.armed && (process.kinds & kind) && counts(caller) &&
        atomic_fetch_add_explicit(&process_calls, 1, memory_order_relaxed) + 1 == process.wanted) {
        char text[512];
        describe(caller, text, sizeof(text));
        tell("HS_NTH_REPORT", text);
        errno = error;
        return true;
    }
    return false;
}
#define FAILS(kind, error) fails((kind), __builtin_return_address(0), (error))

void hs_nth_arm(unsigned kinds, unsigned long n)
{
    own = (struct counting){.kinds = kinds, .wanted = n, .armed = true};
}

unsigned long hs_nth_disarm(void)
{
    own.armed = false;
    return own.calls;
}

bool hs_nth_failed(void)
{
    return own.failed;
}

void hs_nth_place(char *ret_text, unsigned long size)
{
    describe(own.place, ret_text, size);
}

long hs_nth_blocks(void)
{
    return own.blocks;
}

// ---- the preloaded library ----

#ifdef HS_NTH_PRELOADED

static int note_range(struct dl_phdr_info *info, size_t size, void *ctx)
{
    static const char *const ours[] = {"libprotobuf-c", "libyaml", "libjansson", "libevent"};
    bool *first = ctx;
    bool wanted = *first; // the program itself comes first
    (void)size;
    *first = false;
    for (size_t i = 0; i < sizeof(ours) / sizeof(ours[0]); i++) {
        wanted = wanted || strstr(info->dlpi_name, ours[i]);
    }
    for (int i = 0; wanted && i < info->dlpi_phnum && range_count < RANGES_MAX; i++) {
        const ElfW(Phdr) *header = &info->dlpi_phdr[i];
        if (header->p_type == PT_LOAD && (header->p_flags & PF_X)) {
            uintptr_t from = info->dlpi_addr + header->p_vaddr;
            ranges[range_count++] = (struct range){from, from + header->p_memsz};
        }
    }
    return 0;
}

static void __attribute__((constructor)) arm_process(void)
{
    static const struct {
        const char *name;
        enum hs_nth_kind kind;
    } kinds[] = {{"allocation", HS_NTH_ALLOCATION},
                 {"write", HS_NTH_WRITE},
                 {"sync", HS_NTH_SYNC},
                 {"socket", HS_NTH_SOCKET},
                 {"file", HS_NTH_FILE}};
    const char *text = getenv("HS_NTH_FAILURE");
    const char *colon = text ? strchr(text, ':') : NULL;
    bool first = true;
    for (size_t i = 0; colon && i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (strlen(kinds[i].name) == (size_t)(colon - text) &&
            strncmp(text, kinds[i].name, (size_t)(colon - text)) == 0) {
            dl_iterate_phdr(note_range, &first);
            process.kinds = kinds[i].kind;
            process.wanted = strtoul(colon + 1, NULL, 10);
            process.armed = true;
        }
    }
}

// How many calls there were, for who wants to know how many can fail.
static void __attribute__((destructor)) tell_count(void)
{
    char text[32];
    snprintf(text, sizeof(text), "%lu", atomic_load(&process_calls));
    tell("HS_NTH_COUNT", text);
}

#endif

// ---- memory ----

// dlsym() may ask for memory itself: until the real ones are known it gets it from here.
static char early[4096];
static size_t early_used;
static void *(*real_malloc)(size_t);
static void *(*real_calloc)(size_t, size_t);
static void *(*real_realloc)(void *, size_t);
static void (*real_free)(void *);

static bool is_early(const void *ptr)
{
    return (const char *)ptr >= early && (const char *)ptr < early + sizeof(early);
}

static bool find_real(void)
{
    static bool looking;
    if (!real_malloc && !looking) {
        looking = true;
        real_calloc = NEXT(calloc);
        real_realloc = NEXT(realloc);
        real_free = NEXT(free);
        real_malloc = NEXT(malloc);
        looking = false;
    }
    return real_malloc != NULL;
}

static void *early_get(size_t size)
{
    size_t at = early_used;
    early_used += (size + 15) / 16 * 16;
    return early_used <= sizeof(early) ? early + at : NULL;
}

static void *counted(void *ptr)
{
    own.blocks += own.armed && ptr;
    return ptr;
}

void *malloc(size_t size)
{
    if (!find_real()) {
        return early_get(size);
    }
    return FAILS(HS_NTH_ALLOCATION, ENOMEM) ? NULL : counted(real_malloc(size));
}

void *calloc(size_t count, size_t size)
{
    if (!find_real()) {
        return early_get(count * size); // zero, and never given twice
    }
    return FAILS(HS_NTH_ALLOCATION, ENOMEM) ? NULL : counted(real_calloc(count, size));
}

void *realloc(void *ptr, size_t size)
{
    find_real();
    if (FAILS(HS_NTH_ALLOCATION, ENOMEM)) {
        return NULL;
    }
    void *moved = real_realloc(ptr, size);
    own.blocks += own.armed && moved && !ptr;
    return moved;
}

void free(void *ptr)
{
    if (ptr && !is_early(ptr) && find_real()) {
        own.blocks -= own.armed;
        real_free(ptr);
    }
}

void *aligned_alloc(size_t alignment, size_t size)
{
    return FAILS(HS_NTH_ALLOCATION, ENOMEM) ? NULL : counted(NEXT(aligned_alloc)(alignment, size));
}

int posix_memalign(void **ret_ptr, size_t alignment, size_t size)
{
    if (FAILS(HS_NTH_ALLOCATION, ENOMEM)) {
        return ENOMEM;
    }
    int error = NEXT(posix_memalign)(ret_ptr, alignment, size);
    own.blocks += own.armed && error == 0;
    return error;
}

// Copies themselves, so that the place that failed is the caller's.
static void *copy(void *to, const char *text, size_t len)
{
    if (counted(to)) {
        memcpy(to, text, len);
        ((char *)to)[len] = '\0';
    }
    return to;
}

char *strdup(const char *text)
{
    size_t len = strlen(text);
    find_real();
    return FAILS(HS_NTH_ALLOCATION, ENOMEM) ? NULL : copy(real_malloc(len + 1), text, len);
}

char *strndup(const char *text, size_t most)
{
    size_t len = strnlen(text, most);
    find_real();
    return FAILS(HS_NTH_ALLOCATION, ENOMEM) ? NULL : copy(real_malloc(len + 1), text, len);
}

void *mmap(void *ptr, size_t len, int prot, int flags, int fd, off_t at)
{
    return FAILS(HS_NTH_ALLOCATION, ENOMEM)
               ? MAP_FAILED
               : (void *)syscall(SYS_mmap, ptr, len, prot, flags, fd, at);
}

void *mremap(void *ptr, size_t len, size_t new_len, int flags, ...)
{
    va_list args;
    va_start(args, flags);
    void *to = flags & MREMAP_FIXED ? va_arg(args, void *) : NULL;
    va_end(args);
    return FAILS(HS_NTH_ALLOCATION, ENOMEM)
               ? MAP_FAILED
               : (void *)syscall(SYS_mremap, ptr, len, new_len, flags, to);
}

// ---- files ----

// A pipe or an event's descriptor has no disk that is full.
static bool is_file(int fd)
{
    struct stat about;
    return fd > STDERR_FILENO && fstat(fd, &about) == 0 && S_ISREG(about.st_mode);
}

ssize_t write(int fd, const void *bytes, size_t len)
{
    return is_file(fd) && FAILS(HS_NTH_WRITE, ENOSPC) ? -1 : syscall(SYS_write, fd, bytes, len);
}

size_t fwrite(const void *bytes, size_t size, size_t count, FILE *file)
{
    return fileno(file) > STDERR_FILENO && FAILS(HS_NTH_WRITE, ENOSPC)
               ? 0
               : NEXT(fwrite)(bytes, size, count, file);
}

int fflush(FILE *file)
{
    return file && fileno(file) > STDERR_FILENO && FAILS(HS_NTH_WRITE, ENOSPC) ? EOF
                                                                               : NEXT(fflush)(file);
}

int fclose(FILE *file)
{
    bool failing = fileno(file) > STDERR_FILENO && FAILS(HS_NTH_WRITE, ENOSPC);
    int rc = NEXT(fclose)(file); // closed all the same, as the real one is
    errno = failing ? ENOSPC : errno;
    return failing ? EOF : rc;
}

int ftruncate(int fd, off_t len)
{
    return FAILS(HS_NTH_WRITE, ENOSPC) ? -1 : (int)syscall(SYS_ftruncate, fd, len);
}

int fsync(int fd)
{
    return FAILS(HS_NTH_SYNC, EIO) ? -1 : (int)syscall(SYS_fsync, fd);
}

int fdatasync(int fd)
{
    return FAILS(HS_NTH_SYNC, EIO) ? -1 : (int)syscall(SYS_fdatasync, fd);
}

int open(const char *path, int flags, ...)
{
    va_list args;
    va_start(args, flags);
    mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(args, mode_t) : 0;
    va_end(args);
    return FAILS(HS_NTH_FILE, EACCES) ? -1 : (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
}

FILE *fopen(const char *path, const char *mode)
{
    return FAILS(HS_NTH_FILE, EACCES) ? NULL : NEXT(fopen)(path, mode);
}

int rename(const char *from, const char *to)
{
    return FAILS(HS_NTH_FILE, EACCES) ? -1 : (int)syscall(SYS_rename, from, to);
}

int mkdir(const char *path, mode_t mode)
{
    return FAILS(HS_NTH_FILE, EACCES) ? -1 : (int)syscall(SYS_mkdir, path, mode);
}

// ---- sockets ----

int socket(int domain, int type, int protocol)
{
    return FAILS(HS_NTH_SOCKET, EMFILE) ? -1 : (int)syscall(SYS_socket, domain, type, protocol);
}

int connect(int fd, const struct sockaddr *address, socklen_t len)
{
    return FAILS(HS_NTH_SOCKET, ECONNREFUSED) ? -1 : (int)syscall(SYS_connect, fd, address, len);
}

ssize_t send(int fd, const void *bytes, size_t len, int flags)
{
    return FAILS(HS_NTH_SOCKET, ECONNRESET) ? -1
                                            : syscall(SYS_sendto, fd, bytes, len, flags, NULL, 0);
}

ssize_t recv(int fd, void *bytes, size_t len, int flags)
{
    return FAILS(HS_NTH_SOCKET, ECONNRESET)
               ? -1
               : syscall(SYS_recvfrom, fd, bytes, len, flags, NULL, NULL);
}

int poll(struct pollfd *fds, nfds_t count, int timeout_ms)
{
    return FAILS(HS_NTH_SOCKET, ENOMEM) ? -1 : NEXT(poll)(fds, count, timeout_ms);
}

// Where files have 64 bits by choice, the same calls have other names.
int open64(const char *path, int flags, ...) __attribute__((alias("open")));
FILE *fopen64(const char *path, const char *mode) __attribute__((alias("fopen")));
int ftruncate64(int fd, off_t len) __attribute__((alias("ftruncate")));
void *mmap64(void *ptr, size_t len, int prot, int flags, int fd, off_t at)
    __attribute__((alias("mmap")));
