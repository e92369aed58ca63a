/* SPDX-License-Identifier: MIT */
/* A guest in the daemon's list: for the files that attach, detach and follow guests. */
#ifndef XENGT_DAEMON_GUEST_H
#define XENGT_DAEMON_GUEST_H

#include "xengt/daemon/daemon.h"

/**
 * guest_add() - open a keeper for @domid, and start its process, which does not serve yet.
 * @options: NULL: the vGPU is one that an earlier daemon left. Returns 0; or a negative errno with
 * @why.
 */
int guest_add(struct daemon *daemon, domid_t domid, const struct xengt_options *options,
	      struct guest **out, char *why, size_t why_len);

/** guest_drop() - end its process, if there is one, and forget it. @keep: its vGPU is for another
 * daemon. */
void guest_drop(struct guest *guest, bool keep);

/** guest_lives() - whether its domain is there, with what Xen says of it. */
bool guest_lives(const struct guest *guest, struct xengt_dominfo *info);

/** guest_gone() - its domain has died: log so, and guest_drop() it. Xen frees all that its vGPU had
 * in the domain. What it was in the midst of fails with -ESRCH. */
void guest_gone(struct guest *guest);

/** guest_bind() - it has @instance. */
void guest_bind(struct xengt_instance *instance, struct guest *guest);

/** guest_leave() - log that its vGPU is for another daemon, and guest_drop() it so. */
void guest_leave(struct guest *guest);

/** guest_log_attached() - log that it has its vGPU; @take_up: again. */
void guest_log_attached(const struct guest *guest, bool take_up);

/** guest_refused() - log that a domain gets no vGPU. */
void guest_refused(domid_t domid, const char *why);

#endif
