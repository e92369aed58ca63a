/* SPDX-License-Identifier: MIT */
/*
 * Clients of the control socket that follow a vGPU: its requests, or the writes to one page. What
 * they do not read is bounded, and costs them events, not memory.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "core/gtt/page_track.h"
#include "xengt/daemon/control.h"
#include "xengt/guest/tell/tell.h"
#include "xengt/guest/trace.h"
#include "xengt/guest/vgpu.h"

#define BACKLOG_MAX (256u << 10) /* bytes of unread events, beyond which more are lost */
#define TURN	    64		 /* events that are told before other work has its turn */

/* A watched page. The vGPU's thread has it as long as the page is registered. */
struct watch {
	struct xengt_vgpu *v;
	u64 gfn;
	int err;
};

static int watch_handler(struct intel_vgpu_page_track *track, u64 gpa, void *data, int bytes)
{
	struct watch *watch = track->priv_data;
	struct ioreq_event event = {
		.type = XENGT_EVENT_WATCH,
		.addr = gpa,
		.count = 1,
		.size = bytes,
		.write = true,
	};

	memcpy(&event.data, data, bytes);
	xengt_trace_push(&watch->v->trace, &event);
	return 0;
}

static void watch_begin(struct xengt_vgpu *v, void *arg)
{
	struct watch *watch = arg;

	watch->err = intel_vgpu_register_page_track(v->vgpu, watch->gfn, watch_handler, watch);
	if (watch->err)
		return;
	watch->err = intel_vgpu_enable_page_track(v->vgpu, watch->gfn);
	if (watch->err)
		intel_vgpu_unregister_page_track(v->vgpu, watch->gfn);
}

/* A reset of the vGPU ends all tracking, and the page may be another's to track since. */
static void watch_end(struct xengt_vgpu *v, void *arg)
{
	struct watch *watch = arg;
	struct intel_vgpu_page_track *track = intel_vgpu_find_page_track(v->vgpu, watch->gfn);

	if (track && track->priv_data == watch)
		intel_vgpu_unregister_page_track(v->vgpu, watch->gfn);
}

static bool followed(const struct guest *guest)
{
	for (struct client *client = guest->daemon->clients; client; client = client->next)
		if (client->follows == guest)
			return true;
	return false;
}

static bool room_to_follow(const struct client *client)
{
	unsigned int nr = 0;

	for (struct client *other = client->daemon->clients; other; other = other->next)
		nr += other->follows && other != client;
	return nr < FOLLOWERS_MAX;
}

static void begin(struct client *client, struct guest *guest, struct watch *watch)
{
	client->follows = guest;
	client->watch = watch;
	client->lost = 0;
	client->lost_before = __atomic_load_n(&guest->v->trace.lost, __ATOMIC_RELAXED);
	conn_patient(client->conn, true);
	__atomic_store_n(&guest->v->trace.on, true, __ATOMIC_RELEASE);
}

int client_follow(struct client *client, struct guest *guest)
{
	if (!room_to_follow(client))
		return -EUSERS;
	client_unfollow(client);
	begin(client, guest, NULL);
	return 0;
}

int client_watch(struct client *client, struct guest *guest, u64 gfn)
{
	struct watch *watch;
	int err;

	if (!room_to_follow(client))
		return -EUSERS;
	client_unfollow(client);
	watch = calloc(1, sizeof(*watch));
	if (!watch)
		return -ENOMEM;
	watch->v = guest->v;
	watch->gfn = gfn;
	err = xengt_vgpu_call(guest->v, watch_begin, watch) ? -EIO : watch->err;
	if (err)
		free(watch);
	else
		begin(client, guest, watch);
	return err;
}

void client_unfollow(struct client *client)
{
	struct guest *guest = client->follows;

	if (!guest)
		return;
	client->follows = NULL;
	conn_patient(client->conn, false);
	/* A thread that has ended looks at no watch any more. */
	if (client->watch)
		xengt_vgpu_call(guest->v, watch_end, client->watch);
	free(client->watch);
	client->watch = NULL;
	if (!followed(guest))
		__atomic_store_n(&guest->v->trace.on, false, __ATOMIC_RELEASE);
}

static bool wants(const struct client *client, const struct ioreq_event *event)
{
	if (!client->watch || event->type != XENGT_EVENT_WATCH)
		return !client->watch && event->type != XENGT_EVENT_WATCH;
	return event->addr >> GVT_PAGE_SHIFT == client->watch->gfn;
}

static void tell(struct guest *guest, const struct ioreq_event *event)
{
	struct json_object *line = describe_event(guest->v, event);
	u64 lost = __atomic_load_n(&guest->v->trace.lost, __ATOMIC_RELAXED);

	for (struct client *client = guest->daemon->clients; client; client = client->next) {
		if (client->follows != guest || !wants(client, event))
			continue;
		if (conn_queued(client->conn) > BACKLOG_MAX) {
			client->lost++;
			continue;
		}
		json_object_object_add(
			line, "lost",
			json_object_new_uint64(client->lost + lost - client->lost_before));
		client_put(client, line);
	}
	json_object_put(line);
}

static int on_trace(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
	struct guest *guest = userdata;
	struct ioreq_event event;
	u64 count;

	(void)source;
	(void)events;
	if (read(fd, &count, sizeof(count)) < 0 && errno != EAGAIN)
		return -errno;
	for (unsigned int i = 0; i < TURN; i++) {
		if (!xengt_trace_pop(&guest->v->trace, &event))
			return 0;
		tell(guest, &event);
	}
	/* There may be more, of which nobody tells us again. */
	count = 1;
	if (write(fd, &count, sizeof(count)) < 0 && errno != EAGAIN)
		return -errno;
	return 0;
}

int control_follow(struct guest *guest)
{
	return sd_event_add_io(guest->daemon->loop, &guest->trace, guest->v->trace.fd, EPOLLIN,
			       on_trace, guest);
}

void control_forget(struct guest *guest)
{
	guest->trace = sd_event_source_unref(guest->trace);
	for (struct client *client = guest->daemon->clients; client; client = client->next) {
		if (client->follows != guest)
			continue;
		client_unfollow(client);
		conn_end(client->conn);
	}
}
