/* SPDX-License-Identifier: MIT */
/* The control socket's commands: each a function, and a row of a table. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/number.h"
#include "xengt/daemon/control.h"
#include "xengt/daemon/daemon.h"
#include "xengt/guest/tell/tell.h"
#include "xengt/guest/vgpu.h"

/* What was asked, of whom, and over which connection. */
struct ask {
	struct daemon *daemon;
	struct client *client;
	struct json_object *request;
};

/* A command's result: NULL and an errno with a sentence, or fields for the answer. */
struct result {
	int err;
	char why[512];
	struct json_object *fields;
};

static void fail(struct result *result, int err, const char *why)
{
	result->err = err;
	if (why != result->why)
		snprintf(result->why, sizeof(result->why), "%s", why);
}

static const char *string_of(const struct ask *ask, const char *key)
{
	struct json_object *value;

	if (!json_object_object_get_ex(ask->request, key, &value))
		return NULL;
	return json_object_get_string(value);
}

static struct guest *guest_of(const struct ask *ask, struct result *result)
{
	const char *who = string_of(ask, "vgpu");
	struct guest *guest = NULL;
	domid_t domid;

	if (who && !daemon_domid(ask->daemon, who, &domid))
		guest = daemon_find_domid(ask->daemon, domid);
	if (guest) {
		/* A name may be newer than what has been heard of it. */
		xengt_vgpu_follow_name(guest->v);
	} else {
		snprintf(result->why, sizeof(result->why), "no vGPU of a domain '%s'",
			 who ? who : "");
		fail(result, -ENOENT, result->why);
	}
	return guest;
}

/* The argument @key, a number up to @max; @is says what it is. False, with the result: it is none.
 */
static bool number_of(const struct ask *ask, const char *key, const char *is, u64 max, u64 *val,
		      struct result *result)
{
	const char *text = string_of(ask, key);
	int err = xengt_number(text ? text : "", XENGT_EITHER, 0, max, val);

	if (err) {
		snprintf(result->why, sizeof(result->why), "'%s' is no %s", text ? text : "", is);
		fail(result, err, result->why);
	}
	return !err;
}

#define THREAD_ENDED "the vGPU's thread has ended; the log says why"

static void put(struct result *result, const char *key, struct json_object *value)
{
	if (value)
		json_object_object_add(result->fields, key, value);
	else
		fail(result, -EIO, THREAD_ENDED);
}

static void cmd_version(const struct ask *ask, struct result *result)
{
	(void)ask;
	put(result, "version", json_object_new_string(PACKAGE_VERSION));
}

static void cmd_list(const struct ask *ask, struct result *result)
{
	struct json_object *all = json_object_new_array();

	for (struct xengt_instance *i = ask->daemon->instances.first; i; i = i->next)
		json_object_array_add(all, describe_instance(i));
	put(result, "vgpus", all);
}

static void cmd_load(const struct ask *ask, struct result *result)
{
	struct json_object *all = json_object_new_array();

	for (struct guest *guest = ask->daemon->guests; guest; guest = guest->next)
		json_object_array_add(all, describe_load(guest));
	put(result, "vgpus", all);
}

static void cmd_types(const struct ask *ask, struct result *result)
{
	put(result, "types", describe_types(ask->daemon));
}

static void cmd_metrics(const struct ask *ask, struct result *result)
{
	char *text = metrics_text(ask->daemon);

	if (text)
		put(result, "metrics", json_object_new_string(text));
	else
		fail(result, -ENOMEM, "out of memory");
	free(text);
}

static void cmd_create(const struct ask *ask, struct result *result)
{
	const char *type = string_of(ask, "type");
	struct xengt_instance *instance;
	int err = xengt_instance_create_type(&ask->daemon->instances, type ? type : "",
					     string_of(ask, "uuid"), &instance, result->why,
					     sizeof(result->why));

	if (err)
		fail(result, err, result->why);
	else
		put(result, "vgpu", describe_instance(instance));
}

static void cmd_remove(const struct ask *ask, struct result *result)
{
	struct xengt_instances *all = &ask->daemon->instances;
	const char *text = string_of(ask, "uuid");
	struct xengt_instance *instance = NULL;
	char uuid[XENGT_UUID_MAX];
	int err;

	if (text && !xengt_uuid_parse(text, uuid))
		instance = xengt_instances_find(all, uuid);
	if (!instance) {
		snprintf(result->why, sizeof(result->why), "there is no vGPU '%s'",
			 text ? text : "");
		fail(result, -ENOENT, result->why);
		return;
	}
	err = xengt_instance_remove(all, instance, result->why, sizeof(result->why));
	if (err)
		fail(result, err, result->why);
}

