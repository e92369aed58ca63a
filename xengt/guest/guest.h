/* SPDX-License-Identifier: MIT */
/* A guest's process from inside. Only files of this room include this. */
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
	struct gvt_sched *sched; /* the software GPU's, or NULL */
	struct xengt_vgpu *v;	 /* NULL before and after it is served */
	struct xengt_figures *figures;
	struct xengt_watch *watches;
	struct json_object *said; /* the last query's answer */
	u32 missing;		  /* walls that the kernel refused (bits of enum xengt_wall) */
	int link;
	bool ends;
};

/* ---- run.c ---- */

/** xengt_guest_end() - end all watches, and detach the vGPU as xengt_vgpu_detach() does. */
bool xengt_guest_end(struct xengt_guest *g, enum xengt_detach how);

/* ---- rights.c ---- */

/** xengt_guest_give_up_rights() - enter the jail, after @v has opened all that needs rights.
 * Returns 0, or a negative errno with @why: the process must not serve. */
int xengt_guest_give_up_rights(struct xengt_guest *g, struct xengt_vgpu *v, char *why, size_t len);

/* ---- watch.c: pages whose writes are traced ---- */

/** xengt_watch_begin() - trace writes to frame @gfn. Returns 0, -EEXIST (it is tracked), -EINVAL
 * (no plain memory), -EIO (the vGPU's thread has ended) or another negative errno. */
int xengt_watch_begin(struct xengt_guest *g, u64 gfn);

/** xengt_watch_end() - stop watching @gfn. Returns 0 or -ENOENT. */
int xengt_watch_end(struct xengt_guest *g, u64 gfn);

/** xengt_watch_forget() - stop watching all frames. */
void xengt_watch_forget(struct xengt_guest *g);

/* ---- query.c: commands of the control socket that the process answers ---- */

/**
 * xengt_query() - answer @line, a request in JSON. @text receives a JSON object: the answer's
 * field, and after an error "error", a sentence. It is valid until the next query. Returns 0 or a
 * negative errno.
 */
int xengt_query(struct xengt_guest *g, const char *line, const char **text);

/** xengt_query_forget() - free the last answer. */
void xengt_query_forget(struct xengt_guest *g);

#endif
