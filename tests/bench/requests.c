/* SPDX-License-Identifier: MIT */
/*
 * What an I/O request costs from ring to reply, on embedded Xen: bench_requests [KIND [COUNT]].
 *
 * The vGPU is attached as the daemon attaches it. Its own thread posts each request in the shared
 * page and answers it, so that no switch of threads is in the time.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/base/number.h"
#include "tests/bench/bare_guest.h"

#define WARM_UP	    1000u
#define PLAIN	    0x4f100u /* a scratch register */
#define TRAPPED	    0x2030u  /* RCS0's RING_TAIL, of a page that always traps */
#define TRACKED_GPA 0x5000u
#define TRACKED_GFN (TRACKED_GPA >> GVT_PAGE_SHIFT)
#define CFG(reg)    ((u64)BARE_DEVFN << 32 | (reg))

static const struct kind {
	const char *name, *what;
	u8 type, dir, size;
	u64 addr;
} kinds[] = {
	{ "register-write", "a trapped register write", IOREQ_TYPE_COPY, IOREQ_WRITE, 4,
	  BARE_BAR0 + PLAIN },
	{ "register-read", "a trapped register read", IOREQ_TYPE_COPY, IOREQ_READ, 4,
	  BARE_BAR0 + TRAPPED },
	{ "config-read", "a read of configuration space", IOREQ_TYPE_PCI_CONFIG, IOREQ_READ, 4,
	  CFG(0) },
	{ "tracked-write", "a write to a tracked page", IOREQ_TYPE_COPY, IOREQ_WRITE, 8,
	  TRACKED_GPA + 0x18 },
	{ "nothing", "an empty slot: what measuring itself costs", 0xff, 0, 0, 0 },
};

struct job {
	struct bare_guest *g;
	const struct kind *kind;
	u32 count;
	u64 *ns;
	u64 answered;
};

static u64 now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ull + t.tv_nsec;
}

static void post(volatile ioreq_t *slot, const struct kind *kind, u64 data)
{
	slot->addr = kind->addr;
	slot->data = data;
	slot->count = 1;
	slot->size = kind->size;
	slot->type = kind->type;
	slot->dir = kind->dir;
	slot->df = 0;
	slot->data_is_ptr = 0;
	__atomic_thread_fence(__ATOMIC_RELEASE);
	slot->state = STATE_IOREQ_READY;
}

static int tracked(struct intel_vgpu_page_track *track, u64 gpa, void *data, int bytes)
{
	(void)gpa;
	*(u64 *)track->priv_data += *(const u8 *)data + bytes;
	return 0;
}

/* In the vGPU's thread. */
static void measure(struct xengt_vgpu *v, void *arg)
{
	struct job *job = arg;
	volatile ioreq_t *slot = exen_slot(job->g->d, 0, ioreq_server_id(v->server));
	bool empty = !job->kind->size;
	u64 sum = 0;

	MUST(!intel_vgpu_register_page_track(v->vgpu, TRACKED_GFN, tracked, &sum));
	MUST(!intel_vgpu_enable_page_track(v->vgpu, TRACKED_GFN));
	for (u32 i = 0; i < WARM_UP + job->count; i++) {
		u64 from;

		if (!empty)
			post(slot, job->kind, i);
		from = now();
		job->answered += ioreq_server_poll(v->server);
		job->ns[i < WARM_UP ? 0 : i - WARM_UP] = now() - from;
	}
	intel_vgpu_unregister_page_track(v->vgpu, TRACKED_GFN);
	MUST(job->answered == (empty ? 0 : WARM_UP + job->count));
	MUST(empty || slot->state == STATE_IORESP_READY);
	MUST(job->kind->addr != TRACKED_GPA + 0x18 || sum);
}

static int by_value(const void *a, const void *b)
{
	u64 x = *(const u64 *)a, y = *(const u64 *)b;

	return x < y ? -1 : x > y;
}

static void run(const struct kind *kind, u32 count)
{
	struct bare_guest g;
	struct job job = { .g = &g, .kind = kind, .count = count };

	bare_guest_start(&g);
	job.ns = calloc(count, sizeof(*job.ns));
	MUST(job.ns);
	MUST(!xengt_vgpu_call(g.v, measure, &job));
	bare_guest_end(&g);
	qsort(job.ns, count, sizeof(*job.ns), by_value);
	printf("%-15s %8llu %8llu %8llu %8llu  %s\n", kind->name, (unsigned long long)job.ns[0],
	       (unsigned long long)job.ns[count / 2],
	       (unsigned long long)job.ns[count * 95ull / 100],
	       (unsigned long long)job.ns[count * 99ull / 100], kind->what);
	free(job.ns);
}

int main(int argc, char **argv)
{
	u64 count = 200000;
	bool any = false;

	if (argc > 2 && xengt_number(argv[2], XENGT_EITHER, 1, 10000000, &count)) {
		fputs("bench_requests: COUNT is from 1 to 10000000\n", stderr);
		return 2;
	}
	printf("%-15s %8s %8s %8s %8s  nanoseconds from ring to reply, of %llu\n", "request",
	       "smallest", "median", "95 %", "99 %", (unsigned long long)count);
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		if (argc > 1 && strcmp(argv[1], kinds[i].name) && strcmp(argv[1], "all"))
			continue;
		run(&kinds[i], count);
		any = true;
	}
	if (!any)
		fprintf(stderr, "bench_requests: there is no request '%s'\n", argv[1]);
	return any ? 0 : 2;
}
