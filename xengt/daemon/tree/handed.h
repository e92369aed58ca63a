/* SPDX-License-Identifier: MIT */
/* The mounted tree, as xengtd gets it: it may not mount. */
#ifndef XENGT_DAEMON_TREE_HANDED_H
#define XENGT_DAEMON_TREE_HANDED_H

#include <stdbool.h>

/**
 * tree_handed() - the descriptor that the service manager has of xengt-mount. Takes it out of the
 * manager's store, so that nobody else holds it: a xengtd that dies leaves a tree that answers with
 * an error. Returns the descriptor, which the caller owns, or -ENOENT.
 */
int tree_handed(void);

/**
 * tree_mount() - run xengt-mount, the program @helper, to mount the tree at @path.
 * Returns the descriptor, which the caller owns, or a negative errno.
 */
int tree_mount(const char *helper, const char *path);

/** tree_unmount() - run it to unmount what is at @path. */
void tree_unmount(const char *helper, const char *path);

/** tree_may_mount() - whether a program that xengtd runs could have the right to mount. */
bool tree_may_mount(void);

#endif
