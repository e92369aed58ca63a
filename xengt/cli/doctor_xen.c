/* SPDX-License-Identifier: MIT */
/* Limits that this host's Xen has for a domain. */
#include <xenctrl.h>

#include "xengt/cli/doctor.h"
#include "xengt/settings/xen_param.h"

static void ask_capabilities(struct doctor_xen *xen)
{
	xc_interface *xc = xc_interface_open(NULL, NULL, XC_OPENFLAG_NON_REENTRANT);
	xc_physinfo_t host = { 0 };

	if (xc && !xc_physinfo(xc, &host)) {
		xen->no_hap = !(host.capabilities & XEN_SYSCTL_PHYSCAP_hap);
		xen->no_passthrough = !(host.capabilities & XEN_SYSCTL_PHYSCAP_directio);
		xen->no_vpmu = !(host.capabilities & XEN_SYSCTL_PHYSCAP_vpmu);
	}
	if (xc)
		xc_interface_close(xc);
}

void doctor_xen_ask(struct doctor_xen *xen)
{
	*xen = (struct doctor_xen){ 0 };
	ask_capabilities(xen);
	xengt_xen_param("gnttab_max_frames", &xen->grant_frames);
	xengt_xen_param("gnttab_max_maptrack_frames", &xen->maptrack_frames);
}
