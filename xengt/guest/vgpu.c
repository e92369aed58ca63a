/* SPDX-License-Identifier: MIT */
/* One domain's vGPU in the daemon: attached step by step, served by a thread, let go in reverse. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "core/base/number.h"
#include "xengt/guest/trace.h"
#include "xengt/guest/vgpu.h"
#include "xengt/settings/log.h"
#include "xengt/xen/backing.h"
#include "xengt/xen/opregion.h"
#include "xengt/xen/track.h"
#include "xengt/xen/xengt.h"

#define DEFAULT_SLOT 0x10u

/* ---- hooks of the ioreq server, in the vGPU's thread ---- */

static int hook_read_gpa(void *priv, u64 gpa, void *buf, size_t len)
{
	struct xengt_vgpu *v = priv;

	return xengt_mem_copy(&v->mem, gpa, buf, len, false);
}

static int hook_write_gpa(void *priv, u64 gpa, const void *buf, size_t len)
{
	struct xengt_vgpu *v = priv;

	return xengt_mem_copy(&v->mem, gpa, (void *)buf, len, true);
}

/* Looks at all that the GPU reaches, page by page. */
static void hook_settle(void *priv)
{
	struct xengt_vgpu *v = priv;

	xengt_view_retire(v);
	intel_vgpu_invalidate(v->vgpu);
	xengt_view_reap(v);
}

/*
 * When this returns, the aperture shows no page that the guest gave up, and a GPU at work reaches
 * none. While the GPU is idle it reaches nothing anyway: looking again at what it would reach waits
 * until the ballooning pauses, since guests give up a few hundred pages at a time.
 */
static bool hook_invalidate(void *priv)
{
	struct xengt_vgpu *v = priv;

	xengt_mem_drop(&v->mem);
	xengt_dma_revalidate(v);
	if (v->host->gpu && !intel_vgpu_at_work(v->vgpu))
		return true;
	hook_settle(v);
	return false;
}

static bool hook_woken(void *priv)
{
	struct xengt_vgpu *v = priv;
	struct xengt_call *call = __atomic_exchange_n(&v->call, NULL, __ATOMIC_ACQ_REL);
	bool stop;

	intel_vgpu_service(v->vgpu);
	if (!call)
		return true;
	if (call->fn)
		call->fn(v, call->arg);
	stop = call->stop;
	sem_post(&call->done);
	return !stop;
}

/* Gives the physical processor away for a moment: the guest may be waiting for it. */
static void hook_relax(void *priv)
{
	struct xengt_vgpu *v = priv;

	xencall2(v->xcall, __HYPERVISOR_sched_op, SCHEDOP_yield, 0);
}

static void hook_begin(void *priv, unsigned int vcpu, u64 gpa)
{
	xengt_track_begin(priv, vcpu, gpa);
}

static void hook_trace(void *priv, const struct ioreq_event *event)
{
	struct xengt_vgpu *v = priv;

	xengt_trace_push(&v->trace, event);
}

/* ---- attaching, step by step ---- */

static char *read_of(struct xengt_vgpu *v, const char *where)
{
	char path[64];

	snprintf(path, sizeof(path), where, v->domid);
	return xs_read(v->host->xs, XBT_NULL, path, NULL);
}

static int check_domain(struct xengt_vgpu *v, char *why, size_t len)
{
	struct xengt_dominfo info;
	char *name;
	int err;

	if (!v->domid || v->domid >= DOMID_FIRST_RESERVED) {
		snprintf(why, len, "domain %u is no guest", v->domid);
		return -EINVAL;
	}
	err = xengt_dominfo(v->host, v->domid, &info);
	if (err && err != -ESRCH) {
		snprintf(why, len, "cannot look domain %u up: %s", v->domid, strerror(-err));
		return err;
	}
	if (err || info.dying) {
		snprintf(why, len, "there is no domain %u", v->domid);
		return -ESRCH;
	}
	if (!info.hvm || !info.hap) {
		snprintf(why, len,
			 info.hvm ? "domain %u has shadow paging: set hap=1"
				  : "domain %u is no HVM guest: set type=\"hvm\"",
			 v->domid);
		return -EOPNOTSUPP;
	}
	if (v->taking_up && memcmp(v->state->uuid, info.uuid, sizeof(info.uuid))) {
		snprintf(why, len, "domain %u is another one by now", v->domid);
		return -ESTALE;
	}
	memcpy(v->state->uuid, info.uuid, sizeof(info.uuid));
	v->max_kib = info.max_kib;

	name = read_of(v, XENGT_NAME_PATH);
	snprintf(v->name, sizeof(v->name), "%s", name ? name : "?");
	free(name);
	return 0;
}

