/* SPDX-License-Identifier: MIT */
/* vGPUs with and without a guest: created, bound, kept, counted, and each misuse with its errno. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tests/unit/daemon_rig.h"

static int create(struct rig *r, const char *type, const char *uuid)
{
	struct xengt_instance *made;

	r->why[0] = '\0';
	return xengt_instance_create_type(&r->daemon.instances, type, uuid, &made, r->why,
					  sizeof(r->why));
}

static int remove_it(struct rig *r, const char *uuid)
{
	struct xengt_instance *found = xengt_instances_find(&r->daemon.instances, uuid);

	ck_assert_ptr_nonnull(found);
	return xengt_instance_remove(&r->daemon.instances, found, r->why, sizeof(r->why));
}

static const struct xengt_options *options_of(struct rig *r, unsigned int at)
{
	struct guest *guest = daemon_find_domid(&r->daemon, FIRST_DOMID + at);

	ck_assert_ptr_nonnull(guest);
	return &xengt_keeper_kept(guest->keeper)->options;
}

START_TEST(by_type)
{
	struct rig *r = daemon_rig_new();

	ck_assert_msg(!daemon_rig_attach(r, 0, "type=" V5_8), "%s", r->why);
	ck_assert_uint_eq(options_of(r, 0)->aperture_mib, 64);
	ck_assert_uint_eq(options_of(r, 0)->memory_mib, 384);
	ck_assert_uint_eq(options_of(r, 0)->weight, 2);
	ck_assert_str_eq(options_of(r, 0)->type, V5_8);
	/* Options beside the type override it, in either order. */
	ck_assert_msg(!daemon_rig_attach(r, 1, "fences=4,type=" V5_1 ",slot=5"), "%s", r->why);
	ck_assert_uint_eq(options_of(r, 1)->aperture_mib, 512);
	ck_assert_uint_eq(options_of(r, 1)->fences, 4);
	ck_assert_uint_eq(options_of(r, 1)->slot, 5);
	/* With sizes alone, the rest comes from the default type. */
	ck_assert_msg(!daemon_rig_attach(r, 2, "low_gm_mb=128,high_gm_mb=448,fences=8"), "%s",
		      r->why);
	ck_assert_str_eq(options_of(r, 2)->type, r->daemon.config.default_type);
	ck_assert_uint_eq(options_of(r, 2)->memory_mib, 448);
	ck_assert_uint_eq(options_of(r, 2)->id, 3);
	daemon_rig_free(r);
}
END_TEST

START_TEST(by_uuid)
{
	struct rig *r = daemon_rig_new();
	struct xengt_instance *a;

	ck_assert_msg(!create(r, V5_8, UUID_A), "%s", r->why);
	ck_assert_uint_eq(daemon_rig_files(r), 1);
	ck_assert_msg(!daemon_rig_attach(r, 0, "slot=7,uuid=" UUID_A), "%s", r->why);
	a = xengt_instances_find(&r->daemon.instances, UUID_A);
	ck_assert_ptr_eq(a->guest, daemon_find_domid(&r->daemon, FIRST_DOMID));
	ck_assert_uint_eq(options_of(r, 0)->aperture_mib, 64);
	ck_assert_uint_eq(options_of(r, 0)->slot, 7);

	/* It is bound to one guest, and later to another. */
	ck_assert_int_eq(daemon_rig_attach(r, 1, "uuid=" UUID_A), -EBUSY);
	ck_assert_str_eq(r->why,
			 "domain 21 (?) has vGPU " UUID_A "; 'xengt detach 21' takes it away");
	ck_assert_int_eq(remove_it(r, UUID_A), -EBUSY);
	daemon_rig_detach(r, a->guest);
	ck_assert_ptr_null(a->guest);
	ck_assert_msg(!daemon_rig_attach(r, 1, "uuid=" UUID_A ",type=" V5_8), "%s", r->why);
	daemon_rig_detach(r, a->guest);
	ck_assert_int_eq(remove_it(r, UUID_A), 0);
	ck_assert_uint_eq(daemon_rig_files(r), 0);
	daemon_rig_free(r);
}
END_TEST

/* A guest that was destroyed a moment ago does not keep its vGPU from the next one. */
START_TEST(after_destroy)
{
	struct rig *r = daemon_rig_new();

	ck_assert_int_eq(create(r, V5_8, UUID_A), 0);
	ck_assert_int_eq(daemon_rig_attach(r, 0, "uuid=" UUID_A), 0);
	exen_domain_destroy(r->d[0]);
	ck_assert_msg(!daemon_rig_attach(r, 1, "uuid=" UUID_A), "%s", r->why);
	ck_assert_ptr_null(daemon_find_domid(&r->daemon, FIRST_DOMID));
	daemon_rig_free(r);
}
END_TEST

