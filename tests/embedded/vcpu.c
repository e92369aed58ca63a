// SPDX-License-Identifier: MIT
/*
 * How a vCPU sends a request and waits for the answer. As in Xen, it looks at its slot only after
 * an event: if a server forgets to notify, the vCPU goes on waiting.
 */
#define _GNU_SOURCE 1
#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "internal.h"

static struct {
	atomic_uint timeout_ms, spin;
	atomic_bool fatal;
} wait_rules = { .timeout_ms = 10000, .fatal = true };

void exen_set_timeout(unsigned int ms, bool fatal)
{
	atomic_store(&wait_rules.timeout_ms, ms);
	atomic_store(&wait_rules.fatal, fatal);
}

void exen_set_spin(unsigned int rounds)
{
	atomic_store(&wait_rules.spin, rounds);
}

uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

uint64_t guest_deadline(void)
{
	return now_ns() + atomic_load(&wait_rules.timeout_ms) * 1000000ull;
}

bool futex_wait_until(_Atomic uint32_t *word, uint32_t seen, uint64_t deadline)
{
	/* FUTEX_WAIT_BITSET takes the end of the wait, not its length. */
	struct timespec ts = { (time_t)(deadline / 1000000000), (long)(deadline % 1000000000) };

	while (atomic_load(word) == seen) {
		if (syscall(SYS_futex, word, FUTEX_WAIT_BITSET_PRIVATE, seen, &ts, NULL,
			    FUTEX_BITSET_MATCH_ANY) < 0 &&
		    errno == ETIMEDOUT)
			return atomic_load(word) != seen;
	}
	return true;
}

void futex_wake_all(_Atomic uint32_t *word)
{
	syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, INT_MAX, NULL, NULL, 0);
}

void vcpu_kick(struct vcpu *v)
{
	atomic_fetch_add(&v->kicks, 1);
	if (atomic_load(&v->asleep))
		futex_wake_all(&v->kicks);
}

void domain_kick(struct exen_domain *d)
{
	for (unsigned int i = 0; i < d->nr_vcpus; i++)
		vcpu_kick(&d->vcpu[i]);
	p2m_changed(d);
}

static bool wait_kick(struct vcpu *v, uint32_t seen, uint64_t *deadline)
{
	bool woken;

	for (unsigned int i = atomic_load(&wait_rules.spin); i; i--) {
		if (atomic_load(&v->kicks) != seen)
			return true;
		__builtin_ia32_pause();
	}
	if (!*deadline)
		*deadline = guest_deadline();
	atomic_store(&v->asleep, true);
	woken = futex_wait_until(&v->kicks, seen, *deadline);
	atomic_store(&v->asleep, false);
	return woken;
}

int guest_timeout(struct exen_domain *d, unsigned int vcpu, const char *what)
{
	if (!atomic_load(&wait_rules.fatal))
		return -ETIMEDOUT;
	fprintf(stderr, "embedded Xen: domain %u vCPU %u: %s\n", d->domid, vcpu, what);
	pthread_rwlock_rdlock(&d->lock);
	for (unsigned int i = 0; i < MAX_SERVERS; i++) {
		const struct server *s = d->server[i];
		const ioreq_t *p = s ? server_slot(s, vcpu) : NULL;

		if (p)
			fprintf(stderr,
				"  server %u: %s, %spending, state %u type %u dir %u addr %#lx "
				"data "
				"%#lx count %u size %u port %u\n",
				i, s->enabled ? "enabled" : "disabled",
				atomic_load(&s->sv[vcpu].pending) ? "" : "not ", p->state, p->type,
				p->dir, (unsigned long)p->addr, (unsigned long)p->data, p->count,
				p->size, p->vp_eport);
	}
	pthread_rwlock_unlock(&d->lock);
	abort();
}

/* The state is a bit field; the byte that it is in can be loaded and stored atomically. */
static uint8_t *state_byte(ioreq_t *slot)
{
	return (uint8_t *)slot + offsetof(ioreq_t, type) - 1;
}

int vcpu_send(struct exen_domain *d, struct vcpu *v, struct server *s, const ioreq_t *p)
{
	struct server_vcpu *sv = &s->sv[v->id];
	ioreq_t *slot = server_slot(s, v->id);
	ioreq_t req = *p;

	if (!slot || slot->state != STATE_IOREQ_NONE || slot->vp_eport != sv->port) {
		atomic_fetch_add(&d->unhandled, 1);
		return -EFAULT;
	}
	atomic_fetch_add_explicit(&d->requests, 1, memory_order_relaxed);
	if (p->type == IOREQ_TYPE_INVALIDATE)
		atomic_fetch_add_explicit(&d->invalidates, 1, memory_order_relaxed);
	/* The byte with the state is written last, and at once: a server may be polling it. */
	req.state = STATE_IOREQ_READY;
	req.vp_eport = sv->port;
	memcpy(slot, &req, offsetof(ioreq_t, _pad0));
	slot->type = req.type;
	sv->prev_state = STATE_IOREQ_NONE;
	v->in_flight = true;
	atomic_store(&sv->pending, true);
	__atomic_store_n(state_byte(slot), *state_byte(&req), __ATOMIC_RELEASE);
	guest_port_notify(d, sv->port);
	return 0;
}

