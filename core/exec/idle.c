/* SPDX-License-Identifier: MIT */
/* Contexts that end at once, by which the scheduler empties an engine. */
#include <errno.h>
#include <string.h>

#include "core/exec/exec.h"
#include "core/gtt/gtt.h"
#include "core/hw/ring_regs.h"
#include "core/vgpu.h"

#define MI_LRI_8   (0x11001000u | (2 * 8 - 1))
#define IDLE_PAGES 4u /* each: two for the image, one for the ring, one unused */

/*
 * Makes contexts with an empty ring. Such a context preempts one that has to leave an engine when
 * no other waits. Its page tables lead to scratch.
 */
static int make_idle(struct intel_vgpu *vgpu)
{
	struct vgpu_exec *exec = vgpu->exec;
	int err;

	if (exec->idle.pages)
		return 0;
	if (!gtt_ready(vgpu))
		return -EOPNOTSUPP;
	err = hidden_alloc(vgpu, GVT_NR_ENGINES * IDLE_PAGES, GVT_NR_ENGINES * IDLE_PAGES,
			   &exec->idle);
	if (!err)
		err = hidden_enter(vgpu, &exec->idle, 0, 0, exec->idle.pages);
	if (err) {
		hidden_free(vgpu, &exec->idle);
		return err;
	}
	for (u32 nr = 0; nr < GVT_NR_ENGINES; nr++) {
		u32 gma = exec->idle.gma + nr * IDLE_PAGES * GVT_PAGE_SIZE;
		u32 base = gvt_engine_base(nr);
		u64 root = vgpu_ppgtt_nowhere(vgpu, 4);
		u32 *regs = (u32 *)(exec->idle.va + (nr * IDLE_PAGES + 1) * GVT_PAGE_SIZE);
		const u32 list[] = {
			0,
			MI_LRI_8,
			base + RING_CONTEXT_CONTROL,
			0x00090008, /* no switch on semaphores; restore is not inhibited */
			base + RING_HEAD,
			0,
			base + RING_TAIL,
			0,
			base + RING_START,
			gma + 2 * GVT_PAGE_SIZE,
			base + RING_CTL,
			RING_CTL_VALID, /* one page */
			base + RING_BBSTATE,
			0,
			base + RING_PDP + 4,
			root >> 32,
			base + RING_PDP,
			root,
			EXEC_BATCH_END,
		};

		memcpy(regs, list, sizeof(list));
		exec->engine[nr].client.idle.desc =
			gma | GVT_DESC_VALID | GVT_DESC_MODE_4L | GVT_DESC_PRIVILEGE;
	}
	return 0;
}

void vgpu_exec_drop_idle(struct intel_vgpu *vgpu)
{
	for (u32 nr = 0; nr < GVT_NR_ENGINES; nr++)
		vgpu->exec->engine[nr].client.idle.desc = 0;
	hidden_free(vgpu, &vgpu->exec->idle);
}

bool vgpu_exec_ready(struct intel_vgpu *vgpu)
{
	return vgpu->space && make_idle(vgpu) == 0;
}
