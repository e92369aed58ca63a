/* SPDX-License-Identifier: MIT */
/*
 * What a guest is in the midst of: its vGPU is being attached, reset or detached. Each is a message
 * to the guest's process and its answer, with a deadline. xengtd does other work meanwhile.
 *
 * A guest is in the midst of one such work at a time. Work ends in a turn of the loop of its own,
 * never within a message's handler, so that what it ends with may free the guest.
 */
#ifndef XENGT_DAEMON_WORK_H
#define XENGT_DAEMON_WORK_H

#include "xengt/daemon/daemon.h"
#include "xengt/link/link.h"

/* A kind of work. */
struct work_kind {
	const char *is;	       /* "its vGPU is being ...", for an error */
	bool asks;	       /* the process gets a question; otherwise it only has to serve */
	bool hides;	       /* the vGPU cannot be asked for anything meanwhile */
	bool ends;	       /* the guest loses its vGPU: if its domain dies, that is done too */
	unsigned int patience; /* seconds */
	/**
	 * over() - the work has ended, with 0 or an errno and the sentence @why, which this may
	 * replace. Returns the guest, or NULL after freeing it; *@err receives what is answered.
	 */
	struct guest *(*over)(struct guest *guest, int *err, char *why, size_t why_len);
};

/**
 * work_begin() - @guest begins. It is in the midst of nothing.
 * @type, @value: the question, if the kind has one. A process that has died, or dies in the midst,
 * is asked when it serves again; one that was given up is started once more.
 * @done: called once, from the loop; may be NULL.
 *
 * Returns 0, or a negative errno: nothing began, and nobody is called.
 */
int work_begin(struct guest *guest, const struct work_kind *kind, enum xengt_link_type type,
	       u64 value, guest_done *done, void *arg);

/** work_stop() - the guest's work, if there is one, ends here, and who waits for it is told @err
 * and @why. -ESRCH: the domain has died. */
void work_stop(struct guest *guest, int err, const char *why);

/** work_join() - @done is called when the work of @kind that the guest is in the midst of ends.
 * False: there is none, or somebody waits for it already. */
bool work_join(struct guest *guest, const struct work_kind *kind, guest_done *done, void *arg);

/** work_is() - whether the guest is in the midst of @kind. */
bool work_is(const struct guest *guest, const struct work_kind *kind);

/** work_done() - whether the process has done what @guest's work asked of it. */
bool work_done(const struct guest *guest);

/** work_busy() - whether nothing else can be begun, with a sentence. @hidden: whether nothing can
 * be asked either. */
bool work_busy(const struct guest *guest, bool hidden, char *why, size_t why_len);

#endif
