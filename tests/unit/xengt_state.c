/* SPDX-License-Identifier: MIT */
/* A state file that was changed between two daemons is refused with a message, and left alone. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/xengt_rig.h"
#include "xengt/state/crc.h"
#include "xengt/state/directory.h"

static void flip(int fd, off_t at, unsigned int bit)
{
	u8 byte;

	ck_assert_int_eq(pread(fd, &byte, 1, at), 1);
	byte ^= 1u << bit;
	ck_assert_int_eq(pwrite(fd, &byte, 1, at), 1);
}

/* The daemon ends in order. */
static void leave(struct guest *g)
{
	guest_end(g, true);
}

static void check_refused(struct guest *g, const char *says)
{
	ck_assert_int_eq(guest_take_up(g), -EPROTO);
	ck_assert_msg(strstr(g->why, says) != NULL, "%s", g->why);
	ck_assert(guest_has_state(g));
}

START_TEST(checksum)
{
	u8 zeros[32] = { 0 };

	/* RFC 3720, B.4, and the common check value. */
	ck_assert_uint_eq(xengt_crc32c(0, "123456789", 9), 0xe3069283);
	ck_assert_uint_eq(xengt_crc32c(0, zeros, 32), 0x8a9136aa);
	ck_assert_uint_eq(xengt_crc32c(xengt_crc32c(0, "1234", 4), "56789", 5), 0xe3069283);
	ck_assert_uint_eq(xengt_crc32c(0, "", 0), 0);
}
END_TEST

static const char *const suffixes[] = { ".vgpu", ".kept" };

static struct xengt_file_kind kind_of(const char *suffix)
{
	return strcmp(suffix, ".kept") ? xengt_state_kind() : xengt_kept_kind;
}

/* Where the section @name of the file is. */
static off_t offset_of(int fd, const char *suffix, const char *name)
{
	const struct xengt_file_kind kind = kind_of(suffix);
	struct xengt_directory dir;
	char why[192];

	ck_assert_int_eq(xengt_directory_read(fd, &kind, GUEST_DOMID, &dir, why, sizeof(why)), 0);
	for (u32 i = 0; i < dir.head.nr; i++)
		if (!strcmp(dir.entry[i].name, name))
			return (off_t)dir.entry[i].offset;
	ck_abort_msg("no section %s", name);
}

/* After an orderly end, no bit of what is there, and none of a few holes, can be another. */
static void any_bit_of(const char *suffix)
{
	struct guest *g = guest_start(1);
	u64 seed = 11;
	unsigned int nr = 0;
	struct stat st;
	off_t at = 0;
	int fd;

	guest_write(g, GUEST_BAR0 + PLAIN, 4, 0x1234);
	leave(g);
	fd = guest_open(g, suffix);
	ck_assert_int_eq(fstat(fd, &st), 0);
	for (unsigned int i = 0; i < 64; i++) {
		flip(fd, i, i % 8);
		ck_assert_int_eq(guest_take_up(g), -EPROTO);
		flip(fd, i, i % 8);
	}
	while ((at = lseek(fd, at, SEEK_DATA)) >= 0) {
		off_t where = at + (off_t)(unit_random(&seed) % GVT_PAGE_SIZE);

		flip(fd, where, nr % 8);
		check_refused(g, where < (off_t)sizeof(struct xengt_file_head) ? "" : "damaged");
		flip(fd, where, nr % 8);
		at += GVT_PAGE_SIZE;
		nr++;
	}
	ck_assert_uint_gt(nr, 1);
	flip(fd, st.st_size / 2, 3);
	check_refused(g, "is damaged: its checksum");
	flip(fd, st.st_size / 2, 3);
	close(fd);
	/* The file has its old contents, though a page of it exists now that was a hole. */
	ck_assert_msg(!guest_take_up(g), "%s", g->why);
	ck_assert_uint_eq(guest_read(g, GUEST_BAR0 + PLAIN, 4), 0x1234);
	guest_detach(g);
	guest_free(g);
}

START_TEST(any_bit)
{
	for (size_t i = 0; i < ARRAY_SIZE(suffixes); i++)
		any_bit_of(suffixes[i]);
}
END_TEST

/* Damage is told by the name of the section. */
static void each_section_of(const char *suffix)
{
	const struct xengt_file_kind kind = kind_of(suffix);
	struct guest *g = guest_start(1);
	int fd;

	leave(g);
	fd = guest_open(g, suffix);
	for (u32 i = 0; i < kind.nr; i++) {
		off_t at = offset_of(fd, suffix, kind.section[i]->name);
		const off_t places[] = { at, at + (off_t)kind.section[i]->size - 1 };
		char says[64];

		snprintf(says, sizeof(says), "section %s, version %u, is damaged",
			 kind.section[i]->name, kind.section[i]->version);
		for (size_t j = 0; j < ARRAY_SIZE(places); j++) {
			flip(fd, places[j], i % 8);
			check_refused(g, says);
			flip(fd, places[j], i % 8);
		}
	}
	close(fd);
	ck_assert_msg(!guest_take_up(g), "%s", g->why);
	guest_free(g);
}