START_TEST(transient_goes)
{
	struct rig *r = daemon_rig_new();
	u32 before = daemon_rig_available(r, V5_8);

	ck_assert_int_eq(daemon_rig_attach(r, 0, ""), 0);
	ck_assert_uint_eq(daemon_rig_available(r, V5_8), before - 1);
	daemon_rig_detach(r, daemon_find_domid(&r->daemon, FIRST_DOMID));
	ck_assert_ptr_null(r->daemon.instances.first);
	ck_assert_uint_eq(daemon_rig_available(r, V5_8), before);
	daemon_rig_free(r);
}
END_TEST

START_TEST(misuse)
{
	static const struct {
		unsigned int at;
		const char *options;
		int err;
		const char *why;
	} cases[] = {
		{ 0, "type=none", -ENOENT, "there is no type 'none'" },
		{ 0, "uuid=" UUID_B, -ENOENT,
		  "there is no vGPU " UUID_B ": create it first, or name a type" },
		{ 0, "type=" V5_1 ",uuid=" UUID_A, -EINVAL,
		  "vGPU " UUID_A " is of type " V5_8 ", and has its sizes and share" },
		{ 0, "aperture_mb=512,uuid=" UUID_A, -EINVAL,
		  "vGPU " UUID_A " is of type " V5_8 ", and has its sizes and share" },
		{ 0, "uuid=" UUID_A ",weight=3", -EINVAL,
		  "vGPU " UUID_A " is of type " V5_8 ", and has its sizes and share" },
		{ 0, "uuid=1", -EINVAL, "uuid=1: it takes a UUID" },
		{ 0, "colour", -EINVAL, "'colour' is not of the form key=value" },
		{ 1, "", -EEXIST, "domain 22 has a vGPU already" },
		{ 77, "", -ESRCH, "there is no domain 98" },
		{ 77, "uuid=" UUID_A, -ESRCH, "there is no domain 98" },
		{ -FIRST_DOMID, "", -EINVAL, "domain 0 is no guest" },
	};
	struct rig *r = daemon_rig_new();

	ck_assert_int_eq(create(r, V5_8, UUID_A), 0);
	ck_assert_int_eq(daemon_rig_attach(r, 1, ""), 0);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		int err = daemon_rig_attach(r, cases[i].at, cases[i].options);

		ck_assert_msg(err == cases[i].err, "%s: %d", cases[i].options, err);
		ck_assert_str_eq(r->why, cases[i].why);
		/* And the attempt left nothing behind. */
		ck_assert_ptr_null(daemon_find_domid(&r->daemon, FIRST_DOMID));
		ck_assert_ptr_null(r->daemon.instances.first->next->next);
		ck_assert_ptr_null(r->daemon.instances.first->guest);
		ck_assert_uint_eq(daemon_rig_files(r), 3);
	}
	ck_assert_int_eq(create(r, "none", UUID_B), -ENOENT);
	ck_assert_int_eq(create(r, V5_8, UUID_A), -EEXIST);
	ck_assert_int_eq(create(r, V5_8, "A0000000-0000-4000-8000-00000000000A"), -EEXIST);
	ck_assert_int_eq(create(r, V5_8, "../../../../../../../etc/passwd/////"), -EINVAL);
	ck_assert_uint_eq(daemon_rig_files(r), 3);
	daemon_rig_free(r);
}
END_TEST

