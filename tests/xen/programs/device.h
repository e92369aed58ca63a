/* SPDX-License-Identifier: MIT */
/* The vGPU as a program in the guest reaches it: through sysfs. */
#ifndef DEVICE_H
#define DEVICE_H

#include <stddef.h>
#include <stdint.h>

/* Registers that hold what is written to them and do nothing else. */
#define TRAPPED_SCRATCH 0x2600u	 /* RCS0 general purpose registers: in a page whose reads trap */
#define DIRECT_SCRATCH	0x4a000u /* pipe A's palette: in a page that is read without a trap */
#define SCRATCH_BYTES	128u

/** device_path() - sysfs folder of the first PCI function with @vendor and @device; or NULL. */
const char *device_path(unsigned int vendor, unsigned int device);

/** device_map() - map the first @size bytes of BAR @bar of the function at @path, or end. */
volatile uint8_t *device_map(const char *path, unsigned int bar, size_t size);

/** vgpu_bar0() - the vGPU's registers; ends the program where there is no vGPU. */
volatile uint8_t *vgpu_bar0(void);

/** vgpu_whole_bar0() - the GGTT too, where no driver is bound; the function is turned on. */
volatile uint8_t *vgpu_whole_bar0(void);

/** vgpu_slot() - the vGPU's slot of PCI bus 0. */
unsigned int vgpu_slot(void);

/** page_frame() - the guest frame of the locked page at @va. */
unsigned long long page_frame(volatile void *va);

/** die() - print a message with the error, and end with status 1. */
void die(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));

int cmd_info(int argc, char **argv);
int cmd_access(int argc, char **argv);
int cmd_rep(int argc, char **argv);
int cmd_track(int argc, char **argv);
int cmd_storm(int argc, char **argv);
int cmd_direct(int argc, char **argv);
int cmd_noise(int argc, char **argv);
int cmd_enter(int argc, char **argv);
int cmd_bench(int argc, char **argv);
int cmd_attack(int argc, char **argv);
int cmd_worst(int argc, char **argv);
int cmd_vsync(int argc, char **argv);

#endif
