// SPDX-License-Identifier: Apache-2.0
#include "watchlist/redis.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <hiredis/hiredis.h>

#include "base/clock.h"
#include "base/error.h"
#include "config/settings.h"
#include "watchlist/sentinel.h"

enum {
    RECEIVE_BYTES = 256 * 1024, // one read from the socket
    PASSWORD_MAX = 1024,        // bytes of a password file's first line
    SCAN_COUNT_FIRST = 1000,    // fields asked for by the first HSCAN of a hash
    SCAN_COUNT_MAX = 8000,      // and by each further one, at most: about 2 ms of Redis' time
    SCAN_COUNT_MIN = 16,
    SCAN_REPLY_BYTES = 1024 * 1024, // as many fields are asked for as have filled this
};

struct hs_redis {
    redisContext *context;
    struct hs_buf out;          // formatted, not sent yet
    struct hs_buf why;          // last fault, for a person
    int64_t command_timeout_ms; // for each call
    char *receive;              // RECEIVE_BYTES, between socket and reader
    int lost;                   // what sending or receiving failed with; 0: it has not
};

static int fail(struct hs_redis *redis, int code, const char *what, const char *detail)
{
    hs_buf_clear(&redis->why);
    hs_buf_printf(&redis->why, "%s%s%s", what, *detail ? ": " : "", detail);
    hs_buf_text(&redis->why); // terminated, see hs_redis_why()
    return code;
}

// The same, and nothing more goes over this connection, see hs_redis_lost().
static int lose(struct hs_redis *redis, int code, const char *what, const char *detail)
{
    redis->lost = code;
    return fail(redis, code, what, detail);
}

bool hs_redis_lost(const struct hs_redis *redis)
{
    return redis->lost != 0;
}

const char *hs_redis_why(const struct hs_redis *redis)
{
    return redis->why.len ? redis->why.ptr : "";
}

// ---- sockets ----

static int64_t deadline_ms(const struct hs_redis *redis, int64_t wait_ms)
{
    return hs_clock_monotonic_ns() / 1000000 + redis->command_timeout_ms + wait_ms;
}

// Waits for events until the deadline; *ret_events gets what came.
static int wait_socket(struct hs_redis *redis, short events, int64_t until_ms, short *ret_events)
{
    for (;;) {
        int64_t left_ms = until_ms - hs_clock_monotonic_ns() / 1000000;
        struct pollfd pollfd = {.fd = redis->context->fd, .events = events};
        int n = poll(&pollfd, 1, left_ms > 0 ? (int)left_ms : 0);
        if (n > 0) {
            *ret_events = pollfd.revents;
            return 0;
        }
        if (n == 0) {
            return lose(redis, HS_ETIMEDOUT, "redis does not answer within its time", "");
        }
        if (errno != EINTR) {
            return lose(redis, HS_EUNREACHABLE, "redis", strerror(errno));
        }
    }
}

// Takes what the socket has into the reader. HS_EAGAIN: nothing there.
static int receive(struct hs_redis *redis)
{
    ssize_t n = recv(redis->context->fd, redis->receive, RECEIVE_BYTES, MSG_DONTWAIT);
    if (n > 0) {
        return redisReaderFeed(redis->context->reader, redis->receive, (size_t)n) == REDIS_OK
                   ? 0
                   : lose(redis, HS_EPROTO, "redis", redis->context->reader->errstr);
    }
    if (n == 0) {
        return lose(redis, HS_EUNREACHABLE, "redis closed the connection", "");
    }
    if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR) {
        return HS_EAGAIN;
    }
    return lose(redis, HS_EUNREACHABLE, "redis", strerror(errno));
}

int hs_redis_flush(struct hs_redis *redis)
{
    int64_t until_ms = deadline_ms(redis, 0);
    size_t sent = 0;
    int rc = redis->lost ? redis->lost : hs_buf_status(&redis->out);
    while (rc == 0 && sent < redis->out.len) {
        ssize_t n = send(redis->context->fd, redis->out.ptr + sent, redis->out.len - sent,
                         MSG_DONTWAIT | MSG_NOSIGNAL);
        if (n >= 0) {
            sent += (size_t)n;
            continue;
        }
        if (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR) {
            return lose(redis, HS_EUNREACHABLE, "redis", strerror(errno));
        }
        // Replies are taken in meanwhile: a peer that cannot write would stop reading.
        short events;
        rc = wait_socket(redis, POLLIN | POLLOUT, until_ms, &events);
        if (rc == 0 && (events & (POLLIN | POLLHUP | POLLERR))) {
            rc = receive(redis);
            rc = rc == HS_EAGAIN ? 0 : rc;
        }
    }
    hs_buf_clear(&redis->out);
    return rc;
}

