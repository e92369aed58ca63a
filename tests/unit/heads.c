/* SPDX-License-Identifier: MIT */
/* Heads, as a driver meets them: fuses, the monitor behind AUX, frames and vblanks. */
#include <string.h>
#include <time.h>

#include "core/display/vbt.h"
#include "core/head/head.h"
#include "core/irq/irq.h"
#include "tests/unit/fake_mpt.h"
#include "tests/unit/unit.h"

#define DFSM	     0x51000u
#define SFUSE_STRAP  0xc2014u
#define SDEISR	     0xc4000u
#define AUX_CTL(d)   (0x64010u + 0x100 * (d))
#define AUX_DATA(d)  (0x64014u + 0x100 * (d))
#define DP_TP_CTL    0x64140u
#define DP_TP_STATUS 0x64144u
#define PIPECONF     0x70008u
#define FRMCOUNT     0x70040u
#define SURF	     0x7019cu
#define SURFLIVE     0x701acu
#define PIPE_IMR     0x44404u
#define PIPE_IIR     0x44408u
#define PIPE_IER     0x4440cu
#define ON	     BIT32(31)
#define VBLANK	     BIT32(0)

static struct fake *with_heads(u32 heads)
{
	struct fake *f = fake_new();

	f->heads = heads;
	return fake_activate(f);
}

/* Native AUX read of @len bytes at DPCD @address. Returns the control register. */
static u32 dpcd_read(struct fake *f, u32 ddi, u32 address, u32 len)
{
	fake_reg_write(f, AUX_DATA(ddi), 9u << 28 | address << 8 | (len - 1));
	fake_reg_write(f, AUX_CTL(ddi), ON | 4u << 20);
	return fake_reg(f, AUX_CTL(ddi));
}

START_TEST(what_there_is)
{
	static const struct {
		u32 dfsm, strap, live;
	} expect[] = {
		{ BIT32(30) | BIT32(21) | BIT32(28), 0, 0 },
		{ BIT32(21) | BIT32(28), BIT32(2), BIT32(21) },
		{ BIT32(28), BIT32(2) | BIT32(1), BIT32(21) | BIT32(22) },
		{ 0, BIT32(2) | BIT32(1) | BIT32(0), BIT32(21) | BIT32(22) | BIT32(23) },
	};
	struct fake *f = with_heads(_i);

	ck_assert_uint_eq(fake_reg(f, DFSM), expect[_i].dfsm);
	ck_assert_uint_eq(fake_reg(f, SFUSE_STRAP), expect[_i].strap);
	ck_assert_uint_eq(fake_reg(f, SDEISR), expect[_i].live);
	for (u32 ddi = 0; ddi < 4; ddi++) {
		u32 ctl = dpcd_read(f, ddi, 0, 1);
		bool there = ddi && (int)ddi <= _i;

		ck_assert_uint_eq(ctl & DISPLAY_AUX_BUSY, 0);
		ck_assert_uint_ne(ctl & DISPLAY_AUX_DONE, 0);
		ck_assert_int_eq(!(ctl & DISPLAY_AUX_TIMEOUT), there);
		if (there)
			ck_assert_uint_ge(fake_reg(f, AUX_DATA(ddi)) >> 16 & 0xff, 0x11);
	}
	fake_free(f);
}
END_TEST

/* A driver without an OpRegion of firmware's finds one behind the registers. */
START_TEST(outputs_are_found)
{
	struct fake *f = with_heads(1);
	u32 asls = 0;
	u64 word = 0;

	ck_assert_int_eq(intel_vgpu_emulate_cfg_read(f->vgpu, 0xfc, &asls, 4), 0);
	ck_assert_uint_eq(asls, (u32)intel_vgpu_bar(f->vgpu, 0, NULL) + GVT_MMIO_SIZE);
	ck_assert_int_eq(intel_vgpu_emulate_mmio_read(f->vgpu, asls, &word, 4), 0);
	ck_assert_mem_eq(&word, "Inte", 4);
	ck_assert_int_eq(intel_vgpu_emulate_mmio_read(f->vgpu, asls + DISPLAY_VBT_AT, &word, 4), 0);
	ck_assert_mem_eq(&word, "$VBT", 4);
	ck_assert_int_eq(intel_vgpu_emulate_mmio_read(f->vgpu, asls + INTEL_GVT_OPREGION_SIZE - 4,
						      &word, 8),
			 0);
	/* One that firmware has made takes precedence. */
	ck_assert_int_eq(intel_vgpu_emulate_cfg_write(f->vgpu, 0xfc, &(u32){ 0xfd000000 }, 4), 0);
	ck_assert_int_eq(intel_vgpu_emulate_cfg_read(f->vgpu, 0xfc, &asls, 4), 0);
	ck_assert_uint_eq(asls, 0xfd000000);
	fake_free(f);
}
END_TEST

START_TEST(idle_pattern)
{
	struct fake *f = with_heads(1);

	fake_reg_write(f, DP_TP_CTL, ON | 2u << 8);
	ck_assert_uint_ne(fake_reg(f, DP_TP_STATUS) & BIT32(25), 0);
	fake_reg_write(f, DP_TP_CTL, ON | 0u << 8);
	ck_assert_uint_eq(fake_reg(f, DP_TP_STATUS) & BIT32(25), 0);
	fake_free(f);
}
END_TEST

