/* SPDX-License-Identifier: MIT */
/*
 * xengtd waits for no guest's process. The test plays the process, which answers when it likes, or
 * never; others are served meanwhile.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "tests/unit/daemon_rig.h"
#include "xengt/daemon/clients.h"

#define SERVER 5u

/* Who waits for something, besides the rig's own. */
struct waiter {
	bool over;
	int err;
	char why[512];
};

static void on_over(void *arg, struct guest *guest, int err, const char *why)
{
	struct waiter *w = arg;

	(void)guest;
	ck_assert(!w->over);
	w->over = true;
	w->err = err;
	snprintf(w->why, sizeof(w->why), "%s", why);
}

static struct rig *played(void)
{
	struct rig *r = daemon_rig_new();

	r->process[0].played = true;
	return r;
}

static int link_of(struct rig *r)
{
	return r->process[0].fds.link;
}

static struct guest *guest_of(struct rig *r)
{
	return daemon_find_domid(&r->daemon, FIRST_DOMID);
}

/* The process gets a command of @type, for which the loop runs; if it has died, the next process
 * does. Returns its number. */
static u32 told(struct rig *r, enum xengt_link_type type)
{
	struct xengt_link_message m = { .type = XENGT_LINK_TYPES };

	do
		while (recv(link_of(r), &m, 1, MSG_PEEK | MSG_DONTWAIT) <= 0)
			ck_assert_int_ge(sd_event_run(r->daemon.loop, 1000), 0);
	while (!xengt_link_receive(link_of(r), &m) && m.type != type);
	ck_assert_uint_eq(m.type, type);
	return m.id;
}

static void serve(struct rig *r)
{
	const struct xengt_link_message ready = { .type = XENGT_LINK_READY, .value = SERVER };

	told(r, XENGT_LINK_START);
	ck_assert_int_eq(xengt_link_send(link_of(r), &ready, NULL, 0), 0);
}

static void answer(struct rig *r, u32 id, int err)
{
	ck_assert_int_eq(xengt_link_answer(link_of(r), id, err, 0, ""), 0);
}

static void die(struct rig *r)
{
	shutdown(link_of(r), SHUT_RDWR);
}

static void run_until(struct rig *r, const struct waiter *w)
{
	while (!w->over)
		ck_assert_int_ge(sd_event_run(r->daemon.loop, ~0ull), 0);
}

static void ck_obeys(struct rig *r, const char *line, const char *with)
{
	struct json_object *said = command_obey(&r->daemon, NULL, line);

	ck_assert_msg(strstr(json_object_to_json_string(said), with) != NULL, "%s",
		      json_object_to_json_string(said));
	json_object_put(said);
}

/* Another guest gets its vGPU, uses it, and gives it back. */
static void ck_others(struct rig *r)
{
	ck_assert_int_eq(daemon_rig_attach(r, 1, ""), 0);
	ck_obeys(r, "{\"cmd\":\"show\",\"vgpu\":\"22\"}", "\"ok\": true");
	ck_obeys(r, "{\"cmd\":\"list\"}", "\"ok\": true");
	daemon_rig_detach(r, daemon_find_domid(&r->daemon, FIRST_DOMID + 1));
}

/* Nothing else is begun with a guest that is in the midst of something. */
static void ck_busy(struct rig *r, const char *is)
{
	ck_assert_int_eq(daemon_rig_attach(r, 0, ""), -EBUSY);
	ck_assert_ptr_nonnull(strstr(r->why, is));
	ck_obeys(r, "{\"cmd\":\"detach\",\"vgpu\":\"21\"}", is);
	ck_assert_int_eq(daemon_rig_write(r, "control/create_gvt_instance", "-21"), -EBUSY);
	ck_assert_ptr_nonnull(strstr(daemon_rig_read(r, "control/last_error"), is));
}

static void attach(struct rig *r, struct waiter *w)
{
	*w = (struct waiter){ 0 };
	daemon_attach(&r->daemon, FIRST_DOMID, "", on_over, w);
}

/* A guest that has its vGPU, by a process that the test plays. */
static struct rig *serving(void)
{
	struct rig *r = played();
	struct waiter w;

	attach(r, &w);
	serve(r);
	run_until(r, &w);
	ck_assert_msg(!w.err, "%s", w.why);
	return r;
}

static void end(struct rig *r)
{
	r->process[0].played = false;
	daemon_rig_free(r);
}

START_TEST(attached)
{
	struct rig *r = played();
	struct waiter w;

	attach(r, &w);
	ck_others(r);
	ck_busy(r, "being attached");
	ck_obeys(r, "{\"cmd\":\"show\",\"vgpu\":\"21\"}", "being attached");
	ck_assert(!w.over);
	serve(r);
	run_until(r, &w);
	ck_assert_int_eq(w.err, 0);
	ck_assert_int_eq(daemon_rig_attach(r, 0, ""), -EEXIST);
	exen_domain_destroy(r->d[0]);
	daemon_reap(&r->daemon);
	end(r);
}
END_TEST

/* The process dies, or says why it cannot serve: the guest has no vGPU, and may be given one. */
START_TEST(attach_fails)
{
	struct xengt_link_message no = { .type = XENGT_LINK_DONE, .err = -ENODEV };
	struct rig *r = played();
	struct waiter w;

	attach(r, &w);
	if (_i)
		ck_assert_int_eq(xengt_link_send(link_of(r), &no, "no such thing", 13), 0);
	die(r);
	run_until(r, &w);
	ck_assert_int_eq(w.err, _i ? -ENODEV : -EIO);
	ck_assert_ptr_nonnull(strstr(w.why, _i ? "no such thing" : "its process ended"));
	ck_assert_ptr_null(guest_of(r));
	ck_assert_ptr_null(r->daemon.instances.first);
	r->process[0].played = false;
	ck_assert_int_eq(daemon_rig_attach(r, 0, ""), 0);
	end(r);
}
END_TEST

