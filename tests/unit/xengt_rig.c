/* SPDX-License-Identifier: MIT */
#include "tests/unit/xengt_rig.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/pci_regs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/gpu/sched/sched.h"
#include "core/port/gpu.h"
#include "tests/unit/pair.h"
#include "xengt/keeper/inside.h"
#include "xengt/settings/log.h"

static const char *const suffixes[] = { ".vgpu", ".kept" };

static struct guest *make(unsigned int vcpus, unsigned int flags, bool gpu)
{
	struct guest *g = calloc(1, sizeof(*g));

	ck_assert_ptr_nonnull(g);
	/* The log is for people. The tests look at what was done. */
	xengt_log_level(0);
	ck_assert_int_eq(exen_init(), 0);
	/* A file system in memory, as /run is. */
	strcpy(g->dir, "/dev/shm/xengt-state-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(g->dir));
	g->dom0.state_dir = g->dir;
	g->dom0.state_kind = xengt_state_kind();
	ck_assert_int_eq(xengt_dom0_open(&g->dom0), 0);
	g->host.poll_max = 0;
	if (gpu) {
		ck_assert_int_eq(softgpu_create(&g->host.gpu), 0);
		ck_assert_int_eq(gvt_sched_create(g->host.gpu, &g->sched), 0);
		g->host.share = gvt_sched_share(g->sched);
	}
	ck_assert_int_eq(xengt_host_init(&g->host), 0);
	g->d = exen_domain_create(GUEST_DOMID, vcpus, GUEST_PAGES, flags);
	ck_assert_ptr_nonnull(g->d);
	return g;
}

struct guest *guest_new(unsigned int vcpus, unsigned int flags)
{
	return make(vcpus, flags, false);
}

struct exen_domain_stats guest_stats(const struct guest *g)
{
	struct exen_domain_stats st;

