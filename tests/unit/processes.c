/* SPDX-License-Identifier: MIT */
/* Guests' processes that die, hang or talk nonsense, and what xengtd makes of it. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "tests/unit/daemon_rig.h"
#include "xengt/daemon/clients.h"
#include "xengt/daemon/process.h"
#include "xengt/guest/trace.h"
#include "xengt/keeper/inside.h"

/* A scratch register: writes to it trap. */
#define SCRATCH 0x4f100u

static struct guest *guest_of(struct rig *r)
{
	return daemon_find_domid(&r->daemon, FIRST_DOMID);
}

/* The loop runs until @guest's process is in @state. */
static void run_until(struct rig *r, enum process_state state)
{
	for (unsigned int i = 0; i < 1000 && process_state(guest_of(r)) != state; i++)
		sd_event_run(r->daemon.loop, 10000);
	ck_assert_int_eq(process_state(guest_of(r)), state);
}

/* Its vGPU's thread ends, and with it the process. */
static void die(struct rig *r)
{
	struct xengt_vgpu *v = daemon_rig_vgpu(r, 0);

	__atomic_store_n(&v->failed, true, __ATOMIC_RELEASE);
	xengt_trace_wake(&v->trace);
}

static void check_serves(struct rig *r, u32 val)
{
	u64 is = 0;

	daemon_rig_write_reg(r, 0, SCRATCH, val);
	ck_assert_int_eq(exen_guest_read(r->d[0], 0, 0xf4000000 + SCRATCH, 4, &is), 0);
	ck_assert_uint_eq(is, val);
}

/* One dies, again and again: the guest goes on with the next. */
START_TEST(started_again)
{
	struct rig *r = daemon_rig_new();

	ck_assert_int_eq(daemon_rig_attach(r, 0, ""), 0);
	daemon_rig_place(r, 0);
	for (u32 i = 1; i < 5; i++) {
		check_serves(r, i << 6);
		die(r);
		run_until(r, PROCESS_STARTS);
		run_until(r, PROCESS_SERVES);
	}
	check_serves(r, 0x40);
	ck_assert_uint_eq(r->daemon.dom0.pins, guest_of(r)->keeper->pins->nr ? 128 : 0);
	daemon_rig_free(r);
}
END_TEST

/* It cannot start, time after time: the guest waits, others do not, and it can be detached. */
START_TEST(never_serves)
{
	struct rig *r = daemon_rig_new();
	struct json_object *answer;

	ck_assert_int_eq(daemon_rig_attach(r, 0, ""), 0);
	ck_assert_int_eq(daemon_rig_attach(r, 1, ""), 0);
	daemon_rig_place(r, 0);
	for (unsigned int nth = 1; nth < 30; nth++)
		exen_fail("xendevicemodel_open", nth, ENODEV);
	die(r);
	run_until(r, PROCESS_STARTS);
	run_until(r, PROCESS_FAILED);
	exen_fail_left(true);
	answer = command_obey(&r->daemon, NULL, "{\"cmd\":\"show\",\"vgpu\":\"21\"}");
	ck_assert_ptr_nonnull(strstr(json_object_to_json_string(answer), "process does not serve"));
	json_object_put(answer);
	answer = command_obey(&r->daemon, NULL, "{\"cmd\":\"show\",\"vgpu\":\"22\"}");
	ck_assert_ptr_nonnull(strstr(json_object_to_json_string(answer), "\"ok\": true"));
	json_object_put(answer);
	daemon_rig_detach(r, guest_of(r));
	ck_assert_int_eq(daemon_rig_attach(r, 0, ""), 0);
	daemon_rig_free(r);
}
END_TEST

/* ---- in the place of a process ---- */

static const struct {
	const char *name;
	struct xengt_link_message m;
	size_t len; /* that is sent of it; 0: as it says */
} nonsense[] = {
	{ "an empty one", { .type = XENGT_LINK_DONE }, 4 },
	{ "no type", { .type = XENGT_LINK_TYPES }, 0 },
	{ "a command", { .type = XENGT_LINK_DETACH }, 0 },
	{ "longer than it is", { .type = XENGT_LINK_EVENT, .len = 100 }, 24 },
	{ "shorter than it is", { .type = XENGT_LINK_EVENT, .len = 0 }, 99 },
	{ "that it serves, once more", { .type = XENGT_LINK_READY }, 0 },
	{ "an answer to nothing", { .type = XENGT_LINK_DONE, .id = 77 }, 0 },
	{ "a part of nothing", { .type = XENGT_LINK_PART, .id = 77 }, 0 },
	{ "an event that is no JSON", { .type = XENGT_LINK_EVENT, .len = 3, .text = "foo" }, 0 },
	{ "an escape", { .type = XENGT_LINK_EVENT, .len = 8, .text = "{\"a\":\"\033" }, 0 },
};

/* Whatever a process says, xengtd goes on; what none of ours says ends it. */
START_TEST(talks_nonsense)
{
	struct rig *r = daemon_rig_new();
	size_t head = offsetof(struct xengt_link_message, text);
	size_t len = nonsense[_i].len ? nonsense[_i].len : head + nonsense[_i].m.len;

	ck_assert_int_eq(daemon_rig_attach(r, 0, ""), 0);
	daemon_rig_place(r, 0);
	ck_assert_int_eq(write(r->process[0].fds.link, &nonsense[_i].m, len), (ssize_t)len);
	for (unsigned int i = 0; i < 5; i++)
		sd_event_run(r->daemon.loop, 10000);
	run_until(r, PROCESS_SERVES);
	check_serves(r, 0x40);
	daemon_rig_free(r);
}
END_TEST

Suite *suite_processes(void)
{
	Suite *suite = suite_create("processes");
	TCase *tcase = tcase_create("processes");

	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, started_again);
	tcase_add_test(tcase, never_serves);
	tcase_add_loop_test(tcase, talks_nonsense, 0, ARRAY_SIZE(nonsense));
	suite_add_tcase(suite, tcase);
	return suite;
}
