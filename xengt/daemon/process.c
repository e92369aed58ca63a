/* SPDX-License-Identifier: MIT */
#include "xengt/daemon/process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/gvt.h"
#include "xengt/daemon/daemon.h"
#include "xengt/jail/jail.h"

#define FIGURES_US 20000u	  /* all processes together have this long to fill in figures */
#define TURN	   64		  /* messages of a process between two turns of other work */
#define STARTS_MAX 5u		  /* failed starts in a row; then it is not started again */
#define LIFE_NS	   10000000000ull /* after this long in service, a death counts as the first */
#define RESTART_US 50000u /* delay of the restart after the second death; doubles each time, */
#define DOUBLINGS  5u	  /* this often: up to 1.6 s */

struct process {
	enum process_state state;
	bool runs, once;
	u64 id; /* the runner's number for it */
	int link;
	sd_event_source *source;
	sd_event_source *restart; /* timer: start it again */
	struct xengt_figures *figures;
	struct calls calls; /* questions that it has not answered */
	int err;	    /* its own account of why it could not start */
	char why[256];
	unsigned int deaths, starts; /* in a row: all deaths, and those before it served */
	u64 served_ns;		     /* when it began to serve */
};

static void died(struct guest *guest);

static void moved(struct guest *guest)
{
	if (guest->moved)
		guest->moved(guest);
}

/* ---- questions to it ---- */

void process_ask(struct guest *guest, enum xengt_link_type type, u64 value, const char *text,
		 process_done *done, void *arg)
{
	const struct process_answer dead = { .err = -EPIPE };
	struct process *p = guest->process;

	/* It ends after this, and is not to be started again. */
	if (p && type == XENGT_LINK_DETACH)
		p->once = true;
	if (p && p->runs && p->state == PROCESS_SERVES)
		calls_ask(&p->calls, p->link, type, value, text, done, arg);
	else if (done)
		done(arg, &dead);
}

void process_forget(struct guest *guest, const void *arg)
{
	if (guest->process)
		calls_forget(&guest->process->calls, arg);
}

/* ---- messages from it ---- */

static int on_answer(struct guest *guest, const struct xengt_link_message *m)
{
	struct process *p = guest->process;

	if (m->id) {
		calls_take(&p->calls, m);
		return 0;
	}
	/* An answer to no question: the process could not start. */
	p->err = m->err < 0 ? m->err : -EPROTO;
	snprintf(p->why, sizeof(p->why), "%.250s", calls_plain(m->text) ? m->text : "?");
	return 0;
}

/* Logs each missing wall once; xengt doctor reports them too. */
static void note_walls(struct daemon *daemon, u32 missing)
{
	char names[128];

	if (!(missing & ~daemon->missing_walls))
		return;
	daemon->missing_walls |= missing;
	xengt_jail_walls(daemon->missing_walls, names, sizeof(names));
	xengt_log(XENGT_WARN, "this kernel does not give guests' processes: %s", names);
}

static int on_ready(struct guest *guest, const struct xengt_link_message *m)
{
	/* Once: it is work for xenstored. */
	if (guest->process->state != PROCESS_STARTS)
		return -EPROTO;
	guest->process->state = PROCESS_SERVES;
	guest->process->served_ns = clock_now_ns();
	guest->process->once = false;
	note_walls(guest->daemon, m->id);
	xengt_keeper_ready(guest->keeper, m->value);
	guest->daemon->listener->serves(guest);
	moved(guest);
	return 0;
}

static int on_event(struct guest *guest, const struct xengt_link_message *m)
{
	if (calls_plain(m->text))
		guest->daemon->listener->event(guest, m->value, m->id, m->text);
	return 0;
}

static int (*const handlers[XENGT_LINK_TYPES])(struct guest *guest,
					       const struct xengt_link_message *m) = {
	[XENGT_LINK_READY] = on_ready,
	[XENGT_LINK_PART] = on_answer,
	[XENGT_LINK_DONE] = on_answer,
	[XENGT_LINK_EVENT] = on_event,
};

/* Handles a message. Returns 0, -EAGAIN (there is none), or an errno: the process must be ended. */
static int take_message(struct guest *guest)
{
	struct xengt_link_message m;
	int err = xengt_link_receive(guest->process->link, &m);

	if (err)
		return err;
	return handlers[m.type] ? handlers[m.type](guest, &m) : -EPROTO;
}

static int on_link(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
	struct guest *guest = userdata;
	int err = 0;

	(void)source;
	(void)fd;
	(void)events;
	for (unsigned int i = 0; !err && i < TURN; i++)
		err = take_message(guest);
	if (err && err != -EAGAIN)
		died(guest);
	return 0;
}

/* ---- its life ---- */

static void close_all(const int *fds, size_t nr)
{
	for (size_t i = 0; i < nr; i++)
		if (fds[i] >= 0)
			close(fds[i]);
}

