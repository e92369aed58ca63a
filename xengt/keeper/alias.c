/* SPDX-License-Identifier: MIT */
/*
 * Aliases: the guest's own pages, shown once more in its aperture, so that accesses there do not
 * trap.
 *
 * To Xen such a page is device memory that the domain may have mapped. Xen takes no reference for
 * the mapping, so the keeper shows a page only while it is pinned. .shown counts the places that
 * show each pin; a pin is not unmapped before its count is 0.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "xengt/keeper/inside.h"

/* Gives or takes the domain's permission to map the frames. Removing a mapping needs it too. */
static int permit(struct xengt_keeper *k, u64 mfn, u32 nr, bool allow)
{
	return xc_domain_iomem_permission(k->dom0->xc, k->domid, mfn, nr, allow) ? -errno : 0;
}

static int set_p2m(struct xengt_keeper *k, u64 gfn, u64 mfn, u32 nr, bool add)
{
	errno = 0;
	if (!xc_domain_memory_mapping(k->dom0->xc, k->domid, gfn, mfn, nr, add))
		return 0;
	return errno ? -errno : -EINVAL;
}

/* How many consecutive places from @first on, before @end, show consecutive frames. */
static u32 run_at(const struct xengt_aliases *aliases, u32 first, u32 end)
{
	u32 nr = 1;

	while (first + nr < end && aliases->mfn[first + nr] == aliases->mfn[first] + nr)
		nr++;
	return nr;
}

/*
 * Whether the domain is dying. Xen then empties its p2m itself, aliases included, and would log an
 * error for each alias that we remove. False if the domain cannot be looked up: its aliases may
 * still be there.
 */
static bool emptied(struct xengt_keeper *k)
{
	struct xengt_dominfo info;
	int err = xengt_dominfo(k->dom0, k->domid, &info);

	return err ? err == -ESRCH : info.dying;
}

/* Removes aliases one by one: of a run, Xen stops at the first place that is no alias. */
static int remove_each(struct xengt_keeper *k, u64 gfn, u64 mfn, u32 nr)
{
	int err = 0;

	for (u32 i = 0; i < nr; i++) {
		int one = set_p2m(k, gfn + i, mfn + i, 1, false);

		if (one && one != -EINVAL)
			err = one;
	}
	return err;
}

/*
 * Removes the aliases of a run. A place where Xen finds none holds what the guest put there: it is
 * left alone. Sets *@gone when the domain turns out to be dying. Returns 0, or an errno: some
 * remain.
 */
static int remove_run(struct xengt_keeper *k, u32 first, u32 nr, bool *gone)
{
	struct xengt_aliases *aliases = k->aliases;
	u64 gfn = aliases->at + first, mfn = aliases->mfn[first];
	int err = permit(k, mfn, nr, true);

	if (!err)
		err = set_p2m(k, gfn, mfn, nr, false);
	if (err == -ESRCH || (err == -EINVAL && emptied(k))) {
		*gone = true;
		return 0;
	}
	if (err == -EINVAL)
		err = remove_each(k, gfn, mfn, nr);
	permit(k, mfn, nr, false);
	return err;
}

static void forget_run(struct xengt_keeper *k, u32 first, u32 nr)
{
	struct xengt_aliases *aliases = k->aliases;

	for (u32 i = first; i < first + nr; i++) {
		u32 pin = aliases->pin[i];

		aliases->mfn[i] = 0;
		/* .shown does not count places of an earlier xengtd. */
		if (k->shown && pin < XENGT_PINS_MAX && k->shown[pin])
			k->shown[pin]--;
	}
	aliases->nr -= nr;
}

int xengt_alias_hide(struct xengt_keeper *k, u64 first, u32 nr)
{
	struct xengt_aliases *aliases = k->aliases;
	u32 end, run;
	bool looked = false, gone = false;
	int err = 0;

	if (first >= aliases->end)
		return 0;
	end = nr < aliases->end - first ? first + nr : aliases->end;
	for (u32 i = first; aliases->nr && i < end; i += run) {
		int failed;

		run = 1;
		if (!aliases->mfn[i])
			continue;
		if (!looked)
			gone = emptied(k);
		looked = true;
		run = run_at(aliases, i, end);
		failed = gone ? 0 : remove_run(k, i, run, &gone);
		if (!failed) {
			forget_run(k, i, run);
			continue;
		}
		xengt_keeper_log(k, XENGT_ERR, "cannot take pages out of the aperture: %s",
				 strerror(-failed));
		err = failed;
	}
	return err;
}