static void cmd_attach(const struct ask *ask, struct result *result)
{
	const char *who = string_of(ask, "domain"), *text = string_of(ask, "options");
	int (*attach)(struct daemon *, domid_t, const char *, struct guest **, char *, size_t);
	struct guest *guest;
	domid_t domid;
	int err;

	if (!who || daemon_domid(ask->daemon, who, &domid)) {
		snprintf(result->why, sizeof(result->why), "there is no domain '%s'",
			 who ? who : "");
		fail(result, -ESRCH, result->why);
		return;
	}
	attach = json_object_object_get_ex(ask->request, "model", NULL) ? daemon_start_model
									: daemon_attach;
	err = attach(ask->daemon, domid, text ? text : "", &guest, result->why,
		     sizeof(result->why));
	if (err)
		fail(result, err, result->why);
	else
		put(result, "vgpu", describe_instance(guest->instance));
}

static void cmd_detach(const struct ask *ask, struct result *result)
{
	struct guest *guest = guest_of(ask, result);

	if (guest)
		daemon_detach(guest, false);
}

/* A vGPU by its guest, or by its UUID, whether it has a guest or not. */
static struct xengt_instance *instance_of(const struct ask *ask, struct result *result)
{
	const char *who = string_of(ask, "vgpu");
	char uuid[XENGT_UUID_MAX];
	struct guest *guest;

	if (who && !xengt_uuid_parse(who, uuid)) {
		struct xengt_instance *found = xengt_instances_find(&ask->daemon->instances, uuid);

		if (found)
			return found;
	}
	guest = guest_of(ask, result);
	return guest ? guest->instance : NULL;
}

static void cmd_schedule(const struct ask *ask, struct result *result)
{
	const char *weight = string_of(ask, "weight"), *cap = string_of(ask, "cap");
	struct xengt_instance *instance = instance_of(ask, result);
	struct xengt_options next;
	int err = 0;

	if (!instance)
		return;
	next = instance->options;
	if (weight)
		err = xengt_options_set(&next, "weight", weight, result->why, sizeof(result->why));
	if (!err && cap)
		err = xengt_options_set(&next, "cap", cap, result->why, sizeof(result->why));
	if (err) {
		fail(result, err, result->why);
		return;
	}
	if (weight || cap)
		err = daemon_schedule(ask->daemon, instance, next.weight, next.cap);
	if (err)
		fail(result, err, strerror(-err));
	else
		put(result, "vgpu", describe_instance(instance));
}

static void cmd_show(const struct ask *ask, struct result *result)
{
	struct guest *guest = guest_of(ask, result);

	if (guest)
		put(result, "vgpu", describe_whole(guest->v, describe_instance(guest->instance)));
}

static void cmd_regs(const struct ask *ask, struct result *result)
{
	struct guest *guest = guest_of(ask, result);
	const char *which = string_of(ask, "which");
	bool pages = which && !strcmp(which, "pages");

	if (guest)
		put(result, pages ? "pages" : "registers",
		    describe_regs(guest->v, which && !strcmp(which, "unknown"), pages));
}

static void cmd_gtt(const struct ask *ask, struct result *result)
{
	struct guest *guest = guest_of(ask, result);
	u64 addr, number = 0;
	int err = 0;

	if (!guest)
		return;
	if (!string_of(ask, "address")) {
		put(result, "gtt", describe_spaces(guest->v));
		return;
	}
	if (!number_of(ask, "address", "address", ~0ull, &addr, result) ||
	    (string_of(ask, "space") &&
	     !number_of(ask, "space", "number of a space", UINT32_MAX, &number, result)))
		return;
	put(result, "gtt", describe_walk(guest->v, number, addr, &err));
	if (err)
		fail(result, err,
		     err == -ENOENT   ? "there is no such space: xengt gtt VGPU lists them"
		     : err == -ERANGE ? "the space does not reach that far"
				      : strerror(-err));
}

static void cmd_verify(const struct ask *ask, struct result *result)
{
	struct guest *guest = guest_of(ask, result);
	int err = 0;

	if (!guest)
		return;
	put(result, "spaces", describe_verify(guest->v, &err, result->why, sizeof(result->why)));
	if (err)
		fail(result, err, result->why);
}

static void inject(struct xengt_vgpu *v, void *arg)
{
	*(int *)arg = intel_vgpu_test_msi(v->vgpu);
}

