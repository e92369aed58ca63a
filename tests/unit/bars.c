/* SPDX-License-Identifier: MIT */
/* The BARs follow the guest: what the hypervisor is asked for, and where accesses go. */
#include <errno.h>
#include <linux/pci_regs.h>

#include "tests/unit/fake_mpt.h"
#include "tests/unit/unit.h"

#define MEMORY_ON  (PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER)
#define MEMORY_OFF PCI_COMMAND_MASTER
#define GTIMR	   0x44014u /* plain storage, all ones after reset */

/* True if the registers answer at @pa. */
static bool regs_at(struct fake *f, u64 pa)
{
	u32 val;

	return !intel_vgpu_emulate_mmio_read(f->vgpu, pa + 0x78000, &val, 4) && val == 0x76544776;
}

static void set_bar(struct fake *f, unsigned int reg, u64 to)
{
	fake_cfg_write(f, PCI_COMMAND, 2, MEMORY_OFF);
	fake_cfg_write(f, reg, 4, (u32)to);
	fake_cfg_write(f, reg + 4, 4, to >> 32);
	fake_cfg_write(f, PCI_COMMAND, 2, MEMORY_ON);
}

START_TEST(enable_move_disable)
{
	struct fake *f = fake_new();

	ck_assert_int_eq(fake_create(f, 128), 0);
	ck_assert_int_eq(intel_gvt_activate_vgpu(f->vgpu), 0);
	ck_assert(intel_vgpu_bar(f->vgpu, 0, NULL) == INTEL_GVT_BAR_OFF);
	ck_assert_str_eq(fake_log(f), "");
	fake_place(f);
	ck_assert_str_eq(fake_log(f), "+f4000000-f5000000 @0:f4000000 +80000000-88000000 "
				      "@1:80000000 ");
	ck_assert(regs_at(f, FAKE_BAR0));

	fake_cfg_write(f, PCI_COMMAND, 2, MEMORY_OFF);
	ck_assert_str_eq(fake_log(f), "-f4000000-f5000000 @0:off -80000000-88000000 @1:off ");
	ck_assert(!regs_at(f, FAKE_BAR0));
	fake_cfg_write(f, PCI_BASE_ADDRESS_0, 4, 0xd0000000);
	ck_assert_str_eq(fake_log(f), "");
	fake_cfg_write(f, PCI_COMMAND, 2, MEMORY_ON);
	ck_assert_str_eq(fake_log(f), "+d0000000-d1000000 @0:d0000000 +80000000-88000000 "
				      "@1:80000000 ");
	ck_assert(!regs_at(f, FAKE_BAR0));
	ck_assert(regs_at(f, 0xd0000000));
	ck_assert_uint_eq(intel_vgpu_counters(f->vgpu)->bar_refused, 0);
	fake_free(f);
}
END_TEST

/* Writes that change no BAR cause no calls. */
START_TEST(quiet)
{
	struct fake *f = fake_vgpu();
	u64 calls = f->calls;

	fake_cfg_write(f, PCI_COMMAND, 2, MEMORY_ON);
	fake_cfg_write(f, PCI_COMMAND, 2, PCI_COMMAND_MEMORY);
	fake_cfg_write(f, PCI_INTERRUPT_LINE, 1, 11);
	fake_cfg_write(f, PCI_BASE_ADDRESS_0, 4, FAKE_BAR0);
	fake_cfg_write(f, PCI_BASE_ADDRESS_3, 4, 0);
	ck_assert_uint_eq(f->calls, calls);
	fake_free(f);
}
END_TEST

START_TEST(high_half)
{
	struct fake *f = fake_vgpu();
	u64 size;

	set_bar(f, PCI_BASE_ADDRESS_2, 0x4780000000ull);
	ck_assert_uint_eq(intel_vgpu_bar(f->vgpu, 2, &size), 0x4780000000ull);
	ck_assert_uint_eq(size, MiB(64));
	ck_assert_uint_eq(fake_read(f, 0x4780000000ull, 8), 0);
	/* The halves are written one after the other while the BAR decodes. */
	fake_log(f);
	fake_cfg_write(f, PCI_BASE_ADDRESS_1, 4, 0x12);
	ck_assert_str_eq(fake_log(f), "-f4000000-f5000000 @0:off +12f4000000-12f5000000 "
				      "@0:12f4000000 ");
	fake_cfg_write(f, PCI_BASE_ADDRESS_0, 4, 0x21000000);
	ck_assert(regs_at(f, 0x1221000000ull));
	fake_cfg_write(f, PCI_BASE_ADDRESS_1 + 1, 1, 0x7f);
	ck_assert(regs_at(f, 0x7f1221000000ull));
	fake_free(f);
}
END_TEST

