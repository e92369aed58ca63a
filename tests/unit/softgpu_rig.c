/* SPDX-License-Identifier: MIT */
#include "tests/unit/softgpu_rig.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/hw/reg.h"

static void *page(void *priv, u64 bus)
{
	struct rig *r = priv;
	u64 i = (bus - RIG_BUS) / GVT_PAGE_SIZE;

	if (bus < RIG_BUS || i >= RIG_PAGES || __atomic_load_n(&r->gone[i], __ATOMIC_RELAXED))
		return NULL;
	return r->page[i];
}

static void event(void *priv, const struct gvt_gpu_event *event)
{
	struct rig *r = priv;

	if (r->hook)
		r->hook(r, event);
	pthread_mutex_lock(&r->lock);
	r->events[r->in++ % RIG_EVENTS] = *event;
	pthread_cond_signal(&r->came);
	pthread_mutex_unlock(&r->lock);
}

void rig_start(struct rig *r, struct gvt_gpu *gpu)
{
	const struct gvt_gpu_space_config config = { .priv = r, .page = page, .event = event };
	pthread_condattr_t attr;
	u64 entries[RIG_PAGES];

	memset(r, 0, sizeof(*r));
	pthread_mutex_init(&r->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&r->came, &attr);
	pthread_condattr_destroy(&attr);
	for (u32 i = 0; i < RIG_PAGES; i++) {
		r->page[i] = calloc(1, GVT_PAGE_SIZE);
		ck_assert_ptr_ne(r->page[i], NULL);
	}
	r->next = 1; /* graphics address 0 is not used */
	r->gpu = gpu;
	if (!gpu) {
		ck_assert_int_eq(softgpu_create(&r->gpu), 0);
		r->owns_gpu = true;
	}
	ck_assert_int_eq(r->gpu->ops->space_create(r->gpu, &config, &r->space), 0);
	for (u32 i = 0; i < RIG_PAGES; i++)
		entries[i] = (RIG_BUS + i * GVT_PAGE_SIZE) | PTE_P;
	entries[0] = 0;
	ck_assert_int_eq(r->gpu->ops->ggtt_set(r->space, 0, RIG_PAGES, entries, 0), 0);
	r->pml4 = RIG_BUS + rig_pages(r, 1);
	for (u32 i = 1; i < RIG_PAGES; i++)
		rig_set_entry(r, RIG_VA + i * GVT_PAGE_SIZE, 1,
			      (RIG_BUS + i * GVT_PAGE_SIZE) | PTE_P | PTE_RW);
}

void rig_stop(struct rig *r)
{
	for (u32 i = 0; i < GVT_NR_ENGINES; i++)
		r->gpu->ops->reset(r->gpu, i);
	r->gpu->ops->space_destroy(r->space);
	if (r->owns_gpu)
		r->gpu->ops->destroy(r->gpu);
	for (u32 i = 0; i < RIG_PAGES; i++)
		free(r->page[i]);
	pthread_cond_destroy(&r->came);
	pthread_mutex_destroy(&r->lock);
}

u32 rig_pages(struct rig *r, u32 nr)
{
	u32 first = r->next;

	ck_assert_uint_le(first + nr, RIG_PAGES);
	r->next += nr;
	return first * GVT_PAGE_SIZE;
}

u32 *rig_at(struct rig *r, u32 addr)
{
	UNIT_CHECK(addr < RIG_PAGES * GVT_PAGE_SIZE, "%x is no address of the test's", addr);
	return (u32 *)(r->page[addr / GVT_PAGE_SIZE] + addr % GVT_PAGE_SIZE);
}

u64 *rig_entry(struct rig *r, u64 va, u32 level)
{
	u64 *table = (u64 *)rig_at(r, (u32)(r->pml4 - RIG_BUS));

	for (u32 at = 4;; at--) {
		u64 *entry = &table[va >> (12 + 9 * (at - 1)) & 511];

		if (at == level)
			return entry;
		if (!(*entry & PTE_P))
			*entry = (RIG_BUS + rig_pages(r, 1)) | PTE_P | PTE_RW;
		table = (u64 *)rig_at(r, (u32)((*entry & ~0xfffull) - RIG_BUS));
	}
}

void rig_set_entry(struct rig *r, u64 va, u32 level, u64 val)
{
	__atomic_store_n(rig_entry(r, va, level), val, __ATOMIC_RELEASE);
}

/* The image as i915 lays it out, as far as tests need it. */
static const u16 image_regs[] = { 0x244, 0x34,	0x30,  0x38,  0x3c,  0x168, 0x140,
				  0x110, 0x11c, 0x114, 0x118, 0x1c0, 0x1c4, 0x1c8 };
static const u16 image_memory[] = { 0x3a8, 0x28c, 0x288, 0x284, 0x280, 0x27c, 0x278, 0x274, 0x270 };

static void lay_out(struct rig_context *c, u32 at, const u16 *regs, u32 nr)
{
	u32 *image = rig_at(c->r, c->lrca + GVT_PAGE_SIZE);

	image[at++] = LRI(nr) | 1u << 12;
	for (u32 i = 0; i < nr; i++, at += 2)
		image[at] = gvt_engine_base(c->engine) + regs[i];
}

