// SPDX-License-Identifier: MIT
/* The ranges of one type that an ioreq server claims, with the rules of Xen's rangeset.c. */
#include <errno.h>
#include <string.h>

#include "internal.h"

/* The last range that starts at or below @addr, or -1. */
static int last_at(const struct rangeset *rs, uint64_t addr)
{
	int lo = -1, hi = (int)rs->nr;

	while (hi - lo > 1) {
		int mid = (lo + hi) / 2;

		if (rs->r[mid].start <= addr)
			lo = mid;
		else
			hi = mid;
	}
	return lo;
}

static void drop(struct rangeset *rs, unsigned int i)
{
	memmove(&rs->r[i], &rs->r[i + 1], (rs->nr - i - 1) * sizeof(rs->r[0]));
	rs->nr--;
}

static int insert(struct rangeset *rs, unsigned int i, uint64_t start, uint64_t end)
{
	if (rs->nr == MAX_RANGES)
		return -ENOMEM;
	memmove(&rs->r[i + 1], &rs->r[i], (rs->nr - i) * sizeof(rs->r[0]));
	rs->r[i] = (struct range){ start, end };
	rs->nr++;
	return 0;
}

bool rangeset_overlaps(const struct rangeset *rs, uint64_t start, uint64_t end)
{
	int i = last_at(rs, end);

	return i >= 0 && rs->r[i].end >= start;
}

bool rangeset_contains(const struct rangeset *rs, uint64_t start, uint64_t end)
{
	int i = last_at(rs, start);

	return i >= 0 && rs->r[i].end >= end;
}

int rangeset_add(struct rangeset *rs, uint64_t start, uint64_t end)
{
	/* Callers refuse overlaps, so the new range is between two neighbours. */
	int i = last_at(rs, start);
	int rc;

	if (i >= 0 && rs->r[i].end + 1 == start) {
		rs->r[i].end = end;
	} else {
		/* As in Xen, a range that touches only the one above needs a slot for a moment. */
		rc = insert(rs, (unsigned int)++i, start, end);
		if (rc)
			return rc;
	}
	if ((unsigned int)i + 1 < rs->nr && rs->r[i].end + 1 == rs->r[i + 1].start) {
		rs->r[i].end = rs->r[i + 1].end;
		drop(rs, (unsigned int)i + 1);
	}
	return 0;
}

int rangeset_remove(struct rangeset *rs, uint64_t start, uint64_t end)
{
	/* Callers check that one range contains all of it. */
	unsigned int i = (unsigned int)last_at(rs, start);
	struct range was = rs->r[i];
	int rc;

	if (was.start == start && was.end == end) {
		drop(rs, i);
	} else if (was.start == start) {
		rs->r[i].start = end + 1;
	} else if (was.end == end) {
		rs->r[i].end = start - 1;
	} else {
		rc = insert(rs, i + 1, end + 1, was.end);
		if (rc)
			return rc;
		rs->r[i].end = start - 1;
	}
	return 0;
}
