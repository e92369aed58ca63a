/* SPDX-License-Identifier: MIT */
/* A vGPU on the GPU: its space and registers there, its beginning and end, and resets. */
#include <string.h>

#include "core/exec/exec.h"
#include "core/gtt/gtt.h"
#include "core/hw/ring_regs.h"
#include "core/regs/told.h"
#include "core/regs/vreg.h"
#include "core/vgpu.h"

/* ---- what the GPU's threads call ---- */

static void *page(void *priv, u64 bus)
{
	return intel_gvt_hypervisor_dma_to_virt(priv, bus);
}

static int charge(void *priv, s64 bytes)
{
	return intel_gvt_hypervisor_charge(priv, bytes);
}

static void on_event(void *priv, const struct gvt_gpu_event *event)
{
	struct intel_vgpu *vgpu = priv;

	vgpu->gvt->share->ops->event(&vgpu->exec->engine[event->engine].client, event);
}

static void on_report(void *priv)
{
	struct vgpu_engine *engine = priv;
	struct intel_vgpu *vgpu = engine->vgpu;
	u32 bit = BIT32(engine - vgpu->exec->engine);

	if (!(__atomic_fetch_or(&vgpu->exec->dirty, bit, __ATOMIC_RELEASE) & bit))
		intel_gvt_hypervisor_wake(vgpu);
}

/* ---- life ---- */

/* Takes the vGPU off the engine and frees all shadows. */
static void clear(struct intel_vgpu *vgpu, enum gvt_engine nr, bool save)
{
	struct vgpu_engine *engine = &vgpu->exec->engine[nr];

	vgpu->gvt->share->ops->halt(&engine->client, save);
	/* Tell of contexts that have ended, or the next process would run them again. */
	if (save)
		vgpu_exec_service_last(vgpu, nr);
	for (unsigned int i = 0; save && i < 2; i++)
		if (engine->ctx[i])
			vgpu_context_store(engine->ctx[i]);
	vgpu_contexts_drop(vgpu, nr);
}

/* The guest destroys PPGTT @mm: engines that run with it stand still. */
static void forget(struct intel_vgpu *vgpu, const struct vgpu_mm *mm)
{
	const struct exec_fault fault = { .refusal = EXEC_BAD_PPGTT,
					  .why = "its page tables were taken away as it ran" };

	for (int nr = 0; nr < GVT_NR_ENGINES && mm->pins; nr++) {
		struct vgpu_engine *engine = &vgpu->exec->engine[nr];
		bool uses = false;

		for (unsigned int i = 0; i < 2; i++)
			uses |= engine->ctx[i] && vgpu_context_mm(engine->ctx[i]) == mm;
		if (!uses)
			continue;
		clear(vgpu, nr, true);
		vgpu_exec_hang(vgpu, nr, &fault);
	}
}

static const struct gtt_user gtt_user = { .moved = vgpu_contexts_follow, .taken = forget };

int vgpu_exec_init(struct intel_vgpu *vgpu)
{
	struct gvt_gpu *gpu = vgpu->gvt->gpu;
	const struct gvt_gpu_space_config config = {
		.priv = vgpu, .page = page, .charge = charge, .event = on_event
	};
	int err;

	vgpu->gtt->user = &gtt_user;
	if (!gpu || !vgpu->gvt->share)
		return 0;
	err = gpu->ops->space_create(gpu, &config, &vgpu->space);
	if (err)
		return err;
	for (int nr = 0; nr < GVT_NR_ENGINES; nr++) {
		struct vgpu_engine *engine = &vgpu->exec->engine[nr];

		engine->vgpu = vgpu;
		engine->client.space = vgpu->space;
		engine->client.notify = on_report;
		engine->client.priv = engine;
		engine->client.weight = vgpu->device->params.weight;
		engine->client.cap = vgpu->device->params.cap;
		vgpu->gvt->share->ops->join(vgpu->gvt->share, nr, &engine->client);
	}
	gvt_vreg_tell_all(vgpu);
	return 0;
}