static int say_start(struct guest *guest, const struct xengt_start *start)
{
	const struct daemon *daemon = guest->daemon;
	const struct xengt_link_message head = { .type = XENGT_LINK_START };
	const struct xengt_link_start says = {
		.domid = start->domid,
		.take_up = start->take_up,
		.max_kib = start->max_kib,
		.poll_max = daemon->config.poll_max,
		.software = !strcmp(daemon->config.gpu, "software"),
		.uid = daemon->uid_base ? daemon->uid_base + start->domid : 0,
		.parent = getpid(),
	};

	return xengt_link_send(guest->process->link, &head, &says, sizeof(says));
}

/* Puts the process into its guest's cgroup, before it is told to start. */
static void confine(struct guest *guest, const struct xengt_start *start)
{
	const struct xengt_kept *kept = xengt_keeper_kept(guest->keeper);
	const struct xengt_cgroup_share share = {
		.weight = kept->weight,
		.cap = kept->cap,
		.memory_mib = kept->options.memory_mib,
		.guest_mib = start->max_kib / 1024,
	};
	const struct xengt_cgroup *cgroup = &guest->daemon->cgroup;
	int err;

	if (!guest->daemon->runner->processes)
		return;
	err = xengt_cgroup_guest_add(cgroup, guest->domid, &share);
	if (!err)
		err = xengt_cgroup_guest_enter(cgroup, guest->domid, (pid_t)guest->process->id);
	if (err)
		xengt_keeper_log_of(
			guest->keeper, XENGT_OTHER, XENGT_WARN,
			"its process is in no cgroup: its weight, cap and limit of memory do "
			"not count: %s",
			strerror(-err));
}

static int run(struct guest *guest)
{
	struct process *p = guest->process;
	struct daemon *daemon = guest->daemon;
	struct xengt_start start = { .ask_fd = -1, .kept_fd = -1, .state_fd = -1 };
	int ends[2] = { -1, -1 }, figures_fd = -1, err;

	err = xengt_keeper_serve(guest->keeper, &start);
	if (!err && socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends))
		err = -errno;
	if (!err && fcntl(ends[0], F_SETFL, O_NONBLOCK))
		err = -errno;
	if (!err) {
		p->figures = xengt_figures_create(&figures_fd);
		err = p->figures ? 0 : -errno;
	}
	p->link = ends[0];
	if (!err)
		err = sd_event_add_io(daemon->loop, &p->source, p->link, EPOLLIN, on_link, guest);
	if (err >= 0) {
		const struct xengt_guest_fds fds = { ends[1], start.ask_fd, start.kept_fd,
						     start.state_fd, figures_fd };

		err = daemon->runner->start(daemon, start.domid, &fds, &p->id);
		p->runs = !err;
	}
	close_all((const int[]){ ends[1], start.ask_fd, start.kept_fd, start.state_fd, figures_fd },
		  5);
	if (!err) {
		confine(guest, &start);
		err = say_start(guest, &start);
	}
	p->state = PROCESS_STARTS;
	p->err = 0;
	return err;
}

/* Ends the process, and releases its link, keeper thread and figures. @how: receives how it ended.
 */
static void stop(struct guest *guest, char *how, size_t len)
{
	struct process *p = guest->process;

	snprintf(how, len, "it was not started");
	p->source = sd_event_source_unref(p->source);
	/* Tests run it as a thread, which nothing else would end. */
	if (p->link >= 0)
		shutdown(p->link, SHUT_RDWR);
	if (p->runs)
		guest->daemon->runner->end(guest->daemon, p->id, how, len);
	p->runs = false;
	xengt_keeper_stop(guest->keeper);
	if (p->link >= 0)
		close(p->link);
	p->link = -1;
	xengt_figures_unmap(p->figures);
	p->figures = NULL;
	calls_fail(&p->calls);
}

int process_start(struct guest *guest, bool once, char *why, size_t why_len)
{
	struct process *p = calloc(1, sizeof(*p));
	char how[128];
	int err;

	if (!p) {
		snprintf(why, why_len, "out of memory");
		return -ENOMEM;
	}
	p->link = -1;
	p->once = once;
	p->calls.loop = guest->daemon->loop;
	guest->process = p;
	err = run(guest);
	if (!err)
		return 0;
	snprintf(why, why_len, "cannot start its process: %s", strerror(-err));
	stop(guest, how, sizeof(how));
	calls_close(&p->calls);
	free(p);
	guest->process = NULL;
	return err;
}

void process_end(struct guest *guest)
{
	struct process *p = guest->process;
	char how[128];

	if (!p)
		return;
	stop(guest, how, sizeof(how));
	sd_event_source_unref(p->restart);
	calls_close(&p->calls);
	xengt_cgroup_guest_remove(&guest->daemon->cgroup, guest->domid);
	free(p);
	guest->process = NULL;
}

static int on_restart(sd_event_source *source, u64 usec, void *userdata)
{
	struct guest *guest = userdata;

	(void)source;
	(void)usec;
	if (run(guest))
		died(guest);
	return 0;
}

/*
 * Counts a death. A process that has served is started again, however often it dies; *@after_us
 * receives the delay, which grows. False: it has failed to start STARTS_MAX times.
 */
