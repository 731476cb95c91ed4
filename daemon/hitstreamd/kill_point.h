// SPDX-License-Identifier: Apache-2.0
#ifndef HS_HITSTREAMD_KILL_POINT_H
#define HS_HITSTREAMD_KILL_POINT_H
/*
 * Named places at which a test has the daemon killed; nothing in builds without HS_TEST_HOOKS.
 *
 * HS_KILL_POINT=<name>:<n> in the environment raises SIGKILL at the n-th passing of point <name>:
 * hit-acked, alert-acked, state-acked, before-commit, feedback-acked, feedback-before-commit. Threads: any.
 */

#ifdef HS_TEST_HOOKS
void hs_kill_point(const char *name);
#else
static inline void hs_kill_point(const char *name)
{
    (void)name;
}
#endif

#endif
