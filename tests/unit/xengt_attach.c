/* SPDX-License-Identifier: MIT */
/* Attaching and detaching a vGPU, and domains that cannot have one. */
#include <errno.h>
#include <linux/pci_regs.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "tests/unit/xengt_rig.h"
#include "xengt/settings/log.h"

/* Register pages that do not trap, and the GGTT's pages. */
static u64 backed_pages(const struct guest *g)
{
	u64 pages = VGPU_GGTT_PAGES;

	for (unsigned int i = 0; i < GVT_MMIO_PAGES; i++)
		pages += !intel_gvt_page_traps(g->host.gvt, i);
	return pages;
}

START_TEST(whole_life)
{
	struct guest *g = guest_new(2, EXEN_PAUSED);

	/* As when xl starts a guest: the vGPU is there before the first instruction. */
	ck_assert_msg(!guest_attach(g, ""), "%s", g->why);
	ck_assert_uint_eq(guest_stats(g).servers, 1);
	ck_assert_uint_eq(guest_stats(g).max_pages, g->before.domain.max_pages + backed_pages(g));
	ck_assert_uint_eq(guest_stats(g).tot_pages, g->before.domain.tot_pages + backed_pages(g));
	ck_assert(guest_has_state(g));
	exen_domain_unpause(g->d);
	guest_place(g);
	ck_assert_uint_eq(guest_cfg_read(g, PCI_VENDOR_ID, 4), 0x19128086);
	guest_write(g, GUEST_BAR0 + PLAIN, 4, 0x1234);
	ck_assert_uint_eq(guest_read(g, GUEST_BAR0 + PLAIN, 4), 0x1234);
	ck_assert_uint_eq(guest_read(g, GUEST_BAR0 + 0x7800c, 4), GUEST_DOMID);

	guest_detach(g);
	guest_check_before(g);
	ck_assert_uint_eq(guest_read(g, GUEST_BAR0 + PLAIN, 4), 0xffffffff);
	ck_assert_uint_eq(guest_cfg_read(g, PCI_VENDOR_ID, 4), 0xffffffff);
	guest_free(g);
}
END_TEST

/* Registers that hold zeroes take no memory in /run. */
START_TEST(costs_little)
{
	struct guest *g = guest_start(1);
	char path[64];
	struct stat st;

	snprintf(path, sizeof(path), "%s/%u.vgpu", g->dir, GUEST_DOMID);
	for (u32 offset = 0; offset < GVT_MMIO_SIZE; offset += GVT_PAGE_SIZE)
		guest_read(g, GUEST_BAR0 + offset, 4);
	guest_write(g, GUEST_BAR0 + 0x1ff000, 4, 0);
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_int_gt(st.st_blocks * 512, KiB(64));
	ck_assert_int_lt(st.st_blocks * 512, KiB(512));
	guest_write(g, GUEST_BAR0 + 0x1ff000, 4, 7);
	ck_assert_uint_eq(guest_read(g, GUEST_BAR0 + 0x1ff000, 4), 7);
	guest_free(g);
}
END_TEST

START_TEST(again_and_again)
{
	struct guest *g = guest_new(1, 0);

	for (unsigned int n = 0; n < 5; n++) {
		ck_assert_msg(!guest_attach(g, ""), "%s", g->why);
		guest_place(g);
		guest_write(g, GUEST_BAR0 + PLAIN, 4, n);
		guest_write(g, GUEST_BAR0 + VGPU_GGTT_OFFSET, 8, n);
		guest_detach(g);
		guest_check_before(g);
	}
	guest_free(g);
}
END_TEST

START_TEST(options_count)
{
	struct guest *g = guest_new(1, 0);
	u64 size;
	u32 id;

	ck_assert_msg(!guest_attach(g, "aperture_mb=128,fences=4,slot=7"), "%s", g->why);
	ck_assert_int_eq(exen_guest_pci_read(g->d, 0, 7 << 3, 0, 4, &id), 0);
	ck_assert_uint_eq(id, 0x19128086);
	ck_assert_uint_eq(guest_cfg_read(g, 0, 4), 0xffffffff);
	intel_vgpu_bar(g->v->vgpu, 2, &size);
	ck_assert_uint_eq(size, MiB(128));
	ck_assert_uint_eq(gvt_vreg(g->v->vgpu, 0x78050), 4);
	guest_free(g);
}
END_TEST

static char *published(struct guest *g, const char *key)
{
	char path[96];

	snprintf(path, sizeof(path), "/local/domain/%u/xengt%s", GUEST_DOMID, key);
	return xs_read(xengt_store_handle(g->dom0.store), XBT_NULL, path, NULL);
}

