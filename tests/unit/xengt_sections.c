/* SPDX-License-Identifier: MIT */
/* State files of other builds, which have more sections, fewer, or others; and files whose
 * directory a process that was taken over has written. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/xengt_rig.h"
#include "xengt/state/crc.h"

static void path_of(const struct guest *g, bool new, char path[64])
{
	guest_file(g, new ? XENGT_STATE_SUFFIX XENGT_FILE_NEW : XENGT_STATE_SUFFIX, path);
}

/* ---- files of other builds ---- */

/* Writes the state file anew, as a build of the sections of @kind has it. */
static void write_as(const struct guest *g, const struct xengt_file_kind *kind, bool sealed)
{
	const struct xengt_file_kind ours = xengt_state_kind();
	struct xengt_file from, to;
	char path[64], why[192];

	ck_assert_msg(!xengt_file_take(&from, &ours, guest_open(g, XENGT_STATE_SUFFIX), GUEST_DOMID,
				       true, why, sizeof(why)),
		      "%s", why);
	path_of(g, false, path);
	unlink(path);
	ck_assert_int_eq(xengt_file_begin(&to, kind,
					  open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600),
					  GUEST_DOMID),
			 0);
	for (u32 i = 0; i < ours.nr; i++)
		for (u32 j = 0; j < kind->nr; j++)
			if (!strcmp(ours.section[i]->name, kind->section[j]->name))
				memcpy(to.section[j], from.section[i], ours.section[i]->size);
	xengt_file_ready(&to);
	if (sealed)
		xengt_file_seal(&to);
	xengt_file_close(&from);
	xengt_file_close(&to);
}

static u32 number_of(const struct xengt_file_kind *kind, const char *name)
{
	for (u32 i = 0; i < kind->nr; i++)
		if (!strcmp(kind->section[i]->name, name))
			return i;
	ck_abort_msg("no section %s", name);
}

/* This build's kind of file without the section @name. */
static struct xengt_file_kind without(const char *name)
{
	struct xengt_file_kind kind = xengt_state_kind();

	kind.section[number_of(&kind, name)] = kind.section[kind.nr - 1];
	kind.nr--;
	return kind;
}

/* A running guest with marks in its state is left, in order or not, to a build of @kind. */
static struct guest *left_to(const struct xengt_file_kind *kind, bool in_order)
{
	struct guest *g = guest_start(1);

	guest_write(g, GUEST_BAR0 + PLAIN, 4, 0x1234);
	if (in_order)
		guest_end(g, true);
	else
		guest_kill(g, false);
	write_as(g, kind, in_order);
	return g;
}

static void check_goes_on(struct guest *g)
{
	ck_assert_msg(!guest_take_up(g), "%s", g->why);
	ck_assert_uint_eq(guest_read(g, GUEST_BAR0 + PLAIN, 4), 0x1234);
	ck_assert_uint_eq(gvt_vreg(g->v->vgpu, PLAIN), 0x1234);
	ck_assert_uint_eq(intel_vgpu_bar(g->v->vgpu, 0, NULL), GUEST_BAR0);
	guest_write(g, GUEST_BAR0 + PLAIN, 4, 0x1234);
}

/* The file's identity and content. */
struct seen {
	ino_t ino;
	u32 crc;
};

static struct seen look(const struct guest *g)
{
	int fd = guest_open(g, XENGT_STATE_SUFFIX);
	struct seen seen = { 0 };
	struct stat st;
	u8 page[GVT_PAGE_SIZE];
	off_t at = 0;
	ssize_t got;

	ck_assert_int_eq(fstat(fd, &st), 0);
	seen.ino = st.st_ino;
	while ((at = lseek(fd, at, SEEK_DATA)) >= 0 &&
	       (got = pread(fd, page, sizeof(page), at)) > 0) {
		seen.crc = xengt_crc32c(seen.crc, page, (size_t)got);
		at += got;
	}
	close(fd);
	return seen;
}

/* The file is refused, says why, and is as it was. */
static void check_refused(struct guest *g, const char *says)
{
	const struct seen before = look(g);
	char path[64];
	struct seen after;

	ck_assert_int_eq(guest_take_up(g), -EPROTO);
	ck_assert_msg(strstr(g->why, says) != NULL, "%s", g->why);
	after = look(g);
	ck_assert_uint_eq(after.ino, before.ino);
	ck_assert_uint_eq(after.crc, before.crc);
	path_of(g, true, path);
	ck_assert_int_ne(access(path, F_OK), 0);
}