// ---- commands ----

static void add_size(struct hs_buf *out, char kind, size_t size)
{
    char text[24];
    char *p = text + sizeof(text);
    *--p = '\n';
    *--p = '\r';
    do {
        *--p = (char)('0' + size % 10);
        size /= 10;
    } while (size);
    *--p = kind;
    hs_buf_add(out, p, (size_t)(text + sizeof(text) - p));
}

void hs_redis_begin(struct hs_redis *redis, size_t count)
{
    add_size(&redis->out, '*', count);
}

void hs_redis_format(struct hs_buf *out, struct hs_str argument)
{
    add_size(out, '$', argument.len);
    hs_buf_add_str(out, argument);
    hs_buf_add(out, "\r\n", 2);
}

void hs_redis_argument(struct hs_redis *redis, struct hs_str argument)
{
    hs_redis_format(&redis->out, argument);
}

void hs_redis_formatted(struct hs_redis *redis, struct hs_str arguments)
{
    hs_buf_add_str(&redis->out, arguments);
}

void hs_redis_add(struct hs_redis *redis, size_t count, const struct hs_str *arguments)
{
    hs_redis_begin(redis, count);
    for (size_t i = 0; i < count; i++) {
        hs_redis_argument(redis, arguments[i]);
    }
}

void hs_redis_addv(struct hs_redis *redis, const char *first, ...)
{
    enum { MOST = 16 };
    struct hs_str arguments[MOST];
    size_t count = 0;
    va_list args;
    va_start(args, first);
    for (const char *text = first; text && count < MOST; text = va_arg(args, const char *)) {
        arguments[count++] = hs_str(text);
    }
    va_end(args);
    hs_redis_add(redis, count, arguments);
}

// What an error reply means to the caller.
static int error_reply(struct hs_redis *redis, const char *text)
{
    static const struct {
        const char *prefix;
        int code;
    } rows[] = {
        {"WRONGTYPE", HS_EPROTO},
        {"LOADING", HS_EUNREACHABLE},
        {"MASTERDOWN", HS_EUNREACHABLE},
        {"READONLY", HS_EUNREACHABLE},
        {"NOAUTH", HS_EPERM},
        {"WRONGPASS", HS_EPERM},
        {"NOPERM", HS_EPERM},
        {"OOM", HS_ELIMIT},
        {"NOREPLICAS", HS_EUNREACHABLE},
    };
    int code = HS_EREFUSED;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (strncmp(text, rows[i].prefix, strlen(rows[i].prefix)) == 0) {
            code = rows[i].code;
        }
    }
    return fail(redis, code, "redis", text);
}

// Reads on until a whole reply is there; what it becomes is the reader's functions' matter.
static int next_reply(struct hs_redis *redis, int64_t wait_ms, void **ret_object)
{
    int64_t until_ms = deadline_ms(redis, wait_ms);
    while (!redis->lost) {
        void *object = NULL;
        if (redisReaderGetReply(redis->context->reader, &object) != REDIS_OK) {
            return lose(redis, HS_EPROTO, "redis", redis->context->reader->errstr);
        }
        if (object) {
            *ret_object = object;
            return 0;
        }
        int rc = receive(redis);
        if (rc == HS_EAGAIN) {
            short events;
            rc = wait_socket(redis, POLLIN, until_ms, &events);
        }
        if (rc != 0) {
            return rc;
        }
    }
    return redis->lost;
}

int hs_redis_reply(struct hs_redis *redis, int64_t wait_ms, struct redisReply **ret_reply)
{
    void *object;
    int rc = redis->out.len ? hs_redis_flush(redis) : 0;
    if (rc == 0) {
        rc = next_reply(redis, wait_ms, &object);
    }
    if (rc != 0) {
        return rc;
    }
    redisReply *reply = object;
    if (reply->type == REDIS_REPLY_ERROR) {
        rc = error_reply(redis, reply->str);
        freeReplyObject(reply);
        return rc;
    }
    *ret_reply = reply;
    return 0;
}

void hs_redis_reply_free(struct redisReply *reply)
{
    freeReplyObject(reply);
}

int hs_redis_command(struct hs_redis *redis, size_t count, const struct hs_str *arguments,
                     struct redisReply **ret_reply)
{
    hs_redis_add(redis, count, arguments);
    return hs_redis_reply(redis, 0, ret_reply);
}

// ---- opening ----

