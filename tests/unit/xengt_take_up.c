/* SPDX-License-Identifier: MIT */
/* The daemon ends, in order or by kill -9, and the next one continues. */
#include <errno.h>
#include <fcntl.h>
#include <linux/pci_regs.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tests/unit/xengt_rig.h"

#define PAGE_GFN 0x40u
#define PAGE_GPA ((u64)PAGE_GFN << GVT_PAGE_SHIFT)

/* Leaves a value in each part of the device that a guest would miss. */
static void leave_marks(struct guest *g)
{
	guest_write(g, GUEST_BAR0 + PLAIN, 4, 0x1234);
	guest_write(g, GUEST_BAR0 + TRAPPED, 4, 0x4320);
	guest_write(g, GUEST_BAR0 + VGPU_GGTT_OFFSET + 0x800, 8, 0x5678);
	guest_cfg_write(g, PCI_INTERRUPT_LINE, 1, 11);
}

static void check_marks(struct guest *g)
{
	ck_assert_uint_eq(intel_vgpu_bar(g->v->vgpu, 0, NULL), GUEST_BAR0);
	ck_assert_uint_eq(intel_vgpu_bar(g->v->vgpu, 2, NULL), GUEST_BAR2);
	ck_assert_uint_eq(guest_traps(g, GUEST_BAR0 + PLAIN), 0);
	ck_assert_uint_eq(guest_read(g, GUEST_BAR0 + PLAIN, 4), 0x1234);
	ck_assert_uint_eq(guest_read(g, GUEST_BAR0 + TRAPPED, 4), 0x4320);
	ck_assert_uint_eq(guest_read(g, GUEST_BAR0 + VGPU_GGTT_OFFSET + 0x800, 8), 0x5678);
	ck_assert_uint_eq(g->v->vgpu->ggtt[0x100], 0x5678);
	ck_assert_uint_eq(guest_cfg_read(g, PCI_INTERRUPT_LINE, 1), 11);
	ck_assert_uint_eq(guest_read(g, GUEST_BAR2, 4), 0);
	/* Writes still trap. */
	guest_write(g, GUEST_BAR0 + PLAIN, 4, 0x99);
	ck_assert_uint_eq(gvt_vreg(g->v->vgpu, PLAIN), 0x99);
	ck_assert_uint_eq(guest_read(g, GUEST_BAR0 + PLAIN, 4), 0x99);
	guest_write(g, GUEST_BAR0 + PLAIN, 4, 0x1234);
}

static void check_end(struct guest *g)
{
	guest_detach(g);
	guest_check_before(g);
	guest_free(g);
}

START_TEST(restarted)
{
	struct guest *g = guest_start(2);

	leave_marks(g);
	for (unsigned int n = 0; n < 3; n++) {
		guest_end(g, true);
		ck_assert(guest_has_state(g));
		ck_assert_uint_eq(guest_stats(g).servers, 1);
		ck_assert_uint_eq(guest_stats(g).mapped_pages, 0);
		/* Meanwhile the guest has what needs no daemon. */
		ck_assert_uint_eq(guest_read(g, GUEST_BAR0 + PLAIN, 4), 0x1234);
		ck_assert_msg(!guest_take_up(g), "%s", g->why);
		check_marks(g);
	}
	check_end(g);
}
END_TEST

START_TEST(killed)
{
	struct guest *g = guest_start(2);

	leave_marks(g);
	for (unsigned int n = 0; n < 3; n++) {
		guest_kill(g, false);
		ck_assert_uint_eq(guest_read(g, GUEST_BAR0 + PLAIN, 4), 0x1234);
		ck_assert_msg(!guest_take_up(g), "%s", g->why);
		check_marks(g);
	}
	check_end(g);
}
END_TEST

struct writer {
	struct guest *g;
	u64 gpa;
	u32 val;
	int rc;
};

