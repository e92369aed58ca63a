/* SPDX-License-Identifier: MIT */
/*
 * The vGPUs of this host, whether a guest has them or not. One made by its UUID and a type stays
 * until it is removed, and is bound to one guest after another; one made as it is attached goes
 * with its guest. Those that stay are files in the state directory, which another daemon reads.
 *
 * All of it runs in the daemon's main thread.
 */
#ifndef XENGT_DAEMON_INSTANCES_H
#define XENGT_DAEMON_INSTANCES_H

#include "xengt/settings/config.h"

struct guest;

struct xengt_instance {
	struct xengt_options options; /* with its type's name, UUID and number */
	bool stays;		      /* when its guest goes */
	u32 serial;		      /* never used twice by one process */
	struct guest *guest;	      /* who has it, or NULL; the daemon's */
	struct xengt_instance *next;
};

struct xengt_instances {
	const struct xengt_config *config; /* types, limits and the state directory; the owner's */
	struct xengt_instance *first;
	u32 last_serial;
};

/**
 * xengt_instances_load() - those that an earlier daemon left in the state directory.
 * Unreadable ones are left where they are, after a log line.
 */
void xengt_instances_load(struct xengt_instances *all);

/** xengt_instances_free() - forget all of them; their files stay. */
void xengt_instances_free(struct xengt_instances *all);

/** xengt_instances_find() - by UUID; or NULL. */
struct xengt_instance *xengt_instances_find(struct xengt_instances *all, const char *uuid);

/** xengt_instances_serial() - by serial number; or NULL. */
struct xengt_instance *xengt_instances_serial(struct xengt_instances *all, u32 serial);

/**
 * xengt_instances_available() - how many more of @type there can be: by numbers, by the type's and
 * the host's limits of the configuration, and by room in the state directory.
 */
u32 xengt_instances_available(const struct xengt_instances *all, const struct xengt_type *type);

/** xengt_instances_memory_left() - MiB of graphics memory not yet promised; ~0: no limit is set. */
u32 xengt_instances_memory_left(const struct xengt_instances *all);

/**
 * xengt_instance_create() - make one that stays, or (@stays false) one for a guest to be.
 * @options: with .type set, and .uuid or none, which makes a random one. Sizes are taken as they
 *           are.
 * Returns 0, -EEXIST (UUID), -ENOENT (type), -ENOSPC (nothing is left) or an errno, with @why.
 */
int xengt_instance_create(struct xengt_instances *all, const struct xengt_options *options,
			  bool stays, struct xengt_instance **out, char *why, size_t why_len);

/** xengt_instance_create_type() - the same, as @type says; @uuid may be NULL. -EINVAL: no UUID. */
int xengt_instance_create_type(struct xengt_instances *all, const char *type, const char *uuid,
			       struct xengt_instance **out, char *why, size_t why_len);

/** xengt_instance_adopt() - one that a guest's state speaks of. NULL: out of memory. */
struct xengt_instance *xengt_instance_adopt(struct xengt_instances *all,
					    const struct xengt_options *options);

/** xengt_instance_remove() - end it. Returns 0, or -EBUSY with @why while a guest has it. */
int xengt_instance_remove(struct xengt_instances *all, struct xengt_instance *instance, char *why,
			  size_t why_len);

/** xengt_instance_unbind() - its guest is gone; so is it, unless it stays. */
void xengt_instance_unbind(struct xengt_instances *all, struct xengt_instance *instance);

/** xengt_instance_save() - note what was changed of .options. Returns 0 or a negative errno. */
int xengt_instance_save(const struct xengt_instances *all, const struct xengt_instance *instance);

#endif
