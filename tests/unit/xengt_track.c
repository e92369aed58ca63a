/* SPDX-License-Identifier: MIT */
/* Tracked pages from end to end: the guest writes, the handler is called, the guest reads. */
#include <errno.h>
#include <linux/pci_regs.h>
#include <pthread.h>
#include <sched.h>
#include <string.h>

#include "tests/unit/xengt_rig.h"

#define PAGE_GFN 0x40u
#define PAGE_GPA ((u64)PAGE_GFN << GVT_PAGE_SHIFT)

/* A request to the core in the vGPU's thread, and its outcome. */
struct job {
	u64 gfn;
	u32 nr;
	int err;
	/* filled by the handler: */
	unsigned int calls;
	u64 gpa, data;
	int bytes;
};

static int handler(struct intel_vgpu_page_track *track, u64 gpa, void *data, int bytes)
{
	struct job *job = track->priv_data;

	job->calls++;
	job->gpa = gpa;
	job->bytes = bytes;
	job->data = 0;
	memcpy(&job->data, data, bytes);
	return 0;
}

static void track(struct xengt_vgpu *v, void *arg)
{
	struct job *job = arg;

	for (u32 i = 0; i < job->nr; i++) {
		job->err = intel_vgpu_register_page_track(v->vgpu, job->gfn + i, handler, job);
		if (!job->err)
			job->err = intel_vgpu_enable_page_track(v->vgpu, job->gfn + i);
		if (job->err)
			return;
	}
}

static void untrack(struct xengt_vgpu *v, void *arg)
{
	struct job *job = arg;

	for (u32 i = 0; i < job->nr; i++)
		intel_vgpu_unregister_page_track(v->vgpu, job->gfn + i);
}

static void enable_raw(struct xengt_vgpu *v, void *arg)
{
	struct job *job = arg;

	job->err = intel_gvt_hypervisor_enable_page_track(v->vgpu, job->gfn);
}

static void disable_raw(struct xengt_vgpu *v, void *arg)
{
	struct job *job = arg;

	job->err = intel_gvt_hypervisor_disable_page_track(v->vgpu, job->gfn);
}

static void reset_vgpu(struct xengt_vgpu *v, void *arg)
{
	(void)arg;
	intel_gvt_reset_vgpu(v->vgpu);
}

static int do_job(struct guest *g, void (*fn)(struct xengt_vgpu *v, void *arg), struct job *job)
{
	job->err = 0;
	guest_in_thread(g, fn, job);
	return job->err;
}

START_TEST(end_to_end)
{
	struct guest *g = guest_start(2);
	struct job job = { .gfn = PAGE_GFN, .nr = 1 };
	u64 requests;

	guest_write(g, PAGE_GPA, 8, 0x1111111111111111);
	ck_assert_int_eq(do_job(g, track, &job), 0);
	ck_assert_int_eq(exen_mem_type(g->d, PAGE_GFN), HVMMEM_ioreq_server);
	requests = guest_stats(g).requests;
	ck_assert_uint_eq(guest_read(g, PAGE_GPA, 8), 0x1111111111111111);
	ck_assert_uint_eq(guest_stats(g).requests, requests);
	ck_assert_uint_eq(job.calls, 0);

	for (unsigned int bytes = 1; bytes <= 8; bytes *= 2) {
		u64 val = 0x8877665544332211ull + bytes;

		ck_assert_int_eq(exen_guest_write(g->d, 1, PAGE_GPA + 8, bytes, val), 0);
		ck_assert_uint_eq(job.gpa, PAGE_GPA + 8);
		ck_assert_int_eq(job.bytes, bytes);
		ck_assert_uint_eq(job.data, val & unit_ones(bytes));
		ck_assert_uint_eq(guest_read(g, PAGE_GPA + 8, bytes), job.data);
	}
	ck_assert_uint_eq(job.calls, 4);
	/* A write across the page's end: the handler gets its own page's part only. */
	guest_write(g, PAGE_GPA + GVT_PAGE_SIZE - 4, 8, 0xbbbbbbbbaaaaaaaa);
	ck_assert_uint_eq(job.calls, 5);
	ck_assert_int_eq(job.bytes, 4);
	ck_assert_uint_eq(job.data, 0xaaaaaaaa);
	ck_assert_uint_eq(guest_read(g, PAGE_GPA + GVT_PAGE_SIZE - 4, 8), 0xbbbbbbbbaaaaaaaa);
	ck_assert_uint_eq(intel_vgpu_counters(g->v->vgpu)->tracked_write, 5);

	ck_assert_int_eq(do_job(g, untrack, &job), 0);
	guest_move_on(g, 0);
	ck_assert_int_eq(exen_mem_type(g->d, PAGE_GFN), HVMMEM_ioreq_server);
	guest_move_on(g, 1);
	ck_assert_int_eq(exen_mem_type(g->d, PAGE_GFN), HVMMEM_ram_rw);
	requests = guest_stats(g).requests;
	guest_write(g, PAGE_GPA, 4, 0x42);
	ck_assert_uint_eq(guest_stats(g).requests, requests);
	ck_assert_uint_eq(job.calls, 5);
	guest_free(g);
}
END_TEST

