/* SPDX-License-Identifier: MIT */
/* PVINFO: what a guest's driver checks before it uses its vGPU. */

#include "tests/unit/fake_mpt.h"
#include "tests/unit/unit.h"

#define PVINFO 0x78000u
#define G2V    (PVINFO + 0x818)

static u32 pv(struct fake *f, u32 at)
{
	return fake_reg(f, PVINFO + at);
}

START_TEST(content)
{
	struct fake *f = fake_vgpu();

	ck_assert_uint_eq(fake_read(f, FAKE_BAR0 + PVINFO, 8), 0x4776544776544776);
	ck_assert_uint_eq(fake_read(f, FAKE_BAR0 + PVINFO + 8, 2), 1);
	ck_assert_uint_eq(fake_read(f, FAKE_BAR0 + PVINFO + 0xa, 2), 0);
	ck_assert_uint_eq(pv(f, 0xc), 7);
	ck_assert_uint_eq(pv(f, 0x10), 0x1c); /* full PPGTT, HWSP emulation, huge pages */
	ck_assert_uint_eq(pv(f, 0x50), 32);
	ck_assert_uint_eq(pv(f, 0x804), 0);
	fake_free(f);
}
END_TEST

/*
 * The ranges must be those that i915 expects: the aperture, the range behind it, and nothing of the
 * range that the mediator keeps for itself.
 */
START_TEST(ranges)
{
	for (u32 mib = GVT_APERTURE_MIB_MIN; mib <= GVT_APERTURE_MIB_MAX; mib *= 2) {
		struct fake *f = fake_new();
		u64 low, low_size, high, high_size, aperture;

		ck_assert_int_eq(fake_create(f, mib), 0);
		ck_assert_int_eq(intel_gvt_activate_vgpu(f->vgpu), 0);
		fake_place(f);
		low = pv(f, 0x40);
		low_size = pv(f, 0x44);
		high = pv(f, 0x48);
		high_size = pv(f, 0x4c);
		intel_vgpu_bar(f->vgpu, 2, &aperture);
		ck_assert_uint_eq(low, 0);
		ck_assert_uint_eq(low_size, aperture);
		ck_assert_uint_eq(high, aperture);
		ck_assert_uint_eq(high + high_size, HIDDEN_BASE);
		fake_free(f);
	}
}
END_TEST

START_TEST(read_only_half)
{
	struct fake *f = fake_vgpu();

	for (u32 at = 0; at < 0x54; at += 4) {
		u32 was = pv(f, at);

		fake_reg_write(f, PVINFO + at, ~was);
		ck_assert_msg(pv(f, at) == was, "PVINFO + 0x%x took a write", at);
	}
	fake_free(f);
}
END_TEST

START_TEST(writable_half)
{
	struct fake *f = fake_vgpu();

	fake_reg_write(f, PVINFO + 0x804, 1);
	ck_assert_uint_eq(pv(f, 0x804), 1);
	fake_write(f, FAKE_BAR0 + PVINFO + 0x838, 8, 0x123456789000);
	ck_assert_uint_eq(fake_read(f, FAKE_BAR0 + PVINFO + 0x838, 8), 0x123456789000);
	fake_write(f, FAKE_BAR0 + PVINFO + 0x858, 8, 0xfedcba9876543210);
	ck_assert_uint_eq(fake_read(f, FAKE_BAR0 + PVINFO + 0x858, 8), 0xfedcba9876543210);
	fake_free(f);
}
END_TEST

START_TEST(notifications)
{
	struct fake *f = fake_vgpu();
	const u64 *seen = intel_vgpu_notifications(f->vgpu);

	for (u32 code = 0; code < VGT_G2V_MAX; code++)
		for (u32 n = 0; n <= code; n++)
			fake_reg_write(f, G2V, code);
	for (u32 code = 0; code < VGT_G2V_MAX; code++)
		ck_assert_uint_eq(seen[code], code + 1);
	ck_assert_uint_eq(seen[VGT_G2V_MAX], 0);
	fake_reg_write(f, G2V, VGT_G2V_MAX);
	fake_reg_write(f, G2V, 0x80000004);
	fake_reg_write(f, G2V, ~0u);
	ck_assert_uint_eq(seen[VGT_G2V_MAX], 3);
	/* In i915's order: the parameter, then the notification. */
	fake_write(f, FAKE_BAR0 + G2V - 4, 8, 4ull << 32);
	ck_assert_uint_eq(seen[4], 6);
	fake_free(f);
}
END_TEST

/* A vGPU shows its own parameters, also after a reset. */
START_TEST(parameters)
{
	static const struct intel_vgpu_params params = { 4711, 1024, 1 };
	struct fake *f = fake_new();

	ck_assert_int_eq(intel_gvt_create_vgpu(f->gvt, &params, f->state, f, &f->vgpu), 0);
	ck_assert_int_eq(intel_gvt_activate_vgpu(f->vgpu), 0);
	fake_place(f);
	ck_assert_uint_eq(pv(f, 0xc), 4711);
	ck_assert_uint_eq(pv(f, 0x44), 1u << 30);
	ck_assert_uint_eq(pv(f, 0x50), 1);
	intel_gvt_reset_vgpu(f->vgpu);
	fake_place(f);
	ck_assert_uint_eq(pv(f, 0xc), 4711);
	ck_assert_uint_eq(pv(f, 0x44), 1u << 30);
	fake_free(f);
}
END_TEST

Suite *suite_pvinfo(void)
{
	const TTest *const tests[] = { content,	      ranges,	     read_only_half,
				       writable_half, notifications, parameters };

	return unit_suite("pvinfo", tests, ARRAY_SIZE(tests));
}
