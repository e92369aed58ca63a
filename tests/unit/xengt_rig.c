/* SPDX-License-Identifier: MIT */
#include "tests/unit/xengt_rig.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/pci_regs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/gpu/sched/sched.h"
#include "core/port/gpu.h"
#include "xengt/settings/log.h"

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
	g->host.state_dir = g->dir;
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

int guest_attach(struct guest *g, const char *options)
{
	struct xengt_options parsed = xengt_options_default();

	ck_assert_int_eq(xengt_options_parse(options, &parsed, g->why, sizeof(g->why)), 0);
	exen_stats(&g->before.xen);
	g->before.domain = guest_stats(g);
	g->why[0] = '\0';
	return xengt_vgpu_attach(&g->host, GUEST_DOMID, &parsed, false, &g->v, g->why,
				 sizeof(g->why));
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
	xengt_vgpu_detach(g->v, false);
	g->v = NULL;
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
	xengt_host_exit(&g->host);
	gvt_sched_destroy(g->sched);
	if (g->host.gpu)
		g->host.gpu->ops->destroy(g->host.gpu);
	exen_stats(&xen);
	ck_assert(g->complaints || !xen.complaints);
	ck_assert_uint_eq(exen_fini(), 0);
	snprintf(path, sizeof(path), "%s/%u.vgpu", g->dir, GUEST_DOMID);
	unlink(path);
	ck_assert_int_eq(rmdir(g->dir), 0);
	free(g);
}

static void state_path(const struct guest *g, char *path, size_t len)
{
	snprintf(path, len, "%s/%u.vgpu", g->dir, GUEST_DOMID);
}

bool guest_has_state(const struct guest *g)
{
	char path[64];

	state_path(g, path, sizeof(path));
	return !access(path, F_OK);
}

/* The state file's bytes, to be put back by restore_state(). */
static u8 *copy_state(const struct guest *g, size_t *size)
{
	char path[64];
	struct stat st;
	u8 *copy;
	int fd;

	state_path(g, path, sizeof(path));
	fd = open(path, O_RDONLY | O_CLOEXEC);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(fstat(fd, &st), 0);
	*size = st.st_size;
	copy = malloc(*size);
	ck_assert_int_eq(pread(fd, copy, *size, 0), st.st_size);
	close(fd);
	return copy;
}

static void restore_state(const struct guest *g, u8 *copy, size_t size)
{
	char path[64];
	int fd;

	state_path(g, path, sizeof(path));
	unlink(path);
	fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(pwrite(fd, copy, size, 0), (ssize_t)size);
	close(fd);
	free(copy);
}

void guest_kill(struct guest *g, bool by_itself)
{
	size_t size;
	u8 *state;

	/* A thread of the dead process finds its descriptors closed, and ends. */
	if (!by_itself)
		exen_drop_handles();
	pthread_join(g->v->thread, NULL);
	exen_drop_process();
	g->v->running = false;
	state = copy_state(g, &size);
	/* What follows only frees memory: its handles are dead, and the file is put back. */
	xengt_vgpu_detach(g->v, true);
	g->v = NULL;
	xengt_host_exit(&g->host);
	restore_state(g, state, size);
}

int guest_take_up(struct guest *g)
{
	if (!g->host.gvt)
		ck_assert_int_eq(xengt_host_init(&g->host), 0);
	g->why[0] = '\0';
	return xengt_vgpu_attach(&g->host, GUEST_DOMID, NULL, true, &g->v, g->why, sizeof(g->why));
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