static int lets_go(struct intel_vgpu_page_track *track, u64 gpa, void *data, int bytes)
{
	struct guest *g = track->priv_data;

	(void)data;
	(void)bytes;
	return intel_vgpu_disable_page_track(g->v->vgpu, gpa >> GVT_PAGE_SHIFT);
}

static void track_letting_go(struct xengt_vgpu *v, void *arg)
{
	struct intel_vgpu_page_track *track = intel_vgpu_find_page_track(v->vgpu, PAGE_GFN);

	if (!track)
		ck_assert_int_eq(intel_vgpu_register_page_track(v->vgpu, PAGE_GFN, lets_go, arg),
				 0);
	ck_assert_int_eq(intel_vgpu_enable_page_track(v->vgpu, PAGE_GFN), 0);
}

/* A page is untracked in the middle of a write to it: no vCPU gets another one's answer. */
START_TEST(let_go_amid_a_write)
{
	struct guest *g = guest_start(2);

	guest_in_thread(g, track_letting_go, g);
	guest_write(g, PAGE_GPA, 4, 1);
	/* The next write may still trap. It is not lost. */
	guest_write(g, PAGE_GPA, 4, 2);
	ck_assert_uint_eq(guest_read(g, PAGE_GPA, 4), 2);
	ck_assert_int_eq(exen_guest_write(g->d, 1, PAGE_GPA + 4, 4, 3), 0);
	/* Each vCPU that wrote has to make another request. */
	guest_move_on(g, 0);
	ck_assert_int_eq(exen_mem_type(g->d, PAGE_GFN), HVMMEM_ioreq_server);
	guest_move_on(g, 1);
	ck_assert_int_eq(exen_mem_type(g->d, PAGE_GFN), HVMMEM_ram_rw);
	ck_assert_uint_eq(guest_read(g, PAGE_GPA + 4, 4), 3);

	/* If the page is tracked again before that, it stays so. */
	guest_in_thread(g, track_letting_go, g);
	guest_write(g, PAGE_GPA, 4, 4);
	guest_in_thread(g, track_letting_go, g);
	guest_move_on(g, 0);
	ck_assert_int_eq(exen_mem_type(g->d, PAGE_GFN), HVMMEM_ioreq_server);
	guest_free(g);
}
END_TEST

/* movs and stos into a tracked page: the handler is called for each item. */
START_TEST(string_instructions)
{
	struct guest *g = guest_start(1);
	struct job job = { .gfn = PAGE_GFN, .nr = 1 };
	struct exen_rep rep = { .addr = PAGE_GPA + 0x10, .buf = 0x7ffc, .size = 4, .count = 100 };

	ck_assert_int_eq(do_job(g, track, &job), 0);
	for (u32 i = 0; i < 400; i++)
		*guest_ram(g, rep.buf + i) = i * 3;
	ck_assert_int_eq(exen_guest_rep(g->d, 0, &rep), 0);
	ck_assert_uint_eq(job.calls, 100);
	for (u32 i = 0; i < 400; i++)
		UNIT_CHECK(*guest_ram(g, rep.addr + i) == (u8)(i * 3), "byte %u", i);
	guest_free(g);
}
END_TEST

START_TEST(refused)
{
	struct guest *g = guest_start(1);
	struct job job = { .gfn = PAGE_GFN, .nr = 1 };

	ck_assert_int_eq(do_job(g, enable_raw, &job), 0);
	ck_assert_int_eq(do_job(g, enable_raw, &job), -EEXIST);
	ck_assert_int_eq(do_job(g, disable_raw, &job), 0);
	ck_assert_int_eq(do_job(g, disable_raw, &job), -ENOENT);

	job.gfn = GUEST_PAGES; /* no memory */
	ck_assert_int_eq(do_job(g, enable_raw, &job), -EINVAL);
	job.gfn = GFN(GUEST_BAR0) + GFN(TRAPPED);
	ck_assert_int_eq(do_job(g, enable_raw, &job), -EINVAL);
	job.gfn = ~0ull >> GVT_PAGE_SHIFT;
	ck_assert_int_eq(do_job(g, enable_raw, &job), -EINVAL);
	/* A page that was refused is not noted as tracked. */
	ck_assert_int_eq(do_job(g, disable_raw, &job), -ENOENT);

	job.gfn = 0; /* page 0 is like any other */
	ck_assert_int_eq(do_job(g, enable_raw, &job), 0);
	ck_assert_int_eq(exen_mem_type(g->d, 0), HVMMEM_ioreq_server);
	ck_assert_int_eq(do_job(g, disable_raw, &job), 0);
	guest_free(g);
}
END_TEST

