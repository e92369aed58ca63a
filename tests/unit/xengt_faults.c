/* SPDX-License-Identifier: MIT */
/* Every library call fails once, and guests end at the worst moments: nothing is left behind. */
#include <errno.h>
#include <linux/pci_regs.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tests/unit/xengt_rig.h"
#include "xengt/guest/trace.h"

#define PAGE_GFN 0x40u
#define PAGE_GPA ((u64)PAGE_GFN << GVT_PAGE_SHIFT)

static const char *const attach_calls[] = {
	"xc_domain_getinfolist",
	"xc_domain_populate_physmap_exact",
	"xc_domain_setmaxmem",
	"xencall_open",
	"xendevicemodel_create_ioreq_server",
	"xendevicemodel_map_io_range_to_ioreq_server",
	"xendevicemodel_map_mem_type_to_ioreq_server",
	"xendevicemodel_map_pcidev_to_ioreq_server",
	"xendevicemodel_nr_vcpus",
	"xendevicemodel_open",
	"xendevicemodel_restrict",
	"xendevicemodel_set_ioreq_server_state",
	"xenevtchn_bind_interdomain",
	"xenevtchn_bind_unbound_port",
	"xenevtchn_open",
	"xenevtchn_restrict",
	"xenforeignmemory_map",
	"xenforeignmemory_map_resource",
	"xenforeignmemory_open",
	"xenforeignmemory_restrict",
	"xs_read",
	"xs_write",
};

/* Attaching fails with a message, or does without what failed. It never leaves half of a vGPU. */
START_TEST(attaching)
{
	struct guest *g = guest_new(2, 0);
	const char *call = attach_calls[_i];
	unsigned int nth = 0;
	bool left;

	do {
		int err;

		exen_fail(call, ++nth, EIO);
		err = guest_attach(g, "");
		left = exen_fail_left(true);
		UNIT_CHECK(!err || g->why[0], "%s, call %u: not a word", call, nth);
		if (!err) {
			/* The vGPU works, with whatever it does without. */
			guest_place(g);
			guest_write(g, GUEST_BAR0 + PLAIN, 4, 0x1234);
			UNIT_CHECK(guest_read(g, GUEST_BAR0 + PLAIN, 4) == 0x1234, "%s, call %u",
				   call, nth);
			guest_detach(g);
		}
		guest_check_before(g);
	} while (!left);
	/* The call was made at all. One of the list is not made here. */
	if (call != attach_calls[5])
		ck_assert_uint_gt(nth, 1);
	guest_free(g);
}
END_TEST

static const struct {
	const char *call, *says;
} restricting[] = { { "xendevicemodel_restrict", "device model calls" },
		    { "xenforeignmemory_restrict", "memory mappings" },
		    { "xenevtchn_restrict", "event channels" } };

/* Which of the vGPU's handles reach domain 10, another guest. Bits as in the table. */
static unsigned int reach_out(struct guest *g)
{
	unsigned int reached = 0, nr;
	xen_pfn_t gfn = 0;
	void *va = xenforeignmemory_map(g->v->fmem, 10, PROT_READ, 1, &gfn, NULL);
	xenevtchn_port_or_error_t port = xenevtchn_bind_unbound_port(g->v->evtchn, 10);

	if (!xendevicemodel_nr_vcpus(g->v->dmod, 10, &nr))
		reached |= 1;
	if (va) {
		reached |= 2;
		xenforeignmemory_unmap(g->v->fmem, va, 1);
	}
	if (port >= 0) {
		reached |= 4;
		xenevtchn_unbind(g->v->evtchn, port);
	}
	return reached;
}

