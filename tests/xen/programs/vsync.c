/* SPDX-License-Identifier: MIT */
/* Vblanks of the console's screen. */
#include <errno.h>
#include <fcntl.h>
#include <linux/fb.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <time.h>

#include "device.h"

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

/* vgpu-test vsync COUNT: waits for so many vblanks. */
int cmd_vsync(int argc, char **argv)
{
	unsigned int count = argc > 1 ? strtoul(argv[1], NULL, 0) : 60;
	int fd = open("/dev/fb0", O_RDWR);
	uint32_t crtc = 0;
	double before;

	if (fd < 0)
		die("/dev/fb0");
	if (ioctl(fd, FBIO_WAITFORVSYNC, &crtc))
		die("waiting for a vblank");
	before = now();
	for (unsigned int i = 0; i < count; i++)
		if (ioctl(fd, FBIO_WAITFORVSYNC, &crtc))
			die("waiting for vblank %u", i);
	printf("ok %u vblanks, %.1f a second\n", count, count / (now() - before));
	return 0;
}
