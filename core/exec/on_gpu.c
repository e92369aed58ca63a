/* SPDX-License-Identifier: MIT */
/* A vGPU on the GPU: its space and registers there, its beginning and end, and resets. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/exec/exec.h"
#include "core/gtt/gtt.h"
#include "core/irq/irq.h"
#include "core/regs/told.h"
#include "core/regs/vreg.h"
#include "core/vgpu.h"

/* From an engine's base. */
enum {
	RING_ACTHD_UDW = 0x5c,
	RING_IPEHR = 0x68,
	RING_ACTHD = 0x74,
	RING_EIR = 0xb0,
	RING_EMR = 0xb4,
	RING_ESR = 0xb8,
	RING_NONPRIV = 0x4d0,
	RING_NONPRIV_END = 0x500,
};

#define ERROR_INSTRUCTION BIT32(0) /* of EIR: i915's I915_ERROR_INSTRUCTION */

/* Registers in which all engines report a failed translation: GEN8_RING_FAULT_REG, the address. */
#define FAULT_REG   0x4094u
#define FAULT_VALID BIT32(0)
#define FAULT_DATA0 0x4b10u
#define FAULT_DATA1 0x4b14u

/* ---- an engine that stands still ---- */

static const struct {
	const char *word, *text;
} refusals[EXEC_REFUSALS] = {
	[EXEC_BAD_DESC] = { "descriptor", "a bad descriptor" },
	[EXEC_BAD_IMAGE] = { "image", "a bad context image" },
	[EXEC_BAD_RING] = { "ring", "a bad ring" },
	[EXEC_BAD_PPGTT] = { "ppgtt", "bad page tables" },
	[EXEC_BAD_COMMAND] = { "command", "a command refused" },
	[EXEC_NO_MEMORY] = { "memory", "no memory" },
	[EXEC_STUCK] = { "stuck", "stuck" },
	[EXEC_ASKED] = { "asked", "a reset was asked for" },
};

const char *intel_gvt_refusal_name(unsigned int refusal)
{
	return refusals[refusal].word;
}

/* Each kind is reported once: a guest can cause it as often as it likes. */
static bool first_of_kind(struct intel_vgpu *vgpu, u32 kind)
{
	u32 *told = &vgpu->exec->told;
	bool first = !(*told & BIT32(kind));

	*told |= BIT32(kind);
	return first;
}

static void complain(struct intel_vgpu *vgpu, enum gvt_engine engine,
		     const struct exec_fault *fault)
{
	char place[128] = "", text[384];

	if (!first_of_kind(vgpu, fault->refusal))
		return;
	/* Some faults have no command or address. */
	if (fault->cmd || fault->addr)
		snprintf(place, sizeof(place), ": %s 0x%08x, address 0x%llx",
			 fault->name ? fault->name : "command", fault->cmd,
			 (unsigned long long)fault->addr);
	snprintf(text, sizeof(text), "%s stands still (%s): %s%s", gvt_engine_name(engine),
		 refusals[fault->refusal].text, fault->why, place);
	intel_gvt_hypervisor_note(vgpu, INTEL_GVT_HANG, refusals[fault->refusal].word, text);
}

static void tell_reset(struct intel_vgpu *vgpu, enum gvt_engine engine)
{
	char text[64];

	if (!vgpu->state->ports[engine].hung || !first_of_kind(vgpu, EXEC_REFUSALS + engine))
		return;
	snprintf(text, sizeof(text), "%s, which stood still, was reset", gvt_engine_name(engine));
	intel_gvt_hypervisor_note(vgpu, INTEL_GVT_RESET, gvt_engine_name(engine), text);
}

/* Shows the address that could not be translated, if any. The guest clears the valid bit. */
static void show_fault(struct intel_vgpu *vgpu)
{
	const struct gvt_gpu_ops *ops = vgpu->gvt->gpu->ops;
	u32 fault = ops->reg_read(vgpu->space, FAULT_REG);

	if (!(fault & FAULT_VALID))
		return;
	gvt_vreg_set(vgpu, FAULT_DATA0, ops->reg_read(vgpu->space, FAULT_DATA0));
	gvt_vreg_set(vgpu, FAULT_DATA1, ops->reg_read(vgpu->space, FAULT_DATA1));
	gvt_vreg_set(vgpu, FAULT_REG, fault);
}

static void clear_fault(struct intel_vgpu *vgpu)
{
	static const u32 regs[] = { FAULT_REG, FAULT_DATA0, FAULT_DATA1 };

	for (size_t i = 0; i < ARRAY_SIZE(regs); i++) {
		gvt_vreg_set(vgpu, regs[i], 0);
		vgpu->gvt->gpu->ops->reg_write(vgpu->space, regs[i], 0);
	}
}

