/* SPDX-License-Identifier: MIT */
/* Shared by the tests of the embedded Xen: a domain, a small device model, guest threads. */
#ifndef EMBEDDED_TEST_DM_H
#define EMBEDDED_TEST_DM_H

#include <check.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <sys/mman.h>

#include <xenctrl.h>
#include <xendevicemodel.h>
#include <xenevtchn.h>
#include <xenforeignmemory.h>

#include "embedded_xen.h"

#include <xen/memory.h>

#define DOM   7
#define RAM   64u /* pages */
#define MMIO  0xf0000000ull
#define PAGE  4096ull
#define VCPUS 2

/* A small device model: a byte array behind MMIO, a port and configuration space. */
struct dm {
	struct exen_domain *d;
	xendevicemodel_handle *dmod;
	xenforeignmemory_handle *fmem;
	xenevtchn_handle *xce[VCPUS];
	int port[VCPUS];
	xenforeignmemory_resource_handle *res;
	ioreq_t *slots;
	ioservid_t id;
	unsigned char regs[PAGE];
	pthread_t thread[VCPUS];
	atomic_bool stop;
	atomic_uint seen_type[16];
	pthread_mutex_t lock; /* last */
	ioreq_t last;	      /* request served */
};

/* The fixture's: setup() makes them; teardown() frees them and checks for leaks. */
extern struct exen_domain *dom;
extern struct dm *dm;
void setup(void);
void teardown(void);

/* Opens handles for the domain; dm_close() closes what is open. */
struct dm *dm_open(struct exen_domain *d);
void dm_close(struct dm *m);
/* Creates, maps, enables and binds a server that claims the page at MMIO. */
void dm_create(struct dm *m);
/* Two of its steps: map the slots of server m->id; bind each vCPU's channel. */
void dm_map(struct dm *m);
void dm_bind(struct dm *m);
/* Answers the request in the vCPU's slot, if there is one. */
void dm_answer(struct dm *m, unsigned int vcpu);
/* One thread for each vCPU, serving until dm_stop(). */
void dm_start(struct dm *m);
void dm_stop(struct dm *m);

/* The state field, which the other end may be changing. */
unsigned int get_state(volatile ioreq_t *p);
void set_state(volatile ioreq_t *p, unsigned int state);

/* One guest access on a thread of its own. */
struct access {
	pthread_t thread;
	unsigned int vcpu;
	uint64_t gpa, val;
	bool write;
	ioreq_t *raw;
	atomic_bool done;
	int rc;
};

void access_start(struct access *a);
/* Waits for it and returns what the guest call returned. */
int access_end(struct access *a);

bool fd_ready(int fd);

Suite *access_suite(void);
Suite *server_suite(void);
Suite *memory_suite(void);
Suite *domain_suite(void);
Suite *store_suite(void);
Suite *grant_suite(void);

#endif
