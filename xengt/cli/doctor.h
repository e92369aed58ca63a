/* SPDX-License-Identifier: MIT */
/*
 * xengt doctor: checks whether this host can give guests vGPUs, and whether a guest's configuration
 * suits one, and advises what to change.
 *
 * Findings are an array of objects: "what" was checked; "state": "ok", "note" (it works, but could
 * work better) or "wrong"; and, unless that is "ok", "advice".
 */
#ifndef XENGT_CLI_DOCTOR_H
#define XENGT_CLI_DOCTOR_H

#include <json-c/json.h>
#include <stdio.h>

#include "xengt/settings/config.h"

/**
 * doctor_host() - check the host. @root: prefix of the paths of system files; "" for this system.
 * Returns the findings; the caller owns them.
 */
struct json_object *doctor_host(const struct xengt_config *config, const char *root);

/* Xen's limits for a domain. 0: no limit, or Xen could not be asked. */
struct doctor_xen {
	u32 grant_frames, maptrack_frames;    /* Xen's parameters */
	bool no_hap, no_passthrough, no_vpmu; /* features that the hardware lacks */
};

/** doctor_xen_ask() - ask this host's Xen. */
void doctor_xen_ask(struct doctor_xen *xen);

/** doctor_xen_since() - whether Xen is @major.@minor or newer. @root: as below. */
bool doctor_xen_since(const char *root, u32 major, u32 minor);

/**
 * doctor_guest() - check the guest's configuration at @path (xl.cfg(5)).
 * @root: prefix of the paths of system files, and of files that the configuration names.
 * @xen:  Xen's limits.
 * @types, @vgpus: as xengtd lists them; NULL: it could not be asked.
 * Returns the findings; or NULL, with a sentence in @why: the file cannot be read.
 */
struct json_object *doctor_guest(const struct xengt_config *config, const char *root,
				 const char *path, const struct doctor_xen *xen,
				 struct json_object *types, struct json_object *vgpus, char *why,
				 size_t why_len);

/** doctor_found() - add a finding to @all. @advice: NULL for "ok". */
void doctor_found(struct json_object *all, const char *what, const char *state, const char *advice);

/** doctor_print() - print a line for each finding, with its advice below. */
void doctor_print(struct json_object *found, FILE *to);

/** doctor_amiss() - how many findings are "wrong". */
unsigned int doctor_amiss(struct json_object *found);

#endif