static void *write_once(void *arg)
{
	struct writer *w = arg;

	w->rc = exen_guest_write(w->g->d, 1, w->gpa, 4, w->val);
	return NULL;
}

/* Accesses of a guest wait while no daemon runs. */
START_TEST(guest_waits)
{
	struct guest *g = guest_start(2);
	struct writer w = { .g = g, .gpa = GUEST_BAR0 + PLAIN, .val = 0x77 };
	u64 requests;
	pthread_t thread;

	guest_kill(g, false);
	requests = guest_stats(g).requests;
	pthread_create(&thread, NULL, write_once, &w);
	while (guest_stats(g).requests == requests)
		;
	ck_assert_int_eq(guest_take_up(g), 0);
	pthread_join(thread, NULL);
	ck_assert_int_eq(w.rc, 0);
	ck_assert_uint_eq(guest_read(g, GUEST_BAR0 + PLAIN, 4), 0x77);
	check_end(g);
}
END_TEST

/* The daemon dies in a tracked page's handler: the write was carried out, and is not done again. */
static int die_here(struct intel_vgpu_page_track *track, u64 gpa, void *data, int bytes)
{
	(void)track;
	(void)gpa;
	(void)data;
	(void)bytes;
	pthread_exit(NULL);
}

static void track_two(struct xengt_vgpu *v, void *arg)
{
	for (u64 gfn = PAGE_GFN; gfn < PAGE_GFN + 2; gfn++) {
		ck_assert_int_eq(intel_vgpu_register_page_track(v->vgpu, gfn, die_here, arg), 0);
		ck_assert_int_eq(intel_vgpu_enable_page_track(v->vgpu, gfn), 0);
	}
}

START_TEST(tracked_pages_become_plain)
{
	struct guest *g = guest_start(2);
	struct writer w = { .g = g, .gpa = PAGE_GPA, .val = 0x77 };
	pthread_t thread;
	u64 requests;

	guest_in_thread(g, track_two, NULL);
	leave_marks(g);
	pthread_create(&thread, NULL, write_once, &w);
	guest_kill(g, true);
	/* The other page had no request in flight. It stays tracked, so that a writer waits. */
	ck_assert_int_eq(exen_mem_type(g->d, PAGE_GFN + 1), HVMMEM_ioreq_server);
	ck_assert_msg(!guest_take_up(g), "%s", g->why);
	pthread_join(thread, NULL);
	ck_assert_int_eq(w.rc, 0);
	ck_assert_uint_eq(guest_read(g, PAGE_GPA, 4), 0x77);
	guest_move_on(g, 1);
	for (u64 gfn = PAGE_GFN; gfn < PAGE_GFN + 2; gfn++)
		ck_assert_int_eq(exen_mem_type(g->d, gfn), HVMMEM_ram_rw);
	requests = guest_stats(g).requests;
	guest_write(g, PAGE_GPA + GVT_PAGE_SIZE, 4, 0x88);
	ck_assert_uint_eq(guest_stats(g).requests, requests);
	check_marks(g);
	/* The pages can be tracked again. */
	guest_in_thread(g, track_two, NULL);
	ck_assert_int_eq(exen_mem_type(g->d, PAGE_GFN), HVMMEM_ioreq_server);
	check_end(g);
}
END_TEST

/* Changes a file between two daemons. */
static void edit_file(struct guest *g, const struct xengt_file_kind *kind,
		      void (*edit)(const struct xengt_file *file, u64 arg), u64 arg)
{
	struct xengt_file file;
	char path[64], why[192];

	guest_file(g, kind->suffix, path);
	ck_assert_msg(!xengt_file_take(&file, kind, open(path, O_RDWR | O_CLOEXEC), GUEST_DOMID,
				       true, why, sizeof(why)),
		      "%s", why);
	edit(&file, arg);
	xengt_file_close(&file);
}

