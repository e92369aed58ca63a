/* SPDX-License-Identifier: MIT */
/* A domain's vGPU in its process: attached step by step, served by a thread, detached in
 * reverse. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "xengt/guest/trace.h"
#include "xengt/guest/vgpu.h"
#include "xengt/xen/backing.h"
#include "xengt/xen/dma_look.h"
#include "xengt/xen/opregion.h"
#include "xengt/xen/track.h"
#include "xengt/xen/xengt.h"

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

/* Looks again at all pages that the GPU reaches, and unmaps those that the guest gave up. */
static void hook_settle(void *priv)
{
	struct xengt_vgpu *v = priv;

	xengt_view_retire(&v->view);
	intel_vgpu_invalidate(v->vgpu);
	xengt_view_reap(&v->view);
}

/*
 * When this returns, the aperture shows no page that the guest gave up, and a GPU at work reaches
 * none. An idle GPU reaches nothing: looking again at its pages waits until the ballooning pauses,
 * since guests give up a few hundred pages at a time.
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

static void hook_alarm(void *priv)
{
	struct xengt_vgpu *v = priv;

	intel_vgpu_alarm(v->vgpu);
}

/*
 * Offers the processor to other processes. A process without rights cannot offer it to another
 * domain; sleeping for a moment, which does, costs more than it brings (tests/bench/trap
 * --exact: 1.17 of a read of QEMU's, and 0.65 so).
 */
static void hook_relax(void *priv)
{
	(void)priv;
	sched_yield();
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

/* Locks the state file. An earlier process may not have ended yet, and two must not serve one
 * domain. */
static int lock_state(int fd, char *why, size_t len)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

	if (!fcntl(fd, F_SETLK, &lock))
		return 0;
	snprintf(why, len, "another process has the vGPU's state: %s", strerror(errno));
	return -errno;
}

static int map_kept(struct xengt_vgpu *v, int fd, char *why, size_t len)
{
	char wrong[192];
	int err = xengt_file_take(&v->kept_file, &xengt_kept_kind, fd, v->domid, false, wrong,
				  sizeof(wrong));

	if (err) {
		snprintf(why, len, "what xengtd keeps of the vGPU: %s", wrong);
		return err;
	}
	v->kept = v->kept_file.section[XENGT_KEPT_GUEST];
	v->pins = v->kept_file.section[XENGT_KEPT_PINS];
	v->aliases = v->kept_file.section[XENGT_KEPT_ALIASES];
	return 0;
}

/* Takes up the state that an earlier process left. */
static int take_state(struct xengt_vgpu *v, int fd, char *why, size_t len)
{
	char wrong[192];
	int err =
		xengt_file_take(&v->file, &v->state_kind, fd, v->domid, true, wrong, sizeof(wrong));

	if (!err)
		err = xengt_file_check(&v->file, wrong, sizeof(wrong));
	if (err)
		snprintf(why, len, "the vGPU's state: %s", wrong);
	else
		xengt_file_unseal(&v->file);
	return err;
}

static int begin_state(struct xengt_vgpu *v, int fd, char *why, size_t len)
{
	int err = xengt_file_begin(&v->file, &v->state_kind, fd, v->domid);

	if (err)
		snprintf(why, len, "no room for the vGPU's state: %s", strerror(-err));
	return err;
}

static int map_files(struct xengt_vgpu *v, const struct xengt_start *start, char *why, size_t len)
{
	int err = map_kept(v, start->kept_fd, why, len);

	if (!err)
		err = lock_state(start->state_fd, why, len);
	if (err) {
		close(start->state_fd);
		return err;
	}
	err = (start->take_up ? take_state : begin_state)(v, start->state_fd, why, len);
	if (err)
		return err;
	v->memory = v->file.section[XENGT_STATE_MEMORY];
	v->listed = v->file.section[XENGT_STATE_TRACKED];
	return 0;
}

/*
 * Checks the result of restricting the handle of @what to the domain; if it @failed, errno says
 * why. On a kernel too old for it the handle stays unrestricted, which is logged.
 */
