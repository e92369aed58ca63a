/* SPDX-License-Identifier: MIT */
/* Configuration space, as firmware, Linux and i915 read and write it. */
#include <errno.h>
#include <linux/pci_regs.h>
#include <string.h>

#include "tests/unit/fake_mpt.h"
#include "tests/unit/unit.h"

#define GMCH  0x50
#define BSM   0x5c
#define SWSCI 0xe8
#define ASLS  0xfc
#define PLAIN 0x4f100 /* a scratch register */

START_TEST(identity)
{
	struct fake *f = fake_vgpu();

	ck_assert_uint_eq(fake_cfg_read(f, PCI_VENDOR_ID, 2), 0x8086);
	ck_assert_uint_eq(fake_cfg_read(f, PCI_DEVICE_ID, 2), 0x1912);
	ck_assert_uint_eq(fake_cfg_read(f, PCI_VENDOR_ID, 4), 0x19128086);
	ck_assert_uint_eq(fake_cfg_read(f, PCI_REVISION_ID, 1), 6);
	ck_assert_uint_eq(fake_cfg_read(f, PCI_CLASS_REVISION, 4), 0x03000006);
	ck_assert_uint_eq(fake_cfg_read(f, PCI_HEADER_TYPE, 1), PCI_HEADER_TYPE_NORMAL);
	ck_assert_uint_eq(fake_cfg_read(f, PCI_INTERRUPT_PIN, 1), 1);
	/* GGMS: 8 MiB of entries. GMS: no stolen memory, so its base has no meaning. */
	ck_assert_uint_eq(fake_cfg_read(f, GMCH, 2), 3 << 6);
	ck_assert_uint_eq(fake_cfg_read(f, BSM, 4), 0);
	/* There is no OpRegion yet. */
	ck_assert_uint_eq(fake_cfg_read(f, ASLS, 4), 0);
	fake_free(f);
}
END_TEST

START_TEST(read_only)
{
	static const u8 dwords[] = { PCI_VENDOR_ID,
				     PCI_CLASS_REVISION,
				     PCI_SUBSYSTEM_VENDOR_ID,
				     PCI_ROM_ADDRESS,
				     PCI_CAPABILITY_LIST,
				     PCI_BASE_ADDRESS_4,
				     PCI_BASE_ADDRESS_5,
				     GMCH,
				     BSM,
				     0x38,
				     0x40,
				     0x54,
				     0x58,
				     0x60 };
	struct fake *f = fake_vgpu();

	for (size_t i = 0; i < ARRAY_SIZE(dwords); i++) {
		u32 was = fake_cfg_read(f, dwords[i], 4);

		fake_cfg_write(f, dwords[i], 4, ~was);
		ck_assert_msg(fake_cfg_read(f, dwords[i], 4) == was, "0x%x changed", dwords[i]);
	}
	fake_free(f);
}
END_TEST

/* Finds the bits of a dword that take a write, by writing both values, @bytes at a time. */
static u32 writable(struct fake *f, unsigned int reg, unsigned int bytes)
{
	u32 was = fake_cfg_read(f, reg, 4), ones, zeroes;

	for (unsigned int at = 0; at < 4; at += bytes)
		fake_cfg_write(f, reg + at, bytes, ~0u);
	ones = fake_cfg_read(f, reg, 4);
	for (unsigned int at = 0; at < 4; at += bytes)
		fake_cfg_write(f, reg + at, bytes, 0);
	zeroes = fake_cfg_read(f, reg, 4);
	fake_cfg_write(f, reg, 4, was);
	ck_assert_uint_eq(ones & zeroes, was & ones & zeroes);
	return ones & ~zeroes;
}

