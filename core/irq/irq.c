/* SPDX-License-Identifier: MIT */
#include "core/irq/irq.h"

#include "core/hw/ring_regs.h"
#include "core/pci/cfg_space.h"
#include "core/regs/vreg.h"
#include "core/vgpu.h"

const struct gvt_section vgpu_irq_section = {
	.name = "interrupts",
	.version = 1,
	.size = sizeof(struct vgpu_irq),
	.reserved = sizeof(struct vgpu_irq),
	/* Without it, second events that came before the take-up are those that hardware loses. */
	.may_lack = true,
};

#define MASTER	      0x44200u
#define MASTER_ENABLE BIT32(31)

/* A group's four registers, from its first. */
#define ISR 0x0u
#define IMR 0x4u
#define IIR 0x8u
#define IER 0xcu

/* A group's registers, and the bits of the master register in which its sources show. */
static const struct {
	u32 base;
	struct {
		u32 sources, master;
	} up[2];
} groups[VGPU_NR_IRQ_GROUPS] = {
	[VGPU_IRQ_GT0] = { 0x44300, { { 0x0000ffff, BIT32(0) }, { 0xffff0000, BIT32(1) } } },
	[VGPU_IRQ_GT1] = { 0x44310, { { 0x0000ffff, BIT32(2) }, { 0xffff0000, BIT32(3) } } },
	[VGPU_IRQ_GT2] = { 0x44320, { { 0x0000ffff, BIT32(4) }, { 0xffff0000, BIT32(5) } } },
	[VGPU_IRQ_GT3] = { 0x44330, { { 0xffffffff, BIT32(6) } } },
	[VGPU_IRQ_PIPE_A] = { 0x44400, { { 0xffffffff, BIT32(16) } } },
	[VGPU_IRQ_PIPE_B] = { 0x44410, { { 0xffffffff, BIT32(17) } } },
	[VGPU_IRQ_PIPE_C] = { 0x44420, { { 0xffffffff, BIT32(18) } } },
	[VGPU_IRQ_PORT] = { 0x44440, { { 0xffffffff, BIT32(20) } } },
	[VGPU_IRQ_MISC] = { 0x44460, { { 0xffffffff, BIT32(22) } } },
	[VGPU_IRQ_PCU] = { 0x444e0, { { 0xffffffff, BIT32(30) } } },
	[VGPU_IRQ_SDE] = { 0xc4000, { { 0xffffffff, BIT32(23) } } },
};

/* The place of an engine's sources, which is the same in its group and in its own mask. */
static const struct {
	enum vgpu_irq_group group;
	u32 shift;
} engines[GVT_NR_ENGINES] = {
	[GVT_RCS0] = { VGPU_IRQ_GT0, 0 },
	[GVT_BCS0] = { VGPU_IRQ_GT0, 16 },
	[GVT_VCS0] = { VGPU_IRQ_GT1, 0 },
	[GVT_VECS0] = { VGPU_IRQ_GT3, 0 },
};

static u32 reg(const struct intel_vgpu *vgpu, enum vgpu_irq_group group, u32 which)
{
	return gvt_vreg(vgpu, groups[group].base + which);
}

static void set_reg(struct intel_vgpu *vgpu, enum vgpu_irq_group group, u32 which, u32 val)
{
	gvt_vreg_set(vgpu, groups[group].base + which, val);
}

static bool master_on(const struct intel_vgpu *vgpu)
{
	return gvt_vreg(vgpu, MASTER) & MASTER_ENABLE;
}

/* Sets the master's bits of @group from what is latched and enabled. */
static void show(struct intel_vgpu *vgpu, enum vgpu_irq_group group)
{
	u32 pending = reg(vgpu, group, IIR) & reg(vgpu, group, IER);
	u32 master = gvt_vreg(vgpu, MASTER);

	for (u32 i = 0; i < ARRAY_SIZE(groups[group].up); i++) {
		master &= ~groups[group].up[i].master;
		if (pending & groups[group].up[i].sources)
			master |= groups[group].up[i].master;
	}
	gvt_vreg_set(vgpu, MASTER, master);
}

/* Drives the pin to @level if it is not there yet; true when that asserted it. A failure is tried
 * again at the next call. */
static bool drive(struct intel_vgpu *vgpu, bool level)
{
	enum vgpu_pin pin = level ? VGPU_PIN_ON : VGPU_PIN_OFF;

	if (vgpu->pin == pin || intel_gvt_hypervisor_set_intx(vgpu, level))
		return false;
	vgpu->pin = pin;
	return level;
}

