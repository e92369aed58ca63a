// SPDX-License-Identifier: MIT
/* The small device model and the fixture; see test_dm.h. */
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "test_dm.h"

struct exen_domain *dom;
struct dm *dm;

struct worker {
	struct dm *dm;
	unsigned int vcpu;
};

unsigned int get_state(volatile ioreq_t *p)
{
	/* The byte before the type holds the state in its low half. */
	return __atomic_load_n((volatile uint8_t *)p + offsetof(ioreq_t, type) - 1,
			       __ATOMIC_ACQUIRE) &
	       0xf;
}

void set_state(volatile ioreq_t *p, unsigned int state)
{
	volatile uint8_t *byte = (volatile uint8_t *)p + offsetof(ioreq_t, type) - 1;

	__atomic_store_n(byte, (*byte & 0xf0) | state, __ATOMIC_RELEASE);
}

struct dm *dm_open(struct exen_domain *d)
{
	struct dm *m = calloc(1, sizeof(*m));

	m->d = d;
	pthread_mutex_init(&m->lock, NULL);
	m->dmod = xendevicemodel_open(NULL, 0);
	m->fmem = xenforeignmemory_open(NULL, 0);
	ck_assert_ptr_nonnull(m->dmod);
	ck_assert_ptr_nonnull(m->fmem);
	return m;
}

void dm_map(struct dm *m)
{
	void *va = NULL;

	m->res = xenforeignmemory_map_resource(m->fmem, DOM, XENMEM_resource_ioreq_server, m->id,
					       XENMEM_resource_ioreq_server_frame_ioreq(0), 1, &va,
					       PROT_READ | PROT_WRITE, 0);
	ck_assert_ptr_nonnull(m->res);
	m->slots = va;
}

void dm_bind(struct dm *m)
{
	for (int v = 0; v < VCPUS; v++) {
		m->xce[v] = xenevtchn_open(NULL, 0);
		ck_assert_ptr_nonnull(m->xce[v]);
		m->port[v] = xenevtchn_bind_interdomain(m->xce[v], DOM, m->slots[v].vp_eport);
		ck_assert_int_gt(m->port[v], 0);
	}
}

void dm_create(struct dm *m)
{
	ck_assert_int_eq(xendevicemodel_create_ioreq_server(m->dmod, DOM, 0, &m->id), 0);
	dm_map(m);
	ck_assert_uint_eq(m->slots[0].vp_eport, 0);
	ck_assert_int_eq(xendevicemodel_set_ioreq_server_state(m->dmod, DOM, m->id, 1), 0);
	ck_assert_uint_ne(m->slots[0].vp_eport, 0);
	dm_bind(m);
	ck_assert_int_eq(xendevicemodel_map_io_range_to_ioreq_server(m->dmod, DOM, m->id, 1, MMIO,
								     MMIO + PAGE - 1),
			 0);
}

void dm_close(struct dm *m)
{
	for (int v = 0; v < VCPUS; v++)
		xenevtchn_close(m->xce[v]);
	if (m->res)
		xenforeignmemory_unmap_resource(m->fmem, m->res);
	xenforeignmemory_close(m->fmem);
	xendevicemodel_close(m->dmod);
	free(m);
}

/* Reads or writes guest memory through a fresh foreign mapping. */
static void dm_copy(struct dm *m, uint64_t gpa, void *buf, size_t n, bool to_guest)
{
	xen_pfn_t gfn = gpa / PAGE;
	char *va = xenforeignmemory_map(m->fmem, DOM, PROT_READ | PROT_WRITE, 1, &gfn, NULL);

	ck_assert_ptr_nonnull(va);
	if (to_guest)
		memcpy(va + gpa % PAGE, buf, n);
	else
		memcpy(buf, va + gpa % PAGE, n);
	xenforeignmemory_unmap(m->fmem, va, 1);
}

static void dm_serve(struct dm *m, ioreq_t *p)
{
	atomic_fetch_add(&m->seen_type[p->type & 15], 1);
	pthread_mutex_lock(&m->lock);
	m->last = *p;
	pthread_mutex_unlock(&m->lock);
	for (uint32_t i = 0; p->data_is_ptr && i < p->count; i++) {
		uint64_t off = (uint64_t)i * p->size;
		uint64_t reg = p->df ? p->addr - off : p->addr + off;
		uint64_t buf = p->df ? p->data - off : p->data + off;

		dm_copy(m, buf, &m->regs[reg % PAGE], p->size, p->dir);
	}
	if (p->data_is_ptr || p->type == IOREQ_TYPE_INVALIDATE)
		return;
	if (p->dir)
		memcpy(&p->data, &m->regs[p->addr % PAGE], p->size);
	else
		memcpy(&m->regs[p->addr % PAGE], &p->data, p->size);
}

void dm_answer(struct dm *m, unsigned int vcpu)
{
	ioreq_t *slot = &m->slots[vcpu];

	if (get_state(slot) != STATE_IOREQ_READY)
		return;
	set_state(slot, STATE_IOREQ_INPROCESS);
	dm_serve(m, slot);
	set_state(slot, STATE_IORESP_READY);
	xenevtchn_notify(m->xce[vcpu], (evtchn_port_t)m->port[vcpu]);
}

static void *dm_loop(void *arg)
{
	struct worker *w = arg;
	struct dm *m = w->dm;

	while (!atomic_load(&m->stop)) {
		struct pollfd pfd = { .fd = xenevtchn_fd(m->xce[w->vcpu]), .events = POLLIN };
		int port;

		if (poll(&pfd, 1, 20) <= 0)
			continue;
		port = xenevtchn_pending(m->xce[w->vcpu]);
		if (port < 0)
			break;
		dm_answer(m, w->vcpu);
		xenevtchn_unmask(m->xce[w->vcpu], (evtchn_port_t)port);
	}
	free(w);
	return NULL;
}

void dm_start(struct dm *m)
{
	atomic_store(&m->stop, false);
	for (unsigned int v = 0; v < VCPUS; v++) {
		struct worker *w = malloc(sizeof(*w));

		*w = (struct worker){ m, v };
		pthread_create(&m->thread[v], NULL, dm_loop, w);
	}
}

void dm_stop(struct dm *m)
{
	atomic_store(&m->stop, true);
	for (unsigned int v = 0; v < VCPUS; v++)
		pthread_join(m->thread[v], NULL);
}

void setup(void)
{
	ck_assert_int_eq(exen_init(), 0);
	dom = exen_domain_create(DOM, VCPUS, RAM, 0);
	ck_assert_ptr_nonnull(dom);
	dm = dm_open(dom);
}

void teardown(void)
{
	if (dm)
		dm_close(dm);
	ck_assert_uint_eq(exen_fini(), 0);
}

static void *access_run(void *arg)
{
	struct access *a = arg;

	if (a->raw)
		a->rc = exen_guest_raw(dom, a->vcpu, dm->id, a->raw);
	else if (a->write)
		a->rc = exen_guest_write(dom, a->vcpu, a->gpa, 4, a->val);
	else
		a->rc = exen_guest_read(dom, a->vcpu, a->gpa, 4, &a->val);
	atomic_store(&a->done, true);
	return NULL;
}

void access_start(struct access *a)
{
	pthread_create(&a->thread, NULL, access_run, a);
}

int access_end(struct access *a)
{
	pthread_join(a->thread, NULL);
	return a->rc;
}

bool fd_ready(int fd)
{
	struct pollfd pfd = { .fd = fd, .events = POLLIN };

	return poll(&pfd, 1, 0) == 1;
}