/* Looks at a pending slot once. True: the server need not be waited for any more. */
static bool slot_done(struct exen_domain *d, struct vcpu *v, struct server *s, ioreq_t *last)
{
	struct server_vcpu *sv = &s->sv[v->id];
	ioreq_t *slot = server_slot(s, v->id);
	unsigned int state = __atomic_load_n(state_byte(slot), __ATOMIC_ACQUIRE) & 0xf;

	if (state == STATE_IOREQ_NONE) {
		/* Only a dying emulator does this. Xen then answers with ones. */
		last->data = ~0ull;
	} else if (state < sv->prev_state) {
		domain_crash(d, "ioreq state went backwards");
	} else if (state == STATE_IORESP_READY) {
		*last = *slot;
		__atomic_store_n(state_byte(slot), *state_byte(last) & 0xf0, __ATOMIC_RELEASE);
	} else if (state < STATE_IORESP_READY) {
		sv->prev_state = (uint8_t)state;
		return false;
	} else {
		domain_crash(d, "ioreq state of no meaning");
	}
	atomic_store(&sv->pending, false);
	return true;
}

int vcpu_complete(struct exen_domain *d, struct vcpu *v, uint32_t seen, uint64_t *deadline,
		  ioreq_t *last)
{
	bool waiting = true;

	while (waiting) {
		if (!wait_kick(v, seen, deadline))
			return guest_timeout(d, v->id, "a request was not answered in time");
		seen = atomic_load(&v->kicks);
		pthread_rwlock_rdlock(&d->lock);
		/* A paused vCPU does not look; unpausing kicks it. */
		waiting = atomic_load(&d->pauses) != 0;
		for (unsigned int i = 0; i < MAX_SERVERS && !d->dying; i++) {
			struct server *s = d->server[i];

			if (!s || atomic_load(&d->pauses) || !atomic_load(&s->sv[v->id].pending))
				continue;
			if (!slot_done(d, v, s, last))
				waiting = true;
		}
		if (d->dying || atomic_load(&d->crashed)) {
			pthread_rwlock_unlock(&d->lock);
			return -ESHUTDOWN;
		}
		if (waiting)
			pthread_rwlock_unlock(&d->lock);
	}
	v->in_flight = false;
	return 0;
}

/* Tells every enabled server to forget its mappings, and waits for all of them. */
static int broadcast_invalidate(struct exen_domain *d, struct vcpu *v, uint64_t *deadline)
{
	ioreq_t p = {
		.type = IOREQ_TYPE_INVALIDATE,
		.size = 4,
		.dir = IOREQ_WRITE,
		.data = ~0ull,
	};
	ioreq_t last;
	uint32_t seen = atomic_load(&v->kicks);
	unsigned int sent = 0;
	int rc;

	pthread_rwlock_rdlock(&d->lock);
	for (int i = MAX_SERVERS - 1; i >= 0; i--) {
		if (d->server[i] && d->server[i]->enabled)
			sent += !vcpu_send(d, v, d->server[i], &p);
	}
	pthread_rwlock_unlock(&d->lock);
	rc = sent ? vcpu_complete(d, v, seen, deadline, &last) : 0;
	if (sent && !rc)
		pthread_rwlock_unlock(&d->lock);
	return rc;
}

int vcpu_enter(struct exen_domain *d, struct vcpu *v, uint64_t *deadline)
{
	ioreq_t late;

	for (;;) {
		uint32_t seen = atomic_load(&v->kicks);
		int rc = 0;

		/* If the vCPU's last call timed out, Xen still has its request. */
		if (v->in_flight)
			rc = vcpu_complete(d, v, seen - 1, deadline, &late);
		else
			pthread_rwlock_rdlock(&d->lock);
		if (rc)
			return rc;
		if (d->dying || atomic_load(&d->shutdown)) {
			pthread_rwlock_unlock(&d->lock);
			return -ESHUTDOWN;
		}
		if (!atomic_load(&d->pauses) && !atomic_load(&v->invalidate)) {
			if (!atomic_load(&d->shared_info))
				atomic_store(&d->shared_info, true);
			return 0;
		}
		pthread_rwlock_unlock(&d->lock);
		if (atomic_load(&d->pauses)) {
			if (!wait_kick(v, seen, deadline))
				rc = guest_timeout(d, v->id, "the domain stayed paused");
		} else if (atomic_exchange(&v->invalidate, false)) {
			rc = broadcast_invalidate(d, v, deadline);
		}
		if (rc)
			return rc;
	}
}
