/* SPDX-License-Identifier: MIT */
/* What there is to say of a vGPU: its counters, and the rest as JSON. */
#ifndef XENGT_GUEST_TELL_TELL_H
#define XENGT_GUEST_TELL_TELL_H

#include <json-c/json.h>

#include "xengt/link/link.h"
#include "xengt/xen/xengt.h"

/* ---- counters.c ---- */

struct counter {
	const char *group, *name;
	const char *label, *of; /* what it counts a part of, and which; NULL: it is one number */
	bool time;		/* in microseconds */
	u64 value;
};

#define COUNTER_FILE_MAX 32u

/**
 * counter_name() - what counter @index is, those with the same name in a row; .value is 0. False: there
 * are not so many.
 */
bool counter_name(unsigned int index, struct counter *counter);

/** counter_read() - the same, and its value. Read while the vGPU goes on counting. */
bool counter_read(const struct xengt_vgpu *v, unsigned int index, struct counter *counter);

/** xengt_tell_figures() - fill @figures in, but for .asked and .told. */
void xengt_tell_figures(const struct xengt_vgpu *v, struct xengt_figures *figures);

/** counter_file() - its name with what it counts a part of: that of its file in the tree. */
void counter_file(const struct counter *counter, char name[COUNTER_FILE_MAX]);

/* ---- describe.c ---- */

/**
 * describe_whole() - add all that there is to say of it to @all, in the vGPU's thread for
 * consistency. Returns @all; NULL, with @all released: it is dead.
 */
struct json_object *describe_whole(struct xengt_vgpu *v, struct json_object *all);

/** describe_regs() - registers that the guest's accesses trapped on; @unknown: those that the
 * table lacks. @pages: the map of register pages instead. */
struct json_object *describe_regs(struct xengt_vgpu *v, bool unknown, bool pages);

/* ---- describe_gtt.c: graphics memory; all run in the vGPU's thread ---- */

/** describe_spaces() - the GGTT (number 0), and the PPGTTs that the guest has. NULL: it is dead. */
struct json_object *describe_spaces(struct xengt_vgpu *v);

/**
 * describe_walk() - the way of @addr in space @number, through the guest's tables and ours.
 * @err: 0, -ENOENT (no such space), -ERANGE (no such address), -ENOMEM. NULL: it is dead.
 */
struct json_object *describe_walk(struct xengt_vgpu *v, unsigned int number, u64 addr, int *err);

/**
 * describe_verify() - compare every entry of every space. @err: 0 (no difference), or with a
 * sentence in @why: -EILSEQ (the first difference), -EAGAIN, or another. NULL: it is dead.
 */
struct json_object *describe_verify(struct xengt_vgpu *v, int *err, char *why, size_t why_len);

/** describe_event() - one traced request. */
struct json_object *describe_event(struct xengt_vgpu *v, const struct ioreq_event *event);

#endif
