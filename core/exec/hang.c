/* SPDX-License-Identifier: MIT */
/* An engine that stands still: what the guest sees of it, and what people are told. */
#include <stdio.h>

#include "core/exec/exec.h"
#include "core/hw/ring_regs.h"
#include "core/irq/irq.h"
#include "core/regs/vreg.h"
#include "core/vgpu.h"

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

void vgpu_hang_reset(struct intel_vgpu *vgpu, enum gvt_engine engine)
{
	char text[64];

	if (!vgpu->ports->engine[engine].hung || !first_of_kind(vgpu, EXEC_REFUSALS + engine))
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

void vgpu_hang_clear_fault(struct intel_vgpu *vgpu)
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
	struct vgpu_port *port = &vgpu->ports->engine[engine];

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
	gvt_vreg_set(vgpu, base + RING_ESR, gvt_vreg(vgpu, base + RING_ESR) | EIR_INSTRUCTION);
	gvt_vreg_set(vgpu, base + RING_EIR,
		     gvt_vreg(vgpu, base + RING_EIR) |
			     (EIR_INSTRUCTION & ~gvt_vreg(vgpu, base + RING_EMR)));
	if (gvt_vreg(vgpu, base + RING_EIR))
		vgpu_irq_raise_engine(vgpu, engine, GVT_IRQ_CS_ERROR);
}
