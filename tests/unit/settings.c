/* SPDX-License-Identifier: MIT */
/*
 * The table of settings: what it gives when nothing is said is within its own ranges. The man pages
 * and the installed xengt.conf have all of it, and nothing else.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/unit/unit.h"
#include "xengt/settings/config.h"

/* The text of a file of the source tree, to be freed. */
static char *text_of(const char *name)
{
	char path[512], *text = NULL;
	size_t room = 0;
	FILE *file;

	snprintf(path, sizeof(path), TOP_SRCDIR "/%s", name);
	file = fopen(path, "re");
	ck_assert_msg(file != NULL, "%s: %s", path, strerror(errno));
	ck_assert_int_gt(getdelim(&text, &room, '\0', file), 0);
	fclose(file);
	return text;
}

/* The built-in paths are those of the build; the documents have the usual ones. */
static const char *usual(const char *unset)
{
	size_t len = strlen(XENGT_RUNDIR);
	static char text[256];

	if (strncmp(unset, XENGT_RUNDIR, len))
		return unset;
	snprintf(text, sizeof(text), "/run/xengt%s", unset + len);
	return text;
}

START_TEST(defaults_are_valid)
{
	for (const struct xengt_setting *s = xengt_settings; s->name; s++) {
		struct xengt_config config;
		struct xengt_type type;
		char why[256] = "";

		ck_assert_msg(s->help && s->unset &&
				      (s->where & XENGT_IN_HOST ||
				       s->where & (XENGT_IN_TYPE | XENGT_IN_VGPU)),
			      "%s", s->name);
		ck_assert_msg(!s->unset[0] ||
				      !xengt_setting_set(s->where & ~XENGT_RELOADED,
							 s->where & XENGT_IN_HOST ? (void *)&config
										  : &type,
							 s->name, s->unset, why, sizeof(why)),
			      "%s", why);
	}
}
END_TEST

/* How an entry of a man page begins. */
static void entry_of(const struct xengt_setting *s, unsigned int where, char *text, size_t len)
{
	const char *unset = where & XENGT_IN_VGPU && s->where & XENGT_IN_TYPE ? "of the type"
			    : s->unset[0]				      ? usual(s->unset)
									      : s->instead;
	char form[64];

	xengt_setting_form(s, form, sizeof(form));
	if (unset)
		snprintf(text, len, "\n.TP\n.BR %s \"%s%s (%s)\"\n", s->name,
			 where & XENGT_IN_VGPU ? "=" : " = ", form, unset);
	else
		snprintf(text, len, "\n.TP\n.BR %s =%s\n", s->name, form);
}

/* The section @title of a man page has the settings of @where, in the table's order. */
static void check_page(const char *name, const char *title, unsigned int where)
{
	char *page = text_of(name), *at = strstr(page, title), *end, *reload;
	unsigned int entries = 0;

	ck_assert_msg(at != NULL, "%s: %s", name, title);
	end = strstr(at + 1, "\n.SH ");
	ck_assert_ptr_nonnull(end);
	*end = '\0';
	reload = strstr(at, "systemctl reload");
	for (char *tp = strstr(at, "\n.TP"); tp; tp = strstr(tp + 1, "\n.TP"))
		entries++;
	for (const struct xengt_setting *s = xengt_settings; s->name; s++) {
		char entry[512];

		if (!(s->where & where))
			continue;
		entry_of(s, where, entry, sizeof(entry));
		at = strstr(at, entry);
		ck_assert_msg(at != NULL, "%s has no, or not here:%s", name, entry);
		if (where & XENGT_IN_HOST)
			ck_assert_msg((at > reload) == !!(s->where & XENGT_RELOADED), "%s",
				      s->name);
		entries--;
	}
	ck_assert_msg(!entries, "%s has %u more", name, entries);
	free(page);
}

START_TEST(man_pages)
{
	check_page("xengt/xengt.conf.5", "\n.SH SETTINGS\n", XENGT_IN_HOST);
	check_page("xengt/xengt.conf.5", "\n.SH TYPES\n", XENGT_IN_TYPE);
	check_page("xengt/xengt-dm.8", "\n.SH VGPU OPTIONS\n", XENGT_IN_VGPU);
}
END_TEST

/* The installed file has each of the host's settings, as a comment, with what it is without it. */
START_TEST(installed_file)
{
	char *text = text_of("xengt/xengt.conf");

	for (const struct xengt_setting *s = xengt_settings; s->name; s++) {
		char line[384];

		if (!(s->where & XENGT_IN_HOST))
			continue;
		snprintf(line, sizeof(line), "\n#%s = %s%s", s->name, usual(s->unset),
			 s->unset[0] ? "\n" : "");
		ck_assert_msg(strstr(text, line) != NULL, "no line%s", line);
	}
	free(text);
}
END_TEST

/* Without the sign of a comment, the lines of the installed file are settings. */
START_TEST(installed_file_is_read)
{
	char *text = text_of("xengt/xengt.conf"), *rest = text, *line, why[256] = "";
	char path[] = "/tmp/xengt-config-XXXXXX";
	struct xengt_config config;
	int fd = mkstemp(path);
	FILE *to = fdopen(fd, "w");

	while ((line = strsep(&rest, "\n")))
		fprintf(to, "%s\n", line + (*line == '#' && line[1] != ' '));
	fclose(to);
	ck_assert_msg(!xengt_config_load(path, &config, why, sizeof(why)), "%s", why);
	ck_assert_uint_eq(config.types.nr, 5);
	unlink(path);
	free(text);
}
END_TEST

Suite *suite_settings(void)
{
	const TTest *const tests[] = {
		defaults_are_valid,
		man_pages,
		installed_file,
		installed_file_is_read,
	};

	return unit_suite("settings", tests, ARRAY_SIZE(tests));
}
