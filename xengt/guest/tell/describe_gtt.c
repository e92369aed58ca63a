/* SPDX-License-Identifier: MIT */
/* Graphics memory as JSON: its address spaces, one address's translation, and a check of all
 * entries. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "xengt/control/json.h"
#include "xengt/guest/tell/tell.h"
#include "xengt/guest/vgpu.h"

/* Finds a space: number 0 is the GGTT, others are PPGTTs. False: there is none of that number. */
static bool space(const struct intel_vgpu *vgpu, unsigned int number, struct gvt_root *root)
{
	return !number || intel_vgpu_root(vgpu, number - 1, root);
}

static struct json_object *name_of(unsigned int number, const struct gvt_root *root)
{
	struct json_object *one = json_object_new_object();
	char name[24] = "ggtt";

	if (number)
		snprintf(name, sizeof(name), "ppgtt %u", number);
	put_str(one, "space", name);
	put_u64(one, "number", number);
	if (number) {
		put_u64(one, "levels", root->levels);
		put_hex(one, "root", root->pdp[0]);
	}
	return one;
}

struct look {
	struct json_object *all;
	unsigned int number;
	u64 addr;
	int err;
	char *why;
	size_t why_len;
};

static void spaces(struct xengt_vgpu *v, void *arg)
{
	struct look *look = arg;
	struct gvt_root root;

	for (unsigned int number = 0; number <= GVT_ROOTS_MAX; number++)
		if (space(v->vgpu, number, &root))
			json_object_array_add(look->all, name_of(number, &root));
}

static void put_entry(struct json_object *to, bool there, const char *at_key, u64 at,
		      const char *key, u64 entry)
{
	if (!there)
		return;
	put_hex(to, at_key, at);
	put_hex(to, key, entry);
}

static void walk(struct xengt_vgpu *v, void *arg)
{
	struct look *look = arg;
	struct gvt_root root;
	struct gvt_walk way;

	look->err = space(v->vgpu, look->number, &root)
			    ? intel_vgpu_translate(v->vgpu, look->number ? &root : NULL, look->addr,
						   &way)
			    : -ENOENT;
	for (unsigned int i = 0; !look->err && i < way.nr; i++) {
		const struct gvt_walk_level *level = &way.level[i];
		struct json_object *one = json_object_new_object();

		put_str(one, "table", level->name);
		put_u64(one, "index", level->index);
		put_entry(one, level->has_guest, "guest_at", level->guest_at, "guest",
			  level->guest);
		put_entry(one, level->has_shadow, "shadow_at", level->shadow_at, "shadow",
			  level->shadow);
		json_object_array_add(look->all, one);
	}
	if (!look->err) {
		struct json_object *end = json_object_new_object();

		put_str(end, "table", "page");
		put_entry(end, way.gpa_size, "guest_size", way.gpa_size, "guest", way.gpa);
		put_entry(end, !way.scratch && way.bus_size, "shadow_size", way.bus_size, "shadow",
			  way.bus);
		json_object_array_add(look->all, end);
	}
}

static void verify(struct xengt_vgpu *v, void *arg)
{
	struct look *look = arg;

	for (unsigned int number = 0; !look->err && number <= GVT_ROOTS_MAX; number++) {
		struct gvt_verify result = { 0 };
		struct json_object *one;
		struct gvt_root root;

		if (!space(v->vgpu, number, &root))
			continue;
		look->err = intel_vgpu_verify(v->vgpu, number ? &root : NULL, &result);
		one = name_of(number, &root);
		put_u64(one, "tables", result.tables);
		put_u64(one, "entries", result.entries);
		json_object_array_add(look->all, one);
		if (look->err == -EILSEQ)
			snprintf(look->why, look->why_len,
				 "%s %u: the entry for 0x%llx %s: 0x%llx of the guest's, 0x%llx of "
				 "ours",
				 number ? "ppgtt" : "ggtt", number, (unsigned long long)result.addr,
				 result.what, (unsigned long long)result.guest,
				 (unsigned long long)result.shadow);
		else if (look->err == -EAGAIN)
			snprintf(look->why, look->why_len,
				 "the guest changes its tables faster than they can be compared; "
				 "try again");
		else if (look->err)
			snprintf(look->why, look->why_len, "%s %u: %s", number ? "ppgtt" : "ggtt",
				 number, strerror(-look->err));
	}
}

static struct json_object *ask(struct xengt_vgpu *v, void (*fn)(struct xengt_vgpu *, void *),
			       struct look *look)
{
	look->all = json_object_new_array();
	if (!xengt_vgpu_call(v, fn, look))
		return look->all;
	json_object_put(look->all);
	return NULL;
}

struct json_object *describe_spaces(struct xengt_vgpu *v)
{
	struct look look = { 0 };

	return ask(v, spaces, &look);
}

struct json_object *describe_walk(struct xengt_vgpu *v, unsigned int number, u64 addr, int *err)
{
	struct look look = { .number = number, .addr = addr };
	struct json_object *all = ask(v, walk, &look);

	*err = look.err;
	return all;
}

struct json_object *describe_verify(struct xengt_vgpu *v, int *err, char *why, size_t why_len)
{
	struct look look = { .why = why, .why_len = why_len };
	struct json_object *all = ask(v, verify, &look);

	*err = look.err;
	return all;
}
