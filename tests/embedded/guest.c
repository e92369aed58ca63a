// SPDX-License-Identifier: MIT
/* What a guest's vCPU does: memory, ports, configuration space, string instructions. */
#include <errno.h>
#include <string.h>

#include "internal.h"

/* Guest and device model share these bytes without a lock, as on real machines. */
static void ram_copy(void *to, const void *from, unsigned int size)
{
	uintptr_t both = (uintptr_t)to | (uintptr_t)from;

	if (size == 8 && !(both & 7))
		__atomic_store_n((uint64_t *)to, __atomic_load_n((const uint64_t *)from, 0), 0);
	else if (size == 4 && !(both & 3))
		__atomic_store_n((uint32_t *)to, __atomic_load_n((const uint32_t *)from, 0), 0);
	else if (size == 2 && !(both & 1))
		__atomic_store_n((uint16_t *)to, __atomic_load_n((const uint16_t *)from, 0), 0);
	else
		for (unsigned int i = 0; i < size; i++)
			__atomic_store_n((uint8_t *)to + i,
					 __atomic_load_n((const uint8_t *)from + i, 0), 0);
}

static struct vcpu *vcpu_of(struct exen_domain *d, unsigned int vcpu)
{
	return vcpu < d->nr_vcpus ? &d->vcpu[vcpu] : NULL;
}

static bool is_ram(struct p2m_entry e)
{
	return e.type == P2M_RAM_RW || e.type == P2M_RAM_RO || e.type == P2M_IOREQ ||
	       e.type == P2M_MMIO_DIRECT;
}

/* Does a native access to a page of RAM. False if it must go to a server. */
static bool ram_access(struct p2m_entry e, ioreq_t *p)
{
	char *ram;

	if (!is_ram(e) || (e.type == P2M_IOREQ && p->dir == IOREQ_WRITE))
		return false;
	ram = (char *)frame_va(e.mfn) + p->addr % PAGE_SIZE;
	if (p->dir == IOREQ_READ)
		ram_copy(&p->data, ram, p->size);
	else if (e.type == P2M_RAM_RW || e.type == P2M_MMIO_DIRECT)
		ram_copy(ram, &p->data, p->size);
	return true;
}

/* Nobody claims it: reads give ones, writes are lost. Port 0xcf8, Xen's own, is not counted. */
static void no_server(struct exen_domain *d, ioreq_t *p)
{
	if (p->dir == IOREQ_READ && !p->data_is_ptr)
		p->data = ~0ull;
	if (p->type != IOREQ_TYPE_PIO || (p->addr & ~3ull) != 0xcf8)
		atomic_fetch_add(&d->unclaimed, 1);
}

/*
 * Xen executes the instruction once more to give it its answer. If a tracked page has become plain
 * memory by then, the write goes there, and the answer stays behind. Where the fault does not tell
 * the guest linear address (AMD), the vCPU's next request finds that answer, and the domain is
 * crashed.
 */
static void reissue(struct exen_domain *d, struct vcpu *v, const ioreq_t *p)
{
	struct p2m_entry e = p2m_get(d, p->addr >> PAGE_SHIFT);

	if (e.type != P2M_RAM_RW)
		return;
	v->unclaimed_answer = true;
	if (!p->data_is_ptr)
		ram_copy((char *)frame_va(e.mfn) + p->addr % PAGE_SIZE, &p->data, p->size);
}

/* Does one request of a vCPU's from start to end. On success a read's data is in p->data. */
static int do_io(struct exen_domain *d, struct vcpu *v, ioreq_t *p)
{
	uint64_t deadline = 0;
	struct p2m_entry e = { 0 };
	struct server *s = NULL;
	uint32_t seen, seq;
	ioreq_t last = *p;
	int rc;

	for (;;) {
		rc = vcpu_enter(d, v, &deadline);
		if (rc)
			return rc;
		if (p->type == IOREQ_TYPE_COPY)
			e = p2m_get(d, p->addr >> PAGE_SHIFT);
		if (!p->data_is_ptr && p->type == IOREQ_TYPE_COPY && ram_access(e, p)) {
			pthread_rwlock_unlock(&d->lock);
			return 0;
		}
		if (e.type != P2M_IOREQ)
			break;
		s = d->mem_server;
		if (s)
			break;
		/* A tracked page without a server: Xen runs the instruction again and again. */
		seq = atomic_load(&d->p2m_seq);
		pthread_rwlock_unlock(&d->lock);
		if (!deadline)
			deadline = guest_deadline();
		if (!futex_wait_until(&d->p2m_seq, seq, deadline))
			return guest_timeout(d, v->id, "a write to a tracked page never ended");
	}
	if (v->unclaimed_answer) {
		pthread_rwlock_unlock(&d->lock);
		domain_crash(d, "an emulated write was executed again as another");
		return -ESHUTDOWN;
	}
	last.data = 0;
	seen = atomic_load(&v->kicks);
	if (!s) {
		ioreq_t routed = *p;

		s = server_select(d, &routed);
		rc = s ? vcpu_send(d, v, s, &routed) : 0;
	} else {
		rc = vcpu_send(d, v, s, p);
	}
	pthread_rwlock_unlock(&d->lock);
	if (!s) {
		no_server(d, p);
		return 0;
	}
	if (rc) {
		if (p->type == IOREQ_TYPE_PIO)
			domain_crash(d, "port access could not be sent");
		return rc;
	}
	rc = vcpu_complete(d, v, seen, &deadline, &last);
	if (rc)
		return rc;
	/* A pause takes effect before the vCPU has the answer, or after all of this. */
	if (e.type == P2M_IOREQ)
		reissue(d, v, p);
	pthread_rwlock_unlock(&d->lock);
	if (p->dir == IOREQ_READ && !p->data_is_ptr)
		p->data = last.data;
	return 0;
}

