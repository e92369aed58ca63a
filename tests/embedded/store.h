/* SPDX-License-Identifier: MIT */
/* The tree (store.c) for the library calls (xs.c); all but store_lock() with the lock held. */
#ifndef EMBEDDED_STORE_H
#define EMBEDDED_STORE_H

#include "internal.h"

#define STORE_PATH_MAX 3072 /* XENSTORE_ABS_PATH_MAX */

struct xs_handle;

struct watch {
	struct xs_handle *owner;
	char *path; /* absolute, or a special name */
	char *token;
	size_t relative; /* bytes of @path that the owner did not write */
	struct watch *next;
};

void store_lock(void);
void store_unlock(void);
struct watch **store_watch_list(void);

/* Return 0 or -errno. *value and *names are one malloc'ed block each. */
int store_read(const char *path, char **value, unsigned int *len);
int store_write(const char *path, const void *data, unsigned int len);
int store_mkdir(const char *path);
int store_rm(const char *path);
int store_list(const char *path, char ***names, unsigned int *num);
bool store_introduced(unsigned int domid);

/* Queues an event for the watch's owner (xs.c). */
void store_event(struct watch *w, const char *path);

#endif
