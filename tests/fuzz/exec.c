/* SPDX-License-Identifier: MIT */
/*
 * Execution: the software GPU runs commands that no audit saw, from memory of which each page is an
 * allocation of its own. Whatever they are, an engine comes to an end, gives way, or is reset, and
 * no event comes after its reset.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tests/fuzz/check.h"
#include "tests/unit/softgpu_rig.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* An input begins with this; dwords of commands follow. */
struct head {
	u8 engine;
	u8 how;
	u8 gone;  /* HOW_GONE: the page that is not there */
	u8 entry; /* HOW_ENTRY: the entry of the PPGTT that is this value, and its level */
	u32 value;
};

#define HOW_RING     1u /* the commands stand in the ring; else in a batch that the ring starts */
#define HOW_PPGTT    2u /* the batch is unprivileged */
#define HOW_PER_CTX  4u /* the batch is the context's per-context batch too */
#define HOW_INDIRECT 8u /* and its indirect batch */
#define HOW_RESTORE  16u
#define HOW_TWO	     32u /* another context is behind it in the port */
#define HOW_GONE     64u
#define HOW_ENTRY    128u

/* Distances of a context's registers from its engine's base. */
#define CTX_CONTROL	 0x244u
#define CTX_PER_CTX	 0x1c0u
#define CTX_INDIRECT	 0x1c4u
#define CTX_INDIRECT_OFF 0x1c8u

#define BATCH_PAGES 4u
#define DATA_PAGES  8u
#define RING_DWORDS 512u

/* How long an engine is waited for, until it has to give way; and until it is reset. */
#define PATIENCE_NS 3000000l

static struct {
	struct rig rig;
	struct rig_context first[GVT_NR_ENGINES], other[GVT_NR_ENGINES];
	u32 batch;
	u32 pages; /* [1, pages) are the test's */
	u8 *clean; /* what is in them before an input */
	bool is;
} f;

static void end(void)
{
	rig_stop(&f.rig);
	free(f.clean);
}

static void begin(void)
{
	struct rig *r = &f.rig;

	rig_start(r, NULL);
	for (u32 i = 0; i < GVT_NR_ENGINES; i++) {
		rig_context(r, &f.first[i], i, 1);
		rig_context(r, &f.other[i], i, 2);
	}
	f.batch = rig_pages(r, BATCH_PAGES);
	rig_pages(r, DATA_PAGES);
	/* Low addresses are found more often than RIG_VA. */
	rig_entry(r, 0, 1);
	f.pages = r->next;
	for (u32 i = 1; i < f.pages; i++)
		rig_set_entry(r, i * GVT_PAGE_SIZE, 1,
			      (RIG_BUS + i * GVT_PAGE_SIZE) | PTE_P | PTE_RW);
	ck_assert(r->next == f.pages);
	for (u32 i = f.pages; i < RIG_PAGES; i++)
		r->gone[i] = true;
	f.clean = malloc(f.pages * GVT_PAGE_SIZE);
	ck_assert(f.clean);
	for (u32 i = 1; i < f.pages; i++)
		memcpy(f.clean + i * GVT_PAGE_SIZE, r->page[i], GVT_PAGE_SIZE);
	f.is = true;
	atexit(end);
}

/* Waits until the engine is idle or stuck, or until patience is over, which returns false. */
static bool ended(void)
{
	struct rig *r = &f.rig;
	struct timespec until;
	bool is = false;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_nsec += PATIENCE_NS;
	until.tv_sec += until.tv_nsec / 1000000000;
	until.tv_nsec %= 1000000000;
	pthread_mutex_lock(&r->lock);
	while (!is) {
		if (r->in - r->out > RIG_EVENTS)
			r->out = r->in - RIG_EVENTS;
		for (; r->out != r->in && !is; r->out++) {
			const struct gvt_gpu_event *event = &r->events[r->out % RIG_EVENTS];

			ck_assert(event->space == r->space);
			is = event->kind == GVT_GPU_STUCK ||
			     (event->kind == GVT_GPU_STATUS && event->status & GVT_CSB_ACTIVE_IDLE);
		}
		if (!is && pthread_cond_timedwait(&r->came, &r->lock, &until) == ETIMEDOUT)
			break;
	}
	pthread_mutex_unlock(&r->lock);
	return is;
}

static void prepare(const struct head *head, struct rig_context *c, const u32 *dw, u32 nr)
{
	u32 privilege = head->how & HOW_PPGTT ? BATCH_PPGTT : 0;
	u64 at = head->how & HOW_PPGTT ? RIG_VA + f.batch : f.batch;

	if (head->how & HOW_RING)
		rig_emit(c, dw, nr < RING_DWORDS ? nr : RING_DWORDS);
	else
		RIG_EMIT(c, BATCH_START | privilege, LO(at), HI(at), NOOP);
	if (nr > BATCH_PAGES * GVT_PAGE_SIZE / sizeof(u32) - 1)
		nr = BATCH_PAGES * GVT_PAGE_SIZE / sizeof(u32) - 1;
	RIG_WRITE(&f.rig, rig_write(&f.rig, f.batch, dw, nr), BATCH_END);
	if (head->how & HOW_PER_CTX)
		*rig_image(c, CTX_PER_CTX) = f.batch | 1;
	if (head->how & HOW_INDIRECT) {
		*rig_image(c, CTX_INDIRECT) = f.batch | (nr / 16 + 1 < 63 ? nr / 16 + 1 : 63);
		*rig_image(c, CTX_INDIRECT_OFF) = head->value & 0xffff;
	}
	if (head->how & HOW_RESTORE)
		*rig_image(c, CTX_CONTROL) = 0x00090008;
	if (head->how & HOW_ENTRY)
		rig_set_entry(
			&f.rig, RIG_VA + (head->entry & 63) * GVT_PAGE_SIZE, 1 + (head->entry >> 6),
			(RIG_BUS + (head->value & 0xfff) * GVT_PAGE_SIZE) | head->value >> 20);
	if (head->how & HOW_GONE && head->gone % f.pages)
		f.rig.gone[head->gone % f.pages] = true;
}

static void restore(enum gvt_engine engine)
{
	struct rig *r = &f.rig;

	r->gpu->ops->reset(r->gpu, engine);
	r->in = r->out = 0;
	for (u32 i = 1; i < f.pages; i++) {
		r->gone[i] = false;
		memcpy(r->page[i], f.clean + i * GVT_PAGE_SIZE, GVT_PAGE_SIZE);
	}
	r->gpu->ops->flush(r->space);
	r->gpu->ops->regs_clear(r->space);
	f.first[engine].tail = f.other[engine].tail = 0;
	ck_assert(!r->in);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rig_context *first, *other;
	u32 dw[1024], nr;
	struct head head;

	if (!f.is)
		begin();
	if (size < sizeof(head))
		return 0;
	memcpy(&head, data, sizeof(head));
	nr = (size - sizeof(head)) / sizeof(u32) < ARRAY_SIZE(dw)
		     ? (u32)((size - sizeof(head)) / sizeof(u32))
		     : ARRAY_SIZE(dw);
	memcpy(dw, data + sizeof(head), nr * sizeof(u32));
	first = &f.first[head.engine % GVT_NR_ENGINES];
	other = &f.other[head.engine % GVT_NR_ENGINES];

	prepare(&head, first, dw, nr);
	ck_assert(!rig_submit(first, head.how & HOW_TWO ? other : NULL));
	/* What runs on gives way to another context, or is reset, as a watchdog would. */
	if (!ended() && !rig_submit(other, NULL))
		ended();
	restore(first->engine);
	return 0;
}
