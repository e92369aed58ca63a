// SPDX-License-Identifier: MIT
/*
 * Event channels between the guests' ioreq servers and this process, as the Linux evtchn driver
 * shows them: a port that was read stays masked until it is unmasked, and an event meanwhile is
 * remembered once. An event for a masked port costs no system call.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <xenevtchn.h>

#include "internal.h"

#define RING (2 * MAX_PORTS)

struct xenevtchn_handle {
	struct handle h;
	int fd; /* readable while the ring holds something or the handle is dead */
	bool overflow;
	unsigned int prod, cons;
	evtchn_port_t ring[RING];
};

struct port {
	xenevtchn_handle *owner; /* NULL: free */
	struct exen_domain *d;	 /* the far end's; NULL: this domain itself */
	evtchn_port_t remote;	 /* 0: unbound */
	bool masked, pending;
};

static struct {
	pthread_mutex_t lock;
	struct port port[MAX_PORTS]; /* dom0's; 0 is never used */
} ec = { .lock = PTHREAD_MUTEX_INITIALIZER };

/* ---- callers of these hold ec.lock ---- */

static void signal_fd(xenevtchn_handle *xce)
{
	uint64_t one = 1;

	while (write(xce->fd, &one, sizeof(one)) < 0 && errno == EINTR)
		;
}

static void deliver(struct port *p)
{
	xenevtchn_handle *xce = p->owner;

	if (p->masked) {
		p->pending = true;
		return;
	}
	p->masked = true;
	if (xce->prod - xce->cons == RING) {
		xce->overflow = true;
		return;
	}
	xce->ring[xce->prod++ % RING] = (evtchn_port_t)(p - ec.port);
	if (xce->prod - xce->cons == 1)
		signal_fd(xce);
}

static void close_port(struct port *p)
{
	/* The guest's end, if any, becomes unbound, for dom0: it waits for our next process. */
	if (p->remote && p->d) {
		p->d->ports[p->remote].state = PORT_UNBOUND;
		p->d->ports[p->remote].remote = 0;
	} else if (p->remote) {
		ec.port[p->remote].remote = 0;
	}
	memset(p, 0, sizeof(*p));
}

static void close_ports_of(xenevtchn_handle *xce)
{
	for (unsigned int i = 1; i < MAX_PORTS; i++) {
		if (ec.port[i].owner == xce)
			close_port(&ec.port[i]);
	}
}

static struct port *port_of(xenevtchn_handle *xce, evtchn_port_t port)
{
	if (!port || port >= MAX_PORTS || ec.port[port].owner != xce)
		return NULL;
	return &ec.port[port];
}

static int new_port(xenevtchn_handle *xce, struct exen_domain *d)
{
	for (int i = 1; i < MAX_PORTS; i++) {
		if (!ec.port[i].owner) {
			ec.port[i] = (struct port){ .owner = xce, .d = d };
			return i;
		}
	}
	return -ENOSPC;
}

static int bind_interdomain(xenevtchn_handle *xce, struct exen_domain *d, evtchn_port_t remote)
{
	struct guest_port *far;
	int port;

	if (remote >= MAX_PORTS || d->ports[remote].state != PORT_UNBOUND)
		return -EINVAL;
	port = new_port(xce, d);
	if (port < 0)
		return port;
	far = &d->ports[remote];
	far->state = PORT_INTERDOMAIN;
	far->remote = (evtchn_port_t)port;
	ec.port[port].remote = remote;
	/* Notifications may have been lost while the port was unbound, so Xen always raises one. */
	deliver(&ec.port[port]);
	return port;
}

/* A channel from this domain to itself: @remote is an unbound port of any handle here. */
static int bind_self(xenevtchn_handle *xce, evtchn_port_t remote)
{
	struct port *far = remote && remote < MAX_PORTS ? &ec.port[remote] : NULL;
	int port;

	if (!far || !far->owner || far->d || far->remote)
		return -EINVAL;
	port = new_port(xce, NULL);
	if (port < 0)
		return port;
	far->remote = (evtchn_port_t)port;
	ec.port[port].remote = remote;
	deliver(&ec.port[port]);
	return port;
}

