/* SPDX-License-Identifier: MIT */
/* xengtd from inside: its loop, the vGPUs, and the control socket. */
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
struct work;

/* A guest that has a vGPU. */
struct guest {
	struct daemon *daemon;
	domid_t domid;
	struct xengt_keeper *keeper;
	struct process *process;
	struct xengt_instance *instance;    /* which vGPU it has */
	u32 serial;			    /* unique while this xengtd runs */
	bool changed;			    /* a xenstore watch of it fired */
	bool restarted;			    /* soft reset, and not seen to run since */
	bool left;			    /* its process has left the vGPU to the next xengtd */
	struct work *work;		    /* what it is in the midst of (work.h); NULL: nothing */
	void (*moved)(struct guest *guest); /* its process serves, or ended; NULL: nobody asks */
	struct guest *next;
};

struct daemon {
	const char *config_file; /* as given, or NULL */
	struct xengt_config config;
	struct xengt_dom0 dom0;
	const struct process_runner *runner; /* starts and ends guests' processes */
	void *runner_priv;
	const struct process_listener *listener; /* gets events of guests' processes */
	struct xengt_cgroup cgroup;		 /* parent of the processes' cgroups */
	u32 missing_walls; /* walls that guests' processes lack (bits of enum xengt_wall) */
	u32 uid_base; /* a guest's process runs as this uid plus its domid; 0: as xengtd's user */
	const char *qmp_dir; /* libxl's directory of device models' QMP sockets */
	struct xengt_instances instances;
	struct guest *guests;
	u32 last_serial; /* the last guest's */
	struct control *control;
	struct client *clients;
	struct mount *mount;
	const char *mounter;  /* the program xengt-mount */
	char tree_error[512]; /* why a write to the tree last failed */
	sd_event *loop;
	int lock_fd;
};

/**
 * Called when something that was asked for a guest is done: with @guest, or with an errno and the
 * sentence @why. NULL as @guest without an error: it has no vGPU any more.
 */
typedef void guest_done(void *arg, struct guest *guest, int err, const char *why);

/* ---- guest.c, guests.c, domains.c, take_up.c ---- */

/**
 * daemon_domid() - find the domain that @who names, as xl does: digits alone are a domain's number,
 * even if a domain has them as its name; anything else is a name. If several domains have the name,
 * the lowest number counts.
 *
 * Returns 0, with the number in @domid, or -ESRCH. A domain with that number need not exist.
 */
int daemon_domid(struct daemon *daemon, const char *who, domid_t *domid);

/** daemon_find_domid() - the guest of domain @domid, or NULL. */
struct guest *daemon_find_domid(struct daemon *daemon, domid_t domid);

/**
 * daemon_attach() - give a domain a vGPU: with a UUID, one that was created before; otherwise a new
 * one, by type, sizes, both or neither, which is removed when its guest goes.
 * @text: options as xengt_options_parse() reads them.
 *
 * If the domain's device model runs already, the vGPU gets a slot that no device of it has.
 *
 * @done is called once: before this returns when the vGPU is refused, later when the guest's
 * process serves, or does not come to in 30 seconds. Errors: -EEXIST (the domain has one), -EBUSY
 * (it is being attached, reset or detached; another guest has the vGPU, or a device has the slot),
 * -ESRCH (no such domain), -EINVAL (options, or dom0), -EOPNOTSUPP (a guest that cannot have one),
 * -ENOENT (type, UUID), -ENOSPC (nothing is left), or another errno.
 */
void daemon_attach(struct daemon *daemon, domid_t domid, const char *text, guest_done *done,
		   void *arg);

/* Where xl writes the process number of a domain's device model. */
#define XENGT_MODEL_PATH "/local/domain/%u/image/device-model-pid"

/**
 * daemon_start_model() - the domain's device model starts, and needs a vGPU.
 *
 * A domain without a vGPU gets one, as by daemon_attach(). If the domain has one and was soft reset
 * or has not run yet, its vGPU is reset as after power-on; type and settings stay, whatever @text
 * says. If the domain has run, somebody started another device model by hand, and the vGPU stays as
 * it is.
 *
 * @done as daemon_attach() has it, with -EEXIST where the domain runs with another device model.
 */
