// SPDX-License-Identifier: Apache-2.0
#include "support/hitctl_house.h"

#include <hiredis/hiredis.h>

enum { WORDS_MAX = 48, RUN_TIMEOUT_MS = 60000 };

struct hs_redis_server redis;
char folder[HS_TEST_PATH_BYTES];
char *out;
char *err;

const char *path_of(const char *name)
{
    static char paths[4][HS_TEST_PATH_BYTES + 64];
    static unsigned next;
    char *path = paths[next++ % 4];
    snprintf(path, sizeof(paths[0]), "%s/%s", folder, name);
    return path;
}

void file(const char *name, const char *text)
{
    assert_int_equal(hs_test_file_write(path_of(name), text), 0);
}

void run_as(const char *who, int exit_code, const char *const *words)
{
    const char *argv[WORDS_MAX + 6] = {HITCTL_PATH, "--config", "hitstream.yaml"};
    const char *out_path = path_of("out");
    const char *err_path = path_of("err");
    struct hs_process_spec spec = {
        .argv = argv, .output_path = out_path, .error_path = err_path, .working_folder = folder};
    size_t count = 3;
    remove(out_path);
    remove(err_path);
    if (who) {
        argv[count++] = "--who";
        argv[count++] = who;
    }
    for (size_t i = 0; words[i]; i++) {
        assert_true(i < WORDS_MAX);
        argv[count++] = words[i];
    }
    int code = hs_process_run(&spec, RUN_TIMEOUT_MS);
    free(out);
    free(err);
    out = hs_test_file_read(out_path);
    err = hs_test_file_read(err_path);
    assert_true(out && err);
    if (code != exit_code) {
        fail_msg("exit %d, expected %d\n%s%s", code, exit_code, out, err);
    }
}

void run(int exit_code, const char *const *words)
{
    run_as("ann", exit_code, words);
}

void says(const char *text, const char *part)
{
    if (!strstr(text, part)) {
        fail_msg("'%s' is missing in: %s", part, text);
    }
}

void says_not(const char *text, const char *part)
{
    if (strstr(text, part)) {
        fail_msg("'%s' stands in: %s", part, text);
    }
}

void meddle(const char *command)
{
    redisContext *context = redisConnectUnix(redis.socket_path);
    redisReply *reply = redisCommand(context, command);
    assert_true(reply && reply->type != REDIS_REPLY_ERROR);
    freeReplyObject(reply);
    redisFree(context);
}

int house_setup(void **state)
{
    char text[1024];
    (void)state;
    if (hs_test_folder_make("hitctl", folder) != 0 || hs_redis_server_start(&redis) != 0) {
        return -1;
    }
    snprintf(text, sizeof(text), "redis:\n  socket: %s\n", redis.socket_path);
    file("hitstream.yaml", text);
    return 0;
}

int house_teardown(void **state)
{
    (void)state;
    free(out);
    free(err);
    out = err = NULL;
    hs_redis_server_fini(&redis);
    hs_test_folder_remove(folder);
    return 0;
}
