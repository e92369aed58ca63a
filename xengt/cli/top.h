/* SPDX-License-Identifier: MIT */
#ifndef XENGT_CLI_TOP_H
#define XENGT_CLI_TOP_H

#include <stdio.h>

#include "xengt/control/client.h"

/**
 * top_print() - print a line for each of @vgpus, as xengtd answers "load": engines in percent,
 * rates per second, hangs and resets so far, graphics memory in MiB.
 * @was: the answer of @seconds before; NULL: there is none, and rates are 0.
 */
void top_print(struct json_object *vgpus, struct json_object *was, double seconds, FILE *to);

/** top_run() - print the load of all guests' vGPUs each second, until xengtd hangs up. */
int top_run(struct xengt_client *client);

#endif
