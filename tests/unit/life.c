/* SPDX-License-Identifier: MIT */
/* A vGPU's life: created, activated and deactivated, reset, taken over from an earlier process. */
#include <errno.h>
#include <linux/pci_regs.h>
#include <string.h>

#include "tests/unit/fake_mpt.h"
#include "tests/unit/unit.h"

#define PLAIN 0x4f100u /* a scratch register */

static struct vgpu_device *device_of(const struct fake *f)
{
	return fake_section(f, &vgpu_device_section);
}

START_TEST(parameters_refused)
{
	static const struct intel_vgpu_params wrong[] = {
		{ 0, 64, 4 },  { 1, 0, 4 },  { 1, 32, 4 },   { 1, 63, 4 },
		{ 1, 65, 4 },  { 1, 96, 4 }, { 1, 2048, 4 }, { 1, 0x80000000, 4 },
		{ 1, ~0u, 4 }, { 1, 64, 0 }, { 1, 64, 33 },  { 1, 64, ~0u },
	};
	struct fake *f = fake_new();

	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		ck_assert_int_eq(intel_gvt_create_vgpu(f->gvt, &wrong[i], f->state, f, &f->vgpu),
				 -EINVAL);
		ck_assert_uint_eq(f->attached, 0);
		ck_assert(!device_of(f)->made);
	}
	fake_free(f);
}
END_TEST

/* Values that no vGPU can have: an earlier process left them, which its guest may have taken over.
 */
START_TEST(state_refused)
{
	struct fake *f = fake_new();
	struct vgpu_device *device = device_of(f);
	struct vgpu_ports *ports = fake_section(f, &vgpu_ports_section);
	struct vgpu_ppgtt_state *ppgtts = fake_section(f, &vgpu_ppgtt_section);

	device->made = true;
	ck_assert_int_eq(fake_create(f, 64), -EPROTO);
	device->params = (struct intel_vgpu_params){ 1, 65, 4 };
	ck_assert_int_eq(fake_create(f, 64), -EPROTO);
	device->params = (struct intel_vgpu_params){ 1, 64, 4 };
	device->bar_at[0] = INTEL_GVT_BAR_OFF;
	device->bar_at[1] = 1ull << 48;
	ck_assert_int_eq(fake_create(f, 64), -EPROTO);
	device->bar_at[1] = 0x80000800;
	ck_assert_int_eq(fake_create(f, 64), -EPROTO);
	device->bar_at[1] = INTEL_GVT_BAR_OFF;
	ports->engine[1].nr_elsp = 5;
	ck_assert_int_eq(fake_create(f, 64), -EPROTO);
	ports->engine[1].nr_elsp = 0;
	ppgtts->roots[7] = (struct vgpu_root){ .refs = 1, .levels = 5 };
	ck_assert_int_eq(fake_create(f, 64), -EPROTO);
	ck_assert_uint_eq(f->attached, 0);
	ppgtts->roots[7].levels = 4;
	ck_assert_int_eq(fake_create(f, 64), 0);
	fake_free(f);
}
END_TEST

START_TEST(attach_fails)
{
	struct fake *f = fake_new();

	f->fail_attach = -EBUSY;
	ck_assert_int_eq(fake_create(f, 64), -EBUSY);
	ck_assert_uint_eq(f->attached, 0);
	/* The next try works with the same memory. */
	ck_assert_int_eq(fake_create(f, 64), 0);
	ck_assert_ptr_eq(f->vgpu->owner, f);
	ck_assert_uint_eq(f->vgpu->handle, (unsigned long)f);
	fake_free(f);
}
END_TEST

START_TEST(nothing_to_release)
{
	intel_gvt_exit(NULL);
	intel_gvt_destroy_vgpu(NULL);
}
END_TEST

static int host_fails(struct intel_gvt *gvt)
{
	(void)gvt;
	return -ENODEV;
}

START_TEST(host_init_fails)
{
	static const struct intel_gvt_mpt mpt = { .name = "none", .host_init = host_fails };
	struct intel_gvt *gvt = NULL;

	ck_assert_int_eq(intel_gvt_init(&mpt, NULL, NULL, NULL, &gvt), -ENODEV);
	ck_assert_ptr_null(gvt);
}
END_TEST

