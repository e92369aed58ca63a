/* SPDX-License-Identifier: MIT */
/*
 * Interrupts of a vGPU: from an event to a message (MSI) or the pin (INTA#), as on Gen8 and Gen9.
 *
 * Sources are in groups of up to 32, each with four registers. An event of a source that the
 * group's mask (IMR) does not mask is latched in the identity (IIR) until the guest writes a one
 * there. If it is also enabled (IER), it sets its group's bit in the master register. While the
 * master's enable bit is on, the first such bit sends one message. The next message is sent only
 * after all causes were cleared, or after the guest has switched the master off and on again, as
 * its handler does: then another one is sent if anything is still latched.
 *
 * A guest that has not enabled MSI is interrupted by the pin, which is asserted while the master is
 * on and shows a group's bit. So the pin falls when the handler switches the master off, or has
 * cleared all causes.
 *
 * Status (ISR) is the present level of a source's line. Events are pulses, which do not show there:
 * it only says which monitors there are.
 *
 * The hardware latches two events of a source: the second shows when the first is cleared, so that
 * an event between a handler's reading and its clearing is not lost. Here the second event is kept
 * only when the handler may have read the first: while the master is off, or the source is not
 * enabled. Otherwise one pass of the handler serves both.
 *
 * All of this happens in the vGPU's thread. Sources: i915's gen8_irq_handler() and
 * gen8_gt_irq_handler(), gen3_irq_reset() for the two events, GVT-g's gen8_irq_map, and the Skylake
 * PRM, volume 2c, "Interrupt Control Registers".
 */
#ifndef CORE_IRQ_IRQ_H
#define CORE_IRQ_IRQ_H

#include "core/base/section.h"
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

/* The state's section. */
struct vgpu_irq {
	/* Bits: sources with a second event, besides the latched one. */
	u32 second[VGPU_NR_IRQ_GROUPS] __attribute__((aligned(8)));
};

extern const struct gvt_section vgpu_irq_section;

/**
 * vgpu_irq_raise() - raise an event, a pulse, of each of the sources @bits of @group.
 * Events that the group's mask masks are lost, as on hardware.
 */
void vgpu_irq_raise(struct intel_vgpu *vgpu, enum vgpu_irq_group group, u32 bits);

/**
 * vgpu_irq_raise_engine() - the same for an engine's sources; @bits: GVT_IRQ_ bits.
 * The engine's own mask (RING_IMR) applies too. Its bits are where they are in the engine's group.
 */
void vgpu_irq_raise_engine(struct intel_vgpu *vgpu, enum gvt_engine engine, u32 bits);

/** vgpu_irq_reset() - forget events and lower the pin, after the registers were reset. */
void vgpu_irq_reset(struct intel_vgpu *vgpu);

/**
 * vgpu_irq_refresh() - send the message and drive the pin as what is latched demands. Called when
 * MSI or the pin may have been switched on or off, and when an earlier process may have ended
 * before it could do so.
 */
void vgpu_irq_refresh(struct intel_vgpu *vgpu);

/* The registers' writes, which rows of regs_irq.c name. */
void vgpu_irq_master_write(struct intel_vgpu *vgpu, u32 offset, u32 old, u32 val);
void vgpu_irq_iir_write(struct intel_vgpu *vgpu, u32 offset, u32 old, u32 val);
void vgpu_irq_ier_write(struct intel_vgpu *vgpu, u32 offset, u32 old, u32 val);

#endif
