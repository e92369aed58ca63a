/* SPDX-License-Identifier: MIT */
/* What the toolstack starts again under a living domain: soft resets (kexec) and device models. */
#include <errno.h>
#include <linux/pci_regs.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/daemon_rig.h"
#include "xengt/settings/log.h"

#include <xen/sched.h>

#define BAR0	0xf4000000ull
#define BAR2	0x80000000ull
#define PLAIN	0x4f100u
#define GGTT	(BAR0 + VGPU_GGTT_OFFSET)
#define REGION	0xfc000000ull
#define TRACKED 0x20u
#define MSI_AT	0xac

/* As xengt-dm asks, once for each device model. */
static int start_model(struct rig *r, unsigned int at, const char *options)
{
	r->over = false;
	daemon_start_model(&r->daemon, FIRST_DOMID + at, options, daemon_rig_over, r);
	return daemon_rig_wait(r);
}

static void cfg_write(struct rig *r, unsigned int at, unsigned int reg, unsigned int size, u32 val)
{
	ck_assert_int_eq(exen_guest_pci_write(r->d[at], 0, 0x80, reg, size, val), 0);
}

static u32 cfg_read(struct rig *r, unsigned int at, unsigned int reg, unsigned int size)
{
	u32 val = 0;

	ck_assert_int_eq(exen_guest_pci_read(r->d[at], 0, 0x80, reg, size, &val), 0);
	return val;
}

static void mem_write(struct rig *r, unsigned int at, u64 gpa, unsigned int size, u64 val)
{
	ck_assert_int_eq(exen_guest_write(r->d[at], 0, gpa, size, val), 0);
}

static u64 mem_read(struct rig *r, unsigned int at, u64 gpa, unsigned int size)
{
	u64 val = 0;

	ck_assert_int_eq(exen_guest_read(r->d[at], 0, gpa, size, &val), 0);
	return val;
}

static struct exen_domain_stats stats_of(struct rig *r, unsigned int at)
{
	struct exen_domain_stats stats;

	exen_domain_stats(r->d[at], &stats);
	return stats;
}

static u64 traps(struct rig *r, unsigned int at, u64 gpa)
{
	u64 before = stats_of(r, at).requests;

	mem_read(r, at, gpa, 4);
	return stats_of(r, at).requests - before;
}

/* xl notes the memory that it gives a guest. */
static void set_target(struct rig *r, unsigned int at)
{
	char path[64], text[24];

	snprintf(path, sizeof(path), XENGT_MEMORY_PATH, FIRST_DOMID + at);
	snprintf(text, sizeof(text), "%u", 64 * 4);
	ck_assert(xs_write(xengt_store_handle(r->daemon.dom0.store), XBT_NULL, path, text,
			   strlen(text)));
}

static void set_model(struct rig *r, unsigned int at, pid_t pid)
{
	char path[64], text[24];

	snprintf(path, sizeof(path), XENGT_MODEL_PATH, FIRST_DOMID + at);
	snprintf(text, sizeof(text), "%d", pid);
	ck_assert(xs_write(xengt_store_handle(r->daemon.dom0.store), XBT_NULL, path, text,
			   strlen(text)));
}

static int nothing(struct intel_vgpu_page_track *track, u64 gpa, void *data, int bytes)
{
	(void)track;
	(void)gpa;
	(void)data;
	(void)bytes;
	return 0;
}

static void track(struct xengt_vgpu *v, void *arg)
{
	(void)arg;
	ck_assert_int_eq(intel_vgpu_register_page_track(v->vgpu, TRACKED, nothing, NULL), 0);
	ck_assert_int_eq(intel_vgpu_enable_page_track(v->vgpu, TRACKED), 0);
}

static void show(struct xengt_vgpu *v, void *arg)
{
	(void)arg;
	ck_assert_int_eq(intel_gvt_hypervisor_map_gfn_to_mfn(v->vgpu, BAR2 >> GVT_PAGE_SHIFT, 8, 4,
							     true),
			 0);
}

