/* SPDX-License-Identifier: MIT */
/*
 * Serving one domain's I/O requests.
 *
 * Xen hands an access that no one else claims, or a write to a tracked page, to an ioreq server as
 * one slot of a shared page, a slot for each vCPU, with an event channel for each to say so and
 * be told. The vCPU waits until the slot says "response ready".
 *
 * A server lives in Xen, not in this process: it outlasts a crash, with its ranges and with the
 * request in flight, which a later process takes up where the first one stopped.
 *
 * One thread owns a server and calls everything here; ioreq_server_wake() alone may be called from
 * any thread.
 */
#ifndef IOREQ_IOREQ_H
#define IOREQ_IOREQ_H

#include <xendevicemodel.h>
#include <xenevtchn.h>
#include <xenforeignmemory.h>

#include "core/gvt.h"

/* Xen's shared page of slots bounds the vCPUs that a server can serve (128 of 32 bytes). */
#define IOREQ_MAX_VCPUS 128u

/*
 * How far the request in flight of one vCPU has come. It is in memory that outlives the process,
 * so that a request is not lost when the server is taken up again, nor its finished items repeated.
 * The one item whose effect is made and not yet noted, a few instructions long, is carried out
 * again.
 */
struct ioreq_progress {
	u64 data; /* what the last item read */
	u32 done; /* items carried out */
};

/* The memory of a server, kept by its owner: zeroes at first. */
struct ioreq_state {
	u32 created; /* .id names a server in Xen */
	u16 id;
	struct ioreq_progress progress[IOREQ_MAX_VCPUS];
};

/* One served request, for whoever follows them. */
struct ioreq_event {
	u64 addr; /* gpa, or register number in configuration space */
	u64 data; /* written, or read; a guest address when .indirect */
	u32 count;
	u16 vcpu;
	u8 type; /* IOREQ_TYPE_... */
	u8 size;
	bool write, indirect, down;
};

/* What came, by kind; and what was wrong with it. */
struct ioreq_counters {
	u64 requests; /* answered, of any kind */
	u64 indirect; /* with data in guest memory */
	u64 invalidate;
	u64 unknown;   /* of a type nobody here serves */
	u64 malformed; /* width, count or address that no request may have */
	u64 sliced;    /* times that one was left for others' turn before it was done */
	u64 resumed;   /* found in flight when the server was taken up */
	u64 polled;    /* found without waiting for an event */
	u64 waits;     /* waits for an event */
};

#define IOREQ_NO_WRITE (~0ull)

struct ioreq_config {
	domid_t domid;
	xendevicemodel_handle *dmod;
	xenforeignmemory_handle *fmem;
	xenevtchn_handle *evtchn; /* this server's alone: its thread waits on it */
	struct ioreq_state *state;
	const struct intel_gvt_ops *ops;

	/*
	 * All hooks get .priv. .read_gpa and .write_gpa copy guest memory (0 or negative errno);
	 * .invalidate says that guest frames changed hands. It returns true to leave work to
	 * .settle, which is called before the next other hook (but .trace) or entry of .ops, after
	 * 20 ms of quiet, or within a second.
	 * .woken is called in the thread after ioreq_server_wake(), and ends ioreq_server_run() by
	 * returning false, be a request amid its items, which the next run finishes; .relax passes
	 * the time between two turns of looking at the slots; .begin is told of each request before
	 * it is carried out, which says that the vCPU is done with its last one, and where in
	 * memory it writes, or IOREQ_NO_WRITE; .trace sees each afterwards. The last four may be
	 * NULL.
	 */
	void *priv;
	int (*read_gpa)(void *priv, u64 gpa, void *buf, size_t len);
	int (*write_gpa)(void *priv, u64 gpa, const void *buf, size_t len);
	bool (*invalidate)(void *priv);
	void (*settle)(void *priv);
	bool (*woken)(void *priv);
	void (*relax)(void *priv);
	void (*begin)(void *priv, unsigned int vcpu, u64 gpa);
	void (*trace)(void *priv, const struct ioreq_event *event);

	/* The most turns of looking at the slots between two waits; 0: always wait. */
	unsigned int poll_max;
};

struct ioreq_server;

/**
 * ioreq_server_open() - create the domain's server, or take up the one that @config->state names.
 * @config: copied; what it points at stays the caller's and outlives the server.
 * @out:    receives the server, enabled, with all vCPUs' event channels bound.
 *
 * Returns 0, -ENOSPC (the domain has eight servers), -E2BIG (more vCPUs than slots), or the errno
 * of the library call that failed; then a server created here is gone again.
 */
int ioreq_server_open(const struct ioreq_config *config, struct ioreq_server **out);

/**
 * ioreq_server_restrict() - have its event channels, and those that are yet to be bound, lead to its
 * domain alone, whoever has this process. Returns 0, or -1 with errno: ENOTTY, the kernel cannot.
 */
int ioreq_server_restrict(struct ioreq_server *server);

/**
 * ioreq_server_close() - stop serving and release what this process holds.
 * @destroy: also destroy the server in Xen. Only when no tracked page remains: guest writes to one
 *           would be retried for ever. Without it, the guest's next request waits for a process
 *           that takes the server up.
 */
void ioreq_server_close(struct ioreq_server *server, bool destroy);

/** ioreq_server_serve_for() - the vGPU that requests go to; before serving. */
void ioreq_server_serve_for(struct ioreq_server *server, struct intel_vgpu *vgpu);

/** ioreq_server_claim_pci() - take @devfn of bus 0. Taking what a taken-up server has is fine. */
int ioreq_server_claim_pci(struct ioreq_server *server, u8 devfn);

/**
 * ioreq_server_map_range() - send accesses to guest physical [@start, @end) here, or no longer.
 * Returns 0, -EEXIST (overlaps a range of this server), -ENOENT, -ENOMEM (256 ranges), or an errno.
 */
int ioreq_server_map_range(struct ioreq_server *server, u64 start, u64 end, bool map);

/** ioreq_server_run() - serve until .woken returns false. Returns 0 or a negative errno. */
int ioreq_server_run(struct ioreq_server *server);

/** ioreq_server_wake() - have the server's thread call .woken; from any thread. */
int ioreq_server_wake(struct ioreq_server *server);

/**
 * ioreq_server_poll() - answer what waits now, without waiting. Returns for how many something was
 * done. Of a request with many items those are carried out for which there is time; the others are
 * left to later calls, so that no vCPU waits for what another one asks for, nor does the caller.
 */
unsigned int ioreq_server_poll(struct ioreq_server *server);

/** ioreq_server_id() - Xen's number for it. */
ioservid_t ioreq_server_id(const struct ioreq_server *server);

/** ioreq_server_vcpus() - how many vCPUs it serves. */
unsigned int ioreq_server_vcpus(const struct ioreq_server *server);

/** ioreq_server_counters() - the counters, valid while the server is open. */
const struct ioreq_counters *ioreq_server_counters(const struct ioreq_server *server);

#endif
