/* SPDX-License-Identifier: MIT */
/* A server's life: it is created or taken up, bound, and closed. */
#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <xenctrl.h>

#include "ioreq/server.h"

/* The server's second frame holds the slots. The first is the buffered ring, which is not used. */
#define SLOTS_FRAME 1

/* Any number of finished items is taken: of a request with fewer, all are. */
static const char *amiss(const void *section)
{
	const struct ioreq_state *state = section;

	return state->created > 1 ? "it has impossible values" : NULL;
}

const struct gvt_section ioreq_section = {
	.name = "requests",
	.version = 1,
	.size = sizeof(struct ioreq_state),
	.reserved = sizeof(struct ioreq_state),
	.amiss = amiss,
};

static int create(struct ioreq_server *server)
{
	const struct ioreq_config *config = &server->config;
	ioservid_t id;

	if (config->state->created)
		return 0;
	if (xendevicemodel_create_ioreq_server(config->dmod, config->domid,
					       HVM_IOREQSRV_BUFIOREQ_OFF, &id))
		return -errno;
	config->state->id = id;
	config->state->created = true;
	return 0;
}

static int map_slots(struct ioreq_server *server)
{
	const struct ioreq_config *config = &server->config;

	server->resource = xenforeignmemory_map_resource(
		config->fmem, config->domid, XENMEM_resource_ioreq_server, config->state->id,
		SLOTS_FRAME, 1, (void **)&server->page, PROT_READ | PROT_WRITE, 0);
	return server->resource ? 0 : -errno;
}

static int count_vcpus(struct ioreq_server *server)
{
	const struct ioreq_config *config = &server->config;

	if (xendevicemodel_nr_vcpus(config->dmod, config->domid, &server->vcpus))
		return -errno;
	return server->vcpus && server->vcpus <= IOREQ_MAX_VCPUS ? 0 : -E2BIG;
}

/* Xen shows the ports in the slots only from here on. */
static int enable(struct ioreq_server *server)
{
	const struct ioreq_config *config = &server->config;

	return xendevicemodel_set_ioreq_server_state(config->dmod, config->domid, config->state->id,
						     1)
		       ? -errno
		       : 0;
}

static int bind_vcpus(struct ioreq_server *server)
{
	const struct ioreq_config *config = &server->config;

	server->ports = calloc(server->vcpus, sizeof(*server->ports));
	/* A fired port stays masked, so each is in it once: the ports of vCPUs and of the waker. */
	server->fired = calloc(server->vcpus + 1, sizeof(*server->fired));
	if (!server->ports || !server->fired)
		return -ENOMEM;
	for (unsigned int i = 0; i < server->vcpus; i++) {
		xenevtchn_port_or_error_t port = xenevtchn_bind_interdomain(
			config->evtchn, config->domid, server->page->vcpu_ioreq[i].vp_eport);

		if (port < 0)
			return -errno;
		server->ports[i] = port;
	}
	return 0;
}

/*
 * The thread waits only for event channels. So it is woken by one: a channel from this domain to
 * itself, whose other end has a handle of its own.
 */
static int bind_waker(struct ioreq_server *server)
{
	xenevtchn_port_or_error_t port;

	port = xenevtchn_bind_unbound_port(server->config.evtchn, DOMID_SELF);
	if (port < 0)
		return -errno;
	server->wake_port = port;
	server->waker = xenevtchn_open(NULL, 0);
	if (!server->waker)
		return -errno;
	port = xenevtchn_bind_interdomain(server->waker, DOMID_SELF, server->wake_port);
	if (port < 0)
		return -errno;
	server->waker_port = port;
	return 0;
}

int ioreq_server_open(const struct ioreq_config *config, struct ioreq_server **out)
{
	static int (*const steps[])(struct ioreq_server *) = { create, map_slots,  count_vcpus,
							       enable, bind_vcpus, bind_waker };
	bool taken_up = config->state->created;
	struct ioreq_server *server = calloc(1, sizeof(*server));
	int err = 0;

	if (!server)
		return -ENOMEM;
	server->config = *config;
	for (size_t i = 0; !err && i < ARRAY_SIZE(steps); i++)
		err = steps[i](server);
	if (err) {
		ioreq_server_close(server, !taken_up);
		return err;
	}
	*out = server;
	return 0;
}

int ioreq_server_restrict(struct ioreq_server *server)
{
	int err = xenevtchn_restrict(server->config.evtchn, server->config.domid);

	return err ? err : xenevtchn_restrict(server->waker, server->config.domid);
}

void ioreq_server_close(struct ioreq_server *server, bool destroy)
{
	struct ioreq_config *config;

	if (!server)
		return;
	config = &server->config;
	if (server->waker)
		xenevtchn_close(server->waker);
	if (server->wake_port)
		xenevtchn_unbind(config->evtchn, server->wake_port);
	for (unsigned int i = 0; server->ports && i < server->vcpus; i++)
		if (server->ports[i])
			xenevtchn_unbind(config->evtchn, server->ports[i]);
	if (server->resource)
		xenforeignmemory_unmap_resource(config->fmem, server->resource);
	if (destroy && config->state->created) {
		/* This fails if the domain is gone, and its servers with it. */
		xendevicemodel_destroy_ioreq_server(config->dmod, config->domid, config->state->id);
		config->state->created = false;
	}
	free(server->ports);
	free(server->fired);
	free(server);
}

void ioreq_server_serve_for(struct ioreq_server *server, struct intel_vgpu *vgpu)
{
	server->vgpu = vgpu;
}

int ioreq_server_claim_pci(struct ioreq_server *server, u8 devfn)
{
	const struct ioreq_config *config = &server->config;

	server->devfn = devfn;
	if (xendevicemodel_map_pcidev_to_ioreq_server(
		    config->dmod, config->domid, config->state->id, 0, 0, devfn >> 3, devfn & 7) &&
	    errno != EEXIST)
		return -errno;
	return 0;
}

int ioreq_server_map_range(struct ioreq_server *server, u64 start, u64 end, bool map)
{
	const struct ioreq_config *config = &server->config;
	int (*const call)(xendevicemodel_handle *, domid_t, ioservid_t, int, u64, u64) =
		map ? xendevicemodel_map_io_range_to_ioreq_server
		    : xendevicemodel_unmap_io_range_from_ioreq_server;

	return call(config->dmod, config->domid, config->state->id, 1, start, end - 1) ? -errno : 0;
}

ioservid_t ioreq_server_id(const struct ioreq_server *server)
{
	return server->config.state->id;
}

unsigned int ioreq_server_vcpus(const struct ioreq_server *server)
{
	return server->vcpus;
}

const struct ioreq_counters *ioreq_server_counters(const struct ioreq_server *server)
{
	return &server->counters;
}