/* Writes a BAR byte by byte. */
START_TEST(byte_writes)
{
	struct fake *f = fake_vgpu();

	fake_cfg_write(f, PCI_BASE_ADDRESS_0 + 3, 1, 0xd3);
	ck_assert(regs_at(f, 0xd3000000));
	fake_cfg_write(f, PCI_BASE_ADDRESS_0, 1, 0xff);
	fake_cfg_write(f, PCI_BASE_ADDRESS_0 + 1, 2, 0xffff);
	ck_assert(regs_at(f, 0xd3000000));
	fake_cfg_write(f, PCI_BASE_ADDRESS_0 + 2, 2, 0xd2ff);
	ck_assert(regs_at(f, 0xd2000000));
	ck_assert_uint_eq(fake_cfg_read(f, PCI_BASE_ADDRESS_0, 4), 0xd2000004);
	fake_free(f);
}
END_TEST

/* Some firmware sizes BARs without disabling decoding before. */
START_TEST(sizing_while_decoding)
{
	struct fake *f = fake_vgpu();

	fake_cfg_write(f, PCI_BASE_ADDRESS_0, 4, ~0u);
	ck_assert(intel_vgpu_bar(f->vgpu, 0, NULL) == INTEL_GVT_BAR_OFF);
	ck_assert_uint_eq(fake_cfg_read(f, PCI_BASE_ADDRESS_0, 4), 0xff000004);
	fake_cfg_write(f, PCI_BASE_ADDRESS_0, 4, FAKE_BAR0);
	ck_assert(regs_at(f, FAKE_BAR0));
	fake_log(f);
	fake_cfg_write(f, PCI_BASE_ADDRESS_1, 4, ~0u);
	ck_assert_str_eq(fake_log(f), "-f4000000-f5000000 @0:off ");
	fake_cfg_write(f, PCI_BASE_ADDRESS_1, 4, 0);
	ck_assert(regs_at(f, FAKE_BAR0));
	/* The other BAR has stayed in its place. */
	ck_assert_str_eq(fake_log(f), "+f4000000-f5000000 @0:f4000000 ");

	fake_cfg_write(f, PCI_BASE_ADDRESS_2, 4, ~0u);
	ck_assert(intel_vgpu_bar(f->vgpu, 2, NULL) == INTEL_GVT_BAR_OFF);
	fake_cfg_write(f, PCI_BASE_ADDRESS_2, 4, FAKE_BAR2);
	ck_assert_str_eq(fake_log(f), "-80000000-84000000 @1:off +80000000-84000000 @1:80000000 ");
	fake_free(f);
}
END_TEST

START_TEST(no_address)
{
	struct fake *f = fake_vgpu();

	/* Nothing is decoded at 0, nor above what a guest can address. */
	set_bar(f, PCI_BASE_ADDRESS_0, 0);
	ck_assert(intel_vgpu_bar(f->vgpu, 0, NULL) == INTEL_GVT_BAR_OFF);
	set_bar(f, PCI_BASE_ADDRESS_0, 1ull << 48);
	ck_assert(intel_vgpu_bar(f->vgpu, 0, NULL) == INTEL_GVT_BAR_OFF);
	set_bar(f, PCI_BASE_ADDRESS_0, ~0ull);
	ck_assert(intel_vgpu_bar(f->vgpu, 0, NULL) == INTEL_GVT_BAR_OFF);
	set_bar(f, PCI_BASE_ADDRESS_0, (1ull << 48) - MiB(16));
	ck_assert(regs_at(f, (1ull << 48) - MiB(16)));
	fake_free(f);
}
END_TEST

