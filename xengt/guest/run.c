/* SPDX-License-Identifier: MIT */
#include "xengt/guest/run.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/gpu/sched/sched.h"
#include "core/port/gpu.h"
#include "xengt/guest/guest.h"
#include "xengt/guest/tell/tell.h"
#include "xengt/guest/trace.h"

#define TURN 64 /* events that are sent before messages have their turn */

/* ---- commands of xengtd ---- */

static void do_msi(struct xengt_vgpu *v, void *arg)
{
	*(int *)arg = intel_vgpu_test_msi(v->vgpu);
}

static void do_reset(struct xengt_vgpu *v, void *arg)
{
	*(u32 *)arg = intel_vgpu_stop_work(v->vgpu);
}

/* An answer, besides its .err. */
struct answer {
	u64 value;
	const char *text;
};

static int msi(struct xengt_guest *g, const struct xengt_link_message *m, struct answer *answer)
{
	int err = 0, failed = xengt_vgpu_call(g->v, do_msi, &err);

	(void)m;
	(void)answer;
	return failed ? failed : err;
}

static int reset(struct xengt_guest *g, const struct xengt_link_message *m, struct answer *answer)
{
	u32 stopped = 0;
	int err = xengt_vgpu_call(g->v, do_reset, &stopped);

	(void)m;
	answer->value = stopped;
	return err;
}

static int restart(struct xengt_guest *g, const struct xengt_link_message *m, struct answer *answer)
{
	(void)m;
	(void)answer;
	return xengt_vgpu_restart(g->v);
}

static int suspend(struct xengt_guest *g, const struct xengt_link_message *m, struct answer *answer)
{
	(void)m;
	(void)answer;
	return xengt_vgpu_suspended(g->v);
}

static int share(struct xengt_guest *g, const struct xengt_link_message *m, struct answer *answer)
{
	(void)m;
	(void)answer;
	intel_vgpu_schedule(g->v->vgpu, g->v->kept->weight, g->v->kept->cap);
	return 0;
}

static u64 lost(const struct xengt_guest *g)
{
	return __atomic_load_n(&g->v->trace.lost, __ATOMIC_RELAXED);
}

static int trace(struct xengt_guest *g, const struct xengt_link_message *m, struct answer *answer)
{
	answer->value = lost(g);
	__atomic_store_n(&g->v->trace.on, m->value != 0, __ATOMIC_RELEASE);
	return 0;
}

static int watch(struct xengt_guest *g, const struct xengt_link_message *m, struct answer *answer)
{
	answer->value = lost(g);
	return xengt_watch_begin(g, m->value);
}

static int unwatch(struct xengt_guest *g, const struct xengt_link_message *m, struct answer *answer)
{
	(void)answer;
	return xengt_watch_end(g, m->value);
}

static int count(struct xengt_guest *g, const struct xengt_link_message *m, struct answer *answer)
{
	u32 asked = __atomic_load_n(&g->figures->asked, __ATOMIC_ACQUIRE);

	(void)m;
	(void)answer;
	xengt_tell_figures(g->v, g->figures);
	xengt_figures_tell(g->figures, asked);
	return 0;
}

static int query(struct xengt_guest *g, const struct xengt_link_message *m, struct answer *answer)
{
	return xengt_query(g, m->text, &answer->text);
}

static int detach(struct xengt_guest *g, const struct xengt_link_message *m, struct answer *answer)
{
	(void)answer;
	if (m->value > XENGT_KEEP)
		return -EINVAL;
	g->ends = true;
	return xengt_guest_end(g, m->value) ? 0 : -EBUSY;
}

static int (*const deeds[XENGT_LINK_TYPES])(struct xengt_guest *g,
					    const struct xengt_link_message *m,
					    struct answer *answer) = {
	[XENGT_LINK_QUERY] = query,	[XENGT_LINK_MSI] = msi,
	[XENGT_LINK_RESET] = reset,	[XENGT_LINK_RESTART] = restart,
	[XENGT_LINK_SUSPEND] = suspend, [XENGT_LINK_SHARE] = share,
	[XENGT_LINK_TRACE] = trace,	[XENGT_LINK_WATCH] = watch,
	[XENGT_LINK_UNWATCH] = unwatch, [XENGT_LINK_COUNT] = count,
	[XENGT_LINK_DETACH] = detach,
};

/* Takes a command and answers it. Returns 0, or an errno: the link is broken. */
static int obey(struct xengt_guest *g)
{
	struct answer answer = { .text = "" };
	struct xengt_link_message m;
	int err = xengt_link_receive(g->link, &m);

	if (err)
		return err;
	err = deeds[m.type] ? deeds[m.type](g, &m, &answer) : -EPROTO;
	return xengt_link_answer(g->link, m.id, err, answer.value, answer.text);
}

/* ---- traced events ---- */

static void tell_event(struct xengt_guest *g, const struct ioreq_event *event)
{
	const struct xengt_link_message head = {
		.type = XENGT_LINK_EVENT,
		.id = (u32)lost(g),
		.value = event->type == XENGT_EVENT_WATCH ? (event->addr >> GVT_PAGE_SHIFT) + 1 : 0,
	};
	struct json_object *line = describe_event(g->v, event);
	const char *text = json_object_to_json_string_ext(line, JSON_C_TO_STRING_PLAIN);

	xengt_link_send(g->link, &head, text, strlen(text));
	json_object_put(line);
}

