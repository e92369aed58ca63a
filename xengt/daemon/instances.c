/* SPDX-License-Identifier: MIT */
#include "xengt/daemon/instances.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "core/base/number.h"
#include "xengt/guest/xengt.h"
#include "xengt/settings/log.h"

#define SUFFIX ".instance"

static void path_of(const struct xengt_instances *all, const char *uuid, char *path, size_t len)
{
	snprintf(path, len, "%s/%s" SUFFIX, all->config->state_dir, uuid);
}

struct xengt_instance *xengt_instances_find(struct xengt_instances *all, const char *uuid)
{
	for (struct xengt_instance *i = all->first; i; i = i->next)
		if (!strcmp(i->options.uuid, uuid))
			return i;
	return NULL;
}

struct xengt_instance *xengt_instances_serial(struct xengt_instances *all, u32 serial)
{
	for (struct xengt_instance *i = all->first; i; i = i->next)
		if (i->serial == serial)
			return i;
	return NULL;
}

/* ---- what is left ---- */

struct used {
	u32 nr, of_type, without_guest;
	u64 memory_mib;
};

static struct used used_by(const struct xengt_instances *all, const char *type)
{
	struct used used = { 0 };

	for (const struct xengt_instance *i = all->first; i; i = i->next) {
		used.nr++;
		used.of_type += type && !strcmp(i->options.type, type);
		used.without_guest += !i->guest;
		used.memory_mib += i->options.memory_mib;
	}
	return used;
}

static u32 left(u64 limit, u64 used)
{
	return used < limit ? limit - used : 0;
}

static u32 least(u32 a, u32 b)
{
	return a < b ? a : b;
}

u32 xengt_instances_memory_left(const struct xengt_instances *all)
{
	u32 limit = all->config->memory_mb;

	return limit ? left(limit, used_by(all, NULL).memory_mib) : ~0u;
}

/* States that would find room beside those that are promised already. */
static u32 states_left(const struct xengt_instances *all, u32 promised)
{
	struct statvfs fs;

	if (statvfs(all->config->state_dir, &fs))
		return 0;
	return left((u64)fs.f_bavail * fs.f_frsize / xengt_state_cost(), promised);
}

static u32 available(const struct xengt_instances *all, const struct xengt_options *options,
		     u32 of_type_max)
{
	struct used used = used_by(all, options->type);
	u32 nr = least(left(all->config->max_vgpus, used.nr), states_left(all, used.without_guest));

	if (of_type_max)
		nr = least(nr, left(of_type_max, used.of_type));
	if (all->config->memory_mb)
		nr = least(nr, xengt_instances_memory_left(all) / options->memory_mib);
	return nr;
}

u32 xengt_instances_available(const struct xengt_instances *all, const struct xengt_type *type)
{
	return available(all, &type->options, type->instances);
}

/* ---- files ---- */

int xengt_instance_save(const struct xengt_instances *all, const struct xengt_instance *instance)
{
	char path[300], next[310], text[512];
	FILE *file;
	int err;

	if (!instance->stays)
		return 0;
	path_of(all, instance->options.uuid, path, sizeof(path));
	snprintf(next, sizeof(next), "%s.new", path);
	xengt_options_print(&instance->options, text, sizeof(text));
	file = fopen(next, "we");
	if (!file)
		return -errno;
	err = fprintf(file, "%u %s\n", instance->options.id, text) < 0 ? -EIO : 0;
	if (fclose(file) && !err)
		err = -errno;
	if (!err && rename(next, path))
		err = -errno;
	if (err)
		unlink(next);
	return err;
}

static int load(const char *path, struct xengt_options *options)
{
	FILE *file = fopen(path, "re");
	char line[600], why[256];
	const char *at = line;
	u64 id;
	int err = -EPROTO;

	if (!file)
		return -errno;
	*options = xengt_options_default();
	if (fgets(line, sizeof(line), file)) {
		line[strcspn(line, "\n")] = '\0';
		if (!xengt_number_at(&at, XENGT_DECIMAL, UINT32_MAX, &id) && id && *at++ == ' ' &&
		    !xengt_options_parse(at, options, why, sizeof(why)) && options->uuid[0] &&
		    options->type[0]) {
			options->id = id;
			err = 0;
		}
	}
	fclose(file);
	return err;
}

static struct xengt_instance *add(struct xengt_instances *all, const struct xengt_options *options,
				  bool stays)
{
	struct xengt_instance *instance = calloc(1, sizeof(*instance)), **link = &all->first;

	if (!instance)
		return NULL;
	instance->options = *options;
	instance->stays = stays;
	instance->serial = ++all->last_serial;
	while (*link && (*link)->options.id < options->id)
		link = &(*link)->next;
	instance->next = *link;
	*link = instance;
	return instance;
}

