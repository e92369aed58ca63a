/* SPDX-License-Identifier: MIT */
#include "xengt/keeper/dom0.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "xengt/settings/log.h"

/* Whether dom0 is PVH. Only a PV domain can map a grant for a device alone: a PVH domain has guest
 * frame numbers of its own. */
static bool runs_in_pvh(void)
{
	FILE *file = fopen("/sys/hypervisor/guest_type", "re");
	char type[8] = "PV";

	if (file && fscanf(file, "%7s", type) != 1)
		strcpy(type, "PV");
	if (file)
		fclose(file);
	return strcmp(type, "PV");
}

int xengt_dom0_open(struct xengt_dom0 *dom0)
{
	int err;

	dom0->xc = xc_interface_open(NULL, NULL, 0);
	if (!dom0->xc) {
		xengt_log(XENGT_ERR,
			  "cannot open Xen's control interface: %s (is this dom0, and "
			  "/dev/xen/privcmd there?)",
			  strerror(errno));
		return -errno;
	}
	err = xengt_store_open(&dom0->store);
	if (err) {
		xengt_log(XENGT_ERR, "cannot reach xenstored: %s", strerror(-err));
		xc_interface_close(dom0->xc);
		dom0->xc = NULL;
		return err;
	}
	dom0->pvh = runs_in_pvh();
	return 0;
}

void xengt_dom0_close(struct xengt_dom0 *dom0)
{
	xengt_store_close(dom0->store);
	xc_interface_close(dom0->xc);
}

char *xengt_dom0_read(struct xengt_dom0 *dom0, const char *path, domid_t domid)
{
	char whole[64];

	snprintf(whole, sizeof(whole), path, domid);
	return xengt_store_read(dom0->store, whole);
}

/* The number by which Xen says that there is no frame. */
#define INVALID_FRAME (~0ull)

/*
 * Whether Xen is destroying the domain and has not finished. getinfolist reports a domain as dying
 * only once it is dead (XEN_DOMINF_dying in xen/common/domctl.c). hvm_save_one() refuses a dying
 * domain from the beginning, with EINVAL; every HVM domain has a record of vCPU 0. Only domains
 * that are paused or shut down are asked: the call would pause a running vCPU, and toolstacks pause
 * or shut down a domain before they destroy it.
 */
static bool taken_apart(struct xengt_dom0 *dom0, const xc_domaininfo_t *info)
{
	struct hvm_hw_cpu cpu;

	return info->flags & (XEN_DOMINF_paused | XEN_DOMINF_shutdown) &&
	       info->flags & XEN_DOMINF_hvm_guest &&
	       xc_domain_hvm_getcontext_partial(dom0->xc, info->domain, HVM_SAVE_CODE(CPU), 0, &cpu,
						sizeof(cpu)) &&
	       errno == EINVAL;
}

int xengt_dominfo(struct xengt_dom0 *dom0, domid_t domid, struct xengt_dominfo *info)
{
	xc_domaininfo_t raw;
	int n = xc_domain_getinfolist(dom0->xc, domid, 1, &raw);
	unsigned int reason;

	if (n < 0)
		return -errno;
	/* Xen returns the first domain with this number or a higher one. */
	if (n != 1 || raw.domain != domid)
		return -ESRCH;
	reason = raw.flags >> XEN_DOMINF_shutdownshift & XEN_DOMINF_shutdownmask;
	info->dying = raw.flags & XEN_DOMINF_dying || taken_apart(dom0, &raw);
	info->suspended = raw.flags & XEN_DOMINF_shutdown && reason == SHUTDOWN_suspend;
	info->over = raw.flags & XEN_DOMINF_shutdown && reason != SHUTDOWN_suspend &&
		     reason != SHUTDOWN_soft_reset;
	/* Firmware maps the shared info page; a soft reset removes it. */
	info->booted = raw.shared_info_frame != INVALID_FRAME;
	info->hvm = raw.flags & XEN_DOMINF_hvm_guest;
	info->hap = raw.flags & XEN_DOMINF_hap;
	info->max_kib = raw.max_pages << (GVT_PAGE_SHIFT - 10);
	memcpy(info->uuid, raw.handle, sizeof(info->uuid));
	return 0;
}
