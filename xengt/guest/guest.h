/* SPDX-License-Identifier: MIT */
/* A guest's process from inside: for the files of this room alone. */
#ifndef XENGT_GUEST_GUEST_H
#define XENGT_GUEST_GUEST_H

#include <json-c/json.h>

#include "xengt/guest/vgpu.h"
#include "xengt/link/link.h"

struct gvt_sched;
struct xengt_watch;

struct xengt_guest {
	struct xengt_link_start start;
	struct xengt_host host;
	struct gvt_sched *sched; /* of the GPU of software, if there is one */
	struct xengt_vgpu *v;	 /* NULL: it is not served, or not any more */
	struct xengt_figures *figures;
	struct xengt_watch *watches;
	struct json_object *said; /* the last query's answer */
	u32 missing;		  /* walls around it that the kernel refused (enum xengt_wall) */
	int link;
	bool ends;
};

/* ---- run.c ---- */

/** xengt_guest_end() - let the vGPU go, as xengt_vgpu_detach(). */
bool xengt_guest_end(struct xengt_guest *g, enum xengt_detach how);

/* ---- rights.c ---- */

/** xengt_guest_give_up_rights() - what is needed of them was opened in @v. Returns 0, or a negative
 * errno with @why: it must not serve. */
int xengt_guest_give_up_rights(struct xengt_guest *g, struct xengt_vgpu *v, char *why, size_t len);

/* ---- watch.c: pages to which writes are told ---- */

/** xengt_watch_begin() - watch frame @gfn. Returns 0, -EEXIST (it is tracked), -EINVAL (no plain
 * memory), -EIO (the vGPU's thread has ended) or another negative errno. */
int xengt_watch_begin(struct xengt_guest *g, u64 gfn);

/** xengt_watch_end() - watch it no more. Returns 0 or -ENOENT. */
int xengt_watch_end(struct xengt_guest *g, u64 gfn);

/** xengt_watch_forget() - nor any other. */
void xengt_watch_forget(struct xengt_guest *g);

/* ---- query.c: what the control socket asks of a vGPU ---- */

/**
 * xengt_query() - answer @line, a request of JSON. @text receives the answer's fields as JSON, or
 * after an error the sentence; it stays until the next query. Returns 0 or a negative errno.
 */
int xengt_query(struct xengt_guest *g, const char *line, const char **text);

/** xengt_query_forget() - the last answer. */
void xengt_query_forget(struct xengt_guest *g);

#endif