static int restricted(struct xengt_vgpu *v, const char *what, bool failed, char *why, size_t len)
{
	int err = failed ? errno : 0;

	if (err == ENOTTY || err == EOPNOTSUPP) {
		xengt_vgpu_log(v, XENGT_WARN, "the kernel cannot restrict %s to the domain: %s",
			       what, strerror(err));
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
	v->trace.fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (!v->dmod || !v->fmem || !v->evtchn || v->trace.fd < 0) {
		snprintf(why, len, "cannot open Xen's interfaces: %s", strerror(errno));
		return -errno;
	}
	err = restricted(v, "device model calls", xendevicemodel_restrict(v->dmod, v->domid), why,
			 len);
	if (!err)
		err = restricted(v, "memory mappings", xenforeignmemory_restrict(v->fmem, v->domid),
				 why, len);
	return err;
}

static int open_server(struct xengt_vgpu *v, char *why, size_t len)
{
	const struct ioreq_config config = {
		.domid = v->domid,
		.dmod = v->dmod,
		.fmem = v->fmem,
		.evtchn = v->evtchn,
		.state = v->file.section[XENGT_STATE_IOREQ],
		.ops = &intel_gvt_ops,
		.priv = v,
		.read_gpa = hook_read_gpa,
		.write_gpa = hook_write_gpa,
		.invalidate = hook_invalidate,
		.settle = hook_settle,
		.woken = hook_woken,
		.relax = hook_relax,
		.alarm = hook_alarm,
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
	/* Only now: ioreq_server_open() has bound the waker's channel, which is dom0's. */
	if (!err)
		err = restricted(v, "event channels", ioreq_server_restrict(v->server), why, len);
	return err;
}

static int create_vgpu(struct xengt_vgpu *v, char *why, size_t len)
{
	const struct intel_vgpu_params params = {
		.id = v->kept->options.id ? v->kept->options.id : v->domid,
		.aperture_mib = v->kept->options.aperture_mib,
		.fences = v->kept->options.fences,
		.weight = v->kept->weight,
		.cap = v->kept->cap,
		.audit_user = v->kept->options.audit_user,
		.heads = v->kept->options.heads,
	};
	struct intel_vgpu *vgpu;
	int err = intel_gvt_create_vgpu(v->host->gvt, &params, v->file.section, v, &vgpu);

	if (err) {
		snprintf(why, len, "cannot create the vGPU: %s", strerror(-err));
		return err;
	}
	ioreq_server_serve_for(v->server, vgpu);
	return 0;
}

static int claim_function(struct xengt_vgpu *v, char *why, size_t len)
{
	int err = ioreq_server_claim_pci(v->server, v->kept->options.slot << 3);

	if (!err)
		err = intel_gvt_activate_vgpu(v->vgpu);
	if (err)
		snprintf(why, len, "cannot take PCI slot %u: %s", v->kept->options.slot,
			 strerror(-err));
	return err;
}

static void *serve(void *arg)
{
	struct xengt_vgpu *v = arg;
	char name[16];
	int err;

	/* The thread names itself: naming another thread opens a file, which the jail refuses. */
	snprintf(name, sizeof(name), "vgpu-%u", v->domid);
	pthread_setname_np(pthread_self(), name);
	err = ioreq_server_run(v->server);

	if (err) {
		xengt_vgpu_log(v, XENGT_ERR, "serving ended: %s", strerror(-err));
		__atomic_store_n(&v->failed, true, __ATOMIC_RELEASE);
		xengt_trace_wake(&v->trace);
	}
	return NULL;
}

static int start_thread(struct xengt_vgpu *v, char *why, size_t len)
{
	int err = pthread_create(&v->thread, NULL, serve, v);

	if (err) {
		snprintf(why, len, "cannot start a thread: %s", strerror(err));
		return -err;
	}
	v->running = true;
	return 0;
}

static void release(struct xengt_vgpu *v)
{
	if (v->evtchn)
		xenevtchn_close(v->evtchn);
	if (v->fmem)
		xenforeignmemory_close(v->fmem);
	if (v->dmod)
		xendevicemodel_close(v->dmod);
	if (v->trace.fd >= 0)
		close(v->trace.fd);
	/* A state file that could not be taken up stays as it was found. */
	if (v->file.head && v->keep && !v->taking_up)
		xengt_file_seal(&v->file);
	xengt_file_close(&v->file);
	xengt_file_close(&v->kept_file);
	xengt_ask_close(&v->ask);
	xengt_view_exit(&v->view);
	free(v);
}

int xengt_vgpu_open(struct xengt_host *host, const struct xengt_start *start,
		    struct xengt_vgpu **out, char *why, size_t why_len)
{
	struct xengt_vgpu *v = calloc(1, sizeof(*v));
	int err;

	if (!v) {
		snprintf(why, why_len, "out of memory");
		return -ENOMEM;
	}
	v->host = host;
	v->domid = start->domid;
	v->refs = 1;
	v->trace.fd = -1;
	v->taking_up = start->take_up;
	v->state_kind = xengt_state_kind();
	v->file.fd = v->kept_file.fd = -1;
	xengt_ask_init(&v->ask, start->ask_fd);
	xengt_view_init(&v->view);
	err = map_files(v, start, why, why_len);
	if (!err)
		err = open_handles(v, why, why_len);
	if (!err) {
		xengt_mem_init(&v->mem, v->fmem, v->domid, start->max_kib);
		xengt_view_open(&v->view, v->fmem, v->domid, v->mem.pages);
		err = open_server(v, why, why_len);
	}
	if (!err) {
		*out = v;
		return 0;
	}
	xengt_vgpu_detach(v, start->take_up ? XENGT_KEEP : XENGT_GIVE_UP);
	return err;
}

int xengt_vgpu_begin(struct xengt_vgpu *v, char *why, size_t why_len)
{
	static int (*const steps[])(struct xengt_vgpu *, char *, size_t) = {
		create_vgpu,
		claim_function,
		start_thread,
	};
	int err = 0;

	for (size_t i = 0; !err && i < ARRAY_SIZE(steps); i++)
		err = steps[i](v, why, why_len);
	if (err) {
		/* Keep an earlier process' vGPU: a later try may take it up. */
		xengt_vgpu_detach(v, v->taking_up ? XENGT_KEEP : XENGT_GIVE_UP);
		return err;
	}
	xengt_file_ready(&v->file);
	v->taking_up = false;
	return 0;
}

int xengt_vgpu_attach(struct xengt_host *host, const struct xengt_start *start,
		      struct xengt_vgpu **out, char *why, size_t why_len)
{
	int err = xengt_vgpu_open(host, start, out, why, why_len);

	return err ? err : xengt_vgpu_begin(*out, why, why_len);
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

bool xengt_vgpu_detach(struct xengt_vgpu *v, enum xengt_detach how)
{
	bool clean = true;

	stop_thread(v);
	v->keep = how == XENGT_KEEP;
	v->leave = how == XENGT_LEAVE_MEMORY;
	if (v->vgpu) {
		if (!v->keep)
			intel_gvt_deactivate_vgpu(v->vgpu);
		if (how == XENGT_GIVE_UP)
			intel_gvt_reset_vgpu(v->vgpu);
		intel_gvt_destroy_vgpu(v->vgpu);
	}
	if (v->server) {
		/* While a page is tracked, the server must stay: Xen would retry writes for
		 * ever. */
		clean = !v->keep && !xengt_track_release(v);
		ioreq_server_close(v->server, clean);
		clean |= v->keep;
	}
	v->keep |= !clean;
	release(v);
	return clean;
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
 * Between the restart and the activation no BAR is in the guest's memory map. Meanwhile this puts
 * back the memory behind BAR0 and the OpRegion's that the guest gave up, or that was withdrawn as
 * the domain was suspended.
 */
static void restart(struct xengt_vgpu *v, void *err)
{
	intel_gvt_restart_vgpu(v->vgpu);
	/* No vCPU is in the middle of a write any more. The domain may have other frames by now. */
	xengt_track_settle(v);
	if (hook_invalidate(v))
		hook_settle(v);
	*(int *)err = xengt_backing_renew(v);
	xengt_opregion_renew(v);
	intel_gvt_activate_vgpu(v->vgpu);
}

int xengt_vgpu_restart(struct xengt_vgpu *v)
{
	int failed = 0, err = xengt_vgpu_call(v, restart, &failed);

	return err ? err : failed;
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
	/* The call is on this stack: take it back, unless the thread has it already. */
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
