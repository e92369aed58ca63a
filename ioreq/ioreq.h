/* SPDX-License-Identifier: MIT */
/*
 * Serving one domain's I/O requests.
 *
 * Xen sends an access that the server has claimed, or a write to a tracked page, to the ioreq
 * server as a request in a slot of a shared page. Each vCPU has a slot, and an event channel by
 * which Xen announces a request and the server its answer. The vCPU waits until the slot says
 * "response ready".
 *
 * A server lives in Xen, not in this process. It survives a crash of the process, with its ranges
 * and with the requests in flight, and a later process continues these where the first one stopped.
 *
 * One thread owns a server and calls all functions here. Only ioreq_server_wake() may be called
 * from any thread.
 */
#ifndef IOREQ_IOREQ_H
#define IOREQ_IOREQ_H

#include <xendevicemodel.h>
#include <xenevtchn.h>
#include <xenforeignmemory.h>

#include "core/base/section.h"
#include "core/gvt.h"

/* The slots of 32 bytes in Xen's shared page, and so the most vCPUs that a server can serve. */
#define IOREQ_MAX_VCPUS 128u

/*
 * The progress of a vCPU's request in flight. It is in memory that outlives the process, so that
 * the next process neither loses the request nor repeats its finished items. Only an item that was
 * carried out, but not noted yet, is carried out again: a window of a few instructions.
 */
struct ioreq_progress {
	u64 data; /* what the last item read */
	u32 done; /* items carried out */
};

/* The section "requests": the state of a server, in memory of its owner's, zeroes at first. */
struct ioreq_state {
	u32 created; /* .id names a server in Xen */
	u16 id;
	struct ioreq_progress progress[IOREQ_MAX_VCPUS];
};

extern const struct gvt_section ioreq_section;

/* A served request, for tracing. */
struct ioreq_event {
	u64 addr; /* guest physical address, or register number in configuration space */
	u64 data; /* the data written or read; if .indirect, their guest physical address */
	u32 count;
	u16 vcpu;
	u8 type; /* IOREQ_TYPE_... */
	u8 size;
	bool write, indirect, down;
};

/* Counts of requests, by kind and by fault, and of waits. */
struct ioreq_counters {
	u64 requests; /* answered, of any kind */
	u64 indirect; /* with data in guest memory */
	u64 invalidate;
	u64 unknown;   /* of a type that is not served */
	u64 malformed; /* with a width, count or address that no request may have */
	u64 sliced;    /* times that one was interrupted for the turn of others */
	u64 resumed;   /* found in flight when the server was taken up */
	u64 polled;    /* found without waiting for an event */
	u64 waits;     /* waits for an event */
};

#define IOREQ_NO_WRITE (~0ull)

struct ioreq_config {
	domid_t domid;
	xendevicemodel_handle *dmod;
	xenforeignmemory_handle *fmem;
	xenevtchn_handle *evtchn; /* only for this server, whose thread waits on it */
	struct ioreq_state *state;
	const struct intel_gvt_ops *ops;

	/*
	 * All hooks get .priv.
	 * .read_gpa, .write_gpa: copy guest memory; 0 or a negative errno.
	 * .invalidate: guest frames changed hands. It returns true to leave work to .settle.
	 * .settle: called after that before any other hook (except .trace) and any entry of .ops,
	 *         after 20 ms of quiet, or within a second.
	 * .woken: called in the thread after ioreq_server_wake(). It returns false to end
	 *         ioreq_server_run(), even if a request has items left; the next run finishes it.
	 * .alarm: called in the thread when the time has come that ioreq_server_alarm() set.
	 * .relax: called between two turns of looking at the slots.
	 * .begin: called before each request is carried out, with the guest physical address that
	 * it writes to, or IOREQ_NO_WRITE. The vCPU's last request is complete then. .trace: called
	 * after each request. The last four may be NULL.
	 */
	void *priv;
	int (*read_gpa)(void *priv, u64 gpa, void *buf, size_t len);
	int (*write_gpa)(void *priv, u64 gpa, const void *buf, size_t len);
	bool (*invalidate)(void *priv);
	void (*settle)(void *priv);
	bool (*woken)(void *priv);
	void (*relax)(void *priv);
	void (*alarm)(void *priv);
	void (*begin)(void *priv, unsigned int vcpu, u64 gpa);
	void (*trace)(void *priv, const struct ioreq_event *event);

