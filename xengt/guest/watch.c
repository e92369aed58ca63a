/* SPDX-License-Identifier: MIT */
/* Watched pages: each write of the guest to one is traced. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/gtt/page_track.h"
#include "xengt/guest/guest.h"
#include "xengt/guest/trace.h"

/* The vGPU's thread uses it as long as the page is registered. */
struct xengt_watch {
	struct xengt_vgpu *v;
	u64 gfn;
	int err;
	struct xengt_watch *next;
};

static int watch_handler(struct intel_vgpu_page_track *track, u64 gpa, void *data, int bytes)
{
	struct xengt_watch *watch = track->priv_data;
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

static void begin(struct xengt_vgpu *v, void *arg)
{
	struct xengt_watch *watch = arg;

	watch->err = intel_vgpu_register_page_track(v->vgpu, watch->gfn, watch_handler, watch);
	if (watch->err)
		return;
	watch->err = intel_vgpu_enable_page_track(v->vgpu, watch->gfn);
	if (watch->err)
		intel_vgpu_unregister_page_track(v->vgpu, watch->gfn);
}

/* A reset of the vGPU ends all tracking; something else may track the page since. */
static void end(struct xengt_vgpu *v, void *arg)
{
	struct xengt_watch *watch = arg;
	struct intel_vgpu_page_track *track = intel_vgpu_find_page_track(v->vgpu, watch->gfn);

	if (track && track->priv_data == watch)
		intel_vgpu_unregister_page_track(v->vgpu, watch->gfn);
}

static struct xengt_watch *take(struct xengt_guest *g, u64 gfn)
{
	struct xengt_watch **link = &g->watches, *watch;

	while (*link && (*link)->gfn != gfn)
		link = &(*link)->next;
	watch = *link;
	if (watch)
		*link = watch->next;
	return watch;
}

int xengt_watch_begin(struct xengt_guest *g, u64 gfn)
{
	struct xengt_watch *watch = calloc(1, sizeof(*watch));
	int err;

	if (!watch)
		return -ENOMEM;
	watch->v = g->v;
	watch->gfn = gfn;
	err = xengt_vgpu_call(g->v, begin, watch) ? -EIO : watch->err;
	if (err) {
		free(watch);
		return err;
	}
	/* A reset of the vGPU has ended an earlier watch of the page; free it. */
	free(take(g, gfn));
	watch->next = g->watches;
	g->watches = watch;
	return 0;
}

int xengt_watch_end(struct xengt_guest *g, u64 gfn)
{
	struct xengt_watch *watch = take(g, gfn);

	if (!watch)
		return -ENOENT;
	/* If the call fails, the vGPU's thread has ended and does not use the watch. */
	xengt_vgpu_call(g->v, end, watch);
	free(watch);
	return 0;
}

void xengt_watch_forget(struct xengt_guest *g)
{
	while (g->watches)
		xengt_watch_end(g, g->watches->gfn);
}