static void end(struct guest *g)
{
	exen_domain_destroy(g->d);
	guest_free(g);
}

/* A build takes up what one without this section has left: it begins as after power-on. */
START_TEST(section_added)
{
	static const char *const names[] = { "counters", "interrupts" };

	for (size_t i = 0; i < 2 * ARRAY_SIZE(names); i++) {
		const struct xengt_file_kind older = without(names[i / 2]);
		struct guest *g = left_to(&older, i % 2);
		struct seen before = look(g);

		check_goes_on(g);
		ck_assert_uint_ne(look(g).ino, before.ino);
		/* The next time it is there. */
		guest_end(g, true);
		before = look(g);
		check_goes_on(g);
		ck_assert_uint_eq(look(g).ino, before.ino);
		guest_detach(g);
		guest_check_before(g);
		guest_free(g);
	}
}
END_TEST

START_TEST(section_added_is_empty)
{
	const struct xengt_file_kind older = without("counters");
	struct guest *g = left_to(&older, true);

	ck_assert_msg(!guest_take_up(g), "%s", g->why);
	ck_assert_uint_eq(intel_vgpu_counters(g->v->vgpu)->mmio_write, 0);
	guest_write(g, GUEST_BAR0 + PLAIN, 4, 0x77);
	ck_assert_uint_eq(intel_vgpu_counters(g->v->vgpu)->mmio_write, 1);
	guest_free(g);
}
END_TEST

START_TEST(section_missing)
{
	static const char *const names[] = { "device",	  "config",   "ports",	"ppgtts", "ggtt",
					     "registers", "requests", "memory", "tracked" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		const struct xengt_file_kind older = without(names[i]);
		struct guest *g = left_to(&older, false);
		char says[64];

		snprintf(says, sizeof(says), "it has no section %s", names[i]);
		check_refused(g, says);
		end(g);
	}
}
END_TEST

START_TEST(section_unknown)
{
	static const struct gvt_section future = {
		.name = "planes", .version = 3, .size = 64, .reserved = 64
	};
	struct xengt_file_kind newer = xengt_state_kind();
	struct guest *g;

	newer.section[newer.nr++] = &future;
	g = left_to(&newer, true);
	check_refused(g, "it has a section planes, version 3, which this xengt does not know");
	end(g);
}
END_TEST

/* Another version of each section; newer ones, but for the last turn, which has an older one. */
START_TEST(section_of_other_version)
{
	struct xengt_file_kind kind = xengt_state_kind();

	for (u32 i = 0; i <= kind.nr; i++) {
		struct gvt_section other = *kind.section[i % kind.nr];
		struct xengt_file_kind newer = kind;
		struct guest *g;
		char says[96];

		other.version += i < kind.nr ? 1 : -1;
		newer.section[i % kind.nr] = &other;
		g = left_to(&newer, i % 2);
		snprintf(says, sizeof(says), "section %s is of version %u, and this xengt knows %u",
			 other.name, other.version, kind.section[i % kind.nr]->version);
		check_refused(g, says);
		end(g);
	}
}
END_TEST