/*
 * What came of restricting the handle of @what to the domain; errno says why it @failed. A kernel
 * too old for it leaves the handle as it is, which is logged.
 */
static int restricted(const struct xengt_vgpu *v, const char *what, bool failed, char *why,
		      size_t len)
{
	int err = failed ? errno : 0;

	if (err == ENOTTY || err == EOPNOTSUPP) {
		xengt_vgpu_log(v, XENGT_OTHER, XENGT_WARN,
			       "the kernel cannot restrict %s to the domain: %s", what,
			       strerror(err));
		return 0;
	}
	if (err)
		snprintf(why, len, "cannot restrict %s to the domain: %s", what, strerror(err));
	return -err;
}

static int open_handles(struct xengt_vgpu *v, char *why, size_t len)
{
	int err;

	v->dmod = xendevicemodel_open(NULL, 0);
	v->fmem = xenforeignmemory_open(NULL, 0);
	v->evtchn = xenevtchn_open(NULL, 0);
	v->xcall = xencall_open(NULL, 0);
	v->trace.fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (!v->dmod || !v->fmem || !v->evtchn || !v->xcall || v->trace.fd < 0) {
		snprintf(why, len, "cannot open Xen's interfaces: %s", strerror(errno));
		return -errno;
	}
	err = restricted(v, "device model calls", xendevicemodel_restrict(v->dmod, v->domid), why,
			 len);
	if (!err)
		err = restricted(v, "memory mappings", xenforeignmemory_restrict(v->fmem, v->domid),
				 why, len);
	xengt_mem_init(&v->mem, v->fmem, v->domid, v->max_kib);
	v->view.pages = v->mem.pages;
	return err;
}

static int open_server(struct xengt_vgpu *v, char *why, size_t len)
{
	const struct ioreq_config config = {
		.domid = v->domid,
		.dmod = v->dmod,
		.fmem = v->fmem,
		.evtchn = v->evtchn,
		.state = &v->state->ioreq,
		.ops = &intel_gvt_ops,
		.priv = v,
		.read_gpa = hook_read_gpa,
		.write_gpa = hook_write_gpa,
		.invalidate = hook_invalidate,
		.settle = hook_settle,
		.woken = hook_woken,
		.relax = hook_relax,
		.begin = hook_begin,
		.trace = hook_trace,
		.poll_max = v->host->poll_max,
	};
	int err = ioreq_server_open(&config, &v->server);

	if (err)
		snprintf(why, len,
			 err == -ENOSPC	 ? "the domain has all eight ioreq servers: %s"
			 : err == -E2BIG ? "the domain has more than 128 vCPUs: %s"
					 : "cannot open an ioreq server: %s",
			 strerror(-err));
	/* After the waker's channel, which is dom0's, was bound. */
	if (!err)
		err = restricted(v, "event channels", xenevtchn_restrict(v->evtchn, v->domid), why,
				 len);
	return err;
}

static int create_vgpu(struct xengt_vgpu *v, char *why, size_t len)
{
	const struct intel_vgpu_params params = {
		.id = v->state->options.id ? v->state->options.id : v->domid,
		.aperture_mib = v->state->options.aperture_mib,
		.fences = v->state->options.fences,
		.weight = v->state->options.weight,
		.cap = v->state->options.cap,
		.audit_user = v->state->options.audit_user,
	};
	struct intel_vgpu *vgpu;
	int err =
		intel_gvt_create_vgpu(v->host->gvt, &params, xengt_state_core(v->state), v, &vgpu);

	if (err) {
		snprintf(why, len, "cannot create the vGPU: %s", strerror(-err));
		return err;
	}
	ioreq_server_serve_for(v->server, vgpu);
	return 0;
}

static int claim_function(struct xengt_vgpu *v, char *why, size_t len)
{
	int err = ioreq_server_claim_pci(v->server, v->state->options.slot << 3);

	if (!err)
		err = intel_gvt_activate_vgpu(v->vgpu);
	if (err)
		snprintf(why, len, "cannot take PCI slot %u: %s", v->state->options.slot,
			 strerror(-err));
	return err;
}

static void *serve(void *arg)
{
	struct xengt_vgpu *v = arg;
	int err = ioreq_server_run(v->server);

	if (err) {
		xengt_vgpu_log(v, XENGT_OTHER, XENGT_ERR, "serving ended: %s", strerror(-err));
		__atomic_store_n(&v->failed, true, __ATOMIC_RELEASE);
	}
	return NULL;
}

