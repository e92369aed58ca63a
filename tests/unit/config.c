/* SPDX-License-Identifier: MIT */
/*
 * The configuration file: built-in settings, how a file changes them, and what is said of mistakes.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/unit/unit.h"
#include "xengt/settings/config.h"

/* Loads @len bytes as a file, whose name in @why is replaced by FILE. */
static int load_bytes(const char *text, size_t len, struct xengt_config *config, char *why,
		      size_t why_len)
{
	char path[] = "/tmp/xengt-config-XXXXXX", said[512] = "";
	int fd = mkstemp(path), err;

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, text, len), (ssize_t)len);
	close(fd);
	err = xengt_config_load(path, config, said, sizeof(said));
	unlink(path);
	if (err) {
		ck_assert_int_eq(strncmp(said, path, strlen(path)), 0);
		snprintf(why, why_len, "FILE%s", said + strlen(path));
	} else {
		ck_assert_str_eq(said, "");
	}
	return err;
}

static int load(const char *text, struct xengt_config *config, char *why, size_t why_len)
{
	return load_bytes(text, strlen(text), config, why, why_len);
}

static void check_defaults(const struct xengt_config *config)
{
	ck_assert_str_eq(config->socket, XENGT_RUNDIR "/xengt.sock");
	ck_assert_str_eq(config->group, "root");
	ck_assert_str_eq(config->state_dir, XENGT_RUNDIR);
	ck_assert_str_eq(config->qemu, "");
	ck_assert_uint_eq(config->poll_max, 64);
	ck_assert_str_eq(config->gpu, "software");
	/* The pages of 512 MiB, 512 for each frame; one frame for ours, and 16 for the guest. */
	ck_assert_uint_eq(config->grant_frames, 273);
}

START_TEST(built_in)
{
	struct xengt_config config;
	char why[256] = "";

	ck_assert_int_eq(load("", &config, why, sizeof(why)), 0);
	check_defaults(&config);
	ck_assert_int_eq(load("# nothing\n\n   \n\t# here\n", &config, why, sizeof(why)), 0);
	check_defaults(&config);
}
END_TEST

START_TEST(every_key)
{
	struct xengt_config config;
	char why[256] = "";

	ck_assert_int_eq(load("socket = /a b\ngroup=adm\n  state_dir\t=\t/c  \n"
			      "qemu=/d=e\n#qemu=/f\npoll_max = 0x10\ngpu = none",
			      &config, why, sizeof(why)),
			 0);
	ck_assert_str_eq(config.socket, "/a b");
	ck_assert_str_eq(config.group, "adm");
	ck_assert_str_eq(config.state_dir, "/c");
	ck_assert_str_eq(config.qemu, "/d=e");
	ck_assert_uint_eq(config.poll_max, 16);
	ck_assert_str_eq(config.gpu, "none");
}
END_TEST

