/* SPDX-License-Identifier: MIT */
/* xengtd's handles of Xen for all guests, and a domain's state as Xen reports it. */
#ifndef XENGT_KEEPER_DOM0_H
#define XENGT_KEEPER_DOM0_H

#include <xenctrl.h>

#include "core/base/types.h"
#include "xengt/keeper/store.h"
#include "xengt/state/file.h"

/* Pins of all guests together: three quarters of the grants that Xen lets dom0 map. Disk and
 * network backends need the rest. */
#define XENGT_PINS_HOST 196608u

/* xengtd's handles, shared by all keepers. */
struct xengt_dom0 {
	xc_interface *xc;
	struct xengt_store *store;
	/* The caller's: the directory of files, and the kind of those that processes have. */
	const char *state_dir;
	struct xengt_file_kind state_kind;
	bool pvh; /* dom0 is PVH, as the kernel says */
	u32 pins; /* pages that all guests have pinned; atomic */
};

/** xengt_dom0_open() - open Xen's interfaces; the caller sets .state_dir and .state_kind. Returns
 * 0, or a negative errno after a log line. */
int xengt_dom0_open(struct xengt_dom0 *dom0);

/** xengt_dom0_close() - close them, after the last keeper. */
void xengt_dom0_close(struct xengt_dom0 *dom0);

/* A domain's state as Xen reports it. */
struct xengt_dominfo {
	bool dying; /* Xen is destroying it, or has: no vCPU runs, its p2m is emptied */
	bool hvm, hap;
	bool suspended; /* shut down, to be saved or migrated */
	bool over;	/* shut down for good: crashed, powered off, to be rebooted */
	bool booted;	/* its firmware has run, and it was not soft reset (kexec) since */
	u64 max_kib;
	u8 uuid[16];
};

/** xengt_dominfo() - look @domid up. Returns 0, -ESRCH (there is none), or another errno. */
int xengt_dominfo(struct xengt_dom0 *dom0, domid_t domid, struct xengt_dominfo *info);

/* xenstore's paths of a domain's name, and of its memory target in KiB. */
#define XENGT_NAME_PATH	  "/local/domain/%u/name"
#define XENGT_MEMORY_PATH "/local/domain/%u/memory/target"

/** xengt_dom0_read() - read @path, in which %u is the domain's number, from xenstore. The caller
 * owns the result. NULL: nothing is there, or xenstored does not answer. */
char *xengt_dom0_read(struct xengt_dom0 *dom0, const char *path, domid_t domid);

#endif
