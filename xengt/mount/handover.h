/* SPDX-License-Identifier: MIT */
/* How xengt-mount hands the descriptor of the mounted tree over to xengtd, where xengtd runs it. */
#ifndef XENGT_MOUNT_HANDOVER_H
#define XENGT_MOUNT_HANDOVER_H

/* The descriptor's name in the service manager's store (FDNAME= of sd_notify(3)). */
#define XENGT_TREE_NAME "tree"

/**
 * xengt_handover_give() - send @fd over the socket @to; a negative @fd: why there is none, an
 * errno. Returns 0 or a negative errno.
 */
int xengt_handover_give(int to, int fd);

/**
 * xengt_handover_take() - receive it over the socket @from. Returns the descriptor, which the
 * caller owns, or a negative errno: xengt-mount's, or -EPIPE: it ended without a word.
 */
int xengt_handover_take(int from);

#endif
