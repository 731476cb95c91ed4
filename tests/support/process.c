// SPDX-License-Identifier: Apache-2.0
#include "support/process.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"

enum { SOCKET_PATH_MAX = 80 }; // longest folder that leaves room for a socket's name in sun_path

static void redirect(const char *path, int flags, int fd)
{
    int opened = open(path, flags | O_CLOEXEC, 0644);
    if (opened < 0 || dup2(opened, fd) < 0) {
        _exit(126);
    }
}

static bool enter_network(const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    return fd >= 0 && setns(fd, CLONE_NEWNET) == 0;
}

static void child_exec(const struct hs_process_spec *spec, pid_t parent)
{
    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) {
        _exit(126);
    }
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    redirect(spec->input_path ? spec->input_path : "/dev/null", O_RDONLY, STDIN_FILENO);
    if (spec->output_path) {
        redirect(spec->output_path, O_WRONLY | O_CREAT | O_APPEND, STDOUT_FILENO);
    }
    if (spec->error_path) {
        redirect(spec->error_path, O_WRONLY | O_CREAT | O_APPEND, STDERR_FILENO);
    } else if (spec->output_path) {
        dup2(STDOUT_FILENO, STDERR_FILENO);
    }
    if ((spec->working_folder && chdir(spec->working_folder) != 0) ||
        (spec->network && !enter_network(spec->network))) {
        _exit(126);
    }
    for (const char *const *pair = spec->env; pair && *pair; pair++) {
        putenv((char *)(uintptr_t)*pair);
    }
    execvp(spec->argv[0], (char *const *)(uintptr_t)spec->argv);
    _exit(127);
}

int hs_process_start(struct hs_process *process, const struct hs_process_spec *spec)
{
    pid_t parent = getpid();
    fflush(NULL);
    pid_t pid = fork();
    if (pid < 0) {
        return HS_EIO;
    }
    if (pid == 0) {
        child_exec(spec, parent);
    }
    setpgid(pid, pid);
    *process = (struct hs_process){.pid = pid};
    return HS_OK;
}

static bool reap(struct hs_process *process, int flags)
{
    int status = 0;
    pid_t got;
    do {
        got = waitpid(process->pid, &status, flags);
    } while (got < 0 && errno == EINTR);
    if (got == 0) {
        return false;
    }
    process->pid = 0;
    process->exit_code = 255;
    if (got > 0) {
        process->exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    }
    return true;
}

bool hs_process_running(struct hs_process *process)
{
    return process->pid != 0 && !reap(process, WNOHANG);
}

int hs_process_wait(struct hs_process *process, int64_t timeout_ms, int *ret_exit_code)
{
    int64_t deadline_ms = hs_clock_boottime_ms() + timeout_ms;
    while (hs_process_running(process)) {
        if (hs_clock_boottime_ms() >= deadline_ms) {
            return HS_ETIMEDOUT;
        }
        hs_test_pause_ms(5);
    }
    if (ret_exit_code) {
        *ret_exit_code = process->exit_code;
    }
    return HS_OK;
}

void hs_process_signal(struct hs_process *process, int signal_number)
{
    if (process->pid != 0) {
        kill(process->pid, signal_number);
    }
}

void hs_process_kill(struct hs_process *process)
{
    if (process->pid == 0) {
        return;
    }
    kill(-process->pid, SIGKILL);
    kill(process->pid, SIGKILL);
    reap(process, 0);
}

int hs_process_stop(struct hs_process *process, int64_t timeout_ms)
{
    hs_process_signal(process, SIGTERM);
    if (hs_process_wait(process, timeout_ms, NULL) != HS_OK) {
        hs_process_kill(process);
    }
    return process->exit_code;
}

void hs_process_fini(struct hs_process *process)
{
    hs_process_kill(process);
}

int hs_process_run(const struct hs_process_spec *spec, int64_t timeout_ms)
{
    struct hs_process process;
    int r = hs_process_start(&process, spec);
    if (r != HS_OK) {
        return r;
    }
    r = hs_process_wait(&process, timeout_ms, NULL);
    hs_process_fini(&process);
    return r == HS_OK ? process.exit_code : r;
}

int hs_test_folder_make(const char *name, char ret_path[HS_TEST_PATH_BYTES])
{
    const char *base = getenv("HS_TEST_TMPDIR");
    if (!base || !*base) {
        base = HS_BINARY_DIR "/tmp";
    }
    mkdir(base, 0755);
    if (strlen(base) + strlen(name) > SOCKET_PATH_MAX) {
        base = "/tmp";
    }
    char path[HS_TEST_PATH_BYTES];
    int len = snprintf(path, sizeof(path), "%s/%s-XXXXXX", base, name);
    if (len < 0 || (size_t)len >= sizeof(path) || !mkdtemp(path)) {
        fprintf(stderr, "cannot make a folder '%s': %s\n", path, strerror(errno));
        return HS_EIO;
    }
    memcpy(ret_path, path, (size_t)len + 1);
    return HS_OK;
}

static int remove_one(const char *path, const struct stat *status, int kind, struct FTW *walk)
{
    (void)status;
    (void)kind;
    (void)walk;
    remove(path);
    return 0;
}

void hs_test_folder_remove(const char *path)
{
    if (path && *path && !getenv("HS_TEST_KEEP")) {
        nftw(path, remove_one, 32, FTW_DEPTH | FTW_PHYS);
    }
}

char *hs_test_file_read(const char *path)
{
    FILE *file = fopen(path, "re");
    if (!file) {
        return NULL;
    }
    char *text = NULL;
    size_t len = 0;
    char chunk[65536];
    size_t got;
    FILE *memory = open_memstream(&text, &len);
    while (memory && (got = fread(chunk, 1, sizeof(chunk), file)) > 0) {
        fwrite(chunk, 1, got, memory);
    }
    if (memory) {
        fclose(memory);
    }
    fclose(file);
    return text;
}

int hs_test_file_write(const char *path, const char *text)
{
    FILE *file = fopen(path, "we");
    if (!file) {
        return HS_EIO;
    }
    int bad = fputs(text, file) < 0;
    bad |= fclose(file) != 0;
    return bad ? HS_EIO : HS_OK;
}

int hs_test_free_port(uint16_t *ret_port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(address);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return HS_EIO;
    }
    int r = HS_EIO;
    if (bind(fd, (struct sockaddr *)&address, len) == 0 &&
        getsockname(fd, (struct sockaddr *)&address, &len) == 0) {
        *ret_port = ntohs(address.sin_port);
        r = HS_OK;
    }
    close(fd);
    return r;
}

void hs_test_pause_ms(int64_t ms)
{
    struct timespec span = {.tv_sec = ms / 1000, .tv_nsec = (ms % 1000) * 1000000};
    nanosleep(&span, NULL);
}