	exen_domain_stats(g->d, &st);
	return st;
}

int guest_attach_to(struct guest *g, domid_t domid, const struct xengt_options *options)
{
	struct pair pair;
	int err;

	g->why[0] = '\0';
	err = pair_attach(&g->dom0, &g->host, domid, options, &pair, g->why, sizeof(g->why));
	g->v = pair.v;
	g->keeper = pair.keeper;
	g->kept = err ? NULL : g->keeper->kept;
	g->pins = err ? NULL : g->keeper->pins;
	g->aliases = err ? NULL : g->keeper->aliases;
	return err;
}

void guest_end(struct guest *g, bool keep)
{
	struct pair pair = { g->keeper, g->v };

	pair_detach(&g->dom0, &pair, keep);
	g->v = NULL;
	g->keeper = NULL;
	g->kept = NULL;
}

int guest_attach(struct guest *g, const char *options)
{
	struct xengt_options parsed = xengt_options_default();

	ck_assert_int_eq(xengt_options_parse(options, &parsed, g->why, sizeof(g->why)), 0);
	exen_stats(&g->before.xen);
	g->before.domain = guest_stats(g);
	return guest_attach_to(g, GUEST_DOMID, &parsed);
}

static struct guest *start(struct guest *g)
{
	ck_assert_msg(!guest_attach(g, ""), "%s", g->why);
	guest_place(g);
	guest_move_on(g, 0);
	return g;
}

struct guest *guest_start(unsigned int vcpus)
{
	return start(make(vcpus, 0, false));
}

struct guest *guest_start_gpu(unsigned int vcpus)
{
	return start(make(vcpus, 0, true));
}

void guest_detach(struct guest *g)
{
	guest_end(g, false);
}

bool guest_running(const struct guest *g)
{
	return !__atomic_load_n(&g->v->failed, __ATOMIC_ACQUIRE);
}

void guest_check_before(struct guest *g)
{
	const struct exen_domain_stats was = g->before.domain, is = guest_stats(g);
	struct exen_stats xen;

	exen_stats(&xen);
	ck_assert_uint_eq(xen.handles, g->before.xen.handles);
	ck_assert_uint_eq(xen.mapped_pages, g->before.xen.mapped_pages);
	ck_assert_uint_eq(xen.bound_ports, g->before.xen.bound_ports);
	/* A grant table that has grown does not shrink while its domain lives. */
	ck_assert_uint_eq(xen.used_frames - is.grant_frames,
			  g->before.xen.used_frames - was.grant_frames);
	ck_assert_uint_eq(xen.watches, g->before.xen.watches);
	ck_assert_uint_eq(xen.grant_maps, g->before.xen.grant_maps);
	ck_assert_uint_eq(is.pinned_pages, was.pinned_pages);
	ck_assert_uint_eq(is.aliases, was.aliases);
	ck_assert_uint_eq(is.iomem_pages, was.iomem_pages);
	ck_assert_uint_eq(is.servers, was.servers);
	ck_assert_uint_eq(is.ranges, was.ranges);
	ck_assert_uint_eq(is.tracked_pages, was.tracked_pages);
	ck_assert_uint_eq(is.tot_pages, was.tot_pages);
	ck_assert_uint_eq(is.max_pages, was.max_pages);
	ck_assert(!guest_has_state(g));
}

void guest_free(struct guest *g)
{
	struct exen_stats xen;
	char path[64];

	if (g->v)
		guest_detach(g);
	ck_assert_ptr_null(exen_domain_crashed(g->d));
	if (g->host.gvt)
		xengt_host_exit(&g->host);
	xengt_dom0_close(&g->dom0);
	gvt_sched_destroy(g->sched);
	if (g->host.gpu)
		g->host.gpu->ops->destroy(g->host.gpu);
	exen_stats(&xen);
	ck_assert(g->complaints || !xen.complaints);
	ck_assert_uint_eq(exen_fini(), 0);
	for (size_t i = 0; i < ARRAY_SIZE(suffixes); i++) {
		guest_file(g, suffixes[i], path);
		unlink(path);
	}
	ck_assert_int_eq(rmdir(g->dir), 0);
	free(g);
}

void guest_file(const struct guest *g, const char *suffix, char path[64])
{
	snprintf(path, 64, "%s/%u%s", g->dir, GUEST_DOMID, suffix);
}

int guest_open(const struct guest *g, const char *suffix)
{
	char path[64];
	int fd;

	guest_file(g, suffix, path);
	fd = open(path, O_RDWR | O_CLOEXEC);
	ck_assert_int_ge(fd, 0);
	return fd;
}

bool guest_has_state(const struct guest *g)
{
	char path[64];

	guest_file(g, suffixes[0], path);
	return !access(path, F_OK);
}

/* The bytes of its files, to be put back by restore(). */
struct copy {
	u8 *bytes;
	off_t size;
};

static void copy_files(const struct guest *g, struct copy copies[])
{
	for (size_t i = 0; i < ARRAY_SIZE(suffixes); i++) {
		struct copy *copy = &copies[i];
		char path[64];
		struct stat st;
		off_t at = 0;
		int fd;

		guest_file(g, suffixes[i], path);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		ck_assert_int_ge(fd, 0);
		ck_assert_int_eq(fstat(fd, &st), 0);
		copy->size = st.st_size;
		copy->bytes = calloc(1, st.st_size);
		while ((at = lseek(fd, at, SEEK_DATA)) >= 0) {
			off_t end = lseek(fd, at, SEEK_HOLE);

			ck_assert_int_eq(pread(fd, copy->bytes + at, end - at, at), end - at);
			at = end;
		}
		close(fd);
	}
}

static void restore(const struct guest *g, struct copy copies[])
{
	static const u8 empty[GVT_PAGE_SIZE];

	for (size_t i = 0; i < ARRAY_SIZE(suffixes); i++) {
		char path[64];
		int fd;

		guest_file(g, suffixes[i], path);
		unlink(path);
		fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
		ck_assert_int_ge(fd, 0);
		ck_assert_int_eq(ftruncate(fd, copies[i].size), 0);
		for (off_t at = 0; at < copies[i].size; at += GVT_PAGE_SIZE)
			if (memcmp(copies[i].bytes + at, empty, GVT_PAGE_SIZE))
				ck_assert_int_eq(pwrite(fd, copies[i].bytes + at, GVT_PAGE_SIZE,
							at),
						 GVT_PAGE_SIZE);
		close(fd);
		free(copies[i].bytes);
	}
}

void guest_kill(struct guest *g, bool by_itself)
{
	struct copy copies[ARRAY_SIZE(suffixes)];

	/* A thread of the dead process finds its descriptors closed, and ends. */
	if (!by_itself)
		exen_drop_handles();
	pthread_join(g->v->thread, NULL);
	exen_drop_process();
	g->v->running = false;
	copy_files(g, copies);
	/* What follows only frees memory: its handles are dead, and the files are put back. */
	xengt_vgpu_detach(g->v, XENGT_KEEP);
	g->v = NULL;
	xengt_keeper_close(g->keeper, true);
	g->keeper = NULL;
	xengt_host_exit(&g->host);
	xengt_dom0_close(&g->dom0);
	restore(g, copies);
}

int guest_take_up(struct guest *g)
{
	if (!g->host.gvt) {
		ck_assert_int_eq(xengt_host_init(&g->host), 0);
		ck_assert_int_eq(xengt_dom0_open(&g->dom0), 0);
	}
	return guest_attach_to(g, GUEST_DOMID, NULL);
}

void guest_in_thread(struct guest *g, void (*fn)(struct xengt_vgpu *v, void *arg), void *arg)
{
	ck_assert_int_eq(xengt_vgpu_call(g->v, fn, arg), 0);
}

void guest_move_on(struct guest *g, unsigned int vcpu)
{
	u32 val;

	ck_assert_int_eq(exen_guest_pci_read(g->d, vcpu, GUEST_DEVFN, 0, 4, &val), 0);
	ck_assert_uint_eq(val, 0x19128086);
}

u32 guest_cfg_read(struct guest *g, unsigned int reg, unsigned int size)
{
	u32 val = 0;
	int rc = exen_guest_pci_read(g->d, 0, GUEST_DEVFN, reg, size, &val);

	UNIT_CHECK(!rc, "config read at 0x%x: %d", reg, rc);
	return val;
}

void guest_cfg_write(struct guest *g, unsigned int reg, unsigned int size, u32 val)
{
	int rc = exen_guest_pci_write(g->d, 0, GUEST_DEVFN, reg, size, val);

	UNIT_CHECK(!rc, "config write at 0x%x: %d", reg, rc);
}

u64 guest_read(struct guest *g, u64 gpa, unsigned int size)
{
	u64 val = 0;
	int rc = exen_guest_read(g->d, 0, gpa, size, &val);

	UNIT_CHECK(!rc, "read at 0x%llx: %d", (unsigned long long)gpa, rc);
	return val;
}

void guest_write(struct guest *g, u64 gpa, unsigned int size, u64 val)
{
	int rc = exen_guest_write(g->d, 0, gpa, size, val);

	UNIT_CHECK(!rc, "write at 0x%llx: %d", (unsigned long long)gpa, rc);
}

unsigned int guest_capability(struct guest *g, u8 id)
{
	unsigned int at = guest_cfg_read(g, PCI_CAPABILITY_LIST, 1);

	while (at && guest_cfg_read(g, at + PCI_CAP_LIST_ID, 1) != id)
		at = guest_cfg_read(g, at + PCI_CAP_LIST_NEXT, 1);
	ck_assert_uint_ne(at, 0);
	return at;
}

void guest_place(struct guest *g)
{
	guest_cfg_write(g, PCI_BASE_ADDRESS_0, 4, GUEST_BAR0);
	guest_cfg_write(g, PCI_BASE_ADDRESS_2, 4, GUEST_BAR2);
	guest_cfg_write(g, PCI_COMMAND, 2, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
	ck_assert_uint_eq(guest_read(g, GUEST_BAR0 + 0x78000, 8), 0x4776544776544776);
}

void guest_move(struct guest *g, unsigned int reg, u64 gpa)
{
	guest_cfg_write(g, PCI_COMMAND, 2, PCI_COMMAND_MASTER);
	guest_cfg_write(g, reg, 4, (u32)gpa);
	guest_cfg_write(g, reg + 4, 4, gpa >> 32);
	guest_cfg_write(g, PCI_COMMAND, 2, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
}

u64 guest_traps(struct guest *g, u64 gpa)
{
	u64 before;

	/* Frames that changed hands are announced at the guest's next request, whatever it is. */
	guest_read(g, 0, 1);
	before = guest_stats(g).requests;
	guest_read(g, gpa, 4);
	return guest_stats(g).requests - before;
}

u8 *guest_ram(struct guest *g, u64 gpa)
{
	u8 *page = exen_guest_page(g->d, GFN(gpa));

	ck_assert_ptr_nonnull(page);
	return page + gpa % GVT_PAGE_SIZE;
}