START_TEST(each_section)
{
	for (size_t i = 0; i < ARRAY_SIZE(suffixes); i++)
		each_section_of(suffixes[i]);
}
END_TEST

/* After a sudden death, fields that never change are checked, such as the guest's identity. */
START_TEST(after_death)
{
	static const struct {
		const char *suffix, *section;
		size_t at;
	} fixed[] = {
		{ ".vgpu", NULL, offsetof(struct xengt_file_head, domid) },
		{ ".vgpu", NULL, offsetof(struct xengt_file_head, crc) },
		{ ".vgpu", NULL, offsetof(struct xengt_file_head, sealed) },
		{ ".kept", NULL, offsetof(struct xengt_file_head, domid) },
		{ ".kept", NULL, offsetof(struct xengt_file_head, crc) },
		{ ".kept", NULL, offsetof(struct xengt_file_head, sealed) },
		{ ".kept", "guest", offsetof(struct xengt_kept, uuid) },
		{ ".kept", "guest", offsetof(struct xengt_kept, options.type) },
		{ ".kept", "guest", offsetof(struct xengt_kept, options.slot) },
		{ ".kept", "guest", offsetof(struct xengt_kept, options.uuid) },
	};
	struct guest *g = guest_start(1);
	int fd;

	g->kept->weight = 3;
	guest_write(g, GUEST_BAR0 + PLAIN, 4, 0x1234);
	guest_kill(g, false);
	for (size_t i = 0; i < ARRAY_SIZE(fixed); i++) {
		off_t at = (off_t)fixed[i].at;

		fd = guest_open(g, fixed[i].suffix);
		if (fixed[i].section)
			at += offset_of(fd, fixed[i].suffix, fixed[i].section);
		flip(fd, at, 1);
		check_refused(g, fixed[i].section ? "section guest, version 1, is damaged"
						  : "it is damaged");
		flip(fd, at, 1);
		close(fd);
	}
	ck_assert_msg(!guest_take_up(g), "%s", g->why);
	ck_assert_uint_eq(g->kept->weight, 3);
	ck_assert_uint_eq(guest_read(g, GUEST_BAR0 + PLAIN, 4), 0x1234);
	guest_detach(g);
	guest_free(g);
}
END_TEST

static void cut_off_of(const char *suffix)
{
	static const char nothing[] = "cut off", version[] = "which another version of xengt wrote";
	struct guest *g = guest_start(1);
	struct stat st;
	u8 page[GVT_PAGE_SIZE], empty[GVT_PAGE_SIZE] = { 0 };
	int fd;

	leave(g);
	fd = guest_open(g, suffix);
	ck_assert_int_eq(fstat(fd, &st), 0);
	ck_assert_int_eq(ftruncate(fd, st.st_size + 1), 0);
	check_refused(g, nothing);
	ck_assert_int_eq(ftruncate(fd, st.st_size), 0);
	flip(fd, offsetof(struct xengt_file_head, format), 0);
	check_refused(g, version);
	flip(fd, offsetof(struct xengt_file_head, format), 0);
	/* A page of it was never written. */
	ck_assert_int_eq(pread(fd, page, sizeof(page), 0), sizeof(page));
	ck_assert_int_eq(pwrite(fd, empty, sizeof(empty), 0), sizeof(empty));
	check_refused(g, "damaged");
	ck_assert_int_eq(pwrite(fd, page, sizeof(page), 0), sizeof(page));
	ck_assert_msg(!guest_take_up(g), "%s", g->why);
	leave(g);
	for (off_t len = st.st_size - 1; len > 0; len /= 3) {
		ck_assert_int_eq(ftruncate(fd, len), 0);
		check_refused(g, nothing);
	}
	ck_assert_int_eq(ftruncate(fd, 0), 0);
	check_refused(g, nothing);
	close(fd);
	exen_domain_destroy(g->d);
	guest_free(g);
}

START_TEST(cut_off)
{
	for (size_t i = 0; i < ARRAY_SIZE(suffixes); i++)
		cut_off_of(suffixes[i]);
}
END_TEST

Suite *suite_xengt_state(void)
{
	const TTest *const tests[] = { checksum, any_bit, each_section, after_death, cut_off };

	return unit_suite("xengt_state", tests, ARRAY_SIZE(tests));
}