static void tell_events(struct xengt_guest *g)
{
	struct ioreq_event event;
	u64 count;

	if (read(g->v->trace.fd, &count, sizeof(count)) < 0 && errno != EAGAIN)
		return;
	for (unsigned int i = 0; i < TURN; i++) {
		if (!xengt_trace_pop(&g->v->trace, &event))
			return;
		tell_event(g, &event);
	}
	/* More may be queued, for which the vGPU's thread does not signal again: signal
	 * ourselves. */
	count = 1;
	if (write(g->v->trace.fd, &count, sizeof(count)) < 0)
		return;
}

/* ---- the process ---- */

static int make_gpu(struct xengt_guest *g)
{
	int err = g->start.software ? softgpu_create(&g->host.gpu) : 0;

	if (!err && g->host.gpu)
		err = gvt_sched_create(g->host.gpu, &g->sched);
	if (!err && g->sched)
		g->host.share = gvt_sched_share(g->sched);
	return err;
}

static void end_gpu(struct xengt_guest *g)
{
	if (g->host.gvt)
		xengt_host_exit(&g->host);
	gvt_sched_destroy(g->sched);
	if (g->host.gpu)
		g->host.gpu->ops->destroy(g->host.gpu);
}

bool xengt_guest_end(struct xengt_guest *g, enum xengt_detach how)
{
	bool clean;

	xengt_watch_forget(g);
	clean = xengt_vgpu_detach(g->v, how);
	g->v = NULL;
	return clean;
}

static int begin(struct xengt_guest *g, const struct xengt_guest_fds *fds, char *why, size_t len)
{
	const struct xengt_start start = {
		.domid = g->start.domid,
		.take_up = g->start.take_up,
		.max_kib = g->start.max_kib,
		.ask_fd = fds->ask,
		.kept_fd = fds->kept,
		.state_fd = fds->state,
	};
	struct xengt_vgpu *v = NULL;
	int err;

	g->host.poll_max = g->start.poll_max;
	err = xengt_vgpu_open(&g->host, &start, &v, why, len);
	if (err)
		return err;
	err = xengt_guest_give_up_rights(g, v, why, len);
	if (!err) {
		err = make_gpu(g);
		if (!err)
			err = xengt_host_init(&g->host);
		if (err)
			snprintf(why, len, "cannot make a GPU of software: %s", strerror(-err));
	}
	if (err) {
		xengt_vgpu_detach(v, g->start.take_up ? XENGT_KEEP : XENGT_GIVE_UP);
		return err;
	}
	err = xengt_vgpu_begin(v, why, len);
	if (!err)
		g->v = v;
	return err;
}

static int receive_start(struct xengt_guest *g)
{
	struct xengt_link_message m;
	int err = xengt_link_receive(g->link, &m);

	if (!err && (m.type != XENGT_LINK_START || m.len != sizeof(g->start)))
		err = -EPROTO;
	if (!err)
		memcpy(&g->start, m.text, sizeof(g->start));
	return err;
}

/* Handles commands and events, until a command or an error ends the process. */
static int serve(struct xengt_guest *g)
{
	int err = 0;

	while (!err && !g->ends) {
		struct pollfd fds[] = {
			{ .fd = g->link, .events = POLLIN },
			{ .fd = g->v->trace.fd, .events = POLLIN },
		};

		if (poll(fds, ARRAY_SIZE(fds), -1) < 0 && errno != EINTR)
			return -errno;
		if (__atomic_load_n(&g->v->failed, __ATOMIC_ACQUIRE))
			return -EIO;
		if (fds[1].revents)
			tell_events(g);
		if (fds[0].revents)
			err = obey(g);
	}
	return err;
}

int xengt_guest_run(const struct xengt_guest_fds *fds, struct xengt_vgpu **seen)
{
	struct xengt_guest g = { .link = fds->link };
	struct xengt_link_message ready = { .type = XENGT_LINK_READY };
	char why[256] = "";
	int err;

	g.figures = xengt_figures_map(fds->figures);
	err = g.figures ? receive_start(&g) : -errno;
	if (!err)
		err = begin(&g, fds, why, sizeof(why));
	if (err) {
		xengt_link_answer(g.link, 0, err, 0, *why ? why : strerror(-err));
	} else {
		if (seen)
			__atomic_store_n(seen, g.v, __ATOMIC_RELEASE);
		ready.value = ioreq_server_id(g.v->server);
		ready.id = g.missing;
		err = xengt_link_send(g.link, &ready, "", 0);
		if (!err)
			err = serve(&g);
		if (seen)
			__atomic_store_n(seen, NULL, __ATOMIC_RELEASE);
	}
	/* xengtd is gone, or the vGPU's thread has failed: leave the vGPU to the next process. */
	if (g.v)
		xengt_guest_end(&g, XENGT_KEEP);
	end_gpu(&g);
	xengt_query_forget(&g);
	xengt_figures_unmap(g.figures);
	close(g.link);
	return err;
}