START_TEST(overlap)
{
	struct fake *f = fake_vgpu();

	/*
	 * The second BAR is refused on top of the first, and gets the place when the first leaves.
	 */
	set_bar(f, PCI_BASE_ADDRESS_2, FAKE_BAR0);
	ck_assert(regs_at(f, FAKE_BAR0));
	ck_assert(intel_vgpu_bar(f->vgpu, 2, NULL) == INTEL_GVT_BAR_OFF);
	ck_assert_uint_ge(intel_vgpu_counters(f->vgpu)->bar_refused, 1);
	fake_cfg_write(f, PCI_BASE_ADDRESS_0, 4, 0xd0000000);
	ck_assert(regs_at(f, 0xd0000000));
	ck_assert_uint_eq(intel_vgpu_bar(f->vgpu, 2, NULL), FAKE_BAR0);
	ck_assert_uint_eq(fake_read(f, FAKE_BAR0 + 0x78000, 4), 0);

	/* The first BAR moves into the second. */
	fake_cfg_write(f, PCI_BASE_ADDRESS_0, 4, FAKE_BAR0 + MiB(16));
	ck_assert(intel_vgpu_bar(f->vgpu, 0, NULL) == INTEL_GVT_BAR_OFF);
	ck_assert_uint_eq(intel_vgpu_bar(f->vgpu, 2, NULL), FAKE_BAR0);
	fake_free(f);
}
END_TEST

START_TEST(swap)
{
	struct fake *f = fake_vgpu();

	fake_cfg_write(f, PCI_COMMAND, 2, MEMORY_OFF);
	fake_cfg_write(f, PCI_BASE_ADDRESS_0, 4, FAKE_BAR2);
	fake_cfg_write(f, PCI_BASE_ADDRESS_2, 4, FAKE_BAR0);
	fake_cfg_write(f, PCI_COMMAND, 2, MEMORY_ON);
	ck_assert(regs_at(f, FAKE_BAR2));
	ck_assert_uint_eq(intel_vgpu_bar(f->vgpu, 2, NULL), FAKE_BAR0);
	ck_assert_uint_eq(intel_vgpu_counters(f->vgpu)->bar_refused, 0);
	fake_free(f);
}
END_TEST

START_TEST(refused_area)
{
	struct fake *f = fake_vgpu();

	fake_cfg_write(f, PCI_COMMAND, 2, MEMORY_OFF);
	fake_log(f);
	f->fail_area = -ENOMEM;
	fake_cfg_write(f, PCI_COMMAND, 2, MEMORY_ON);
	ck_assert(intel_vgpu_bar(f->vgpu, 0, NULL) == INTEL_GVT_BAR_OFF);
	ck_assert_uint_eq(intel_vgpu_counters(f->vgpu)->bar_refused, 1);
	/* A BAR that does not trap is not placed. The other BAR is not affected. */
	ck_assert_str_eq(fake_log(f), "+80000000-84000000 @1:80000000 ");
	/* The next write to the configuration space tries again. */
	fake_cfg_write(f, PCI_INTERRUPT_LINE, 1, 5);
	ck_assert(regs_at(f, FAKE_BAR0));
	fake_free(f);
}
END_TEST

/* A BAR without memory behind it works as well. */
START_TEST(refused_place)
{
	struct fake *f = fake_vgpu();

	fake_cfg_write(f, PCI_COMMAND, 2, MEMORY_OFF);
	f->fail_place = -ENOMEM;
	fake_cfg_write(f, PCI_COMMAND, 2, MEMORY_ON);
	ck_assert(f->placed[VGPU_BAR_GTTMM] == INTEL_GVT_BAR_OFF);
	ck_assert(regs_at(f, FAKE_BAR0));
	ck_assert_uint_eq(intel_vgpu_counters(f->vgpu)->bar_refused, 1);
	fake_cfg_write(f, PCI_COMMAND, 2, MEMORY_OFF);
	ck_assert(!regs_at(f, FAKE_BAR0));
	fake_free(f);
}
END_TEST

