/* SPDX-License-Identifier: MIT */
/* Services that the core and the daemon ask of a vGPU's Xen side while it runs. */
#include <errno.h>
#include <linux/pci_regs.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/xengt_rig.h"

static void commit(struct xengt_vgpu *v, void *arg)
{
	(void)arg;
	vgpu_ggtt_commit(v->vgpu);
}

START_TEST(msi)
{
	struct guest *g = guest_start(1);
	struct exen_msi got;
	unsigned int at = guest_capability(g, PCI_CAP_ID_MSI);

	guest_cfg_write(g, at + PCI_MSI_ADDRESS_LO, 4, 0xfee02000);
	guest_cfg_write(g, at + PCI_MSI_DATA_32, 2, 0x4051);
	guest_cfg_write(g, at + PCI_MSI_FLAGS, 2, PCI_MSI_FLAGS_ENABLE);
	ck_assert_int_eq(intel_gvt_hypervisor_inject_msi(g->v->vgpu), 0);
	ck_assert_int_eq(exen_msi(g->d, 0, &got), 0);
	ck_assert_uint_eq(got.addr, 0xfee02000);
	ck_assert_uint_eq(got.data, 0x4051);
	exen_fail("xendevicemodel_inject_msi", 1, EINVAL);
	ck_assert_int_eq(intel_gvt_hypervisor_inject_msi(g->v->vgpu), -EINVAL);
	ck_assert_uint_eq(intel_vgpu_counters(g->v->vgpu)->msi, 1);
	guest_free(g);
}
END_TEST

#define MASTER_IRQ 0x44200u
#define GT0_IIR	   0x44308u
#define GT0_IER	   0x4430cu
#define GT0_IMR	   0x44304u

static void raise_event(struct xengt_vgpu *v, void *arg)
{
	(void)arg;
	vgpu_irq_raise(v->vgpu, VGPU_IRQ_GT0, 1);
}

/* A guest that has not enabled messages enables its interrupts, and one is raised. */
static void interrupt(struct guest *g)
{
	guest_write(g, GUEST_BAR0 + GT0_IMR, 4, 0);
	guest_write(g, GUEST_BAR0 + GT0_IER, 4, 1);
	guest_write(g, GUEST_BAR0 + MASTER_IRQ, 4, 1u << 31);
	guest_in_thread(g, raise_event, NULL);
}

/* The pin follows its causes, whichever process serves. A detached vGPU leaves it deasserted. */
START_TEST(pin)
{
	struct guest *g = guest_start(1);
	unsigned int asserted = 0;

	interrupt(g);
	for (unsigned int dev = 0; dev < 32; dev++)
		for (unsigned int intx = 0; intx < 4; intx++)
			asserted += exen_intx_level(g->d, dev, intx);
	ck_assert_uint_eq(asserted, 1);
	ck_assert(exen_intx_level(g->d, 16, 0));
	guest_kill(g, false);
	ck_assert(exen_intx_level(g->d, 16, 0));
	ck_assert_msg(!guest_take_up(g), "%s", g->why);
	ck_assert(exen_intx_level(g->d, 16, 0));
	guest_write(g, GUEST_BAR0 + GT0_IIR, 4, 1);
	ck_assert(!exen_intx_level(g->d, 16, 0));
	ck_assert_uint_eq(intel_vgpu_counters(g->v->vgpu)->intx, 2);
	ck_assert_uint_eq(intel_vgpu_counters(g->v->vgpu)->msi, 0);
	guest_in_thread(g, raise_event, NULL);
	ck_assert(exen_intx_level(g->d, 16, 0));
	guest_detach(g);
	ck_assert(!exen_intx_level(g->d, 16, 0));
	guest_check_before(g);
	guest_free(g);
}
END_TEST

/* A domain was saved with the pin asserted, and restored. Its vGPU is as after power-on. */
START_TEST(pin_left_on)
{
	struct guest *g = guest_new(1, 0);
	xendevicemodel_handle *dmod = xendevicemodel_open(NULL, 0);

	ck_assert_int_eq(xendevicemodel_set_pci_intx_level(dmod, GUEST_DOMID, 0, 0, 5, 0, 1), 0);
	xendevicemodel_close(dmod);
	ck_assert_int_eq(guest_attach(g, "slot=5"), 0);
	ck_assert(!exen_intx_level(g->d, 5, 0));
	guest_free(g);
}
END_TEST

