/* SPDX-License-Identifier: MIT */
#include "tests/unit/ioreq_rig.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* ---- the device ---- */

/* If the process is to die here, its thread ends at once and does not return. */
static void maybe_die(atomic_int *in)
{
	int left = atomic_load(in);

	if (left == 0) {
		atomic_store(in, -1);
		pthread_exit(NULL);
	}
	if (left > 0)
		atomic_store(in, left - 1);
}

static void linger(struct rig *r)
{
	unsigned int ms = atomic_load(&r->slow_ms);

	if (ms)
		unit_sleep(ms);
}

static void note(struct rig *r, bool cfg, bool write, u64 addr, const void *buf, unsigned int bytes)
{
	unsigned int at = atomic_load(&r->nr_log);

	if (at < ARRAY_SIZE(r->log)) {
		r->log[at] = (struct rig_access){ addr, 0, bytes, write, cfg };
		memcpy(&r->log[at].data, buf, bytes);
	}
	atomic_store(&r->nr_log, at + 1);
}

static int access_reg(struct intel_vgpu *vgpu, u64 pa, void *buf, unsigned int bytes, bool write)
{
	struct rig *r = (struct rig *)vgpu;
	u64 offset = pa - RIG_MMIO;

	maybe_die(&r->die_in);
	if (offset > RIG_SIZE - bytes)
		return -ENXIO;
	linger(r);
	if (offset == RIG_GATE && atomic_load(&r->gated)) {
		sem_post(&r->at_gate);
		sem_wait(&r->gate);
	}
	memcpy(write ? (void *)(r->regs + offset) : buf, write ? buf : (void *)(r->regs + offset),
	       bytes);
	note(r, false, write, pa, buf, bytes);
	return 0;
}

static int mmio_read(struct intel_vgpu *vgpu, u64 pa, void *buf, unsigned int bytes)
{
	return access_reg(vgpu, pa, buf, bytes, false);
}

static int mmio_write(struct intel_vgpu *vgpu, u64 pa, const void *buf, unsigned int bytes)
{
	return access_reg(vgpu, pa, (void *)buf, bytes, true);
}

static int cfg_read(struct intel_vgpu *vgpu, unsigned int offset, void *buf, unsigned int bytes)
{
	struct rig *r = (struct rig *)vgpu;

	maybe_die(&r->die_in);
	if (offset > sizeof(r->cfg) - bytes)
		return -EINVAL;
	memcpy(buf, r->cfg + offset, bytes);
	note(r, true, false, offset, buf, bytes);
	return 0;
}

static int cfg_write(struct intel_vgpu *vgpu, unsigned int offset, const void *buf,
		     unsigned int bytes)
{
	struct rig *r = (struct rig *)vgpu;

	maybe_die(&r->die_in);
	if (offset > sizeof(r->cfg) - bytes)
		return -EINVAL;
	linger(r);
	memcpy(r->cfg + offset, buf, bytes);
	note(r, true, true, offset, buf, bytes);
	return 0;
}

static const struct intel_gvt_ops device_ops = {
	.emulate_cfg_read = cfg_read,
	.emulate_cfg_write = cfg_write,
	.emulate_mmio_read = mmio_read,
	.emulate_mmio_write = mmio_write,
};

/* ---- hooks of the server ---- */

static int copy_gpa(struct rig *r, u64 gpa, void *buf, size_t len, bool write)
{
	maybe_die(&r->die_in_copy);
	for (size_t done = 0, n; done < len; done += n) {
		u64 at = (gpa + done) % GVT_PAGE_SIZE;
		u8 *page = exen_guest_page(r->d, (gpa + done) >> GVT_PAGE_SHIFT);

		if (!page)
			return -EFAULT;
		n = len - done < GVT_PAGE_SIZE - at ? len - done : GVT_PAGE_SIZE - at;
		memcpy(write ? page + at : (u8 *)buf + done, write ? (u8 *)buf + done : page + at,
		       n);
	}
	return 0;
}