/* There is no GPU before a vGPU is activated, nor after it was deactivated. */
START_TEST(inactive)
{
	struct fake *f = fake_new();

	ck_assert_int_eq(fake_create(f, 64), 0);
	fake_cfg_write(f, PCI_BASE_ADDRESS_0, 4, FAKE_BAR0);
	fake_cfg_write(f, PCI_COMMAND, 2, PCI_COMMAND_MEMORY);
	ck_assert_str_eq(fake_log(f), "");
	/* BARs that the guest had enabled before are placed at once. */
	ck_assert_int_eq(intel_gvt_activate_vgpu(f->vgpu), 0);
	ck_assert_str_eq(fake_log(f), "+f4000000-f5000000 @0:f4000000 ");

	fake_reg_write(f, PLAIN, 0x1234);
	fake_write(f, FAKE_BAR0 + VGPU_GGTT_OFFSET, 8, 0x5678);
	intel_gvt_deactivate_vgpu(f->vgpu);
	for (unsigned int bytes = 1; bytes <= 8; bytes *= 2) {
		ck_assert_uint_eq(fake_read(f, FAKE_BAR0 + PLAIN, bytes), unit_ones(bytes));
		ck_assert_uint_eq(fake_read(f, FAKE_BAR0 + VGPU_GGTT_OFFSET, bytes),
				  unit_ones(bytes));
	}
	fake_reg_write(f, PLAIN, 0);
	fake_write(f, FAKE_BAR0 + VGPU_GGTT_OFFSET, 8, 0);
	ck_assert_int_eq(intel_gvt_activate_vgpu(f->vgpu), 0);
	ck_assert_uint_eq(fake_reg(f, PLAIN), 0x1234);
	ck_assert_uint_eq(fake_read(f, FAKE_BAR0 + VGPU_GGTT_OFFSET, 8), 0x5678);
	fake_free(f);
}
END_TEST

START_TEST(reset)
{
	struct fake *f = fake_vgpu();
	u8 cfg[VGPU_CFG_SIZE];

	fake_free(f);
	f = fake_new();
	ck_assert_int_eq(fake_create(f, 64), 0);
	memcpy(cfg, f->vgpu->cfg->bytes, sizeof(cfg));
	ck_assert_int_eq(intel_gvt_activate_vgpu(f->vgpu), 0);
	fake_place(f);
	fake_reg_write(f, PLAIN, 0x1234);
	fake_reg_write(f, 0x44304, 0);
	fake_log(f);
	intel_gvt_reset_vgpu(f->vgpu);
	ck_assert_str_eq(fake_log(f), "-f4000000-f5000000 @0:off -80000000-84000000 @1:off ");
	ck_assert_mem_eq(cfg, f->vgpu->cfg->bytes, sizeof(cfg));
	fake_place(f);
	ck_assert_uint_eq(fake_reg(f, PLAIN), 0);
	ck_assert_uint_eq(fake_reg(f, 0x44304), ~0u);
	ck_assert_uint_eq(fake_read(f, FAKE_BAR0 + 0x78000, 8), 0x4776544776544776);
	fake_free(f);
}
END_TEST

/* A second process goes on with what the first one left, even if it asks for other sizes. */
START_TEST(taken_over)
{
	struct fake *f = fake_vgpu();
	u64 writes;

	fake_reg_write(f, PLAIN, 0x1234);
	fake_reg_write(f, 0x78818, 4);
	fake_write(f, FAKE_BAR0 + VGPU_GGTT_OFFSET + 8, 8, 0x5678);
	fake_cfg_write(f, PCI_INTERRUPT_LINE, 1, 11);
	writes = intel_vgpu_counters(f->vgpu)->mmio_write;

	/* As after a crash: nothing is undone, and the hypervisor's side stays as it was. */
	intel_gvt_destroy_vgpu(f->vgpu);
	ck_assert_str_eq(fake_log(f), "");
	memset(f->mirror, 0xee, GVT_MMIO_SIZE);
	ck_assert_int_eq(fake_create(f, 1024), 0);
	ck_assert_int_eq(intel_gvt_activate_vgpu(f->vgpu), 0);
	ck_assert_str_eq(fake_log(f), "");

	ck_assert_uint_eq(intel_vgpu_bar(f->vgpu, 0, NULL), FAKE_BAR0);
	ck_assert_uint_eq(intel_vgpu_bar(f->vgpu, 2, NULL), FAKE_BAR2);
	ck_assert_uint_eq(fake_reg(f, PLAIN), 0x1234);
	ck_assert_uint_eq(f->mirror[PLAIN / 4], 0x1234);
	ck_assert_uint_eq(fake_reg(f, 0x78044), 64u << 20);
	ck_assert_uint_eq(fake_read(f, FAKE_BAR0 + VGPU_GGTT_OFFSET + 8, 8), 0x5678);
	ck_assert_uint_eq(fake_cfg_read(f, PCI_INTERRUPT_LINE, 1), 11);
	ck_assert_uint_eq(intel_vgpu_notifications(f->vgpu)[4], 1);
	ck_assert_uint_eq(intel_vgpu_counters(f->vgpu)->mmio_write, writes);
	fake_free(f);
}
END_TEST

