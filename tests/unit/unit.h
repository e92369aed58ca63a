/* SPDX-License-Identifier: MIT */
/* Shared by all unit tests: suites by name, and repeatable random numbers. */
#ifndef TESTS_UNIT_UNIT_H
#define TESTS_UNIT_UNIT_H

#include <check.h>

#include "core/base/types.h"

/* Suites, one for each file. A program's main file says which ones it runs. */
Suite *suite_bars(void);
Suite *suite_cfg_space(void);
Suite *suite_config(void);
Suite *suite_handshakes(void);
Suite *suite_heads(void);
Suite *suite_intx(void);
Suite *suite_irq(void);
Suite *suite_life(void);
Suite *suite_number(void);
Suite *suite_options(void);
Suite *suite_page_track(void);
Suite *suite_property(void);
Suite *suite_pvinfo(void);
Suite *suite_registers(void);
Suite *suite_settings(void);

Suite *suite_display_aux(void);
Suite *suite_display_compose(void);
Suite *suite_display_edid(void);
Suite *suite_display_head(void);
Suite *suite_display_vbt(void);

Suite *suite_exec_cmd(void);
Suite *suite_exec_context(void);
Suite *suite_exec_decode(void);
Suite *suite_exec_i915(void);
Suite *suite_exec_property(void);
Suite *suite_exec_scan(void);
Suite *suite_blt_driver(void);
Suite *suite_blt_hostile(void);
Suite *suite_blt_property(void);
Suite *suite_blt_surface(void);

Suite *suite_exec_dead(void);
Suite *suite_exec_hold(void);
Suite *suite_exec_hostile(void);
Suite *suite_exec_nonpriv(void);
Suite *suite_exec_oa(void);
Suite *suite_exec_preempt(void);
Suite *suite_exec_run(void);
Suite *suite_exec_space(void);
Suite *suite_exec_time(void);
Suite *suite_exec_told(void);
Suite *suite_exec_checked(void);
Suite *suite_log(void);
Suite *suite_monitoring(void);
Suite *suite_seen(void);

Suite *suite_gtt_fence(void);
Suite *suite_gtt_format(void);
Suite *suite_gtt_ggtt(void);
Suite *suite_gtt_ppgtt(void);
Suite *suite_gtt_property(void);
Suite *suite_gtt_space(void);
Suite *suite_gtt_verify(void);

Suite *suite_ioreq_hostile(void);
Suite *suite_ioreq_life(void);
Suite *suite_ioreq_serve(void);
Suite *suite_ioreq_take_up(void);
Suite *suite_ioreq_turns(void);

Suite *suite_jail_attacks(void);
Suite *suite_jail_attacks_kernel(void);
Suite *suite_jail_enter(void);
Suite *suite_jail_works(void);

Suite *suite_xengt_aperture(void);
Suite *suite_xengt_attach(void);
Suite *suite_xengt_backing(void);
Suite *suite_xengt_bus(void);
Suite *suite_xengt_cost(void);
Suite *suite_xengt_dma(void);
Suite *suite_xengt_dma_life(void);
Suite *suite_xengt_faults(void);
Suite *suite_xengt_keeper(void);
Suite *suite_processes(void);
Suite *suite_waits(void);
Suite *suite_xengt_mem(void);
Suite *suite_xengt_services(void);
Suite *suite_xengt_sections(void);
Suite *suite_xengt_state(void);
Suite *suite_xengt_take_up(void);
Suite *suite_xengt_track(void);
Suite *suite_xengt_view(void);

Suite *suite_softgpu_batch(void);
Suite *suite_softgpu_blt(void);
Suite *suite_softgpu_isolation(void);
Suite *suite_softgpu_mem(void);
Suite *suite_softgpu_mi(void);
Suite *suite_softgpu_port(void);
Suite *suite_softgpu_reset(void);

Suite *suite_cgroup(void);
Suite *suite_cgroup_real(void);

Suite *suite_commands(void);
Suite *suite_conn(void);
Suite *suite_control(void);
Suite *suite_device_model(void);
Suite *suite_doctor(void);
Suite *suite_instances(void);
Suite *suite_slots(void);
Suite *suite_soft_reset(void);
Suite *suite_tree(void);
Suite *suite_mount(void);

/** unit_run() - run @nr suites as one program. Returns its exit status. */
int unit_run(Suite *(*const suites[])(void), size_t nr);

/** unit_suite() - a suite of one test case with @nr tests. */
Suite *unit_suite(const char *name, const TTest *const tests[], size_t nr);

/**
 * unit_suite_with() - the same, with functions to be called before and after each test (NULL:
 * none).
 */
Suite *unit_suite_with(const char *name, void (*setup)(void), void (*teardown)(void),
		       const TTest *const tests[], size_t nr);

/*
 * How long to wait for an event that must come, in milliseconds. It measures nothing: no machine is
 * so slow, and it only ends a wait in vain.
 */
#define UNIT_WAIT_MS 60000u

/** unit_sleep() - sleep for @ms milliseconds. */
void unit_sleep(u32 ms);

/**
 * unit_stand_still() - have this process stopped for @ms milliseconds, as by a debugger or a
 * freezer.
 */
void unit_stand_still(u32 ms);

/**
 * unit_random() - the next random number of the sequence of @seed, which it updates (xorshift64*).
 */
static inline u64 unit_random(u64 *seed)
{
	*seed ^= *seed >> 12;
	*seed ^= *seed << 25;
	*seed ^= *seed >> 27;
	return *seed * 0x2545f4914f6cdd1dull;
}

/* As ck_assert_msg(), without a record for each success: for loops of many thousands. */
#define UNIT_CHECK(expr, ...)                      \
	do {                                       \
		if (!(expr))                       \
			ck_abort_msg(__VA_ARGS__); \
	} while (0)

/** unit_ones() - what is read where nothing answers, @bytes (1 to 8) wide. */
static inline u64 unit_ones(unsigned int bytes)
{
	return ~0ull >> (64 - 8 * bytes);
}

#endif
