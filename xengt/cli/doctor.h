/* SPDX-License-Identifier: MIT */
/*
 * Whether this host can give guests vGPUs, whether a guest's configuration lets it have one, and
 * what to change where not.
 *
 * What was found is an array of objects: "what" was looked at; "state": "ok", "note" (it works, and
 * could do better) or "wrong"; and, unless it is "ok", "advice".
 */
#ifndef XENGT_CLI_DOCTOR_H
#define XENGT_CLI_DOCTOR_H

#include <json-c/json.h>
#include <stdio.h>

#include "xengt/settings/config.h"

/**
 * doctor_host() - look at the host. @root: before the paths of the system's files; "" for this
 * system. Returns what was found, owned by the caller.
 */
struct json_object *doctor_host(const struct xengt_config *config, const char *root);

/* What Xen lets a domain have. Zero: anything, or Xen could not be asked. */
struct doctor_xen {
	u32 grant_frames, maptrack_frames;    /* its parameters */
	bool no_hap, no_passthrough, no_vpmu; /* what the processor and the board lack */
};

/** doctor_xen_ask() - ask this host's Xen. */
void doctor_xen_ask(struct doctor_xen *xen);

/** doctor_xen_since() - whether Xen is @major.@minor or newer. @root: as below. */
bool doctor_xen_since(const char *root, u32 major, u32 minor);

/**
 * doctor_guest() - look at the configuration at @path (xl.cfg(5)).
 * @root: before the paths of files that the configuration names, and of the system's.
 * @xen:  what Xen allows.
 * @types, @vgpus: as the daemon lists them; NULL: it could not be asked.
 * @why: receives a sentence where the file cannot be read. Returns NULL then, or what was found.
 */
struct json_object *doctor_guest(const struct xengt_config *config, const char *root,
				 const char *path, const struct doctor_xen *xen,
				 struct json_object *types, struct json_object *vgpus, char *why,
				 size_t why_len);

/** doctor_found() - add a finding to @all. @advice: NULL for "ok". */
void doctor_found(struct json_object *all, const char *what, const char *state, const char *advice);

/** doctor_print() - a line for each, with advice below. */
void doctor_print(struct json_object *found, FILE *to);

/** doctor_amiss() - how much is wrong. */
unsigned int doctor_amiss(struct json_object *found);

#endif