/* The first piece that Xen would make of an access: a power of two, within one page. */
static unsigned int first_chunk(uint64_t gpa, unsigned int size)
{
	unsigned int room = (unsigned int)(PAGE_SIZE - gpa % PAGE_SIZE);
	unsigned int chunk = 8;

	while (chunk > size || chunk > room)
		chunk /= 2;
	return chunk;
}

static int mem_access(struct exen_domain *d, unsigned int vcpu, uint64_t gpa, unsigned int size,
		      uint8_t dir, uint64_t *val)
{
	struct vcpu *v = vcpu_of(d, vcpu);
	uint64_t all = dir == IOREQ_WRITE ? *val : 0;
	int rc = 0;

	if (!v || !size || size > 8)
		return -EINVAL;
	for (unsigned int done = 0, n; !rc && done < size; done += n) {
		ioreq_t p = { .type = IOREQ_TYPE_COPY, .count = 1, .dir = dir & 1 };

		n = first_chunk(gpa + done, size - done);
		p.addr = gpa + done;
		p.size = n;
		if (dir == IOREQ_WRITE)
			memcpy(&p.data, (char *)&all + done, n);
		rc = do_io(d, v, &p);
		if (dir == IOREQ_READ)
			memcpy((char *)&all + done, &p.data, n);
	}
	if (!rc && dir == IOREQ_READ)
		*val = all;
	return rc;
}

int exen_guest_read(struct exen_domain *d, unsigned int vcpu, uint64_t gpa, unsigned int size,
		    uint64_t *val)
{
	return mem_access(d, vcpu, gpa, size, IOREQ_READ, val);
}

int exen_guest_write(struct exen_domain *d, unsigned int vcpu, uint64_t gpa, unsigned int size,
		     uint64_t val)
{
	return mem_access(d, vcpu, gpa, size, IOREQ_WRITE, &val);
}

static int port_access(struct exen_domain *d, unsigned int vcpu, uint16_t port, unsigned int size,
		       uint8_t dir, uint32_t *val)
{
	struct vcpu *v = vcpu_of(d, vcpu);
	ioreq_t p = {
		.type = IOREQ_TYPE_PIO,
		.addr = port,
		.size = size,
		.count = 1,
		.dir = dir & 1,
		.data = dir == IOREQ_WRITE ? *val : 0,
	};
	int rc;

	if (!v || (size != 1 && size != 2 && size != 4))
		return -EINVAL;
	if (dir == IOREQ_WRITE && port == 0xcf8 && size == 4)
		atomic_store(&d->cf8, *val);
	rc = do_io(d, v, &p);
	if (!rc && dir == IOREQ_READ)
		*val = (uint32_t)(p.data & (~0ull >> (64 - 8 * size)));
	return rc;
}

int exen_guest_in(struct exen_domain *d, unsigned int vcpu, uint16_t port, unsigned int size,
		  uint32_t *val)
{
	return port_access(d, vcpu, port, size, IOREQ_READ, val);
}

int exen_guest_out(struct exen_domain *d, unsigned int vcpu, uint16_t port, unsigned int size,
		   uint32_t val)
{
	return port_access(d, vcpu, port, size, IOREQ_WRITE, &val);
}

static int pci_access(struct exen_domain *d, unsigned int vcpu, uint16_t bdf, unsigned int reg,
		      unsigned int size, uint8_t dir, uint32_t *val)
{
	int rc;

	if (reg > 0xff || (reg & 3) + size > 4)
		return -EINVAL;
	pthread_mutex_lock(&d->pci_lock);
	rc = exen_guest_out(d, vcpu, 0xcf8, 4, 0x80000000u | (uint32_t)bdf << 8 | (reg & 0xfc));
	if (!rc)
		rc = port_access(d, vcpu, (uint16_t)(0xcfc + (reg & 3)), size, dir, val);
	pthread_mutex_unlock(&d->pci_lock);
	return rc;
}

int exen_guest_pci_read(struct exen_domain *d, unsigned int vcpu, uint16_t bdf, unsigned int reg,
			unsigned int size, uint32_t *val)
{
	return pci_access(d, vcpu, bdf, reg, size, IOREQ_READ, val);
}

