/* SPDX-License-Identifier: MIT */
/* Between the control socket's connections (control.c) and what may be asked there (commands.c). */
#ifndef XENGT_CONTROL_H
#define XENGT_CONTROL_H

#include "xengt/daemon/daemon.h"

/** command_obey() - do what @line, a request, asks. Returns the answer, owned by the caller. */
struct json_object *command_obey(struct daemon *daemon, struct client *client, const char *line);

/** client_follow() - from now on, hand on what @guest traces. */
void client_follow(struct client *client, struct guest *guest);

/**
 * client_watch() - track a page of @guest, and hand on the writes to it. Returns 0, -EEXIST (it is
 * tracked), -EINVAL (no plain memory), -EIO (the vGPU's thread has ended) or another errno.
 */
int client_watch(struct client *client, struct guest *guest, u64 gfn);

#endif
