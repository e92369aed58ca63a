/* SPDX-License-Identifier: MIT */
#ifndef XENGT_CLI_TOP_H
#define XENGT_CLI_TOP_H

#include <stdio.h>

#include "xengt/control/client.h"

/**
 * top_print() - a line for each of @vgpus, as the daemon's "load" answers: engines in percent,
 * rates per second, hangs and resets so far, graphics memory in MiB.
 * @was: the same, @seconds before; NULL: there is none, and rates are 0.
 */
void top_print(struct json_object *vgpus, struct json_object *was, double seconds, FILE *to);

/** top_run() - print what each guest's vGPU does, again each second, until the daemon hangs up. */
int top_run(struct xengt_client *client);

#endif
