/* SPDX-License-Identifier: MIT */
/* What xengtd has of Xen for all guests, and a domain as Xen describes it. */
#ifndef XENGT_KEEPER_DOM0_H
#define XENGT_KEEPER_DOM0_H

#include <xenctrl.h>

#include "core/base/types.h"
#include "xengt/keeper/store.h"

/* All guests together: three quarters of what Xen lets dom0 map, since disks and nets need some. */
#define XENGT_PINS_HOST 196608u

/* What xengtd has of Xen for all guests. */
struct xengt_dom0 {
	xc_interface *xc;
	struct xengt_store *store;
	const char *state_dir; /* the caller's */
	bool pvh;	       /* the domain we run in, as the kernel says */
	u32 pins;	       /* pages that all guests have pinned; atomic */
};

/** xengt_dom0_open() - open Xen's interfaces; .state_dir is set by the caller. Returns 0, or a
 * negative errno after a log line that says what could not be had. */
int xengt_dom0_open(struct xengt_dom0 *dom0);

/** xengt_dom0_close() - the reverse, after the last keeper. */
void xengt_dom0_close(struct xengt_dom0 *dom0);

/* A domain as Xen describes it. */
struct xengt_dominfo {
	bool dying; /* Xen is destroying it, or has: no vCPU runs, its p2m is emptied */
	bool hvm, hap;
	bool suspended; /* shut down, to be saved or migrated */
	bool over;   /* shut down, and never to run again: crashed, powered off, to be rebooted */
	bool booted; /* firmware ran in it, and it was not soft reset (kexec) since */
	u64 max_kib;
	u8 uuid[16];
};

/** xengt_dominfo() - look @domid up. Returns 0, -ESRCH when there is none, or an errno. */
int xengt_dominfo(struct xengt_dom0 *dom0, domid_t domid, struct xengt_dominfo *info);

/* Where xenstore has a domain's name, by its number, and the memory that it is to have, in KiB. */
#define XENGT_NAME_PATH	  "/local/domain/%u/name"
#define XENGT_MEMORY_PATH "/local/domain/%u/memory/target"

/** xengt_dom0_read() - what xenstore has at @path, in which %u is the domain's number; NULL:
 * nothing. The caller's. */
char *xengt_dom0_read(struct xengt_dom0 *dom0, const char *path, domid_t domid);

#endif
