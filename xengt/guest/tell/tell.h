/* SPDX-License-Identifier: MIT */
/* A vGPU described: its counters, and the rest as JSON. */
#ifndef XENGT_GUEST_TELL_TELL_H
#define XENGT_GUEST_TELL_TELL_H

#include <json-c/json.h>

#include "xengt/link/link.h"
#include "xengt/xen/xengt.h"

/* ---- counters.c ---- */

struct counter {
	const char *group, *name;
	const char *label, *of; /* it counts one part of several: what the parts are, which this is;
				 * or NULL */
	bool time;		/* in microseconds */
	u64 value;
};

#define COUNTER_FILE_MAX 32u

/**
 * counter_name() - describe counter @index, with .value 0. Counters of one name are consecutive.
 * False: there are not so many.
 */
bool counter_name(unsigned int index, struct counter *counter);

/** counter_read() - describe counter @index, with its value, while the vGPU goes on counting. */
bool counter_read(const struct xengt_vgpu *v, unsigned int index, struct counter *counter);

/** xengt_tell_figures() - fill in @figures, except for .asked and .told. */
void xengt_tell_figures(const struct xengt_vgpu *v, struct xengt_figures *figures);

/** counter_file() - the name of the counter's file in the tree: its name, and which part it counts.
 */
void counter_file(const struct counter *counter, char name[COUNTER_FILE_MAX]);

/* ---- describe.c ---- */

/**
 * describe_whole() - add everything about the vGPU to @all. Runs in the vGPU's thread, to be
 * consistent. Returns @all; NULL, with @all released: the thread has ended.
 */
struct json_object *describe_whole(struct xengt_vgpu *v, struct json_object *all);

/** describe_regs() - registers on which the guest's accesses trapped; @unknown: only those that the
 * table lacks. @pages: the map of register pages instead. NULL: the vGPU's thread has ended. */
struct json_object *describe_regs(struct xengt_vgpu *v, bool unknown, bool pages);

/*
 * ---- describe_gtt.c: graphics memory ----
 * All run in the vGPU's thread. They return NULL if that has ended.
 */

/** describe_spaces() - the GGTT (number 0), and the PPGTTs that the guest has. */
struct json_object *describe_spaces(struct xengt_vgpu *v);

/**
 * describe_walk() - translate @addr in space @number, by the guest's tables and by ours.
 * @err: receives 0, -ENOENT (no such space), -ERANGE (no such address) or -ENOMEM.
 */
struct json_object *describe_walk(struct xengt_vgpu *v, unsigned int number, u64 addr, int *err);

/**
 * describe_verify() - compare all entries of all spaces with the guest's. @err: receives 0 (no
 * difference), or with a sentence in @why: -EILSEQ (the first difference), -EAGAIN (the guest
 * changes its tables too fast), or another.
 */
struct json_object *describe_verify(struct xengt_vgpu *v, int *err, char *why, size_t why_len);

/** describe_event() - one traced request. */
struct json_object *describe_event(struct xengt_vgpu *v, const struct ioreq_event *event);

#endif
