/* SPDX-License-Identifier: MIT */
/*
 * One request: it is checked, and passed to the configuration space or the BARs. It is a copy, and
 * the guest decides all of its fields, so they are not trusted before they are checked here.
 */
#include <string.h>

#include "core/base/clock.h"
#include "ioreq/server.h"

/* The most items of a request: they cannot leave the page that the first one is in. */
#define ITEMS_MAX 4096u

/* How long the items of a request are carried out before other requests have their turn. */
#define SLICE_NS 1000000ull

/* How each type of request reaches the device. */
struct space {
	int (*read)(struct ioreq_server *server, u64 addr, void *buf, unsigned int bytes);
	int (*write)(struct ioreq_server *server, u64 addr, const void *buf, unsigned int bytes);
	bool moves;	     /* each item has the next address; false: all have the same */
	unsigned int widths; /* a bit for each allowed width in bytes */
};

static int mmio_read(struct ioreq_server *server, u64 addr, void *buf, unsigned int bytes)
{
	return server->config.ops->emulate_mmio_read(server->vgpu, addr, buf, bytes);
}

static int mmio_write(struct ioreq_server *server, u64 addr, const void *buf, unsigned int bytes)
{
	return server->config.ops->emulate_mmio_write(server->vgpu, addr, buf, bytes);
}

/* True for our device. Xen puts segment, bus, device and function above the register number. */
static bool ours(const struct ioreq_server *server, u64 addr)
{
	return addr >> 32 == server->devfn;
}

static int pci_read(struct ioreq_server *server, u64 addr, void *buf, unsigned int bytes)
{
	if (!ours(server, addr))
		return -ENXIO;
	return server->config.ops->emulate_cfg_read(server->vgpu, (u32)addr, buf, bytes);
}

static int pci_write(struct ioreq_server *server, u64 addr, const void *buf, unsigned int bytes)
{
	if (!ours(server, addr))
		return -ENXIO;
	return server->config.ops->emulate_cfg_write(server->vgpu, (u32)addr, buf, bytes);
}

static const struct space spaces[] = {
	[IOREQ_TYPE_COPY] = { mmio_read, mmio_write, true, 1 << 1 | 1 << 2 | 1 << 4 | 1 << 8 },
	[IOREQ_TYPE_PCI_CONFIG] = { pci_read, pci_write, false, 1 << 1 | 1 << 2 | 1 << 4 },
};

static const struct space *space_of(const ioreq_t *req)
{
	if (req->type >= ARRAY_SIZE(spaces) || !spaces[req->type].read)
		return NULL;
	return &spaces[req->type];
}

/* True if @count items from @base, up or (@df) down, do not leave the address space. */
static bool span_fits(u64 base, u64 size, u32 count, bool df)
{
	u64 far = (u64)(count - 1) * size;

	return df ? base >= far && base <= UINT64_MAX - size : base <= UINT64_MAX - far - size;
}

static bool well_formed(const struct space *space, const ioreq_t *req)
{
	if (req->size > 8 || !(space->widths & 1u << req->size))
		return false;
	if (!req->count || req->count > ITEMS_MAX)
		return false;
	if (!span_fits(req->addr, req->size, space->moves ? req->count : 1, req->df))
		return false;
	return !req->data_is_ptr || span_fits(req->data, req->size, req->count, req->df);
}

static u64 step(const ioreq_t *req, u32 item)
{
	u64 distance = (u64)item * req->size;

	return req->df ? -distance : distance;
}

static void read_item(struct ioreq_server *server, const struct space *space, const ioreq_t *req,
		      u32 item, struct ioreq_progress *progress)
{
	u64 val = ~0ull >> (64 - 8 * req->size);

	/* On failure the value is ones, as from an absent device. */
	space->read(server, req->addr + (space->moves ? step(req, item) : 0), &val, req->size);
	if (!req->data_is_ptr)
		progress->data = val;
	else if (server->config.write_gpa(server->config.priv, req->data + step(req, item), &val,
					  req->size))
		server->counters.malformed++;
}

static void write_item(struct ioreq_server *server, const struct space *space, const ioreq_t *req,
		       u32 item)
{
	u64 val = req->data;

	if (req->data_is_ptr &&
	    server->config.read_gpa(server->config.priv, req->data + step(req, item), &val,
				    req->size)) {
		server->counters.malformed++;
		return;
	}
	space->write(server, req->addr + (space->moves ? step(req, item) : 0), &val, req->size);
}

static void trace(struct ioreq_server *server, unsigned int vcpu, const ioreq_t *req)
{
	struct ioreq_event event = {
		.addr = req->type == IOREQ_TYPE_PCI_CONFIG ? (u32)req->addr : req->addr,
		.data = req->data,
		.count = req->count,
		.vcpu = vcpu,
		.type = req->type,
		.size = req->size > 8 ? 8 : req->size,
		.write = req->dir == IOREQ_WRITE,
		.indirect = req->data_is_ptr,
		.down = req->df,
	};

	if (server->config.trace)
		server->config.trace(server->config.priv, &event);
}

void ioreq_settle(struct ioreq_server *server)
{
	if (!server->unsettled)
		return;
	server->unsettled = 0;
	server->config.settle(server->config.priv);
}

void ioreq_begin(struct ioreq_server *server, unsigned int vcpu, const ioreq_t *req)
{
	if (req->type != IOREQ_TYPE_INVALIDATE)
		ioreq_settle(server);
	if (server->config.begin)
		server->config.begin(server->config.priv, vcpu,
				     req->type == IOREQ_TYPE_COPY && req->dir == IOREQ_WRITE
					     ? req->addr
					     : IOREQ_NO_WRITE);
}

/* Carries out one item at least, then others until the time is over or .woken is due. */
static bool carry_out_items(struct ioreq_server *server, const struct space *space,
			    const ioreq_t *req, struct ioreq_progress *progress)
{
	u64 until = req->count > 1 ? clock_now_ns() + SLICE_NS : 0;

	while (progress->done < req->count) {
		if (req->dir == IOREQ_READ)
			read_item(server, space, req, progress->done, progress);
		else
			write_item(server, space, req, progress->done);
		progress->done++;
		if (progress->done < req->count &&
		    (__atomic_load_n(&server->woken, __ATOMIC_RELAXED) || clock_now_ns() >= until))
			return false;
	}
	return true;
}

bool ioreq_carry_out(struct ioreq_server *server, unsigned int vcpu, ioreq_t *req,
		     struct ioreq_progress *progress)
{
	const struct space *space = space_of(req);

	if (req->type != IOREQ_TYPE_INVALIDATE)
		ioreq_settle(server);
	if (req->type == IOREQ_TYPE_INVALIDATE) {
		server->counters.invalidate++;
		if (!server->config.invalidate(server->config.priv))
			server->unsettled = 0;
		else if (!server->unsettled)
			server->unsettled = clock_now_ns();
	} else if (!space || !well_formed(space, req)) {
		if (space)
			server->counters.malformed++;
		else
			server->counters.unknown++;
		if (req->dir == IOREQ_READ && !req->data_is_ptr)
			req->data = ~0ull;
	} else {
		if (!carry_out_items(server, space, req, progress)) {
			server->counters.sliced++;
			return false;
		}
		server->counters.indirect += req->data_is_ptr;
		if (req->dir == IOREQ_READ && !req->data_is_ptr)
			req->data = progress->data;
	}
	server->counters.requests++;
	trace(server, vcpu, req);
	return true;
}