static void edit_state(struct guest *g, void (*edit)(const struct xengt_file *file, u64 arg),
		       u64 arg)
{
	const struct xengt_file_kind kind = xengt_state_kind();

	edit_file(g, &kind, edit, arg);
}

/* The state's section that @section describes. */
static void *core_section(const struct xengt_file *file, const struct gvt_section *section)
{
	for (u32 i = 0; i < INTEL_GVT_SECTIONS; i++)
		if (intel_gvt_sections[i] == section)
			return file->section[i];
	return NULL;
}

static void as_if_moving(const struct xengt_file *file, u64 park_gfn)
{
	struct xengt_memory *memory = file->section[XENGT_STATE_MEMORY];

	memory->backing_was = park_gfn;
	memory->backing_at = GFN(GUEST_BAR0);
	memory->backing_typed = false;
}

/*
 * Killed while BAR0's memory moved to a new place, after @pages of it had arrived and before any
 * were typed. In the end it must be complete, and its writes must trap.
 */
static void check_killed_in_move(u64 pages)
{
	struct guest *g = guest_new(1, 0);
	xendevicemodel_handle *dmod;
	u64 park_gfn;

	ck_assert_int_eq(guest_attach(g, ""), 0);
	park_gfn = g->v->memory->backing_at;
	guest_place(g);
	leave_marks(g);
	guest_kill(g, false);
	dmod = xendevicemodel_open(NULL, 0);
	for (u64 i = pages; i < GFN(GVT_BAR0_SIZE); i++)
		xendevicemodel_relocate_memory(dmod, GUEST_DOMID, 1, GFN(GUEST_BAR0) + i,
					       park_gfn + i);
	for (u64 i = 0; i < pages; i++)
		xendevicemodel_set_mem_type(dmod, GUEST_DOMID, HVMMEM_ram_rw, GFN(GUEST_BAR0) + i,
					    1);
	xendevicemodel_close(dmod);
	edit_state(g, as_if_moving, park_gfn);
	ck_assert_msg(!guest_take_up(g), "%s", g->why);
	check_marks(g);
	for (u64 i = 0; i < GVT_MMIO_PAGES; i++)
		UNIT_CHECK(intel_gvt_page_traps(g->host.gvt, i) ||
				   exen_mem_type(g->d, GFN(GUEST_BAR0) + i) == HVMMEM_ioreq_server,
			   "writes to page 0x%x do not trap", (unsigned int)i);
	check_end(g);
}

START_TEST(killed_in_move)
{
	check_killed_in_move(0);
	check_killed_in_move(100);
	check_killed_in_move(GFN(VGPU_GGTT_OFFSET) + 700);
}
END_TEST

START_TEST(killed_before_typing)
{
	check_killed_in_move(GFN(GVT_BAR0_SIZE));
}
END_TEST

static void as_if_not_noted(const struct xengt_file *file, u64 arg)
{
	struct vgpu_device *device = core_section(file, &vgpu_device_section);

	(void)arg;
	device->bar_at[VGPU_BAR_GTTMM] = INTEL_GVT_BAR_OFF;
}

/* Killed between a call to Xen for a range and the note of that call. */
START_TEST(killed_before_noting)
{
	struct guest *g = guest_start(1);

	leave_marks(g);
	guest_kill(g, false);
	edit_state(g, as_if_not_noted, 0);
	ck_assert_msg(!guest_take_up(g), "%s", g->why);
	ck_assert_uint_eq(intel_vgpu_counters(g->v->vgpu)->bar_refused, 0);
	check_marks(g);
	check_end(g);
}
END_TEST

static void as_if_withdrawing(const struct xengt_file *file, u64 arg)
{
	struct vgpu_ggtt_state *ggtt = core_section(file, &vgpu_ggtt_section);

	ggtt->entries[0x100] = arg;
	memset(ggtt->written, 0xff, sizeof(ggtt->written));
}

