// SPDX-License-Identifier: Apache-2.0
#include "findings/options.h"

#include <stdlib.h>

#include "hitsim/option.h"

void findings_option(int option, struct findings_options *options)
{
    switch (option) {
    case 'd':
        options->days = sim_option_number("days", 0.01, 3650);
        break;
    case 'r':
        options->plan->rate = sim_option_number("rate", 0.01, 1e6);
        break;
    case 's':
        options->plan->seed = (uint64_t)sim_option_number("seed", 0, 1e15);
        break;
    case 'l':
        options->plan->listed = (uint32_t)sim_option_number("listed", 1, 1e7);
        break;
    case 'w':
        options->show = true;
        break;
    default:
        exit(2); // getopt said why
    }
}
