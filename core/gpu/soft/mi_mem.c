/* SPDX-License-Identifier: MIT */
/* Commands that write memory: stores, copies, reports, and flushes with a write or an interrupt. */
#include "core/gpu/soft/mi.h"

#include <errno.h>

#include "core/hw/oa.h"

#define STORE_QWORD BIT32(21)

int mi_store_data_imm(struct softgpu_engine *e, const u32 *dw, u32 nr)
{
	bool global = mi_global(e, dw[0] & MI_GLOBAL);
	u32 unit = dw[0] & STORE_QWORD ? 2 : 1;
	u64 addr = mi_addr(dw, 1);

	if ((nr - 3) % unit)
		return -EINVAL;
	for (u32 i = 3; i < nr; i += unit) {
		int err = softgpu_store(e, global, addr + 4 * (i - 3), &dw[i], unit);

		if (err)
			return err;
	}
	return 0;
}

#define INDEX_MASK 0xffcu
#define INDEX_OWN  BIT32(21) /* in the context's own status page */

int mi_store_data_index(struct softgpu_engine *e, const u32 *dw, u32 nr)
{
	bool own = dw[0] & INDEX_OWN || !softgpu_cs_privileged(e);

	return softgpu_store(e, true, softgpu_hwsp(e, own) + (dw[1] & INDEX_MASK), &dw[2], nr - 2);
}

#define HWSP_HEAD 16u /* in the context's status page: "Ring Head Pointer Storage" */

int mi_report_head(struct softgpu_engine *e, const u32 *dw, u32 nr)
{
	(void)dw;
	(void)nr;
	return softgpu_store(e, true, softgpu_hwsp(e, true) + HWSP_HEAD, &e->cs.head, 1);
}

#define PERF_DWORDS 64u
#define OACONTROL   0x2b00u
#define PERF_MASK   0xffffffc0u

/* A report without counts: its ID, the time and the context; OACONTROL says how long it is. */
int mi_report_perf_count(struct softgpu_engine *e, const u32 *dw, u32 nr)
{
	u32 report[PERF_DWORDS] = {
		dw[3],
		(u32)softgpu_timestamp(),
		(u32)(e->port[0].desc >> GVT_DESC_ID_SHIFT),
	};
	u64 addr = (dw[1] & PERF_MASK) | (u64)dw[2] << 32;
	u32 control = softgpu_reg_read(e->space, OACONTROL);

	(void)nr;
	return softgpu_store(e, mi_global(e, dw[1] & 1), addr, report,
			     control & 1 ? gvt_oa_report_dwords(control) : PERF_DWORDS);
}

#define COPY_TO_GLOBAL	 BIT32(21)
#define COPY_FROM_GLOBAL BIT32(22)

int mi_copy_mem_mem(struct softgpu_engine *e, const u32 *dw, u32 nr)
{
	u32 val;
	int err = softgpu_load(e, mi_global(e, dw[0] & COPY_FROM_GLOBAL), mi_addr(dw, 3), &val, 1);

	(void)nr;
	if (err)
		return err;
	return softgpu_store(e, mi_global(e, dw[0] & COPY_TO_GLOBAL), mi_addr(dw, 1), &val, 1);
}

/* ---- what follows a flush ---- */

enum { POST_NONE, POST_WRITE, POST_DEPTH, POST_TIMESTAMP };

#define POST(dword)	 ((dword) >> 14 & 3)
#define FLUSH_INDEX	 BIT32(21)
#define FLUSH_INVALIDATE BIT32(18)
#define FLUSH_NOTIFY	 BIT32(8)
#define FLUSH_DW_GLOBAL	 BIT32(2) /* of the address */
#define CONTROL_GLOBAL	 BIT32(24)
#define CONTROL_REGISTER BIT32(23)
#define PS_DEPTH_COUNT	 0x350u

/* @addr: an address, or with FLUSH_INDEX an offset in a status page. @imm: @nr dwords for
 * POST_WRITE. */
static int post_sync(struct softgpu_engine *e, u32 flags, bool global, u64 addr, const u32 *imm,
		     u32 nr)
{
	u32 val[2];
	u64 now;

	if (flags & FLUSH_INDEX) {
		addr = softgpu_hwsp(e, !global) + (addr & INDEX_MASK);
		global = true;
	}
	if (nr == 2 || POST(flags) != POST_WRITE)
		addr &= ~7ull;
	switch (POST(flags)) {
	case POST_WRITE:
		return softgpu_store(e, global, addr, imm, nr);
	case POST_DEPTH:
		val[0] = softgpu_own(e, PS_DEPTH_COUNT);
		val[1] = softgpu_own(e, PS_DEPTH_COUNT + 4);
		return softgpu_store(e, global, addr, val, 2);
	case POST_TIMESTAMP:
		now = softgpu_timestamp();
		val[0] = (u32)now;
		val[1] = (u32)(now >> 32);
		return softgpu_store(e, global, addr, val, 2);
	default:
		return 0;
	}
}

static int flush(struct softgpu_engine *e, u32 flags, bool global, u64 addr, const u32 *imm, u32 nr)
{
	int err;

	if (flags & FLUSH_INVALIDATE)
		softgpu_tlb_invalidate(e);
	err = post_sync(e, flags, global, addr, imm, nr);
	if (!err && flags & FLUSH_NOTIFY)
		softgpu_interrupt(e, GVT_IRQ_PIPE_CONTROL);
	return err;
}

int mi_flush_dw(struct softgpu_engine *e, const u32 *dw, u32 nr)
{
	return flush(e, dw[0], mi_global(e, dw[1] & FLUSH_DW_GLOBAL),
		     (dw[1] & ~7u) | (u64)dw[2] << 32, &dw[3], nr - 3);
}

int mi_pipe_control(struct softgpu_engine *e, const u32 *dw, u32 nr)
{
	u32 flags = dw[1];

	(void)nr;
	if (flags & CONTROL_REGISTER && POST(flags) == POST_NONE)
		mi_reg_write(e, dw[2] & GVT_CMD_REG_MASK, dw[4]);
	return flush(e, flags, mi_global(e, flags & CONTROL_GLOBAL), mi_addr(dw, 2), &dw[4], 2);
}
