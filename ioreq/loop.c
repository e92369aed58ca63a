/* SPDX-License-Identifier: MIT */
/*
 * The loop that finds requests and answers them.
 *
 * A vCPU has at most one request at a time. A port that fired stays masked while the loop looks at
 * the slots by itself. A guest's next access mostly follows at once, and so costs neither an
 * interrupt nor a wake-up here. The loop learns how long to look: a request that it finds restores
 * the whole budget, and a budget that was spent in vain is halved. After a budget of zero, looking
 * is tried again every few waits, so that a guest which has become busy is noticed.
 */
#include <errno.h>
#include <poll.h>
#include <string.h>

#include "core/base/clock.h"
#include "ioreq/server.h"

/* The byte before the type: its lower half is the state, its upper half flags that stay. */
#define STATE_BYTE (offsetof(ioreq_t, type) - 1)

/* With a budget of zero, looking is tried after every so many waits. */
#define TRY_AGAIN 8u

#define LOOKS_PER_TURN 16u

/* .settle is called when nothing has happened for QUIET_NS, and after LATEST_NS at the latest. */
#define QUIET_NS  20000000ull
#define LATEST_NS 1000000000ull

static u8 get_state(const ioreq_t *slot)
{
	return __atomic_load_n((const u8 *)slot + STATE_BYTE, __ATOMIC_ACQUIRE) & 0xf;
}

static void set_state(ioreq_t *slot, u8 state)
{
	u8 *byte = (u8 *)slot + STATE_BYTE;
	u8 flags = __atomic_load_n(byte, __ATOMIC_RELAXED) & 0xf0;

	__atomic_store_n(byte, flags | state, __ATOMIC_RELEASE);
}

/*
 * Works on a vCPU's request, if it has one. A slot's state may only go forward: Xen destroys a
 * guest whose request goes back. A request that is found in process was interrupted by this
 * process, or was left by an earlier one. It continues behind its finished items.
 */
static bool answer(struct ioreq_server *server, unsigned int vcpu)
{
	ioreq_t *slot = &server->page->vcpu_ioreq[vcpu];
	struct ioreq_progress *progress = &server->config.state->progress[vcpu];
	ioreq_t *req = &server->req[vcpu];
	u8 state = get_state(slot);

	if (state == STATE_IOREQ_READY) {
		__atomic_store_n(&progress->done, 0, __ATOMIC_RELEASE);
		set_state(slot, STATE_IOREQ_INPROCESS);
		server->under_way[vcpu] = false;
	} else if (state != STATE_IOREQ_INPROCESS) {
		return false;
	} else if (!server->under_way[vcpu]) {
		server->counters.resumed++;
	}
	if (!server->under_way[vcpu]) {
		*req = *(volatile ioreq_t *)slot;
		ioreq_begin(server, vcpu, req);
	}
	server->under_way[vcpu] = !ioreq_carry_out(server, vcpu, req, progress);
	if (server->under_way[vcpu])
		return true;
	*(volatile u64 *)&slot->data = req->data;
	set_state(slot, STATE_IORESP_READY);
	xenevtchn_notify(server->config.evtchn, server->ports[vcpu]);
	return true;
}

unsigned int ioreq_server_poll(struct ioreq_server *server)
{
	unsigned int answered = 0;

	for (unsigned int i = 0; i < server->vcpus; i++)
		answered += answer(server, i);
	return answered;
}

/* Looks for a moment without giving the processor up, which would cost more than a few looks. */
static unsigned int look(struct ioreq_server *server)
{
	unsigned int answered = 0;

	for (unsigned int i = 0; i < LOOKS_PER_TURN && !answered; i++) {
		__builtin_ia32_pause();
		answered = ioreq_server_poll(server);
	}
	return answered;
}

/* Looks at the slots as long as the budget allows. Returns true if it found a request. */
static bool found_by_looking(struct ioreq_server *server)
{
	unsigned int answered;

	for (unsigned int turn = 0; turn < server->budget; turn++) {
		if (server->config.relax)
			server->config.relax(server->config.priv);
		answered = look(server);
		if (answered) {
			server->counters.polled += answered;
			server->budget = server->config.poll_max;
			return true;
		}
		if (__atomic_load_n(&server->woken, __ATOMIC_RELAXED))
			return false;
	}
	server->budget /= 2;
	return false;
}

