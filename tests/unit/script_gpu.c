/* SPDX-License-Identifier: MIT */
#include "tests/unit/script_gpu.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/base/clock.h"
#include "core/hw/reg.h"
#include "tests/unit/unit.h"

struct gvt_gpu_space {
	struct gvt_gpu_space_config config;
	u32 regs[GVT_MMIO_DWORDS];
};

struct script {
	struct gvt_gpu gpu;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct {
		struct script_port port[SCRIPT_SUBMISSIONS];
		u32 in, out, resets, refuse;
		u64 stopped_at, ahead; /* its clock: stopped at (0: it runs), and ahead */
		void (*on_reset)(void *priv);
		void *priv;
	} engine[GVT_NR_ENGINES];
};

static struct script *of(struct gvt_gpu *gpu)
{
	return (struct script *)gpu;
}

static void destroy(struct gvt_gpu *gpu)
{
	pthread_cond_destroy(&of(gpu)->changed);
	pthread_mutex_destroy(&of(gpu)->lock);
	free(gpu);
}

static int space_create(struct gvt_gpu *gpu, const struct gvt_gpu_space_config *config,
			struct gvt_gpu_space **space)
{
	(void)gpu;
	*space = calloc(1, sizeof(**space));
	(*space)->config = *config;
	return 0;
}

static void space_destroy(struct gvt_gpu_space *space)
{
	free(space);
}

static int ggtt_set(struct gvt_gpu_space *space, u32 first, u32 nr, const u64 *entries, u64 fill)
{
	(void)space;
	(void)first;
	(void)nr;
	(void)entries;
	(void)fill;
	return 0;
}

static void flush(struct gvt_gpu_space *space)
{
	(void)space;
}

static u32 reg_read(struct gvt_gpu_space *space, u32 offset)
{
	return space->regs[offset / 4];
}

static void reg_write(struct gvt_gpu_space *space, u32 offset, u32 val)
{
	space->regs[offset / 4] = val;
}

static void regs_clear(struct gvt_gpu_space *space)
{
	memset(space->regs, 0, sizeof(space->regs));
}

static int submit(struct gvt_gpu *gpu, enum gvt_engine engine, const struct gvt_gpu_context ctx[2])
{
	struct script *s = of(gpu);
	int err = 0;

	pthread_mutex_lock(&s->lock);
	if (s->engine[engine].refuse) {
		s->engine[engine].refuse--;
		err = -EBUSY;
	} else {
		u32 at = s->engine[engine].in++ % SCRIPT_SUBMISSIONS;

		s->engine[engine].port[at] = (struct script_port){ { ctx[0], ctx[1] } };
	}
	pthread_cond_broadcast(&s->changed);
	pthread_mutex_unlock(&s->lock);
	return err;
}

static u64 engine_time(struct gvt_gpu *gpu, enum gvt_engine engine)
{
	u64 stopped_at = __atomic_load_n(&of(gpu)->engine[engine].stopped_at, __ATOMIC_ACQUIRE);

	return (stopped_at ? stopped_at : clock_now_ns()) +
	       __atomic_load_n(&of(gpu)->engine[engine].ahead, __ATOMIC_ACQUIRE);
}

static void reset(struct gvt_gpu *gpu, enum gvt_engine engine)
{
	struct script *s = of(gpu);
	void (*on_reset)(void *priv);

	pthread_mutex_lock(&s->lock);
	on_reset = s->engine[engine].on_reset;
	s->engine[engine].on_reset = NULL;
	pthread_mutex_unlock(&s->lock);
	if (on_reset)
		on_reset(s->engine[engine].priv);
	pthread_mutex_lock(&s->lock);
	s->engine[engine].resets++;
	pthread_cond_broadcast(&s->changed);
	pthread_mutex_unlock(&s->lock);
}

struct gvt_gpu *script_gpu(void)
{
	static const struct gvt_gpu_ops ops = {
		.name = "script",
		.destroy = destroy,
		.space_create = space_create,
		.space_destroy = space_destroy,
		.ggtt_set = ggtt_set,
		.flush = flush,
		.reg_read = reg_read,
		.reg_write = reg_write,
		.regs_clear = regs_clear,
		.submit = submit,
		.time = engine_time,
		.reset = reset,
	};
	struct script *s = calloc(1, sizeof(*s));