START_TEST(write_masks)
{
	static const struct {
		u8 reg;
		u32 mask;
	} expect[] = {
		{ PCI_COMMAND, 0x0407 }, /* the status above has nothing to clear */
		{ PCI_CACHE_LINE_SIZE, 0xff },
		{ PCI_BASE_ADDRESS_0, 0xff000000 },
		{ PCI_BASE_ADDRESS_1, 0xffffffff },
		{ PCI_BASE_ADDRESS_2, 0xfc000000 },
		{ PCI_BASE_ADDRESS_3, 0xffffffff },
		{ PCI_INTERRUPT_LINE, 0xff },
		{ ASLS, 0xffffffff },
	};
	struct fake *f = fake_vgpu();

	fake_cfg_write(f, PCI_COMMAND, 2, 0);
	for (size_t i = 0; i < ARRAY_SIZE(expect); i++)
		for (unsigned int bytes = 1; bytes <= 4; bytes *= 2)
			ck_assert_msg(writable(f, expect[i].reg, bytes) == expect[i].mask,
				      "0x%x by %u bytes: 0x%x", expect[i].reg, bytes,
				      writable(f, expect[i].reg, bytes));
	fake_free(f);
}
END_TEST

/* A write of one byte must not change its neighbours. */
START_TEST(bytes_alone)
{
	struct fake *f = fake_vgpu();

	fake_cfg_write(f, ASLS, 4, 0x11223344);
	fake_cfg_write(f, ASLS + 1, 1, 0xaa);
	ck_assert_uint_eq(fake_cfg_read(f, ASLS, 4), 0x1122aa44);
	fake_cfg_write(f, ASLS + 2, 2, 0xbbcc);
	ck_assert_uint_eq(fake_cfg_read(f, ASLS, 4), 0xbbccaa44);
	ck_assert_uint_eq(fake_cfg_read(f, ASLS + 1, 2), 0xccaa);
	ck_assert_uint_eq(fake_cfg_read(f, ASLS + 3, 1), 0xbb);
	fake_free(f);
}
END_TEST

/* The size that a driver works out from a BAR's value after it wrote ones. */
static u64 sized(struct fake *f, unsigned int reg)
{
	u32 low = fake_cfg_read(f, reg, 4), high = fake_cfg_read(f, reg + 4, 4);
	u64 mask;

	/* Linux writes, reads and restores each half by itself. */
	fake_cfg_write(f, reg, 4, ~0u);
	mask = fake_cfg_read(f, reg, 4) & PCI_BASE_ADDRESS_MEM_MASK & ~0xfull;
	mask &= 0xffffffff;
	fake_cfg_write(f, reg, 4, low);
	fake_cfg_write(f, reg + 4, 4, ~0u);
	mask |= (u64)fake_cfg_read(f, reg + 4, 4) << 32;
	fake_cfg_write(f, reg + 4, 4, high);
	ck_assert_uint_eq(fake_cfg_read(f, reg, 4), low);
	return ~mask + 1;
}

START_TEST(sizes)
{
	for (u32 mib = GVT_APERTURE_MIB_MIN; mib <= GVT_APERTURE_MIB_MAX; mib *= 2) {
		struct fake *f = fake_new();
		u64 size;

		ck_assert_int_eq(fake_create(f, mib), 0);
		ck_assert_int_eq(intel_gvt_activate_vgpu(f->vgpu), 0);
		ck_assert_uint_eq(fake_cfg_read(f, PCI_BASE_ADDRESS_0, 4) & 0xf, 0x4);
		ck_assert_uint_eq(fake_cfg_read(f, PCI_BASE_ADDRESS_2, 4) & 0xf, 0xc);
		ck_assert_uint_eq(sized(f, PCI_BASE_ADDRESS_0), MiB(16));
		ck_assert_uint_eq(sized(f, PCI_BASE_ADDRESS_2), MiB(mib));
		intel_vgpu_bar(f->vgpu, 2, &size);
		ck_assert_uint_eq(size, MiB(mib));
		ck_assert_str_eq(fake_log(f), "");
		fake_free(f);
	}
}
END_TEST

