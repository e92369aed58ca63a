/* SPDX-License-Identifier: MIT */
/*
 * A guest's keeper, in xengtd: it does for one guest's process what only xengtd may do, after
 * looking whether that process may ask for it, and undoes it when the process is gone.
 *
 * A thread of the keeper's own answers the process. The daemon's main thread opens, closes and asks
 * the keeper; a lock is between them.
 */
#ifndef XENGT_KEEPER_KEEPER_H
#define XENGT_KEEPER_KEEPER_H

#include "core/base/types.h"
#include "xengt/ask/ask.h"
#include "xengt/keeper/dom0.h"
#include "xengt/keeper/log.h"
#include "xengt/settings/log.h"

/* The suffix of the file in which a guest's process keeps its state; xengt_kept_kind is the other.
 */
#define XENGT_STATE_SUFFIX ".vgpu"

/**
 * xengt_keeper_open() - keep for domain @domid, with a new vGPU of @options; or, @options being
 * NULL, with the one that an earlier xengtd left, whose pins and aliases are taken away.
 *
 * Returns 0; or with @why, a sentence: -ESRCH (no such domain, and nothing is left of its vGPU),
 * -EINVAL (dom0), -EOPNOTSUPP (a guest that cannot have one), -EEXIST (it has files), -ENOENT (it
 * has none), -EPROTO (they are damaged, or of another version), -ESTALE (the domain is another one
 * by now), or another negative errno.
 */
int xengt_keeper_open(struct xengt_dom0 *dom0, domid_t domid, const struct xengt_options *options,
		      struct xengt_keeper **out, char *why, size_t why_len);

/**
 * xengt_keeper_close() - the guest's process is gone: undo what was done for it, and forget the
 * guest.
 * @keep: its files stay, sealed, for another xengtd. They stay too when something cannot be undone,
 * which is logged; the return value is false then.
 */
bool xengt_keeper_close(struct xengt_keeper *keeper, bool keep);

/**
 * xengt_keeper_serve() - answer a process from now on, one at a time. @start receives what that
 * process is to have; the descriptors are the caller's. Returns 0 or a negative errno.
 */
int xengt_keeper_serve(struct xengt_keeper *keeper, struct xengt_start *start);

/** xengt_keeper_stop() - answer it no more. */
void xengt_keeper_stop(struct xengt_keeper *keeper);

/** xengt_keeper_recover() - take pins and aliases away that a process left which is gone. Returns 0
 * or a negative errno: some are left, and noted. */
int xengt_keeper_recover(struct xengt_keeper *keeper);

/** xengt_keeper_ready() - its process serves with @server, an ioreq server's number: what is kept
 * of it may be taken up from now on, and xenstore says so. */
void xengt_keeper_ready(struct xengt_keeper *keeper, u32 server);

/** xengt_keeper_publish() - say it in xenstore again. */
void xengt_keeper_publish(struct xengt_keeper *keeper);

/** xengt_keeper_withdraw() - xenstore says nothing of a vGPU any more. */
void xengt_keeper_withdraw(struct xengt_keeper *keeper);

/** xengt_keeper_kept() - what is kept; main thread: .booted and the share may be set. */
struct xengt_kept *xengt_keeper_kept(struct xengt_keeper *keeper);

/** xengt_keeper_name() - the guest's name, as last read from xenstore. */
const char *xengt_keeper_name(const struct xengt_keeper *keeper);

/** xengt_keeper_domid() - its number. */
domid_t xengt_keeper_domid(const struct xengt_keeper *keeper);

/** xengt_keeper_follow() - xenstore may have another name for the domain by now, or another target
 * of memory. */
void xengt_keeper_follow(struct xengt_keeper *keeper);

#endif