static void give_back(xen_pfn_t gfn)
{
	xc_interface *xc = xc_interface_open(NULL, NULL, 0);

	ck_assert_int_eq(xc_domain_decrease_reservation_exact(xc, GUEST_DOMID, 1, 0, &gfn), 0);
	xc_interface_close(xc);
}

/* A page of the table is missing: killed while it was withdrawn, or given up by the guest. */
START_TEST(without_a_page)
{
	for (int withdrawn = 0; withdrawn < 2; withdrawn++) {
		struct guest *g = guest_start(1);
		u64 gfn = GFN(GUEST_BAR0 + VGPU_GGTT_OFFSET);

		leave_marks(g);
		guest_write(g, GUEST_BAR0 + VGPU_GGTT_OFFSET + 0x1800, 8, 0x4321);
		if (!withdrawn)
			ck_assert_int_eq(exen_guest_balloon_out(g->d, 0, gfn + 9), 0);
		guest_kill(g, false);
		if (withdrawn) {
			give_back(gfn);
			edit_state(g, as_if_withdrawing, 0x5678);
		}
		ck_assert_msg(!guest_take_up(g), "%s", g->why);
		ck_assert_uint_eq(guest_read(g, GUEST_BAR0 + PLAIN, 4), 0x1234);
		ck_assert_uint_eq(guest_read(g, GUEST_BAR0 + VGPU_GGTT_OFFSET + 0x800, 8), 0x5678);
		ck_assert_uint_eq(guest_read(g, GUEST_BAR0 + VGPU_GGTT_OFFSET + 0x1800, 8), 0x4321);
		ck_assert_uint_eq(g->v->vgpu->ggtt[0x300], 0x4321);
		check_end(g);
	}
}
END_TEST

static void not_ready(const struct xengt_file *file, u64 arg)
{
	(void)arg;
	file->head->ready = 0;
}

static void other_format(const struct xengt_file *file, u64 arg)
{
	(void)arg;
	file->head->format++;
}

static void other_domain(const struct xengt_file *file, u64 arg)
{
	(void)arg;
	file->head->domid++;
}

static void no_magic(const struct xengt_file *file, u64 arg)
{
	(void)arg;
	file->head->magic[0] ^= 1;
}

static void not_made(const struct xengt_file *file, u64 arg)
{
	struct vgpu_device *device = core_section(file, &vgpu_device_section);

	(void)arg;
	device->made = false;
}

static void too_many_tracked(const struct xengt_file *file, u64 arg)
{
	struct xengt_tracked *tracked = file->section[XENGT_STATE_TRACKED];

	(void)arg;
	tracked->nr = ~0u;
}

static void memory_nowhere(const struct xengt_file *file, u64 arg)
{
	struct xengt_memory *memory = file->section[XENGT_STATE_MEMORY];

	(void)arg;
	memory->backing_was = ~0ull;
}

static void no_server(const struct xengt_file *file, u64 arg)
{
	struct ioreq_state *state = file->section[XENGT_STATE_IOREQ];

	(void)arg;
	state->created = 2;
}

static void too_many_pins(const struct xengt_file *file, u64 arg)
{
	struct xengt_pins *pins = file->section[XENGT_KEPT_PINS];

	(void)arg;
	pins->nr = XENGT_PINS_MAX + 1;
}

static void too_many_shown(const struct xengt_file *file, u64 arg)
{
	struct xengt_aliases *aliases = file->section[XENGT_KEPT_ALIASES];

	(void)arg;
	aliases->end = XENGT_ALIAS_MAX + 1;
}

static void too_much_added(const struct xengt_file *file, u64 arg)
{
	struct xengt_kept *kept = file->section[XENGT_KEPT_GUEST];

	(void)arg;
	kept->added_kib = XENGT_ADDED_KIB_MAX + 1;
}