START_TEST(shown_in_xenstore)
{
	static const struct {
		const char *key, *val;
	} keys[] = { { "/slot", "16" },
		     { "/aperture-mb", "64" },
		     { "/fences", "32" },
		     { "/ioreq-server", "0" } };
	struct guest *g = guest_new(1, 0);

	ck_assert_int_eq(guest_attach(g, "aperture_mb=64"), 0);
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		char *val = published(g, keys[i].key);

		ck_assert_ptr_nonnull(val);
		ck_assert_str_eq(val, keys[i].val);
		free(val);
	}
	guest_detach(g);
	ck_assert_ptr_null(published(g, ""));
	guest_free(g);
}
END_TEST

static void check_refused(struct guest *g, domid_t domid, int err, const char *why)
{
	const struct xengt_options options = xengt_options_default();

	ck_assert_int_eq(guest_attach_to(g, domid, &options), err);
	ck_assert_str_eq(g->why, why);
}

START_TEST(domains_refused)
{
	struct guest *g = guest_new(1, 0);
	struct exen_domain *shadow = exen_domain_create(11, 1, 16, EXEN_SHADOW);
	struct exen_domain *dying = exen_domain_create(12, 1, 16, 0);
	xenforeignmemory_handle *fmem = xenforeignmemory_open(NULL, 0);
	const xen_pfn_t gfn = 3;
	void *page = xenforeignmemory_map(fmem, 12, 1, 1, &gfn, NULL);

	ck_assert_ptr_nonnull(shadow);
	ck_assert_ptr_nonnull(page);
	exen_domain_destroy(dying); /* a zombie, as long as its page is mapped */
	exen_stats(&g->before.xen);
	g->before.domain = guest_stats(g);
	check_refused(g, 0, -EINVAL, "domain 0 is no guest");
	check_refused(g, DOMID_FIRST_RESERVED, -EINVAL, "domain 32752 is no guest");
	check_refused(g, DOMID_SELF, -EINVAL, "domain 32752 is no guest");
	check_refused(g, 8, -ESRCH, "there is no domain 8"); /* domain 9 follows */
	check_refused(g, 1000, -ESRCH, "there is no domain 1000");
	check_refused(g, 11, -EOPNOTSUPP, "domain 11 has shadow paging: set hap=1");
	check_refused(g, 12, -ESRCH, "there is no domain 12");
	guest_check_before(g);
	xenforeignmemory_unmap(fmem, page, 1);
	xenforeignmemory_close(fmem);
	guest_free(g);
}
END_TEST

START_TEST(eight_servers)
{
	struct guest *g = guest_new(1, 0);
	xendevicemodel_handle *dmod = xendevicemodel_open(NULL, 0);
	ioservid_t ids[8];

	for (unsigned int i = 0; i < 8; i++)
		ck_assert_int_eq(xendevicemodel_create_ioreq_server(
					 dmod, GUEST_DOMID, HVM_IOREQSRV_BUFIOREQ_OFF, &ids[i]),
				 0);
	ck_assert_int_eq(guest_attach(g, ""), -ENOSPC);
	ck_assert_str_eq(g->why, "the domain has all eight ioreq servers: No space left on device");
	guest_check_before(g);
	xendevicemodel_close(dmod);
	guest_free(g);
}
END_TEST

/* Another server of the domain has claimed the tracked type. */
START_TEST(tracking_taken)
{
	struct guest *g = guest_new(1, 0);
	xendevicemodel_handle *dmod = xendevicemodel_open(NULL, 0);
	ioservid_t id;

	ck_assert_int_eq(xendevicemodel_create_ioreq_server(dmod, GUEST_DOMID,
							    HVM_IOREQSRV_BUFIOREQ_OFF, &id),
			 0);
	ck_assert_int_eq(xendevicemodel_map_mem_type_to_ioreq_server(
				 dmod, GUEST_DOMID, id, HVMMEM_ioreq_server,
				 XEN_DMOP_IOREQ_MEM_ACCESS_WRITE),
			 0);
	ck_assert_int_eq(guest_attach(g, ""), -EBUSY);
	ck_assert_str_ne(g->why, "");
	guest_check_before(g);
	xendevicemodel_close(dmod);
	guest_free(g);
}
END_TEST

