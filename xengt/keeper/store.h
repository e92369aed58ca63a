/* SPDX-License-Identifier: MIT */
/*
 * xenstore, for a daemon that must not stand still when xenstored does. Each request is made by a thread
 * of its own, and is waited for no longer than XENGT_STORE_US; while one is under way, others fail at
 * once. What was asked is done all the same when xenstored goes on.
 */
#ifndef XENGT_KEEPER_STORE_H
#define XENGT_KEEPER_STORE_H

#include <xenstore.h>

#include "core/base/types.h"

#define XENGT_STORE_US 1000000u

struct xengt_store;

/** xengt_store_open() - reach xenstored. Returns 0 or a negative errno. */
int xengt_store_open(struct xengt_store **out);

/** xengt_store_close() - the reverse; NULL is allowed. */
void xengt_store_close(struct xengt_store *store);

/** xengt_store_handle() - of it, for tests: to be asked directly. */
struct xs_handle *xengt_store_handle(struct xengt_store *store);

/** xengt_store_fd() - readable when something that is watched has changed. */
int xengt_store_fd(struct xengt_store *store);

/** xengt_store_fired() - the path of a watch that fired, the caller's; NULL: none did. Never waits. */
char *xengt_store_fired(struct xengt_store *store);

/** xengt_store_read() - what stands at @path, the caller's. NULL: nothing, or xenstored does not answer. */
char *xengt_store_read(struct xengt_store *store, const char *path);

/** xengt_store_list() - the names below @path, in one block, the caller's, as xs_directory(). */
char **xengt_store_list(struct xengt_store *store, const char *path, unsigned int *nr);

/* All that follow return 0; -ETIMEDOUT, xenstored does not answer; or another negative errno. */
int xengt_store_write(struct xengt_store *store, const char *path, const char *value);
int xengt_store_remove(struct xengt_store *store, const char *path);
int xengt_store_watch(struct xengt_store *store, const char *path);
int xengt_store_unwatch(struct xengt_store *store, const char *path);

#endif
