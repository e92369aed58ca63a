/* SPDX-License-Identifier: MIT */
/*
 * Commands that control the streamer: batches, predicates, semaphores, arbitration. Skylake PRM,
 * volume 2a; Linux' intel_gpu_commands.h.
 */
#include "core/gpu/soft/mi.h"

#include <errno.h>

int mi_noop(struct softgpu_engine *e, const u32 *dw, u32 nr)
{
	(void)nr;
	if (dw[0] & BIT32(22))
		softgpu_set_own(e, RING_NOPID, dw[0] & 0x3fffff);
	return 0;
}

int mi_user_interrupt(struct softgpu_engine *e, const u32 *dw, u32 nr)
{
	(void)dw;
	(void)nr;
	softgpu_interrupt(e, GVT_IRQ_USER);
	return 0;
}

int mi_arb_on_off(struct softgpu_engine *e, const u32 *dw, u32 nr)
{
	(void)nr;
	e->cs.arbitrate = dw[0] & 1;
	if (e->cs.arbitrate) /* a submission may have been waiting for it */
		__atomic_store_n(&e->attention, 1, __ATOMIC_RELEASE);
	return 0;
}

/* ---- batches ---- */

#define START_SECOND	BIT32(22)
#define START_OFFSET	BIT32(16)
#define START_PREDICATE BIT32(15)
#define START_PPGTT	BIT32(8)

/*
 * A batch's END returns to where the batch was started. A start in a batch, unless it is a
 * second-level one, jumps: the new batch takes its place. A predicated start depends on
 * MI_PREDICATE_RESULT_1, as i915 (alloc_noa_wait()) and IGT use it.
 */
int mi_batch_buffer_start(struct softgpu_engine *e, const u32 *dw, u32 nr)
{
	struct softgpu_cs *cs = &e->cs;
	bool ppgtt = dw[0] & START_PPGTT || !softgpu_cs_privileged(e);
	u64 addr = mi_addr(dw, 1);

	(void)nr;
	if (dw[0] & START_PREDICATE && !(softgpu_own(e, RING_PREDICATE_1) & 1))
		return 0;
	if (dw[0] & START_OFFSET)
		addr += softgpu_own(e, RING_BB_OFFSET) & ~3u;
	if (!cs->level || (dw[0] & START_SECOND && cs->level < CS_LEVELS))
		cs->level++;
	cs->batch[cs->level - 1] = (struct softgpu_batch){ .addr = addr, .ppgtt = ppgtt };
	return 0;
}

int mi_batch_buffer_end(struct softgpu_engine *e, const u32 *dw, u32 nr)
{
	(void)dw;
	(void)nr;
	if (!e->cs.level)
		return softgpu_fail(e, "the end of a batch, in the ring");
	e->cs.level--;
	return 0;
}

#define COMPARE	     BIT32(21)
#define COMPARE_MASK BIT32(19)

int mi_conditional_batch_buffer_end(struct softgpu_engine *e, const u32 *dw, u32 nr)
{
	u32 mem[2], mask = ~0u;
	int err;

	if (!(dw[0] & COMPARE))
		return 0;
	err = softgpu_load(e, mi_global(e, dw[0] & MI_GLOBAL), mi_addr(dw, 2), mem,
			   dw[0] & COMPARE_MASK ? 2 : 1);
	if (err)
		return err;
	if (dw[0] & COMPARE_MASK)
		mask = mem[1];
	return (mem[0] & mask) > dw[1] ? 0 : mi_batch_buffer_end(e, dw, nr);
}

/* ---- predicates ---- */

int mi_set_predicate(struct softgpu_engine *e, const u32 *dw, u32 nr)
{
	(void)nr;
	e->cs.skip = dw[0] & 0xf;
	return 0;
}

static u64 own64(struct softgpu_engine *e, u32 reg)
{
	return softgpu_own(e, reg) | (u64)softgpu_own(e, reg + 4) << 32;
}

enum { LOAD_KEEP, LOAD_LOAD = 2, LOAD_INVERTED };
enum { COMBINE_SET, COMBINE_AND, COMBINE_OR, COMBINE_XOR };
enum { COMPARE_TRUE, COMPARE_FALSE, COMPARE_SOURCES, COMPARE_DELTAS };

int mi_predicate_cmd(struct softgpu_engine *e, const u32 *dw, u32 nr)
{
	u64 src0 = own64(e, RING_PREDICATE_SRC0), src1 = own64(e, RING_PREDICATE_SRC1);
	const bool compared[] = {
		[COMPARE_TRUE] = true,
		[COMPARE_FALSE] = false,
		[COMPARE_SOURCES] = src0 == src1,
		[COMPARE_DELTAS] = src0 - src1 == own64(e, RING_PREDICATE_DATA),
	};
	bool was = mi_predicate(e), is = compared[dw[0] & 3];
	const bool combined[] = {
		[COMBINE_SET] = is,
		[COMBINE_AND] = was && is,
		[COMBINE_OR] = was || is,
		[COMBINE_XOR] = was != is,
	};
	bool result = combined[dw[0] >> 3 & 3];

	(void)nr;
	switch (dw[0] >> 6 & 3) {
	case LOAD_LOAD:
		softgpu_set_own(e, RING_PREDICATE, result);
		break;
	case LOAD_INVERTED:
		softgpu_set_own(e, RING_PREDICATE, !result);
		break;
	default:
		break;
	}
	return 0;
}

/* ---- semaphores ---- */

#define WAIT_REGISTER BIT32(16)
#define SIGNAL_TARGET 15

/*
 * The engine compares memory again and again, and sleeps between. A wait for a signal also ends
 * when the comparison holds, so it is executed in the same way.
 */
int mi_semaphore_wait(struct softgpu_engine *e, const u32 *dw, u32 nr)
{
	u32 at, than = dw[1];
	int err;

	(void)nr;
	if (dw[0] & WAIT_REGISTER) {
		at = softgpu_reg(e, dw[2] & GVT_CMD_REG_MASK);
	} else {
		err = softgpu_load(e, mi_global(e, dw[0] & MI_GLOBAL), mi_addr(dw, 2), &at, 1);
		if (err)
			return err;
	}
	const bool holds[8] = {
		at > than, at >= than, at < than, at <= than, at == than, at != than
	};

	return holds[dw[0] >> 12 & 7] ? 0 : -EAGAIN;
}

int mi_semaphore_signal(struct softgpu_engine *e, const u32 *dw, u32 nr)
{
	static const u8 targets[8] = { GVT_RCS0,       GVT_VCS0,       GVT_BCS0,
				       GVT_VECS0,      GVT_NR_ENGINES, GVT_NR_ENGINES,
				       GVT_NR_ENGINES, GVT_NR_ENGINES };
	u32 target = targets[dw[0] >> SIGNAL_TARGET & 7];

	(void)nr;
	if (target < GVT_NR_ENGINES)
		softgpu_kick(&e->gpu->engines[target]);
	return 0;
}
