/* SPDX-License-Identifier: MIT */
/* The daemon's inside: its loop, its vGPUs, and the control socket that speaks of them. */
#ifndef XENGT_DAEMON_DAEMON_H
#define XENGT_DAEMON_DAEMON_H

#include <json-c/json.h>
#include <systemd/sd-event.h>

#include "xengt/cgroup/cgroup.h"
#include "xengt/daemon/instances.h"
#include "xengt/keeper/keeper.h"
#include "xengt/settings/config.h"

struct client;
struct control;
struct daemon;
struct mount;
struct process;
struct process_listener;
struct process_runner;

/* A guest that has a vGPU. */
struct guest {
	struct daemon *daemon;
	domid_t domid;
	struct xengt_keeper *keeper;
	struct process *process;
	struct xengt_instance *instance; /* which vGPU it has */
	u32 serial;			 /* never used twice by one process */
	bool changed;			 /* in xenstore: something that is watched */
	bool restarted;			 /* and its domain was not seen to run since */
	bool suspended;			 /* its process was told */
	bool left;			 /* to the next daemon, by its process */
	struct guest *next;
};

struct daemon {
	const char *config_file; /* as given, or NULL */
	struct xengt_config config;
	struct xengt_dom0 dom0;
	const struct process_runner *runner; /* of guests' processes */
	void *runner_priv;
	const struct process_listener *listener; /* to what they say */
	struct xengt_cgroup cgroup;		 /* of those processes */
	u32 missing_walls;			 /* of those processes (enum xengt_wall) */
	u32 uid_base; /* a guest's process is this user, plus its domain's number; 0: it is as we
			 are */
	const char *qmp_dir; /* where libxl has the device models' sockets */
	struct xengt_instances instances;
	struct guest *guests;
	u32 last_serial; /* of a guest */
	struct control *control;
	struct client *clients;
	struct mount *mount;
	char tree_error[512]; /* why the last write to the tree that failed did so */
	sd_event *loop;
	int lock_fd;
};

/* ---- guest.c, guests.c, domains.c, take_up.c ---- */

/**
 * daemon_domid() - find the domain that a person means, as xl does: digits alone are a domain's
 * number, whatever domains are called; anything else is a domain's name, as it stands, and the
 * lowest number with that name counts.
 *
 * Returns 0, with the number in @domid (of a domain that need not be there), or -ESRCH.
 */
int daemon_domid(struct daemon *daemon, const char *who, domid_t *domid);

/** daemon_find_domid() - the guest that domain @domid is; or NULL. */
struct guest *daemon_find_domid(struct daemon *daemon, domid_t domid);

/**
 * daemon_attach() - give a domain a vGPU: one made before, by its UUID; or one that is made for it
 * and goes with it, by type, sizes, both or neither.
 * @text: options as xengt_options_parse() reads them.
 * @out:  receives the guest; may be NULL.
 *
 * Where the domain's device model runs already, the vGPU gets no slot of one of its devices.
 *
 * Returns 0, or with @why: -EEXIST (the domain has one), -ESRCH (no such domain), -EINVAL (options,
 * or dom0), -EOPNOTSUPP (a guest that cannot have one), -ENOENT (type, UUID), -EBUSY (another guest
 * has it, or a device has the slot), -ENOSPC (nothing is left), or another errno.
 */
int daemon_attach(struct daemon *daemon, domid_t domid, const char *text, struct guest **out,
		  char *why, size_t why_len);

/* Where xl notes the process that is a domain's device model. */
#define XENGT_MODEL_PATH "/local/domain/%u/image/device-model-pid"

/**
 * daemon_start_model() - a device model of the domain's starts, and needs a vGPU for it.
 *
 * A domain without one gets one, as by daemon_attach(). That of a domain which was soft reset, or
 * which has not run yet, is made as after power-on; it keeps its type and settings, whatever @text
 * says. If the domain has run, its device model ended and was started again by hand, and the vGPU
 * stays as it is.
 *
 * Returns as daemon_attach() does, with -EEXIST where the domain runs with another device model.
 */
int daemon_start_model(struct daemon *daemon, domid_t domid, const char *text, struct guest **out,
		       char *why, size_t why_len);

/** daemon_detach() - detach the guest's vGPU and forget it; who follows it is cut off. */
void daemon_detach(struct guest *guest, bool keep);

/** daemon_leave_all() - detach all, for the next daemon. */
void daemon_leave_all(struct daemon *daemon);

/**
 * daemon_reap() - look at what became of the guests: detach from those that are gone, since what is
 * held of a dead domain keeps it from being freed, let those that were suspended be saved, and
 * reset the vGPU of those that were soft reset.
 */
void daemon_reap(struct daemon *daemon);

/** daemon_on_xenstore() - what xenstore told: a domain went or shut down, a guest was renamed. */
void daemon_on_xenstore(struct daemon *daemon);

/** daemon_take_up_all() - what an earlier daemon left; clears away what its guests have left. */
void daemon_take_up_all(struct daemon *daemon);

/**
 * daemon_schedule() - set a vGPU's share of the GPU's time, with a guest or without; it counts at
 * once. Returns 0, or a negative errno with nothing changed.
 */
int daemon_schedule(struct daemon *daemon, struct xengt_instance *instance, u32 weight, u32 cap);

/**
 * daemon_reload() - read the settings again. vGPUs with the weight or cap that their type had get
 * the one that it has now. Returns as xengt_config_reload().
 */
int daemon_reload(struct daemon *daemon, char *why, size_t why_len);

/* ---- control.c, follow.c ---- */

/** control_open() - listen on the configured socket. Returns 0 or an errno, after a log line. */
int control_open(struct daemon *daemon);

/** control_close() - hang up on all, and stop listening; nothing, if it does not. */
void control_close(struct daemon *daemon);

/**
 * control_forget() - @guest goes: nothing of it is handed on any more, and the clients that follow
 * it are hung up on by the loop, once they have read what was queued for them. Frees no client.
 */
void control_forget(struct guest *guest);

/* ---- metrics.c ---- */

/** metrics_text() - all vGPUs' metrics for Prometheus, owned by the caller; NULL: no memory. */
char *metrics_text(struct daemon *daemon);

/* ---- mount.c: the tree of files (tree.h) as a file system ---- */

/**
 * mount_open() - mount the tree where the configuration says, if it says so. What hinders it is
 * logged; the daemon does its other work without.
 */
void mount_open(struct daemon *daemon);

/** mount_close() - unmount it. */
void mount_close(struct daemon *daemon);

/* ---- describe.c: what the control socket says of a vGPU, as JSON ---- */

/** describe_instance() - a line's worth of a vGPU, whether a guest has it or not. */
struct json_object *describe_instance(const struct xengt_instance *instance);

/** describe_types() - the types, and how many more of each there can be. */
struct json_object *describe_types(const struct daemon *daemon);

/** describe_state() - "free", "running" or "failed". */
const char *describe_state(const struct xengt_instance *instance);

/** describe_load() - the same of a guest's vGPU, with all counters by the names of their files. */
struct json_object *describe_load(const struct guest *guest);

#endif
