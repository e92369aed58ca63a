/* SPDX-License-Identifier: MIT */
/* vGPUs as the control socket describes them, with guests or without. */
#include <stdio.h>
#include <unistd.h>

#include "xengt/control/json.h"
#include "xengt/daemon/daemon.h"
#include "xengt/daemon/process.h"
#include "xengt/guest/tell/tell.h"
#include "xengt/state/file.h"

static void put_sizes(struct json_object *to, const struct xengt_options *options)
{
	put_u64(to, "aperture_mb", options->aperture_mib);
	put_u64(to, "memory_mb", options->memory_mib);
	put_u64(to, "fences", options->fences);
	put_u64(to, "audit_user", options->audit_user);
	put_u64(to, "heads", options->heads);
	put_u64(to, "weight", options->weight);
	put_u64(to, "cap", options->cap);
}

const char *describe_state(const struct xengt_instance *instance)
{
	if (!instance->guest)
		return "free";
	return process_state(instance->guest) == PROCESS_FAILED ? "failed" : "running";
}

struct json_object *describe_instance(const struct xengt_instance *instance)
{
	const struct guest *guest = instance->guest;
	struct json_object *all = json_object_new_object();
	char slot[16];

	/* A vGPU without a guest has no domain, name or slot. */
	json_object_object_add(all, "domid", guest ? json_object_new_uint64(guest->domid) : NULL);
	json_object_object_add(all, "name",
			       guest ? json_object_new_string(xengt_keeper_name(guest->keeper))
				     : NULL);
	if (guest)
		snprintf(slot, sizeof(slot), "00:%02x.0",
			 xengt_keeper_kept(guest->keeper)->options.slot);
	json_object_object_add(all, "slot", guest ? json_object_new_string(slot) : NULL);
	put_sizes(all, &instance->options);
	put_str(all, "state", describe_state(instance));
	put_u64(all, "id", instance->options.id);
	put_str(all, "type", instance->options.type);
	put_str(all, "uuid", instance->options.uuid);
	return all;
}

struct json_object *describe_types(const struct daemon *daemon)
{
	const struct xengt_types *types = &daemon->config.types;
	struct json_object *all = json_object_new_array();

	for (u32 i = 0; i < types->nr; i++) {
		struct json_object *one = json_object_new_object();

		put_str(one, "type", types->list[i].options.type);
		put_u64(one, "available",
			xengt_instances_available(&daemon->instances, &types->list[i]));
		put_sizes(one, &types->list[i].options);
		put_str(one, "resolution", types->list[i].resolutions);
		json_object_array_add(all, one);
	}
	return all;
}

struct json_object *describe_load(const struct guest *guest)
{
	struct json_object *all = describe_instance(guest->instance);
	char name[COUNTER_FILE_MAX];
	struct counter counter;

	put_u64(all, "used_kib", process_figures(guest)->used_pages * (GVT_PAGE_SIZE / 1024));
	for (unsigned int i = 0; counter_name(i, &counter); i++) {
		counter_file(&counter, name);
		put_u64(all, name, process_figures(guest)->counters[i]);
	}
	return all;
}

/* Adds the sections of the guest's file of @kind to @all. */
static int put_sections(struct json_object *all, const struct guest *guest,
			const struct xengt_file_kind *kind, char *why, size_t why_len)
{
	struct xengt_directory dir;
	int fd = xengt_file_open(guest->daemon->config.state_dir, guest->domid, kind->suffix, false,
				 why, why_len);
	int err = fd < 0 ? fd : xengt_directory_read(fd, kind, guest->domid, &dir, why, why_len);

	for (u32 i = 0; !err && i < dir.head.nr; i++) {
		struct json_object *one = json_object_new_object();

		put_str(one, "section", dir.entry[i].name);
		put_str(one, "file", kind->suffix + 1);
		put_u64(one, "version", dir.entry[i].version);
		put_u64(one, "size", dir.entry[i].size);
		put_u64(one, "used", xengt_directory_used(fd, &dir, i));
		json_object_array_add(all, one);
	}
	if (fd >= 0)
		close(fd);
	return err;
}

int describe_sections(const struct guest *guest, struct json_object **out, char *why,
		      size_t why_len)
{
	const struct xengt_file_kind *const kinds[] = { &guest->daemon->dom0.state_kind,
							&xengt_kept_kind };
	struct json_object *all = json_object_new_array();
	int err = 0;

	for (size_t i = 0; !err && i < ARRAY_SIZE(kinds); i++)
		err = put_sections(all, guest, kinds[i], why, why_len);
	if (err)
		json_object_put(all);
	else
		*out = all;
	return err;
}