static int read_gpa(void *priv, u64 gpa, void *buf, size_t len)
{
	return copy_gpa(priv, gpa, buf, len, false);
}

static int write_gpa(void *priv, u64 gpa, const void *buf, size_t len)
{
	return copy_gpa(priv, gpa, (void *)buf, len, true);
}

static bool invalidate(void *priv)
{
	struct rig *r = priv;

	atomic_fetch_add(&r->invalidates, 1);
	return atomic_load(&r->later);
}

static void settle(void *priv)
{
	struct rig *r = priv;

	atomic_store(&r->settled_at, atomic_load(&r->invalidates));
	atomic_fetch_add(&r->settles, 1);
	sem_post(&r->settled);
}

static bool woken(void *priv)
{
	struct rig *r = priv;

	atomic_fetch_add(&r->wakes, 1);
	sem_post(&r->woken);
	return !atomic_load(&r->stop);
}

static void trace(void *priv, const struct ioreq_event *event)
{
	struct rig *r = priv;

	r->last = *event;
	atomic_fetch_add(&r->traced, 1);
}

/* ---- life ---- */

struct rig *rig_new(unsigned int vcpus, unsigned int flags)
{
	struct rig *r = calloc(1, sizeof(*r));

	ck_assert_ptr_nonnull(r);
	ck_assert_int_eq(exen_init(), 0);
	r->d = exen_domain_create(RIG_DOMID, vcpus, RIG_PAGES, flags);
	ck_assert_ptr_nonnull(r->d);
	r->poll_max = 16;
	r->die_in = -1;
	r->die_in_copy = -1;
	sem_init(&r->woken, 0, 0);
	sem_init(&r->settled, 0, 0);
	sem_init(&r->at_gate, 0, 0);
	sem_init(&r->gate, 0, 0);
	return r;
}

static void close_handles(struct rig *r)
{
	xenevtchn_close(r->evtchn);
	xenforeignmemory_close(r->fmem);
	xendevicemodel_close(r->dmod);
	r->evtchn = NULL;
	r->fmem = NULL;
	r->dmod = NULL;
}

int rig_open(struct rig *r)
{
	struct ioreq_config config = {
		.domid = RIG_DOMID,
		.state = &r->state,
		.ops = &device_ops,
		.priv = r,
		.read_gpa = read_gpa,
		.write_gpa = write_gpa,
		.invalidate = invalidate,
		.settle = settle,
		.woken = woken,
		.trace = trace,
		.poll_max = r->poll_max,
	};
	bool taken_up = r->state.created;
	int err;

	r->dmod = config.dmod = xendevicemodel_open(NULL, 0);
	r->fmem = config.fmem = xenforeignmemory_open(NULL, 0);
	r->evtchn = config.evtchn = xenevtchn_open(NULL, 0);
	err = r->dmod && r->fmem && r->evtchn ? 0 : -errno;
	if (!err)
		err = ioreq_server_open(&config, &r->server);
	if (err) {
		close_handles(r);
		return err;
	}
	ioreq_server_serve_for(r->server, (struct intel_vgpu *)r);
	err = ioreq_server_claim_pci(r->server, RIG_DEVFN);
	if (!err)
		err = ioreq_server_map_range(r->server, RIG_MMIO, RIG_MMIO + RIG_SIZE, true);
	if (!err || (taken_up && err == -EEXIST))
		return 0;
	rig_close(r, !taken_up);
	return err;
}

static void *serve(void *arg)
{
	struct rig *r = arg;

	r->ret = ioreq_server_run(r->server);
	return NULL;
}

void rig_run(struct rig *r)
{
	atomic_store(&r->stop, false);
	ck_assert_int_eq(pthread_create(&r->thread, NULL, serve, r), 0);
	r->running = true;
}

struct rig *rig_start(unsigned int vcpus)
{
	struct rig *r = rig_new(vcpus, 0);

	ck_assert_int_eq(rig_open(r), 0);
	rig_run(r);
	return r;
}

