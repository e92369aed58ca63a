/* SPDX-License-Identifier: MIT */
/*
 * Clients of the control socket. conn.c has their connections, control.c accepts them, commands.c
 * has the commands, and follow.c sends events to clients that follow a vGPU.
 *
 * Only a client's connection handlers and control.c free it, and never while one of its requests is
 * being served. Before a guest is freed, control_forget() removes it from all clients.
 */
#ifndef XENGT_DAEMON_CLIENTS_H
#define XENGT_DAEMON_CLIENTS_H

#include "xengt/control/conn.h"
#include "xengt/daemon/daemon.h"

#define CLIENTS_MAX   64u
#define FOLLOWERS_MAX 16u /* clients that may follow vGPUs at a time */

struct pending;

struct client {
	struct daemon *daemon;
	struct conn *conn;
	u64 heard_us;		 /* when it last asked for something */
	struct pending *pending; /* its request that takes time; owned by commands.c */
	struct client *next;

	/* The rest belongs to follow.c. */
	struct guest *follows;
	u64 watched; /* frame of the watched page, plus one; 0: it gets every request */
	u64 lost;    /* events that were not sent to it */
	u32 lost_before,
		lost_now; /* events lost by the process: before the client followed, and now */
};

/** client_put() - send @line, as a line. */
void client_put(struct client *client, struct json_object *line);

/**
 * command_obey() - execute the request @line. Returns the answer, owned by the caller. NULL: it
 * takes time; @client gets the answer later, and its connection is held until then. Without a
 * client, this runs the loop until the answer is there.
 */
struct json_object *command_obey(struct daemon *daemon, struct client *client, const char *line);

/** command_forget() - @client is gone. What it asked for goes on; the answer is dropped. */
void command_forget(struct client *client);

/** command_refused() - the answer to a request that fails with @err and the sentence @why. */
struct json_object *command_refused(int err, const char *why);

/** client_may_follow() - whether fewer than FOLLOWERS_MAX other clients follow guests. */
bool client_may_follow(const struct client *client);

/**
 * client_follow() - from now on, send @client what @guest's process traces: each request, or
 * (@watched not 0) writes to frame @watched - 1. The caller has told the process to trace.
 * @lost: events that the process has lost so far.
 */
void client_follow(struct client *client, struct guest *guest, u64 watched, u32 lost);

/**
 * follow_unwatch() - a client of @guest stopped following: tell the process to stop watching frame
 * @watched - 1 (0: none) unless another client watches it, and to stop tracing if none follows.
 */
void follow_unwatch(struct guest *guest, u64 watched);

/** follow_listener - sends what a guest's process traces to the clients that follow the guest. */
extern const struct process_listener follow_listener;

/** client_unfollow() - send @client no more events. */
void client_unfollow(struct client *client);

#endif
