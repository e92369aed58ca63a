/* SPDX-License-Identifier: MIT */
/* Commands of the control socket that only the vGPU's process can answer: each is a function, and a
 * row of a table. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/base/number.h"
#include "xengt/guest/guest.h"
#include "xengt/guest/tell/tell.h"

/* A query and its answer: a field, or an errno with a sentence. */
struct query {
	struct xengt_guest *g;
	struct json_object *request;
	const char *key;
	struct json_object *value;
	int err;
	char why[256];
};

static const char *string_of(const struct query *q, const char *key)
{
	struct json_object *value;

	return json_object_object_get_ex(q->request, key, &value) ? json_object_get_string(value)
								  : NULL;
}

static void fail(struct query *q, int err, const char *why)
{
	q->err = err;
	if (why != q->why)
		snprintf(q->why, sizeof(q->why), "%s", why);
}

static void give(struct query *q, const char *key, struct json_object *value)
{
	q->key = key;
	q->value = value;
	if (!value && !q->err)
		fail(q, -EIO, "the vGPU's thread has ended; the log says why");
}

/* Reads the argument @key, a number up to @max. @is: what the number means, for the error. */
static bool number_of(struct query *q, const char *key, const char *is, u64 max, u64 *val)
{
	const char *text = string_of(q, key);
	int err = xengt_number(text ? text : "", XENGT_EITHER, 0, max, val);

	if (err) {
		snprintf(q->why, sizeof(q->why), "'%s' is no %s", text ? text : "", is);
		fail(q, err, q->why);
	}
	return !err;
}

static void show(struct query *q)
{
	give(q, "vgpu", describe_whole(q->g->v, json_object_new_object()));
}

static void regs(struct query *q)
{
	const char *which = string_of(q, "which");
	bool pages = which && !strcmp(which, "pages");

	give(q, pages ? "pages" : "registers",
	     describe_regs(q->g->v, which && !strcmp(which, "unknown"), pages));
}

static void gtt(struct query *q)
{
	u64 addr, number = 0;
	int err = 0;

	if (!string_of(q, "address")) {
		give(q, "gtt", describe_spaces(q->g->v));
		return;
	}
	if (!number_of(q, "address", "address", ~0ull, &addr) ||
	    (string_of(q, "space") &&
	     !number_of(q, "space", "number of a space", UINT32_MAX, &number)))
		return;
	give(q, "gtt", describe_walk(q->g->v, number, addr, &err));
	if (err)
		fail(q, err,
		     err == -ENOENT   ? "there is no such space: xengt gtt VGPU lists them"
		     : err == -ERANGE ? "the space does not reach that far"
				      : strerror(-err));
}

static void verify(struct query *q)
{
	int err = 0;

	give(q, "spaces", describe_verify(q->g->v, &err, q->why, sizeof(q->why)));
	if (err)
		fail(q, err, q->why);
}

static const struct {
	const char *name;
	void (*run)(struct query *q);
} queries[] = { { "show", show }, { "regs", regs }, { "gtt", gtt }, { "verify", verify } };

static void carry_out(struct query *q)
{
	const char *name =
		json_object_is_type(q->request, json_type_object) ? string_of(q, "cmd") : NULL;

	for (size_t i = 0; name && i < ARRAY_SIZE(queries); i++) {
		if (strcmp(queries[i].name, name))
			continue;
		queries[i].run(q);
		return;
	}
	fail(q, -EOPNOTSUPP, "no such command");
}

int xengt_query(struct xengt_guest *g, const char *line, const char **text)
{
	struct query q = { .g = g, .request = json_tokener_parse(line) };

	carry_out(&q);
	json_object_put(q.request);
	xengt_query_forget(g);
	g->said = json_object_new_object();
	if (q.value)
		json_object_object_add(g->said, q.key, q.value);
	/* An answer may have both: what was found before the error, and its sentence. */
	if (q.err)
		json_object_object_add(g->said, "error", json_object_new_string(q.why));
	*text = json_object_to_json_string_ext(g->said, JSON_C_TO_STRING_PLAIN);
	return q.err;
}

void xengt_query_forget(struct xengt_guest *g)
{
	json_object_put(g->said);
	g->said = NULL;
}