/* xengtd was killed after it had copied a file, and before it renamed the copy. */
START_TEST(killed_before_renaming)
{
	const struct xengt_file_kind older = without("counters");
	struct guest *g = left_to(&older, true);
	char path[64];
	int fd;

	path_of(g, true, path);
	fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	ck_assert_int_eq(ftruncate(fd, 1 << 20), 0);
	ck_assert_int_eq(pwrite(fd, "xengt-v", 8, 0), 8);
	close(fd);
	check_goes_on(g);
	ck_assert_int_ne(access(path, F_OK), 0);
	/* A copy that nobody needs any more goes with the vGPU. */
	close(open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
	guest_detach(g);
	ck_assert_int_ne(access(path, F_OK), 0);
	guest_free(g);
}
END_TEST

/* What is damaged is not copied into a new file, in which nobody could find it any more. */
START_TEST(damaged_and_lacking)
{
	const struct xengt_file_kind older = without("counters");
	struct guest *g = left_to(&older, true);
	struct xengt_directory dir;
	char why[192];
	u8 byte;
	int fd = guest_open(g, XENGT_STATE_SUFFIX);
	u32 i;

	ck_assert_int_eq(xengt_directory_read(fd, &older, GUEST_DOMID, &dir, why, sizeof(why)), 0);
	for (i = 0; strcmp(dir.entry[i].name, "config"); i++)
		;
	ck_assert_int_eq(pread(fd, &byte, 1, (off_t)dir.entry[i].offset + 60), 1);
	byte ^= 4;
	ck_assert_int_eq(pwrite(fd, &byte, 1, (off_t)dir.entry[i].offset + 60), 1);
	close(fd);
	check_refused(g, "section config, version 1, is damaged");
	end(g);
}
END_TEST

/* The process that had the vGPU has not ended yet, and writes to its file. */
START_TEST(still_in_use)
{
	const struct xengt_file_kind older = without("counters");
	struct guest *g = left_to(&older, false);
	int ready[2], over[2];
	pid_t pid;
	char c;

	ck_assert_int_eq(pipe(ready) | pipe(over), 0);
	pid = fork();
	if (!pid) {
		struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
		bool done = !fcntl(guest_open(g, XENGT_STATE_SUFFIX), F_SETLK, &lock) &&
			    write(ready[1], "", 1) == 1;

		close(over[1]);
		_exit(!done || read(over[0], &c, 1));
	}
	ck_assert_int_eq(read(ready[0], &c, 1), 1);
	ck_assert_int_eq(guest_take_up(g), -EBUSY);
	ck_assert_msg(strstr(g->why, "another process has it") != NULL, "%s", g->why);
	close(over[1]);
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
	check_goes_on(g);
	close(ready[0]);
	close(ready[1]);
	close(over[0]);
	guest_free(g);
}
END_TEST

/* ---- directories that nobody writes in good faith ---- */

static void no_sections(struct xengt_directory *dir)
{
	dir->head.nr = 0;
}

static void too_many_sections(struct xengt_directory *dir)
{
	dir->head.nr = XENGT_SECTIONS_MAX + 1;
}

static void sections_without_end(struct xengt_directory *dir)
{
	dir->head.nr = ~0u;
}

static void huge(struct xengt_directory *dir)
{
	dir->head.size = 1ull << 63;
}

static void larger(struct xengt_directory *dir)
{
	dir->head.size += GVT_PAGE_SIZE;
}

static void odd_size(struct xengt_directory *dir)
{
	dir->head.size -= 8;
}

static void overlapping(struct xengt_directory *dir)
{
	dir->entry[3].offset -= 8;
}

static void on_the_directory(struct xengt_directory *dir)
{
	dir->entry[0].offset -= 8;
}

static void after_a_gap(struct xengt_directory *dir)
{
	dir->entry[0].offset += 8;
}

static void backwards(struct xengt_directory *dir)
{
	dir->entry[5].offset = dir->entry[0].offset;
}

static void outside(struct xengt_directory *dir)
{
	dir->entry[dir->head.nr - 1].offset = dir->head.size;
}

static void far_outside(struct xengt_directory *dir)
{
	dir->entry[dir->head.nr - 1].offset = ~0ull - 7;
}

static void too_long(struct xengt_directory *dir)
{
	dir->entry[dir->head.nr - 1].size = ~0ull - 7;
}

static void of_nothing(struct xengt_directory *dir)
{
	dir->entry[2].size = 0;
}

static void shorter(struct xengt_directory *dir)
{
	dir->entry[2].size -= 8;
}

static void longer(struct xengt_directory *dir)
{
	dir->entry[dir->head.nr - 1].size += 8;
}

static void at_an_odd_byte(struct xengt_directory *dir)
{
	dir->entry[dir->head.nr - 1].offset += 3;
}

static void off_its_page(struct xengt_directory *dir)
{
	dir->entry[dir->head.nr - 1].offset += 16;
}

static void all_fixed(struct xengt_directory *dir)
{
	dir->entry[1].fixed = ~0u;
}

static void twice(struct xengt_directory *dir)
{
	memcpy(dir->entry[2].name, dir->entry[1].name, GVT_SECTION_NAME);
}

static void nameless(struct xengt_directory *dir)
{
	memset(dir->entry[1].name, 0, GVT_SECTION_NAME);
}

static void name_without_end(struct xengt_directory *dir)
{
	memset(dir->entry[1].name, 'x', GVT_SECTION_NAME);
}

static void escape(struct xengt_directory *dir)
{
	strcpy(dir->entry[1].name, "\033[2J");
}

static void more_after_its_end(struct xengt_directory *dir)
{
	dir->entry[1].name[GVT_SECTION_NAME - 1] = 'x';
}

/* As a process would sign it that wants it to be taken. */
static void sign(struct xengt_directory *dir)
{
	u32 crc = xengt_crc32c(0, &dir->head, offsetof(struct xengt_file_head, crc));

	for (u32 i = 0; i < dir->head.nr && i < XENGT_SECTIONS_MAX; i++)
		crc = xengt_crc32c(crc, &dir->entry[i],
				   offsetof(struct xengt_file_entry, fixed_crc));
	dir->head.crc = crc;
}

static void write_directory(const struct guest *g, const struct xengt_directory *dir)
{
	int fd = guest_open(g, XENGT_STATE_SUFFIX);
	ssize_t len = (ssize_t)(xengt_state_kind().nr * sizeof(dir->entry[0]));

	ck_assert_int_eq(pwrite(fd, &dir->head, sizeof(dir->head), 0), sizeof(dir->head));
	ck_assert_int_eq(pwrite(fd, dir->entry, (size_t)len, sizeof(dir->head)), len);
	close(fd);
}

START_TEST(hostile_directory)
{
	static void (*const edits[])(struct xengt_directory * dir) = {
		no_sections,
		too_many_sections,
		sections_without_end,
		huge,
		larger,
		odd_size,
		overlapping,
		on_the_directory,
		after_a_gap,
		backwards,
		outside,
		far_outside,
		too_long,
		of_nothing,
		shorter,
		longer,
		at_an_odd_byte,
		off_its_page,
		all_fixed,
		twice,
		nameless,
		name_without_end,
		escape,
		more_after_its_end,
	};
	const struct xengt_file_kind kind = xengt_state_kind();
	struct guest *g = guest_start(1);
	struct xengt_directory dir, edited;
	char why[192];
	int fd;

	guest_write(g, GUEST_BAR0 + PLAIN, 4, 0x1234);
	guest_kill(g, false);
	fd = guest_open(g, XENGT_STATE_SUFFIX);
	ck_assert_int_eq(xengt_directory_read(fd, &kind, GUEST_DOMID, &dir, why, sizeof(why)), 0);
	close(fd);
	for (size_t i = 0; i < ARRAY_SIZE(edits); i++) {
		edited = dir;
		edits[i](&edited);
		sign(&edited);
		write_directory(g, &edited);
		UNIT_CHECK(guest_take_up(g) == -EPROTO, "edit %zu was taken", i);
		for (const char *c = g->why; *c; c++)
			UNIT_CHECK(*c >= ' ' && *c <= '~', "edit %zu shows what it wrote", i);
	}
	write_directory(g, &dir);
	check_goes_on(g);
	guest_detach(g);
	guest_check_before(g);
	guest_free(g);
}
END_TEST

/* What a new state takes at once. */
START_TEST(cost)
{
	const struct xengt_file_kind kind = xengt_state_kind();
	struct guest *g = guest_new(1, 0);
	struct stat st;
	char path[64];

	ck_assert_uint_le(xengt_file_cost(&kind), 13 * GVT_PAGE_SIZE);
	ck_assert_int_eq(guest_attach(g, ""), 0);
	path_of(g, false, path);
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_uint_ge((u64)st.st_blocks * 512, xengt_file_cost(&kind));
	ck_assert_uint_le((u64)st.st_blocks * 512, xengt_state_cost());
	guest_free(g);
}
END_TEST

Suite *suite_xengt_sections(void)
{
	const TTest *const tests[] = {
		section_added,
		section_added_is_empty,
		section_missing,
		section_unknown,
		section_of_other_version,
		killed_before_renaming,
		damaged_and_lacking,
		still_in_use,
		hostile_directory,
		cost,
	};

	return unit_suite("xengt_sections", tests, ARRAY_SIZE(tests));
}
