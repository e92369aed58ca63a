/* SPDX-License-Identifier: MIT */
/* A guest's process that was taken over: a child enters the jail, and does what its caller asks. */
#ifndef TESTS_UNIT_JAIL_RIG_H
#define TESTS_UNIT_JAIL_RIG_H

#include <signal.h>
#include <sys/types.h>

#include "tests/unit/unit.h"
#include "xengt/jail/internal.h"
#include "xengt/jail/jail.h"
#include "xengt/jail/sanitizer.h"

#define JAIL_FILES     32u
#define JAIL_THREADS   8u
#define JAIL_FILE_SIZE KiB(64) /* of the open file, and the most that it may have */
#define JAIL_MEMORY    MiB(64)
#define JAIL_SPACE     MiB(512)

/* The ways in. */
enum jail_way {
	JAIL_ENTER,	/* all walls */
	JAIL_CONTAINER, /* no namespace, as in a container that refuses unshare() */
	JAIL_NO_FILTER, /* the walls behind the filter */
	JAIL_WAYS
};

/* What is there outside, and open inside. */
struct jail_world {
	pid_t parent;		 /* the test's own process */
	uid_t uid;		 /* a user of this test's alone */
	int sock;		 /* a stream to the test */
	int far;		 /* the test's end */
	int file;		 /* JAIL_FILE_SIZE bytes, for reading and writing */
	int null;		 /* /dev/null, a device as Xen's are */
	char *memory;		 /* of the test: "outside" */
	int key;		 /* of a segment of shared memory that all may use */
	char path[64], name[64]; /* sockets that listen, of a path and of an abstract name */
	char work[32];		 /* the folder of the path */
};

/* What a child does. Returns 0 or a negative errno. */
typedef long (*jail_act)(const struct jail_world *world);

/* What became of a child: 0, an errno, or the number of a signal, negative. */
#define JAIL_KILLED (-SIGSYS) /* by the filter */

/** jail_setup(), jail_teardown() - before and after each test; jail_here() - what they made. */
void jail_setup(void);
void jail_teardown(void);
const struct jail_world *jail_here(void);

/** jail_full() - whether this kernel lets anybody make namespaces; says so where it does not. */
bool jail_full(void);

/** jail_asked() - what the tests enter with, by a child of this process. */
struct xengt_jail jail_asked(void);

/** jail_leave_outside() - close what is not for inside: the test's end, and what listens. */
void jail_leave_outside(void);

/** jail_set_parent() - whose children jail_start() makes from now on. */
void jail_set_parent(pid_t pid);

/** jail_start() - a child goes in on this way, and does @act. Returns its pid. */
pid_t jail_start(enum jail_way way, jail_act act);

/** jail_end() - what became of it. */
int jail_end(pid_t pid);

/** jail_run() - both. */
int jail_run(enum jail_way way, jail_act act);

/** jail_refuse_unshare() - from now on this process may not make namespaces. */
void jail_refuse_unshare(void);

/** jail_outcome() - in words. */
const char *jail_outcome(int outcome);

#endif
