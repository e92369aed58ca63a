/* SPDX-License-Identifier: MIT */
/*
 * The observation architecture (OA): performance counters, and the network (NOA) by which a driver
 * chooses what they count. A vGPU counts nothing: its reports hold their reason, the time, and
 * whose context ran.
 *
 * Periodic reports go to a ring in the guest's graphics memory. A driver learns of them by reading
 * the ring's tail alone (i915 does so 200 times a second while a stream is open), so this is when
 * those that are due by then are written. No timer is needed.
 *
 * Offsets and bits: i915_perf_oa_regs.h of Linux' i915; what a report holds, and which registers a
 * configuration may name: i915_perf.c.
 */
#include "core/vgpu.h"

#define OACTXCONTROL 0x2360
#define OACONTROL    0x2b00
#define OASTATUS     0x2b08
#define OAHEADPTR    0x2b0c
#define OATAILPTR    0x2b10
#define OABUFFER     0x2b14

#define CONTROL_ENABLE	BIT32(0)
#define CONTROL_FORMAT	2 /* shift, of 3 bits */
#define TIMER_ENABLE	BIT32(1)
#define TIMER_PERIOD	2 /* shift, of 6 bits: a report each 2 << period clocks */
#define TIMER_PERIODS	31u
#define STATUS_LOST	BIT32(0) /* reports were not written */
#define STATUS_OVERFLOW BIT32(1) /* the buffer is full */
#define BUFFER_GGTT	BIT32(0)
#define BUFFER_SIZE(v)	(0x20000u << ((v) >> 3 & 7))
#define POINTER		0xffffffc0u

#define REPORT_TIMER	 BIT32(19) /* the reason */
#define REPORT_CTX_VALID BIT32(16)

/* Reports that one read of the tail writes at most: more are lost. i915 takes up to 100 kHz. */
#define REPORTS_AT_ONCE 1024u

u32 gvt_oa_report_dwords(u32 control)
{
	static const u8 dwords[8] = { 16, 32, 32, 16, 16, 64, 32, 16 };

	return dwords[control >> CONTROL_FORMAT & 7];
}

/* Puts a report at graphics address @gma; where the guest has no memory there, it is lost. */
static void put_report(struct intel_vgpu *vgpu, u64 gma, u32 *report, u32 bytes)
{
	u64 gpa = gma < HIDDEN_BASE ? vgpu_gma_to_gpa(vgpu, gma) : ~0ull;

	if (gpa != ~0ull)
		intel_gvt_hypervisor_write_gpa(vgpu, gpa, report, bytes);
}

/* Writes @nr reports, the first of which was due at time @at, one each @period. */
static void put_reports(struct intel_vgpu *vgpu, u64 at, u64 period, u64 nr)
{
	u32 bytes = gvt_oa_report_dwords(gvt_vreg(vgpu, OACONTROL)) * sizeof(u32);
	u32 buffer = gvt_vreg(vgpu, OABUFFER), base = buffer & POINTER;
	u32 size = BUFFER_SIZE(buffer), status = gvt_vreg(vgpu, OASTATUS);
	u32 head = gvt_vreg(vgpu, OAHEADPTR) - base, tail = gvt_vreg(vgpu, OATAILPTR) - base;
	u64 desc = vgpu->state->ports[GVT_RCS0].desc[0];
	u32 report[64] = { REPORT_TIMER | (desc ? REPORT_CTX_VALID : 0) };

	/* No driver has its buffer in a context's own memory. */
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

static u32 tail_read(struct intel_vgpu *vgpu, u32 offset)
{
	u32 timer = intel_gvt_reg(vgpu->gvt, OACTXCONTROL)->read(vgpu, OACTXCONTROL);
	u32 shift = timer >> TIMER_PERIOD & 0x3f;
	u64 now = gvt_timestamp(), was = vgpu->oa_time ? vgpu->oa_time : now, nr;
	u64 period = 2ull << shift;

	vgpu->oa_time = now;
	if (!(gvt_vreg(vgpu, OACONTROL) & CONTROL_ENABLE) || !(timer & TIMER_ENABLE) ||
	    shift > TIMER_PERIODS)
		return gvt_vreg(vgpu, offset);
	/* They are due when a bit of the time changes: at its multiples. */
	nr = now / period - was / period;
	if (nr > REPORTS_AT_ONCE) {
		gvt_vreg_set(vgpu, OASTATUS, gvt_vreg(vgpu, OASTATUS) | STATUS_LOST);
		nr = REPORTS_AT_ONCE;
	}
	put_reports(vgpu, (now / period - nr + 1) * period, period, nr);
	return gvt_vreg(vgpu, offset);
}

static void control_write(struct intel_vgpu *vgpu, u32 offset, u32 old, u32 val)
{
	(void)offset;
	(void)val;
	if (!(old & CONTROL_ENABLE))
		vgpu->oa_time = gvt_timestamp();
}

static const struct gvt_reg rows[] = {
	/* The unit. */
	{ "GEN7_OABUFFER", .offset = 0x23b0 },
	{ "GEN8_OABUFFER_UDW", .offset = 0x23b4 },
	{ "GEN8_OACONTROL", .offset = OACONTROL, .write = control_write },
	{ "GEN8_OA_DEBUG", .offset = 0x2b04, .kind = GVT_REG_MASKED },
	{ "GEN8_OASTATUS", .offset = OASTATUS },
	{ "GEN8_OAHEADPTR", .offset = OAHEADPTR },
	{ "GEN8_OATAILPTR", .offset = OATAILPTR, .read = tail_read },
	{ "GEN8_OABUFFER", .offset = OABUFFER },
	{ "GEN9_RESERVED_2B20", .offset = 0x2b20 },

	/* What it counts, and when: drivers load these by commands. */
	{ "OASTARTTRIG", .offset = 0x2710, .count = 8 },
	{ "OAREPORTTRIG", .offset = 0x2740, .count = 8 },
	{ "OACEC", .offset = 0x2770, .count = 16 },
	{ "NOA_CONFIG", .offset = 0xd0c, .count = 9 },
	{ "OA_PERFCNT", .offset = 0x91b8, .count = 6 },
	{ "MICRO_BP", .offset = 0x9800, .count = 16 },
	{ "GDT_CHICKEN_BITS", .offset = 0x9840 },
	{ "MICRO_BP_TRIGGER", .offset = 0x9844, .count = 17 },
	{ "NOA_WRITE", .offset = 0x9888 },
};

const struct gvt_reg_block gvt_block_oa = { "oa", rows, ARRAY_SIZE(rows) };