void rig_stop(struct rig *r)
{
	if (!r->running)
		return;
	atomic_store(&r->stop, true);
	ck_assert_int_eq(ioreq_server_wake(r->server), 0);
	pthread_join(r->thread, NULL);
	r->running = false;
	ck_assert_int_eq(r->ret, 0);
}

void rig_close(struct rig *r, bool destroy)
{
	struct exen_stats st;

	ioreq_server_close(r->server, destroy);
	r->server = NULL;
	/* The handles stay open. So the server itself must have given back what it had of them. */
	exen_stats(&st);
	ck_assert_uint_eq(st.bound_ports, 0);
	ck_assert_uint_eq(st.mapped_pages, 0);
	close_handles(r);
}

void rig_kill(struct rig *r)
{
	bool on_its_way = atomic_load(&r->die_in) >= 0 || atomic_load(&r->die_in_copy) >= 0;

	if (!on_its_way)
		exen_drop_handles();
	pthread_join(r->thread, NULL);
	exen_drop_process();
	r->running = false;
	rig_close(r, false);
}

void rig_free(struct rig *r)
{
	struct exen_domain_stats st;

	rig_stop(r);
	if (r->server)
		rig_close(r, true);
	exen_domain_stats(r->d, &st);
	ck_assert_uint_eq(st.servers, 0);
	ck_assert_uint_eq(st.unhandled, 0);
	ck_assert_ptr_null(exen_domain_crashed(r->d));
	ck_assert_uint_eq(exen_fini(), 0);
	sem_destroy(&r->woken);
	sem_destroy(&r->at_gate);
	sem_destroy(&r->gate);
	free(r);
}

/* ---- the guest ---- */

void rig_gate_wait(struct rig *r)
{
	while (sem_wait(&r->at_gate) && errno == EINTR)
		;
}

void rig_gate_open(struct rig *r)
{
	sem_post(&r->gate);
}

u64 rig_read(struct rig *r, unsigned int vcpu, u64 gpa, unsigned int size)
{
	u64 val = 0;

	UNIT_CHECK(!exen_guest_read(r->d, vcpu, gpa, size, &val), "read at 0x%llx",
		   (unsigned long long)gpa);
	return val;
}

void rig_write(struct rig *r, unsigned int vcpu, u64 gpa, unsigned int size, u64 val)
{
	UNIT_CHECK(!exen_guest_write(r->d, vcpu, gpa, size, val), "write at 0x%llx",
		   (unsigned long long)gpa);
}

void rig_rep(struct rig *r, const struct exen_rep *rep)
{
	UNIT_CHECK(!exen_guest_rep(r->d, 0, rep), "rep at 0x%llx", (unsigned long long)rep->addr);
}

u64 rig_raw(struct rig *r, unsigned int vcpu, const ioreq_t *req)
{
	ioreq_t slot = *req;
	int rc = exen_guest_raw(r->d, vcpu, r->state.id, &slot);

	UNIT_CHECK(!rc, "type %u size %u count %u addr 0x%llx: %d", req->type, req->size,
		   req->count, (unsigned long long)req->addr, rc);
	return slot.data;
}

u8 *rig_ram(struct rig *r, u64 gpa)
{
	u8 *page = exen_guest_page(r->d, gpa >> GVT_PAGE_SHIFT);

	ck_assert_ptr_nonnull(page);
	return page + gpa % GVT_PAGE_SIZE;
}

static void *post(void *arg)
{
	struct rig_call *call = arg;

	call->rc = exen_guest_raw(call->r->d, call->vcpu, call->r->state.id, &call->req);
	return NULL;
}

void rig_call(struct rig_call *call, struct rig *r, unsigned int vcpu, const ioreq_t *req)
{
	*call = (struct rig_call){ .r = r, .vcpu = vcpu, .req = *req };
	ck_assert_int_eq(pthread_create(&call->thread, NULL, post, call), 0);
}

int rig_call_wait(struct rig_call *call)
{
	pthread_join(call->thread, NULL);
	return call->rc;
}
