/* SPDX-License-Identifier: MIT */
/* The daemon without its process, on embedded Xen, for tests of what it is asked to do. */
#ifndef TESTS_UNIT_DAEMON_RIG_H
#define TESTS_UNIT_DAEMON_RIG_H

#include "core/exec/exec.h"
#include "core/gtt/page_track.h"
#include "core/regs/vreg.h"
#include "tests/embedded/embedded_xen.h"
#include "tests/unit/threads.h"
#include "tests/unit/unit.h"
#include "xengt/daemon/daemon.h"
#include "xengt/daemon/tree/tree.h"
#include "xengt/guest/vgpu.h"

#define UUID_A "a0000000-0000-4000-8000-00000000000a"
#define UUID_B "b0000000-0000-4000-8000-00000000000b"
#define V5_1   "i915-GVTg_V5_1"
#define V5_8   "i915-GVTg_V5_8"

struct rig {
	struct daemon daemon; /* with a GPU of software */
	struct rig_process process[NR_DOMAINS];
	struct exen_domain *d[NR_DOMAINS]; /* with little memory */
	char dir[32], why[512];
	bool over; /* what was begun last is done: with .err and .why */
	int err;
};

/** daemon_rig_new() - a daemon that is ready. */
struct rig *daemon_rig_new(void);

/** daemon_rig_free() - end it, and check that nothing is left in Xen or in the directory. */
void daemon_rig_free(struct rig *r);

/** daemon_rig_restart() - end the daemon, and have another one take over. */
void daemon_rig_restart(struct rig *r);

/** daemon_rig_attach() - give domain FIRST_DOMID + @at a vGPU. Returns 0 or errno, with ->why. */
int daemon_rig_attach(struct rig *r, unsigned int at, const char *options);

/** daemon_rig_over() - the guest_done of a struct rig. */
void daemon_rig_over(void *arg, struct guest *guest, int err, const char *why);

/** daemon_rig_wait() - run the loop until daemon_rig_over() was called. Returns its errno. */
int daemon_rig_wait(struct rig *r);

/** daemon_rig_detach() - take the guest's vGPU away. */
void daemon_rig_detach(struct rig *r, struct guest *guest);

/** daemon_rig_quiet() - run the loop until no guest is in the midst of anything. */
void daemon_rig_quiet(struct rig *r);

/** daemon_rig_vgpu() - the vGPU of domain FIRST_DOMID + @at, in its process. */
struct xengt_vgpu *daemon_rig_vgpu(struct rig *r, unsigned int at);

/** daemon_rig_settle() - its process has done all that it was asked. */
void daemon_rig_settle(struct rig *r, unsigned int at);

/** daemon_rig_place() - domain FIRST_DOMID + @at places its vGPU's BARs as firmware does. */
void daemon_rig_place(struct rig *r, unsigned int at);

/** daemon_rig_write_reg() - it writes a register, which must be one whose writes trap. */
void daemon_rig_write_reg(struct rig *r, unsigned int at, u32 offset, u32 val);

/** daemon_rig_available() - how many more of @type there can be. */
u32 daemon_rig_available(struct rig *r, const char *type);

/** daemon_rig_files() - how many files are in the state directory. */
unsigned int daemon_rig_files(const struct rig *r);

/** daemon_rig_ino() - the inode at @path below the tree's root, "" for the root; 0: none. */
u64 daemon_rig_ino(struct rig *r, const char *path);

/**
 * daemon_rig_read() - the contents of the file at @path; an error as "-N", with a negative errno.
 */
const char *daemon_rig_read(struct rig *r, const char *path);

/** daemon_rig_store() - tree_write(), and wait until it is done. */
int daemon_rig_store(struct rig *r, u64 ino, const char *text, size_t len);

/** daemon_rig_write() - write @text to the file at @path. Returns 0 or a negative errno. */
int daemon_rig_write(struct rig *r, const char *path, const char *text);

#endif