void xengt_instances_load(struct xengt_instances *all)
{
	DIR *dir = opendir(all->config->state_dir);
	struct dirent *entry;

	while (dir && (entry = readdir(dir))) {
		struct xengt_options options;
		char uuid[XENGT_UUID_MAX], path[300];
		size_t len = strlen(entry->d_name);

		if (len != XENGT_UUID_MAX - 1 + strlen(SUFFIX) ||
		    strcmp(entry->d_name + XENGT_UUID_MAX - 1, SUFFIX))
			continue;
		snprintf(uuid, sizeof(uuid), "%.36s", entry->d_name);
		path_of(all, uuid, path, sizeof(path));
		if (load(path, &options) || strcmp(options.uuid, uuid) || !add(all, &options, true))
			xengt_log(XENGT_ERR, "%s: not a vGPU's file, or of another version", path);
	}
	if (dir)
		closedir(dir);
}

void xengt_instances_free(struct xengt_instances *all)
{
	while (all->first) {
		struct xengt_instance *instance = all->first;

		all->first = instance->next;
		free(instance);
	}
}

/* ---- life ---- */

static u32 free_id(const struct xengt_instances *all)
{
	u32 id = 1;

	/* They stand in the order of their numbers. */
	for (const struct xengt_instance *i = all->first; i && i->options.id <= id; i = i->next)
		id = i->options.id + 1;
	return id;
}

int xengt_instance_create(struct xengt_instances *all, const struct xengt_options *options,
			  bool stays, struct xengt_instance **out, char *why, size_t why_len)
{
	const struct xengt_type *type = xengt_types_find(&all->config->types, options->type);
	struct xengt_options made = *options;
	struct xengt_instance *instance;
	int err;

	if (!type) {
		snprintf(why, why_len, "there is no type '%s'", options->type);
		return -ENOENT;
	}
	if (made.uuid[0] && xengt_instances_find(all, made.uuid)) {
		snprintf(why, why_len, "there is a vGPU %s already", made.uuid);
		return -EEXIST;
	}
	if (!available(all, &made, type->instances)) {
		snprintf(why, why_len, "no vGPU of type %s with %u MiB is left", made.type,
			 made.memory_mib);
		return -ENOSPC;
	}
	made.id = free_id(all);
	err = made.uuid[0] ? 0 : xengt_uuid_make(made.uuid);
	instance = err ? NULL : add(all, &made, stays);
	if (!instance) {
		snprintf(why, why_len, "out of memory, or of random numbers");
		return -ENOMEM;
	}
	err = xengt_instance_save(all, instance);
	if (err) {
		snprintf(why, why_len, "%s: %s", all->config->state_dir, strerror(-err));
		instance->stays = false;
		xengt_instance_unbind(all, instance);
		return err;
	}
	*out = instance;
	return 0;
}

int xengt_instance_create_type(struct xengt_instances *all, const char *name, const char *uuid,
			       struct xengt_instance **out, char *why, size_t why_len)
{
	const struct xengt_type *type = xengt_types_find(&all->config->types, name);
	struct xengt_options options;

	if (!type) {
		snprintf(why, why_len, "there is no type '%s'", name);
		return -ENOENT;
	}
	options = type->options;
	if (uuid && xengt_uuid_parse(uuid, options.uuid)) {
		snprintf(why, why_len, "'%s' is no UUID", uuid);
		return -EINVAL;
	}
	return xengt_instance_create(all, &options, true, out, why, why_len);
}

struct xengt_instance *xengt_instance_adopt(struct xengt_instances *all,
					    const struct xengt_options *options)
{
	return add(all, options, false);
}

static void drop(struct xengt_instances *all, struct xengt_instance *instance)
{
	struct xengt_instance **link = &all->first;

	while (*link != instance)
		link = &(*link)->next;
	*link = instance->next;
	free(instance);
}

int xengt_instance_remove(struct xengt_instances *all, struct xengt_instance *instance, char *why,
			  size_t why_len)
{
	char path[300];

	if (instance->guest) {
		snprintf(why, why_len, "a guest has vGPU %s", instance->options.uuid);
		return -EBUSY;
	}
	path_of(all, instance->options.uuid, path, sizeof(path));
	unlink(path);
	drop(all, instance);
	return 0;
}

void xengt_instance_unbind(struct xengt_instances *all, struct xengt_instance *instance)
{
	instance->guest = NULL;
	if (!instance->stays)
		drop(all, instance);
}