START_TEST(mistakes)
{
	static const struct {
		const char *text, *why;
	} cases[] = {
		{ "colour = blue\n", "FILE:1: there is no setting 'colour'" },
		{ "\n# x\ngroup\n", "FILE:3: a line is key = value, or [type NAME]" },
		{ "= x\n", "FILE:1: there is no setting ''" },
		{ "group = adm\npoll_max = many\n",
		  "FILE:2: poll_max=many: it takes a number from 0 to 1000000" },
		{ "gpu = hardware\n", "FILE:1: gpu=hardware: it takes software or none" },
		{ "gpu = soft\n", "FILE:1: gpu=soft: it takes software or none" },
		{ "poll_max =\n", "FILE:1: poll_max=: it takes a number from 0 to 1000000" },
		{ "poll_max = -1\n", "FILE:1: poll_max=-1: it takes a number from 0 to 1000000" },
		{ "poll_max = 1000001\n",
		  "FILE:1: poll_max=1000001: it takes a number from 0 to 1000000" },
		{ "poll_max = 1 2\n", "FILE:1: poll_max=1 2: it takes a number from 0 to 1000000" },
		{ "poll_max = 99999999999999999999\n",
		  "FILE:1: poll_max=99999999999999999999: it takes a number from 0 to 1000000" },
		{ "[type a/b]\n",
		  "FILE:1: a type's name has 1 to 31 letters, digits, '-', '_' and '.'" },
		{ "[type ]\n",
		  "FILE:1: a type's name has 1 to 31 letters, digits, '-', '_' and '.'" },
		{ "[type ..]\n",
		  "FILE:1: a type's name has 1 to 31 letters, digits, '-', '_' and '.'" },
		{ "[types x]\n", "FILE:1: a line is key = value, or [type NAME]" },
		{ "[type x]\n\naperture_mb = 100\n",
		  "FILE:3: aperture_mb=100: it takes a power of two from 64 to 1024" },
		{ "[type x]\nslot = 4\n",
		  "FILE:2: 'slot' is an option of one vGPU: see xengt-dm(8)" },
		{ "[type x]\ninstances = -1\n",
		  "FILE:2: instances=-1: it takes a number from 0 to 999" },
		{ "[type x]\nresolution = 1024x768,\n",
		  "FILE:2: resolution=1024x768,: it takes WIDTHxHEIGHT,..., from 640x480 to "
		  "4096x4096" },
		{ "[type x]\nresolution = 320x200\n",
		  "FILE:2: resolution=320x200: it takes WIDTHxHEIGHT,..., from 640x480 to "
		  "4096x4096" },
		{ "default_type = y\n[type x]\n", "FILE: default_type: there is no type 'y'" },
		{ "memory_mb = 1\naperture_mb = 64\n",
		  "FILE:2: 'aperture_mb' is a type's: it goes below a line [type NAME]" },
		{ "[type x]\npoll_max = 1\n",
		  "FILE:2: 'poll_max' is the host's: it goes above the first [type NAME]" },
		{ "state_dir =\n", "FILE:1: state_dir=: it takes 1 to 199 characters" },
		{ "gpu = none\n\ngpu = none\n", "FILE:3: 'gpu' is set in line 1 already" },
		{ "[type x]\nlow_gm_mb = 64\naperture_mb = 64\n",
		  "FILE:3: 'aperture_mb' is set in line 2 already" },
		{ "[type x]\n[type y]\n[type x]\n",
		  "FILE:3: the section of type x is in line 1 already" },
		{ "[type i915-GVTg_V5_1]\n[type i915-GVTg_V5_1]\n",
		  "FILE:2: the section of type i915-GVTg_V5_1 is in line 1 already" },
		{ "[type x] # mine\n", "FILE:1: a line is key = value, or [type NAME]" },
		{ "[group = adm\n", "FILE:1: a line is key = value, or [type NAME]" },
		{ "; a comment\n", "FILE:1: a line is key = value, or [type NAME]" },
		{ "group = adm\r\n",
		  "FILE:1: the byte 0x0d is no text; a line ends with a line feed alone" },
		{ "# \033[2J\n",
		  "FILE:1: the byte 0x1b is no text; a line ends with a line feed alone" },
		/* Only the first mistake is reported. */
		{ "colour = blue\npoll_max = many\n", "FILE:1: there is no setting 'colour'" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct xengt_config config;
		char why[256] = "";

		ck_assert_msg(load(cases[i].text, &config, why, sizeof(why)) == -EINVAL, "%s",
			      cases[i].text);
		ck_assert_str_eq(why, cases[i].why);
	}
}
END_TEST

START_TEST(types)
{
	const struct xengt_type *type;
	struct xengt_config config;
	char why[256] = "", text[512];

	ck_assert_msg(!load("default_type = small\nmax_vgpus = 5\nmemory_mb = 4096\n"
			    "[type small]\naperture_mb = 64\nmemory_mb = 128\nfences=4\n"
			    "weight = 1\ncap=25\nresolution = 1280x800,640x480\ninstances = 3\n"
			    "# a built-in one, otherwise as it is\n"
			    "[type i915-GVTg_V5_1]\nweight = 15\n",
			    &config, why, sizeof(why)),
		      "%s", why);
	ck_assert_uint_eq(config.max_vgpus, 5);
	ck_assert_uint_eq(config.memory_mb, 4096);
	ck_assert_uint_eq(config.types.nr, 5);
	type = xengt_types_find(&config.types, config.default_type);
	ck_assert_ptr_nonnull(type);
	ck_assert_uint_eq(type->instances, 3);
	xengt_type_describe(type, text, sizeof(text));
	ck_assert_str_eq(text, "low_gm_size: 64MB\nhigh_gm_size: 128MB\nfence: 4\n"
			       "resolution: 1280x800,640x480\nweight: 1\ncap: 25\n");
	type = xengt_types_find(&config.types, "i915-GVTg_V5_1");
	xengt_type_describe(type, text, sizeof(text));
	ck_assert_str_eq(text, "low_gm_size: 512MB\nhigh_gm_size: 2048MB\nfence: 32\n"
			       "resolution: 1920x1200\nweight: 15\ncap: 0\n");
	ck_assert_ptr_null(xengt_types_find(&config.types, "none"));
}
END_TEST

START_TEST(too_many_types)
{
	struct xengt_config config;
	char why[256] = "", text[2048];
	size_t at = 0;

	for (u32 i = 0; i < XENGT_TYPES_MAX - 4; i++)
		at += snprintf(text + at, sizeof(text) - at, "[type t%u]\n", i);
	ck_assert_int_eq(load(text, &config, why, sizeof(why)), 0);
	snprintf(text + at, sizeof(text) - at, "[type more]\n");
	ck_assert_int_eq(load(text, &config, why, sizeof(why)), -EINVAL);
	ck_assert_str_eq(why, "FILE:29: there are 32 types already");
}
END_TEST

/* A new file is taken as a whole or not at all, and only for what may change while guests run. */
START_TEST(reload)
{
	char path[] = "/tmp/xengt-config-XXXXXX", why[512] = "";
	struct xengt_config config, was;
	int fd = mkstemp(path);
	FILE *file = fdopen(fd, "w");

	ck_assert_int_eq(xengt_config_load(path, &config, why, sizeof(why)), 0);
	fputs("socket = /other\nmax_vgpus = 2\n[type x]\nweight = 99\n", file);
	fflush(file);
	was = config;
	ck_assert_int_eq(xengt_config_reload(path, &config, why, sizeof(why)), -EINVAL);
	ck_assert_mem_eq(&config, &was, sizeof(was));
	rewind(file);
	fputs("socket = /other\nmax_vgpus = 2\n[type x]\nweight = 9\n ", file);
	fclose(file);
	ck_assert_msg(!xengt_config_reload(path, &config, why, sizeof(why)), "%s", why);
	unlink(path);
	ck_assert_str_eq(config.socket, was.socket);
	ck_assert_uint_eq(config.max_vgpus, 2);
	ck_assert_ptr_nonnull(xengt_types_find(&config.types, "x"));
	ck_assert_uint_ne(config.types.generation, was.types.generation);
}
END_TEST

/* The longest value that fits, one that is longer, and lines that are long. */
START_TEST(lengths)
{
	struct xengt_config config;
	char why[256] = "", text[8192];

	snprintf(text, sizeof(text), "group = %0*d\n", (int)sizeof(config.group) - 1, 7);
	ck_assert_int_eq(load(text, &config, why, sizeof(why)), 0);
	ck_assert_uint_eq(strlen(config.group), sizeof(config.group) - 1);
	snprintf(text, sizeof(text), "group = %0*d\n", (int)sizeof(config.group), 7);
	ck_assert_int_eq(load(text, &config, why, sizeof(why)), -EINVAL);
	ck_assert_ptr_nonnull(strstr(why, ": it takes 1 to 63 characters"));
	/* The rest of a long line is no line of its own, and no value is cut. */
	snprintf(text, sizeof(text), "# %0*d\n", 4093, 7);
	ck_assert_msg(!load(text, &config, why, sizeof(why)), "a long comment: %s", why);
	snprintf(text, sizeof(text), "# %0*d poll_max = 5\n", 4093, 7);
	ck_assert_int_eq(load(text, &config, why, sizeof(why)), -EINVAL);
	ck_assert_str_eq(why, "FILE:1: a line has up to 4095 bytes");
}
END_TEST

/* What stands behind a zero byte would be lost. */
START_TEST(zero_bytes)
{
	static const char text[] = "gpu = none\ngroup = adm\0in\n", all[] = "\0";
	struct xengt_config config;
	char why[256] = "";

	ck_assert_int_eq(load_bytes(text, sizeof(text) - 1, &config, why, sizeof(why)), -EINVAL);
	ck_assert_str_eq(why,
			 "FILE:2: the byte 0x00 is no text; a line ends with a line feed alone");
	ck_assert_str_eq(config.gpu, "none");
	ck_assert_str_eq(config.group, "root");
	ck_assert_int_eq(load_bytes(all, 1, &config, why, sizeof(why)), -EINVAL);
}
END_TEST

START_TEST(unreadable)
{
	struct xengt_config config;
	char why[256] = "";

	ck_assert_int_eq(xengt_config_load("/", &config, why, sizeof(why)), -EISDIR);
	ck_assert_str_eq(why, "/: Is a directory");
	check_defaults(&config);
}
END_TEST

/* What is printed is a file with the same settings. */
START_TEST(printed)
{
	struct xengt_config config, again;
	char why[256] = "", *text = NULL;
	size_t len = 0;
	FILE *to;

	ck_assert_int_eq(
		load("socket = /a b\ntree =\ngpu = none\nuid_base = 0\ndefault_type = desk\n"
		     "[type desk]\ncap = 7\naudit_user = on\nheads = 1\n"
		     "read_through = off\nresolution = 1920x1080,1280x720\ninstances = 2\n",
		     &config, why, sizeof(why)),
		0);
	to = open_memstream(&text, &len);
	xengt_config_print(&config, to);
	fclose(to);
	ck_assert_msg(!load(text, &again, why, sizeof(why)), "%s", why);
	ck_assert_mem_eq(&again, &config, sizeof(config));
	free(text);
}
END_TEST

START_TEST(no_file)
{
	struct xengt_config config;
	char why[256] = "";

	ck_assert_int_eq(xengt_config_load("/nowhere/at/all", &config, why, sizeof(why)), -ENOENT);
	ck_assert_str_eq(why, "/nowhere/at/all: No such file or directory");
	check_defaults(&config);
}
END_TEST

START_TEST(set_by_name)
{
	struct xengt_config config = { 0 };
	char why[256] = "";

	ck_assert_int_eq(xengt_config_set(&config, "poll_max", "0", why, sizeof(why)), 0);
	ck_assert_int_eq(xengt_config_set(&config, "qemu", "", why, sizeof(why)), 0);
	ck_assert_int_eq(xengt_config_set(&config, "socket", "/s", why, sizeof(why)), 0);
	ck_assert_str_eq(config.socket, "/s");
	ck_assert_str_eq(why, "");
	ck_assert_int_eq(xengt_config_set(&config, "poll_max", "x", why, sizeof(why)), -EINVAL);
	ck_assert_str_eq(why, "poll_max=x: it takes a number from 0 to 1000000");
	ck_assert_int_eq(xengt_config_set(&config, "colour", "x", why, sizeof(why)), -EINVAL);
	ck_assert_str_eq(why, "there is no setting 'colour'");
}
END_TEST

Suite *suite_config(void)
{
	const TTest *const tests[] = {
		built_in, every_key,  mistakes,	  types,   too_many_types, reload,
		lengths,  zero_bytes, unreadable, no_file, set_by_name,	   printed,
	};

	return unit_suite("config", tests, ARRAY_SIZE(tests));
}
