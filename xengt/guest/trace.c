/* SPDX-License-Identifier: MIT */
/* The ring in which a vGPU's thread puts traced requests for the main thread. */
#include <unistd.h>

#include "xengt/guest/trace.h"
#include "xengt/xen/xengt.h"

void xengt_trace_wake(struct xengt_trace *trace)
{
	u64 one = 1;
	ssize_t n = write(trace->fd, &one, sizeof(one));

	(void)n; /* it fails only if the counter is full: then the reader is being woken already */
}

void xengt_trace_push(struct xengt_trace *trace, const struct ioreq_event *event)
{
	u32 head = trace->head, tail;

	if (!__atomic_load_n(&trace->on, __ATOMIC_ACQUIRE))
		return;
	tail = __atomic_load_n(&trace->tail, __ATOMIC_ACQUIRE);
	if (head - tail == XENGT_TRACE_SLOTS) {
		__atomic_fetch_add(&trace->lost, 1, __ATOMIC_RELAXED);
		return;
	}
	trace->slots[head % XENGT_TRACE_SLOTS] = *event;
	__atomic_store_n(&trace->head, head + 1, __ATOMIC_SEQ_CST);
	/* The reader empties the ring before it sleeps, so only an empty ring's event need wake
	 * it. */
	if (__atomic_load_n(&trace->tail, __ATOMIC_SEQ_CST) == head)
		xengt_trace_wake(trace);
}

bool xengt_trace_pop(struct xengt_trace *trace, struct ioreq_event *event)
{
	u32 tail = trace->tail;

	if (tail == __atomic_load_n(&trace->head, __ATOMIC_SEQ_CST))
		return false;
	*event = trace->slots[tail % XENGT_TRACE_SLOTS];
	__atomic_store_n(&trace->tail, tail + 1, __ATOMIC_SEQ_CST);
	return true;
}