/* The guest leaves something of its kernel's in each part of its vGPU. */
static void use(struct rig *r, unsigned int at)
{
	struct xengt_vgpu *v = daemon_rig_vgpu(r, at);

	cfg_write(r, at, PCI_COMMAND, 2, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
	cfg_write(r, at, PCI_INTERRUPT_LINE, 1, 11);
	cfg_write(r, at, MSI_AT + PCI_MSI_ADDRESS_LO, 4, 0xfee00000);
	cfg_write(r, at, MSI_AT + PCI_MSI_FLAGS, 2, PCI_MSI_FLAGS_ENABLE);
	mem_write(r, at, BAR0 + PLAIN, 4, 0x1234);
	mem_write(r, at, GGTT + 0x800, 8, 0x5001);
	ck_assert_int_eq(xengt_vgpu_call(v, track, NULL), 0);
	ck_assert_int_eq(xengt_vgpu_call(v, show, NULL), 0);
	mem_write(r, at, (u64)TRACKED << GVT_PAGE_SHIFT, 4, 0x99);
	ck_assert_int_eq(exen_mem_type(r->d[at], TRACKED), HVMMEM_ioreq_server);
	ck_assert_uint_eq(stats_of(r, at).aliases, 4);
}

static void boot(struct rig *r, unsigned int at)
{
	daemon_rig_place(r, at);
	cfg_write(r, at, 0xfc, 4, REGION);
	use(r, at);
}

static void check_new(struct rig *r, unsigned int at)
{
	ck_assert_uint_eq(cfg_read(r, at, PCI_BASE_ADDRESS_0, 4) & ~15u, BAR0);
	ck_assert_uint_eq(cfg_read(r, at, PCI_BASE_ADDRESS_2, 4) & ~15u, BAR2);
	ck_assert_uint_eq(cfg_read(r, at, PCI_COMMAND, 2), PCI_COMMAND_MEMORY);
	ck_assert_uint_eq(cfg_read(r, at, PCI_INTERRUPT_LINE, 1), 11);
	ck_assert_uint_eq(cfg_read(r, at, MSI_AT + PCI_MSI_FLAGS, 2), 0);
	ck_assert_uint_eq(cfg_read(r, at, MSI_AT + PCI_MSI_ADDRESS_LO, 4), 0);
	ck_assert_uint_eq(cfg_read(r, at, 0xfc, 4), REGION);
	ck_assert_uint_eq(mem_read(r, at, REGION, 8), *(const u64 *)"IntelGra");
	ck_assert_uint_eq(mem_read(r, at, BAR0 + PLAIN, 4), 0);
	ck_assert_uint_eq(traps(r, at, BAR0 + PLAIN), 0);
	ck_assert_uint_eq(mem_read(r, at, GGTT + 0x800, 8), 0);
	ck_assert_uint_eq(traps(r, at, GGTT + 0x800), 0);
	ck_assert_int_eq(exen_mem_type(r->d[at], TRACKED), HVMMEM_ram_rw);
	ck_assert_uint_eq(stats_of(r, at).aliases, 0);
	ck_assert_uint_eq(stats_of(r, at).servers, 1);
	/* The magic number by which i915 recognizes a vGPU. */
	ck_assert_uint_eq(mem_read(r, at, BAR0 + 0x78000, 8), 0x4776544776544776ull);
	ck_assert_ptr_null(exen_domain_crashed(r->d[at]));
}

/* kexec -e, up to the point where xl starts the device model. */
static void kexec(struct rig *r, unsigned int at)
{
	exen_domain_shutdown(r->d[at], SHUTDOWN_soft_reset);
	ck_assert_int_eq(exen_domain_soft_reset(r->d[at]), 0);
}

static struct rig *started(void)
{
	struct rig *r = daemon_rig_new();

	set_target(r, 0);
	ck_assert_msg(!start_model(r, 0, ""), "%s", r->why);
	boot(r, 0);
	return r;
}

START_TEST(as_after_power_on)
{
	struct rig *r = started();
	struct exen_domain_stats before = stats_of(r, 0);
	struct xengt_vgpu *v = daemon_rig_vgpu(r, 0);

	for (unsigned int n = 0; n < 3; n++) {
		kexec(r, 0);
		/* A changed configuration counts from the next power-on, and not here. */
		ck_assert_msg(!start_model(r, 0, n ? "fences=7,slot=9" : ""), "%s", r->why);
		exen_domain_unpause(r->d[0]);
		check_new(r, 0);
		ck_assert_ptr_eq(daemon_rig_vgpu(r, 0), v);
		ck_assert_uint_eq(stats_of(r, 0).tot_pages, before.tot_pages);
		ck_assert_uint_eq(stats_of(r, 0).max_pages, before.max_pages);
		use(r, 0);
	}
	daemon_rig_free(r);
}
END_TEST

/* The daemon ends before the guest's kexec, during it, or before the device model asks. */
START_TEST(between_daemons)
{
	struct rig *r = started();

	daemon_rig_restart(r);
	kexec(r, 0);
	ck_assert_msg(!start_model(r, 0, ""), "%s", r->why);
	exen_domain_unpause(r->d[0]);
	check_new(r, 0);
	use(r, 0);
	kexec(r, 0);
	daemon_rig_restart(r);
	ck_assert_msg(!start_model(r, 0, ""), "%s", r->why);
	exen_domain_unpause(r->d[0]);
	check_new(r, 0);
	use(r, 0);
	exen_domain_shutdown(r->d[0], SHUTDOWN_soft_reset);
	daemon_rig_restart(r);
	ck_assert_int_eq(exen_domain_soft_reset(r->d[0]), 0);
	ck_assert_msg(!start_model(r, 0, ""), "%s", r->why);
	exen_domain_unpause(r->d[0]);
	check_new(r, 0);
	daemon_rig_free(r);
}
END_TEST

/* The vGPU was attached by hand, so no device model asks: the daemon notices the reset itself. */
START_TEST(by_hand)
{
	struct rig *r = daemon_rig_new();

	set_target(r, 0);
	ck_assert_msg(!daemon_rig_attach(r, 0, ""), "%s", r->why);
	boot(r, 0);
	exen_domain_shutdown(r->d[0], SHUTDOWN_soft_reset);
	daemon_on_xenstore(&r->daemon);
	daemon_rig_quiet(r);
	/* It may be preserved so: nothing is lost as yet. */
	ck_assert_uint_eq(gvt_vreg(daemon_rig_vgpu(r, 0)->vgpu, PLAIN), 0x1234);
	ck_assert_int_eq(exen_domain_soft_reset(r->d[0]), 0);
	daemon_on_xenstore(&r->daemon);
	daemon_rig_quiet(r);
	exen_domain_unpause(r->d[0]);
	check_new(r, 0);
	/* It happens only once. */
	use(r, 0);
	daemon_on_xenstore(&r->daemon);
	daemon_rig_quiet(r);
	ck_assert_uint_eq(mem_read(r, 0, BAR0 + PLAIN, 4), 0x1234);
	/* The next daemon notices it as well, unless the next kernel runs already. */
	kexec(r, 0);
	daemon_rig_restart(r);
	daemon_on_xenstore(&r->daemon);
	daemon_rig_quiet(r);
	exen_domain_unpause(r->d[0]);
	check_new(r, 0);
	daemon_rig_free(r);
}
END_TEST

/* Pages that the former kernel gave up or moved are there again. */
START_TEST(memory_given_up)
{
	static const u64 gone[] = { BAR0 + PLAIN, GGTT, GGTT + 0x1000, REGION + 0x1000 };
	struct rig *r = started();
	u64 before = stats_of(r, 0).tot_pages;

	for (size_t i = 0; i < ARRAY_SIZE(gone); i++)
		ck_assert_int_eq(exen_guest_balloon_out(r->d[0], 0, gone[i] >> GVT_PAGE_SHIFT), 0);
	ck_assert_uint_eq(traps(r, 0, BAR0 + PLAIN), 1);
	kexec(r, 0);
	ck_assert_msg(!start_model(r, 0, ""), "%s", r->why);
	exen_domain_unpause(r->d[0]);
	check_new(r, 0);
	ck_assert_uint_eq(mem_read(r, 0, REGION + 0x1000, 4), 0);
	ck_assert_uint_eq(stats_of(r, 0).tot_pages, before);
	daemon_rig_free(r);
}
END_TEST

/* "xl save -c" took the memory behind BAR0 out of the domain. */
START_TEST(withdrawn)
{
	struct rig *r = started();

	exen_domain_shutdown(r->d[0], SHUTDOWN_suspend);
	daemon_on_xenstore(&r->daemon);
	daemon_rig_quiet(r);
	daemon_rig_settle(r, 0);
	exen_domain_resume(r->d[0]);
	/* The guest's first request makes the server learn of the pages that went. */
	mem_read(r, 0, GGTT + 0x800, 4);
	ck_assert_uint_eq(traps(r, 0, GGTT + 0x800), 1);
	kexec(r, 0);
	ck_assert_msg(!start_model(r, 0, ""), "%s", r->why);
	exen_domain_unpause(r->d[0]);
	check_new(r, 0);
	daemon_rig_free(r);
}
END_TEST

/* No memory can be had for missing pages: accesses trap, and everything else is the same. */
START_TEST(no_memory)
{
	struct rig *r = started();

	ck_assert_int_eq(exen_guest_balloon_out(r->d[0], 0, GGTT >> GVT_PAGE_SHIFT), 0);
	kexec(r, 0);
	exen_fail("xc_domain_populate_physmap_exact", 1, ENOMEM);
	ck_assert_msg(!start_model(r, 0, ""), "%s", r->why);
	exen_domain_unpause(r->d[0]);
	ck_assert_uint_eq(mem_read(r, 0, BAR0 + PLAIN, 4), 0);
	ck_assert_uint_eq(traps(r, 0, BAR0 + PLAIN), 1);
	ck_assert_uint_eq(mem_read(r, 0, GGTT + 0x800, 8), 0);
	mem_write(r, 0, GGTT + 0x800, 8, 0x6001);
	ck_assert_uint_eq(mem_read(r, 0, GGTT + 0x800, 8), 0x6001);
	daemon_rig_free(r);
}
END_TEST

/* A call that Xen refused once is made again when the next device model asks. */
START_TEST(broken_off)
{
	static const char *const calls[] = {
		"xendevicemodel_set_mem_type",
		"xendevicemodel_unmap_io_range_from_ioreq_server",
		"xendevicemodel_map_io_range_to_ioreq_server",
		"xendevicemodel_relocate_memory",
		"xenforeignmemory_map",
		"xc_domain_memory_mapping",
		"xc_domain_iomem_permission",
		"xc_domain_pause",
		"xc_domain_getinfolist",
	};
	struct rig *r = started();

	for (size_t i = 0; i < ARRAY_SIZE(calls); i++) {
		for (unsigned int nth = 1; nth < 4; nth++) {
			kexec(r, 0);
			exen_fail(calls[i], nth, EINVAL);
			start_model(r, 0, "");
			exen_fail_left(true);
			ck_assert_msg(!start_model(r, 0, ""), "%s: %s", calls[i], r->why);
			exen_domain_unpause(r->d[0]);
			check_new(r, 0);
			use(r, 0);
		}
	}
	daemon_rig_free(r);
}
END_TEST

/* Its process had ended, and nobody had noticed yet: another one takes its place. */
START_TEST(thread_ended)
{
	struct rig *r = started();

	exen_fail("xenevtchn_pending", 1, EIO);
	cfg_read(r, 0, 0, 4);
	while (__atomic_load_n(&r->process[0].v, __ATOMIC_ACQUIRE))
		sched_yield();
	kexec(r, 0);
	ck_assert_msg(!start_model(r, 0, ""), "%s", r->why);
	exen_domain_unpause(r->d[0]);
	check_new(r, 0);
	use(r, 0);
	ck_assert_uint_eq(stats_of(r, 0).servers, 1);
	daemon_rig_free(r);
}
END_TEST

/* Without a soft reset, a second device model beside the first one is a mistake. */
START_TEST(second_model)
{
	struct rig *r = started();
	char why[128];
	pid_t dead;

	set_model(r, 0, getpid());
	ck_assert_int_eq(start_model(r, 0, ""), -EEXIST);
	snprintf(why, sizeof(why), "domain 21 has a vGPU already, and a device model: process %d",
		 getpid());
	ck_assert_str_eq(r->why, why);
	ck_assert_uint_eq(mem_read(r, 0, BAR0 + PLAIN, 4), 0x1234);
	/* The device model died, and a new one was started by hand: guest and vGPU go on. */
	dead = fork();
	if (!dead)
		_exit(0);
	ck_assert_int_eq(waitpid(dead, NULL, 0), dead);
	set_model(r, 0, dead);
	ck_assert_msg(!start_model(r, 0, ""), "%s", r->why);
	ck_assert_uint_eq(mem_read(r, 0, BAR0 + PLAIN, 4), 0x1234);
	ck_assert_uint_eq(mem_read(r, 0, GGTT + 0x800, 8), 0x5001);
	/* Attached by hand, a domain gets one vGPU only, whatever became of its device model. */
	ck_assert_int_eq(daemon_rig_attach(r, 0, ""), -EEXIST);
	daemon_rig_free(r);
}
END_TEST

/* A crashed, preserved domain keeps its vGPU until that is detached, and its memory. */
START_TEST(preserved)
{
	struct rig *r = daemon_rig_new();
	struct exen_domain_stats before;
	struct xengt_instance *one;
	u64 *entry;

	ck_assert_msg(!xengt_instance_create_type(&r->daemon.instances, V5_8, UUID_A, &one, r->why,
						  sizeof(r->why)),
		      "%s", r->why);
	ck_assert(xs_write(xengt_store_handle(r->daemon.dom0.store), XBT_NULL,
			   "/local/domain/21/name", "desk", 4));
	ck_assert_msg(!start_model(r, 0, "uuid=" UUID_A), "%s", r->why);
	boot(r, 0);
	ck_assert_int_eq(start_model(r, 1, "uuid=" UUID_A), -EBUSY);
	ck_assert_str_eq(r->why,
			 "domain 21 (desk) has vGPU " UUID_A "; 'xengt detach desk' takes it away");
	exen_domain_shutdown(r->d[0], SHUTDOWN_crash);
	daemon_on_xenstore(&r->daemon);
	daemon_rig_quiet(r);
	ck_assert_int_eq(start_model(r, 1, "uuid=" UUID_A), -EBUSY);
	ck_assert_str_eq(r->why, "domain 21 (desk), which does not run any more, has vGPU " UUID_A
				 "; 'xengt detach desk' takes it away");
	before = stats_of(r, 0);
	daemon_rig_detach(r, daemon_find_domid(&r->daemon, FIRST_DOMID));
	ck_assert_msg(!start_model(r, 1, "uuid=" UUID_A), "%s", r->why);
	ck_assert_uint_eq(stats_of(r, 0).tot_pages, before.tot_pages);
	ck_assert_uint_eq(stats_of(r, 0).servers, 0);
	ck_assert_uint_eq(stats_of(r, 0).tracked_pages, 0);
	ck_assert_uint_eq(stats_of(r, 0).aliases, 0);
	ck_assert_uint_eq(stats_of(r, 0).mapped_pages, 0);
	entry = exen_guest_page(r->d[0], GGTT >> GVT_PAGE_SHIFT);
	ck_assert_ptr_nonnull(entry);
	ck_assert_uint_eq(entry[0x100], 0x5001);
	ck_assert_uint_eq(
		((u32 *)exen_guest_page(
			r->d[0], (BAR0 + PLAIN) >> GVT_PAGE_SHIFT))[PLAIN % GVT_PAGE_SIZE / 4],
		0x1234);
	ck_assert_uint_eq(*(u64 *)exen_guest_page(r->d[0], REGION >> GVT_PAGE_SHIFT),
			  *(const u64 *)"IntelGra");
	exen_domain_destroy(r->d[0]);
	daemon_on_xenstore(&r->daemon);
	daemon_rig_quiet(r);
	daemon_rig_free(r);
}
END_TEST

Suite *suite_soft_reset(void)
{
	const TTest *const tests[] = {
		as_after_power_on, between_daemons, by_hand,	  memory_given_up, withdrawn,
		no_memory,	   broken_off,	    thread_ended, second_model,	   preserved,
	};

	return unit_suite("soft_reset", tests, ARRAY_SIZE(tests));
}