/* Register pages are tracked for the vGPU itself. Nobody else may untrack them. */
START_TEST(not_the_registers)
{
	struct guest *g = guest_start(1);
	struct job job = { .gfn = REG_GFN(PLAIN), .nr = 1 };

	ck_assert_int_ne(do_job(g, enable_raw, &job), 0);
	ck_assert_int_ne(do_job(g, disable_raw, &job), 0);
	ck_assert_int_eq(exen_mem_type(g->d, REG_GFN(PLAIN)), HVMMEM_ioreq_server);
	guest_free(g);
}
END_TEST

START_TEST(many)
{
	struct guest *g = guest_start(1);
	struct job job = { .gfn = PAGE_GFN, .nr = 3000 },
		   half = { .gfn = PAGE_GFN + 500, .nr = 1500 };
	u32 own = guest_stats(g).tracked_pages;

	ck_assert_int_eq(do_job(g, track, &job), 0);
	ck_assert_uint_eq(guest_stats(g).tracked_pages, own + 3000);
	ck_assert_int_eq(do_job(g, untrack, &half), 0);
	ck_assert_uint_eq(guest_stats(g).tracked_pages, own + 1500);
	half.nr = 700;
	ck_assert_int_eq(do_job(g, track, &half), 0);
	ck_assert_uint_eq(guest_stats(g).tracked_pages, own + 2200);
	for (u32 i = 0; i < 3000; i += 7)
		guest_write(g, PAGE_GPA + i * GVT_PAGE_SIZE, 4, i);
	for (u32 i = 0; i < 3000; i += 7)
		UNIT_CHECK(guest_read(g, PAGE_GPA + i * GVT_PAGE_SIZE, 4) == i, "page %u", i);
	/* They are all untracked with the vGPU. */
	guest_detach(g);
	guest_check_before(g);
	guest_free(g);
}
END_TEST

/* The guest gives a tracked page back: there is nothing to track, and no harm. */
START_TEST(ballooned_while_tracked)
{
	struct guest *g = guest_start(1);
	struct job job = { .gfn = PAGE_GFN, .nr = 1 };

	ck_assert_int_eq(do_job(g, track, &job), 0);
	ck_assert_int_eq(exen_guest_balloon_out(g->d, 0, PAGE_GFN), 0);
	ck_assert_int_eq(do_job(g, disable_raw, &job), 0);
	ck_assert_int_eq(do_job(g, untrack, &job), 0);
	ck_assert_int_eq(exen_guest_populate(g->d, 0, PAGE_GFN), 0);
	guest_write(g, PAGE_GPA, 4, 5);
	ck_assert_uint_eq(job.calls, 0);
	ck_assert_int_eq(do_job(g, track, &job), 0);
	guest_write(g, PAGE_GPA, 4, 6);
	ck_assert_uint_eq(job.calls, 1);
	guest_free(g);
}
END_TEST

/* A tracked page is replaced, and the new one tracked before the writer's next request. */
START_TEST(another_while_let_go)
{
	struct guest *g = guest_start(2);
	struct job job = { .gfn = PAGE_GFN, .nr = 1 };

	ck_assert_int_eq(do_job(g, track, &job), 0);
	guest_write(g, PAGE_GPA, 4, 5);
	ck_assert_int_eq(exen_guest_balloon_out(g->d, 1, PAGE_GFN), 0);
	ck_assert_int_eq(do_job(g, untrack, &job), 0);
	ck_assert_int_eq(exen_guest_populate(g->d, 1, PAGE_GFN), 0);
	ck_assert_int_eq(do_job(g, track, &job), 0);
	ck_assert_int_eq(exen_mem_type(g->d, PAGE_GFN), HVMMEM_ioreq_server);
	guest_write(g, PAGE_GPA, 4, 6);
	ck_assert_uint_eq(job.calls, 2);
	guest_detach(g);
	guest_check_before(g);
	guest_free(g);
}
END_TEST

#define FLSH_CNTL  0x101008u
#define TABLE	   (GUEST_BAR0 + VGPU_GGTT_OFFSET)
#define TABLE_STEP 64u /* bytes from one entry that is written to the next */

/* Waits until all pages of the GGTT trap, as after a driver has left it unchanged for long. */
static void wait_until_tracked(struct guest *g)
{
	for (u32 n = 0; n < 4 * GTT_TRACK_AFTER; n++) {
		guest_write(g, GUEST_BAR0 + FLSH_CNTL, 4, 1);
		if (intel_vgpu_gtt_counts(g->v->vgpu)->tracked_ggtt == GGTT_LEAVES)
			return;
	}
	ck_abort_msg("not all is tracked");
}

