/* SPDX-License-Identifier: MIT */
/*
 * A guest's keeper, in xengtd: it does for one guest's process what only xengtd may do, after
 * checking that the process may ask for it. When the process is gone, the keeper undoes it.
 *
 * A thread of the keeper answers the process. The main thread of xengtd opens and closes the
 * keeper, and calls it. A lock guards what both use. The thread works for its process for a bounded
 * part of the time (budget.h).
 */
#ifndef XENGT_KEEPER_KEEPER_H
#define XENGT_KEEPER_KEEPER_H

#include "core/base/types.h"
#include "xengt/ask/ask.h"
#include "xengt/keeper/budget.h"
#include "xengt/keeper/dom0.h"
#include "xengt/keeper/log.h"
#include "xengt/settings/log.h"

/**
 * xengt_keeper_open() - open a keeper for domain @domid, with a new vGPU of @options. @options
 * NULL: with the vGPU that an earlier xengtd left; its pins and aliases are removed.
 *
 * Returns 0; or with @why, a sentence: -ESRCH (no such domain; its files are removed), -EINVAL
 * (dom0), -EOPNOTSUPP (a guest that cannot have a vGPU), -EEXIST (it has files), -ENOENT (it has no
 * files), -EPROTO (its files are damaged, or of another version), -ESTALE (the domain is another
 * one by now), or another negative errno.
 */
int xengt_keeper_open(struct xengt_dom0 *dom0, domid_t domid, const struct xengt_options *options,
		      struct xengt_keeper **out, char *why, size_t why_len);

/**
 * xengt_keeper_close() - the guest's process is gone: undo what was done for it, and free the
 * keeper.
 * @keep: the files stay, sealed, for another xengtd. Returns false, after a log line, if something
 * cannot be undone; then the files stay too.
 */
bool xengt_keeper_close(struct xengt_keeper *keeper, bool keep);

/**
 * xengt_keeper_serve() - start the thread that answers a process; one process at a time. @start
 * receives what the process is to get; the caller owns the descriptors. Returns 0 or a negative
 * errno.
 */
int xengt_keeper_serve(struct xengt_keeper *keeper, struct xengt_start *start);

/** xengt_keeper_charge_by() - for tests: charge the process by @clock. No thread runs. */
void xengt_keeper_charge_by(struct xengt_keeper *keeper, const struct xengt_keeper_clock *clock);

/** xengt_keeper_stop() - end the thread that answers the process. */
void xengt_keeper_stop(struct xengt_keeper *keeper);

/** xengt_keeper_recover() - remove the pins and aliases that a dead process has left. Returns 0, or
 * a negative errno: some are left, and noted. */
int xengt_keeper_recover(struct xengt_keeper *keeper);

/** xengt_keeper_ready() - the process serves, with ioreq server @server. From now on another
 * process may take the vGPU up. Publishes the vGPU in xenstore. */
void xengt_keeper_ready(struct xengt_keeper *keeper, u32 server);

/** xengt_keeper_publish() - write the vGPU's settings to xenstore again. */
void xengt_keeper_publish(struct xengt_keeper *keeper);

/** xengt_keeper_withdraw() - remove the vGPU from xenstore. */
void xengt_keeper_withdraw(struct xengt_keeper *keeper);

/** xengt_keeper_kept() - the file's content. The main thread may set .booted, .weight and .cap. */
struct xengt_kept *xengt_keeper_kept(struct xengt_keeper *keeper);

/** xengt_keeper_name() - the guest's name, as last read from xenstore. */
const char *xengt_keeper_name(const struct xengt_keeper *keeper);

/** xengt_keeper_domid() - the guest's domain. */
domid_t xengt_keeper_domid(const struct xengt_keeper *keeper);

/** xengt_keeper_follow() - read the domain's name and memory target from xenstore again. */
void xengt_keeper_follow(struct xengt_keeper *keeper);

#endif
