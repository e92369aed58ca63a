/* SPDX-License-Identifier: MIT */
/* What this host's Xen allows a domain, as Xen itself says. */
#include <stdlib.h>
#include <xenctrl.h>
#include <xenhypfs.h>

#include "xengt/doctor.h"
#include "xengt/number.h"

static u32 number_at(xenhypfs_handle *fs, const char *path)
{
	char *text = xenhypfs_read(fs, path);
	u64 number = 0;

	if (text)
		xengt_number(text, XENGT_DECIMAL, 0, UINT32_MAX, &number);
	free(text);
	return number;
}

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
	xenhypfs_handle *fs = xenhypfs_open(NULL, 0);

	*xen = (struct doctor_xen){ 0 };
	ask_capabilities(xen);
	if (!fs)
		return;
	xen->grant_frames = number_at(fs, "/params/gnttab_max_frames");
	xen->maptrack_frames = number_at(fs, "/params/gnttab_max_maptrack_frames");
	xenhypfs_close(fs);
}
