/* SPDX-License-Identifier: MIT */
/*
 * A guest's process as xengtd sees it: started, asked, and started again when it dies.
 *
 * Only process_leave_all() waits for processes, for 5 seconds at most, and process_count() for
 * milliseconds. All of it runs in the main thread.
 */
#ifndef XENGT_DAEMON_PROCESS_H
#define XENGT_DAEMON_PROCESS_H

#include <sys/types.h>

#include "xengt/ask/ask.h"
#include "xengt/daemon/calls.h"
#include "xengt/guest/run.h"
#include "xengt/link/link.h"

struct daemon;
struct guest;
struct process;

/* How processes are run. */
struct process_runner {
	/**
	 * start() - have xengt_guest_run() run with @fds, which the caller still owns. Returns 0 or
	 * a negative errno; *@id receives a number for end().
	 */
	int (*start)(struct daemon *daemon, domid_t domid, const struct xengt_guest_fds *fds,
		     u64 *id);
	/**
	 * end() - end the process at once, and wait until it has ended.
	 * @how: receives how it ended, as the end of a sentence for the log.
	 */
	void (*end)(struct daemon *daemon, u64 id, char *how, size_t len);
	bool processes; /* whether *@id of start() is a process number */
};

/* Called for messages that are no answers. */
struct process_listener {
	/** event() - @guest's process traced @text, a line of JSON: a write to the watched frame
	 * @watched - 1 or, if @watched is 0, a request. @lost: events that the process has lost so
	 * far, modulo 2^32. */
	void (*event)(struct guest *guest, u64 watched, u32 lost, const char *text);
	/** serves() - a new process of @guest serves. It traces nothing yet. */
	void (*serves)(struct guest *guest);
};

/** process_spawn - the runner that executes xengt-guest. */
extern const struct process_runner process_spawn;

/** mount_program - where xengt-mount is. */
extern const char mount_program[];

enum process_state {
	PROCESS_STARTS,
	PROCESS_SERVES,
	PROCESS_FAILED, /* could not be started again; the guest waits at its next access */
};

/**
 * process_start() - start @guest's process. The guest's keeper is open. When it serves, and when it
 * ends, guest->moved() is called.
 * @once: when it ends before it has served, it is not started again: PROCESS_FAILED.
 * Returns 0, or a negative errno with @why; then the guest has no process.
 */
int process_start(struct guest *guest, bool once, char *why, size_t why_len);

/** process_failure() - why a process is PROCESS_FAILED: a negative errno, with @why. */
int process_failure(const struct guest *guest, char *why, size_t why_len);

/**
 * process_leave_all() - have all processes stop serving and leave their vGPUs to the next xengtd.
 * Asks all of them first, and then waits, PROCESS_PATIENCE_US in all at the most.
 */
void process_leave_all(struct daemon *daemon);

/** process_end() - end the guest's process at once and free it. Its keeper's thread ends too. */
void process_end(struct guest *guest);

/** process_state() - the state of @guest's process. */
enum process_state process_state(const struct guest *guest);

/**
 * process_ask() - ask the process. @done is called once, with the answer or an error: from the
 * loop, from process_end(), or before this returns if the process does not serve.
 * @done: NULL when nobody waits for an answer.
 */
void process_ask(struct guest *guest, enum xengt_link_type type, u64 value, const char *text,
		 process_done *done, void *arg);

/** process_forget() - do not call @done for questions that were asked with @arg. */
void process_forget(struct guest *guest, const void *arg);

/* For process_leave_all(). */
#define PROCESS_PATIENCE_US (5u * 1000000u)

/** process_count() - have all processes fill in their figures, and wait 20 ms for them at most. */
void process_count(struct daemon *daemon);

/** process_figures() - @guest's figures as last filled in; valid until its process ends. */
const struct xengt_figures *process_figures(const struct guest *guest);

#endif