/* A reset gives back all that the vGPU had of its guest, and the guest can set it up again. */
START_TEST(function_level_reset)
{
	struct guest *g = guest_start_gpu(1);
	unsigned int at = guest_capability(g, PCI_CAP_ID_EXP);
	const struct vgpu_gtt_counts *gtt = intel_vgpu_gtt_counts(g->v->vgpu);
	u64 pages = guest_stats(g).tot_pages;

	for (unsigned int n = 0; n < 3; n++) {
		guest_write(g, GUEST_BAR0 + PLAIN, 4, 0x1234);
		guest_write(g, GUEST_BAR0 + VGPU_GGTT_OFFSET + 0x800, 8, 0x5001);
		guest_in_thread(g, commit, NULL);
		ck_assert_uint_ne(gtt->dma_refs, 0);
		guest_cfg_write(g, at + PCI_EXP_DEVCTL, 2, PCI_EXP_DEVCTL_BCR_FLR);
		ck_assert_uint_eq(gtt->dma_refs, 0);
		ck_assert_uint_eq(guest_read(g, GUEST_BAR0 + PLAIN, 4), 0xffffffff);
		guest_place(g);
		guest_move_on(g, 0);
		ck_assert_uint_eq(guest_traps(g, GUEST_BAR0 + PLAIN), 0);
		ck_assert_uint_eq(guest_read(g, GUEST_BAR0 + PLAIN, 4), 0);
		ck_assert_uint_eq(guest_read(g, GUEST_BAR0 + VGPU_GGTT_OFFSET + 0x800, 8), 0);
		ck_assert_uint_eq(guest_stats(g).tot_pages, pages);
	}
	guest_detach(g);
	guest_check_before(g);
	guest_free(g);
}
END_TEST

struct asked {
	pthread_t thread;
	unsigned int calls;
};

static void ask(struct xengt_vgpu *v, void *arg)
{
	struct asked *asked = arg;

	(void)v;
	asked->thread = pthread_self();
	asked->calls++;
}

START_TEST(asked_in_its_thread)
{
	struct guest *g = guest_start(1);
	struct asked asked = { 0 };

	for (unsigned int n = 0; n < 200; n++) {
		guest_in_thread(g, ask, &asked);
		ck_assert_uint_eq(asked.calls, n + 1);
		guest_write(g, GUEST_BAR0 + PLAIN, 4, n);
	}
	ck_assert(pthread_equal(asked.thread, g->v->thread));
	ck_assert(!pthread_equal(asked.thread, pthread_self()));
	guest_free(g);
}
END_TEST

/* A thread that ended by itself is reported, and its vGPU can be detached. */
START_TEST(thread_ended)
{
	struct guest *g = guest_start(1);
	struct asked asked = { 0 };

	exen_fail("xenevtchn_unmask", 1, EIO);
	exen_fail("xenevtchn_pending", 1, EIO);
	xengt_vgpu_call(g->v, ask, &asked);
	while (!__atomic_load_n(&g->v->failed, __ATOMIC_ACQUIRE))
		;
	ck_assert_int_eq(xengt_vgpu_call(g->v, ask, &asked), -EIO);
	exen_fail_left(true);
	guest_detach(g);
	guest_check_before(g);
	guest_free(g);
}
END_TEST

START_TEST(guest_memory)
{
	struct guest *g = guest_start(1);
	struct intel_vgpu *vgpu = g->v->vgpu;
	u64 val = 0x1122334455667788, got = 0;

	ck_assert_int_eq(intel_gvt_hypervisor_write_gpa(vgpu, 0x2ffc, &val, 8), 0);
	ck_assert_uint_eq(guest_read(g, 0x2ffc, 8), val);
	ck_assert_int_eq(intel_gvt_hypervisor_read_gpa(vgpu, 0x2ffc, &got, 8), 0);
	ck_assert_uint_eq(got, val);
	ck_assert_int_eq(intel_gvt_hypervisor_read_gpa(vgpu, GUEST_PAGES << GVT_PAGE_SHIFT, &got,
						       1),
			 -EFAULT);
	ck_assert(intel_gvt_hypervisor_is_valid_gfn(vgpu, 2));
	ck_assert(!intel_gvt_hypervisor_is_valid_gfn(vgpu, GUEST_PAGES));
	ck_assert_int_eq(exen_guest_balloon_out(g->d, 0, 2), 0);
	ck_assert(!intel_gvt_hypervisor_is_valid_gfn(vgpu, 2));
	guest_free(g);
}
END_TEST

/* Pages mapped for DMA, other pages, given up or never there, all in one call. */
START_TEST(many_valid)
{
	struct guest *g = guest_start(1);
	struct intel_vgpu *vgpu = g->v->vgpu;
	u64 gfns[600], addrs[600];
	bool valid[600];

	for (u32 i = 0; i < 600; i++)
		gfns[i] = i % 7 ? 0x200 + i : GUEST_PAGES + i;
	for (u32 i = 0; i < 600; i += 5)
		ck_assert_int_eq(exen_guest_balloon_out(g->d, 0, 0x200 + i), 0);
	ck_assert_int_eq(intel_gvt_hypervisor_dma_map_guest_pages(vgpu, gfns, 300, addrs), 0);
	intel_gvt_hypervisor_are_valid_gfns(vgpu, gfns, 600, valid);
	for (u32 i = 0; i < 600; i++)
		UNIT_CHECK(valid[i] == (i % 7 && i % 5), "page %u", i);
	intel_gvt_hypervisor_dma_unmap_guest_pages(vgpu, addrs, 300);
	guest_free(g);
}
END_TEST

