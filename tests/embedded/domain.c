// SPDX-License-Identifier: MIT
/* The instance and its domains. */
#define _GNU_SOURCE 1
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

#include <xen/sched.h>

static struct {
	pthread_mutex_t lock;
	atomic_bool up;
	unsigned int nr;
	struct exen_domain *dom[MAX_DOMS]; /* in order of creation, the dead included */
} xen = { .lock = PTHREAD_MUTEX_INITIALIZER };

bool instance_up(void)
{
	return atomic_load(&xen.up);
}

int exen_init(void)
{
	int rc;

	if (instance_up())
		return -EBUSY;
	rc = frames_init();
	if (rc)
		return rc;
	store_init();
	grants_init();
	hypfs_init();
	log_init();
	exen_fail_left(true);
	exen_set_timeout(10000, true);
	exen_set_spin(0);
	xen.nr = 0;
	atomic_store(&xen.up, true);
	return 0;
}

static void domain_free(struct exen_domain *d)
{
	pthread_rwlock_destroy(&d->lock);
	pthread_mutex_destroy(&d->pci_lock);
	pthread_mutex_destroy(&d->irq_lock);
	pthread_cond_destroy(&d->irq_cond);
	grant_table_free(d);
	free(d->iomem);
	free(d);
}

unsigned int exen_fini(void)
{
	unsigned int held;

	if (!instance_up())
		return 0;
	held = handle_count() + mapping_count() + evtchn_bound() + grants_used();
	for (unsigned int i = 0; i < xen.nr; i++)
		exen_domain_destroy(xen.dom[i]);
	mapping_reset();
	evtchn_reset();
	handle_reset();
	for (unsigned int i = 0; i < xen.nr; i++)
		domain_free(xen.dom[i]);
	xen.nr = 0;
	store_fini();
	grants_fini();
	frames_fini();
	exen_fail_left(true);
	atomic_store(&xen.up, false);
	return held;
}

void exen_stats(struct exen_stats *st)
{
	*st = (struct exen_stats){
		.handles = handle_count(),
		.mapped_pages = mapping_count(),
		.bound_ports = evtchn_bound(),
		.used_frames = frames_used(),
		.grant_maps = grants_used(),
		.watches = store_watches(),
		.complaints = log_complaints(),
	};
}

void exen_drop_handles(void)
{
	handle_kill_all();
}

void exen_drop_process(void)
{
	exen_drop_handles();
	mapping_drop_all();
	grants_process_died();
}

bool domain_gone(struct exen_domain *d)
{
	bool dead;

	pthread_rwlock_rdlock(&d->lock);
	dead = d->dead;
	pthread_rwlock_unlock(&d->lock);
	return dead && !atomic_load(&d->mapped) && !atomic_load(&d->pinned);
}

/* The domain with the lowest id of at least @domid; the caller holds xen.lock. */
static struct exen_domain *lowest(uint32_t domid)
{
	struct exen_domain *best = NULL;

	for (unsigned int i = 0; i < xen.nr; i++) {
		struct exen_domain *d = xen.dom[i];

		if (d->domid >= domid && (!best || d->domid < best->domid) && !domain_gone(d))
			best = d;
	}
	return best;
}

struct exen_domain *domain_next(uint32_t domid)
{
	struct exen_domain *d;

	pthread_mutex_lock(&xen.lock);
	d = lowest(domid);
	pthread_mutex_unlock(&xen.lock);
	return d;
}

struct exen_domain *domain_find(uint32_t domid)
{
	struct exen_domain *d = domain_next(domid);

	if (d && d->domid == domid)
		return d;
	errno = ESRCH;
	return NULL;
}

static int add(struct exen_domain *d)
{
	int rc = 0;

	pthread_mutex_lock(&xen.lock);
	if (!instance_up() || xen.nr == sizeof(xen.dom) / sizeof(xen.dom[0]))
		rc = -ENOMEM;
	else if (lowest(d->domid) && lowest(d->domid)->domid == d->domid)
		rc = -EEXIST;
	else
		xen.dom[xen.nr++] = d;
	pthread_mutex_unlock(&xen.lock);
	return rc;
}

