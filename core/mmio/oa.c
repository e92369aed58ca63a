/* SPDX-License-Identifier: MIT */
/*
 * The observation architecture (OA). A vGPU counts nothing: a report holds its reason, the time,
 * and which context ran. When periodic reports are written: core/hw/skl/regs_oa.c.
 *
 * What a report holds, and which registers a configuration may name: i915_perf.c of Linux' i915.
 */
#include "core/mmio/mmio.h"

#include "core/exec/exec.h"
#include "core/gtt/gtt.h"
#include "core/hw/bits.h"
#include "core/hw/oa.h"
#include "core/regs/vreg.h"
#include "core/vgpu.h"

#define OACTXCONTROL 0x2360

#define CONTROL_ENABLE	BIT32(0)
#define TIMER_ENABLE	BIT32(1)
#define TIMER_PERIOD	2 /* shift, of 6 bits: a report every 2 << period ticks */
#define TIMER_PERIODS	31u
#define STATUS_LOST	BIT32(0) /* reports were lost */
#define STATUS_OVERFLOW BIT32(1) /* the buffer is full */
#define BUFFER_GGTT	BIT32(0)
#define BUFFER_SIZE(v)	(0x20000u << ((v) >> 3 & 7))
#define POINTER		0xffffffc0u

#define REPORT_TIMER	 BIT32(19) /* the reason */
#define REPORT_CTX_VALID BIT32(16)

/* The most reports that one read of the tail writes; others are lost. i915 allows 100 kHz. */
#define REPORTS_AT_ONCE 1024u

/* Writes a report to graphics address @gma. It is lost if the guest has no memory there. */
static void put_report(struct intel_vgpu *vgpu, u64 gma, u32 *report, u32 bytes)
{
	u64 gpa = gma < HIDDEN_BASE ? vgpu_gma_to_gpa(vgpu, gma) : ~0ull;

	if (gpa != ~0ull)
		intel_gvt_hypervisor_write_gpa(vgpu, gpa, report, bytes);
}

/* Writes @nr reports; the first was due at time @at, and the others @period apart. */
static void put_reports(struct intel_vgpu *vgpu, u64 at, u64 period, u64 nr)
{
	u32 bytes = gvt_oa_report_dwords(gvt_vreg(vgpu, OACONTROL)) * sizeof(u32);
	u32 buffer = gvt_vreg(vgpu, OABUFFER), base = buffer & POINTER;
	u32 size = BUFFER_SIZE(buffer), status = gvt_vreg(vgpu, OASTATUS);
	u32 head = gvt_vreg(vgpu, OAHEADPTR) - base, tail = gvt_vreg(vgpu, OATAILPTR) - base;
	u64 desc = vgpu->ports->engine[GVT_RCS0].desc[0];
	u32 report[64] = { REPORT_TIMER | (desc ? REPORT_CTX_VALID : 0) };

	/* No driver has its buffer in a PPGTT. */
	if (!(buffer & BUFFER_GGTT) || tail >= size)
		return;
	tail &= ~(bytes - 1);
	report[2] = desc >> GVT_DESC_ID_SHIFT;
	for (; nr && !(status & STATUS_OVERFLOW); nr--, at += period) {
		report[1] = at;
		put_report(vgpu, (u64)base + tail, report, bytes);
		tail = (tail + bytes) & (size - 1);
		if (((head - tail) & (size - 1)) <= bytes)
			status |= STATUS_OVERFLOW;
	}
	gvt_vreg_set(vgpu, OATAILPTR, base + tail);
	gvt_vreg_set(vgpu, OASTATUS, status);
}

u32 gvt_oa_tail_read(struct intel_vgpu *vgpu, u32 offset)
{
	u32 timer = gvt_live_read(vgpu, OACTXCONTROL);
	u32 shift = timer >> TIMER_PERIOD & 0x3f;
	u64 now = gvt_timestamp(), was = vgpu->oa_time ? vgpu->oa_time : now, nr;
	u64 period = 2ull << shift;

	vgpu->oa_time = now;
	if (!(gvt_vreg(vgpu, OACONTROL) & CONTROL_ENABLE) || !(timer & TIMER_ENABLE) ||
	    shift > TIMER_PERIODS)
		return gvt_vreg(vgpu, offset);
	/* A report is due at each multiple of the period, when a bit of the time changes. */
	nr = now / period - was / period;
	if (nr > REPORTS_AT_ONCE) {
		gvt_vreg_set(vgpu, OASTATUS, gvt_vreg(vgpu, OASTATUS) | STATUS_LOST);
		nr = REPORTS_AT_ONCE;
	}
	put_reports(vgpu, (now / period - nr + 1) * period, period, nr);
	return gvt_vreg(vgpu, offset);
}

void gvt_oa_control_write(struct intel_vgpu *vgpu, u32 offset, u32 old, u32 val)
{
	(void)offset;
	(void)val;
	if (!(old & CONTROL_ENABLE))
		vgpu->oa_time = gvt_timestamp();
}
