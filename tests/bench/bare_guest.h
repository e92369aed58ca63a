/* SPDX-License-Identifier: MIT */
/*
 * A guest on embedded Xen with a vGPU as the daemon has it, for programs that are no Check tests:
 * benchmarks and fuzz targets. Whatever goes wrong here ends the program.
 */
#ifndef TESTS_BENCH_BARE_GUEST_H
#define TESTS_BENCH_BARE_GUEST_H

#include "core/gtt/gtt.h"
#include "core/gtt/page_track.h"
#include "core/regs/vreg.h"
#include "tests/embedded/embedded_xen.h"
#include "tests/unit/pair.h"
#include "xengt/xen/backing.h"
#include "xengt/xen/opregion.h"
#include "xengt/xen/track.h"
#include "xengt/xen/xengt.h"

#define BARE_DOMID 3
#define BARE_PAGES 0x400u /* guest memory: 4 MiB */
#define BARE_DEVFN 0x80u
#define BARE_BAR0  0xf4000000ull
#define BARE_BAR2  0x80000000ull

struct bare_guest {
	struct xengt_dom0 dom0;
	struct xengt_host host;
	struct pair pair;
	struct exen_domain *d;
	struct xengt_vgpu *v;
	char dir[32];
};

/** MUST() - end the program unless @what is true. */
#define MUST(what) bare_must(what, #what, __FILE__, __LINE__)

/** bare_must() - MUST()'s work. */
void bare_must(bool is, const char *what, const char *file, int line);

/** bare_guest_start() - one vCPU, BARs in place; its thread serves. */
void bare_guest_start(struct bare_guest *g);

/** bare_guest_end() - all of it, checking that nothing of ours is left. */
void bare_guest_end(struct bare_guest *g);

#endif
