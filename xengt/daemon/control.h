/* SPDX-License-Identifier: MIT */
/*
 * The control socket's inside. conn.c has the connections, control.c the clients, commands.c what
 * may be asked, and follow.c what goes on being told.
 *
 * A client outlives whatever it asks for: only its connection's handlers and control.c free it, and
 * never while it is served. A guest that goes is forgotten by its clients first (control_forget()).
 */
#ifndef XENGT_DAEMON_CONTROL_H
#define XENGT_DAEMON_CONTROL_H

#include "xengt/control/conn.h"
#include "xengt/daemon/daemon.h"

#define CLIENTS_MAX   64u
#define FOLLOWERS_MAX 16u /* of them, that may follow vGPUs */

struct client {
	struct daemon *daemon;
	struct conn *conn;
	u64 heard_us; /* when it last asked for something */
	struct client *next;

	struct guest *follows; /* follow.c's, as what is below */
	struct watch *watch;   /* of a page; NULL: it is told of every request */
	u64 lost, lost_before; /* events that it missed; that others did, before it followed */
};

/** client_put() - send @line, as a line. */
void client_put(struct client *client, struct json_object *line);

/** command_obey() - do what @line, a request, asks. Returns the answer, owned by the caller. */
struct json_object *command_obey(struct daemon *daemon, struct client *client, const char *line);

/** command_refused() - the answer to a request that fails with @err and the sentence @why. */
struct json_object *command_refused(int err, const char *why);

/**
 * client_follow() - from now on, hand on what @guest traces. Returns 0, or -EUSERS: too many
 * clients follow one.
 */
int client_follow(struct client *client, struct guest *guest);

/**
 * client_watch() - track a page of @guest, and hand on the writes to it. Returns 0, -EEXIST (it is
 * tracked), -EINVAL (no plain memory), -EUSERS, -EIO (the vGPU's thread has ended) or another
 * errno.
 */
int client_watch(struct client *client, struct guest *guest, u64 gfn);

/** client_unfollow() - hand on nothing more. */
void client_unfollow(struct client *client);

#endif
