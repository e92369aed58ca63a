/* SPDX-License-Identifier: MIT */
/* The state of a vGPU that outlives the process. */
#ifndef XENGT_STATE_FILE_H
#define XENGT_STATE_FILE_H

#include "core/gvt.h"
#include "ioreq/ioreq.h"
#include "xengt/settings/options.h"
#include "xengt/xen/dma.h"

struct xengt_host;

#define XENGT_TRACK_MAX (1u << 20)

/*
 * The head of a vGPU's state file; intel_gvt_state_size() bytes of the core's follow it, at the
 * next page. A file of another layout is refused whole.
 *
 * The file is the memory of the process that has it: no checksum fits what changes at each instant.
 * So there are two: of what never changes, which is always checked, and of all, which is there when
 * a process has left the file in order.
 */
struct xengt_state {
	char magic[8];
	u32 layout, size;
	u32 domid;
	u32 ready;    /* written to the end at least once, with .head_crc */
	u32 head_crc; /* of what is above .ready, .uuid, and .options but for weight and cap */
	u32 sealed;   /* not 0: left in order, .crc is of all of it, with these two as 0 */
	u32 crc;
	u8 uuid[16];
	struct xengt_options options;
	struct ioreq_state ioreq;
	u64 added_kib;	   /* put on the domain's memory limit */
	u64 opregion_at;   /* frame of the OpRegion's memory, or 0 */
	u64 backing_at;	   /* frame at which the memory behind BAR0 is, or 0: there is none */
	u64 backing_was;   /* frame from which it is being moved there, or 0 */
	u32 backing_typed; /* writes to its register pages trap */
	u32 nr_tracked;	   /* of .tracked, gfns */
	u32 backing_held;  /* the domain is paused for a move */
	u32 booted;	   /* the domain was seen to run, since its vGPU was as after power-on */
	u64 limit_kib;	   /* of the domain's memory, as last seen; and what it was to have then: */
	u64 target_kib;	   /* 0: not known */
	u64 tracked[XENGT_TRACK_MAX] __attribute__((aligned(4096)));
	struct xengt_pins pins;
	struct xengt_aliases aliases;
};

/** xengt_state_create() - a new file, zeroed. Returns it mapped, or NULL with errno and @why. */
struct xengt_state *xengt_state_create(const struct xengt_host *host, domid_t domid, char *why,
				       size_t why_len);

/**
 * xengt_state_open() - one left by an earlier process. NULL with errno and @why, a sentence;
 * EPROTO: it is of another version, cut off, or damaged.
 */
struct xengt_state *xengt_state_open(const struct xengt_host *host, domid_t domid, char *why,
				     size_t why_len);

/** xengt_state_ready() - what never changes of it is complete: a later process may take it up. */
void xengt_state_ready(struct xengt_state *state);

/** xengt_state_core() - the core's part of it. */
struct vgpu_state *xengt_state_core(struct xengt_state *state);

/** xengt_state_cost() - bytes of memory that a new one takes at once. */
size_t xengt_state_cost(void);

/** xengt_state_close() - seal and unmap it; with @remove, delete the file. */
void xengt_state_close(const struct xengt_host *host, struct xengt_state *state, bool remove);

/** xengt_state_reserve() - make sure of the memory under [@from, @from + @len) of it. 0 or errno.
 */
int xengt_state_reserve(const struct xengt_host *host, struct xengt_state *state, const void *from,
			size_t len);

#endif