/* Older kernels cannot restrict a handle: a warning says so, and the others are restricted. */
START_TEST(restricting_unknown)
{
	static const int errs[] = { ENOTTY, EOPNOTSUPP };
	struct guest *g = guest_new(1, 0);
	struct exen_domain *other = exen_domain_create(10, 1, 16, 0);
	char said[1024];

	xengt_log_level(XENGT_WARN);
	for (unsigned int which = 0; which < 8; which++)
		for (size_t e = 0; e < ARRAY_SIZE(errs); e++) {
			FILE *log = tmpfile();

			ck_assert_int_eq(dup2(fileno(log), 2), 2);
			for (size_t c = 0; c < ARRAY_SIZE(restricting); c++)
				if (which & BIT32(c))
					exen_fail(restricting[c].call, 1, errs[e]);
			ck_assert_msg(!guest_attach(g, ""), "%s", g->why);
			ck_assert_uint_eq(exen_fail_left(true), 0);
			ck_assert_uint_eq(reach_out(g), which);
			rewind(log);
			said[fread(said, 1, sizeof(said) - 1, log)] = '\0';
			for (size_t c = 0; c < ARRAY_SIZE(restricting); c++)
				ck_assert_msg(!strstr(said, restricting[c].says) ==
						      !(which & BIT32(c)),
					      "%u: %s", which, said);
			fclose(log);
			guest_detach(g);
		}
	exen_domain_destroy(other);
	guest_free(g);
}
END_TEST

/* On any other failure, attaching is refused. */
START_TEST(restricting_fails)
{
	struct guest *g = guest_new(1, 0);

	for (size_t c = 0; c < ARRAY_SIZE(restricting); c++) {
		exen_fail(restricting[c].call, 1, EPERM);
		ck_assert_int_eq(guest_attach(g, ""), -EPERM);
		ck_assert_msg(strstr(g->why, restricting[c].says) != NULL, "%s", g->why);
		guest_check_before(g);
	}
	guest_free(g);
}
END_TEST

static int do_nothing(struct intel_vgpu_page_track *track, u64 gpa, void *data, int bytes)
{
	(void)track;
	(void)gpa;
	(void)data;
	(void)bytes;
	return 0;
}

static void track_one(struct xengt_vgpu *v, void *arg)
{
	(void)arg;
	ck_assert_int_eq(intel_vgpu_register_page_track(v->vgpu, PAGE_GFN, do_nothing, NULL), 0);
	ck_assert_int_eq(intel_vgpu_enable_page_track(v->vgpu, PAGE_GFN), 0);
}

/* Detaching may leave something undone. It ends, and this process holds nothing afterwards. */
START_TEST(detaching)
{
	static const char *const calls[] = {
		"xc_domain_decrease_reservation_exact",
		"xc_domain_setmaxmem",
		"xendevicemodel_destroy_ioreq_server",
		"xendevicemodel_map_mem_type_to_ioreq_server",
		"xendevicemodel_relocate_memory",
		"xendevicemodel_set_mem_type",
		"xendevicemodel_unmap_io_range_from_ioreq_server",
		"xenevtchn_unbind",
		"xs_rm",
	};

	for (size_t i = 0; i < ARRAY_SIZE(calls); i++) {
		struct guest *g = guest_start(1);
		struct exen_stats st;

		guest_in_thread(g, track_one, NULL);
		exen_fail(calls[i], 1, EIO);
		guest_detach(g);
		UNIT_CHECK(!exen_fail_left(true), "%s is not called", calls[i]);
		exen_stats(&st);
		UNIT_CHECK(st.handles == g->before.xen.handles &&
				   st.mapped_pages == g->before.xen.mapped_pages &&
				   st.bound_ports == g->before.xen.bound_ports,
			   "%s: something is held", calls[i]);
		/* Either no page is tracked any more, or the server has stayed for it. */
		UNIT_CHECK(!guest_stats(g).tracked_pages || guest_stats(g).servers == 1,
			   "%s: a page is tracked for nobody", calls[i]);
		guest_free(g);
	}
}
END_TEST

struct gate {
	sem_t reached, open;
};

static int wait_at_gate(struct intel_vgpu_page_track *track, u64 gpa, void *data, int bytes)
{
	struct gate *gate = track->priv_data;

	(void)gpa;
	(void)data;
	(void)bytes;
	sem_post(&gate->reached);
	sem_wait(&gate->open);
	return 0;
}

static void track_gate(struct xengt_vgpu *v, void *gate)
{
	ck_assert_int_eq(intel_vgpu_register_page_track(v->vgpu, PAGE_GFN, wait_at_gate, gate), 0);
	ck_assert_int_eq(intel_vgpu_enable_page_track(v->vgpu, PAGE_GFN), 0);
}