static void endless_uuid(const struct xengt_file *file, u64 arg)
{
	struct xengt_kept *kept = file->section[XENGT_KEPT_GUEST];
	struct xengt_file of = *file;

	(void)arg;
	memset(kept->options.uuid, 'x', sizeof(kept->options.uuid));
	xengt_file_ready(&of);
}

static void other_guest(const struct xengt_file *file, u64 arg)
{
	struct xengt_kept *kept = file->section[XENGT_KEPT_GUEST];
	struct xengt_file of = *file;

	(void)arg;
	kept->uuid[3] ^= 1;
	xengt_file_ready(&of);
}

/* A state that does not fit is refused whole, and nothing is done to the guest. */
static void check_refused(struct guest *g, const struct exen_domain_stats *before, size_t edit)
{
	struct exen_domain_stats after;

	UNIT_CHECK(guest_take_up(g) == -EPROTO, "edit %zu was taken", edit);
	ck_assert_str_ne(g->why, "");
	after = guest_stats(g);
	UNIT_CHECK(after.servers == before->servers && after.ranges == before->ranges &&
			   after.tracked_pages == before->tracked_pages &&
			   after.tot_pages == before->tot_pages && !after.mapped_pages,
		   "edit %zu changed the guest", edit);
	exen_domain_destroy(g->d);
	guest_free(g);
}

START_TEST(state_refused)
{
	static const struct {
		bool kept;
		void (*edit)(const struct xengt_file *file, u64 arg);
	} edits[] = {
		{ false, not_ready },	     { false, other_format },  { false, other_domain },
		{ false, no_magic },	     { false, not_made },      { false, memory_nowhere },
		{ false, too_many_tracked }, { false, no_server },     { true, other_format },
		{ true, too_many_pins },     { true, too_many_shown }, { true, too_much_added },
		{ true, endless_uuid },
	};
	const struct xengt_file_kind state = xengt_state_kind();
	struct exen_domain_stats before;

	for (size_t i = 0; i < ARRAY_SIZE(edits); i++) {
		struct guest *g = guest_start(1);

		guest_kill(g, false);
		before = guest_stats(g);
		edit_file(g, edits[i].kept ? &xengt_kept_kind : &state, edits[i].edit, 0);
		check_refused(g, &before, i);
	}
}
END_TEST

static void refused_file(const char *suffix)
{
	struct guest *g = guest_start(1);
	char path[64];

	guest_kill(g, false);
	guest_file(g, suffix, path);
	ck_assert_int_eq(truncate(path, 12345), 0);
	ck_assert_int_eq(guest_take_up(g), -EPROTO);
	ck_assert_str_ne(g->why, "");
	ck_assert_int_eq(truncate(path, 0), 0);
	ck_assert_int_eq(guest_take_up(g), -EPROTO);
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_int_eq(guest_take_up(g), -ENOENT);
	exen_domain_destroy(g->d);
	guest_free(g);
}

START_TEST(file_refused)
{
	refused_file(".vgpu");
	refused_file(".kept");
}
END_TEST

/* The domain went while no daemon ran, or another domain has its number. */
START_TEST(domain_changed)
{
	struct guest *g = guest_start(1);

	guest_kill(g, false);
	edit_file(g, &xengt_kept_kind, other_guest, 0);
	ck_assert_msg(guest_take_up(g) == -ESTALE, "%s", g->why);
	ck_assert_str_eq(g->why, "domain 9 is another one by now");
	guest_free(g);

	g = guest_start(1);
	guest_kill(g, false);
	exen_domain_destroy(g->d);
	ck_assert_int_eq(guest_take_up(g), -ESRCH);
	ck_assert_str_eq(g->why, "there is no domain 9");
	ck_assert(!guest_has_state(g));
	guest_free(g);
}
END_TEST

static void nothing(struct xengt_vgpu *v, void *arg)
{
	(void)v;
	(void)arg;
}