START_TEST(has_one_already)
{
	struct guest *g = guest_start(1);
	struct guest second = *g;

	ck_assert_int_eq(guest_attach(&second, ""), -EEXIST);
	ck_assert_ptr_null(second.v);
	/* The first is none the worse for it. */
	guest_write(g, GUEST_BAR0 + PLAIN, 4, 0x99);
	ck_assert_uint_eq(guest_read(g, GUEST_BAR0 + PLAIN, 4), 0x99);
	ck_assert(guest_has_state(g));
	guest_free(g);
}
END_TEST

START_TEST(no_xen)
{
	struct xengt_dom0 dom0 = { .state_dir = "/tmp", .state_kind = xengt_state_kind() };
	struct exen_stats st;

	xengt_log_level(0);
	ck_assert_int_eq(xengt_dom0_open(&dom0), -ENOENT);
	ck_assert_int_eq(exen_init(), 0);
	exen_fail("xs_open", 1, EACCES);
	ck_assert_int_eq(xengt_dom0_open(&dom0), -EACCES);
	exen_stats(&st);
	ck_assert_uint_eq(st.handles, 0);
	ck_assert_uint_eq(exen_fini(), 0);
}
END_TEST

/* A reboot: the domain goes, and one with the next number comes. */
START_TEST(reboot)
{
	struct guest *g = guest_start(1);
	struct exen_domain *old = g->d;
	struct exen_domain_stats st;

	guest_write(g, GUEST_BAR0 + PLAIN, 4, 0x1234);
	exen_domain_shutdown(old, SHUTDOWN_reboot);
	exen_domain_destroy(old);
	guest_detach(g);
	exen_domain_stats(old, &st);
	ck_assert_uint_eq(st.mapped_pages, 0); /* so no zombie stays */
	ck_assert(!guest_has_state(g));

	g->d = exen_domain_create(GUEST_DOMID + 1, 1, GUEST_PAGES, 0);
	ck_assert_ptr_nonnull(g->d);
	g->before.domain = guest_stats(g);
	{
		const struct xengt_options options = xengt_options_default();

		ck_assert_int_eq(guest_attach_to(g, GUEST_DOMID + 1, &options), 0);
	}
	guest_place(g);
	ck_assert_uint_eq(guest_read(g, GUEST_BAR0 + PLAIN, 4), 0);
	guest_free(g);
}
END_TEST

START_TEST(two_guests)
{
	struct guest *g = guest_start(1);
	struct guest other = *g;
	const struct xengt_options options = xengt_options_default();

	other.d = exen_domain_create(GUEST_DOMID + 1, 1, GUEST_PAGES, 0);
	ck_assert_int_eq(guest_attach_to(&other, GUEST_DOMID + 1, &options), 0);
	guest_place(&other);
	guest_write(g, GUEST_BAR0 + PLAIN, 4, 1);
	guest_write(&other, GUEST_BAR0 + PLAIN, 4, 2);
	ck_assert_uint_eq(guest_read(g, GUEST_BAR0 + PLAIN, 4), 1);
	exen_domain_destroy(other.d);
	ck_assert_uint_eq(guest_read(g, GUEST_BAR0 + PLAIN, 4), 1);
	guest_detach(&other);
	guest_write(g, GUEST_BAR0 + PLAIN, 4, 3);
	ck_assert_uint_eq(guest_read(g, GUEST_BAR0 + PLAIN, 4), 3);
	guest_free(g);
}
END_TEST

/* The state file cannot be made or not be filled: an error, with nothing left behind. */
START_TEST(no_room_for_state)
{
	struct guest *g = guest_new(1, 0);
	const struct rlimit tight = { 1 << 20, RLIM_INFINITY };
	struct rlimit was;

	g->dom0.state_dir = "/nowhere/at/all";
	ck_assert_int_eq(guest_attach(g, ""), -ENOENT);
	ck_assert_str_eq(g->why, "/nowhere/at/all/9.vgpu: No such file or directory");
	g->dom0.state_dir = g->dir;
	guest_check_before(g);

	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &was);
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &tight), 0);
	ck_assert_int_eq(guest_attach(g, ""), -EFBIG);
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &was), 0);
	guest_check_before(g);
	guest_free(g);
}
END_TEST

Suite *suite_xengt_attach(void)
{
	const TTest *const tests[] = {
		whole_life,	   costs_little,    again_and_again,   options_count,
		shown_in_xenstore, domains_refused, eight_servers,     tracking_taken,
		has_one_already,   no_xen,	    no_room_for_state, reboot,
		two_guests,

	};

	return unit_suite("xengt_attach", tests, ARRAY_SIZE(tests));
}