static void *write_page(void *arg)
{
	struct guest *g = arg;

	return exen_guest_write(g->d, 0, PAGE_GPA, 4, 1) == -ESHUTDOWN ? arg : NULL;
}

/* xl destroys the domain while a request of its is carried out. */
START_TEST(destroyed_in_mid_request)
{
	struct guest *g = guest_start(1);
	struct gate gate;
	pthread_t thread;
	struct exen_stats st;
	void *shut_down;

	sem_init(&gate.reached, 0, 0);
	sem_init(&gate.open, 0, 0);
	guest_in_thread(g, track_gate, &gate);
	pthread_create(&thread, NULL, write_page, g);
	sem_wait(&gate.reached);
	exen_domain_destroy(g->d);
	pthread_join(thread, &shut_down);
	ck_assert_ptr_nonnull(shut_down);
	sem_post(&gate.open);
	guest_detach(g);
	exen_stats(&st);
	ck_assert_uint_eq(st.handles, g->before.xen.handles);
	ck_assert_uint_eq(st.mapped_pages, 0);
	ck_assert_uint_eq(st.bound_ports, 0);
	ck_assert_uint_eq(st.used_frames, 0);
	ck_assert(!guest_has_state(g));
	sem_destroy(&gate.reached);
	sem_destroy(&gate.open);
	guest_free(g);
}
END_TEST

/* The daemon goes on with its work while xl has paused the domain. */
START_TEST(paused)
{
	struct guest *g = guest_start(1);

	guest_write(g, GUEST_BAR0 + PLAIN, 4, 0x1234);
	exen_domain_pause(g->d);
	guest_in_thread(g, track_one, NULL);
	ck_assert_int_eq(exen_mem_type(g->d, PAGE_GFN), HVMMEM_ioreq_server);
	exen_domain_unpause(g->d);
	guest_write(g, PAGE_GPA, 4, 5);
	ck_assert_uint_eq(guest_read(g, PAGE_GPA, 4), 5);
	ck_assert_uint_eq(guest_read(g, GUEST_BAR0 + PLAIN, 4), 0x1234);
	exen_domain_pause(g->d);
	guest_detach(g);
	guest_check_before(g);
	exen_domain_unpause(g->d);
	guest_free(g);
}
END_TEST

/* Traced events come out in order. Events for which there was no room are counted. */
START_TEST(trace_bounded)
{
	struct guest *g = guest_start(1);
	struct xengt_trace *trace = &g->v->trace;
	struct ioreq_event event;
	unsigned int n = 0;

	guest_write(g, GUEST_BAR0 + PLAIN, 4, 1);
	ck_assert(!xengt_trace_pop(trace, &event));
	__atomic_store_n(&trace->on, true, __ATOMIC_RELEASE);
	for (u32 i = 0; i < XENGT_TRACE_SLOTS + 100; i++)
		guest_write(g, GUEST_BAR0 + PLAIN, 4, i);
	__atomic_store_n(&trace->on, false, __ATOMIC_RELEASE);
	for (; xengt_trace_pop(trace, &event); n++)
		UNIT_CHECK(event.addr == GUEST_BAR0 + PLAIN && (u32)event.data == n && event.write,
			   "event %u: 0x%llx", n, (unsigned long long)event.data);
	ck_assert_uint_eq(n, XENGT_TRACE_SLOTS);
	ck_assert_uint_eq(trace->lost, 100);
	guest_free(g);
}
END_TEST

Suite *suite_xengt_faults(void)
{
	const TTest *const tests[] = {
		restricting_unknown, restricting_fails, detaching, destroyed_in_mid_request, paused,
		trace_bounded
	};
	Suite *suite = unit_suite("xengt_faults", tests, ARRAY_SIZE(tests));
	TCase *tcase = tcase_create("attaching");

	tcase_add_loop_test(tcase, attaching, 0, ARRAY_SIZE(attach_calls));
	suite_add_tcase(suite, tcase);
	return suite;
}
