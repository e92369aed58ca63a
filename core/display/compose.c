/* SPDX-License-Identifier: MIT */
#include "core/display/compose.h"

#include <errno.h>
#include <string.h>

#define STRIDE_UNIT 64u
#define STRIDE_MAX  KiB(1024)
#define SQUARE	    8u /* pixels of a field of the pattern */
#define OPAQUE	    255u

const char *display_plane_fault(const struct display_plane *p)
{
	bool turned = p->turn & 1;

	if ((u32)p->format >= DISPLAY_FORMATS || (u32)p->yuv >= DISPLAY_YUVS ||
	    (u32)p->blend >= DISPLAY_BLENDS || p->turn > 3)
		return "it has a format that is not known";
	if ((u32)p->tiling > GVT_TILE_YF)
		return "it has tiles that are not known";
	if (turned && p->tiling != GVT_TILE_Y && p->tiling != GVT_TILE_YF)
		return "only tiles of Y and Yf can be turned";
	if (!p->width || !p->height || p->width > DISPLAY_PLANE_MAX ||
	    p->height > DISPLAY_PLANE_MAX || !p->to_width || !p->to_height ||
	    p->to_width > DISPLAY_PLANE_MAX || p->to_height > DISPLAY_PLANE_MAX)
		return "its size is none";
	if (p->main.x >= DISPLAY_PLANE_MAX || p->main.y >= DISPLAY_PLANE_MAX ||
	    p->chroma.x >= DISPLAY_PLANE_MAX || p->chroma.y >= DISPLAY_PLANE_MAX)
		return "it begins outside of its surface";
	if (p->main.base % GVT_PAGE_SIZE || p->chroma.base % GVT_PAGE_SIZE)
		return "its surface does not begin with a page";
	if (p->main.stride > STRIDE_MAX || p->chroma.stride > STRIDE_MAX ||
	    (p->tiling == GVT_LINEAR &&
	     (p->main.stride % STRIDE_UNIT || p->chroma.stride % STRIDE_UNIT)))
		return "its stride is none";
	return NULL;
}

u32 display_nowhere(u32 x, u32 y)
{
	return (x / SQUARE + y / SQUARE) % 2 ? 0xff00ff : 0x202020;
}

/* Where the pixels of a surface are: a column's offset and a row's, added. */
struct layout {
	const struct display_surface *surface;
	const struct gvt_tile *tile; /* NULL: linear */
	u32 bytes;
	bool pairs, turned;
};

/* What pixel @x of a row in memory adds. The lowest bit says that it is a pair's second. */
static u64 along(const struct layout *l, u32 x, u32 tiles)
{
	u32 byte = (l->pairs ? x & ~1u : x) * l->bytes, second = l->pairs ? x & 1 : 0;
	const struct gvt_tile *t = l->tile;

	if (!t)
		return byte | second;
	return ((u64)(byte >> t->width) * tiles << (t->width + t->height)) +
	       (gvt_tile_spread(byte & ((1u << t->width) - 1), t->x_mask) | second);
}

/* What row @y adds. @turned: rows are counted from the lowest one of a tile. */
static u64 down(const struct layout *l, u32 y, u32 tiles, bool turned)
{
	const struct gvt_tile *t = l->tile;
	u32 row;

	if (!t)
		return (u64)y * l->surface->stride;
	row = y & ((1u << t->height) - 1);
	if (turned)
		row = (1u << t->height) - 1 - row;
	return ((u64)(y >> t->height) * tiles << (t->width + t->height)) +
	       gvt_tile_spread(row, t->y_mask);
}

static u64 column(const struct layout *l, u32 x)
{
	x += l->surface->x;
	return l->turned ? down(l, x, 1, true) : along(l, x, 1);
}

static u64 row(const struct layout *l, u32 y)
{
	y += l->surface->y;
	return l->turned ? along(l, y, l->surface->stride) : down(l, y, l->surface->stride, false);
}

/* Which of @from pixels is pixel @i of @to, the nearest. */
static u32 nearest(u32 i, u32 from, u32 to)
{
	return (u32)((2ull * i + 1) * from / (2ull * to));
}

/* A page of the guest's, the last one that was asked for. */
struct reader {
	const struct display_memory *memory;
	const u8 *page;
	u64 at; /* no page: odd */
};

/* Up to eight bytes, which do not cross a page. False: they are nowhere. */
static bool fetch(struct reader *r, u64 at, u32 bytes, u64 *val)
{
	u64 page = at & ~(u64)(GVT_PAGE_SIZE - 1);

	if (page != r->at) {
		r->page = page >> 32 ? NULL : r->memory->page(r->memory->ctx, (u32)page);
		r->at = page;
	}
	*val = 0;
	if (r->page)
		memcpy(val, r->page + at % GVT_PAGE_SIZE, bytes);
	return r->page;
}

/* A plane on its way to the picture. */
struct drawing {
	const struct display_plane *plane;
	const struct display_picture *picture;
	struct display_scratch *scratch;
	struct layout main, chroma;
	struct reader pixels, colours;
	u32 left, right, top, bottom; /* what is drawn of the picture, without the last ones */
	u64 missing;
};

static u32 part(u32 a, u32 b)
{
	return (a * b + 127) / 255;
}

