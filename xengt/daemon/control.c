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

#include "xengt/daemon/control.h"
#include "xengt/daemon/daemon.h"
#include "xengt/settings/log.h"

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

/* ---- what the commands need of a connection ---- */

void client_follow(struct client *client, struct guest *guest)
{
	unfollow(client);
	client->follows = guest;
	client->watches = false;
	__atomic_store_n(&guest->v->trace.on, true, __ATOMIC_RELEASE);
}

int client_watch(struct client *client, struct guest *guest, u64 gfn)
{
	struct watch watch = { .gfn = gfn };

	unfollow(client);
	if (xengt_vgpu_call(guest->v, watch_begin, &watch))
		return -EIO;
	if (watch.err)
		return watch.err;
	client->follows = guest;
	client->watches = true;
	client->watch_gfn = gfn;
	__atomic_store_n(&guest->v->trace.on, true, __ATOMIC_RELEASE);
	return 0;
}

/* ---- connections ---- */

static int on_client(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
	struct client *client = userdata;
	struct json_object *answer;
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
			answer = command_obey(client->daemon, client, client->in);
			append(client, answer);
			json_object_put(answer);
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
