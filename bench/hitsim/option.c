// SPDX-License-Identifier: Apache-2.0
#include "hitsim/option.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/str.h"

double sim_option_number(const char *name, double min, double max)
{
    double value;
    if (hs_str_to_double(hs_str(optarg), &value) != 0 || !(value >= min && value <= max)) {
        fprintf(stderr, "%s: --%s: '%s' is no number from %.15g to %.15g\n",
                program_invocation_short_name, name, optarg, min, max);
        exit(2);
    }
    return value;
}