/* What each part of the BARs answers, also at its edges. */
START_TEST(parts)
{
	struct fake *f = fake_vgpu();
	const struct vgpu_counters *c = intel_vgpu_counters(f->vgpu);
	u64 val = 0;

	fake_write(f, FAKE_BAR0 + MiB(2) - 8, 8, 0x1122334455667788);
	ck_assert_uint_eq(fake_read(f, FAKE_BAR0 + MiB(2) - 8, 8), 0x1122334455667788);
	fake_write(f, FAKE_BAR0 + MiB(2), 8, 5); /* between registers and GGTT there is nothing */
	ck_assert_uint_eq(fake_read(f, FAKE_BAR0 + MiB(2), 8), 0);
	fake_write(f, FAKE_BAR0 + MiB(8) - 8, 8, 5);
	ck_assert_uint_eq(fake_read(f, FAKE_BAR0 + MiB(8) - 8, 8), 0);
	fake_write(f, FAKE_BAR0 + MiB(8), 8, 0xabcdef0123456789);
	ck_assert_uint_eq(fake_read(f, FAKE_BAR0 + MiB(8), 8), 0xabcdef0123456789);
	ck_assert_uint_eq(fake_read(f, FAKE_BAR0 + MiB(8) + 3, 2), 0x0123);
	ck_assert_uint_eq(f->vgpu->ggtt[0], 0xabcdef0123456789);
	fake_write(f, FAKE_BAR0 + MiB(16) - 4, 4, 0x5a5a5a5a);
	ck_assert_uint_eq(fake_read(f, FAKE_BAR0 + MiB(16) - 1, 1), 0x5a);
	ck_assert_uint_eq(f->vgpu->ggtt[VGPU_GGTT_PAGES * 512 - 1], 0x5a5a5a5aull << 32);
	ck_assert_uint_eq(c->ggtt_write, 2);
	ck_assert_uint_eq(c->ggtt_read, 3);

	fake_write(f, FAKE_BAR2, 8, 5);
	ck_assert_uint_eq(fake_read(f, FAKE_BAR2 + MiB(64) - 1, 1), 0);
	ck_assert_uint_eq(c->aperture_write, 1);
	ck_assert_uint_eq(c->aperture_read, 1);

	/* An access that begins inside and ends outside is not ours. */
	ck_assert_int_eq(intel_vgpu_emulate_mmio_read(f->vgpu, FAKE_BAR0 + MiB(16) - 4, &val, 8),
			 -ENXIO);
	ck_assert_uint_eq(val, ~0ull);
	ck_assert_int_eq(intel_vgpu_emulate_mmio_read(f->vgpu, FAKE_BAR0 - 4, &val, 8), -ENXIO);
	ck_assert_int_eq(intel_vgpu_emulate_mmio_read(f->vgpu, FAKE_BAR2 + MiB(64), &val, 1),
			 -ENXIO);
	ck_assert_int_eq(intel_vgpu_emulate_mmio_read(f->vgpu, ~0ull - 3, &val, 8), -ENXIO);
	ck_assert_uint_eq(c->outside, 4);
	fake_free(f);
}
END_TEST

START_TEST(mmio_widths)
{
	static const unsigned int odd_widths[] = { 0, 3, 5, 6, 7, 9, 16, ~0u };
	struct fake *f = fake_vgpu();
	u64 buf[2] = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(odd_widths); i++) {
		ck_assert_int_eq(intel_vgpu_emulate_mmio_read(f->vgpu, FAKE_BAR0 + GTIMR, buf,
							      odd_widths[i]),
				 -EINVAL);
		ck_assert_int_eq(intel_vgpu_emulate_mmio_write(f->vgpu, FAKE_BAR0 + GTIMR, buf,
							       odd_widths[i]),
				 -EINVAL);
	}
	ck_assert_uint_eq(fake_reg(f, GTIMR), 0xffffffff);
	ck_assert_uint_eq(intel_vgpu_counters(f->vgpu)->outside, 2 * ARRAY_SIZE(odd_widths));
	fake_free(f);
}
END_TEST

Suite *suite_bars(void)
{
	const TTest *const tests[] = {
		enable_move_disable,   quiet,	      high_half, byte_writes,
		sizing_while_decoding, no_address,    overlap,	 swap,
		refused_area,	       refused_place, parts,	 mmio_widths,
	};

	return unit_suite("bars", tests, ARRAY_SIZE(tests));
}
