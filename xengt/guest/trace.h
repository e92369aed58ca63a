/* SPDX-License-Identifier: MIT */
/* Traced events: a ring from the vGPU's thread to the main thread. */
#ifndef XENGT_GUEST_TRACE_H
#define XENGT_GUEST_TRACE_H

#include "xengt/xen/xengt.h"

/** xengt_trace_push() - from the vGPU's thread: pass an event on, or count it as lost. */
void xengt_trace_push(struct xengt_trace *trace, const struct ioreq_event *event);

/** xengt_trace_pop() - from the main thread: take the oldest event. False: there is none. */
bool xengt_trace_pop(struct xengt_trace *trace, struct ioreq_event *event);

/** xengt_trace_wake() - wake the main thread: there is an event, or the vGPU's thread failed. */
void xengt_trace_wake(struct xengt_trace *trace);

#endif