static int start_thread(struct xengt_vgpu *v, char *why, size_t len)
{
	char name[16];
	int err = pthread_create(&v->thread, NULL, serve, v);

	if (err) {
		snprintf(why, len, "cannot start a thread: %s", strerror(err));
		return -err;
	}
	v->running = true;
	snprintf(name, sizeof(name), "vgpu-%u", v->domid);
	pthread_setname_np(v->thread, name);
	return 0;
}

/* What an administrator finds under the domain in xenstore. It goes with the domain. */
static void publish(struct xengt_vgpu *v)
{
	const struct {
		const char *key;
		u32 value;
	} keys[] = {
		{ "id", v->state->options.id },
		{ "slot", v->state->options.slot },
		{ "aperture-mb", v->state->options.aperture_mib },
		{ "fences", v->state->options.fences },
		{ "ioreq-server", ioreq_server_id(v->server) },
	};
	char path[96], value[16];

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		snprintf(path, sizeof(path), "/local/domain/%u/xengt/%s", v->domid, keys[i].key);
		snprintf(value, sizeof(value), "%u", keys[i].value);
		xs_write(v->host->xs, XBT_NULL, path, value, strlen(value));
	}
}

static void unpublish(struct xengt_vgpu *v)
{
	char path[64];

	snprintf(path, sizeof(path), "/local/domain/%u/xengt", v->domid);
	xs_rm(v->host->xs, XBT_NULL, path);
}

static void release(struct xengt_vgpu *v)
{
	/* A pin that is left keeps the domain's memory, though the domain be gone. */
	if (!v->keep && xengt_grants_recover(v)) {
		xengt_vgpu_log(v, XENGT_OTHER, XENGT_ERR,
			       "pages stay pinned; left to the next daemon");
		v->keep = true;
	}
	xengt_grants_close(v);
	if (v->xcall)
		xencall_close(v->xcall);
	if (v->evtchn)
		xenevtchn_close(v->evtchn);
	if (v->fmem)
		xenforeignmemory_close(v->fmem);
	if (v->dmod)
		xendevicemodel_close(v->dmod);
	if (v->trace.fd >= 0)
		close(v->trace.fd);
	xengt_state_close(v->host, v->state, !v->keep);
	xengt_view_exit(&v->view);
	free(v);
}

int xengt_vgpu_attach(struct xengt_host *host, domid_t domid, const struct xengt_options *options,
		      bool take_up, struct xengt_vgpu **out, char *why, size_t why_len)
{
	static int (*const steps[])(struct xengt_vgpu *, char *, size_t) = {
		check_domain, open_handles, open_server, create_vgpu, claim_function, start_thread,
	};
	struct xengt_vgpu *v = calloc(1, sizeof(*v));
	int err = 0;

	if (!v) {
		snprintf(why, why_len, "out of memory");
		return -ENOMEM;
	}
	v->host = host;
	v->domid = domid;
	v->refs = 1;
	v->trace.fd = -1;
	v->taking_up = take_up;
	xengt_view_init(&v->view);
	v->state = take_up ? xengt_state_open(host, domid, why, why_len)
			   : xengt_state_create(host, domid, why, why_len);
	if (!v->state) {
		err = -errno;
		xengt_view_exit(&v->view);
		free(v);
		return err;
	}
	if (!take_up) {
		v->state->options = *options;
		if (!v->state->options.slot)
			v->state->options.slot = DEFAULT_SLOT;
	}
	for (size_t i = 0; !err && i < ARRAY_SIZE(steps); i++)
		err = steps[i](v, why, why_len);
	if (err) {
		/* A guest that still waits for its vGPU may have it from a later try. */
		xengt_vgpu_detach(v, take_up && err != -ESRCH && err != -ESTALE);
		return err;
	}
	xengt_state_ready(v->state);
	v->taking_up = false;
	publish(v);
	*out = v;
	return 0;
}

static void stop_thread(struct xengt_vgpu *v)
{
	struct xengt_call stop = { .stop = true };

	if (!v->running)
		return;
	sem_init(&stop.done, 0, 0);
	__atomic_store_n(&v->call, &stop, __ATOMIC_RELEASE);
	ioreq_server_wake(v->server);
	pthread_join(v->thread, NULL);
	sem_destroy(&stop.done);
	v->running = false;
}

static bool alive(struct xengt_vgpu *v)
{
	struct xengt_dominfo info;

	return !xengt_dominfo(v->host, v->domid, &info) && !info.dying;
}