	ck_assert_ptr_nonnull(s);
	s->gpu.ops = &ops;
	pthread_mutex_init(&s->lock, NULL);
	pthread_cond_init(&s->changed, NULL);
	return &s->gpu;
}

static void wait_more(struct script *s, const char *what)
{
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += UNIT_WAIT_MS / 1000;
	ck_assert_msg(!pthread_cond_timedwait(&s->changed, &s->lock, &until), "no %s", what);
}

struct script_port script_next(struct gvt_gpu *gpu, enum gvt_engine engine)
{
	struct script *s = of(gpu);
	struct script_port port;

	pthread_mutex_lock(&s->lock);
	while (s->engine[engine].in == s->engine[engine].out)
		wait_more(s, "submission");
	port = s->engine[engine].port[s->engine[engine].out++ % SCRIPT_SUBMISSIONS];
	pthread_mutex_unlock(&s->lock);
	return port;
}

bool script_submitted(struct gvt_gpu *gpu, enum gvt_engine engine)
{
	struct script *s = of(gpu);
	bool is;

	pthread_mutex_lock(&s->lock);
	is = s->engine[engine].in != s->engine[engine].out;
	pthread_mutex_unlock(&s->lock);
	return is;
}

void script_wait_resets(struct gvt_gpu *gpu, enum gvt_engine engine, u32 nr)
{
	struct script *s = of(gpu);

	pthread_mutex_lock(&s->lock);
	while (s->engine[engine].resets < nr)
		wait_more(s, "reset");
	pthread_mutex_unlock(&s->lock);
}

u32 script_resets(struct gvt_gpu *gpu, enum gvt_engine engine)
{
	u32 nr;

	pthread_mutex_lock(&of(gpu)->lock);
	nr = of(gpu)->engine[engine].resets;
	pthread_mutex_unlock(&of(gpu)->lock);
	return nr;
}

void script_on_reset(struct gvt_gpu *gpu, enum gvt_engine engine, void (*fn)(void *priv),
		     void *priv)
{
	pthread_mutex_lock(&of(gpu)->lock);
	of(gpu)->engine[engine].on_reset = fn;
	of(gpu)->engine[engine].priv = priv;
	pthread_mutex_unlock(&of(gpu)->lock);
}

void script_stop_clock(struct gvt_gpu *gpu, enum gvt_engine engine)
{
	__atomic_store_n(&of(gpu)->engine[engine].stopped_at, clock_now_ns(), __ATOMIC_RELEASE);
}

void script_start_clock(struct gvt_gpu *gpu, enum gvt_engine engine)
{
	__atomic_store_n(&of(gpu)->engine[engine].stopped_at, 0, __ATOMIC_RELEASE);
}

void script_pass(struct gvt_gpu *gpu, enum gvt_engine engine, u64 ns)
{
	__atomic_fetch_add(&of(gpu)->engine[engine].ahead, ns, __ATOMIC_ACQ_REL);
}

void script_refuse(struct gvt_gpu *gpu, enum gvt_engine engine, u32 nr)
{
	pthread_mutex_lock(&of(gpu)->lock);
	of(gpu)->engine[engine].refuse = nr;
	pthread_mutex_unlock(&of(gpu)->lock);
}

static void tell(const struct gvt_gpu_context *ctx, struct gvt_gpu_event event)
{
	event.space = ctx->space;
	event.desc = ctx->desc;
	ctx->space->config.event(ctx->space->config.priv, &event);
}

void script_status(const struct gvt_gpu_context *ctx, enum gvt_engine engine, u32 status)
{
	tell(ctx,
	     (struct gvt_gpu_event){ .kind = GVT_GPU_STATUS, .engine = engine, .status = status });
}

void script_stuck(const struct gvt_gpu_context *ctx, enum gvt_engine engine)
{
	tell(ctx, (struct gvt_gpu_event){
			  .kind = GVT_GPU_STUCK, .engine = engine, .why = "as the script says" });
}

void script_interrupt(const struct gvt_gpu_context *ctx, enum gvt_engine engine, u32 irq)
{
	tell(ctx,
	     (struct gvt_gpu_event){ .kind = GVT_GPU_INTERRUPT, .engine = engine, .irq = irq });
}