static int read_password(const char *path, char ret_password[PASSWORD_MAX])
{
    FILE *file = fopen(path, "re");
    if (!file) {
        return HS_EIO;
    }
    bool got = fgets(ret_password, PASSWORD_MAX, file) != NULL;
    fclose(file);
    if (!got) {
        return HS_EIO;
    }
    ret_password[strcspn(ret_password, "\r\n")] = '\0';
    return 0;
}

struct hs_redis_config hs_redis_config_of(const struct hs_settings *settings)
{
    return (struct hs_redis_config){
        .sentinels = settings->redis_sentinels,
        .primary = settings->redis_primary,
        .socket = settings->redis_socket[0] ? settings->redis_socket : NULL,
        .host = settings->redis_host,
        .port = settings->redis_port,
        .user = settings->redis_user,
        .password_file = settings->redis_password_file,
        .connect_timeout_ms = settings->redis_connect_timeout_ms,
        .command_timeout_ms = settings->redis_command_timeout_ms,
    };
}

static int authenticate(struct hs_redis *redis, const struct hs_redis_config *config)
{
    char password[PASSWORD_MAX];
    struct redisReply *reply;
    if (!config->password_file || !*config->password_file) {
        return 0;
    }
    if (read_password(config->password_file, password) != 0) {
        return fail(redis, HS_EPERM, "password file cannot be read", config->password_file);
    }
    if (config->user && *config->user) {
        hs_redis_addv(redis, "AUTH", config->user, password, NULL);
    } else {
        hs_redis_addv(redis, "AUTH", password, NULL);
    }
    int rc = hs_redis_reply(redis, 0, &reply);
    explicit_bzero(password, sizeof(password));
    if (rc == 0) {
        hs_redis_reply_free(reply);
    }
    return rc == HS_EREFUSED ? HS_EPERM : rc;
}

static redisContext *connect_to(const struct hs_redis_config *config)
{
    int64_t ms = config->connect_timeout_ms;
    struct timeval timeout = {.tv_sec = ms / 1000, .tv_usec = (ms % 1000) * 1000};
    return config->socket && *config->socket
               ? redisConnectUnixWithTimeout(config->socket, timeout)
               : redisConnectWithTimeout(config->host, (int)config->port, timeout);
}

static void say_where(const struct hs_redis_config *config, const char *error, struct hs_buf *out)
{
    if (config->socket && *config->socket) {
        hs_buf_printf(out, "redis at '%s': %s", config->socket, error);
    } else {
        hs_buf_printf(out, "redis at '%s:%u': %s", config->host, (unsigned)config->port, error);
    }
}

int hs_redis_open(const struct hs_redis_config *config, struct hs_redis **ret_redis,
                  struct hs_buf *ret_why)
{
    if (config->sentinels && *config->sentinels) {
        return hs_sentinel_open(config, ret_redis, ret_why);
    }
    struct hs_redis *redis = calloc(1, sizeof(*redis));
    int rc = HS_ENOMEM;
    const char *error = "out of memory";
    if (!redis || !(redis->receive = malloc(RECEIVE_BYTES))) {
        goto out;
    }
    redis->command_timeout_ms = config->command_timeout_ms;
    redis->context = connect_to(config);
    if (!redis->context) {
        goto out;
    }
    if (redis->context->err) {
        rc = errno == ETIMEDOUT ? HS_ETIMEDOUT : HS_EUNREACHABLE;
        error = redis->context->errstr;
        goto out;
    }
    redis->context->reader->maxbuf = 0; // large replies are usual: keep the buffer
    rc = authenticate(redis, config);
    error = hs_redis_why(redis);
out:
    if (rc != 0) {
        if (ret_why) {
            say_where(config, error, ret_why);
        }
        hs_redis_free(redis);
        return rc;
    }
    *ret_redis = redis;
    return 0;
}

void hs_redis_free(struct hs_redis *redis)
{
    if (redis) {
        if (redis->context) {
            redisFree(redis->context);
        }
        hs_buf_fini(&redis->out);
        hs_buf_fini(&redis->why);
        free(redis->receive);
        free(redis);
    }
}

// ---- walking a hash ----
//
// The reply of HSCAN is [cursor, [field, value, ...]]. The reader calls one function for each
// string; so none is copied but the field's, which waits for its value.

struct scan {
    struct hs_redis *redis;
    struct hs_str key;
    hs_redis_pair_fn *pair; // the caller's
    void *ctx;              // the caller's
    struct hs_buf field;    // waits for its value
    uint64_t fields, bytes; // so far
    char cursor[24];        // of the next piece
    bool asked;             // the next piece is asked for already
    int rc;                 // what ended it: the caller's code, or ours
};