void daemon_start_model(struct daemon *daemon, domid_t domid, const char *text, guest_done *done,
			void *arg);

/**
 * daemon_detach() - take the guest's vGPU out of its domain, hang up on clients that follow it, and
 * free @guest. What the guest's process does not take away in 10 seconds is left to the next
 * xengtd, after a log line. @done is called once, maybe before this returns; it may be NULL.
 * -EBUSY: the vGPU is being attached, reset or detached.
 */
void daemon_detach(struct guest *guest, guest_done *done, void *arg);

/** daemon_leave_all() - leave all vGPUs to the next xengtd, but for those that are being attached.
 */
void daemon_leave_all(struct daemon *daemon);

/**
 * daemon_reap() - look up all guests' domains. Detach from dead ones: Xen cannot free a domain
 * whose memory is still mapped. Prepare suspended ones for saving. Reset the vGPUs of those that
 * were soft reset.
 */
void daemon_reap(struct daemon *daemon);

/** daemon_on_xenstore() - handle fired watches: a domain went or shut down, or a guest's name or
 * memory target changed. */
void daemon_on_xenstore(struct daemon *daemon);

/** daemon_take_up_all() - take up the vGPUs that an earlier xengtd left, and remove the files of
 * those whose domains are gone. */
void daemon_take_up_all(struct daemon *daemon);

/**
 * daemon_schedule() - set the share of the GPU's time of a vGPU, with a guest or without. It takes
 * effect at once. Returns 0, or a negative errno with nothing changed.
 */
int daemon_schedule(struct daemon *daemon, struct xengt_instance *instance, u32 weight, u32 cap);

/**
 * daemon_reload() - read the settings again. A vGPU whose weight or cap is that of its type before
 * gets the type's new one. Returns as xengt_config_reload().
 */
int daemon_reload(struct daemon *daemon, char *why, size_t why_len);

/* ---- control.c, follow.c ---- */

/** control_open() - listen on the configured socket. Returns 0 or an errno, after a log line. */
int control_open(struct daemon *daemon);

/** control_close() - hang up on all clients and stop listening, if it listens. */
void control_close(struct daemon *daemon);

/**
 * control_forget() - @guest goes. Clients that follow it get no more events; the loop hangs up on
 * them once they have read what was queued. Frees no client.
 */
void control_forget(struct guest *guest);

/* ---- metrics.c ---- */

/** metrics_text() - all vGPUs' metrics for Prometheus, owned by the caller; NULL: no memory. */
char *metrics_text(struct daemon *daemon);

/* ---- mount.c: the tree of files (tree.h) as a file system ---- */

/**
 * mount_open() - serve the tree at the configured path, if there is one: the one that the service
 * manager has handed over, or else one that xengt-mount mounts now. A failure is logged, and xengtd
 * goes on without the tree.
 */
void mount_open(struct daemon *daemon);

/** mount_close() - serve it no more, and have it unmounted, unless the service manager does so. */
void mount_close(struct daemon *daemon);

/* ---- describe.c: what the control socket says of a vGPU, as JSON ---- */

/** describe_instance() - one vGPU's fields, with a guest or without. */
struct json_object *describe_instance(const struct xengt_instance *instance);

/** describe_types() - the types, and how many more of each there can be. */
struct json_object *describe_types(const struct daemon *daemon);

/** describe_state() - "free", "running" or "failed". */
const char *describe_state(const struct xengt_instance *instance);

/** describe_sections() - the sections of a guest's files, with the bytes that are in use. Returns
 * 0, or a negative errno with @why. */
int describe_sections(const struct guest *guest, struct json_object **out, char *why,
		      size_t why_len);

/** describe_load() - describe_instance() of a guest's vGPU, with its memory and all counters, by
 * the names of their files. */
struct json_object *describe_load(const struct guest *guest);

#endif
