/* SPDX-License-Identifier: MIT */
/*
 * The control socket: a line of JSON in, lines of JSON out (client.h has the form). All of it runs
 * in the main thread; what a client does not read is bounded, and costs events of a trace, not
 * memory.
 */
#include <errno.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "xengt/daemon.h"
#include "xengt/log.h"

#define LINE_MAX_BYTES 8192u	    /* of a request */
#define BACKLOG_MAX    (256u << 10) /* of unread events, beyond which more are lost */

struct client {
	struct daemon *daemon;
	int fd;
	sd_event_source *source;
	char in[LINE_MAX_BYTES];
	size_t in_len;
	char *out;
	size_t out_len, out_size;
	bool closing; /* once .out is sent */

	struct guest *follows;
	bool watches;
	u64 watch_gfn;
	u64 lost;
	struct client *next;
};

/* ---- following a vGPU ---- */

static int watch_handler(struct intel_vgpu_page_track *track, u64 gpa, void *data, int bytes)
{
	struct xengt_vgpu *v = track->priv_data;
	struct ioreq_event event = {
		.type = XENGT_EVENT_WATCH,
		.addr = gpa,
		.count = 1,
		.size = bytes,
		.write = true,
	};

	memcpy(&event.data, data, bytes);
	xengt_trace_push(&v->trace, &event);
	return 0;
}

struct watch {
	u64 gfn;
	int err;
};

static void watch_begin(struct xengt_vgpu *v, void *arg)
{
	struct watch *watch = arg;

	watch->err = intel_vgpu_register_page_track(v->vgpu, watch->gfn, watch_handler, v);
	if (watch->err)
		return;
	watch->err = intel_vgpu_enable_page_track(v->vgpu, watch->gfn);
	if (watch->err)
		intel_vgpu_unregister_page_track(v->vgpu, watch->gfn);
}

static void watch_end(struct xengt_vgpu *v, void *arg)
{
	struct watch *watch = arg;

	intel_vgpu_unregister_page_track(v->vgpu, watch->gfn);
}

static void unfollow(struct client *client)
{
	struct guest *guest = client->follows;
	struct client *other;

	if (!guest)
		return;
	client->follows = NULL;
	if (client->watches) {
		struct watch watch = { .gfn = client->watch_gfn };

		xengt_vgpu_call(guest->v, watch_end, &watch);
	}
	for (other = client->daemon->clients; other; other = other->next)
		if (other->follows == guest)
			return;
	__atomic_store_n(&guest->v->trace.on, false, __ATOMIC_RELEASE);
}

/* ---- sending ---- */

static void drop_client(struct client *client)
{
	struct client **link = &client->daemon->clients;

	unfollow(client);
	while (*link != client)
		link = &(*link)->next;
	*link = client->next;
	sd_event_source_unref(client->source);
	close(client->fd);
	free(client->out);
	free(client);
}

/* Sends what it can. Returns false when the client is gone. */
static bool flush(struct client *client)
{
	while (client->out_len) {
		ssize_t n =
			send(client->fd, client->out, client->out_len, MSG_NOSIGNAL | MSG_DONTWAIT);

		if (n < 0 && errno == EAGAIN)
			break;
		if (n < 0) {
			drop_client(client);
			return false;
		}
		memmove(client->out, client->out + n, client->out_len - n);
		client->out_len -= n;
	}
	if (!client->out_len && client->closing) {
		drop_client(client);
		return false;
	}
	sd_event_source_set_io_events(client->source, EPOLLIN | (client->out_len ? EPOLLOUT : 0));
	return true;
}

static void append(struct client *client, struct json_object *line)
{
	const char *text = json_object_to_json_string_ext(line, JSON_C_TO_STRING_PLAIN);
	size_t len = strlen(text) + 1;

	if (client->out_size - client->out_len < len) {
		size_t size = (client->out_len + len) * 2;
		char *wider = realloc(client->out, size);

		if (!wider) {
			client->closing = true;
			return;
		}
		client->out = wider;
		client->out_size = size;
	}
	memcpy(client->out + client->out_len, text, len - 1);
	client->out[client->out_len + len - 1] = '\n';
	client->out_len += len;
}