START_TEST(limits)
{
	struct rig *r = daemon_rig_new();
	struct xengt_config *config = &r->daemon.config;

	config->max_vgpus = 2;
	ck_assert_uint_eq(daemon_rig_available(r, V5_8), 2);
	ck_assert_int_eq(create(r, V5_8, UUID_A), 0);
	ck_assert_int_eq(daemon_rig_attach(r, 0, ""), 0);
	ck_assert_uint_eq(daemon_rig_available(r, V5_8), 0);
	ck_assert_int_eq(create(r, V5_8, UUID_B), -ENOSPC);
	ck_assert_int_eq(daemon_rig_attach(r, 1, ""), -ENOSPC);
	/* A vGPU that exists already is not counted again. */
	ck_assert_msg(!daemon_rig_attach(r, 1, "uuid=" UUID_A), "%s", r->why);
	config->max_vgpus = 1;
	ck_assert_uint_eq(daemon_rig_available(r, V5_8), 0);

	/* 384 MiB of one vGPU and 1024 MiB of the other are promised. */
	config->max_vgpus = 64;
	config->memory_mb = 384 + 1024 + 2 * 2048 + 100;
	ck_assert_uint_eq(daemon_rig_available(r, V5_1), 2);
	ck_assert_uint_eq(daemon_rig_available(r, V5_8), 10);
	ck_assert_uint_eq(xengt_instances_memory_left(&r->daemon.instances), 2 * 2048 + 100);
	ck_assert_int_eq(daemon_rig_attach(r, 2, "memory_mb=4197"), -ENOSPC);
	ck_assert_str_eq(r->why, "no vGPU of type i915-GVTg_V5_2 with 4197 MiB is left");
	ck_assert_int_eq(daemon_rig_attach(r, 2, "memory_mb=4196"), 0);
	ck_assert_uint_eq(xengt_instances_memory_left(&r->daemon.instances), 0);

	config->memory_mb = 0;
	config->types.list[3].instances = 2;
	ck_assert_str_eq(config->types.list[3].options.type, V5_8);
	ck_assert_uint_eq(daemon_rig_available(r, V5_8), 1);
	ck_assert_uint_eq(daemon_rig_available(r, V5_1), 61);
	daemon_rig_free(r);
}
END_TEST

/* A new vGPU gets the least free number, whichever one is removed. */
START_TEST(numbers)
{
	struct rig *r = daemon_rig_new();

	ck_assert_int_eq(daemon_rig_attach(r, 0, ""), 0);
	ck_assert_int_eq(daemon_rig_attach(r, 1, ""), 0);
	ck_assert_int_eq(daemon_rig_attach(r, 2, ""), 0);
	daemon_rig_detach(r, daemon_find_domid(&r->daemon, FIRST_DOMID + 1));
	ck_assert_int_eq(create(r, V5_8, UUID_A), 0);
	ck_assert_uint_eq(xengt_instances_find(&r->daemon.instances, UUID_A)->options.id, 2);
	ck_assert_int_eq(create(r, V5_8, UUID_B), 0);
	ck_assert_uint_eq(xengt_instances_find(&r->daemon.instances, UUID_B)->options.id, 4);
	daemon_rig_free(r);
}
END_TEST

START_TEST(another_daemon)
{
	struct rig *r = daemon_rig_new();
	struct xengt_instance *a, *b;

	ck_assert_int_eq(create(r, V5_8, UUID_A), 0);
	ck_assert_int_eq(create(r, V5_1, UUID_B), 0);
	ck_assert_int_eq(daemon_rig_attach(r, 0, "type=" V5_1), 0);
	ck_assert_int_eq(daemon_rig_attach(r, 1, "uuid=" UUID_B), 0);
	b = xengt_instances_find(&r->daemon.instances, UUID_B);
	ck_assert_int_eq(daemon_schedule(&r->daemon, b, 7, 50), 0);
	daemon_rig_restart(r);

	a = xengt_instances_find(&r->daemon.instances, UUID_A);
	b = xengt_instances_find(&r->daemon.instances, UUID_B);
	ck_assert_ptr_nonnull(a);
	ck_assert_ptr_nonnull(b);
	ck_assert_ptr_null(a->guest);
	ck_assert(a->stays && b->stays);
	ck_assert_ptr_eq(b->guest, daemon_find_domid(&r->daemon, FIRST_DOMID + 1));
	ck_assert_uint_eq(b->options.weight, 7);
	ck_assert_uint_eq(b->options.cap, 50);
	ck_assert_str_eq(a->options.type, V5_8);
	ck_assert_uint_eq(a->options.id, 1);
	ck_assert_uint_eq(b->options.id, 2);
	ck_assert_uint_eq(options_of(r, 0)->id, 3);
	ck_assert(!daemon_find_domid(&r->daemon, FIRST_DOMID)->instance->stays);

	/* A guest that ended while no daemon ran took only its own vGPU with it. */
	daemon_rig_detach(r, daemon_find_domid(&r->daemon, FIRST_DOMID));
	ck_assert_int_eq(daemon_rig_attach(r, 0, ""), 0);
	daemon_rig_restart(r);
	ck_assert_ptr_nonnull(xengt_instances_find(&r->daemon.instances, UUID_B)->guest);
	daemon_rig_free(r);
}
END_TEST

