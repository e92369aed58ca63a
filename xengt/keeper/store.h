/* SPDX-License-Identifier: MIT */
/*
 * xenstore, without blocking xengtd when xenstored does not answer. A thread makes all requests;
 * the caller waits for it no longer than XENGT_STORE_US. A request that took longer goes on, and is
 * carried out when xenstored answers again; until then, others fail at once.
 */
#ifndef XENGT_KEEPER_STORE_H
#define XENGT_KEEPER_STORE_H

#include <xenstore.h>

#include "core/base/types.h"

#define XENGT_STORE_US 1000000u

struct xengt_store;

/** xengt_store_open() - connect to xenstored. Returns 0 or a negative errno. */
int xengt_store_open(struct xengt_store **out);

/** xengt_store_close() - disconnect; NULL is allowed. */
void xengt_store_close(struct xengt_store *store);

/** xengt_store_handle() - the xenstore handle, for tests. */
struct xs_handle *xengt_store_handle(struct xengt_store *store);

/** xengt_store_fd() - a descriptor that is readable when a watch has fired. */
int xengt_store_fd(struct xengt_store *store);

/** xengt_store_fired() - the path of a watch that fired, owned by the caller; NULL: none has. Never
 * waits. */
char *xengt_store_fired(struct xengt_store *store);

/** xengt_store_read() - the value at @path, owned by the caller. NULL: there is none, or xenstored
 * does not answer. */
char *xengt_store_read(struct xengt_store *store, const char *path);

/** xengt_store_list() - the names below @path, in one block that the caller owns, as xs_directory()
 * returns them. NULL: there are none, or xenstored does not answer. */
char **xengt_store_list(struct xengt_store *store, const char *path, unsigned int *nr);

/* The functions below return 0; -ETIMEDOUT: xenstored does not answer; or another negative
 * errno. */
int xengt_store_write(struct xengt_store *store, const char *path, const char *value);
int xengt_store_remove(struct xengt_store *store, const char *path);
int xengt_store_watch(struct xengt_store *store, const char *path);
int xengt_store_unwatch(struct xengt_store *store, const char *path);

#endif
