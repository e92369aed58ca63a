/* SPDX-License-Identifier: MIT */
/* A domain as Xen describes it, and what is logged of its vGPU. */
#include <errno.h>
#include <string.h>

#include "xengt/xen/xengt.h"

void xengt_vgpu_log(const struct xengt_vgpu *v, enum xengt_event event, enum xengt_level level,
		    const char *format, ...)
{
	const struct xengt_subject of = { v->domid, v->name, v->state->options.uuid, NULL };
	va_list args;

	va_start(args, format);
	xengt_vlog_of(&of, event, level, format, args);
	va_end(args);
}

/* Xen's number of a frame that there is not. */
#define INVALID_FRAME (~0ull)

/*
 * Whether Xen is destroying the domain and has not finished. getinfolist reports a domain as dying
 * only once it is dead (XEN_DOMINF_dying in xen/common/domctl.c). hvm_save_one() refuses a dying
 * domain from the beginning, with EINVAL; the record of vCPU 0 is one that every HVM domain has.
 * Toolstacks pause or shut down a domain before they destroy it: others are not asked, since a
 * running vCPU would be paused for it.
 */
static bool taken_apart(struct xengt_host *host, const xc_domaininfo_t *info)
{
	struct hvm_hw_cpu cpu;

	return info->flags & (XEN_DOMINF_paused | XEN_DOMINF_shutdown) &&
	       info->flags & XEN_DOMINF_hvm_guest &&
	       xc_domain_hvm_getcontext_partial(host->xc, info->domain, HVM_SAVE_CODE(CPU), 0, &cpu,
						sizeof(cpu)) &&
	       errno == EINVAL;
}

int xengt_dominfo(struct xengt_host *host, domid_t domid, struct xengt_dominfo *info)
{
	xc_domaininfo_t raw;
	int n = xc_domain_getinfolist(host->xc, domid, 1, &raw);
	unsigned int reason;

	if (n < 0)
		return -errno;
	/* Xen gives the first domain from this number on. */
	if (n != 1 || raw.domain != domid)
		return -ESRCH;
	reason = raw.flags >> XEN_DOMINF_shutdownshift & XEN_DOMINF_shutdownmask;
	info->dying = raw.flags & XEN_DOMINF_dying || taken_apart(host, &raw);
	info->suspended = raw.flags & XEN_DOMINF_shutdown && reason == SHUTDOWN_suspend;
	info->over = raw.flags & XEN_DOMINF_shutdown && reason != SHUTDOWN_suspend &&
		     reason != SHUTDOWN_soft_reset;
	/* Firmware maps the page that Xen shares with the domain; a soft reset takes it away. */
	info->booted = raw.shared_info_frame != INVALID_FRAME;
	info->hvm = raw.flags & XEN_DOMINF_hvm_guest;
	info->hap = raw.flags & XEN_DOMINF_hap;
	info->max_kib = raw.max_pages << (GVT_PAGE_SHIFT - 10);
	memcpy(info->uuid, raw.handle, sizeof(info->uuid));
	return 0;
}