START_TEST(two_are_apart)
{
	struct fake *f = fake_vgpu(), *g = fake_vgpu();

	fake_reg_write(f, PLAIN, 1);
	fake_reg_write(g, PLAIN, 2);
	fake_cfg_write(f, PCI_COMMAND, 2, 0);
	ck_assert_uint_eq(fake_reg(g, PLAIN), 2);
	fake_free(f);
	ck_assert_uint_eq(fake_reg(g, PLAIN), 2);
	fake_free(g);
}
END_TEST

/* Services of the back end that the core passes on unchanged. */
START_TEST(services)
{
	struct fake *f = fake_vgpu();
	u32 val = 0x11223344, got = 0;

	ck_assert_int_eq(intel_gvt_hypervisor_write_gpa(f->vgpu, 0x1ffe, &val, 4), 0);
	ck_assert_int_eq(intel_gvt_hypervisor_read_gpa(f->vgpu, 0x1ffe, &got, 4), 0);
	ck_assert_uint_eq(got, val);
	ck_assert_int_eq(intel_gvt_hypervisor_read_gpa(f->vgpu, ~0ul - 1, &got, 4), -EFAULT);
	ck_assert(intel_gvt_hypervisor_is_valid_gfn(f->vgpu, 0));
	ck_assert(!intel_gvt_hypervisor_is_valid_gfn(f->vgpu, FAKE_RAM_PAGES));
	ck_assert_int_eq(intel_gvt_hypervisor_get_vfio_device(f->vgpu), 0);
	ck_assert_uint_eq(f->refs, 1);
	intel_gvt_hypervisor_put_vfio_device(f->vgpu);
	ck_assert_uint_eq(f->refs, 0);
	/* A back end need not have every service. */
	ck_assert_int_eq(intel_gvt_hypervisor_dom0_ready(f->gvt), 0);
	fake_free(f);
}
END_TEST

START_TEST(entry_points)
{
	ck_assert_ptr_eq(intel_gvt_ops.emulate_cfg_read, intel_vgpu_emulate_cfg_read);
	ck_assert_ptr_eq(intel_gvt_ops.emulate_cfg_write, intel_vgpu_emulate_cfg_write);
	ck_assert_ptr_eq(intel_gvt_ops.emulate_mmio_read, intel_vgpu_emulate_mmio_read);
	ck_assert_ptr_eq(intel_gvt_ops.emulate_mmio_write, intel_vgpu_emulate_mmio_write);
	ck_assert_ptr_eq(intel_gvt_ops.vgpu_create, intel_gvt_create_vgpu);
	ck_assert_ptr_eq(intel_gvt_ops.vgpu_destroy, intel_gvt_destroy_vgpu);
	ck_assert_ptr_eq(intel_gvt_ops.vgpu_reset, intel_gvt_reset_vgpu);
	ck_assert_ptr_eq(intel_gvt_ops.vgpu_activate, intel_gvt_activate_vgpu);
	ck_assert_ptr_eq(intel_gvt_ops.vgpu_deactivate, intel_gvt_deactivate_vgpu);
}
END_TEST

Suite *suite_life(void)
{
	const TTest *const tests[] = {
		parameters_refused, state_refused, attach_fails, nothing_to_release,
		host_init_fails,    inactive,	   reset,	 taken_over,
		two_are_apart,	    services,	   entry_points,
	};

	return unit_suite("life", tests, ARRAY_SIZE(tests));
}
