/* SPDX-License-Identifier: MIT */
/*
 * What an access costs the guest, for ours and for others side by side in one run: the targets take
 * turns in short rounds, so that a change of the machine's speed meets all of them.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "device.h"

#define PER_ROUND 50u
#define BURST	  1000u /* accesses in one sample, where one is too short for the clock */

struct target {
	const char *name;
	volatile uint32_t *at;
	int write;
	unsigned int burst;
	double *ns;
	unsigned int nr;
};

static double now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1e9 + ts.tv_nsec;
}

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double at_percent(const struct target *target, unsigned int percent)
{
	return target->ns[(unsigned long)(target->nr - 1) * percent / 100];
}

static void measure(struct target *target)
{
	for (unsigned int i = 0; i < PER_ROUND; i++) {
		double before = now_ns();

		for (unsigned int n = 0; n < target->burst; n++) {
			if (target->write)
				*target->at = i;
			else
				(void)*target->at;
		}
		target->ns[target->nr++] = (now_ns() - before) / target->burst;
	}
}

/* Physical memory that nobody claims: Xen itself answers there. */
static volatile uint32_t *unclaimed(void)
{
	int fd = open("/dev/mem", O_RDWR | O_SYNC);
	void *va;

	if (fd < 0)
		return NULL;
	va = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0xfbff0000);
	close(fd);
	return va == MAP_FAILED ? NULL : va;
}

/* Registers of QEMU's that do nothing but hold or name a value: edu's, or the display adapter's. */
static volatile uint32_t *qemu_register(const char **name)
{
	const char *path = device_path(0x1234, 0x11e8);

	if (path) {
		*name = "QEMU's edu";
		return (volatile uint32_t *)(device_map(path, 0, 4096) + 4);
	}
	path = device_path(0x1234, 0x1111);
	if (!path)
		return NULL;
	*name = "QEMU's display";
	return (volatile uint32_t *)(device_map(path, 2, 4096) + 0x500);
}

/* vgpu-test bench [ROUNDS] */
int cmd_bench(int argc, char **argv)
{
	unsigned int rounds = argc > 1 ? strtoul(argv[1], NULL, 0) : 20;
	volatile uint8_t *regs = vgpu_bar0();
	static uint32_t ram[1024];
	const char *qemu = "QEMU's";
	volatile uint32_t *theirs = qemu_register(&qemu), *floor = unclaimed();
	struct target targets[] = {
		{ "ours, trapped read", (volatile uint32_t *)(regs + TRAPPED_SCRATCH), 0, 1, NULL,
		  0 },
		{ "ours, trapped write", (volatile uint32_t *)(regs + TRAPPED_SCRATCH), 1, 1, NULL,
		  0 },
		{ "ours, direct read", (volatile uint32_t *)(regs + DIRECT_SCRATCH), 0, BURST, NULL,
		  0 },
		{ "ours, write to a direct page", (volatile uint32_t *)(regs + DIRECT_SCRATCH), 1,
		  1, NULL, 0 },
		{ "QEMU, read", theirs, 0, 1, NULL, 0 },
		{ "QEMU, write", theirs, 1, 1, NULL, 0 },
		{ "Xen alone, read", floor, 0, 1, NULL, 0 },
		{ "Xen alone, write", floor, 1, 1, NULL, 0 },
		{ "memory, read", ram, 0, BURST, NULL, 0 },
	};
	size_t nr = sizeof(targets) / sizeof(targets[0]);

	for (size_t t = 0; t < nr; t++) {
		targets[t].ns = calloc(rounds * PER_ROUND, sizeof(double));
		if (!targets[t].ns)
			die("memory");
	}
	for (unsigned int round = 0; round < rounds; round++)
		for (size_t t = 0; t < nr; t++)
			if (targets[t].at)
				measure(&targets[t]);
	printf("peer: %s\n%-30s %10s %10s %10s %10s  us\n", qemu, "", "min", "median", "p95",
	       "p99");
	for (size_t t = 0; t < nr; t++) {
		if (!targets[t].nr)
			continue;
		qsort(targets[t].ns, targets[t].nr, sizeof(double), by_size);
		printf("%-30s %10.3f %10.3f %10.3f %10.3f\n", targets[t].name,
		       at_percent(&targets[t], 0) / 1e3, at_percent(&targets[t], 50) / 1e3,
		       at_percent(&targets[t], 95) / 1e3, at_percent(&targets[t], 99) / 1e3);
	}
	if (theirs)
		printf("ratio to QEMU: read %.2f, write %.2f\n",
		       at_percent(&targets[0], 50) / at_percent(&targets[4], 50),
		       at_percent(&targets[1], 50) / at_percent(&targets[5], 50));
	printf("ratio of a direct read to memory: %.2f\n",
	       at_percent(&targets[2], 50) / at_percent(&targets[8], 50));
	return 0;
}