/* Each library call fails once while taking up: the guest's side stays for the next try. */
START_TEST(calls_fail)
{
	struct guest *g = guest_start(1);
	bool done = false;

	leave_marks(g);
	for (unsigned int n = 1; !done; n++) {
		guest_end(g, true);
		exen_fail("*", n, EIO);
		if (guest_take_up(g)) {
			UNIT_CHECK(guest_has_state(g), "call %u lost the state: %s", n, g->why);
			UNIT_CHECK(guest_stats(g).servers == 1, "call %u lost the server", n);
			exen_fail_left(true);
			ck_assert_msg(!guest_take_up(g), "after call %u: %s", n, g->why);
		}
		done = exen_fail_left(true);
		/* Later calls are the thread's own, and not part of taking up. */
		done |= n > 60;
		if (xengt_vgpu_call(g->v, nothing, NULL))
			continue;
		ck_assert_uint_eq(guest_read(g, GUEST_BAR0 + TRAPPED, 4), 0x4320);
		guest_write(g, GUEST_BAR0 + PLAIN, 4, n);
		UNIT_CHECK(guest_read(g, GUEST_BAR0 + PLAIN, 4) == n, "call %u", n);
		UNIT_CHECK(gvt_vreg(g->v->vgpu, PLAIN) == n, "call %u: a write went past us", n);
		UNIT_CHECK(guest_read(g, GUEST_BAR0 + VGPU_GGTT_OFFSET + 0x800, 8) == 0x5678,
			   "call %u lost the GGTT", n);
	}
	check_end(g);
}
END_TEST

struct counting {
	struct guest *g;
	unsigned int vcpu, done;
	int rc;	 /* of the first access that failed */
	u64 val; /* what was read last */
	atomic_bool *enough;
	pthread_t thread;
};

/* Each vCPU counts in a register of its own, with one trapped write after the other. */
static void *count(void *arg)
{
	struct counting *c = arg;
	u64 at = GUEST_BAR0 + PLAIN + 4 * c->vcpu;

	while (!atomic_load(c->enough) && !c->rc && c->val == c->done) {
		c->rc = exen_guest_write(c->g->d, c->vcpu, at, 4, ++c->done);
		if (!c->rc)
			c->rc = exen_guest_read(c->g->d, c->vcpu, at, 4, &c->val);
	}
	return NULL;
}

/* Daemons end and start while guests run. */
START_TEST(restarted_under_load)
{
	struct guest *g = guest_start(4);
	struct counting c[4];
	atomic_bool enough = false;

	for (unsigned int i = 0; i < 4; i++) {
		c[i] = (struct counting){ .g = g, .vcpu = i, .enough = &enough };
		pthread_create(&c[i].thread, NULL, count, &c[i]);
	}
	for (unsigned int n = 0; n < 15; n++) {
		if (n % 2) {
			guest_kill(g, false);
		} else {
			guest_end(g, true);
		}
		ck_assert_msg(!guest_take_up(g), "%s", g->why);
	}
	atomic_store(&enough, true);
	for (unsigned int i = 0; i < 4; i++) {
		pthread_join(c[i].thread, NULL);
		UNIT_CHECK(!c[i].rc, "vCPU %u, access %u: %d, %s", i, c[i].done, c[i].rc,
			   exen_domain_crashed(g->d) ? exen_domain_crashed(g->d) : "");
		ck_assert_uint_gt(c[i].done, 0);
		ck_assert_uint_eq(c[i].val, c[i].done);
	}
	check_end(g);
}
END_TEST

Suite *suite_xengt_take_up(void)
{
	const TTest *const tests[] = {
		restarted,
		killed,
		guest_waits,
		tracked_pages_become_plain,
		killed_in_move,
		killed_before_typing,
		killed_before_noting,
		without_a_page,
		state_refused,
		file_refused,
		domain_changed,
		calls_fail,
		restarted_under_load,
	};

	return unit_suite("xengt_take_up", tests, ARRAY_SIZE(tests));
}
