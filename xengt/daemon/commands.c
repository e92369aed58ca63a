/* SPDX-License-Identifier: MIT */
/* The control socket's commands: each is a function and a row of a table. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/number.h"
#include "core/hw/engine.h"
#include "xengt/daemon/clients.h"
#include "xengt/daemon/daemon.h"
#include "xengt/daemon/process.h"
#include "xengt/daemon/work.h"
#include "xengt/jail/jail.h"

/* A request, and the client that made it. */
struct ask {
	struct daemon *daemon;
	struct client *client;
	struct json_object *request;
};

struct result;

/* A question to a guest's process. */
struct remote {
	struct guest *guest; /* NULL: there is no question */
	enum xengt_link_type type;
	u64 value;
	/* Makes @result of the process' answer. @client: NULL if it is gone or there was none. */
	void (*finish)(const struct remote *remote, struct client *client,
		       const struct process_answer *answer, struct result *result);
};

/* A request whose answer takes time: a guest's process is asked, or a guest is given its vGPU. */
struct pending {
	struct client *client; /* NULL: it is gone, or there was none */
	struct remote remote;
	bool held;		    /* the client's connection waits for the answer */
	struct json_object *answer; /* the answer, if it came before that */
};

/* A command's result: an errno with a sentence, fields for the answer, or a question to a process
 * whose answer is needed first; or the answer is made later, by @pending. */
struct result {
	int err;
	char why[512];
	struct json_object *fields;
	struct remote remote;
	struct pending *pending;
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
	if (guest && work_busy(guest, true, result->why, sizeof(result->why))) {
		fail(result, -EBUSY, result->why);
		guest = NULL;
	} else if (guest) {
		/* The domain may have been renamed: the event may still be queued. */
		xengt_keeper_follow(guest->keeper);
	} else {
		snprintf(result->why, sizeof(result->why), "no vGPU of a domain '%s'",
			 who ? who : "");
		fail(result, -ENOENT, result->why);
	}
	return guest;
}

/* Reads the argument @key, a number up to @max. @is: what the number means, for the error. False:
 * it is no such number; the error is in @result. */
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