/* ---- the guests' side ---- */

evtchn_port_t guest_port_alloc(struct exen_domain *d, struct vcpu *v)
{
	evtchn_port_t got = 0;

	pthread_mutex_lock(&ec.lock);
	for (evtchn_port_t i = 1; i < MAX_PORTS && !got; i++) {
		if (d->ports[i].state == PORT_FREE) {
			d->ports[i] = (struct guest_port){ PORT_UNBOUND, 0, v };
			got = i;
		}
	}
	pthread_mutex_unlock(&ec.lock);
	return got;
}

void guest_port_free(struct exen_domain *d, evtchn_port_t port)
{
	struct guest_port *p = &d->ports[port];

	pthread_mutex_lock(&ec.lock);
	if (p->state == PORT_INTERDOMAIN)
		ec.port[p->remote].remote = 0;
	memset(p, 0, sizeof(*p));
	pthread_mutex_unlock(&ec.lock);
}

void guest_port_notify(struct exen_domain *d, evtchn_port_t port)
{
	pthread_mutex_lock(&ec.lock);
	if (d->ports[port].state == PORT_INTERDOMAIN)
		deliver(&ec.port[d->ports[port].remote]);
	pthread_mutex_unlock(&ec.lock);
}

unsigned int evtchn_bound(void)
{
	unsigned int n = 0;

	pthread_mutex_lock(&ec.lock);
	for (unsigned int i = 1; i < MAX_PORTS; i++)
		n += ec.port[i].owner != NULL;
	pthread_mutex_unlock(&ec.lock);
	return n;
}

void evtchn_reset(void)
{
	pthread_mutex_lock(&ec.lock);
	memset(ec.port, 0, sizeof(ec.port));
	pthread_mutex_unlock(&ec.lock);
}

void evtchn_handle_die(struct handle *h)
{
	xenevtchn_handle *xce = (xenevtchn_handle *)h;

	pthread_mutex_lock(&ec.lock);
	close_ports_of(xce);
	/* Wakes sleepers. The descriptor stays readable, as nobody will drain it. */
	signal_fd(xce);
	pthread_mutex_unlock(&ec.lock);
}

/* ---- the library ---- */

xenevtchn_handle *xenevtchn_open(struct xentoollog_logger *logger, unsigned int flags)
{
	xenevtchn_handle *xce = handle_open(HANDLE_EVTCHN, sizeof(*xce), __func__);

	(void)logger;
	if (!xce)
		return NULL;
	/* Blocking, like the driver: O_NONBLOCK is the user's choice, seen by xenevtchn_pending. */
	xce->fd = eventfd(0, flags & XENEVTCHN_NO_CLOEXEC ? 0 : EFD_CLOEXEC);
	if (xce->fd < 0) {
		handle_close(&xce->h);
		free(xce);
		return NULL;
	}
	return xce;
}

int xenevtchn_close(xenevtchn_handle *xce)
{
	if (!xce)
		return 0;
	handle_close(&xce->h);
	pthread_mutex_lock(&ec.lock);
	close_ports_of(xce);
	pthread_mutex_unlock(&ec.lock);
	close(xce->fd);
	free(xce);
	return 0;
}

int xenevtchn_fd(xenevtchn_handle *xce)
{
	return xce->fd;
}

int xenevtchn_restrict(xenevtchn_handle *xce, domid_t domid)
{
	if (!handle_ok(&xce->h, __func__))
		return -1;
	return handle_restrict(&xce->h, domid, EACCES) ? 0 : -1;
}

