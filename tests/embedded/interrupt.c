// SPDX-License-Identifier: MIT
/* Interrupts that a device model injects: recorded, for tests to look at. */
#include <errno.h>
#include <time.h>

#include <xendevicemodel.h>

#include "internal.h"

int xendevicemodel_inject_msi(xendevicemodel_handle *dmod, domid_t domid, uint64_t msi_addr,
			      uint32_t msi_data)
{
	/* The opaque handle's first member is the common part. */
	struct exen_domain *d = handle_domain((struct handle *)dmod, domid, EPERM, __func__);

	if (!d)
		return -1;
	/* Vector 0: the address names a pirq, and there is no pirq 0. */
	if (!(msi_data & 0xff) && !(msi_addr >> 40) && !(msi_addr >> 12 & 0xff))
		return lib_return(-ERANGE);
	atomic_fetch_add_explicit(&d->calls, 1, memory_order_relaxed);
	pthread_mutex_lock(&d->irq_lock);
	d->msi[d->msis++ % MSI_LOG] = (struct exen_msi){ msi_addr, msi_data };
	pthread_cond_broadcast(&d->irq_cond);
	pthread_mutex_unlock(&d->irq_lock);
	return 0;
}

int xendevicemodel_set_pci_intx_level(xendevicemodel_handle *dmod, domid_t domid, uint16_t segment,
				      uint8_t bus, uint8_t device, uint8_t intx, unsigned int level)
{
	struct exen_domain *d = handle_domain((struct handle *)dmod, domid, EPERM, __func__);

	if (!d)
		return -1;
	if (segment || bus || device > 0x1f || intx > 3 || level > 1)
		return lib_return(-EINVAL);
	atomic_fetch_add_explicit(&d->calls, 1, memory_order_relaxed);
	pthread_mutex_lock(&d->irq_lock);
	d->intx[device][intx] = level;
	pthread_mutex_unlock(&d->irq_lock);
	return 0;
}

bool exen_intx_level(struct exen_domain *d, unsigned int dev, unsigned int pin)
{
	bool level;

	pthread_mutex_lock(&d->irq_lock);
	level = d->intx[dev & 31][pin & 3];
	pthread_mutex_unlock(&d->irq_lock);
	return level;
}

int exen_msi(struct exen_domain *d, uint64_t nth, struct exen_msi *msi)
{
	uint64_t deadline = guest_deadline();
	struct timespec ts = { (time_t)(deadline / 1000000000), (long)(deadline % 1000000000) };
	int rc = 0;

	pthread_mutex_lock(&d->irq_lock);
	while (d->msis <= nth && !rc)
		rc = pthread_cond_timedwait(&d->irq_cond, &d->irq_lock, &ts);
	if (d->msis > nth) {
		rc = d->msis - nth > MSI_LOG ? -ERANGE : 0;
		*msi = d->msi[nth % MSI_LOG];
	} else {
		rc = -ETIMEDOUT;
	}
	pthread_mutex_unlock(&d->irq_lock);
	return rc == -ETIMEDOUT ? guest_timeout(d, 0, "no MSI came") : rc;
}