static int on_trace(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
	struct guest *guest = userdata;
	struct xengt_vgpu *v = guest->v;
	struct client *client, *next;
	struct ioreq_event event;
	u64 count;

	(void)source;
	(void)events;
	if (read(fd, &count, sizeof(count)) < 0 && errno != EAGAIN)
		return -errno;
	while (xengt_trace_pop(&v->trace, &event)) {
		struct json_object *line = describe_event(v, &event);

		for (client = guest->daemon->clients; client; client = client->next) {
			if (client->follows != guest ||
			    client->watches != (event.type == XENGT_EVENT_WATCH) ||
			    (client->watches && event.addr >> GVT_PAGE_SHIFT != client->watch_gfn))
				continue;
			if (client->out_len > BACKLOG_MAX) {
				client->lost++;
				continue;
			}
			json_object_object_add(
				line, "lost",
				json_object_new_uint64(
					client->lost +
					__atomic_load_n(&v->trace.lost, __ATOMIC_RELAXED)));
			append(client, line);
		}
		json_object_put(line);
	}
	for (client = guest->daemon->clients; client; client = next) {
		next = client->next;
		if (client->follows == guest)
			flush(client);
	}
	return 0;
}

/* ---- commands ---- */

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

static const char *string_of(struct json_object *request, const char *key)
{
	struct json_object *value;

	if (!json_object_object_get_ex(request, key, &value))
		return NULL;
	return json_object_get_string(value);
}

static struct guest *guest_of(struct client *client, struct json_object *request,
			      struct result *result)
{
	const char *who = string_of(request, "vgpu");
	struct guest *guest = who ? daemon_find(client->daemon, who) : NULL;

	if (!guest) {
		snprintf(result->why, sizeof(result->why), "no vGPU of a domain '%s'",
			 who ? who : "");
		fail(result, -ENOENT, result->why);
	}
	return guest;
}

static void put(struct result *result, const char *key, struct json_object *value)
{
	if (value)
		json_object_object_add(result->fields, key, value);
	else
		fail(result, -EIO, "the vGPU's thread has ended; the log says why");
}

static void cmd_version(struct client *client, struct json_object *request, struct result *result)
{
	(void)client;
	(void)request;
	put(result, "version", json_object_new_string(PACKAGE_VERSION));
}

static void cmd_list(struct client *client, struct json_object *request, struct result *result)
{
	struct json_object *all = json_object_new_array();

	(void)request;
	for (struct xengt_instance *i = client->daemon->instances.first; i; i = i->next)
		json_object_array_add(all, describe_instance(i));
	put(result, "vgpus", all);
}

static void cmd_types(struct client *client, struct json_object *request, struct result *result)
{
	(void)request;
	put(result, "types", describe_types(client->daemon));
}

static void cmd_metrics(struct client *client, struct json_object *request, struct result *result)
{
	char *text = metrics_text(client->daemon);

	(void)request;
	if (text)
		put(result, "metrics", json_object_new_string(text));
	else
		fail(result, -ENOMEM, "out of memory");
	free(text);
}

static void cmd_create(struct client *client, struct json_object *request, struct result *result)
{
	const char *type = string_of(request, "type");
	struct xengt_instance *instance;
	int err = xengt_instance_create_type(&client->daemon->instances, type ? type : "",
					     string_of(request, "uuid"), &instance, result->why,
					     sizeof(result->why));

	if (err)
		fail(result, err, result->why);
	else
		put(result, "vgpu", describe_instance(instance));
}