xenevtchn_port_or_error_t xenevtchn_bind_interdomain(xenevtchn_handle *xce, uint32_t domid,
						     evtchn_port_t remote_port)
{
	bool self = domid == DOMID_SELF;
	struct exen_domain *d = self ? NULL : handle_domain(&xce->h, domid, EACCES, __func__);
	int rc;

	if (self ? !handle_ok(&xce->h, __func__) : !d)
		return -1;
	pthread_mutex_lock(&ec.lock);
	rc = self ? bind_self(xce, remote_port) : bind_interdomain(xce, d, remote_port);
	pthread_mutex_unlock(&ec.lock);
	return lib_return(rc);
}

xenevtchn_port_or_error_t xenevtchn_bind_unbound_port(xenevtchn_handle *xce, uint32_t domid)
{
	bool self = domid == DOMID_SELF;
	struct exen_domain *d = self ? NULL : handle_domain(&xce->h, domid, EACCES, __func__);
	int rc;

	if (self ? !handle_ok(&xce->h, __func__) : !d)
		return -1;
	pthread_mutex_lock(&ec.lock);
	rc = new_port(xce, d);
	pthread_mutex_unlock(&ec.lock);
	return lib_return(rc);
}

int xenevtchn_unbind(xenevtchn_handle *xce, evtchn_port_t port)
{
	struct port *p;

	if (!handle_ok(&xce->h, __func__))
		return -1;
	pthread_mutex_lock(&ec.lock);
	/* Events that are in the ring already stay there, as in the driver. */
	p = port_of(xce, port);
	if (p)
		close_port(p);
	pthread_mutex_unlock(&ec.lock);
	return lib_return(p ? 0 : port >= MAX_PORTS ? -EINVAL : -ENOTCONN);
}

int xenevtchn_notify(xenevtchn_handle *xce, evtchn_port_t port)
{
	struct port *p;

	if (!handle_ok(&xce->h, __func__))
		return -1;
	pthread_mutex_lock(&ec.lock);
	p = port_of(xce, port);
	if (p && p->remote && p->d)
		vcpu_kick(p->d->ports[p->remote].vcpu);
	else if (p && p->remote)
		deliver(&ec.port[p->remote]);
	pthread_mutex_unlock(&ec.lock);
	return lib_return(p ? 0 : -ENOTCONN);
}

int xenevtchn_unmask(xenevtchn_handle *xce, evtchn_port_t port)
{
	struct port *p;

	if (!handle_ok(&xce->h, __func__))
		return -1;
	pthread_mutex_lock(&ec.lock);
	/* The driver ignores ports that are not the handle's. */
	p = port_of(xce, port);
	if (p && p->masked) {
		p->masked = false;
		if (p->pending) {
			p->pending = false;
			deliver(p);
		}
	}
	pthread_mutex_unlock(&ec.lock);
	return 0;
}

/* The next port, 0 if there is none, or -errno. */
static int pop(xenevtchn_handle *xce)
{
	uint64_t count;
	int port = 0;

	pthread_mutex_lock(&ec.lock);
	if (atomic_load(&xce->h.dead)) {
		port = -EBADF;
	} else if (xce->overflow) {
		port = -EFBIG;
	} else if (xce->prod != xce->cons) {
		port = (int)xce->ring[xce->cons++ % RING];
		if (xce->prod == xce->cons)
			while (read(xce->fd, &count, sizeof(count)) < 0 && errno == EINTR)
				;
	}
	pthread_mutex_unlock(&ec.lock);
	return port;
}

xenevtchn_port_or_error_t xenevtchn_pending(xenevtchn_handle *xce)
{
	struct pollfd pfd = { .fd = xce->fd, .events = POLLIN };
	int port;

	if (!handle_ok(&xce->h, __func__))
		return -1;
	while (!(port = pop(xce))) {
		if (fcntl(xce->fd, F_GETFL) & O_NONBLOCK)
			return lib_return(-EAGAIN);
		if (poll(&pfd, 1, -1) < 0)
			return -1;
	}
	return lib_return(port);
}
