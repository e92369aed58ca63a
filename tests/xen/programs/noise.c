/* SPDX-License-Identifier: MIT */
/*
 * A hostile driver, in place of i915 (which must be unloaded): submits contexts whose images, rings
 * and page tables are noise around a few right values, and rewrites them while they are in use.
 * Layout of Gen9's register state in a context image: Linux, gt/intel_lrc_reg.h.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "device.h"

enum page { CTX = 0, STATE = 1, RING = 22, PML4 = 24, PDP, PD, PT, HWSP, DATA, NR_PAGES = 40 };

#define GGTT_AT	   (8u << 20)
#define FIRST_PAGE 0x20000u /* of the graphics address space: where the pages are entered */
#define PAGE	   4096u
#define ELSP	   0x230u
#define HWS_PGA	   0x80u
#define MODE	   0x29cu
#define GDRST	   0x941cu
#define PV_G2V	   0x78818u
#define PV_PDP	   0x78838u

static const uint32_t bases[] = { 0x2000, 0x22000, 0x12000, 0x1a000 };
static uint64_t state = 88172645463325252ull;

struct noise {
	volatile uint8_t *bar;
	uint32_t *page[NR_PAGES];
	uint64_t gfn[NR_PAGES];
};

static uint32_t any(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (uint32_t)(state >> 16);
}

static int one_in(uint32_t n)
{
	return any() % n == 0;
}

static void put(struct noise *n, uint32_t reg, uint32_t value)
{
	*(volatile uint32_t *)(n->bar + reg) = value;
}

static uint32_t graphics(unsigned int page)
{
	return (FIRST_PAGE + page) * PAGE;
}

/* A frame of ours, or one that nobody has. Never another's: the guest is to outlive this. */
static uint64_t some_entry(struct noise *n)
{
	uint64_t gfn = one_in(4) ? (uint64_t)any() << 8 | 1ull << 35 : n->gfn[any() % NR_PAGES];

	return gfn << 12 | (any() & (one_in(4) ? 0xfff : 3)) | 1;
}

static void fill_tables(struct noise *n)
{
	for (unsigned int level = PML4; level <= PT; level++) {
		uint64_t *table = (uint64_t *)n->page[level];

		for (unsigned int i = 0; i < 512; i += 1 + any() % 64)
			table[i] = some_entry(n);
		table[0] = (level < PT ? n->gfn[level + 1] : n->gfn[DATA]) << 12 | 3;
	}
}

/* Commands that are right in their first dword, or not at all. */
static void fill_ring(struct noise *n)
{
	static const uint32_t headers[] = {
		0,	    0x10000002, 0x10400002, 0x11000001, 0x12000002, 0x18800101,
		0x18800001, 0x0e000002, 0x13000003, 0x7a000004, 0x54f00008, 0x50800008,
		0x05000000, 0x01000000, 0x0d000000, 0x17000003, 0x0b160001, 0x05800000,
	};

	for (unsigned int p = RING; p < RING + 2; p++)
		for (unsigned int i = 0; i < PAGE / 4; i++) {
			uint32_t header = headers[any() % (sizeof(headers) / sizeof(headers[0]))];

			n->page[p][i] = one_in(3)   ? header
					: one_in(2) ? graphics(any() % NR_PAGES)
						    : any();
		}
}

static void fill_state(struct noise *n, uint32_t base)
{
	static const uint16_t regs[] = { 0x244, 0x34,  0x30,  0x38,  0x3c,  0x168, 0x140,
					 0x110, 0x11c, 0x114, 0x118, 0x1c0, 0x1c4, 0x1c8 };
	uint32_t *image = n->page[STATE];

	memset(image, 0, PAGE);
	image[1] = 0x1100101b;
	for (unsigned int i = 0; i < 14; i++)
		image[2 + 2 * i] = base + regs[i];
	image[3] = 0x00090009;
	image[7] = any() % (2 * PAGE) & ~7u;
	image[9] = graphics(RING);
	image[11] = 0x1001;
	image[0x21] = 0x11001011;
	for (unsigned int i = 0; i < 8; i++)
		image[0x24 + 2 * i] = base + 0x28c - 4 * i;
	image[0x31] = n->gfn[PML4] >> 20;
	image[0x33] = (uint32_t)(n->gfn[PML4] << 12);
	for (unsigned int i = 0; i < 0x60; i++)
		if (one_in(40))
			image[i] = any();
}