int xengt_alias_place(struct xengt_keeper *k, u64 gfn)
{
	struct xengt_aliases *aliases = k->aliases;

	if (gfn > ~0ull >> GVT_PAGE_SHIFT)
		return -EINVAL;
	if (aliases->nr)
		return -EBUSY;
	aliases->end = 0;
	__atomic_store_n(&aliases->at, gfn, __ATOMIC_RELEASE);
	return 0;
}

/* Counts .nr anew: an xengtd that died within a run has left it out of date. */
int xengt_alias_recover(struct xengt_keeper *k)
{
	struct xengt_aliases *aliases = k->aliases;
	int err;

	if (!aliases->at)
		return 0;
	if (aliases->end > XENGT_ALIAS_MAX)
		return -EPROTO;
	aliases->nr = 0;
	for (u32 i = 0; i < aliases->end; i++)
		aliases->nr += aliases->mfn[i] != 0;
	err = xengt_alias_hide(k, 0, XENGT_ALIAS_MAX);
	return err ? err : xengt_alias_place(k, 0);
}

/* Reserves memory of the file for @size bytes from @from on. */
static int reserve(struct xengt_keeper *k, const void *from, size_t size)
{
	size_t into = (uintptr_t)from % GVT_PAGE_SIZE;

	return xengt_file_reserve(&k->file, (const u8 *)from - into,
				  ALIGN_UP(into + size, GVT_PAGE_SIZE));
}

/* Notes the aliases in the file. Called before they are shown, so that none can be left unnoted. */
static int note(struct xengt_keeper *k, u32 first, const u32 *pins, u32 nr)
{
	struct xengt_aliases *aliases = k->aliases;
	int err;

	if (!k->shown)
		k->shown = calloc(XENGT_PINS_MAX, sizeof(*k->shown));
	if (!k->shown)
		return -ENOMEM;
	err = reserve(k, &aliases->mfn[first], nr * sizeof(*aliases->mfn));
	if (!err)
		err = reserve(k, &aliases->pin[first], nr * sizeof(*aliases->pin));
	if (err)
		return err;
	if (aliases->end < first + nr)
		aliases->end = first + nr;
	for (u32 i = 0; i < nr; i++) {
		aliases->pin[first + i] = pins[i];
		aliases->mfn[first + i] = k->pins->pin[pins[i]].bus >> GVT_PAGE_SHIFT;
		aliases->nr++;
		k->shown[pins[i]]++;
	}
	return 0;
}

static int show_run(struct xengt_keeper *k, u32 first, u32 nr)
{
	struct xengt_aliases *aliases = k->aliases;
	u64 mfn = aliases->mfn[first];
	int err = permit(k, mfn, nr, true);

	return err ? err : set_p2m(k, aliases->at + first, mfn, nr, true);
}

int xengt_alias_show(struct xengt_keeper *k, u64 first, const u32 *pins, u32 nr)
{
	struct xengt_aliases *aliases = k->aliases;
	struct xengt_pins *state = k->pins;
	u32 run, at;
	bool gone;
	int err;

	if (!aliases->at || first >= XENGT_ALIAS_MAX || nr > XENGT_ALIAS_MAX - first)
		return -EINVAL;
	for (u32 i = 0; i < nr; i++) {
		if (pins[i] >= state->nr || !state->pin[pins[i]].bus)
			return -ENXIO;
		if (first + i < aliases->end && aliases->mfn[first + i])
			return -EBUSY;
	}
	err = note(k, first, pins, nr);
	for (at = 0; !err && at < nr; at += run) {
		run = run_at(aliases, first + at, first + nr);
		err = show_run(k, first + at, run);
	}
	if (!err)
		return 0;
	/* Part may be shown: remove it. What cannot be removed stays noted, and its pins in use. */
	gone = emptied(k);
	for (at = 0; at < nr; at += run) {
		if (!aliases->mfn[first + at]) {
			run = 1;
			continue;
		}
		run = run_at(aliases, first + at, first + nr);
		if (gone || !remove_run(k, first + at, run, &gone))
			forget_run(k, first + at, run);
	}
	return err;
}
