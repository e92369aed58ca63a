/* SPDX-License-Identifier: MIT */
/*
 * For tests of ioreq/: a small device behind a real ioreq server on embedded Xen, and its guest.
 * The device is memory, except for the few registers that are named here.
 *
 * The server may be killed at a chosen access, as by kill -9: its thread ends on the spot, and its
 * handles die with it. rig_open() takes up what it leaves.
 */
#ifndef TESTS_UNIT_IOREQ_RIG_H
#define TESTS_UNIT_IOREQ_RIG_H

#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>

#include "ioreq/ioreq.h"
#include "tests/embedded/embedded_xen.h"
#include "tests/unit/unit.h"

#define RIG_DOMID 5
#define RIG_PAGES 64u /* guest memory */
#define RIG_MMIO  0xf0000000ull
#define RIG_SIZE  0x2000u
#define RIG_DEVFN 0x20

/* An access to this register waits for rig_gate_open(), if .gated is set. */
#define RIG_GATE 0x1ff0u

struct rig_access {
	u64 addr, data; /* data: of a read, its result */
	u8 bytes;
	bool write, cfg;
};

struct rig {
	struct exen_domain *d;
	xendevicemodel_handle *dmod;
	xenforeignmemory_handle *fmem;
	xenevtchn_handle *evtchn;
	struct ioreq_state state; /* outlives the server's process */
	struct ioreq_server *server;
	unsigned int poll_max;

	pthread_t thread;
	bool running;
	int ret; /* the result of ioreq_server_run() */
	atomic_bool stop;
	atomic_uint wakes, invalidates;
	atomic_bool later;		 /* invalidate() leaves work to settle() */
	atomic_uint settles, settled_at; /* calls of settle(); invalidations before the last */
	sem_t settled;			 /* posted by each */
	sem_t woken;

	u8 regs[RIG_SIZE], cfg[256];
	struct rig_access log[8192];
	atomic_uint nr_log;	/* accesses carried out; logged while there is room */
	atomic_int die_in;	/* accesses left before it dies; < 0: it does not */
	atomic_int die_in_copy; /* the same for copies to and from guest memory */
	atomic_uint slow_ms;	/* the duration of each access */
	atomic_bool gated;
	sem_t at_gate, gate;
	struct ioreq_event last; /* the last one traced */
	atomic_uint traced;
};

/**
 * rig_new() - a running domain of @vcpus vCPUs, without a server. @flags: exen_domain_create()'s.
 */
struct rig *rig_new(unsigned int vcpus, unsigned int flags);

/**
 * rig_open() - open handles, and the server of .state or a new one. Returns 0 or a negative errno.
 */
int rig_open(struct rig *r);

/** rig_run() - serve in a thread. */
void rig_run(struct rig *r);

/** rig_start() - rig_new(), rig_open() and rig_run(). */
struct rig *rig_start(unsigned int vcpus);

/** rig_stop() - ask the thread to end, and wait for it. */
void rig_stop(struct rig *r);

/** rig_close() - close the server and the handles. */
void rig_close(struct rig *r, bool destroy);

/**
 * rig_kill() - kill the process: the server's thread ends wherever it is, or at the access at which
 * it is to die.
 */
void rig_kill(struct rig *r);

/** rig_free() - free what is left, and check that nothing of ours is left in Xen. */
void rig_free(struct rig *r);

/** rig_gate_wait() - wait until an access of the server's is at the gate. */
void rig_gate_wait(struct rig *r);

/** rig_gate_open() - let one access through. */
void rig_gate_open(struct rig *r);

/* The guest's accesses. Each asserts that it completes. */
u64 rig_read(struct rig *r, unsigned int vcpu, u64 gpa, unsigned int size);
void rig_write(struct rig *r, unsigned int vcpu, u64 gpa, unsigned int size, u64 val);
void rig_rep(struct rig *r, const struct exen_rep *rep);

/** rig_raw() - post @req unchanged. Returns the slot's data at the end. */
u64 rig_raw(struct rig *r, unsigned int vcpu, const ioreq_t *req);

/** rig_ram() - guest memory at @gpa, up to the end of its page. */
u8 *rig_ram(struct rig *r, u64 gpa);

/* An access of a vCPU that may take long, in a thread of its own. */
struct rig_call {
	struct rig *r;
	unsigned int vcpu;
	ioreq_t req;
	pthread_t thread;
	int rc;
};

/** rig_call() - start posting @req. Join with rig_call_wait(). */
void rig_call(struct rig_call *call, struct rig *r, unsigned int vcpu, const ioreq_t *req);

/**
 * rig_call_wait() - wait for it. Returns the guest call's result; call->req is the answered slot.
 */
int rig_call_wait(struct rig_call *call);

#endif
