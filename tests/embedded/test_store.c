// SPDX-License-Identifier: MIT
/* xenstore: the tree and its watches. */
#include <stdlib.h>

#include "test_dm.h"

#include <xenstore.h>

static void expect_event(struct xs_handle *h, const char *path, const char *token)
{
	char **vec = xs_check_watch(h);

	ck_assert_ptr_nonnull(vec);
	ck_assert_str_eq(vec[XS_WATCH_PATH], path);
	ck_assert_str_eq(vec[XS_WATCH_TOKEN], token);
	free(vec);
}

static void expect_silence(struct xs_handle *h)
{
	ck_assert(!fd_ready(xs_fileno(h)));
	ck_assert_ptr_null(xs_check_watch(h));
	ck_assert_int_eq(errno, EAGAIN);
}

START_TEST(store_tree)
{
	struct xs_handle *h = xs_open(0);
	unsigned int n = 0;
	char **names, *val;

	ck_assert(xs_write(h, XBT_NULL, "/a/b/c", "one", 3));
	ck_assert(xs_write(h, XBT_NULL, "/a/d", "x", 1));
	val = xs_read(h, XBT_NULL, "/a/b/c", &n);
	ck_assert_str_eq(val, "one");
	ck_assert_uint_eq(n, 3);
	free(val);
	names = xs_directory(h, XBT_NULL, "/a", &n);
	ck_assert_uint_eq(n, 2);
	ck_assert_str_eq(names[0], "b");
	ck_assert_str_eq(names[1], "d");
	free(names);
	ck_assert_ptr_null(xs_read(h, XBT_NULL, "/a/none", NULL));
	ck_assert_int_eq(errno, ENOENT);
	ck_assert(!xs_write(h, XBT_NULL, "/a//b", "", 0));
	ck_assert_int_eq(errno, EINVAL);
	ck_assert(xs_rm(h, XBT_NULL, "/a"));
	ck_assert_ptr_null(xs_read(h, XBT_NULL, "/a/b/c", NULL));
	ck_assert(xs_rm(h, XBT_NULL, "/a"));
	ck_assert(!xs_rm(h, XBT_NULL, "/a/b"));
	ck_assert_int_eq(errno, ENOENT);
	/* A relative path is in domain 0's own folder. */
	ck_assert(xs_write(h, XBT_NULL, "own/key", "v", 1));
	val = xs_read(h, XBT_NULL, "/local/domain/0/own/key", NULL);
	ck_assert_str_eq(val, "v");
	free(val);
	val = xs_get_domain_path(h, DOM);
	ck_assert_str_eq(val, "/local/domain/7");
	free(val);
	ck_assert(xs_is_domain_introduced(h, DOM));
	ck_assert(!xs_is_domain_introduced(h, DOM + 1));
	xs_close(h);
}
END_TEST

START_TEST(store_watches_fire)
{
	struct xs_handle *h = xs_open(0);
	struct exen_domain *d;

	ck_assert(xs_watch(h, "/w", "tok"));
	ck_assert(!xs_watch(h, "/w", "tok"));
	ck_assert_int_eq(errno, EEXIST);
	ck_assert(fd_ready(xs_fileno(h)));
	expect_event(h, "/w", "tok"); /* a new watch fires once */
	expect_silence(h);
	ck_assert(xs_write(h, XBT_NULL, "/w/x", "1", 1));
	expect_event(h, "/w/x", "tok");
	ck_assert(xs_write(h, XBT_NULL, "/wx", "1", 1));
	expect_silence(h);
	ck_assert(xs_watch(h, "rel", "r"));
	expect_event(h, "rel", "r");
	ck_assert(xs_write(h, XBT_NULL, "rel/y", "1", 1));
	expect_event(h, "rel/y", "r");
	ck_assert(xs_watch(h, "@introduceDomain", "in"));
	ck_assert(xs_watch(h, "@releaseDomain", "out"));
	expect_event(h, "@introduceDomain", "in");
	expect_event(h, "@releaseDomain", "out");
	d = exen_domain_create(11, 1, 1, 0);
	ck_assert_ptr_nonnull(d);
	expect_event(h, "@introduceDomain", "in");
	exen_domain_shutdown(d, 0);
	expect_event(h, "@releaseDomain", "out");
	exen_domain_destroy(d);
	expect_event(h, "@releaseDomain", "out");
	/* A node that is removed with its parent fires its watches. */
	ck_assert(xs_write(h, XBT_NULL, "/up/down", "", 0));
	ck_assert(xs_watch(h, "/up/down", "deep"));
	expect_event(h, "/up/down", "deep");
	ck_assert(xs_rm(h, XBT_NULL, "/up"));
	expect_event(h, "/up/down", "deep");
	expect_silence(h);
	ck_assert(xs_unwatch(h, "/w", "tok"));
	ck_assert(!xs_unwatch(h, "/w", "tok"));
	ck_assert_int_eq(errno, ENOENT);
	ck_assert(xs_rm(h, XBT_NULL, "/w"));
	expect_silence(h);
	xs_close(h);
}
END_TEST

Suite *store_suite(void)
{
	Suite *s = suite_create("embedded: store");
	TCase *tc = tcase_create("store");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, store_tree);
	tcase_add_test(tc, store_watches_fire);
	suite_add_tcase(s, tc);
	return s;
}
