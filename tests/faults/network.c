// SPDX-License-Identifier: Apache-2.0
#include "network.h"

#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/str.h"
#include "support/process.h"

enum { COMMAND_MS = 20000, BURST_KBYTE = 16, QUEUE_MS = 400 };

#define RUN_DIR "/run/netns"

static const struct {
    const char *name; // of the namespace, and of its port at the bridge
    const char *address;
} hosts[HOSTS] = {
    [HOST_KAFKA_1] = {"kafka1", "10.77.0.11"},      [HOST_KAFKA_2] = {"kafka2", "10.77.0.12"},
    [HOST_KAFKA_3] = {"kafka3", "10.77.0.13"},      [HOST_REDIS_1] = {"redis1", "10.77.0.21"},
    [HOST_REDIS_2] = {"redis2", "10.77.0.22"},      [HOST_SENTINEL] = {"sentinel", "10.77.0.23"},
    [HOST_DAEMON_1] = {"hitstream1", "10.77.0.31"}, [HOST_DAEMON_2] = {"hitstream2", "10.77.0.32"},
};

static bool opened;

// Whether a shell script succeeds; what it says goes to the test's stderr when `loud`.
static bool script(const char *text, bool loud)
{
    const char *argv[] = {"sh", "-euc", text, NULL};
    const struct hs_process_spec spec = {.argv = argv, .output_path = loud ? NULL : "/dev/null"};
    return hs_process_run(&spec, COMMAND_MS) == 0;
}

static bool write_line(const char *path, const char *line)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    bool ok = fd >= 0 && write(fd, line, strlen(line)) == (ssize_t)strlen(line);
    if (fd >= 0) {
        close(fd);
    }
    return ok;
}

// Into namespaces of its own: as root, or as one who is root in a user namespace of their own.
static bool enter(void)
{
    char map[64];
    unsigned user = getuid(), group = getgid();
    if (unshare(CLONE_NEWNET | CLONE_NEWNS) == 0) {
        return true;
    }
    if (user == 0 || unshare(CLONE_NEWUSER | CLONE_NEWNET | CLONE_NEWNS) != 0) {
        return false;
    }
    snprintf(map, sizeof(map), "0 %u 1", user);
    bool ok = write_line("/proc/self/setgroups", "deny") && write_line("/proc/self/uid_map", map);
    snprintf(map, sizeof(map), "0 %u 1", group);
    return ok && write_line("/proc/self/gid_map", map);
}

// A place for the names of namespaces that only this test sees.
static bool make_names(void)
{
    return mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
           mount("tmpfs", "/run", "tmpfs", 0, "mode=755") == 0 && mkdir(RUN_DIR, 0755) == 0;
}

static bool make_links(void)
{
    struct hs_buf text = {0};
    hs_buf_add_text(&text, "ip link add hub type bridge\n"
                           "ip addr add 10.77.0.1/24 dev hub\nip link set hub up\n");
    for (size_t i = 0; i < HOSTS; i++) {
        const char *name = hosts[i].name;
        hs_buf_printf(&text,
                      "ip netns add %s\n"
                      "ip link add %s type veth peer name eth0 netns %s\n"
                      "ip link set %s master hub up\n"
                      "ip -n %s addr add %s/24 dev eth0\n"
                      "ip -n %s link set eth0 up\nip -n %s link set lo up\n",
                      name, name, name, name, name, hosts[i].address, name, name);
    }
    hs_buf_add_text(&text, "nft add table bridge faults\nnft 'add chain bridge faults forward "
                           "{ type filter hook forward priority 0; }'\n");
    bool ok = script(hs_buf_text(&text), true);
    hs_buf_fini(&text);
    return ok;
}

bool network_open(const char **ret_why)
{
    *ret_why = NULL;
    if (!script("command -v ip tc nft", false)) {
        *ret_why = "'ip', 'tc' or 'nft' is missing (packages iproute2, nftables)";
    } else if (!enter()) {
        *ret_why = "this user may not make namespaces";
    } else if (!script("ip link set lo up", true)) { // all that is reached if anything below fails
        *ret_why = "the loopback of a network of its own does not come up";
    } else if (!make_names()) {
        *ret_why = "mounts of its own are not to be had here (a changed root?)";
    } else if (!make_links()) {
        *ret_why = "the kernel makes no bridge, veth or nft table";
    }
    opened = *ret_why == NULL;
    return opened;
}

bool network_is_open(void)
{
    return opened;
}

const char *network_address(enum network_host host)
{
    return opened ? hosts[host].address : "127.0.0.1";
}

const char *network_path(enum network_host host)
{
    static char paths[HOSTS][64];
    snprintf(paths[host], sizeof(paths[host]), RUN_DIR "/%s", hosts[host].name);
    return opened ? paths[host] : NULL;
}

uint16_t network_port(uint16_t usual)
{
    uint16_t port = usual;
    if (!opened) {
        assert_int_equal(hs_test_free_port(&port), 0);
    }
    return port;
}

static void must(const char *format, ...) __attribute__((format(printf, 1, 2)));

static void must(const char *format, ...)
{
    char text[1024];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    assert_true(opened);
    assert_true(script(text, true));
}

void network_cut(enum network_host a, enum network_host b)
{
    must("nft 'add rule bridge faults forward ip saddr { %s, %s } ip daddr { %s, %s } drop'",
         hosts[a].address, hosts[b].address, hosts[a].address, hosts[b].address);
}

void network_isolate(enum network_host host)
{
    must("nft 'add rule bridge faults forward ip saddr %s drop'\n"
         "nft 'add rule bridge faults forward ip daddr %s drop'",
         hosts[host].address, hosts[host].address);
}

void network_slow(enum network_host host, unsigned kbit_s, unsigned lost_pct)
{
    const char *name = hosts[host].name, *address = hosts[host].address;
    must("tc qdisc add dev %s root tbf rate %ukbit burst %dkb latency %dms\n"
         "tc -n %s qdisc add dev eth0 root tbf rate %ukbit burst %dkb latency %dms\n"
         "nft 'add rule bridge faults forward ip saddr %s numgen random mod 100 < %u drop'\n"
         "nft 'add rule bridge faults forward ip daddr %s numgen random mod 100 < %u drop'",
         name, kbit_s, BURST_KBYTE, QUEUE_MS, name, kbit_s, BURST_KBYTE, QUEUE_MS, address,
         lost_pct, address, lost_pct);
}

void network_mend(void)
{
    must("nft flush chain bridge faults forward\n");
    for (size_t i = 0; i < HOSTS; i++) {
        must("tc qdisc del dev %s root 2>/dev/null || :\n"
             "tc -n %s qdisc del dev eth0 root 2>/dev/null || :\n",
             hosts[i].name, hosts[i].name);
    }
}