/* Waits for @ns at most. False: no port fired, or ppoll() failed: then nothing is delayed for it.
 */
static bool fires_within(struct ioreq_server *server, u64 ns)
{
	struct pollfd fd = { .fd = xenevtchn_fd(server->config.evtchn), .events = POLLIN };
	struct timespec timeout = { (time_t)(ns / 1000000000), (long)(ns % 1000000000) };

	return ppoll(&fd, 1, &timeout, NULL) > 0;
}

void ioreq_server_alarm(struct ioreq_server *server, u64 when)
{
	server->alarm = when;
}

static bool fires_before_alarm(struct ioreq_server *server)
{
	u64 now = clock_now_ns();

	return fires_within(server, server->alarm > now ? server->alarm - now : 0);
}

/* Sleeps until a port fires. A waker either sees .asleep and notifies, or this sees its .woken. */
static xenevtchn_port_or_error_t sleep_until_event(struct ioreq_server *server)
{
	xenevtchn_port_or_error_t port;

	__atomic_store_n(&server->asleep, true, __ATOMIC_SEQ_CST);
	if (__atomic_load_n(&server->woken, __ATOMIC_SEQ_CST)) {
		__atomic_store_n(&server->asleep, false, __ATOMIC_RELAXED);
		errno = EAGAIN;
		return -1;
	}
	if (server->unsettled && !fires_within(server, QUIET_NS))
		ioreq_settle(server);
	if (server->alarm && !fires_before_alarm(server)) {
		__atomic_store_n(&server->asleep, false, __ATOMIC_RELAXED);
		errno = EAGAIN;
		return -1;
	}
	port = xenevtchn_pending(server->config.evtchn);
	__atomic_store_n(&server->asleep, false, __ATOMIC_RELAXED);
	return port;
}

/* Unmasks the ports and sleeps until one fires. A pending event fires when its port is unmasked. */
static int wait(struct ioreq_server *server)
{
	xenevtchn_port_or_error_t port;

	while (server->nr_fired)
		if (xenevtchn_unmask(server->config.evtchn, server->fired[--server->nr_fired]))
			return -errno;
	server->counters.waits++;
	port = sleep_until_event(server);
	if (port < 0)
		return errno == EINTR || errno == EAGAIN ? 0 : -errno;
	server->fired[server->nr_fired++] = port;
	if (!server->budget && server->counters.waits % TRY_AGAIN == 0)
		server->budget = server->config.poll_max;
	return 0;
}

int ioreq_server_run(struct ioreq_server *server)
{
	int err;

	/* An earlier process may have answered a request without notifying Xen. */
	for (unsigned int i = 0; i < server->vcpus; i++)
		xenevtchn_notify(server->config.evtchn, server->ports[i]);

	for (;;) {
		if (server->unsettled && clock_now_ns() - server->unsettled > LATEST_NS)
			ioreq_settle(server);
		if (__atomic_exchange_n(&server->woken, false, __ATOMIC_ACQUIRE)) {
			ioreq_settle(server);
			if (!server->config.woken(server->config.priv))
				return 0;
		}
		if (server->alarm && clock_now_ns() >= server->alarm) {
			server->alarm = 0;
			ioreq_settle(server);
			server->config.alarm(server->config.priv);
		}
		if (ioreq_server_poll(server) || found_by_looking(server))
			continue;
		if (__atomic_load_n(&server->woken, __ATOMIC_RELAXED))
			continue;
		err = wait(server);
		if (err)
			return err;
	}
}

int ioreq_server_wake(struct ioreq_server *server)
{
	/* One wake-up at a time is enough, and a thread that does not sleep looks at .woken. */
	if (__atomic_exchange_n(&server->woken, true, __ATOMIC_SEQ_CST) ||
	    !__atomic_load_n(&server->asleep, __ATOMIC_SEQ_CST))
		return 0;
	if (!xenevtchn_notify(server->waker, server->waker_port))
		return 0;
	__atomic_store_n(&server->woken, false, __ATOMIC_RELEASE);
	return -errno;
}
