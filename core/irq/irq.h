/* SPDX-License-Identifier: MIT */
/*
 * Interrupts of a vGPU: from an event to a message (MSI) or the pin (INTA#), as Gen8 and Gen9 do
 * it.
 *
 * Sources stand in groups of up to 32, each with four registers. An event of a source that its
 * group's mask (IMR) lets through is latched in the identity (IIR) until the guest writes a one
 * there. Latched and enabled (IER), it shows as its group's bit in the master register; and while
 * the master's enable bit is on, the first such bit sends one message. No other follows until all
 * is served, or the guest switches the master off and on again, as its handler does: what is
 * still latched then sends one again.
 *
 * A guest that has not enabled messages is interrupted by the pin. It is asserted for as long as
 * the master is on and shows such a bit; so it falls when the handler switches the master off, or
 * has cleared all causes.
 *
 * Status (ISR) is what a source's line says now. Most events are pulses and never seen there.
 *
 * The hardware latches two events of a source: the second shows when the first was cleared, so
 * that none is lost that comes between a handler's reading and its clearing. Here the second is
 * kept only when the handler may have read: while the master is off, or the source not enabled.
 * Before that one handler's pass serves both.
 *
 * All of it happens in the vGPU's thread. Facts: i915's gen8_irq_handler() and
 * gen8_gt_irq_handler(), gen3_irq_reset() for the two events, GVT-g's gen8_irq_map, and the Skylake
 * PRM, volume 2c, "Interrupt Control Registers".
 */
#ifndef CORE_IRQ_IRQ_H
#define CORE_IRQ_IRQ_H

#include "core/port/gpu.h"

struct intel_vgpu;

enum vgpu_irq_group {
	VGPU_IRQ_GT0, /* render, and from bit 16 on blitter */
	VGPU_IRQ_GT1, /* video */
	VGPU_IRQ_GT2, /* power management, and from bit 16 on GuC */
	VGPU_IRQ_GT3, /* video enhancement */
	VGPU_IRQ_PIPE_A,
	VGPU_IRQ_PIPE_B,
	VGPU_IRQ_PIPE_C,
	VGPU_IRQ_PORT,
	VGPU_IRQ_MISC,
	VGPU_IRQ_PCU,
	VGPU_IRQ_SDE, /* the south display: the PCH's */
	VGPU_NR_IRQ_GROUPS,
};

/**
 * vgpu_irq_raise() - events of the sources @bits of @group, each a pulse.
 * Those that the group's mask holds back are lost, as on hardware.
 */
void vgpu_irq_raise(struct intel_vgpu *vgpu, enum vgpu_irq_group group, u32 bits);

/**
 * vgpu_irq_raise_engine() - the same of an engine's sources: @bits are GVT_IRQ_ ones.
 * The engine's own mask (RING_IMR) holds back too. Its bits stand as those of the engine's group.
 */
void vgpu_irq_raise_engine(struct intel_vgpu *vgpu, enum gvt_engine engine, u32 bits);

/** vgpu_irq_set_level() - the lines of the sources @bits of @group are @on, or off. A line raises
 * an event when it rises, and when it is unmasked while it is high. */
void vgpu_irq_set_level(struct intel_vgpu *vgpu, enum vgpu_irq_group group, u32 bits, bool on);

/** vgpu_irq_reset() - the registers were reset: nothing is latched, nothing sent, the pin is off.
 */
void vgpu_irq_reset(struct intel_vgpu *vgpu);

/**
 * vgpu_irq_refresh() - send what is latched and was not sent, and drive the pin accordingly:
 * messages or the pin were switched on or off, or an earlier process ended before it could.
 */
void vgpu_irq_refresh(struct intel_vgpu *vgpu);

/* What the registers do, as the rows of regs_irq.c name it. */
void vgpu_irq_master_write(struct intel_vgpu *vgpu, u32 offset, u32 old, u32 val);
void vgpu_irq_imr_write(struct intel_vgpu *vgpu, u32 offset, u32 old, u32 val);
void vgpu_irq_iir_write(struct intel_vgpu *vgpu, u32 offset, u32 old, u32 val);
void vgpu_irq_ier_write(struct intel_vgpu *vgpu, u32 offset, u32 old, u32 val);

#endif