void rig_context(struct rig *r, struct rig_context *c, enum gvt_engine engine, u32 id)
{
	*c = (struct rig_context){ .r = r, .engine = engine };
	c->lrca = rig_pages(r, 2);
	/* A test may use pages again. */
	memset(rig_at(r, c->lrca), 0, GVT_PAGE_SIZE);
	memset(rig_at(r, c->lrca + GVT_PAGE_SIZE), 0, GVT_PAGE_SIZE);
	c->ring = rig_pages(r, RIG_RING_SIZE / GVT_PAGE_SIZE);
	c->desc = c->lrca | (u64)id << GVT_DESC_ID_SHIFT | GVT_DESC_VALID | GVT_DESC_PRIVILEGE |
		  GVT_DESC_MODE_4L;
	lay_out(c, 0x01, image_regs, ARRAY_SIZE(image_regs));
	lay_out(c, 0x21, image_memory, ARRAY_SIZE(image_memory));
	*rig_image(c, 0x244) = 0x00090009; /* restore inhibit, no synchronous switch */
	*rig_image(c, 0x38) = c->ring;
	*rig_image(c, 0x3c) = (RIG_RING_SIZE - GVT_PAGE_SIZE) | 1;
	*rig_image(c, 0x270) = LO(r->pml4);
	*rig_image(c, 0x274) = HI(r->pml4);
}

u32 *rig_image(struct rig_context *c, u32 reg)
{
	u32 *image = rig_at(c->r, c->lrca + GVT_PAGE_SIZE);

	for (u32 i = 0; i < 1024;) {
		u32 at = i, nr = image[i] >> 23 == 0x22 ? ((image[i] & 0xff) + 1) / 2 : 0;

		for (i = at + 1; nr; nr--, i += 2)
			if (image[i] == gvt_engine_base(c->engine) + reg)
				return &image[i + 1];
	}
	ck_abort_msg("register 0x%x is not in the image", reg);
}

u32 rig_write(struct rig *r, u32 addr, const u32 *dw, u32 nr)
{
	for (u32 i = 0; i < nr; i++, addr += 4)
		rig_set(r, addr, dw[i]);
	return addr;
}

void rig_emit(struct rig_context *c, const u32 *dw, u32 nr)
{
	for (u32 i = 0; i < nr; i++, c->tail = (c->tail + 4) % RIG_RING_SIZE)
		rig_set(c->r, c->ring + c->tail, dw[i]);
}

/* A tail is a multiple of 8 bytes. */
static struct gvt_gpu_context element(struct rig_context *c)
{
	if (!c)
		return (struct gvt_gpu_context){ 0 };
	if (c->tail % 8)
		RIG_EMIT(c, NOOP);
	rig_set(c->r, c->lrca + GVT_PAGE_SIZE + 7 * sizeof(u32), c->tail);
	return (struct gvt_gpu_context){ c->r->space, c->desc };
}

int rig_submit(struct rig_context *c0, struct rig_context *c1)
{
	struct gvt_gpu *gpu = c0->r->gpu;

	return gpu->ops->submit(gpu, c0->engine,
				(const struct gvt_gpu_context[]){ element(c0), element(c1) });
}

struct gvt_gpu_event rig_next(struct rig *r)
{
	struct gvt_gpu_event event;
	struct timespec until;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += UNIT_WAIT_MS / 1000;
	pthread_mutex_lock(&r->lock);
	while (r->in == r->out)
		if (pthread_cond_timedwait(&r->came, &r->lock, &until))
			ck_abort_msg("no event comes");
	event = r->events[r->out++ % RIG_EVENTS];
	pthread_mutex_unlock(&r->lock);
	return event;
}

void rig_none(struct rig *r)
{
	pthread_mutex_lock(&r->lock);
	ck_assert_uint_eq(r->in, r->out);
	pthread_mutex_unlock(&r->lock);
}

static struct gvt_gpu_event next_of(struct rig_context *c, enum gvt_gpu_event_kind kind)
{
	struct gvt_gpu_event event = rig_next(c->r);

	if (event.kind == GVT_GPU_STUCK && kind != GVT_GPU_STUCK)
		ck_abort_msg("stuck: %s, command 0x%08x at 0x%llx", event.why, event.cmd,
			     (unsigned long long)event.addr);
	ck_assert_int_eq(event.kind, kind);
	ck_assert_int_eq(event.engine, c->engine);
	ck_assert_ptr_eq(event.space, c->r->space);
	ck_assert_uint_eq(event.desc >> GVT_DESC_ID_SHIFT, c->desc >> GVT_DESC_ID_SHIFT);
	return event;
}

struct gvt_gpu_event rig_status(struct rig_context *c, u32 status)
{
	struct gvt_gpu_event event = next_of(c, GVT_GPU_STATUS);

	ck_assert_uint_eq(event.status, status);
	return event;
}

void rig_interrupt(struct rig_context *c, u32 irq)
{
	ck_assert_uint_eq(next_of(c, GVT_GPU_INTERRUPT).irq, irq);
}

struct gvt_gpu_event rig_stuck(struct rig_context *c)
{
	return next_of(c, GVT_GPU_STUCK);
}

void rig_run(struct rig_context *c)
{
	ck_assert_int_eq(rig_submit(c, NULL), 0);
	rig_status(c, GVT_CSB_IDLE_ACTIVE);
	rig_status(c, GVT_CSB_COMPLETE | GVT_CSB_ACTIVE_IDLE);
}

u32 rig_reg(struct rig_context *c, u32 reg)
{
	return c->r->gpu->ops->reg_read(c->r->space, gvt_engine_base(c->engine) + reg);
}
