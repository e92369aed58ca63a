/* SPDX-License-Identifier: MIT */
/* Commands that load and store registers, and the registers that unprivileged ones may write. */
#include "core/gpu/soft/mi.h"

/*
 * Registers that an unprivileged batch may write: Skylake PRM, volume 3, "User Mode Privileged
 * Commands", as far as Linux, Mesa and the media driver depend on it. RING_FORCE_TO_NONPRIV adds
 * others.
 */
struct range {
	u16 first, nr; /* dwords from a byte offset */
};

static const struct range everywhere[] = {
	{ RING_GPR, 2 * RING_GPRS },
	{ 0x400, 8 }, /* MI_PREDICATE_SRC0 to RESULT_1 */
	{ 0x3bc, 1 }, /* MI_PREDICATE_RESULT_2 */
	{ 0x150, 3 }, /* BB_START_ADDR, BB_ADDR_DIFF, BB_OFFSET */
	{ 0x170, 1 }, /* BB_START_ADDR_UDW */
};
static const struct range render[] = {
	{ 0x20c0, 1 },	/* INSTPM */
	{ 0x20d8, 1 },	/* CS_DEBUG_MODE2 */
	{ 0x2214, 1 },	/* MI_PREDICATE_RESULT_2 of Haswell */
	{ 0x2290, 2 },	/* GPGPU_THREADS_DISPATCHED */
	{ 0x22c8, 2 },	/* PS_INVOCATION_COUNT_0 */
	{ 0x22d8, 2 },	/* PS_DEPTH_COUNT_0 */
	{ 0x22f0, 4 },	/* PS_INVOCATION_COUNT_1, PS_DEPTH_COUNT_1 */
	{ 0x2300, 22 }, /* HS_INVOCATION_COUNT to PS_DEPTH_COUNT */
	{ 0x2360, 2 },	/* OACTXCONTROL, OACTXID */
	{ 0x2420, 1 },	/* 3DPRIM_END_OFFSET */
	{ 0x2430, 5 },	/* 3DPRIM_START_VERTEX to BASE_VERTEX */
	{ 0x2448, 4 },	/* PS_INVOCATION_COUNT_2, PS_DEPTH_COUNT_2 */
	{ 0x2500, 3 },	/* GPGPU_DISPATCHDIM */
	{ 0x5200, 8 },	/* SO_NUM_PRIMS_WRITTEN */
	{ 0x5240, 8 },	/* SO_PRIM_STORAGE_NEEDED */
	{ 0x5280, 4 },	/* SO_WRITE_OFFSET */
	{ 0x7000, 3 },	/* CACHE_MODE_0, CACHE_MODE_1, GT_MODE */
	{ 0x7034, 1 },	/* L3CNTLREG */
	{ 0xe400, 2 },	/* TD_CTL, TD_CTL2 */
};

static bool within(const struct range *ranges, size_t nr, u32 offset)
{
	for (size_t i = 0; i < nr; i++)
		if (offset - ranges[i].first < 4u * ranges[i].nr)
			return true;
	return false;
}

static bool nonpriv(struct softgpu_engine *e, u32 offset)
{
	if (within(everywhere, ARRAY_SIZE(everywhere), offset - e->base))
		return true;
	if (e->id == GVT_RCS0 && within(render, ARRAY_SIZE(render), offset))
		return true;
	if (e->id == GVT_BCS0 && offset == e->base + 0x200) /* BCS_SWCTRL */
		return true;
	/* These values mark a slot as empty. */
	if (!offset || offset == e->base + RING_NOPID)
		return false;
	for (u32 i = 0; i < RING_NONPRIV_SLOTS; i++)
		if ((softgpu_own(e, RING_NONPRIV + 4 * i) & GVT_CMD_REG_MASK) == offset)
			return true;
	return false;
}

static bool hidden(const struct softgpu *sg, u32 offset)
{
	return offset < GVT_MMIO_SIZE && sg->hidden[offset / 256] >> offset / 4 % 64 & 1;
}

u32 softgpu_reg(struct softgpu_engine *e, u32 offset)
{
	/* An unprivileged batch must not see where page tables and contexts are. */
	if (hidden(e->gpu, offset) && !softgpu_cs_privileged(e))
		return 0;
	if (offset == e->base + RING_CTX_TIMESTAMP)
		return softgpu_context_time(e);
	return softgpu_reg_read(e->space, offset);
}

void mi_reg_write(struct softgpu_engine *e, u32 offset, u32 val)
{
	u32 own = offset - e->base;

	if (!softgpu_cs_privileged(e) && !nonpriv(e, offset))
		return;
	softgpu_reg_write(e->space, offset, val);
	if (own >= RING_PDP && own < RING_PDP + 8 * ARRAY_SIZE(e->pdp))
		softgpu_context_roots(e);
}

int mi_load_register_imm(struct softgpu_engine *e, const u32 *dw, u32 nr)
{
	u32 keep = 0; /* bits of the bytes that bits 11:8 of the header keep */

	for (u32 i = 0; i < 4; i++)
		if (dw[0] & BIT32(8 + i))
			keep |= 0xffu << 8 * i;
	for (u32 i = 1; i + 1 < nr; i += 2) {
		u32 offset = dw[i] & GVT_CMD_REG_MASK, val = dw[i + 1];

		if (keep)
			val = (softgpu_reg(e, offset) & keep) | (val & ~keep);
		mi_reg_write(e, offset, val);
	}
	return 0;
}

int mi_load_register_reg(struct softgpu_engine *e, const u32 *dw, u32 nr)
{
	(void)nr;
	mi_reg_write(e, dw[2] & GVT_CMD_REG_MASK, softgpu_reg(e, dw[1] & GVT_CMD_REG_MASK));
	return 0;
}

int mi_load_register_mem(struct softgpu_engine *e, const u32 *dw, u32 nr)
{
	u32 val;
	int err = softgpu_load(e, mi_global(e, dw[0] & MI_GLOBAL), mi_addr(dw, 2), &val, 1);

	(void)nr;
	if (!err)
		mi_reg_write(e, dw[1] & GVT_CMD_REG_MASK, val);
	return err;
}

#define STORE_PREDICATE BIT32(21)

int mi_store_register_mem(struct softgpu_engine *e, const u32 *dw, u32 nr)
{
	u32 val = softgpu_reg(e, dw[1] & GVT_CMD_REG_MASK);

	(void)nr;
	if (dw[0] & STORE_PREDICATE && !mi_predicate(e))
		return 0;
	return softgpu_store(e, mi_global(e, dw[0] & MI_GLOBAL), mi_addr(dw, 2), &val, 1);
}
