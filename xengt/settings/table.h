/* SPDX-License-Identifier: MIT */
/*
 * The settings: what holds them, and one table that says of each its name, where it may be given,
 * its kind, its range, what it is when it is not given, and what it does. xengt.conf, a vGPU's
 * options and xengt-dm's help are read and printed by this table. A test holds the man pages and
 * the installed xengt.conf against it.
 */
#ifndef XENGT_SETTINGS_TABLE_H
#define XENGT_SETTINGS_TABLE_H

#include <stddef.h>

#include "core/base/types.h"
#include "xengt/settings/uuid.h"

#define XENGT_NAME_MAX	  32u /* of a type, with the zero byte */
#define XENGT_RESOLUTIONS 64u /* room for a type's list of them */
#define XENGT_TYPES_MAX	  32u
#define XENGT_WEIGHT_MAX  16u /* weights are 1 to this */
#define XENGT_CAP_MAX	  100u

/* A vGPU's options. */
struct xengt_options {
	u32 aperture_mib;
	u32 fences;
	u32 slot;	  /* PCI device number on bus 0; 0: a free one */
	u32 read_through; /* the guest reads registers without a trap, where possible */
	u32 memory_mib;	  /* quota of graphics memory */
	u32 weight;	  /* its share of the GPU's time, relative to other vGPUs' */
	u32 cap;	  /* the most of the GPU's time, in percent; 0: no limit */
	u32 audit_user;	  /* unprivileged batches are audited too */
	u32 heads;	  /* monitors */
	u32 id;		  /* its number, from 1, which xengtd chooses; 0: none yet */
	char type[XENGT_NAME_MAX];
	char uuid[XENGT_UUID_MAX];
};

struct xengt_type {
	struct xengt_options options;	     /* .type is the type's name */
	char resolutions[XENGT_RESOLUTIONS]; /* "WIDTHxHEIGHT,...", the largest first */
	u32 instances;			     /* how many there may be; 0: as many as fit */
};

struct xengt_types {
	u32 nr;
	u32 generation; /* how often the settings were reloaded */
	struct xengt_type list[XENGT_TYPES_MAX];
};

/* What xengt.conf says. */
struct xengt_config {
	char socket[108];		   /* path of the control socket (108: sun_path's size) */
	char group[64];			   /* the group that may use it */
	char state_dir[200];		   /* for vGPUs' files; must be emptied at boot */
	char qemu[256];			   /* the stock device model; empty: look for it */
	char tree[200];			   /* mount point of the tree of files; empty: none */
	char gpu[16];			   /* what executes guests' work: "software" or "none" */
	char default_type[XENGT_NAME_MAX]; /* for guests that name no type */
	u32 poll_max;
	u32 max_vgpus;	  /* at most on this host */
	u32 memory_mb;	  /* graphics memory of all vGPUs; 0: no limit */
	u32 grant_frames; /* raise Xen's gnttab_max_frames to this; 0: leave it */
	u32 uid_base;	  /* a guest's process runs as this uid and gid, plus its domid; 0: as
			   * xengtd's */
	struct xengt_types types;
};

/* Where a setting may be given, and when it is read. */
enum {
	XENGT_IN_HOST = 1,  /* xengt.conf, above the sections; into struct xengt_config */
	XENGT_IN_TYPE = 2,  /* a type's section of xengt.conf; into struct xengt_type */
	XENGT_IN_VGPU = 4,  /* a vGPU's options; into struct xengt_options */
	XENGT_RELOADED = 8, /* read again while xengtd runs */
};

enum xengt_kind {
	XENGT_TEXT,	  /* of .min to .max bytes */
	XENGT_WORD,	  /* one of .words */
	XENGT_NUMBER,	  /* from .min to .max */
	XENGT_POWER,	  /* a power of two from .min to .max */
	XENGT_SWITCH,	  /* on or off; a u32 that is 1 or 0 */
	XENGT_UUID,	  /* a UUID */
	XENGT_RESOLUTION, /* "WIDTHxHEIGHT,..." of up to .max bytes */
};

struct xengt_setting {
	const char *name;
	const char *alias; /* another name of it, or NULL */
	unsigned int where;
	enum xengt_kind kind;
	size_t at; /* of an option in a type: the options come first there */
	u32 min, max;
	const char *value;	  /* of a XENGT_TEXT, what it is called: "PATH" */
	const char *const *words; /* ended by NULL */
	const char *unset;	  /* its value when it is not given; "": none */
	const char *instead;	  /* what is done then, where .unset is "" */
	const char *help;
};

/* All of them, in the order of the man pages; one without a name is behind the last. */
extern const struct xengt_setting xengt_settings[];

#define XENGT_SETTINGS_MAX 32u /* there are fewer than this */

/** xengt_setting_find() - the setting that is called @name in one of the places @where, or NULL. */
const struct xengt_setting *xengt_setting_find(unsigned int where, const char *name);

/**
 * xengt_setting_set() - read @value as what the setting @name in @where takes, into @into, which is
 * what @where says. Returns 0 or -EINVAL with @why, and @into as it was.
 */
int xengt_setting_set(unsigned int where, void *into, const char *name, const char *value,
		      char *why, size_t why_len);

/** xengt_setting_defaults() - set all of @where that have a value when they are not given. */
void xengt_setting_defaults(unsigned int where, void *into);

/** xengt_setting_copy() - copy the value of one setting. */
void xengt_setting_copy(const struct xengt_setting *setting, void *into, const void *from);

/** xengt_setting_print() - its value, as xengt_setting_set() reads it, into @text. */
void xengt_setting_print(const struct xengt_setting *setting, const void *from, char *text,
			 size_t len);

/** xengt_setting_is_set() - whether @from has a value of it, one that may be given. */
bool xengt_setting_is_set(const struct xengt_setting *setting, const void *from);

/** xengt_setting_takes() - what values it takes, for people: "a number from 1 to 16". */
void xengt_setting_takes(const struct xengt_setting *setting, char *text, size_t len);

/** xengt_setting_form() - what values it takes, in short: "1..16". */
void xengt_setting_form(const struct xengt_setting *setting, char *text, size_t len);

#endif
