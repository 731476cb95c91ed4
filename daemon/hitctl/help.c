// SPDX-License-Identifier: Apache-2.0
#include "hitctl/help.h"

// "reads produce    JSON lines of reads ..."
static void print_command(FILE *out, const struct hitctl_command *command)
{
    char words[64];
    snprintf(words, sizeof(words), "%s%s%s", command->group ? command->group : "",
             command->group ? " " : "", command->name);
    fprintf(out, "  %-20s %s\n", words, command->help);
}

void hitctl_help_overview(FILE *out)
{
    fputs("usage: hitctl [OPTION...] COMMAND [WORD...]\n\ncommands:\n", out);
    for (size_t t = 0; hitctl_tables[t]; t++) {
        for (const struct hitctl_command *c = hitctl_tables[t]; c->name; c++) {
            print_command(out, c);
        }
    }
    fputs("\noptions of every command:\n"
          "  --config FILE      settings (/etc/hitstream/hitstream.yaml and conf.d/*.yaml)\n"
          "  --who NAME         who makes a change (HITCTL_WHO, else the login name)\n"
          "  --authority TEXT   by what authority\n"
          "  --json             results as one JSON value on standard output\n"
          "  --help             this text, or a command's own\n"
          "  --version          the version\n"
          "\n'hitctl COMMAND --help' shows a command's own words and options\n"
          "\nexit status: 0 done, 1 failed, 2 usage, 3 refused, 4 changed since it was read,\n"
          "5 unreachable, 6 configuration, 7 timed out, 8 differs\n",
          out);
}

void hitctl_help_command(const struct hitctl_command *command)
{
    printf("usage: hitctl %s%s%s %s\n\n%s\n", command->group ? command->group : "",
           command->group ? " " : "", command->name, command->synopsis, command->help);
    if (!command->options) {
        return;
    }
    fputs("\noptions:\n", stdout);
    for (const struct hitctl_option *o = command->options; o->name; o++) {
        char words[64];
        snprintf(words, sizeof(words), "--%s%s%s", o->name, o->argument ? " " : "",
                 o->argument ? o->argument : "");
        printf("  %-28s %s\n", words, o->help);
    }
}

bool hitctl_help_group(const char *group)
{
    bool found = false;
    for (size_t t = 0; hitctl_tables[t]; t++) {
        for (const struct hitctl_command *c = hitctl_tables[t]; c->name; c++) {
            if (c->group && strcmp(c->group, group) == 0) {
                print_command(stdout, c);
                found = true;
            }
        }
    }
    return found;
}