static void submit(struct noise *n, uint32_t base)
{
	uint32_t lrca = one_in(8) ? any() : graphics(CTX);
	uint32_t flags = one_in(8) ? any() & 0xfff : 0x100 | 3 << 3 | 1;

	put(n, base + ELSP, one_in(2) ? any() : 0);
	put(n, base + ELSP, one_in(2) ? lrca + flags : 0);
	put(n, base + ELSP, any() % 4);
	put(n, base + ELSP, (lrca & ~0xfffu) | flags);
}

static void notify(struct noise *n)
{
	for (unsigned int i = 0; i < 4; i++) {
		put(n, PV_PDP + 8 * i, (uint32_t)(one_in(6) ? any() : n->gfn[PML4] << 12));
		put(n, PV_PDP + 8 * i + 4, one_in(6) ? any() : 0);
	}
	put(n, PV_G2V, any() % 9);
}

static void round_of(struct noise *n)
{
	uint32_t base = bases[any() % 4];

	put(n, base + MODE, 0x80008000);
	put(n, base + HWS_PGA, graphics(HWSP));
	fill_tables(n);
	fill_ring(n);
	fill_state(n, base);
	notify(n);
	submit(n, base);
	for (unsigned int i = 0; i < 50; i++) {
		n->page[PML4 + any() % 4][any() % 1024] = any();
		n->page[any() % NR_PAGES][any() % 1024] = any();
	}
	if (one_in(4))
		*(volatile uint64_t *)(n->bar + GGTT_AT + 8 * (FIRST_PAGE + any() % NR_PAGES)) =
			some_entry(n);
	if (one_in(3))
		put(n, base + (any() & 0x7fc), any());
	if (one_in(3))
		put(n, GDRST, any() & 0x1f);
}

static volatile sig_atomic_t over;

static void stop(int signal)
{
	(void)signal;
	over = 1;
}

/* vgpu-test noise SECONDS: or until SIGTERM. Leaves a GPU that has no page of ours. */
int cmd_noise(int argc, char **argv)
{
	time_t end = time(NULL) + (argc > 1 ? strtoul(argv[1], NULL, 0) : 10);
	static struct noise n;
	unsigned long rounds = 0;

	n.bar = vgpu_whole_bar0();
	for (unsigned int i = 0; i < NR_PAGES; i++) {
		n.page[i] = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
				 MAP_PRIVATE | MAP_ANONYMOUS | MAP_LOCKED | MAP_POPULATE, -1, 0);
		if (n.page[i] == MAP_FAILED)
			die("a locked page");
		n.page[i][0] = i;
		n.gfn[i] = page_frame(n.page[i]);
	}
	signal(SIGTERM, stop);
	for (; !over && time(NULL) < end; rounds++) {
		if (rounds % 16 == 0)
			for (unsigned int i = 0; i < NR_PAGES; i++)
				*(volatile uint64_t *)(n.bar + GGTT_AT + 8 * (FIRST_PAGE + i)) =
					n.gfn[i] << 12 | 1;
		round_of(&n);
	}
	put(&n, GDRST, 1);
	for (unsigned int i = 0; i < NR_PAGES; i++)
		*(volatile uint64_t *)(n.bar + GGTT_AT + 8 * (FIRST_PAGE + i)) = 0;
	printf("ok %lu rounds of noise\n", rounds);
	return 0;
}