static bool may_start_again(struct process *p, u64 *after_us)
{
	unsigned int times;

	if (p->state == PROCESS_SERVES) {
		p->starts = 0;
		if (clock_now_ns() - p->served_ns > LIFE_NS)
			p->deaths = 0;
	}
	times = p->deaths++;
	*after_us = times ? RESTART_US << (times - 1 < DOUBLINGS ? times - 1 : DOUBLINGS) : 0;
	return p->state == PROCESS_SERVES || ++p->starts < STARTS_MAX;
}

/* It ended before it served, and nobody has relied on it yet. */
static void failed(struct process *p, const char *how)
{
	p->state = PROCESS_FAILED;
	if (p->err)
		return;
	p->err = -EIO;
	snprintf(p->why, sizeof(p->why), "its process ended: %s", how);
}

int process_failure(const struct guest *guest, char *why, size_t why_len)
{
	const struct process *p = guest->process;

	snprintf(why, why_len, "%s", p && p->err ? p->why : "its process does not begin to serve");
	return p && p->err ? p->err : -EIO;
}

static void start_later(struct guest *guest, const char *how)
{
	struct process *p = guest->process;
	u64 after_us;
	bool again;

	again = may_start_again(p, &after_us);
	xengt_keeper_log_of(
		guest->keeper, XENGT_DIED, XENGT_ERR, "its process ended: %s%s%s; %s", how,
		p->err ? ": " : "", p->err ? p->why : "",
		again ? "it is started again"
		      : "it failed too often; the guest waits until xengtd is started again");
	p->state = again ? PROCESS_STARTS : PROCESS_FAILED;
	if (!again)
		return;
	p->restart = sd_event_source_unref(p->restart);
	if (sd_event_add_time_relative(guest->daemon->loop, &p->restart, CLOCK_MONOTONIC, after_us,
				       1000, on_restart, guest) < 0)
		p->state = PROCESS_FAILED;
}

/* The guest's process is gone, or broke the protocol: end it, and start another later. */
static void died(struct guest *guest)
{
	char how[128];
	int err;

	stop(guest, how, sizeof(how));
	err = xengt_keeper_recover(guest->keeper);
	if (err)
		xengt_keeper_log_of(guest->keeper, XENGT_OTHER, XENGT_ERR,
				    "cannot release pages that its process had pinned: %s",
				    strerror(-err));
	if (guest->process->once)
		failed(guest->process, how);
	else
		start_later(guest, how);
	moved(guest);
}

enum process_state process_state(const struct guest *guest)
{
	return guest->process ? guest->process->state : PROCESS_FAILED;
}

/* ---- waiting for it ---- */

/* Waits for one message until @end_ns, and handles it. Returns 0 or an errno: none will come. */
static int await_message(struct guest *guest, u64 end_ns)
{
	struct process *p = guest->process;
	struct pollfd fd = { .fd = p->link, .events = POLLIN };
	u64 now = clock_now_ns();
	int err;

	if (now >= end_ns || poll(&fd, 1, (int)((end_ns - now) / 1000000) + 1) == 0)
		return -ETIMEDOUT;
	err = take_message(guest);
	return err == -EAGAIN ? 0 : err;
}

static void on_left(void *arg, const struct process_answer *answer)
{
	(void)answer;
	*(bool *)arg = true;
}

void process_leave_all(struct daemon *daemon)
{
	u64 end = clock_now_ns() + (u64)PROCESS_PATIENCE_US * 1000;

	for (struct guest *guest = daemon->guests; guest; guest = guest->next)
		process_ask(guest, XENGT_LINK_DETACH, XENGT_KEEP, NULL, on_left, &guest->left);
	for (struct guest *guest = daemon->guests; guest; guest = guest->next) {
		while (!guest->left && !await_message(guest, end))
			;
		process_forget(guest, &guest->left);
	}
}

/* ---- figures ---- */

void process_count(struct daemon *daemon)
{
	u64 end = clock_now_ns() + FIGURES_US * 1000ull, now;

	for (struct guest *guest = daemon->guests; guest; guest = guest->next) {
		struct xengt_figures *figures = guest->process ? guest->process->figures : NULL;

		/* A process that has not filled in its figures yet is not asked again. */
		if (!figures || process_state(guest) != PROCESS_SERVES ||
		    figures->asked != __atomic_load_n(&figures->told, __ATOMIC_ACQUIRE))
			continue;
		__atomic_add_fetch(&figures->asked, 1, __ATOMIC_RELEASE);
		process_ask(guest, XENGT_LINK_COUNT, 0, NULL, NULL, NULL);
	}
	for (struct guest *guest = daemon->guests; guest; guest = guest->next)
		if (guest->process && guest->process->figures && (now = clock_now_ns()) < end)
			xengt_figures_wait(guest->process->figures, (end - now) / 1000);
}

const struct xengt_figures *process_figures(const struct guest *guest)
{
	static const struct xengt_figures none = {
		.bar_at = { INTEL_GVT_BAR_OFF, INTEL_GVT_BAR_OFF },
	};

	return guest->process && guest->process->figures ? guest->process->figures : &none;
}
