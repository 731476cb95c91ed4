// SPDX-License-Identifier: Apache-2.0
#ifndef HITCTL_ROADS_LEARN_H
#define HITCTL_ROADS_LEARN_H
/*
 * hitctl roads learn: where counts of journeys come from. What is wrong goes to stderr. Threads:
 * one.
 */

#include "geo/roads_learn.h"
#include "hitctl/command.h"

// from_camera (or from_site),to_camera (or to_site),hour,vehicles,mean_seconds: adds each row; says
// how many name a camera that is not in the register. Answers an exit code.
int roads_learn_movements(struct hs_roads_learner *learner, const char *path);
// from,direction,to,distance_m,corridor. Answers an exit code.
int roads_learn_links(struct hs_roads_learner *learner, const char *path);
// Retained hits of open lists, from the log's beginning: each vehicle's journeys from camera to
// camera within an hour. Hits that are no exact match, late or from a camera with a wrong clock are
// left out. Answers an exit code.
int roads_learn_hits(const struct hitctl *ctl, struct hs_roads_learner *learner);

#endif