/* It stands still for good, for somebody to look at what is in its memory. */
static bool preserved(struct xengt_vgpu *v)
{
	struct xengt_dominfo info;

	return !xengt_dominfo(v->host, v->domid, &info) && !info.dying && info.over;
}

void xengt_vgpu_detach(struct xengt_vgpu *v, bool keep)
{
	bool clean;

	stop_thread(v);
	v->keep = keep;
	v->leave = !keep && preserved(v);
	if (v->vgpu) {
		if (!keep)
			intel_gvt_deactivate_vgpu(v->vgpu);
		if (!keep && !v->leave)
			intel_gvt_reset_vgpu(v->vgpu);
		intel_gvt_destroy_vgpu(v->vgpu);
	}
	if (v->server) {
		if (!keep)
			unpublish(v);
		/* With a tracked page left, its writers would be retried for ever. */
		clean = !keep && !xengt_track_release(v);
		ioreq_server_close(v->server, clean);
		if (!clean && !keep && alive(v)) {
			xengt_vgpu_log(v, XENGT_OTHER, XENGT_ERR,
				       "pages stay tracked; left to the next daemon");
			v->keep = true;
		}
	}
	release(v);
}

static void withdraw(struct xengt_vgpu *v, void *arg)
{
	(void)arg;
	xengt_backing_withdraw(v);
}

int xengt_vgpu_suspended(struct xengt_vgpu *v)
{
	return xengt_vgpu_call(v, withdraw, NULL);
}

/*
 * While BARs are out of sight, what stands behind them is made whole again: pages that the guest
 * gave up, or that were withdrawn as it was suspended.
 */
static void restart(struct xengt_vgpu *v, void *err)
{
	intel_gvt_restart_vgpu(v->vgpu);
	/* No vCPU is amid a write any more, and the domain may have other frames by now. */
	xengt_track_settle(v);
	if (hook_invalidate(v))
		hook_settle(v);
	*(int *)err = xengt_backing_renew(v);
	xengt_opregion_renew(v);
	intel_gvt_activate_vgpu(v->vgpu);
}

int xengt_vgpu_restart(struct xengt_vgpu *v)
{
	int err, failed = 0;

	/* xl has set the limit anew. */
	err = xengt_vgpu_follow_memory(v);
	if (!err)
		err = xengt_vgpu_call(v, restart, &failed);
	if (err || failed)
		return err ? err : failed;
	v->state->booted = false;
	publish(v);
	return 0;
}

/* In the vGPU's thread, which logs it. */
static void set_name(struct xengt_vgpu *v, void *name)
{
	snprintf(v->name, sizeof(v->name), "%s", (const char *)name);
}

int xengt_vgpu_follow_name(struct xengt_vgpu *v)
{
	char *name = read_of(v, XENGT_NAME_PATH);
	int err = 0;

	if (name && strcmp(name, v->name))
		err = xengt_vgpu_call(v, set_name, name);
	free(name);
	return err;
}

static void set_memory(struct xengt_vgpu *v, void *target_kib)
{
	xengt_backing_follow(v, *(u64 *)target_kib);
}

int xengt_vgpu_follow_memory(struct xengt_vgpu *v)
{
	char *text = read_of(v, XENGT_MEMORY_PATH);
	u64 target_kib = 0;

	if (text)
		xengt_number(text, XENGT_DECIMAL, 0, ~0ull, &target_kib);
	free(text);
	return target_kib ? xengt_vgpu_call(v, set_memory, &target_kib) : 0;
}

int xengt_vgpu_call(struct xengt_vgpu *v, void (*fn)(struct xengt_vgpu *v, void *arg), void *arg)
{
	struct xengt_call call = { .fn = fn, .arg = arg };
	int err;

	if (__atomic_load_n(&v->failed, __ATOMIC_ACQUIRE))
		return -EIO;
	sem_init(&call.done, 0, 0);
	__atomic_store_n(&v->call, &call, __ATOMIC_RELEASE);
	err = ioreq_server_wake(v->server);
	/* The call is on this stack: it must not be left behind where the thread looks. */
	if (err && !__atomic_exchange_n(&v->call, NULL, __ATOMIC_ACQ_REL))
		err = 0;
	while (!err) {
		struct timespec look_again;

		clock_gettime(CLOCK_MONOTONIC, &look_again);
		look_again.tv_sec++;
		if (!sem_clockwait(&call.done, CLOCK_MONOTONIC, &look_again))
			break;
		if (__atomic_load_n(&v->failed, __ATOMIC_ACQUIRE))
			err = -EIO;
	}
	sem_destroy(&call.done);
	return err;
}
