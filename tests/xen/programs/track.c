/* SPDX-License-Identifier: MIT */
/* A page of this program's that dom0 is to track, and writes to it. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "device.h"

/*
 * vgpu-test track COUNT: prints "gfn N", waits for a line of input, writes COUNT values that a
 * generator makes, reads them back, and says what the page should and does hold.
 */
int cmd_track(int argc, char **argv)
{
	unsigned int count = argc > 1 ? strtoul(argv[1], NULL, 0) : 64, wrong = 0;
	volatile uint32_t *page =
		mmap(NULL, 4096, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_LOCKED | MAP_POPULATE, -1, 0);
	uint32_t model[1024] = { 0 }, value = 0x12345678;
	char line[16];

	if (page == MAP_FAILED)
		die("a locked page");
	page[0] = 0;
	printf("gfn 0x%llx\n", page_frame(page));
	fflush(stdout);
	if (!fgets(line, sizeof(line), stdin))
		return 1;
	for (unsigned int i = 0; i < count; i++) {
		value = value * 1664525u + 1013904223u;
		page[i % 1024] = value;
		model[i % 1024] = value;
	}
	for (unsigned int i = 0; i < 1024; i++)
		wrong += page[i] != model[i];
	printf("wrote %u, last 0x%x, %u wrong in the page\n", count, value, wrong);
	printf("%s\n", wrong ? "not ok" : "ok");
	return wrong != 0;
}