int exen_guest_pci_write(struct exen_domain *d, unsigned int vcpu, uint16_t bdf, unsigned int reg,
			 unsigned int size, uint32_t val)
{
	return pci_access(d, vcpu, bdf, reg, size, IOREQ_WRITE, &val);
}

/* How many elements Xen puts into one request: not more than are in the page of the memory. */
static uint32_t rep_stretch(const ioreq_t *p, uint32_t count)
{
	uint32_t off = (uint32_t)(p->addr % PAGE_SIZE);
	uint32_t tail = (uint32_t)(PAGE_SIZE - off);
	uint32_t fit;

	if (p->type != IOREQ_TYPE_COPY)
		return count;
	if (tail < p->size)
		return 1;
	fit = (p->df ? off + p->size : tail) / p->size;
	return count < fit ? count : fit;
}

int exen_guest_rep(struct exen_domain *d, unsigned int vcpu, const struct exen_rep *rep)
{
	struct vcpu *v = vcpu_of(d, vcpu);
	uint32_t left = rep->count;
	uint64_t addr = rep->addr, buf = rep->buf, step;
	int rc = 0;

	if (!v || !rep->size || rep->size > 8 || (rep->size & (rep->size - 1)))
		return -EINVAL;
	while (!rc && left) {
		ioreq_t p = {
			.type = rep->pio ? IOREQ_TYPE_PIO : IOREQ_TYPE_COPY,
			.addr = addr,
			.data = buf,
			.size = rep->size,
			.dir = rep->read ? IOREQ_READ : IOREQ_WRITE,
			.df = rep->df,
			.data_is_ptr = 1,
		};

		p.count = rep_stretch(&p, left);
		left -= p.count;
		step = (uint64_t)p.count * p.size;
		if (!rep->pio)
			addr = rep->df ? addr - step : addr + step;
		buf = rep->df ? buf - step : buf + step;
		rc = do_io(d, v, &p);
	}
	return rc;
}

int exen_guest_raw(struct exen_domain *d, unsigned int vcpu, unsigned int id, ioreq_t *req)
{
	struct vcpu *v = vcpu_of(d, vcpu);
	uint64_t deadline = 0;
	struct server *s;
	uint32_t seen;
	int rc;

	if (!v)
		return -EINVAL;
	rc = vcpu_enter(d, v, &deadline);
	if (rc)
		return rc;
	seen = atomic_load(&v->kicks);
	s = server_get(d, id);
	rc = s ? vcpu_send(d, v, s, req) : -ENOENT;
	pthread_rwlock_unlock(&d->lock);
	if (!rc)
		rc = vcpu_complete(d, v, seen, &deadline, req);
	if (!rc)
		pthread_rwlock_unlock(&d->lock);
	return rc;
}

volatile ioreq_t *exen_slot(struct exen_domain *d, unsigned int vcpu, unsigned int id)
{
	ioreq_t *slot = NULL;
	struct server *s;

	pthread_rwlock_rdlock(&d->lock);
	s = server_get(d, id);
	if (s && vcpu < d->nr_vcpus)
		slot = server_slot(s, vcpu);
	pthread_rwlock_unlock(&d->lock);
	return slot;
}

void exen_guest_kick(struct exen_domain *d, unsigned int vcpu)
{
	if (vcpu_of(d, vcpu))
		vcpu_kick(&d->vcpu[vcpu]);
}

/* Runs @change on the p2m as a hypercall of the guest's. */
static int change_p2m(struct exen_domain *d, struct vcpu *v, uint64_t gfn,
		      int (*change)(struct exen_domain *d, uint64_t gfn))
{
	uint64_t deadline = 0;
	int rc;

	if (!v)
		return -EINVAL;
	rc = vcpu_enter(d, v, &deadline);
	if (rc)
		return rc;
	pthread_rwlock_unlock(&d->lock);
	pthread_rwlock_wrlock(&d->lock);
	rc = d->dying ? -ESHUTDOWN : change(d, gfn);
	pthread_rwlock_unlock(&d->lock);
	p2m_changed(d);
	return rc;
}

int exen_guest_balloon_out(struct exen_domain *d, unsigned int vcpu, uint64_t gfn)
{
	struct vcpu *v = vcpu_of(d, vcpu);
	int rc = change_p2m(d, v, gfn, p2m_release);
	uint64_t deadline = 0;

	if (rc)
		return rc;
	/* The hypercall ends with the broadcast, before the guest's next instruction. */
	atomic_store(&v->invalidate, true);
	rc = vcpu_enter(d, v, &deadline);
	if (!rc)
		pthread_rwlock_unlock(&d->lock);
	return rc;
}

int exen_guest_populate(struct exen_domain *d, unsigned int vcpu, uint64_t gfn)
{
	return change_p2m(d, vcpu_of(d, vcpu), gfn, p2m_populate);
}

void *exen_guest_page(struct exen_domain *d, uint64_t gfn)
{
	struct p2m_entry e;

	pthread_rwlock_rdlock(&d->lock);
	e = p2m_get(d, gfn);
	pthread_rwlock_unlock(&d->lock);
	return e.mfn ? frame_va(e.mfn) : NULL;
}