static void cmd_remove(struct client *client, struct json_object *request, struct result *result)
{
	struct xengt_instances *all = &client->daemon->instances;
	const char *text = string_of(request, "uuid");
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

static int domid_of(struct client *client, const char *who, domid_t *domid)
{
	char *end, path[64];
	unsigned long number = strtoul(who, &end, 10);
	unsigned int nr;
	char **ids;
	bool found = false;

	if (end != who && !*end) {
		*domid = number < DOMID_FIRST_RESERVED ? number : 0;
		return 0;
	}
	ids = xs_directory(client->daemon->host.xs, XBT_NULL, "/local/domain", &nr);
	for (unsigned int i = 0; ids && i < nr && !found; i++) {
		char *name;

		snprintf(path, sizeof(path), "/local/domain/%s/name", ids[i]);
		name = xs_read(client->daemon->host.xs, XBT_NULL, path, NULL);
		found = name && !strcmp(name, who);
		if (found)
			*domid = strtoul(ids[i], NULL, 10);
		free(name);
	}
	free(ids);
	return found ? 0 : -ESRCH;
}

static void cmd_attach(struct client *client, struct json_object *request, struct result *result)
{
	const char *who = string_of(request, "domain"), *text = string_of(request, "options");
	struct guest *guest;
	domid_t domid;
	int err;

	if (!who || domid_of(client, who, &domid)) {
		snprintf(result->why, sizeof(result->why), "there is no domain '%s'",
			 who ? who : "");
		fail(result, -ESRCH, result->why);
		return;
	}
	err = daemon_attach(client->daemon, domid, text ? text : "", &guest, result->why,
			    sizeof(result->why));
	if (err)
		fail(result, err, result->why);
	else
		put(result, "vgpu", describe_instance(guest->instance));
}

static void cmd_detach(struct client *client, struct json_object *request, struct result *result)
{
	struct guest *guest = guest_of(client, request, result);

	if (guest)
		daemon_detach(guest, false);
}

static void cmd_show(struct client *client, struct json_object *request, struct result *result)
{
	struct guest *guest = guest_of(client, request, result);

	if (guest)
		put(result, "vgpu", describe_whole(guest));
}

static void cmd_regs(struct client *client, struct json_object *request, struct result *result)
{
	struct guest *guest = guest_of(client, request, result);
	const char *which = string_of(request, "which");
	bool pages = which && !strcmp(which, "pages");

	if (guest)
		put(result, pages ? "pages" : "registers",
		    describe_regs(guest->v, which && !strcmp(which, "unknown"), pages));
}

static void inject(struct xengt_vgpu *v, void *arg)
{
	u32 addr;
	u16 data;

	*(int *)arg = vgpu_cfg_msi(v->vgpu, &addr, &data) ? intel_gvt_hypervisor_inject_msi(v->vgpu)
							  : -ENOTCONN;
}

static void cmd_msi(struct client *client, struct json_object *request, struct result *result)
{
	struct guest *guest = guest_of(client, request, result);
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

static void cmd_trace(struct client *client, struct json_object *request, struct result *result)
{
	struct guest *guest = guest_of(client, request, result);

	if (!guest)
		return;
	unfollow(client);
	client->follows = guest;
	client->watches = false;
	__atomic_store_n(&guest->v->trace.on, true, __ATOMIC_RELEASE);
}

static void cmd_watch(struct client *client, struct json_object *request, struct result *result)
{
	struct guest *guest = guest_of(client, request, result);
	const char *gfn = string_of(request, "gfn");
	struct watch watch = { .gfn = gfn ? strtoull(gfn, NULL, 0) : 0 };

	if (!guest)
		return;
	unfollow(client);
	if (xengt_vgpu_call(guest->v, watch_begin, &watch))
		watch.err = -EIO;
	if (watch.err) {
		fail(result, watch.err,
		     watch.err == -EEXIST   ? "the page is tracked already"
		     : watch.err == -EINVAL ? "the frame is no plain memory of the guest"
					    : strerror(-watch.err));
		return;
	}
	client->follows = guest;
	client->watches = true;
	client->watch_gfn = watch.gfn;
	__atomic_store_n(&guest->v->trace.on, true, __ATOMIC_RELEASE);
}

static const struct {
	const char *name;
	void (*run)(struct client *client, struct json_object *request, struct result *result);
} commands[] = {
	{ "version", cmd_version }, { "types", cmd_types },   { "metrics", cmd_metrics },
	{ "create", cmd_create },   { "remove", cmd_remove }, { "list", cmd_list },
	{ "attach", cmd_attach },   { "detach", cmd_detach }, { "show", cmd_show },
	{ "regs", cmd_regs },	    { "msi", cmd_msi },	      { "trace", cmd_trace },
	{ "watch", cmd_watch },
};

static void obey(struct client *client, const char *line)
{
	struct result result = { .fields = json_object_new_object() };
	struct json_object *request = json_tokener_parse(line);
	const char *name =
		json_object_is_type(request, json_type_object) ? string_of(request, "cmd") : NULL;
	size_t i;

	for (i = 0; name && i < ARRAY_SIZE(commands); i++)
		if (!strcmp(commands[i].name, name))
			break;
	if (name && i < ARRAY_SIZE(commands))
		commands[i].run(client, request, &result);
	else
		fail(&result, -EOPNOTSUPP, "no such command");

	json_object_object_add(result.fields, "ok", json_object_new_boolean(!result.err));
	if (result.err) {
		json_object_object_add(result.fields, "error", json_object_new_string(result.why));
		json_object_object_add(result.fields, "errno", json_object_new_int(-result.err));
	}
	append(client, result.fields);
	json_object_put(result.fields);
	json_object_put(request);
}

/* ---- connections ---- */

static int on_client(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
	struct client *client = userdata;
	char *end;
	ssize_t n;

	(void)source;
	if (events & (EPOLLIN | EPOLLHUP | EPOLLERR)) {
		n = recv(fd, client->in + client->in_len, sizeof(client->in) - client->in_len,
			 MSG_DONTWAIT);
		if (n < 0 && errno == EAGAIN)
			return 0;
		if (n <= 0) {
			drop_client(client);
			return 0;
		}
		client->in_len += n;
		while ((end = memchr(client->in, '\n', client->in_len))) {
			size_t used = end + 1 - client->in;

			*end = '\0';
			obey(client, client->in);
			memmove(client->in, client->in + used, client->in_len - used);
			client->in_len -= used;
		}
		if (client->in_len == sizeof(client->in)) {
			drop_client(client);
			return 0;
		}
	}
	flush(client);
	return 0;
}

static int on_connection(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
	struct daemon *daemon = userdata;
	struct client *client = calloc(1, sizeof(*client));
	int accepted = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	(void)source;
	(void)events;
	if (accepted < 0 || !client ||
	    sd_event_add_io(daemon->loop, &client->source, accepted, EPOLLIN, on_client, client) <
		    0) {
		if (accepted >= 0)
			close(accepted);
		free(client);
		return 0;
	}
	client->daemon = daemon;
	client->fd = accepted;
	client->next = daemon->clients;
	daemon->clients = client;
	return 0;
}

int control_open(struct daemon *daemon)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	struct group *group = getgrnam(daemon->config.group);
	const char *path = daemon->config.socket;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), err;
	mode_t mask;

	if (fd < 0)
		return -errno;
	strcpy(addr.sun_path, path);
	/* The daemon holds the state directory's lock, so what is here is a dead one's. */
	unlink(path);
	mask = umask(0177);
	err = bind(fd, (struct sockaddr *)&addr, sizeof(addr)) ? -errno : 0;
	umask(mask);
	if (!err &&
	    ((group && chown(path, -1, group->gr_gid)) || chmod(path, 0660) || listen(fd, 64)))
		err = -errno;
	if (!err)
		err = sd_event_add_io(daemon->loop, NULL, fd, EPOLLIN, on_connection, daemon);
	if (err < 0) {
		xengt_log(XENGT_ERR, "cannot listen at %s: %s", path, strerror(-err));
		close(fd);
		return err;
	}
	daemon->listen_fd = fd;
	return 0;
}

void control_close(struct daemon *daemon)
{
	while (daemon->clients)
		drop_client(daemon->clients);
	if (daemon->listen_fd >= 0)
		close(daemon->listen_fd);
	unlink(daemon->config.socket);
}

int control_follow(struct guest *guest)
{
	return sd_event_add_io(guest->daemon->loop, &guest->trace, guest->v->trace.fd, EPOLLIN,
			       on_trace, guest);
}

void control_forget(struct guest *guest)
{
	struct client *client, *next;

	guest->trace = sd_event_source_unref(guest->trace);
	for (client = guest->daemon->clients; client; client = next) {
		next = client->next;
		if (client->follows != guest)
			continue;
		unfollow(client);
		client->closing = true;
		flush(client);
	}
}
