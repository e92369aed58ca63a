/* SPDX-License-Identifier: MIT */
#ifndef IOREQ_SERVER_H
#define IOREQ_SERVER_H

/* Xen's header takes the integer types for granted. */
#include <stdint.h>

#include <xen/hvm/ioreq.h>

#include "ioreq/ioreq.h"

struct ioreq_server {
	struct ioreq_config config;
	struct intel_vgpu *vgpu;
	u8 devfn;
	unsigned int vcpus;
	xenforeignmemory_resource_handle *resource;
	shared_iopage_t *page; /* Xen's and ours: a slot for each vCPU */
	evtchn_port_t *ports;  /* a local port for each vCPU */
	evtchn_port_t *fired;  /* ports to unmask before the next wait */
	unsigned int nr_fired;
	unsigned int budget; /* turns of looking before the next wait */
	bool woken;	     /* .woken is due */
	u64 unsettled;	     /* ns: since when .settle is due; 0: it is not */

	xenevtchn_handle *waker; /* the other end of .wake_port */
	evtchn_port_t wake_port, waker_port;
	struct ioreq_counters counters;
};

/* serve.c: carries out one copied request from item @progress->done on, and sets its data. */
void ioreq_carry_out(struct ioreq_server *server, unsigned int vcpu, ioreq_t *req,
		     struct ioreq_progress *progress);

/* loop.c: .settle, if it is due. */
void ioreq_settle(struct ioreq_server *server);

/* loop.c: CLOCK_MONOTONIC in nanoseconds. */
u64 ioreq_now(void);

#endif