/* Waits until the alarm that was set has come, as the back end does. */
static void until_alarm(struct fake *f)
{
	const struct timespec at = { (time_t)(f->alarm / 1000000000),
				     (long)(f->alarm % 1000000000) };

	ck_assert_uint_ne(f->alarm, 0);
	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL))
		;
	f->alarm = 0;
	intel_vgpu_alarm(f->vgpu);
}

/* Nothing ticks until vblanks are wanted; then each one counts, latches and interrupts. */
START_TEST(vblanks)
{
	struct fake *f = with_heads(1);
	u32 frame;

	fake_reg_write(f, PIPE_IER, VBLANK);
	fake_reg_write(f, PIPECONF, ON);
	ck_assert_uint_eq(f->alarm, 0);
	fake_reg_write(f, PIPE_IMR, ~VBLANK);
	frame = fake_reg(f, FRMCOUNT);
	fake_reg_write(f, SURF, 0x40000);
	ck_assert_uint_eq(fake_reg(f, PIPE_IIR) & VBLANK, 0);
	until_alarm(f);
	ck_assert_uint_gt(fake_reg(f, FRMCOUNT), frame);
	ck_assert_uint_eq(fake_reg(f, PIPE_IIR) & VBLANK, VBLANK);
	ck_assert_uint_eq(fake_reg(f, SURFLIVE), 0x40000);
	ck_assert_uint_ne(f->alarm, 0);
	fake_reg_write(f, PIPE_IMR, ~0u);
	ck_assert_uint_eq(f->alarm, 0);
	fake_reg_write(f, PIPE_IMR, ~VBLANK);
	ck_assert_uint_ne(f->alarm, 0);
	fake_reg_write(f, PIPECONF, 0);
	ck_assert_uint_eq(f->alarm, 0);
	fake_free(f);
}
END_TEST

/* Writes of a part of a register leave the rest of it, and what that means. */
START_TEST(partial_writes)
{
	struct fake *f = with_heads(1);

	fake_reg_write(f, DP_TP_CTL, ON | 2u << 8);
	fake_write(f, FAKE_BAR0 + DP_TP_CTL, 1, 0);
	ck_assert_uint_ne(fake_reg(f, DP_TP_STATUS) & BIT32(25), 0);
	fake_reg_write(f, PIPECONF, ON);
	fake_reg_write(f, PIPE_IMR, ~VBLANK);
	fake_write(f, FAKE_BAR0 + PIPECONF, 1, 0);
	ck_assert_uint_ne(f->alarm, 0);
	fake_write(f, FAKE_BAR0 + PIPECONF + 3, 1, 0);
	ck_assert_uint_eq(f->alarm, 0);
	fake_free(f);
}
END_TEST

/* Pipes that are not there have no clock. */
START_TEST(no_pipe)
{
	struct fake *f = with_heads(1);

	fake_reg_write(f, PIPE_IMR + 0x10, 0);
	fake_reg_write(f, PIPECONF + 0x1000, ON);
	ck_assert_uint_eq(f->alarm, 0);
	fake_free(f);
}
END_TEST

/* The next process' clock goes on, and the monitor is as it was set. */
START_TEST(taken_up)
{
	struct fake *f = with_heads(1);
	struct vgpu_sinks *sinks = f->vgpu->sinks; /* which outlive the vGPU */
	u32 frame;

	fake_reg_write(f, AUX_DATA(1), 8u << 28 | 0x600u << 8);
	fake_reg_write(f, AUX_DATA(1) + 4, 1u << 24);
	fake_reg_write(f, AUX_CTL(1), ON | 5u << 20);
	ck_assert_uint_eq(sinks->sink[0].power, 1);
	fake_reg_write(f, PIPECONF, ON);
	fake_reg_write(f, PIPE_IMR, ~VBLANK);
	until_alarm(f);
	frame = fake_reg(f, FRMCOUNT);
	intel_gvt_destroy_vgpu(f->vgpu);
	f->alarm = 0;
	ck_assert_int_eq(fake_create(f, 64), 0);
	ck_assert_int_eq(intel_gvt_activate_vgpu(f->vgpu), 0);
	ck_assert_uint_eq(f->vgpu->sinks->sink[0].power, 1);
	until_alarm(f);
	ck_assert_uint_gt(fake_reg(f, FRMCOUNT), frame);
	fake_free(f);
}
END_TEST

/* A reset switches monitor and clock off. */
START_TEST(reset)
{
	struct fake *f = with_heads(1);

	fake_reg_write(f, PIPECONF, ON);
	fake_reg_write(f, PIPE_IMR, ~VBLANK);
	intel_gvt_reset_vgpu(f->vgpu);
	ck_assert_uint_eq(f->alarm, 0);
	ck_assert_uint_eq(f->vgpu->sinks->sink[0].power, 0);
	fake_free(f);
}
END_TEST

Suite *suite_heads(void)
{
	const TTest *const tests[] = { outputs_are_found, idle_pattern, vblanks, partial_writes,
				       no_pipe,		  taken_up,	reset };
	Suite *suite = unit_suite("heads", tests, ARRAY_SIZE(tests));
	TCase *tc = tcase_create("counts");

	tcase_add_loop_test(tc, what_there_is, 0, GVT_HEADS_MAX + 1);
	suite_add_tcase(suite, tc);
	return suite;
}
