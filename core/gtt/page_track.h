/* SPDX-License-Identifier: MIT */
/*
 * Page tracking: guest pages whose writes the core must see, each with a handler.
 *
 * A guest page has at most one tracker. While tracking is enabled, a write by the guest traps. The
 * core carries it out, and then calls the handler.
 */
#ifndef CORE_GTT_PAGE_TRACK_H
#define CORE_GTT_PAGE_TRACK_H

#include "core/base/types.h"

struct intel_vgpu;
struct intel_vgpu_page_track;

typedef int (*gvt_page_track_handler_t)(struct intel_vgpu_page_track *track, u64 gpa, void *data,
					int bytes);

struct intel_vgpu_page_track {
	gvt_page_track_handler_t handler;
	void *priv_data;
	unsigned long gfn;
	bool tracked; /* writes trap now */
	struct intel_vgpu_page_track *next;
};

/* Trackers by gfn; grows with their number. All zeroes is the empty table. */
struct page_track_table {
	struct intel_vgpu_page_track **slots;
	size_t mask, nr;
};

/** intel_vgpu_find_page_track() - the tracker of guest page @gfn, or NULL. */
struct intel_vgpu_page_track *intel_vgpu_find_page_track(struct intel_vgpu *vgpu,
							 unsigned long gfn);

/**
 * intel_vgpu_register_page_track() - register @handler for guest page @gfn; writes do not trap yet.
 * @priv: for the handler, as track->priv_data; the caller keeps it.
 * Returns 0, -EEXIST when the page has a tracker, -ENOMEM.
 */
int intel_vgpu_register_page_track(struct intel_vgpu *vgpu, unsigned long gfn,
				   gvt_page_track_handler_t handler, void *priv);

/** intel_vgpu_unregister_page_track() - disable and free it; a page without a tracker is fine. */
void intel_vgpu_unregister_page_track(struct intel_vgpu *vgpu, unsigned long gfn);

/** intel_vgpu_enable_page_track() - trap writes. Returns 0, -ENXIO (no tracker) or an errno. */
int intel_vgpu_enable_page_track(struct intel_vgpu *vgpu, unsigned long gfn);

/** intel_vgpu_disable_page_track() - trap writes no longer. Returns as enable does. */
int intel_vgpu_disable_page_track(struct intel_vgpu *vgpu, unsigned long gfn);

/**
 * intel_vgpu_page_track_handler() - a guest's write of @bytes (1 to 8) of @data at @gpa trapped.
 * Carries the write out in guest memory, then calls the page's handler. A write that arrives late,
 * at a page without a tracker, is only carried out. Returns 0, -ENXIO when there is no guest memory
 * at
 * @gpa, or a negative errno from memory or handler.
 */
int intel_vgpu_page_track_handler(struct intel_vgpu *vgpu, u64 gpa, void *data, unsigned int bytes);

/** page_track_clear() - unregister all pages. */
void page_track_clear(struct intel_vgpu *vgpu);

#endif
