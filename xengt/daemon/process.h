/* SPDX-License-Identifier: MIT */
/*
 * A guest's process as xengtd has it: started, asked, and started again when it dies.
 *
 * Nothing here waits for a process but process_wait(), and that not for long. All of it runs in the
 * main thread.
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
	 * start() - have xengt_guest_run() run with @fds, which are the caller's still. Returns 0
	 * or a negative errno; *@id receives a number for what follows.
	 */
	int (*start)(struct daemon *daemon, domid_t domid, const struct xengt_guest_fds *fds,
		     u64 *id);
	/**
	 * end() - it does not answer any more, or is not to: end it at once, and wait until it has
	 * ended.
	 * @how: receives a sentence's end for the log.
	 */
	void (*end)(struct daemon *daemon, u64 id, char *how, size_t len);
	bool processes; /* whether a number of start()'s is a process' */
};

/* Who is told what processes say by themselves. */
struct process_listener {
	/** event() - @guest's process traced @text, a line of JSON: a write to the watched frame
	 * @watched - 1, or with 0 a request. @lost: events that it could not tell so far, modulo
	 * 2^32. */
	void (*event)(struct guest *guest, u64 watched, u32 lost, const char *text);
	/** serves() - @guest has a process that serves, which nobody has told what to trace. */
	void (*serves)(struct guest *guest);
};

/** process_spawn - the runner that executes xengt-guest. */
extern const struct process_runner process_spawn;

enum process_state {
	PROCESS_STARTS,
	PROCESS_SERVES,
	PROCESS_FAILED, /* died too often; the guest waits at its next access */
};

/**
 * process_start() - start @guest's process. Its keeper is open.
 * Returns 0, or a negative errno with @why; then it has none.
 */
int process_start(struct guest *guest, char *why, size_t why_len);

/**
 * process_serves() - wait until a process that starts serves, or says why it cannot.
 * Returns 0, or a negative errno with @why; then it has ended.
 */
int process_serves(struct guest *guest, char *why, size_t why_len);

/**
 * process_leave_all() - have all processes stop serving and leave their vGPUs to the next xengtd,
 * all at once, and wait for them as process_wait() does for one.
 */
void process_leave_all(struct daemon *daemon);

/** process_end() - end it at once, and forget it. Its keeper answers nobody any more. */
void process_end(struct guest *guest);

/** process_state() - how it is. */
enum process_state process_state(const struct guest *guest);

/**
 * process_ask() - ask it; @done is called with the answer, once, from the loop or from
 * process_end().
 * @done: NULL when nobody waits for an answer.
 */
void process_ask(struct guest *guest, enum xengt_link_type type, u64 value, const char *text,
		 process_done *done, void *arg);

/** process_forget() - whoever asked with @arg is gone: @done is not called. */
void process_forget(struct guest *guest, const void *arg);

/**
 * process_wait() - ask it, and wait for the answer, PROCESS_PATIENCE_US at the most.
 * @value, @text: receive what it says, if not NULL; *@text is the caller's. Returns its .err.
 */
int process_wait(struct guest *guest, enum xengt_link_type type, u64 value, const char *query,
		 u64 *answered, char **text);

#define PROCESS_PATIENCE_US (5u * 1000000u)

/** process_count() - have the figures of all guests told, as far as they are within a moment. */
void process_count(struct daemon *daemon);

/** process_figures() - as last told; valid as long as @guest is. */
const struct xengt_figures *process_figures(const struct guest *guest);

#endif
