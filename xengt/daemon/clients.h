/* SPDX-License-Identifier: MIT */
/*
 * Clients of the control socket. conn.c has their connections, control.c takes them, commands.c has
 * what may be asked, and follow.c what goes on being told.
 *
 * A client outlives whatever it asks for: only its connection's handlers and control.c free it, and
 * never while it is served. A guest that goes is forgotten by its clients first (control_forget()).
 */
#ifndef XENGT_DAEMON_CLIENTS_H
#define XENGT_DAEMON_CLIENTS_H

#include "xengt/control/conn.h"
#include "xengt/daemon/daemon.h"

#define CLIENTS_MAX   64u
#define FOLLOWERS_MAX 16u /* of them, that may follow vGPUs */

struct pending;

struct client {
	struct daemon *daemon;
	struct conn *conn;
	u64 heard_us;		 /* when it last asked for something */
	struct pending *pending; /* what a guest's process was asked for it; commands.c's */
	struct client *next;

	struct guest *follows; /* follow.c's, as what is below */
	u64 watched;	       /* frame of a page, plus one; 0: it is told of every request */
	u64 lost;	       /* events that it missed; */
	u32 lost_before,
		lost_now; /* and that its guest could not tell, before it followed and now */
};

/** client_put() - send @line, as a line. */
void client_put(struct client *client, struct json_object *line);

/**
 * command_obey() - do what @line, a request, asks. Returns the answer, owned by the caller; NULL:
 * it is put to @client later, whose connection is held until then. Without a client it is waited
 * for.
 */
struct json_object *command_obey(struct daemon *daemon, struct client *client, const char *line);

/** command_forget() - @client is gone; what it asked for goes on without it. */
void command_forget(struct client *client);

/** command_refused() - the answer to a request that fails with @err and the sentence @why. */
struct json_object *command_refused(int err, const char *why);

/** client_may_follow() - whether @client may follow a guest: not too many others do. */
bool client_may_follow(const struct client *client);

/**
 * client_follow() - from now on, hand on what @guest's process traces: each request, or writes to
 * the watched frame @watched - 1. The process was told. @lost: events that it could not tell so
 * far.
 */
void client_follow(struct client *client, struct guest *guest, u64 watched, u32 lost);

/** follow_unwatch() - nobody wants the frame @watched - 1 of @guest, or 0: any request. */
void follow_unwatch(struct guest *guest, u64 watched);

/** follow_listener - tells those who follow a guest what its process traces. */
extern const struct process_listener follow_listener;

/** client_unfollow() - hand on nothing more. */
void client_unfollow(struct client *client);

#endif