/* A file that is not a vGPU's is ignored, and stays for a person to look at. */
START_TEST(strange_files)
{
	static const struct {
		const char *name, *text;
	} files[] = {
		{ UUID_A ".instance", "" },
		{ UUID_B ".instance", "1 type=" V5_8 ",uuid=" UUID_A "\n" },
		{ "c0000000-0000-4000-8000-00000000000c.instance", "0 type=x,uuid=" UUID_A "\n" },
		{ "d.instance", "1 type=x,uuid=" UUID_A "\n" },
		{ "e0000000-0000-4000-8000-00000000000e.instance",
		  "xengt-instance 1 crc32c=00000000\n1 type=" V5_8
		  ",uuid=e0000000-0000-4000-8000-00000000000e\n" },
		{ "f0000000-0000-4000-8000-00000000000f.instance",
		  "xengt-instance 1 crc32c=00000000\n" },
	};
	struct rig *r = daemon_rig_new();
	char path[128];

	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		FILE *file;

		snprintf(path, sizeof(path), "%s/%s", r->dir, files[i].name);
		file = fopen(path, "w");
		ck_assert_ptr_nonnull(file);
		fputs(files[i].text, file);
		fclose(file);
	}
	daemon_rig_restart(r);
	ck_assert_ptr_null(r->daemon.instances.first);
	ck_assert_uint_eq(daemon_rig_files(r), ARRAY_SIZE(files));
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		snprintf(path, sizeof(path), "%s/%s", r->dir, files[i].name);
		unlink(path);
	}
	daemon_rig_free(r);
}
END_TEST

/* Any byte of a vGPU's file that is changed or missing is noticed. */
START_TEST(damaged_file)
{
	struct rig *r = daemon_rig_new();
	char path[128], text[600];
	size_t len;
	FILE *file;

	ck_assert_int_eq(create(r, V5_8, UUID_A), 0);
	snprintf(path, sizeof(path), "%s/" UUID_A ".instance", r->dir);
	file = fopen(path, "r");
	len = fread(text, 1, sizeof(text), file);
	fclose(file);
	ck_assert_uint_gt(len, 60);
	for (size_t i = 0; i < 2 * len; i++) {
		file = fopen(path, "w");
		text[i / 2] ^= 1;
		/* Changed, or cut off before the byte. A missing newline does no harm. */
		fwrite(text, 1, i % 2 ? i / 2 : len, file);
		text[i / 2] ^= 1;
		fclose(file);
		xengt_instances_free(&r->daemon.instances);
		xengt_instances_load(&r->daemon.instances);
		ck_assert_msg(!r->daemon.instances.first || i >= 2 * len - 2, "byte %zu: %s", i / 2,
			      i % 2 ? "cut off" : "changed");
	}
	file = fopen(path, "w");
	fwrite(text, 1, len, file);
	fclose(file);
	daemon_rig_restart(r);
	ck_assert_ptr_nonnull(xengt_instances_find(&r->daemon.instances, UUID_A));
	daemon_rig_free(r);
}
END_TEST

/* If any call fails while a guest attaches, its vGPU is as free as before. */
START_TEST(attach_fails)
{
	struct rig *r = daemon_rig_new();
	unsigned int nth, failed = 0;
	bool done = false;

	ck_assert_int_eq(create(r, V5_8, UUID_A), 0);
	for (nth = 1; !done; nth++) {
		int err;

		exen_fail("*", nth, ENOMEM);
		err = daemon_rig_attach(r, 0, nth % 2 ? "uuid=" UUID_A : "");
		done = exen_fail_left(true);
		if (!err) {
			daemon_rig_detach(r, r->daemon.guests);
			continue;
		}
		failed++;
		ck_assert_ptr_null(r->daemon.guests);
		ck_assert_ptr_null(r->daemon.instances.first->guest);
		ck_assert_ptr_null(r->daemon.instances.first->next);
		ck_assert_uint_eq(daemon_rig_files(r), 1);
	}
	ck_assert_uint_gt(failed, 10);
	ck_assert_msg(!daemon_rig_attach(r, 0, "uuid=" UUID_A), "%s", r->why);
	daemon_rig_free(r);
}
END_TEST

Suite *suite_instances(void)
{
	const TTest *const tests[] = {
		by_type, by_uuid,	 after_destroy, transient_goes, misuse,	      limits,
		numbers, another_daemon, strange_files, damaged_file,	attach_fails,
	};

	return unit_suite("instances", tests, ARRAY_SIZE(tests));
}