static struct exen_domain *domain_alloc(domid_t domid, unsigned int vcpus, uint64_t ram_pages,
					unsigned int flags)
{
	struct exen_domain *d = calloc(1, sizeof(*d));
	pthread_condattr_t mono;
	pthread_rwlockattr_t fair;

	if (!d)
		return NULL;
	pthread_condattr_init(&mono);
	pthread_condattr_setclock(&mono, CLOCK_MONOTONIC);
	pthread_cond_init(&d->irq_cond, &mono);
	pthread_condattr_destroy(&mono);
	/* So that a guest which never stops reading does not starve the device model's calls. */
	pthread_rwlockattr_init(&fair);
	pthread_rwlockattr_setkind_np(&fair, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
	pthread_rwlock_init(&d->lock, &fair);
	pthread_rwlockattr_destroy(&fair);
	pthread_mutex_init(&d->pci_lock, NULL);
	pthread_mutex_init(&d->irq_lock, NULL);
	d->domid = domid;
	d->nr_vcpus = vcpus;
	d->hap = !(flags & EXEN_SHADOW);
	d->grant.max = hypfs_grant_frames();
	d->grant.version = 1;
	d->max_pages = ram_pages + 256; /* the 1 MiB that libxl leaves */
	d->first_max_pages = d->max_pages;
	atomic_store(&d->pauses, flags & EXEN_PAUSED ? 1 : 0);
	snprintf((char *)d->handle, sizeof(d->handle), "exen-%u", domid);
	for (unsigned int i = 0; i < vcpus; i++)
		d->vcpu[i].id = i;
	return d;
}

static void enter_store(struct exen_domain *d)
{
	char path[64];

	snprintf(path, sizeof(path), "/local/domain/%u", d->domid);
	store_put(path, "");
	snprintf(path, sizeof(path), "/local/domain/%u/domid", d->domid);
	store_put(path, "");
	store_introduce(d->domid, true);
	store_special("@introduceDomain");
}

static void leave_store(struct exen_domain *d)
{
	char path[64];

	store_introduce(d->domid, false);
	store_special("@releaseDomain");
	snprintf(path, sizeof(path), "/local/domain/%u", d->domid);
	store_remove(path);
}

struct exen_domain *exen_domain_create(domid_t domid, unsigned int vcpus, uint64_t ram_pages,
				       unsigned int flags)
{
	struct exen_domain *d = NULL;
	int rc = 0;

	if (!domid || domid >= DOMID_FIRST_RESERVED || !vcpus || vcpus > MAX_VCPUS ||
	    flags & ~(EXEN_SHADOW | EXEN_PAUSED))
		rc = -EINVAL;
	else if (!(d = domain_alloc(domid, vcpus, ram_pages, flags)))
		rc = -ENOMEM;
	for (uint64_t gfn = 0; !rc && gfn < ram_pages; gfn++)
		rc = p2m_populate(d, gfn);
	if (!rc)
		rc = add(d);
	if (rc) {
		if (d) {
			p2m_free(d);
			domain_free(d);
		}
		errno = -rc;
		return NULL;
	}
	enter_store(d);
	return d;
}

void exen_domain_destroy(struct exen_domain *d)
{
	bool first;

	pthread_rwlock_wrlock(&d->lock);
	first = !d->dead;
	d->dying = d->dead = true;
	for (unsigned int i = 0; i < MAX_SERVERS; i++) {
		if (d->server[i])
			server_destroy(d, d->server[i]);
	}
	p2m_free(d);
	pthread_rwlock_unlock(&d->lock);
	domain_kick(d);
	if (first)
		leave_store(d);
}

void exen_domain_take_apart(struct exen_domain *d)
{
	exen_domain_pause(d);
	pthread_rwlock_wrlock(&d->lock);
	d->dying = true;
	p2m_free(d);
	pthread_rwlock_unlock(&d->lock);
}

void domain_stop(struct exen_domain *d, unsigned int reason)
{
	/* Takes no lock of the domain's: a vCPU that finds a spoilt slot holds it already. */
	atomic_store(&d->shutdown_reason, reason);
	if (atomic_exchange(&d->shutdown, true))
		return;
	domain_kick(d);
	store_special("@releaseDomain");
}

void exen_domain_shutdown(struct exen_domain *d, unsigned int reason)
{
	domain_stop(d, reason);
}

void exen_domain_resume(struct exen_domain *d)
{
	atomic_store(&d->shutdown, false);
	domain_kick(d);
}

int exen_domain_soft_reset(struct exen_domain *d)
{
	static const char *const kept[] = { "name", "memory/target" };
	char path[2][64], *value[2];

	if (!atomic_load(&d->shutdown))
		return -EINVAL;
	exen_domain_pause(d);
	for (unsigned int i = 0; i < 2; i++) {
		snprintf(path[i], sizeof(path[i]), "/local/domain/%u/%s", d->domid, kept[i]);
		value[i] = store_get(path[i]);
	}
	leave_store(d);
	atomic_store(&d->shared_info, false);
	atomic_store(&d->shutdown, false);
	pthread_rwlock_wrlock(&d->lock);
	d->max_pages = d->first_max_pages;
	pthread_rwlock_unlock(&d->lock);
	enter_store(d);
	for (unsigned int i = 0; i < 2; i++) {
		if (value[i])
			store_put(path[i], value[i]);
		free(value[i]);
	}
	return 0;
}

void domain_crash(struct exen_domain *d, const char *reason)
{
	const char *none = NULL;

	if (atomic_compare_exchange_strong(&d->crashed, &none, reason))
		domain_stop(d, SHUTDOWN_crash);
}

const char *exen_domain_crashed(struct exen_domain *d)
{
	return atomic_load(&d->crashed);
}

void exen_domain_pause(struct exen_domain *d)
{
	atomic_fetch_add(&d->pauses, 1);
	/* As domain_pause() in Xen, this returns when no vCPU is in the midst of anything. */
	pthread_rwlock_wrlock(&d->lock);
	pthread_rwlock_unlock(&d->lock);
}

void exen_domain_unpause(struct exen_domain *d)
{
	unsigned int was = atomic_load(&d->pauses);

	while (was && !atomic_compare_exchange_weak(&d->pauses, &was, was - 1))
		;
	if (was == 1)
		domain_kick(d);
}

int exen_domain_logdirty(struct exen_domain *d, bool on)
{
	int rc = 0;

	pthread_rwlock_wrlock(&d->lock);
	if (on && d->tracked)
		rc = -EBUSY;
	else
		d->logdirty = on;
	pthread_rwlock_unlock(&d->lock);
	return rc;
}

void exen_domain_stats(struct exen_domain *d, struct exen_domain_stats *st)
{
	memset(st, 0, sizeof(*st));
	pthread_rwlock_rdlock(&d->lock);
	for (unsigned int i = 0; i < MAX_SERVERS; i++) {
		const struct server *s = d->server[i];

		st->servers += s != NULL;
		for (unsigned int t = 0; s && t <= XEN_DMOP_IO_RANGE_PCI; t++)
			st->ranges += s->ranges[t].nr;
	}
	st->tracked_pages = d->tracked;
	st->aliases = d->aliases;
	st->grant_frames = d->grant.nr;
	st->iomem_pages = d->iomem_pages;
	st->tot_pages = d->tot_pages;
	st->max_pages = d->max_pages;
	pthread_rwlock_unlock(&d->lock);
	st->mapped_pages = atomic_load(&d->mapped);
	st->pinned_pages = atomic_load(&d->pinned);
	st->requests = atomic_load(&d->requests);
	st->invalidates = atomic_load(&d->invalidates);
	st->unclaimed = atomic_load(&d->unclaimed);
	st->unhandled = atomic_load(&d->unhandled);
	st->modified_pages = atomic_load(&d->modified);
	st->domain_calls = atomic_load(&d->calls);
	pthread_mutex_lock(&d->irq_lock);
	st->msis = d->msis;
	pthread_mutex_unlock(&d->irq_lock);
}

int exen_mem_type(struct exen_domain *d, uint64_t gfn)
{
	static const int types[] = {
		[P2M_HOLE] = -ENOENT,
		[P2M_RAM_RW] = HVMMEM_ram_rw,
		[P2M_RAM_RO] = HVMMEM_ram_ro,
		[P2M_MMIO_DM] = HVMMEM_mmio_dm,
		[P2M_IOREQ] = HVMMEM_ioreq_server,
		[P2M_MMIO_DIRECT] = -EPERM,
	};
	struct p2m_entry e;

	pthread_rwlock_rdlock(&d->lock);
	e = p2m_get(d, gfn);
	pthread_rwlock_unlock(&d->lock);
	return types[e.type];
}