/* hvmloader disables decoding, sizes every BAR and the ROM, places them, and enables decoding. */
START_TEST(hvmloader)
{
	struct fake *f = fake_new();
	u16 command;

	ck_assert_int_eq(fake_create(f, 64), 0);
	ck_assert_int_eq(intel_gvt_activate_vgpu(f->vgpu), 0);
	command = fake_cfg_read(f, PCI_COMMAND, 2);
	fake_cfg_write(f, PCI_COMMAND, 2, command & ~(PCI_COMMAND_IO | PCI_COMMAND_MEMORY));
	for (unsigned int reg = PCI_BASE_ADDRESS_0; reg <= PCI_BASE_ADDRESS_5; reg += 4) {
		u32 was = fake_cfg_read(f, reg, 4);

		fake_cfg_write(f, reg, 4, ~0u);
		if (reg >= PCI_BASE_ADDRESS_4)
			ck_assert_uint_eq(fake_cfg_read(f, reg, 4), 0);
		fake_cfg_write(f, reg, 4, was);
		ck_assert_uint_eq(fake_cfg_read(f, reg, 4), was);
	}
	fake_cfg_write(f, PCI_ROM_ADDRESS, 4, (u32)PCI_ROM_ADDRESS_MASK);
	ck_assert_uint_eq(fake_cfg_read(f, PCI_ROM_ADDRESS, 4), 0);
	fake_cfg_write(f, PCI_BASE_ADDRESS_2, 4, FAKE_BAR2);
	fake_cfg_write(f, PCI_BASE_ADDRESS_0, 4, FAKE_BAR0);
	ck_assert_str_eq(fake_log(f), "");
	fake_cfg_write(f, PCI_COMMAND, 2, PCI_COMMAND_IO | PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
	ck_assert_str_eq(fake_log(f), "+f4000000-f5000000 @0:f4000000 +80000000-84000000 "
				      "@1:80000000 ");
	fake_free(f);
}
END_TEST

static unsigned int find_capability(struct fake *f, u8 id)
{
	unsigned int at = fake_cfg_read(f, PCI_CAPABILITY_LIST, 1);

	ck_assert_uint_ne(fake_cfg_read(f, PCI_STATUS, 2) & PCI_STATUS_CAP_LIST, 0);
	for (unsigned int hops = 0; at; hops++) {
		ck_assert_uint_lt(hops, 48);
		ck_assert_uint_ge(at, 0x40);
		ck_assert_uint_eq(at % 4, 0);
		if (fake_cfg_read(f, at + PCI_CAP_LIST_ID, 1) == id)
			return at;
		at = fake_cfg_read(f, at + PCI_CAP_LIST_NEXT, 1);
	}
	return 0;
}

START_TEST(capabilities)
{
	struct fake *f = fake_vgpu();
	unsigned int pm = find_capability(f, PCI_CAP_ID_PM);

	ck_assert_uint_ne(find_capability(f, PCI_CAP_ID_MSI), 0);
	ck_assert_uint_ne(pm, 0);
	ck_assert_uint_ge(fake_cfg_read(f, pm + PCI_PM_PMC, 2) & PCI_PM_CAP_VER_MASK, 2);

	/* D3hot and back changes nothing. */
	fake_cfg_write(f, pm + PCI_PM_CTRL, 2, 3);
	ck_assert_uint_eq(fake_cfg_read(f, pm + PCI_PM_CTRL, 2) & PCI_PM_CTRL_STATE_MASK, 3);
	fake_cfg_write(f, pm + PCI_PM_CTRL, 2, 0);
	ck_assert_uint_eq(fake_cfg_read(f, pm + PCI_PM_CTRL, 2), PCI_PM_CTRL_NO_SOFT_RESET);
	ck_assert_uint_eq(fake_cfg_read(f, PCI_BASE_ADDRESS_0, 4), FAKE_BAR0 | 4);
	fake_free(f);
}
END_TEST

/* Linux' pcie_flr(), after pci_save_state(): all that was lost is what it restores. */
START_TEST(function_level_reset)
{
	struct fake *f = fake_vgpu();
	unsigned int at = find_capability(f, PCI_CAP_ID_EXP);
	u32 saved[16], flags, devctl;

	ck_assert_uint_ne(at, 0);
	flags = fake_cfg_read(f, at + PCI_EXP_FLAGS, 2);
	ck_assert_uint_eq((flags & PCI_EXP_FLAGS_TYPE) >> 4, PCI_EXP_TYPE_RC_END);
	ck_assert_uint_ne(fake_cfg_read(f, at + PCI_EXP_DEVCAP, 4) & PCI_EXP_DEVCAP_FLR, 0);
	fake_reg_write(f, PLAIN, 0x1234);
	fake_write(f, FAKE_BAR0 + VGPU_GGTT_OFFSET + 8, 8, 0x5678);
	fake_cfg_write(f, ASLS, 4, 0xfc000000);
	fake_cfg_write(f, PCI_INTERRUPT_LINE, 1, 11);
	for (unsigned int i = 0; i < ARRAY_SIZE(saved); i++)
		saved[i] = fake_cfg_read(f, 4 * i, 4);

	/* Other bits do not cause a reset. */
	devctl = fake_cfg_read(f, at + PCI_EXP_DEVCTL, 2);
	fake_cfg_write(f, at + PCI_EXP_DEVCTL, 2, 0x7fff);
	fake_cfg_write(f, at + PCI_EXP_DEVCTL, 1, 0x80);
	fake_cfg_write(f, at + PCI_EXP_DEVSTA, 2, 0x8000);
	ck_assert_uint_eq(fake_cfg_read(f, at + PCI_EXP_DEVCTL, 2), devctl);
	ck_assert_uint_eq(fake_reg(f, PLAIN), 0x1234);

	fake_log(f);
	fake_cfg_write(f, at + PCI_EXP_DEVCTL, 2, devctl | PCI_EXP_DEVCTL_BCR_FLR);
	ck_assert_str_eq(fake_log(f), "-f4000000-f5000000 @0:off -80000000-84000000 @1:off ");
	ck_assert_uint_eq(fake_cfg_read(f, at + PCI_EXP_DEVCTL, 2), devctl);
	ck_assert_uint_eq(fake_cfg_read(f, PCI_COMMAND, 2), 0);
	ck_assert_uint_eq(fake_cfg_read(f, PCI_BASE_ADDRESS_0, 4), 4);
	/* Firmware does not run again, and Linux does not restore these. */
	ck_assert_uint_eq(fake_cfg_read(f, ASLS, 4), 0xfc000000);
	ck_assert_uint_eq(fake_cfg_read(f, PCI_INTERRUPT_LINE, 1), 11);

	for (unsigned int i = ARRAY_SIZE(saved); i--;)
		fake_cfg_write(f, 4 * i, 4, saved[i]);
	ck_assert_str_eq(fake_log(f), "+f4000000-f5000000 @0:f4000000 +80000000-84000000 "
				      "@1:80000000 ");
	ck_assert_uint_eq(fake_reg(f, PLAIN), 0);
	ck_assert_uint_eq(fake_read(f, FAKE_BAR0 + VGPU_GGTT_OFFSET + 8, 8), 0);
	/* The upper byte alone causes it as well. */
	fake_cfg_write(f, at + PCI_EXP_DEVCTL + 1, 1, 0x80);
	ck_assert_uint_eq(fake_cfg_read(f, PCI_COMMAND, 2), 0);
	fake_free(f);
}
END_TEST

START_TEST(msi)
{
	struct fake *f = fake_vgpu();
	unsigned int at = find_capability(f, PCI_CAP_ID_MSI);
	u16 flags = fake_cfg_read(f, at + PCI_MSI_FLAGS, 2);

	/* There is one vector with a 32-bit address, whatever a driver asks for. */
	ck_assert_uint_eq(flags, 0);
	ck_assert_int_eq(intel_gvt_hypervisor_inject_msi(f->vgpu), 0);
	ck_assert_uint_eq(intel_vgpu_counters(f->vgpu)->msi, 0);

	fake_cfg_write(f, at + PCI_MSI_ADDRESS_LO, 4, 0xfee0100f);
	fake_cfg_write(f, at + PCI_MSI_DATA_32, 2, 0x4051);
	fake_cfg_write(f, at + PCI_MSI_FLAGS, 2, 0xffff);
	ck_assert_uint_eq(fake_cfg_read(f, at + PCI_MSI_FLAGS, 2), PCI_MSI_FLAGS_ENABLE);
	ck_assert_uint_eq(fake_cfg_read(f, at + PCI_MSI_ADDRESS_LO, 4), 0xfee0100c);
	ck_assert_int_eq(intel_gvt_hypervisor_inject_msi(f->vgpu), 0);
	ck_assert_uint_eq(f->msi_addr, 0xfee0100c);
	ck_assert_uint_eq(f->msi_data, 0x4051);
	ck_assert_uint_eq(intel_vgpu_counters(f->vgpu)->msi, 1);

	f->fail_msi = -EINVAL;
	ck_assert_int_eq(intel_gvt_hypervisor_inject_msi(f->vgpu), -EINVAL);
	ck_assert_uint_eq(intel_vgpu_counters(f->vgpu)->msi, 1);

	/* A message is a write to memory, so a function that is not a bus master sends none. */
	fake_cfg_write(f, PCI_COMMAND, 2, PCI_COMMAND_MEMORY);
	ck_assert_int_eq(intel_gvt_hypervisor_inject_msi(f->vgpu), 0);
	fake_cfg_write(f, PCI_COMMAND, 2, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
	fake_cfg_write(f, at + PCI_MSI_FLAGS, 2, 0);
	ck_assert_int_eq(intel_gvt_hypervisor_inject_msi(f->vgpu), 0);
	ck_assert_uint_eq(intel_vgpu_counters(f->vgpu)->msi, 1);
	fake_free(f);
}
END_TEST

START_TEST(outside)
{
	static const unsigned int odd_widths[] = { 0, 3, 5, 8, 16 };
	struct fake *f = fake_vgpu();
	u8 buf[16];
	u64 before;

	/* Nothing answers beyond the 256 bytes, even to an access that only ends there. */
	ck_assert_uint_eq(fake_cfg_read(f, 256, 4), 0xffffffff);
	ck_assert_uint_eq(fake_cfg_read(f, 254, 4), 0xffffffff);
	ck_assert_uint_eq(fake_cfg_read(f, 255, 2), 0xffff);
	ck_assert_uint_eq(fake_cfg_read(f, ~0u, 1), 0xff);
	ck_assert_uint_eq(fake_cfg_read(f, ~0u - 1, 4), 0xffffffff);
	fake_cfg_write(f, ASLS, 4, 0x12345678);
	fake_cfg_write(f, 254, 4, 0);
	fake_cfg_write(f, 256, 4, 0);
	fake_cfg_write(f, ~0u - 2, 4, 0);
	ck_assert_uint_eq(fake_cfg_read(f, ASLS, 4), 0x12345678);

	before = intel_vgpu_counters(f->vgpu)->outside;
	for (size_t i = 0; i < ARRAY_SIZE(odd_widths); i++) {
		memset(buf, 0, sizeof(buf));
		ck_assert_int_eq(intel_vgpu_emulate_cfg_read(f->vgpu, 0, buf, odd_widths[i]),
				 -EINVAL);
		ck_assert_int_eq(intel_vgpu_emulate_cfg_write(f->vgpu, ASLS, buf, odd_widths[i]),
				 -EINVAL);
	}
	ck_assert_uint_eq(fake_cfg_read(f, ASLS, 4), 0x12345678);
	ck_assert_uint_eq(intel_vgpu_counters(f->vgpu)->outside - before,
			  2 * ARRAY_SIZE(odd_widths));
	fake_free(f);
}
END_TEST

/* Words across two fields, or across a field and nothing. */
START_TEST(unaligned)
{
	struct fake *f = fake_vgpu();

	ck_assert_uint_eq(fake_cfg_read(f, 1, 2), 0x1280);
	ck_assert_uint_eq(fake_cfg_read(f, 1, 4), 0x191280 | fake_cfg_read(f, PCI_COMMAND, 1)
								     << 24);
	fake_cfg_write(f, PCI_COMMAND, 2, 0);
	fake_cfg_write(f, PCI_DEVICE_ID + 1, 2, 0x0600); /* its low byte, read only; COMMAND */
	ck_assert_uint_eq(fake_cfg_read(f, PCI_VENDOR_ID, 4), 0x19128086);
	ck_assert_uint_eq(fake_cfg_read(f, PCI_COMMAND, 2), 0x0006);
	fake_free(f);
}
END_TEST

Suite *suite_cfg_space(void)
{
	const TTest *const tests[] = {
		identity, read_only, write_masks,  bytes_alone,
		sizes,	  hvmloader, capabilities, function_level_reset,
		msi,	  outside,   unaligned,
	};

	return unit_suite("cfg_space", tests, ARRAY_SIZE(tests));
}