/* xl destroy in the midst of it; and xengtd ends in the midst of it. */
START_TEST(attach_ends)
{
	struct rig *r = played();
	struct waiter w;

	attach(r, &w);
	if (_i) {
		exen_domain_destroy(r->d[0]);
		daemon_reap(&r->daemon);
	} else {
		daemon_leave_all(&r->daemon);
	}
	ck_assert(w.over);
	ck_assert_int_eq(w.err, _i ? -ESRCH : -ESHUTDOWN);
	ck_assert_ptr_null(r->daemon.guests);
	ck_assert_uint_eq(daemon_rig_files(r), 0);
	end(r);
}
END_TEST

START_TEST(detached)
{
	struct rig *r = serving();
	struct waiter w = { 0 };
	u32 id;

	daemon_detach(guest_of(r), on_over, &w);
	ck_others(r);
	ck_busy(r, "being detached");
	id = told(r, XENGT_LINK_DETACH);
	ck_assert(!w.over);
	/* It dies with the command: the next one gets it too. */
	if (_i) {
		die(r);
		serve(r);
		id = told(r, XENGT_LINK_DETACH);
	}
	answer(r, id, 0);
	die(r);
	run_until(r, &w);
	ck_assert_int_eq(w.err, 0);
	ck_assert_ptr_null(guest_of(r));
	ck_assert_uint_eq(daemon_rig_files(r), 0);
	end(r);
}
END_TEST

/* xl destroy in the midst of it: the vGPU is gone, as it should be. */
START_TEST(detach_ends)
{
	struct rig *r = serving();
	struct waiter w = { 0 };

	daemon_detach(guest_of(r), on_over, &w);
	exen_domain_destroy(r->d[0]);
	daemon_reap(&r->daemon);
	ck_assert(w.over);
	ck_assert_int_eq(w.err, 0);
	ck_assert_ptr_null(r->daemon.guests);
	end(r);
}
END_TEST

/* The domain is soft reset; its device model waits for that, and nobody else. */
START_TEST(reset)
{
	struct rig *r = serving();
	struct waiter w = { 0 }, second = { 0 };
	u32 id;

	daemon_start_model(&r->daemon, FIRST_DOMID, "", on_over, &w);
	ck_others(r);
	ck_busy(r, "being reset");
	daemon_start_model(&r->daemon, FIRST_DOMID, "", on_over, &second);
	ck_assert(second.over);
	ck_assert_int_eq(second.err, -EBUSY);
	id = told(r, XENGT_LINK_RESTART);
	if (_i) {
		die(r);
		serve(r);
		id = told(r, XENGT_LINK_RESTART);
	}
	ck_assert(!w.over);
	answer(r, id, 0);
	run_until(r, &w);
	ck_assert_msg(!w.err, "%s", w.why);
	ck_assert_ptr_nonnull(guest_of(r));
	exen_domain_destroy(r->d[0]);
	daemon_reap(&r->daemon);
	end(r);
}
END_TEST

static int dial(struct rig *r)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	strcpy(at.sun_path, r->daemon.config.socket);
	ck_assert_int_eq(connect(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	return fd;
}

static void say(int fd, const char *line)
{
	ck_assert_int_eq(send(fd, line, strlen(line), MSG_NOSIGNAL), strlen(line));
}

/* The first bytes of an answer, for which the loop runs. */
static void hears(struct rig *r, int fd)
{
	char text[64];

	while (recv(fd, text, sizeof(text), MSG_DONTWAIT) <= 0)
		ck_assert_int_ge(sd_event_run(r->daemon.loop, 1000), 0);
}

/* Who asked for it hangs up, and it goes on; who asks for something else is answered before. */
START_TEST(client_hangs_up)
{
	const struct xengt_link_message ready = { .type = XENGT_LINK_READY, .value = SERVER };
	struct rig *r = played();
	int one, other;
	char byte;

	snprintf(r->daemon.config.socket, sizeof(r->daemon.config.socket), "%s/sock", r->dir);
	ck_assert_int_eq(control_open(&r->daemon), 0);
	one = dial(r);
	other = dial(r);
	say(one, "{\"cmd\":\"attach\",\"domain\":\"21\"}\n");
	told(r, XENGT_LINK_START);
	say(other, "{\"cmd\":\"version\"}\n");
	hears(r, other);
	ck_assert_int_lt(recv(one, &byte, 1, MSG_DONTWAIT), 0);
	if (_i)
		close(one);
	ck_assert_int_eq(xengt_link_send(link_of(r), &ready, NULL, 0), 0);
	daemon_rig_quiet(r);
	ck_assert_ptr_nonnull(guest_of(r)->instance);
	if (!_i) {
		hears(r, one);
		close(one);
	}
	close(other);
	exen_domain_destroy(r->d[0]);
	daemon_reap(&r->daemon);
	control_close(&r->daemon);
	end(r);
}
END_TEST

Suite *suite_waits(void)
{
	Suite *suite = suite_create("waits");
	TCase *tcase = tcase_create("waits");

	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, attached);
	tcase_add_loop_test(tcase, attach_fails, 0, 2);
	tcase_add_loop_test(tcase, attach_ends, 0, 2);
	tcase_add_loop_test(tcase, detached, 0, 2);
	tcase_add_test(tcase, detach_ends);
	tcase_add_loop_test(tcase, reset, 0, 2);
	tcase_add_loop_test(tcase, client_hangs_up, 0, 2);
	suite_add_tcase(suite, tcase);
	return suite;
}
