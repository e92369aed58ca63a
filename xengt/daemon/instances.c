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
#include "xengt/settings/log.h"
#include "xengt/state/crc.h"
#include "xengt/xen/xengt.h"

#define SUFFIX ".instance"

/* The first line of a vGPU's file: this, with the checksum of the second line. The second line is
 * the vGPU's number and options. */
#define HEAD "xengt-instance 1 crc32c="

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

/* ---- how many more there can be ---- */

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

/* How many more state files have room in the state directory, beside @promised ones. */
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
	char path[300], next[310], text[512], line[600];
	FILE *file;
	int err, len;

	if (!instance->stays)
		return 0;
	path_of(all, instance->options.uuid, path, sizeof(path));
	snprintf(next, sizeof(next), "%s.new", path);
	xengt_options_print(&instance->options, text, sizeof(text));
	len = snprintf(line, sizeof(line), "%u %s", instance->options.id, text);
	file = fopen(next, "we");
	if (!file)
		return -errno;
	err = fprintf(file, HEAD "%08x\n%s\n", xengt_crc32c(0, line, len), line) < 0 ? -EIO : 0;
	if (fclose(file) && !err)
		err = -errno;
	if (!err && rename(next, path))
		err = -errno;
	if (err)
		unlink(next);
	return err;
}

/* Reads the file at @path into @options. Returns what is wrong with it, or NULL. */
static const char *load(const char *path, struct xengt_options *options)
{
	FILE *file = fopen(path, "re");
	char head[64] = "", line[600] = "", sum[sizeof(head)], why[256];
	const char *at = line;
	u64 id;

	if (!file)
		return strerror(errno);
	if (fgets(head, sizeof(head), file) && !fgets(line, sizeof(line), file))
		line[0] = '\0';
	fclose(file);
	if (strncmp(head, HEAD, strlen(HEAD)))
		return "it is no vGPU's state, or another version of xengt wrote it";
	line[strcspn(line, "\n")] = '\0';
	snprintf(sum, sizeof(sum), HEAD "%08x\n", xengt_crc32c(0, line, strlen(line)));
	if (strcmp(head, sum))
		return "it is damaged: its checksum does not fit";
	*options = xengt_options_default();
	if (xengt_number_at(&at, XENGT_DECIMAL, UINT32_MAX, &id) || !id || *at++ != ' ' ||
	    xengt_options_parse(at, options, why, sizeof(why)) || !options->uuid[0] ||
	    !options->type[0])
		return "it has options that this version does not know";
	options->id = id;
	return NULL;
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
		const char *wrong;

		if (len != XENGT_UUID_MAX - 1 + strlen(SUFFIX) ||
		    strcmp(entry->d_name + XENGT_UUID_MAX - 1, SUFFIX))
			continue;
		snprintf(uuid, sizeof(uuid), "%.36s", entry->d_name);
		path_of(all, uuid, path, sizeof(path));
		wrong = load(path, &options);
		if (!wrong && strcmp(options.uuid, uuid))
			wrong = "it is another vGPU's";
		if (!wrong && !add(all, &options, true))
			wrong = "out of memory";
		if (wrong)
			xengt_log(XENGT_ERR, "%s is left as it is: %s", path, wrong);
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

	/* The list is sorted by number. */
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