/* Stores slots as commands left them, which only the GPU knows, for the next process. */
static void keep_nonpriv(struct intel_vgpu *vgpu, enum gvt_engine engine)
{
	for (u32 own = RING_NONPRIV; own < RING_NONPRIV + 4 * RING_NONPRIV_SLOTS; own += 4) {
		u32 at = gvt_engine_base(engine) + own;

		gvt_vreg_set(vgpu, at, gvt_vreg_nonpriv(vgpu, at));
	}
}

void vgpu_exec_exit(struct intel_vgpu *vgpu)
{
	if (!vgpu->space)
		return;
	for (int nr = 0; nr < GVT_NR_ENGINES; nr++) {
		clear(vgpu, nr, true);
		keep_nonpriv(vgpu, nr);
		vgpu->gvt->share->ops->leave(&vgpu->exec->engine[nr].client);
	}
	vgpu_exec_drop_idle(vgpu);
	vgpu->gvt->gpu->ops->space_destroy(vgpu->space);
	vgpu->space = NULL;
	vgpu_free(vgpu, vgpu->exec->scratch, vgpu->exec->scratch_size);
	vgpu->exec->scratch = NULL;
	vgpu->exec->scratch_size = 0;
}

void vgpu_exec_reset(struct intel_vgpu *vgpu, u32 mask)
{
	for (int nr = 0; nr < GVT_NR_ENGINES; nr++) {
		if (!(mask & BIT32(nr)))
			continue;
		vgpu_hang_reset(vgpu, nr);
		memset(&vgpu->ports->engine[nr], 0, sizeof(vgpu->ports->engine[nr]));
		if (!vgpu->space)
			continue;
		clear(vgpu, nr, false);
		gvt_told_reset_engine(vgpu, nr);
		vgpu->exec->counts.resets++;
	}
	if (vgpu->space && mask)
		vgpu_hang_clear_fault(vgpu);
	if (vgpu->space && mask == EXEC_ALL_ENGINES)
		vgpu_exec_drop_idle(vgpu);
}

u32 intel_vgpu_stop_work(struct intel_vgpu *vgpu)
{
	const struct exec_fault fault = { .refusal = EXEC_ASKED, .why = "its work was stopped" };
	u32 stopped = 0;

	/* Report it each time: a guest cannot cause it. */
	vgpu->exec->told &= ~(BIT32(EXEC_ASKED) | EXEC_ALL_ENGINES << EXEC_REFUSALS);
	for (int nr = 0; vgpu->space && nr < GVT_NR_ENGINES; nr++) {
		const struct vgpu_port *port = &vgpu->ports->engine[nr];

		clear(vgpu, nr, true);
		if (port->desc[0] && !port->hung) {
			vgpu_exec_hang(vgpu, nr, &fault);
			stopped |= BIT32(nr);
		}
	}
	return stopped;
}

u32 vgpu_exec_ring_start(struct intel_vgpu *vgpu, enum gvt_engine engine)
{
	const struct shadow_ctx *ctx = vgpu->exec->engine[engine].ctx[0];

	return ctx ? ctx->ring_start : 0;
}

/* ---- what others ask ---- */

const struct vgpu_exec_counts *intel_vgpu_exec_counts(const struct intel_vgpu *vgpu)
{
	return &vgpu->exec->counts;
}

struct vgpu_engine_counts intel_vgpu_engine_counts(struct intel_vgpu *vgpu, unsigned int engine)
{
	struct vgpu_engine_counts counts = { 0 };

	if (vgpu->space)
		vgpu->gvt->share->ops->had(&vgpu->exec->engine[engine].client, &counts.run_ns,
					   &counts.timesliced);
	return counts;
}

bool intel_vgpu_at_work(struct intel_vgpu *vgpu)
{
	bool works = false;

	for (int nr = 0; vgpu->space && nr < GVT_NR_ENGINES; nr++)
		works |= vgpu->gvt->share->ops->at_work(&vgpu->exec->engine[nr].client);
	return works;
}

void intel_vgpu_schedule(struct intel_vgpu *vgpu, u32 weight, u32 cap)
{
	/* For the next process; in this one, the scheduler has them. */
	vgpu->device->params.weight = weight;
	vgpu->device->params.cap = cap;
	for (int nr = 0; vgpu->space && nr < GVT_NR_ENGINES; nr++)
		vgpu->gvt->share->ops->weigh(&vgpu->exec->engine[nr].client, weight, cap);
}