START_TEST(references)
{
	struct guest *g = guest_start(1);

	ck_assert_int_eq(intel_gvt_hypervisor_get_vfio_device(g->v->vgpu), 0);
	intel_gvt_hypervisor_put_vfio_device(g->v->vgpu);
	/* Nobody waits for this if systemd did not start us. */
	unsetenv("NOTIFY_SOCKET");
	ck_assert_int_eq(intel_gvt_hypervisor_dom0_ready(g->host.gvt), 0);
	guest_free(g);
}
END_TEST

/* The OpRegion is where firmware puts it, and goes with the vGPU. A guest gets one only. */
START_TEST(opregion)
{
	struct guest *g = guest_start(1);
	u64 at = 0xfdffc000, pages = guest_stats(g).tot_pages;

	ck_assert_int_eq(exen_mem_type(g->d, GFN(at)), -ENOENT);
	guest_cfg_write(g, 0xfc, 4, at);
	ck_assert_mem_eq(guest_ram(g, at), "IntelGraphicsMem", 16);
	ck_assert_uint_eq(guest_read(g, at + 0x10, 4), 12);
	ck_assert_uint_eq(guest_stats(g).tot_pages, pages + 3);
	guest_write(g, at, 8, 0);
	guest_cfg_write(g, 0xfc, 4, 0xfdff0000);
	ck_assert_int_eq(exen_mem_type(g->d, GFN(0xfdff0000)), -ENOENT);
	guest_cfg_write(g, 0xfc, 4, at + 1);
	ck_assert_uint_eq(guest_read(g, at, 8), 0);
	guest_cfg_write(g, 0xfc, 4, at);
	ck_assert_mem_eq(guest_ram(g, at), "IntelGraphicsMem", 16);
	ck_assert_uint_eq(guest_stats(g).tot_pages, pages + 3);
	guest_kill(g, false);
	ck_assert_int_eq(guest_take_up(g), 0);
	ck_assert_int_eq(exen_guest_balloon_out(g->d, 0, GFN(at) + 1), 0);
	guest_detach(g);
	guest_check_before(g);

	ck_assert_int_eq(guest_attach(g, ""), 0);
	guest_cfg_write(g, 0xfc, 4, 0x3000); /* memory is there */
	ck_assert_int_eq(exen_fail("xc_domain_setmaxmem", 1, EPERM), 0);
	guest_cfg_write(g, 0xfc, 4, at);
	ck_assert_uint_eq(exen_fail_left(true), 0);
	ck_assert_int_eq(exen_mem_type(g->d, GFN(at)), -ENOENT);
	guest_detach(g);
	guest_check_before(g);
	guest_free(g);
}
END_TEST

/* movs between memory and the device, at places that trap and at places that do not. */
START_TEST(string_instructions)
{
	static const u64 places[] = { GUEST_BAR0 + TRAPPED, GUEST_BAR0 + PLAIN,
				      GUEST_BAR0 + VGPU_GGTT_OFFSET + 0x800 };
	struct guest *g = guest_start(1);

	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		struct exen_rep rep = { .addr = places[i], .buf = 0x3000, .size = 4, .count = 3 };
		u32 out[3] = { 0x10001000, 0x20002000, 0x30003000 }, in[3];

		memcpy(guest_ram(g, 0x3000), out, sizeof(out));
		ck_assert_int_eq(exen_guest_rep(g->d, 0, &rep), 0);
		for (u32 at = 0; at < 3; at++)
			ck_assert_uint_eq(guest_read(g, places[i] + 4 * at, 4), out[at]);
		rep.read = true;
		rep.df = true;
		rep.addr += 8;
		rep.buf = 0x4008;
		ck_assert_int_eq(exen_guest_rep(g->d, 0, &rep), 0);
		memcpy(in, guest_ram(g, 0x4000), sizeof(in));
		ck_assert_mem_eq(in, out, sizeof(in));
	}
	guest_free(g);
}
END_TEST

/* With polling, everything is as without. */
START_TEST(polling)
{
	struct guest *g = guest_new(2, 0);
	struct asked asked = { 0 };

	g->host.poll_max = 1000;
	ck_assert_int_eq(guest_attach(g, ""), 0);
	guest_place(g);
	for (u32 n = 0; n < 500; n++) {
		guest_write(g, GUEST_BAR0 + PLAIN, 4, n);
		UNIT_CHECK(guest_read(g, GUEST_BAR0 + PLAIN, 4) == n, "write %u", n);
		if (n % 50 == 0)
			guest_in_thread(g, ask, &asked);
	}
	ck_assert_uint_eq(asked.calls, 10);
	guest_detach(g);
	guest_check_before(g);
	guest_free(g);
}
END_TEST

Suite *suite_xengt_services(void)
{
	const TTest *const tests[] = { msi,
				       pin,
				       pin_left_on,
				       function_level_reset,
				       asked_in_its_thread,
				       thread_ended,
				       guest_memory,
				       many_valid,
				       references,
				       opregion,
				       string_instructions,
				       polling };

	return unit_suite("xengt_services", tests, ARRAY_SIZE(tests));
}