static void put(struct result *result, const char *key, struct json_object *value)
{
	json_object_object_add(result->fields, key, value);
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

/* Gives a pending request its answer, and frees it unless its command has not returned yet. */
static void settle(struct pending *pending, struct json_object *answer)
{
	struct client *client = pending->client;

	if (!pending->held) {
		pending->answer = answer;
		return;
	}
	if (client) {
		client->pending = NULL;
		conn_hold(client->conn, false);
		client_put(client, answer);
	}
	json_object_put(answer);
	free(pending);
}

/* The answer to @ask is to come later. NULL: memory ran out; the error is in @result. */
static struct pending *wait_for(const struct ask *ask, struct result *result)
{
	result->pending = calloc(1, sizeof(*result->pending));
	if (result->pending)
		result->pending->client = ask->client;
	else
		fail(result, -ENOMEM, "out of memory");
	return result->pending;
}

static void cmd_version(const struct ask *ask, struct result *result)
{
	char walls[128] = "";

	if (ask->daemon->missing_walls)
		xengt_jail_walls(ask->daemon->missing_walls, walls, sizeof(walls));
	put(result, "version", json_object_new_string(PACKAGE_VERSION));
	put(result, "missing_walls", json_object_new_string(walls));
	put(result, "missing_cgroups", json_object_new_string(ask->daemon->cgroup.why));
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

	process_count(ask->daemon);
	for (struct guest *guest = ask->daemon->guests; guest; guest = guest->next)
		json_object_array_add(all, describe_load(guest));
	put(result, "vgpus", all);
}

/* Of the files themselves: what the guest's process has written there is checked as a file's. */
static void cmd_state(const struct ask *ask, struct result *result)
{
	struct guest *guest = guest_of(ask, result);
	struct json_object *sections;
	int err;

	if (!guest)
		return;
	err = describe_sections(guest, &sections, result->why, sizeof(result->why));
	if (err)
		fail(result, err, result->why);
	else
		put(result, "sections", sections);
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

static void on_over(void *arg, struct guest *guest, int err, const char *why)
{
	struct result result = { .fields = json_object_new_object() };

	if (err)
		fail(&result, err, why);
	else if (guest)
		put(&result, "vgpu", describe_instance(guest->instance));
	settle(arg, answer_of(&result));
}

static void cmd_attach(const struct ask *ask, struct result *result)
{
	const char *who = string_of(ask, "domain"), *text = string_of(ask, "options");
	bool model = json_object_object_get_ex(ask->request, "model", NULL);
	domid_t domid;

	if (!who || daemon_domid(ask->daemon, who, &domid)) {
		snprintf(result->why, sizeof(result->why), "there is no domain '%s'",
			 who ? who : "");
		fail(result, -ESRCH, result->why);
		return;
	}
	/* The guest that had its vGPU may have gone without our having been told yet. */
	daemon_reap(ask->daemon);
	if (wait_for(ask, result))
		(model ? daemon_start_model : daemon_attach)(ask->daemon, domid, text ? text : "",
							     on_over, result->pending);
}

static void cmd_detach(const struct ask *ask, struct result *result)
{
	struct guest *guest = guest_of(ask, result);

	if (guest && wait_for(ask, result))
		daemon_detach(guest, on_over, result->pending);
}

/* Finds a vGPU by UUID (with a guest or without), or by its guest. */
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

/* ---- questions to a guest's process ---- */

/* Says why the process gave no answer. */
static void no_answer(const struct process_answer *answer, struct result *result)
{
	fail(result, answer->err,
	     answer->err == -EPIPE	 ? "the vGPU's process does not serve; the log says why"
	     : answer->err == -ETIMEDOUT ? "the vGPU's process did not answer in time"
	     : answer->err == -EPROTO	 ? "the vGPU's process sent a malformed answer"
	     : answer->err == -EIO	 ? "the vGPU's thread has ended; the log says why"
					 : strerror(-answer->err));
}

/* Copies an answer's fields, and after an error its sentence. */
static void finish_query(const struct remote *remote, struct client *client,
			 const struct process_answer *answer, struct result *result)
{
	struct json_object *said = answer->text ? json_tokener_parse(answer->text) : NULL, *vgpu,
			   *why;

	(void)client;
	if (!json_object_is_type(said, json_type_object)) {
		no_answer(answer, result);
		if (!answer->err)
			fail(result, -EPROTO, "the vGPU's process sent a malformed answer");
		json_object_put(said);
		return;
	}
	json_object_object_foreach(said, key, value)
	{
		if (!strcmp(key, "vgpu")) {
			vgpu = describe_instance(remote->guest->instance);
			json_object_object_foreach(value, name, of)
				json_object_object_add(vgpu, name, json_object_get(of));
			put(result, key, vgpu);
		} else if (strcmp(key, "error") != 0) {
			put(result, key, json_object_get(value));
		}
	}
	if (answer->err)
		fail(result, answer->err,
		     json_object_object_get_ex(said, "error", &why) ? json_object_get_string(why)
								    : strerror(-answer->err));
	json_object_put(said);
}

static void cmd_query(const struct ask *ask, struct result *result)
{
	struct guest *guest = guest_of(ask, result);

	if (guest)
		result->remote = (struct remote){ guest, XENGT_LINK_QUERY, 0, finish_query };
}

static void finish_msi(const struct remote *remote, struct client *client,
		       const struct process_answer *answer, struct result *result)
{
	(void)remote;
	(void)client;
	if (answer->err == -ENOTCONN)
		fail(result, answer->err, "the guest has not enabled the vGPU's MSI");
	else if (answer->err)
		no_answer(answer, result);
}

static void cmd_msi(const struct ask *ask, struct result *result)
{
	struct guest *guest = guest_of(ask, result);

	if (guest)
		result->remote = (struct remote){ guest, XENGT_LINK_MSI, 0, finish_msi };
}

static void finish_reset(const struct remote *remote, struct client *client,
			 const struct process_answer *answer, struct result *result)
{
	struct json_object *engines;

	(void)remote;
	(void)client;
	if (answer->err) {
		no_answer(answer, result);
		return;
	}
	engines = json_object_new_array();
	for (u32 nr = 0; nr < GVT_NR_ENGINES; nr++)
		if (answer->value & BIT32(nr))
			json_object_array_add(engines, json_object_new_string(gvt_engine_name(nr)));
	put(result, "engines", engines);
}

static void cmd_reset(const struct ask *ask, struct result *result)
{
	struct guest *guest = guest_of(ask, result);

	if (guest)
		result->remote = (struct remote){ guest, XENGT_LINK_RESET, 0, finish_reset };
}

/* The process traces now, or refused to. The client may be gone by now. */
static void finish_follow(const struct remote *remote, struct client *client,
			  const struct process_answer *answer, struct result *result)
{
	u64 watched = remote->type == XENGT_LINK_WATCH ? remote->value + 1 : 0;

	if (answer->err == -EEXIST)
		fail(result, answer->err, "the page is tracked already");
	else if (answer->err == -EINVAL)
		fail(result, answer->err, "the frame is no plain memory of the guest");
	else if (answer->err)
		no_answer(answer, result);
	if (answer->err)
		follow_unwatch(remote->guest, 0);
	else if (client)
		client_follow(client, remote->guest, watched, answer->value);
	else
		follow_unwatch(remote->guest, watched);
}

static bool may_follow(const struct ask *ask, struct result *result)
{
	if (!client_may_follow(ask->client)) {
		fail(result, -EUSERS, "too many clients follow vGPUs already");
		return false;
	}
	client_unfollow(ask->client);
	return true;
}

static void cmd_trace(const struct ask *ask, struct result *result)
{
	struct guest *guest = guest_of(ask, result);

	if (guest && may_follow(ask, result))
		result->remote = (struct remote){ guest, XENGT_LINK_TRACE, true, finish_follow };
}

static void cmd_watch(const struct ask *ask, struct result *result)
{
	struct guest *guest = guest_of(ask, result);
	u64 gfn;

	if (!guest ||
	    !number_of(ask, "gfn", "guest frame", ~0ull >> GVT_PAGE_SHIFT, &gfn, result) ||
	    !may_follow(ask, result))
		return;
	/* Tracing first: the process reports writes to watched pages only while it traces. */
	process_ask(guest, XENGT_LINK_TRACE, true, NULL, NULL, NULL);
	result->remote = (struct remote){ guest, XENGT_LINK_WATCH, gfn, finish_follow };
}

static const struct {
	const char *name;
	void (*run)(const struct ask *ask, struct result *result);
} commands[] = {
	{ "version", cmd_version }, { "types", cmd_types },	  { "load", cmd_load },
	{ "metrics", cmd_metrics }, { "create", cmd_create },	  { "remove", cmd_remove },
	{ "list", cmd_list },	    { "attach", cmd_attach },	  { "detach", cmd_detach },
	{ "show", cmd_query },	    { "regs", cmd_query },	  { "msi", cmd_msi },
	{ "trace", cmd_trace },	    { "watch", cmd_watch },	  { "gtt", cmd_query },
	{ "verify", cmd_query },    { "schedule", cmd_schedule }, { "reset", cmd_reset },
	{ "state", cmd_state },
};

/* Whether no string has a zero byte within: C would read such a string as a shorter one. */
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

struct json_object *command_refused(int err, const char *why)
{
	struct result result = { .fields = json_object_new_object() };

	fail(&result, err, why);
	return answer_of(&result);
}

/* ---- answers that take time ---- */

static void on_answer(void *arg, const struct process_answer *answer)
{
	struct pending *pending = arg;
	struct result result = { .fields = json_object_new_object() };

	pending->remote.finish(&pending->remote, pending->client, answer, &result);
	settle(pending, answer_of(&result));
}

void command_forget(struct client *client)
{
	if (client->pending)
		client->pending->client = NULL;
	client->pending = NULL;
}

/* Asks a guest's process what the request @line needs to be answered. */
static void ask_process(const struct ask *ask, struct result *result, const char *line)
{
	const struct remote *remote = &result->remote;

	if (!wait_for(ask, result))
		return;
	result->pending->remote = *remote;
	process_ask(remote->guest, remote->type, remote->value,
		    remote->type == XENGT_LINK_QUERY ? line : NULL, on_answer, result->pending);
}

/* Returns the answer, if it came at once; or NULL: @client gets it later. */
static struct json_object *take_answer(struct daemon *daemon, struct client *client,
				       struct pending *pending)
{
	struct json_object *answer;

	if (!pending->answer && client) {
		pending->held = true;
		client->pending = pending;
		conn_hold(client->conn, true);
		return NULL;
	}
	while (!pending->answer)
		sd_event_run(daemon->loop, ~0ull);
	answer = pending->answer;
	free(pending);
	return answer;
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
		fail(&result, -EINVAL, "an argument contains a zero byte");
	else if (name && i < ARRAY_SIZE(commands))
		commands[i].run(&ask, &result);
	else
		fail(&result, -EOPNOTSUPP, "no such command");
	if (!result.err && result.remote.guest)
		ask_process(&ask, &result, line);
	json_object_put(ask.request);
	if (result.pending) {
		json_object_put(result.fields);
		return take_answer(daemon, client, result.pending);
	}
	return answer_of(&result);
}