/* A driver that fills its GGTT afterwards waits for few of its writes. */
START_TEST(table_filled)
{
	struct guest *g = guest_start_gpu(1);
	u64 requests;

	wait_until_tracked(g);
	requests = guest_stats(g).requests;
	for (u64 at = 0; at < GGTT_LEAVES * GVT_PAGE_SIZE; at += TABLE_STEP)
		guest_write(g, TABLE + at, 8, at);
	/* The first page's, and those at which the writer catches up with untracking. */
	ck_assert_uint_le(guest_stats(g).requests - requests, 4 * GVT_PAGE_SIZE / TABLE_STEP);
	for (u64 at = 0; at < GGTT_LEAVES * GVT_PAGE_SIZE; at += TABLE_STEP)
		UNIT_CHECK(g->v->vgpu->ggtt[at / 8] == at, "entry 0x%lx", at / 8);
	guest_detach(g);
	guest_check_before(g);
	guest_free(g);
}
END_TEST

struct late_write {
	struct guest *g;
	pthread_t thread;
	int err;
};

static void *write_late(void *arg)
{
	struct late_write *late = arg;

	late->err = exen_guest_write(late->g->d, 1, TABLE, 8, 0x1234);
	return NULL;
}

static void let_go_before_it(struct xengt_vgpu *v, void *arg)
{
	struct late_write *late = arg;
	u64 requests = guest_stats(late->g).requests;

	pthread_create(&late->thread, NULL, write_late, late);
	while (guest_stats(late->g).requests == requests)
		sched_yield();
	vgpu_ggtt_written(v->vgpu, 0, 8);
}

/* A page of the GGTT is untracked while another vCPU's write to it is on its way. */
START_TEST(table_let_go_before_a_write)
{
	struct guest *g = guest_start_gpu(2);
	struct late_write late = { .g = g };

	wait_until_tracked(g);
	/* The vCPU's next request is the write. */
	guest_move_on(g, 1);
	guest_in_thread(g, let_go_before_it, &late);
	pthread_join(late.thread, NULL);
	ck_assert_int_eq(late.err, 0);
	ck_assert_uint_eq(guest_read(g, TABLE, 8), 0x1234);
	guest_move_on(g, 1);
	guest_move_on(g, 1);
	ck_assert_ptr_null(exen_domain_crashed(g->d));
	ck_assert_int_eq(exen_mem_type(g->d, GFN(TABLE)), HVMMEM_ram_rw);
	guest_detach(g);
	guest_check_before(g);
	guest_free(g);
}
END_TEST

START_TEST(reset_lets_go)
{
	struct guest *g = guest_start(1);
	struct job job = { .gfn = PAGE_GFN, .nr = 20 };

	ck_assert_int_eq(do_job(g, track, &job), 0);
	guest_in_thread(g, reset_vgpu, NULL);
	for (u32 i = 0; i < job.nr; i++)
		ck_assert_int_eq(exen_mem_type(g->d, PAGE_GFN + i), HVMMEM_ram_rw);
	guest_place(g);
	guest_free(g);
}
END_TEST

/*
 * No call turns a page back to plain memory. The server must stay, because Xen would retry a write
 * of the guest's for ever, and the state that is needed to find the server again must stay with it.
 */
START_TEST(server_stays_with_its_pages)
{
	struct guest *g = guest_start(1);
	struct job job = { .gfn = PAGE_GFN, .nr = 1 };

	ck_assert_int_eq(do_job(g, track, &job), 0);
	guest_cfg_write(g, PCI_COMMAND, 2, 0);
	exen_fail("xendevicemodel_set_mem_type", 1, EIO);
	exen_fail("xendevicemodel_map_mem_type_to_ioreq_server", 1, EIO);
	guest_detach(g);
	ck_assert_uint_eq(exen_fail_left(true), 0);
	ck_assert_uint_eq(guest_stats(g).tracked_pages, 1);
	ck_assert_uint_eq(guest_stats(g).servers, 1);

	ck_assert(guest_has_state(g));
	ck_assert_msg(!guest_take_up(g), "%s", g->why);
	ck_assert_uint_eq(guest_stats(g).tracked_pages, 0);
	guest_detach(g);
	guest_check_before(g);
	guest_free(g);
}
END_TEST

Suite *suite_xengt_track(void)
{
	const TTest *const tests[] = {
		end_to_end,
		let_go_amid_a_write,
		string_instructions,
		refused,
		not_the_registers,
		many,
		ballooned_while_tracked,
		another_while_let_go,
		table_filled,
		table_let_go_before_a_write,
		reset_lets_go,
		server_stays_with_its_pages,
	};

	return unit_suite("xengt_track", tests, ARRAY_SIZE(tests));
}
