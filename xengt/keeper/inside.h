/* SPDX-License-Identifier: MIT */
/* A keeper from inside. Only files of this room include this. */
#ifndef XENGT_KEEPER_INSIDE_H
#define XENGT_KEEPER_INSIDE_H

#include <pthread.h>
#include <xencall.h>
#include <xenforeignmemory.h>

#include "xengt/ask/ask.h"
#include "xengt/keeper/budget.h"
#include "xengt/keeper/dom0.h"

/* Frames of the grant table that the keeper leaves to the guest: 8,192 grants. */
#define XENGT_GRANT_FRAMES_GUEST 16u
#define XENGT_GRANT_FRAMES	 (XENGT_PINS_MAX / 512)

/* The guest's grant table, as far as the keeper uses it. */
struct xengt_grants {
	bool open, complained;
	u32 frames; /* taken */
	u32 room;   /* frames that can be taken */
	struct {
		xenforeignmemory_resource_handle *resource;
		grant_entry_v1_t *entries;
	} frame[XENGT_GRANT_FRAMES];
};

struct xengt_keeper {
	struct xengt_dom0 *dom0;
	domid_t domid;
	char name[64];
	u64 max_kib;
	u32 server;		 /* its ioreq server's number */
	struct xengt_file file;	 /* of .kept */
	struct xengt_kept *kept; /* its sections; NULL: there is no file */
	struct xengt_pins *pins;
	struct xengt_aliases *aliases;
	int state_fd;
	xencall_handle *xcall;
	xenforeignmemory_handle *fmem;
	struct xengt_grants grants;
	u32 *shown; /* by pin: places that show it; NULL: none ever was shown */
	u32 pinned; /* its part of dom0's .pins */
	u32 lines;  /* logged for its process in the second .line_time */
	u64 line_time;

	pthread_mutex_t lock; /* of all above, while the thread runs */
	pthread_t thread;
	bool serves;
	int fd;

	/* The rest is the thread's own. */
	const struct xengt_keeper_clock *clock;
	struct xengt_budget budget;
	bool throttled; /* it was logged that the process has to wait */
};

/* ---- log.c ---- */

/** xengt_keeper_log() - xengt_keeper_log_of() with XENGT_OTHER. */
void xengt_keeper_log(const struct xengt_keeper *k, enum xengt_level level, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* ---- answer.c ---- */

/** xengt_keeper_answer() - do what the process asks, if it may ask for it. The lock is held. */
void xengt_keeper_answer(struct xengt_keeper *k, const struct xengt_question *question,
			 struct xengt_answer *answer);

/* ---- grant.c: the pins ---- */

/** xengt_grants_take() - as xengt_ask_take_pins(). */
int xengt_grants_take(struct xengt_keeper *k, u32 nr);

/** xengt_grants_map() - as xengt_ask_pin(); the caller has checked @pins. */
int xengt_grants_map(struct xengt_keeper *k, const u32 *pins, const u32 *gfns, u32 nr);

/** xengt_grants_unmap() - as xengt_ask_unpin(); the caller has checked @pins. */
int xengt_grants_unmap(struct xengt_keeper *k, const u32 *pins, u32 nr);

/** xengt_grants_own() - as xengt_ask_own(). */
int xengt_grants_own(struct xengt_keeper *k, const u32 *refs, u32 nr, u64 *bus);

/**
 * xengt_grants_recover() - unmap all pins, whether or not the domain still lives.
 * Returns 0, or an errno: some are still mapped, and noted.
 */
int xengt_grants_recover(struct xengt_keeper *k);

/** xengt_grants_close() - unmap the grant table's frames. */
void xengt_grants_close(struct xengt_keeper *k);

/* ---- alias.c: pages shown in the aperture ---- */

/** xengt_alias_place() - as xengt_ask_place(). */
int xengt_alias_place(struct xengt_keeper *k, u64 gfn);

/** xengt_alias_show() - as xengt_ask_show(). */
int xengt_alias_show(struct xengt_keeper *k, u64 first, const u32 *pins, u32 nr);

/** xengt_alias_hide() - as xengt_ask_hide(). */
int xengt_alias_hide(struct xengt_keeper *k, u64 first, u32 nr);

/** xengt_alias_recover() - remove all aliases, and forget where BAR2 was. Returns 0 or an errno. */
int xengt_alias_recover(struct xengt_keeper *k);

/* ---- memory.c: the domain's memory ---- */

/** xengt_memory_limit() - as xengt_ask_limit(). */
int xengt_memory_limit(struct xengt_keeper *k, s64 kib);

/** xengt_memory_populate() - as xengt_ask_populate(). */
int xengt_memory_populate(struct xengt_keeper *k, u64 gfn, u32 nr);

/** xengt_memory_give_back() - as xengt_ask_give_back(). */
int xengt_memory_give_back(struct xengt_keeper *k, u64 gfn, u32 nr);

/** xengt_memory_pause() - as xengt_ask_pause(). */
int xengt_memory_pause(struct xengt_keeper *k, bool pause);

/** xengt_memory_follow() - the domain's memory target in xenstore is @target_kib; 0: not known. */
void xengt_memory_follow(struct xengt_keeper *k, u64 target_kib);

#endif
