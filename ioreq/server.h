/* SPDX-License-Identifier: MIT */
#ifndef IOREQ_SERVER_H
#define IOREQ_SERVER_H

/* Xen's header uses the integer types without including this. */
#include <stdint.h>

#include <xen/hvm/ioreq.h>

#include "ioreq/ioreq.h"

struct ioreq_server {
	struct ioreq_config config;
	struct intel_vgpu *vgpu;
	u8 devfn;
	unsigned int vcpus;
	xenforeignmemory_resource_handle *resource;
	shared_iopage_t *page; /* shared with Xen: a slot for each vCPU */
	evtchn_port_t *ports;  /* a local port for each vCPU */
	evtchn_port_t *fired;  /* ports to unmask before the next wait */
	unsigned int nr_fired;
	ioreq_t req[IOREQ_MAX_VCPUS];	 /* copies of the requests that are under way */
	bool under_way[IOREQ_MAX_VCPUS]; /* this process has begun the request, and not finished it
					  */
	unsigned int budget;		 /* turns of looking before the next wait */
	bool woken;			 /* .woken is due */
	bool asleep;			 /* the thread waits for an event, or is about to */
	u64 alarm;			 /* when .alarm is due, in ns; 0: not at all */
	u64 unsettled;			 /* when .settle became due, in ns; 0: it is not due */

	xenevtchn_handle *waker; /* the other end of .wake_port */
	evtchn_port_t wake_port, waker_port;
	struct ioreq_counters counters;
};

/* serve.c: called with a copied request before this process first works on it. */
void ioreq_begin(struct ioreq_server *server, unsigned int vcpu, const ioreq_t *req);

/*
 * serve.c: carries a request out, from item @progress->done on, and sets its data. False: it is not
 * done, because its time is over or .woken is due.
 */
bool ioreq_carry_out(struct ioreq_server *server, unsigned int vcpu, ioreq_t *req,
		     struct ioreq_progress *progress);

/* serve.c: calls .settle if it is due. */
void ioreq_settle(struct ioreq_server *server);

#endif
