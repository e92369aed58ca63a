// SPDX-License-Identifier: MIT
/* ioreq servers as in Xen; the references are common/ioreq.c and arch/x86/hvm/ioreq.c. */
#include <errno.h>
#include <stdlib.h>

#include "internal.h"

#include <xen/memory.h>

#define CF8_ENABLE 0x80000000u

struct server *server_get(struct exen_domain *d, unsigned int id)
{
	return id < MAX_SERVERS ? d->server[id] : NULL;
}

int server_create(struct exen_domain *d, int bufioreq, ioservid_t *id)
{
	struct server *s;
	unsigned int i;

	if (bufioreq < 0 || bufioreq > HVM_IOREQSRV_BUFIOREQ_ATOMIC)
		return -EINVAL;
	for (i = 0; i < MAX_SERVERS && d->server[i]; i++)
		;
	if (i == MAX_SERVERS)
		return -ENOSPC;
	if (d->dying)
		return -EINVAL;
	s = calloc(1, sizeof(*s));
	if (!s)
		return -ENOMEM;
	s->id = i;
	s->bufioreq = bufioreq;
	for (unsigned int v = 0; v < d->nr_vcpus; v++)
		s->sv[v].port = guest_port_alloc(d, &d->vcpu[v]);
	if (bufioreq)
		s->bufport = guest_port_alloc(d, &d->vcpu[0]);
	d->server[i] = s;
	*id = (ioservid_t)i;
	return 0;
}

void server_destroy(struct exen_domain *d, struct server *s)
{
	/* Tracked pages stay tracked: writes to them are retried until someone sets them back. */
	if (d->mem_server == s)
		d->mem_server = NULL;
	for (unsigned int v = 0; v < d->nr_vcpus; v++)
		guest_port_free(d, s->sv[v].port);
	if (s->bufport)
		guest_port_free(d, s->bufport);
	if (s->page)
		frame_put(s->page);
	if (s->bufpage)
		frame_put(s->bufpage);
	d->server[s->id] = NULL;
	free(s);
}

void server_enable(struct exen_domain *d, struct server *s, bool on)
{
	if (on && !s->enabled && s->page) {
		for (unsigned int v = 0; v < d->nr_vcpus; v++)
			server_slot(s, v)->vp_eport = s->sv[v].port;
	}
	s->enabled = on;
}

int server_frame(struct exen_domain *d, struct server *s, unsigned long idx, uint32_t *mfn)
{
	(void)d;
	if (!s->page)
		s->page = frame_alloc();
	if (s->bufioreq && !s->bufpage)
		s->bufpage = frame_alloc();
	if (!s->page || (s->bufioreq && !s->bufpage))
		return -ENOMEM;
	if (idx == XENMEM_resource_ioreq_server_frame_bufioreq) {
		if (!s->bufioreq)
			return -ENOENT;
		*mfn = s->bufpage;
		return 0;
	}
	if (idx != XENMEM_resource_ioreq_server_frame_ioreq(0))
		return -EINVAL;
	*mfn = s->page;
	return 0;
}

struct server *server_select(struct exen_domain *d, ioreq_t *p)
{
	uint64_t first = p->addr, last, addr = p->addr;
	uint32_t cf8 = atomic_load(&d->cf8);
	unsigned int type = XEN_DMOP_IO_RANGE_MEMORY;

	if (p->type != IOREQ_TYPE_COPY && p->type != IOREQ_TYPE_PIO)
		return NULL;
	if (p->type == IOREQ_TYPE_PIO)
		type = XEN_DMOP_IO_RANGE_PORT;
	last = first + p->size - 1;
	if (type == XEN_DMOP_IO_RANGE_MEMORY && p->df)
		first -= (p->count - 1ull) * p->size;
	else if (type == XEN_DMOP_IO_RANGE_MEMORY)
		last = first + (uint64_t)p->count * p->size - 1;
	if (p->type == IOREQ_TYPE_PIO && (p->addr & ~3ull) == 0xcfc && (cf8 & CF8_ENABLE)) {
		type = XEN_DMOP_IO_RANGE_PCI;
		first = last = cf8 >> 8 & 0xffff;
		addr = first << 32 | (cf8 & 0xfc) | (p->addr & 3);
	}
	/* The highest id comes first: if two servers claim the same, the newer one gets it. */
	for (int i = MAX_SERVERS - 1; i >= 0; i--) {
		struct server *s = d->server[i];

		if (!s || !s->enabled || !rangeset_contains(&s->ranges[type], first, last))
			continue;
		if (type == XEN_DMOP_IO_RANGE_PCI) {
			p->type = IOREQ_TYPE_PCI_CONFIG;
			p->addr = addr;
		}
		return s;
	}
	return NULL;
}
