/* SPDX-License-Identifier: MIT */
/*
 * Blits: the input is the operation, its dwords, and what setup commands left. A blit has an
 * answer, stays within pages that are there, and writes the same when it gives way and goes on as
 * at one stretch.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tests/fuzz/check.h"
#include "tests/unit/blt_rig.h"

#define PAGES	   32u /* that are there */
#define POINTS_MAX 64u /* a longer blit is stopped */
#define DWORDS_MAX 512u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* An input begins with this; the command's dwords follow. */
struct head {
	u8 op;
	u8 swctrl;
	u8 read_only, missing; /* pages; 0: none */
	u32 gives_way;
	u32 addresses; /* a bit for each dword that is the low one of an address in these pages */
	u32 setup[SOFTGPU_SETUP_DWORDS];
};

static struct softgpu_engine *e;
static u8 clean[PAGES][GVT_PAGE_SIZE], first[PAGES][GVT_PAGE_SIZE];

static void end(void)
{
	rig_end(e);
}

static void begin(void)
{
	e = rig_start(1);
	for (u32 i = 0; i < RIG_PAGES; i++)
		e->missing[i] = i >= PAGES;
	for (u32 i = 0; i < PAGES; i++)
		memcpy(clean[i], e->page[i], GVT_PAGE_SIZE);
	atexit(end);
}

/* Runs the command on memory as it was at first. Returns its answer. */
static int run(const struct head *head, const u32 *dw, u32 nr, u64 gives_way)
{
	int rc;

	for (u32 i = 0; i < PAGES; i++) {
		memcpy(e->page[i], clean[i], GVT_PAGE_SIZE);
		e->read_only[i] = head->read_only % PAGES && i == head->read_only % PAGES;
		e->missing[i] = head->missing % PAGES && i == head->missing % PAGES;
	}
	memcpy(e->setup, head->setup, sizeof(e->setup));
	e->swctrl = head->swctrl;
	e->gives_way = gives_way;
	e->progress = e->points = 0;
	e->stops_at = POINTS_MAX;
	e->fault = ~0ull;
	do
		rc = softgpu_blt(e, head->op % GVT_NR_OPS, dw, nr);
	while (rc == -EINTR && e->points < POINTS_MAX && e->progress);
	ck_assert(rc == 0 || rc == -EFAULT || rc == -EINVAL || rc == -EINTR);
	ck_assert(rc || !e->progress);
	ck_assert((rc == -EFAULT) == (e->fault != ~0ull));
	return rc;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct head head;
	u32 *dw, nr;
	int rc;

	if (!e)
		begin();
	if (size < sizeof(head) + sizeof(u32))
		return 0;
	memcpy(&head, data, sizeof(head));
	nr = (u32)((size - sizeof(head)) / sizeof(u32));
	nr = nr < DWORDS_MAX ? nr : DWORDS_MAX;
	/* Of exactly its size, so that the sanitizer sees a step behind it. */
	dw = malloc(nr * sizeof(u32));
	ck_assert(dw);
	memcpy(dw, data + sizeof(head), nr * sizeof(u32));
	for (u32 i = 0; i + 1 < nr && i < 32; i++)
		if (head.addresses >> i & 1) {
			u64 addr = rig_addr(dw[i] % (PAGES * GVT_PAGE_SIZE));

			dw[i] = (u32)addr;
			dw[i + 1] = (u32)(addr >> 32);
		}

	rc = run(&head, dw, nr, 0);
	for (u32 i = 0; i < PAGES; i++)
		memcpy(first[i], e->page[i], GVT_PAGE_SIZE);
	if (head.gives_way && rc != -EINTR) {
		ck_assert(run(&head, dw, nr, head.gives_way) == rc || e->points >= POINTS_MAX);
		for (u32 i = 0; i < PAGES && e->points < POINTS_MAX; i++)
			ck_assert(!memcmp(first[i], e->page[i], GVT_PAGE_SIZE));
	}
	free(dw);
	return 0;
}
