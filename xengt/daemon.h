/* SPDX-License-Identifier: MIT */
/* The daemon's inside: its loop, its vGPUs, and the control socket that speaks of them. */
#ifndef XENGT_DAEMON_H
#define XENGT_DAEMON_H

#include <json-c/json.h>
#include <systemd/sd-event.h>

#include "xengt/config.h"
#include "xengt/xengt.h"

struct client;
struct daemon;

/* A vGPU in the daemon's list. */
struct guest {
	struct daemon *daemon;
	struct xengt_vgpu *v;
	sd_event_source *trace;
	struct guest *next;
};

struct daemon {
	struct xengt_config config;
	struct xengt_host host;
	struct guest *guests;
	struct client *clients;
	sd_event *loop;
	int listen_fd;
	int lock_fd;
};

/** daemon_find() - the guest that @who names, by number or by name; or NULL. */
struct guest *daemon_find(struct daemon *daemon, const char *who);

/** daemon_attach() - xengt_vgpu_attach(), and keep the result. */
int daemon_attach(struct daemon *daemon, domid_t domid, const struct xengt_options *options,
		  bool take_up, char *why, size_t why_len);

/** daemon_detach() - detach the guest's vGPU and forget it; who follows it is cut off. */
void daemon_detach(struct guest *guest, bool keep);

/* ---- control.c ---- */

/** control_open() - listen on the configured socket. Returns 0 or an errno, after a log line. */
int control_open(struct daemon *daemon);

/** control_close() - hang up on all, and stop listening. */
void control_close(struct daemon *daemon);

/** control_follow() - from now on, hand what @guest traces to those who follow it. */
int control_follow(struct guest *guest);

/** control_forget() - cut off the clients that follow @guest. */
void control_forget(struct guest *guest);

/* ---- describe.c: what the control socket says of a vGPU, as JSON ---- */

/** describe_brief() - a line's worth. */
struct json_object *describe_brief(struct xengt_vgpu *v);

/** describe_whole() - all of it; runs in the vGPU's thread for consistency. NULL: it is dead. */
struct json_object *describe_whole(struct xengt_vgpu *v);

/** describe_regs() - registers that the guest's accesses trapped on; @unknown: those that the
 * table lacks. @pages: the map of register pages instead. */
struct json_object *describe_regs(struct xengt_vgpu *v, bool unknown, bool pages);

/** describe_event() - one traced request. */
struct json_object *describe_event(struct xengt_vgpu *v, const struct ioreq_event *event);

#endif
