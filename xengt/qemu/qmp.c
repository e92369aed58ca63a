/* SPDX-License-Identifier: MIT */
#include "xengt/qemu/qmp.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "xengt/control/client.h"

#define ALL_MS 3000 /* for the whole conversation */

struct talk {
	struct xengt_client *qemu;
	long end; /* by xengt_client_now_ms() */
};

/*
 * Returns the value of @key of the next message that has it; NULL with errno. Skips other messages:
 * events, and QEMU's errors.
 */
static struct json_object *next(const struct talk *talk, const char *key)
{
	for (;;) {
		long left = talk->end - xengt_client_now_ms();
		struct json_object *message = xengt_client_receive(talk->qemu, left > 0 ? left : 0);
		struct json_object *value = NULL;

		if (!message)
			return NULL;
		if (json_object_object_get_ex(message, key, &value))
			json_object_get(value);
		json_object_put(message);
		if (value)
			return value;
	}
}

/* Executes @command, and returns its result; NULL with errno. */
static struct json_object *ask(const struct talk *talk, const char *command)
{
	struct json_object *request = json_object_new_object();
	int err;

	json_object_object_add(request, "execute", json_object_new_string(command));
	err = xengt_client_send(talk->qemu, request);
	json_object_put(request);
	errno = -err;
	return err ? NULL : next(talk, "return");
}

static struct json_object *member(struct json_object *of, const char *key)
{
	struct json_object *value;

	return json_object_object_get_ex(of, key, &value) ? value : NULL;
}

/* Reads the answer of "query-pci": a list of buses, each with its number and a list of devices. */
static void read_buses(struct json_object *buses, struct xengt_slots *slots)
{
	size_t nr_buses =
		json_object_is_type(buses, json_type_array) ? json_object_array_length(buses) : 0;

	for (size_t b = 0; b < nr_buses; b++) {
		struct json_object *bus = json_object_array_get_idx(buses, b);
		struct json_object *devices = member(bus, "devices");

		if (json_object_get_int(member(bus, "bus")) ||
		    !json_object_is_type(devices, json_type_array))
			continue;
		for (size_t d = 0; d < json_object_array_length(devices); d++) {
			struct json_object *device = json_object_array_get_idx(devices, d);
			const char *id = json_object_get_string(member(device, "qdev_id"));
			const char *kind = json_object_get_string(
				member(member(device, "class_info"), "desc"));
			int slot = json_object_get_int(member(device, "slot"));
			char who[XENGT_SLOT_NAME_MAX];

			snprintf(who, sizeof(who), id && id[0] ? "%.30s (%.28s)" : "%.30s",
				 kind ? kind : "device", id);
			if (slot >= 0)
				xengt_slots_take(slots, slot, who);
		}
	}
}

int xengt_qmp_slots(const char *dir, u32 domid, struct xengt_slots *slots, char *why,
		    size_t why_len)
{
	struct json_object *greeting = NULL, *ready = NULL, *buses = NULL;
	struct talk talk = { .end = xengt_client_now_ms() + ALL_MS };
	char path[108];
	int err = 0;

	memset(slots, 0, sizeof(*slots));
	snprintf(path, sizeof(path), "%s/qmp-libxenstat-%u", dir, domid);
	talk.qemu = xengt_client_open(path);
	if (!talk.qemu && (errno == ENOENT || errno == ECONNREFUSED))
		return 0;
	if (talk.qemu)
		greeting = next(&talk, "QMP");
	if (greeting)
		ready = ask(&talk, "qmp_capabilities");
	if (ready)
		buses = ask(&talk, "query-pci");
	if (buses) {
		read_buses(buses, slots);
	} else {
		err = errno ? -errno : -EPROTO;
		snprintf(why, why_len,
			 "the device model does not say which PCI slots it has (%s): %s", path,
			 strerror(-err));
	}
	json_object_put(buses);
	json_object_put(ready);
	json_object_put(greeting);
	xengt_client_close(talk.qemu);
	return err;
}