static void cmd_msi(const struct ask *ask, struct result *result)
{
	struct guest *guest = guest_of(ask, result);
	int err = 0;

	if (!guest)
		return;
	if (xengt_vgpu_call(guest->v, inject, &err))
		err = -EIO;
	if (err)
		fail(result, err,
		     err == -ENOTCONN ? "the guest has not enabled the vGPU's MSI"
				      : strerror(-err));
}

static void stop_work(struct xengt_vgpu *v, void *stopped)
{
	*(u32 *)stopped = intel_vgpu_stop_work(v->vgpu);
}

static void cmd_reset(const struct ask *ask, struct result *result)
{
	struct guest *guest = guest_of(ask, result);
	struct json_object *engines;
	u32 stopped;

	if (!guest)
		return;
	if (xengt_vgpu_call(guest->v, stop_work, &stopped)) {
		fail(result, -EIO, THREAD_ENDED);
		return;
	}
	engines = json_object_new_array();
	for (u32 nr = 0; nr < GVT_NR_ENGINES; nr++)
		if (stopped & BIT32(nr))
			json_object_array_add(engines, json_object_new_string(gvt_engine_name(nr)));
	put(result, "engines", engines);
}

static void fail_to_follow(struct result *result, int err)
{
	if (err)
		fail(result, err,
		     err == -EEXIST   ? "the page is tracked already"
		     : err == -EINVAL ? "the frame is no plain memory of the guest"
		     : err == -EUSERS ? "as many clients as may follow vGPUs do so already"
				      : strerror(-err));
}

static void cmd_trace(const struct ask *ask, struct result *result)
{
	struct guest *guest = guest_of(ask, result);

	if (guest)
		fail_to_follow(result, client_follow(ask->client, guest));
}

static void cmd_watch(const struct ask *ask, struct result *result)
{
	struct guest *guest = guest_of(ask, result);
	u64 gfn;

	if (!guest || !number_of(ask, "gfn", "guest frame", ~0ull >> GVT_PAGE_SHIFT, &gfn, result))
		return;
	fail_to_follow(result, client_watch(ask->client, guest, gfn));
}

static const struct {
	const char *name;
	void (*run)(const struct ask *ask, struct result *result);
} commands[] = {
	{ "version", cmd_version }, { "types", cmd_types },	  { "load", cmd_load },
	{ "metrics", cmd_metrics }, { "create", cmd_create },	  { "remove", cmd_remove },
	{ "list", cmd_list },	    { "attach", cmd_attach },	  { "detach", cmd_detach },
	{ "show", cmd_show },	    { "regs", cmd_regs },	  { "msi", cmd_msi },
	{ "trace", cmd_trace },	    { "watch", cmd_watch },	  { "gtt", cmd_gtt },
	{ "verify", cmd_verify },   { "schedule", cmd_schedule }, { "reset", cmd_reset },
};

/* Whether all strings end where they seem to: one with a zero byte within would be read as another.
 */
static bool whole(struct json_object *request)
{
	json_object_object_foreach(request, key, value)
	{
		(void)key;
		if (json_object_is_type(value, json_type_string) &&
		    strlen(json_object_get_string(value)) !=
			    (size_t)json_object_get_string_len(value))
			return false;
	}
	return true;
}

static struct json_object *answer_of(const struct result *result)
{
	json_object_object_add(result->fields, "ok", json_object_new_boolean(!result->err));
	if (result->err) {
		json_object_object_add(result->fields, "error",
				       json_object_new_string(result->why));
		json_object_object_add(result->fields, "errno", json_object_new_int(-result->err));
	}
	return result->fields;
}

struct json_object *command_refused(int err, const char *why)
{
	struct result result = { .fields = json_object_new_object() };

	fail(&result, err, why);
	return answer_of(&result);
}

struct json_object *command_obey(struct daemon *daemon, struct client *client, const char *line)
{
	struct ask ask = {
		.daemon = daemon,
		.client = client,
		.request = json_tokener_parse(line),
	};
	struct result result = { .fields = json_object_new_object() };
	const char *name =
		json_object_is_type(ask.request, json_type_object) ? string_of(&ask, "cmd") : NULL;
	size_t i;

	for (i = 0; name && i < ARRAY_SIZE(commands); i++)
		if (!strcmp(commands[i].name, name))
			break;
	if (name && !whole(ask.request))
		fail(&result, -EINVAL, "an argument has a zero byte in it");
	else if (name && i < ARRAY_SIZE(commands))
		commands[i].run(&ask, &result);
	else
		fail(&result, -EOPNOTSUPP, "no such command");
	json_object_put(ask.request);
	return answer_of(&result);
}