	/* The most turns of looking at the slots before a wait; 0: always wait. */
	unsigned int poll_max;
};

struct ioreq_server;

/**
 * ioreq_server_open() - create the domain's server, or take up the one that @config->state names.
 * @config: copied; the caller keeps what it points at until the server is closed.
 * @out:    receives the server, enabled, with all vCPUs' event channels bound.
 *
 * Returns 0, -ENOSPC (the domain has eight servers), -E2BIG (more vCPUs than slots), or the errno
 * of the library call that failed. On failure a server that was created here is destroyed again.
 */
int ioreq_server_open(const struct ioreq_config *config, struct ioreq_server **out);

/**
 * ioreq_server_alarm() - have .alarm called once, as soon as possible after @when, in nanoseconds
 * of CLOCK_MONOTONIC; 0: not at all. It replaces what was set before. In the thread only.
 */
void ioreq_server_alarm(struct ioreq_server *server, u64 when);

/**
 * ioreq_server_restrict() - have its event channels, and those that are yet to be bound, lead to
 * its domain alone, whoever has this process. Returns 0, or -1 with errno: ENOTTY, the kernel
 * cannot.
 */
int ioreq_server_restrict(struct ioreq_server *server);

/**
 * ioreq_server_close() - stop serving and release what this process holds.
 * @destroy: also destroy the server in Xen. This is only allowed when no tracked page remains: Xen
 *           would retry guest writes to such a page for ever. If false, the guest's next request
 *           waits for a process that takes the server up.
 */
void ioreq_server_close(struct ioreq_server *server, bool destroy);

/** ioreq_server_serve_for() - set the vGPU that requests go to, before serving. */
void ioreq_server_serve_for(struct ioreq_server *server, struct intel_vgpu *vgpu);

/** ioreq_server_claim_pci() - claim @devfn of bus 0. A server that was taken up may have it
 * already. */
int ioreq_server_claim_pci(struct ioreq_server *server, u8 devfn);

/**
 * ioreq_server_map_range() - have Xen send accesses to guest physical [@start, @end) to this
 * server, or (@map false) stop that. Returns 0, -EEXIST (overlaps a range of this server), -ENOENT,
 * -ENOMEM (256 ranges), or another errno.
 */
int ioreq_server_map_range(struct ioreq_server *server, u64 start, u64 end, bool map);

/** ioreq_server_run() - serve until .woken returns false. Returns 0 or a negative errno. */
int ioreq_server_run(struct ioreq_server *server);

/** ioreq_server_wake() - have the server's thread call .woken. From any thread. */
int ioreq_server_wake(struct ioreq_server *server);

/**
 * ioreq_server_poll() - answer the requests that are there, without waiting. Returns the number of
 * requests worked on. A request with many items is worked on for a bounded time, and later calls
 * continue it, so that neither another vCPU nor the caller waits for it.
 */
unsigned int ioreq_server_poll(struct ioreq_server *server);

/** ioreq_server_id() - Xen's number of the server. */
ioservid_t ioreq_server_id(const struct ioreq_server *server);

/** ioreq_server_vcpus() - the number of vCPUs that it serves. */
unsigned int ioreq_server_vcpus(const struct ioreq_server *server);

/** ioreq_server_counters() - the counters, valid while the server is open. */
const struct ioreq_counters *ioreq_server_counters(const struct ioreq_server *server);

#endif