/* Sends one message for all that is pending, and no other until nothing is. True when it was sent
 * now. If MSI is off, or the message fails, it is still to be sent. */
static bool send(struct intel_vgpu *vgpu, bool pending)
{
	bool was = vgpu->irq_sent;
	u32 addr;
	u16 data;

	vgpu->irq_sent = pending && vgpu_cfg_msi(vgpu, &addr, &data) &&
			 (was || !intel_gvt_hypervisor_inject_msi(vgpu));
	return vgpu->irq_sent && !was;
}

/* Interrupts the guest if anything is pending, by pin or message; true when that happened now. */
static bool signal(struct intel_vgpu *vgpu)
{
	bool pending = master_on(vgpu) && gvt_vreg(vgpu, MASTER) & ~MASTER_ENABLE;
	bool asserted = drive(vgpu, vgpu_cfg_intx(vgpu, pending));

	return send(vgpu, pending) || asserted;
}

/* Latches events of the sources @bits, which are not masked. */
static void latch(struct intel_vgpu *vgpu, enum vgpu_irq_group group, u32 bits)
{
	u32 iir = reg(vgpu, group, IIR);
	u32 unread = master_on(vgpu) ? reg(vgpu, group, IER) : 0;
	u32 nr = __builtin_popcount(bits);

	vgpu->irq->second[group] |= bits & iir & ~unread;
	set_reg(vgpu, group, IIR, iir | bits);
	show(vgpu, group);
	vgpu->tally->counters.irq_raised += nr;
	vgpu->tally->counters.irq_coalesced += nr - signal(vgpu);
}

void vgpu_irq_raise(struct intel_vgpu *vgpu, enum vgpu_irq_group group, u32 bits)
{
	u32 masked = bits & reg(vgpu, group, IMR);

	vgpu->tally->counters.irq_masked += __builtin_popcount(masked);
	if (bits & ~masked)
		latch(vgpu, group, bits & ~masked);
}

void vgpu_irq_raise_engine(struct intel_vgpu *vgpu, enum gvt_engine engine, u32 bits)
{
	u32 mask = gvt_vreg(vgpu, gvt_engine_base(engine) + RING_IMR);
	u32 sources = bits << engines[engine].shift;

	vgpu->tally->counters.irq_masked += __builtin_popcount(sources & mask);
	if (sources & ~mask)
		vgpu_irq_raise(vgpu, engines[engine].group, sources & ~mask);
}

void vgpu_irq_reset(struct intel_vgpu *vgpu)
{
	for (u32 i = 0; i < VGPU_NR_IRQ_GROUPS; i++)
		vgpu->irq->second[i] = 0;
	signal(vgpu);
}

void vgpu_irq_refresh(struct intel_vgpu *vgpu)
{
	for (u32 i = 0; i < VGPU_NR_IRQ_GROUPS; i++)
		show(vgpu, i);
	signal(vgpu);
}

/* ---- the guest's writes ---- */

static enum vgpu_irq_group group_of(u32 offset)
{
	enum vgpu_irq_group group = 0;

	while (group < VGPU_NR_IRQ_GROUPS - 1 && groups[group].base != ALIGN_DOWN(offset, 0x10u))
		group++;
	return group;
}

void vgpu_irq_master_write(struct intel_vgpu *vgpu, u32 offset, u32 old, u32 val)
{
	(void)offset;
	(void)old;
	(void)val;
	signal(vgpu);
}

void vgpu_irq_iir_write(struct intel_vgpu *vgpu, u32 offset, u32 old, u32 val)
{
	enum vgpu_irq_group group = group_of(offset);
	u32 again = old & ~gvt_vreg(vgpu, offset) & vgpu->irq->second[group];

	(void)val;
	/* First the cleared events go, which may lower the pin; then their second events come. */
	show(vgpu, group);
	signal(vgpu);
	if (!again)
		return;
	vgpu->irq->second[group] &= ~again;
	set_reg(vgpu, group, IIR, gvt_vreg(vgpu, offset) | again);
	show(vgpu, group);
	signal(vgpu);
}

void vgpu_irq_ier_write(struct intel_vgpu *vgpu, u32 offset, u32 old, u32 val)
{
	(void)old;
	(void)val;
	show(vgpu, group_of(offset));
	signal(vgpu);
}