static u32 blend(const struct display_plane *p, u32 over, u32 under)
{
	u32 alpha = p->blend == DISPLAY_OPAQUE ? OPAQUE : over >> 24, out = 0;
	u32 by = part(p->blend == DISPLAY_COVERAGE ? alpha : OPAQUE, p->alpha);
	u32 through = OPAQUE - part(alpha, p->alpha);

	if (by == OPAQUE && !through)
		return over & 0xffffff;
	for (u32 shift = 0; shift < 24; shift += 8) {
		u32 sum = part(over >> shift & 0xff, by) + part(under >> shift & 0xff, through);

		out |= (sum < OPAQUE ? sum : OPAQUE) << shift;
	}
	return out;
}

static bool read_pixel(struct drawing *d, u64 at, u64 colour_at, u32 *val)
{
	bool pairs = d->main.pairs;
	u64 raw, colours = 0;

	if (!fetch(&d->pixels, pairs ? at & ~1ull : at, pairs ? 4 : d->main.bytes, &raw))
		return false;
	if (pairs && at & 1)
		raw |= DISPLAY_SECOND;
	if (d->plane->format == DISPLAY_NV12) {
		if (!fetch(&d->colours, colour_at, 2, &colours))
			return false;
		raw |= colours << 8;
	}
	*val = display_pixel(d->plane->format, d->plane->yuv, raw);
	return true;
}

/* Which pixel of the window is at column @x of the picture, and at row @y. */
static u32 window_x(const struct display_plane *p, u32 x)
{
	u32 at = nearest((u32)((s64)x - p->to_x), p->width, p->to_width);

	return (p->turn >= 2) != p->mirror ? p->width - 1 - at : at;
}

static u32 window_y(const struct display_plane *p, u32 y)
{
	u32 at = nearest((u32)((s64)y - p->to_y), p->height, p->to_height);

	return p->turn >= 2 ? p->height - 1 - at : at;
}

static void draw_row(struct drawing *d, u32 y)
{
	u32 *to = d->picture->pixels + (size_t)y * d->picture->width, at = window_y(d->plane, y);
	u64 main = d->plane->main.base + row(&d->main, at);
	u64 chroma = d->plane->chroma.base + row(&d->chroma, at / 2);
	u32 val;

	for (u32 x = d->left; x < d->right; x++) {
		u32 i = x - d->left;

		if (read_pixel(d, main + d->scratch->main[i], chroma + d->scratch->chroma[i],
			       &val)) {
			to[x] = blend(d->plane, val, to[x]);
		} else {
			to[x] = display_nowhere(x, y);
			d->missing++;
		}
	}
}

static void draw_nothing(struct drawing *d)
{
	for (u32 y = d->top; y < d->bottom; y++)
		for (u32 x = d->left; x < d->right; x++)
			d->picture->pixels[(size_t)y * d->picture->width + x] =
				display_nowhere(x, y);
	d->missing += (u64)(d->right - d->left) * (d->bottom - d->top);
}

/* The part of @at, @size that is within @bound. */
static void clip(s64 at, u32 size, u32 bound, u32 *from, u32 *to)
{
	s64 end = at + size;

	*from = (u32)(at < 0 ? 0 : at < bound ? at : bound);
	*to = (u32)(end < *from ? *from : end < bound ? end : bound);
}

static void draw(struct drawing *d)
{
	const struct display_plane *p = d->plane;
	bool fault = display_plane_fault(p) != NULL;

	clip(p->to_x, p->to_width, d->picture->width, &d->left, &d->right);
	clip(p->to_y, p->to_height, d->picture->height, &d->top, &d->bottom);
	if (fault) {
		draw_nothing(d);
		return;
	}
	d->main = (struct layout){ &p->main, gvt_tile(p->tiling, display_format_bytes(p->format)),
				   display_format_bytes(p->format), display_format_pairs(p->format),
				   p->turn & 1 };
	d->chroma = (struct layout){ &p->chroma, gvt_tile(p->tiling, 2), 2, false, p->turn & 1 };
	for (u32 x = d->left; x < d->right; x++) {
		u32 at = window_x(p, x);

		d->scratch->main[x - d->left] = (u32)column(&d->main, at);
		d->scratch->chroma[x - d->left] = (u32)column(&d->chroma, at / 2);
	}
	for (u32 y = d->top; y < d->bottom; y++)
		draw_row(d, y);
}

int display_compose(const struct display_picture *picture, u32 background,
		    const struct display_plane *planes, u32 nr, const struct display_memory *memory,
		    struct display_scratch *scratch, u64 *missing)
{
	*missing = 0;
	if (!picture->width || !picture->height || picture->width > DISPLAY_MAX_WIDTH ||
	    picture->height > DISPLAY_MAX_HEIGHT)
		return -EINVAL;
	for (size_t i = 0; i < (size_t)picture->width * picture->height; i++)
		picture->pixels[i] = background & 0xffffff;
	for (u32 i = 0; i < nr; i++) {
		struct drawing d = {
			.plane = &planes[i],
			.picture = picture,
			.scratch = scratch,
			.pixels = { .memory = memory, .at = 1 },
			.colours = { .memory = memory, .at = 1 },
		};

		draw(&d);
		*missing += d.missing;
	}
	return 0;
}
