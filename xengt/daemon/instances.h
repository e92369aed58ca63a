/* SPDX-License-Identifier: MIT */
/*
 * The vGPUs of this host, with guests or without. A vGPU that was created by itself stays until it
 * is removed, and may have one guest after another. A vGPU that was made by attaching is removed
 * when its guest goes. Those that stay have a file in the state directory, which the next xengtd
 * reads.
 *
 * All of it runs in the main thread of xengtd.
 */
#ifndef XENGT_DAEMON_INSTANCES_H
#define XENGT_DAEMON_INSTANCES_H

#include "xengt/settings/config.h"

struct guest;

struct xengt_instance {
	struct xengt_options options; /* with its type's name, UUID and number */
	bool stays;		      /* when its guest goes */
	u32 serial;		      /* unique while this xengtd runs */
	struct guest *guest;	      /* that has it, or NULL; owned by struct daemon */
	struct xengt_instance *next;
};

struct xengt_instances {
	const struct xengt_config *config; /* types, limits and the state directory; the owner's */
	struct xengt_instance *first;
	u32 last_serial;
};

/**
 * xengt_instances_load() - read the vGPUs in the state directory. Unreadable files are logged, and
 * stay where they are.
 */
void xengt_instances_load(struct xengt_instances *all);

/** xengt_instances_free() - forget all of them; their files stay. */
void xengt_instances_free(struct xengt_instances *all);

/** xengt_instances_find() - by UUID; or NULL. */
struct xengt_instance *xengt_instances_find(struct xengt_instances *all, const char *uuid);

/** xengt_instances_serial() - by serial number; or NULL. */
struct xengt_instance *xengt_instances_serial(struct xengt_instances *all, u32 serial);

/**
 * xengt_instances_available() - how many more of @type there can be, by the configured limits of
 * the type and of the host, and by room in the state directory.
 */
u32 xengt_instances_available(const struct xengt_instances *all, const struct xengt_type *type);

/** xengt_instances_memory_left() - MiB of graphics memory not yet promised; ~0: no limit is set. */
u32 xengt_instances_memory_left(const struct xengt_instances *all);

/**
 * xengt_instance_create() - make a vGPU that stays, or (@stays false) one for a guest that is being
 * attached.
 * @options: .type is set; without .uuid, the vGPU gets a random one. Sizes are not rounded.
 * Returns 0, -EEXIST (UUID), -ENOENT (type), -ENOSPC (nothing is left) or an errno, with @why.
 */
int xengt_instance_create(struct xengt_instances *all, const struct xengt_options *options,
			  bool stays, struct xengt_instance **out, char *why, size_t why_len);

/** xengt_instance_create_type() - make one of @type that stays. @uuid may be NULL. Returns as
 * xengt_instance_create(), or -EINVAL: @uuid is no UUID. */
int xengt_instance_create_type(struct xengt_instances *all, const char *type, const char *uuid,
			       struct xengt_instance **out, char *why, size_t why_len);

/** xengt_instance_adopt() - add the vGPU that a guest's files describe. NULL: out of memory. */
struct xengt_instance *xengt_instance_adopt(struct xengt_instances *all,
					    const struct xengt_options *options);

/** xengt_instance_remove() - remove a vGPU and its file. Returns 0, or -EBUSY with @why while a
 * guest has it. */
int xengt_instance_remove(struct xengt_instances *all, struct xengt_instance *instance, char *why,
			  size_t why_len);

/** xengt_instance_unbind() - its guest is gone: remove the vGPU, unless it stays. */
void xengt_instance_unbind(struct xengt_instances *all, struct xengt_instance *instance);

/** xengt_instance_save() - write its file, if it stays. Returns 0 or a negative errno. */
int xengt_instance_save(const struct xengt_instances *all, const struct xengt_instance *instance);

#endif