// Objects are never looked at: the reader only needs something that is not NULL.
static char scan_token;

// Fields to ask for, by what they were so far.
static int next_count(const struct scan *scan)
{
    uint64_t count = scan->bytes > 0 ? SCAN_REPLY_BYTES * scan->fields / scan->bytes
                                     : (uint64_t)SCAN_COUNT_FIRST;
    return count < SCAN_COUNT_MIN   ? SCAN_COUNT_MIN
           : count > SCAN_COUNT_MAX ? SCAN_COUNT_MAX
                                    : (int)count;
}

static void ask(struct scan *scan, int count)
{
    char text[16];
    snprintf(text, sizeof(text), "%d", count);
    struct hs_str arguments[] = {HS_STR("HSCAN"), scan->key, hs_str(scan->cursor), HS_STR("COUNT"),
                                 hs_str(text)};
    hs_redis_add(scan->redis, 5, arguments);
    int rc = hs_redis_flush(scan->redis);
    scan->rc = scan->rc ? scan->rc : rc;
    scan->asked = true;
}

static void scan_cursor(struct scan *scan, const char *text, size_t len)
{
    if (len == 0 || len >= sizeof(scan->cursor)) {
        scan->rc = fail(scan->redis, HS_EPROTO, "redis", "HSCAN without a cursor");
        return;
    }
    memcpy(scan->cursor, text, len);
    scan->cursor[len] = '\0';
    scan->asked = false;
    if (strcmp(scan->cursor, "0") != 0) {
        ask(scan, next_count(scan));
    }
}

static void *scan_string(const redisReadTask *task, char *text, size_t len)
{
    struct scan *scan = task->privdata;
    if (scan->rc != 0) {
        return &scan_token;
    }
    if (task->type == REDIS_REPLY_ERROR) {
        char *error = strndup(text, len);
        scan->rc = error_reply(scan->redis, error ? error : "");
        free(error);
    } else if (!task->parent || !task->parent->parent) {
        scan_cursor(scan, text, len);
    } else if (task->idx % 2 == 0) {
        hs_buf_clear(&scan->field);
        hs_buf_add(&scan->field, text, len);
    } else {
        scan->rc = hs_buf_status(&scan->field);
        scan->fields++;
        scan->bytes += scan->field.len + len;
        if (scan->rc == 0) {
            scan->rc = scan->pair(scan->ctx, hs_buf_str(&scan->field), hs_str_n(text, len));
        }
    }
    return &scan_token;
}

#if HIREDIS_MAJOR >= 1
typedef size_t array_count;
#else
typedef int array_count;
#endif

static void *scan_array(const redisReadTask *task, array_count elements)
{
    struct scan *scan = task->privdata;
    if (scan->rc == 0 &&
        (task->parent ? task->parent->parent != NULL || elements % 2 != 0 : elements != 2)) {
        scan->rc = fail(scan->redis, HS_EPROTO, "redis", "HSCAN: reply of another shape");
    }
    return &scan_token;
}

static void *scan_integer(const redisReadTask *task, long long value)
{
    struct scan *scan = task->privdata;
    (void)value;
    scan->rc =
        scan->rc ? scan->rc : fail(scan->redis, HS_EPROTO, "redis", "HSCAN: a number for a text");
    return &scan_token;
}

static void *scan_nil(const redisReadTask *task)
{
    return scan_integer(task, 0);
}

static void scan_free(void *object)
{
    (void)object;
}

int hs_redis_scan_hash(struct hs_redis *redis, struct hs_str key, hs_redis_pair_fn *pair, void *ctx)
{
    static redisReplyObjectFunctions functions = {.createString = scan_string,
                                                  .createArray = scan_array,
                                                  .createInteger = scan_integer,
                                                  .createNil = scan_nil,
                                                  .freeObject = scan_free};
    redisReader *reader = redis->context->reader;
    redisReplyObjectFunctions *usual = reader->fn;
    struct scan scan = {.redis = redis, .key = key, .pair = pair, .ctx = ctx, .cursor = "0"};
    int rc = 0;
    reader->fn = &functions;
    reader->privdata = &scan;
    ask(&scan, SCAN_COUNT_FIRST);
    // A reply that is on its way is read to its end even when the caller has had enough: the
    // connection stays usable.
    while (rc == 0 && scan.asked) {
        void *object;
        scan.asked = false;
        rc = next_reply(redis, 0, &object);
    }
    reader->reply = NULL; // of a reply that was cut short: our token, not the reader's to free
    reader->fn = usual;
    reader->privdata = NULL;
    hs_buf_fini(&scan.field);
    return rc ? rc : scan.rc;
}