void vgpu_exec_hang(struct intel_vgpu *vgpu, enum gvt_engine engine, const struct exec_fault *fault)
{
	u32 base = gvt_engine_base(engine);
	struct vgpu_port *port = &vgpu->state->ports[engine];

	complain(vgpu, engine, fault);
	vgpu->exec->counts.refused[fault->refusal]++;
	if (port->hung)
		return;
	port->hung = true;
	vgpu->exec->counts.hangs++;
	if (!port->desc[0])
		port->desc[0] = fault->addr | GVT_DESC_VALID;
	vgpu->gvt->gpu->ops->reg_write(vgpu->space, base + RING_IPEHR, fault->cmd);
	vgpu->gvt->gpu->ops->reg_write(vgpu->space, base + RING_ACTHD, fault->addr);
	vgpu->gvt->gpu->ops->reg_write(vgpu->space, base + RING_ACTHD_UDW, fault->addr >> 32);
	show_fault(vgpu);
	gvt_vreg_set(vgpu, base + RING_ESR, gvt_vreg(vgpu, base + RING_ESR) | ERROR_INSTRUCTION);
	gvt_vreg_set(vgpu, base + RING_EIR,
		     gvt_vreg(vgpu, base + RING_EIR) |
			     (ERROR_INSTRUCTION & ~gvt_vreg(vgpu, base + RING_EMR)));
	if (gvt_vreg(vgpu, base + RING_EIR))
		vgpu_irq_raise_engine(vgpu, engine, GVT_IRQ_CS_ERROR);
}

/* ---- contexts that end at once ---- */

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
			base + 0x244,
			0x00090008, /* no switch on semaphores; restore is not inhibited */
			base + 0x034,
			0, /* head */
			base + 0x030,
			0, /* tail */
			base + 0x038,
			gma + 2 * GVT_PAGE_SIZE,
			base + 0x03c,
			1, /* one page, valid */
			base + 0x110,
			0,
			base + 0x274,
			root >> 32,
			base + 0x270,
			root,
			EXEC_BATCH_END,
		};

		memcpy(regs, list, sizeof(list));
		exec->engine[nr].client.idle.desc =
			gma | GVT_DESC_VALID | GVT_DESC_MODE_4L | GVT_DESC_PRIVILEGE;
	}
	return 0;
}

static void drop_idle(struct intel_vgpu *vgpu)
{
	for (u32 nr = 0; nr < GVT_NR_ENGINES; nr++)
		vgpu->exec->engine[nr].client.idle.desc = 0;
	hidden_free(vgpu, &vgpu->exec->idle);
}

bool vgpu_exec_ready(struct intel_vgpu *vgpu)
{
	return vgpu->space && make_idle(vgpu) == 0;
}

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

static const struct gtt_user gtt_user = { .moved = vgpu_contexts_follow,
					  .taken = vgpu_exec_forget };

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
		engine->client.weight = vgpu->state->params.weight;
		engine->client.cap = vgpu->state->params.cap;
		vgpu->gvt->share->ops->join(vgpu->gvt->share, nr, &engine->client);
	}
	gvt_vreg_tell_all(vgpu);
	return 0;
}

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

/* Stores slots as commands left them, which only the GPU knows, for the next process. */
static void keep_nonpriv(struct intel_vgpu *vgpu, enum gvt_engine engine)
{
	for (u32 own = RING_NONPRIV; own < RING_NONPRIV_END; own += 4) {
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
	drop_idle(vgpu);
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
		tell_reset(vgpu, nr);
		memset(&vgpu->state->ports[nr], 0, sizeof(vgpu->state->ports[nr]));
		if (!vgpu->space)
			continue;
		clear(vgpu, nr, false);
		gvt_told_reset_engine(vgpu, nr);
		vgpu->exec->counts.resets++;
	}
	if (vgpu->space && mask)
		clear_fault(vgpu);
	if (vgpu->space && mask == EXEC_ALL_ENGINES)
		drop_idle(vgpu);
}

void vgpu_exec_forget(struct intel_vgpu *vgpu, const struct vgpu_mm *mm)
{
	const struct exec_fault fault = { .refusal = EXEC_BAD_PPGTT,
					  .why = "its page tables were taken away as it ran" };

	for (int nr = 0; nr < GVT_NR_ENGINES && mm->pins; nr++) {
		struct vgpu_engine *engine = &vgpu->exec->engine[nr];
		bool uses = false;

		for (unsigned int i = 0; i < 2; i++)
			uses |= engine->ctx[i] && vgpu_context_uses(engine->ctx[i], mm);
		if (!uses)
			continue;
		clear(vgpu, nr, true);
		vgpu_exec_hang(vgpu, nr, &fault);
	}
}

u32 intel_vgpu_stop_work(struct intel_vgpu *vgpu)
{
	const struct exec_fault fault = { .refusal = EXEC_ASKED, .why = "its work was stopped" };
	u32 stopped = 0;

	/* Report it each time: a guest cannot cause it. */
	vgpu->exec->told &= ~(BIT32(EXEC_ASKED) | EXEC_ALL_ENGINES << EXEC_REFUSALS);
	for (int nr = 0; vgpu->space && nr < GVT_NR_ENGINES; nr++) {
		const struct vgpu_port *port = &vgpu->state->ports[nr];

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
	vgpu->state->params.weight = weight;
	vgpu->state->params.cap = cap;
	for (int nr = 0; vgpu->space && nr < GVT_NR_ENGINES; nr++)
		vgpu->gvt->share->ops->weigh(&vgpu->exec->engine[nr].client, weight, cap);
}
