// SPDX-License-Identifier: Apache-2.0
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sodium.h>

#include "base/error.h"
#include "hitstreamd/daemon.h"
#include "hitstreamd/logging.h"
#include "kafka/properties.h"

enum { EXIT_USAGE = 2 };

struct options {
    const char *config_path; // NULL: the usual place
    const char *roles;       // NULL: as configured
    const char *log_level;   // NULL: as configured
    bool check;
    bool dump;
};

static void print_help(FILE *out)
{
    fputs(
        "usage: hitstreamd [--config FILE] [--roles ROLES] [--log-level LEVEL]\n"
        "       hitstreamd --check | --dump [--config FILE]\n"
        "       hitstreamd --sample | --version | --help\n"
        "\n"
        "  --config FILE      settings (default: /etc/hitstream/hitstream.yaml); conf.d beside it\n"
        "  --roles ROLES      match, correlate, or both with a comma; overrides the settings\n"
        "  --log-level LEVEL  error, warning, notice, info or debug; overrides the settings\n"
        "  --check            check settings and keys, print every error, end (6 when there is "
        "one)\n"
        "  --dump             print the merged settings, end\n"
        "  --sample           print an annotated sample of the settings, end\n"
        "  --version          print the version, end\n"
        "  --help             print this, end\n",
        out);
}

static int print_sample(void)
{
    struct hs_buf text = {0};
    hs_settings_sample(&text);
    fputs(hs_buf_text(&text), stdout);
    hs_buf_fini(&text);
    return EXIT_SUCCESS;
}

static void print_diags(const struct hs_diags *diags)
{
    for (size_t i = 0; i < diags->count; i++) {
        struct hs_buf line = {0};
        hs_diag_format(&diags->rows[i], &line);
        fprintf(stderr, "%s\n", hs_buf_text(&line));
        hs_buf_fini(&line);
    }
}

static bool set_roles(struct hs_settings *settings, const char *roles)
{
    struct hs_str rest = hs_str(roles), word;
    settings->role_match = settings->role_correlate = false;
    while (hs_str_split(&rest, ',', &word)) {
        word = hs_str_trim(word);
        if (hs_str_is(word, "match")) {
            settings->role_match = true;
        } else if (hs_str_is(word, "correlate")) {
            settings->role_correlate = true;
        } else {
            return false;
        }
    }
    return true;
}

static int print_dump(const struct hs_settings *settings)
{
    struct hs_buf text = {0};
    hs_settings_dump(settings, &text);
    fputs(hs_buf_text(&text), stdout);
    hs_buf_fini(&text);
    return EXIT_SUCCESS;
}

// Takes `settings`.
static int run(const struct options *options, struct hs_settings *settings,
               const struct hs_keys *keys)
{
    const struct hs_daemon_config config = {.config_path = options->config_path,
                                            .roles = options->roles,
                                            .log_level_given = options->log_level != NULL};
    struct hs_daemon *daemon;
    hs_logging_open(
        hs_logging_level(options->log_level ? options->log_level : settings->log_level));
    signal(SIGPIPE, SIG_IGN);
    mkdir(settings->state_dir,
          0700); // systemd makes it; else here, and a failure shows at the first save
    int rc = hs_daemon_new(&config, settings, keys, &daemon);
    if (rc < 0) {
        return EXIT_FAILURE;
    }
    rc = hs_daemon_run(daemon);
    if (rc == HS_ETIMEDOUT) {
        _exit(EXIT_FAILURE); // a thread still runs: nothing may be freed under it
    }
    hs_daemon_free(daemon);
    return rc < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

static int with_settings(const struct options *options)
{
    struct hs_diags diags = {0};
    struct hs_settings *settings = NULL;
    struct hs_keys keys;
    int status = HS_SETTINGS_EXIT_CODE;
    int rc = hs_settings_load_usual(options->config_path, &diags, &settings);
    if (rc == 0 && options->roles && !set_roles(settings, options->roles)) {
        fprintf(stderr, "hitstreamd: --roles '%s': allowed are match and correlate\n",
                options->roles);
        status = EXIT_USAGE;
        goto out;
    }
    if (rc == 0) {
        rc = hs_kafka_properties_check(settings, &diags);
    }
    if (rc == 0 && options->dump) {
        status = print_dump(settings);
        goto out;
    }
    if (settings) { // faults of properties and keys are told together
        int keys_rc = hs_keys_load(settings, &diags, &keys);
        rc = rc ? rc : keys_rc;
    }
    print_diags(&diags);
    if (rc < 0) {
        fprintf(stderr, "hitstreamd: %zu errors in the settings\n", diags.errors);
    } else if (options->check) {
        status = EXIT_SUCCESS;
    } else {
        status = run(options, settings, &keys);
        settings = NULL;
    }

out:
    sodium_memzero(&keys, sizeof(keys));
    hs_settings_free(settings);
    hs_diags_fini(&diags);
    return status;
}

int main(int argc, char **argv)
{
    static const struct option table[] = {{"config", required_argument, NULL, 'c'},
                                          {"roles", required_argument, NULL, 'r'},
                                          {"log-level", required_argument, NULL, 'l'},
                                          {"check", no_argument, NULL, 'k'},
                                          {"dump", no_argument, NULL, 'd'},
                                          {"sample", no_argument, NULL, 's'},
                                          {"version", no_argument, NULL, 'v'},
                                          {"help", no_argument, NULL, 'h'},
                                          {0}};
    struct options options = {0};
    int option;
    while ((option = getopt_long(argc, argv, "c:h", table, NULL)) >= 0) {
        switch (option) {
        case 'c':
            options.config_path = optarg;
            break;
        case 'r':
            options.roles = optarg;
            break;
        case 'l':
            options.log_level = optarg;
            break;
        case 'k':
            options.check = true;
            break;
        case 'd':
            options.dump = true;
            break;
        case 's':
            return print_sample();
        case 'v':
            puts("hitstreamd " HS_VERSION);
            return EXIT_SUCCESS;
        case 'h':
            print_help(stdout);
            return EXIT_SUCCESS;
        default:
            print_help(stderr);
            return EXIT_USAGE;
        }
    }
    if (optind < argc) {
        fprintf(stderr, "hitstreamd: '%s' is not an option\n", argv[optind]);
        print_help(stderr);
        return EXIT_USAGE;
    }
    if (sodium_init() < 0) {
        fputs("hitstreamd: libsodium cannot be initialised\n", stderr);
        return EXIT_FAILURE;
    }
    return with_settings(&options);
}
