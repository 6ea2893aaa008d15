/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What functions are about: the mechanism with small tables, then the shipped table. */
#include "rule/symbols.h"
#include "rule/testing.h"

#include <stdio.h>

#define RULES SOURCE_ROOT "/rules"
#define TABLE_OF(rows) "{\"symbols\":[" rows "]}"
#define NET_RX "{\"class\":\"net_rx\",\"kernel\":[\"net_rx_action\"]}"

static uint64_t classes_of(const struct ruleset *rules, const char *function, bool kernel)
{
	return rule_symbol_meaning(rules, function, NULL, kernel).classes;
}

START_TEST(a_glob_gives_its_class)
{
	_cleanup_(ruleset_freep) struct ruleset *rules = rules_of(
		TABLE_OF(NET_RX ",{\"class\":\"nat\",\"kernel\":\"nf_nat_*\"},"
				"{\"class\":\"conntrack\",\"kernel\":[\"x\",\"nf_*t_in\"]}"));

	ck_assert_uint_eq(classes_of(rules, "net_rx_action", true), CLASS_BIT(net_rx));
	ck_assert_uint_eq(classes_of(rules, "net_rx_actions", true), 0);
	ck_assert_uint_eq(classes_of(rules, "net_rx_actio", true), 0);
	ck_assert_uint_eq(classes_of(rules, "", true), 0);
	ck_assert_uint_eq(classes_of(rules, "nf_nat_", true), CLASS_BIT(nat));
	ck_assert_uint_eq(classes_of(rules, "nf_nat_packet", true), CLASS_BIT(nat));
	/* both rows */
	ck_assert_uint_eq(classes_of(rules, "nf_nat_out_t_in", true),
			  CLASS_BIT(nat) | CLASS_BIT(conntrack));
	/* a program's function of the same name is not the kernel's */
	ck_assert_uint_eq(classes_of(rules, "net_rx_action", false), 0);
}
END_TEST

START_TEST(a_leaf_counts_where_the_cpu_was)
{
	_cleanup_(ruleset_freep) struct ruleset *rules =
		rules_of(TABLE_OF("{\"class\":\"idle\",\"at\":\"leaf\",\"kernel\":[\"do_idle\"]},"
				  "{\"loop\":true,\"kernel\":[\"kthread\",\"do_idle\"]}"));
	struct symbol_meaning meaning = rule_symbol_meaning(rules, "do_idle", "kernel", true);

	ck_assert_uint_eq(meaning.classes, 0);
	ck_assert_uint_eq(meaning.leaf_classes, CLASS_BIT(idle));
	ck_assert(meaning.loop);
	meaning = rule_symbol_meaning(rules, "kthread", "kernel", true);
	ck_assert_uint_eq(meaning.classes | meaning.leaf_classes, 0);
	ck_assert(meaning.loop);
}
END_TEST

START_TEST(modules)
{
	_cleanup_(ruleset_freep) struct ruleset *rules = rules_of(
		TABLE_OF("{\"class\":\"library\",\"module\":[\"libc.so*\",\"[[]vdso[]]\"]},"
			 "{\"class\":\"malloc\",\"module\":\"libfoo.so\",\"user\":[\"foo_*\"]},"
			 "{\"class\":\"bridge\",\"module\":\"bridge\",\"kernel\":[\"*\"]}"));

#define IN(function, module, kernel) rule_symbol_meaning(rules, function, module, kernel).classes
	ck_assert_uint_eq(IN("anything", "libc.so.6", false), CLASS_BIT(library));
	ck_assert_uint_eq(IN("anything", "[vdso]", false), CLASS_BIT(library));
	/* `module` alone is about programs */
	ck_assert_uint_eq(IN("anything", "libc.so.6", true), 0);
	ck_assert_uint_eq(IN("foo_get", "libfoo.so", false), CLASS_BIT(malloc));
	ck_assert_uint_eq(IN("foo_get", "libbar.so", false), 0);
	ck_assert_uint_eq(IN("bar_get", "libfoo.so", false), 0);
	ck_assert_uint_eq(IN("deliver_clone", "bridge", true), CLASS_BIT(bridge));
	ck_assert_uint_eq(IN("deliver_clone", "bridge", false), 0);
	ck_assert_uint_eq(IN("foo_get", NULL, false), 0);
#undef IN
}
END_TEST

static const struct {
	const char *name;
	const char *plain;
} plain_names[] = {
	{ "shrink_node.isra.0", "shrink_node" },
	{ "do_poll.constprop.12", "do_poll" },
	{ "foo.part.0.cold", "foo" },
	{ "foo.cold", "foo" },
	{ "foo.llvm.12345", "foo" },
	{ "foo.localalias", "foo" },
	{ "foo.colder", "foo.colder" },
	{ "main.part.run", "main.part.run" }, /* Go: a package */
	{ "runtime.futex", "runtime.futex" },
	{ "memcpy@@GLIBC_2.14", "memcpy" },
	{ "a::b(int, char (*)(long)) const", "a::b" },
	{ "a::b(int) [clone .cold]", "a::b" },
	{ "a::operator()(int)", "a::operator()" },
	{ "a::operator()", "a::operator()" },
	{ "(anonymous namespace)::f()", "(anonymous namespace)::f" },
	{ "(odd)", "(odd)" },
	{ "odd)", "odd)" },
	{ ".cold", ".cold" },
	{ " const", " const" },
	{ "java.lang.Object Gc.tree(int)", "Gc.tree" },
	{ "int[] a.B$C.f()", "a.B$C.f" },
	{ "void Gc.run", "Gc.run" },
	{ "void std::sort<int>(int)", "void std::sort<int>" },
	{ "void f.x y", "void f.x y" },
	{ "LazyCompile:*go /srv/app.js:3", "LazyCompile:*go /srv/app.js:3" },
};

static bool has_futex(const char *glob, const char *name)
{
	_cleanup_(str_free) struct str text = { 0 };
	_cleanup_(ruleset_freep) struct ruleset *rules = NULL;

	str_format(&text, TABLE_OF("{\"class\":\"futex\",\"user\":[\"%s\"]}"), glob);
	rules = rules_of(str_text(&text));
	return classes_of(rules, name, false) == CLASS_BIT(futex);
}

START_TEST(globs_see_plain_names)
{
	ck_assert(has_futex(plain_names[_i].plain, plain_names[_i].name));
	if (strcmp(plain_names[_i].name, plain_names[_i].plain) != 0)
		ck_assert(!has_futex(plain_names[_i].name, plain_names[_i].name));
}
END_TEST

/* The quick look before a glob is tried must never say no to what the glob would take. */
static const struct {
	const char *glob;
	const char *name;
	bool matches;
} globs[] = {
	{ "a*c", "abc", true },	   { "a*c", "ac", true },      { "a*c", "ab", false },
	{ "*b", "ab", true },	   { "*b", "b", true },	       { "*b", "bc", false },
	{ "**b", "ab", true },	   { "a?c", "abc", true },     { "a?c", "ac", false },
	{ "a[xy]c", "ayc", true }, { "a[xy]c", "azc", false }, { "*[xy]c", "ayc", true },
	{ "a*?c", "abc", true },   { "a", "a", true },	       { "a", "ab", false },
	{ "a*b*c", "abbc", true }, { "a*b*c", "acb", false },
};

START_TEST(globs_match_as_everywhere)
{
	ck_assert_int_eq(has_futex(globs[_i].glob, globs[_i].name), globs[_i].matches);
}
END_TEST

START_TEST(a_long_name_is_cut_and_harmless)
{
	char name[8192];

	memset(name, 'a', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	ck_assert(has_futex("aaa*", name));
	ck_assert(!has_futex("*a*a*a*a*b", name));
	memset(name, '(', sizeof(name) - 2);
	name[sizeof(name) - 2] = ')';
	ck_assert(!has_futex("aaa*", name));
}
END_TEST

static void overlay(struct ruleset *rules, const char *name, const char *text)
{
	struct err err = { 0 };

	ck_assert_msg(ruleset_overlay_text(rules, name, text, strlen(text), &err) == 0, "%s",
		      err.msg);
}

START_TEST(an_overlay_adds)
{
	_cleanup_(ruleset_freep) struct ruleset *rules = rules_of(TABLE_OF(NET_RX));
	char before[65];

	memcpy(before, rules->sha256, sizeof(before));
	overlay(rules, "o", TABLE_OF("{\"class\":\"net_rx\",\"kernel\":[\"my_rx\"]}"));
	ck_assert_uint_eq(classes_of(rules, "net_rx_action", true), CLASS_BIT(net_rx));
	ck_assert_uint_eq(classes_of(rules, "my_rx", true), CLASS_BIT(net_rx));
	ck_assert_str_ne(before, rules->sha256);
}
END_TEST

START_TEST(replace_drops_what_was_there)
{
	_cleanup_(ruleset_freep) struct ruleset *rules =
		rules_of(TABLE_OF(NET_RX ",{\"loop\":true,\"kernel\":\"kthread\"},"
					 "{\"class\":\"nat\",\"kernel\":\"nf_nat_*\"}"));

	overlay(rules, "o",
		TABLE_OF("{\"class\":\"net_rx\",\"replace\":true,\"kernel\":[\"my_rx\"]},"
			 "{\"class\":\"net_rx\",\"kernel\":[\"your_rx\"]}"));
	ck_assert_uint_eq(classes_of(rules, "net_rx_action", true), 0);
	ck_assert_uint_eq(classes_of(rules, "my_rx", true), CLASS_BIT(net_rx));
	ck_assert_uint_eq(classes_of(rules, "your_rx", true), CLASS_BIT(net_rx));
	ck_assert_uint_eq(classes_of(rules, "nf_nat_x", true), CLASS_BIT(nat));
	/* and without a glob it empties the class */
	overlay(rules, "p", TABLE_OF("{\"class\":\"net_rx\",\"replace\":true}"));
	ck_assert_uint_eq(classes_of(rules, "my_rx", true), 0);
	ck_assert(rule_symbol_meaning(rules, "kthread", "", true).loop);
	overlay(rules, "q", TABLE_OF("{\"loop\":true,\"replace\":true}"));
	ck_assert(!rule_symbol_meaning(rules, "kthread", "", true).loop);
	ck_assert_uint_eq(classes_of(rules, "nf_nat_x", true), CLASS_BIT(nat));
}
END_TEST

START_TEST(replace_works_within_a_layer)
{
	_cleanup_(ruleset_freep) struct ruleset *rules = rules_of(
		TABLE_OF(NET_RX ",{\"class\":\"net_rx\",\"replace\":true,\"kernel\":[\"my_rx\"]}"));

	ck_assert_uint_eq(classes_of(rules, "net_rx_action", true), 0);
	ck_assert_uint_eq(classes_of(rules, "my_rx", true), CLASS_BIT(net_rx));
}
END_TEST

START_TEST(a_refused_layer_changes_nothing)
{
	_cleanup_(ruleset_freep) struct ruleset *rules = rules_of(TABLE_OF(NET_RX));
	const char *bad = TABLE_OF("{\"class\":\"net_rx\",\"replace\":true},{\"class\":\"nope\"}");
	struct err err;

	ck_assert_int_lt(ruleset_overlay_text(rules, "o", bad, strlen(bad), &err), 0);
	ck_assert_uint_eq(classes_of(rules, "net_rx_action", true), CLASS_BIT(net_rx));
}
END_TEST

START_TEST(combinations_are_kept_and_match_no_function)
{
	_cleanup_(ruleset_freep) struct ruleset *rules =
		rules_of(TABLE_OF("{\"class\":\"mmap_lock\",\"all\":[\"rwsem\",\"map_change\"]}"));

	ck_assert_uint_eq(rules->symbols.len, 1);
	ck_assert_uint_eq(rules->symbols.data[0].all, CLASS_BIT(rwsem) | CLASS_BIT(map_change));
	ck_assert_uint_eq(classes_of(rules, "anything", true), 0);
	ck_assert_uint_eq(classes_of(rules, "anything", false), 0);
}
END_TEST

/* ---- the shipped table ---- */

static struct ruleset *shipped(void)
{
	struct ruleset *rules = rules_of("[]");
	struct err err = { 0 };

	ck_assert_msg(ruleset_overlay(rules, RULES, &err) == 0, "%s", err.msg);
	return rules;
}

START_TEST(every_class_has_a_row)
{
	_cleanup_(ruleset_freep) struct ruleset *rules = shipped();
	uint64_t seen = 0;

	vec_each(row, &rules->symbols)
		if (!row->loop)
			seen |= UINT64_C(1) << row->class;
	for (int i = 0; i < CLASS_TOTAL; i++)
		ck_assert_msg(seen & (UINT64_C(1) << i), "no row gives %s",
			      class_info((enum class_id)i)->key);
}
END_TEST

#define B(key) CLASS_BIT(key)
#define KERNEL(function, classes, leaf)                 \
	{                                               \
		function, "kernel", true, classes, leaf \
	}
#define USER(function, module, classes, leaf)          \
	{                                              \
		function, module, false, classes, leaf \
	}

/* Names as they stand in stacks of kernels 4.19 to 6.18 and of programs. */
static const struct {
	const char *function, *module;
	bool kernel;
	uint64_t classes, leaf;
} known[] = {
	KERNEL("do_syscall_64", B(syscall), B(syscall_entry)),
	KERNEL("__x64_sys_futex", B(syscall) | B(futex), 0),
	KERNEL("__arm64_sys_futex_waitv", B(syscall) | B(futex), 0),
	KERNEL("do_futex", B(futex), 0),
	KERNEL("native_queued_spin_lock_slowpath", B(spin_lock), 0),
	KERNEL("__pv_queued_spin_lock_slowpath", B(spin_lock), 0),
	KERNEL("queued_spin_lock_slowpath", B(spin_lock), 0),
	KERNEL("_raw_spin_lock", 0, 0),
	KERNEL("__mutex_lock.constprop.0", B(kernel_mutex), 0),
	KERNEL("mutex_unlock", 0, 0),
	KERNEL("rwsem_down_write_slowpath", B(rwsem), 0),
	KERNEL("rwsem_down_read_failed", B(rwsem), 0),
	KERNEL("down_read", 0, 0),
	KERNEL("cgroup_rstat_flush_locked", B(rstat), 0),
	KERNEL("__schedule", B(schedule), 0),
	KERNEL("finish_task_switch.isra.0", B(schedule), 0),
	KERNEL("try_to_wake_up", B(wakeup), 0),
	KERNEL("sched_balance_newidle", B(balance), 0),
	KERNEL("flush_tlb_mm_range", B(tlb_flush), 0),
	KERNEL("smp_call_function_many_cond", B(cross_call), 0),
	KERNEL("handle_softirqs", B(softirq), 0),
	KERNEL("__do_softirq", B(softirq), 0),
	/* a softirq runs on the way out of an interrupt: these are neither */
	KERNEL("irq_exit_rcu", 0, 0),
	KERNEL("asm_sysvec_apic_timer_interrupt", 0, 0),
	KERNEL("sysvec_apic_timer_interrupt", 0, 0),
	KERNEL("__sysvec_apic_timer_interrupt", B(hardirq), 0),
	KERNEL("net_rx_action", B(net_rx), 0),
	KERNEL("run_timer_softirq", B(timer), 0),
	KERNEL("hrtimer_run_softirq", B(timer), 0),
	KERNEL("rcu_core", B(rcu), 0),
	KERNEL("blk_done_softirq", B(block_softirq) | B(block_io), 0),
	KERNEL("tasklet_action_common.isra.0", B(tasklet), 0),
	KERNEL("sched_balance_softirq", B(sched_softirq) | B(balance), 0),
	KERNEL("run_rebalance_domains", B(sched_softirq) | B(balance), 0),
	/* poll functions call the rest of the way: leaves */
	KERNEL("__napi_poll", 0, 0),
	KERNEL("virtnet_poll", 0, B(driver_rx)),
	KERNEL("dev_gro_receive", 0, B(driver_rx)),
	KERNEL("tcp4_gro_receive", 0, B(driver_rx)),
	KERNEL("br_handle_frame", B(bridge), 0),
	KERNEL("br_nf_pre_routing", B(bridge), 0),
	KERNEL("nf_hook_slow", 0, B(netfilter)),
	KERNEL("nft_do_chain", B(netfilter), 0),
	KERNEL("ipt_do_table", B(netfilter), 0),
	KERNEL("nf_nat_ipv4_pre_routing", B(nat), 0),
	KERNEL("nf_conntrack_in", B(conntrack), 0),
	KERNEL("__nf_conntrack_find_get", B(conntrack), 0),
	KERNEL("ip_forward", B(forward), 0),
	KERNEL("ip_rcv", 0, 0),
	KERNEL("ip_vs_in_hook", B(ipvs), 0),
	KERNEL("vxlan_rcv", B(overlay), 0),
	KERNEL("veth_xmit", B(veth), B(veth)),
	KERNEL("veth_poll", 0, B(veth)),
	KERNEL("fq_codel_enqueue", B(qdisc), 0),
	KERNEL("tcp_v4_rcv", B(tcp), 0),
	KERNEL("tcp_conn_request", B(syn), 0),
	KERNEL("udp_queue_rcv_one_skb", B(udp), 0),
	KERNEL("handle_mm_fault", B(page_fault), 0),
	KERNEL("asm_exc_page_fault", 0, B(page_fault)),
	KERNEL("clear_page_erms", B(page_alloc), 0),
	KERNEL("clear_page_dirty_for_io", 0, 0),
	KERNEL("shrink_node", B(reclaim), 0),
	KERNEL("compact_zone", B(compaction), 0),
	KERNEL("__x64_sys_munmap", B(map_change) | B(syscall), 0),
	KERNEL("exit_mmap", B(process), 0),
	KERNEL("do_swap_page", B(swap), 0),
	KERNEL("copy_user_enhanced_fast_string", B(copy), 0),
	KERNEL("rep_movs_alternative", B(copy), 0),
	KERNEL("_copy_to_iter", B(copy), 0),
	KERNEL("filemap_read", B(file_read), 0),
	KERNEL("read_iter_zero", B(file_read), 0),
	KERNEL("vfs_read", 0, B(file_read)),
	KERNEL("sock_read_iter", 0, 0),
	KERNEL("ext4_file_write_iter", B(file_write), 0),
	KERNEL("blk_mq_submit_bio", B(block_io), 0),
	KERNEL("link_path_walk.part.0.constprop.0", B(path_lookup), 0),
	KERNEL("do_epoll_wait", B(poll), 0),
	KERNEL("pipe_write", B(pipe), 0),
	KERNEL("copy_process", B(process), 0),
	KERNEL("proc_pid_status", B(procfs), 0),
	KERNEL("read_hpet", B(clock_read), 0),
	KERNEL("read_tsc", 0, 0),
	KERNEL("sha256_ni_transform", B(crypto), 0),
	KERNEL("csum_partial", B(crypto), 0),
	KERNEL("pv_native_safe_halt", 0, B(idle)),
	KERNEL("intel_idle_irq", 0, B(idle)),
	KERNEL("acpi_idle_do_entry", 0, B(idle)),
	KERNEL("cpuidle_enter_state", 0, B(idle)),
	USER("___pthread_mutex_lock", "libc.so.6", B(user_lock) | B(library), 0),
	USER("__lll_lock_wait_private", "libc.so.6", B(user_lock) | B(library), 0),
	USER("pthread_cond_wait@@GLIBC_2.3.2", "libc.so.6", B(library), 0),
	USER("std::sys::sync::mutex::futex::Mutex::lock_contended", "app",
	     B(user_lock) | B(library), 0),
	USER("parking_lot::raw_mutex::RawMutex::lock_slow", "app", B(user_lock) | B(library), 0),
	USER("absl::lts_20230125::Mutex::Lock()", "app", B(user_lock) | B(library), 0),
	USER("sync.(*Mutex).lockSlow", "app", B(user_lock) | B(library), 0),
	USER("ObjectMonitor::enter(JavaThread*)", "libjvm.so", B(user_lock) | B(library), 0),
	USER("_int_malloc", "libc.so.6", B(malloc) | B(library), 0),
	USER("arena_get2.part.0", "app", B(malloc), 0),
	USER("tcmalloc::CentralFreeList::Populate()", "app", B(malloc), 0),
	USER("operator new(unsigned long)", "libstdc++.so.6.0.30", B(malloc) | B(library), 0),
	USER("__memmove_avx_unaligned_erms", "libc.so.6", B(user_copy) | B(library), 0),
	USER("runtime.gcBgMarkWorker", "app", B(gc) | B(library), 0),
	USER("runtime.findRunnable", "app", B(steal) | B(library), 0),
	USER("runtime.findrunnable", "app", B(steal) | B(library), 0),
	USER("runtime.futex", "app", B(runtime_scheduler) | B(library), 0),
	USER("runtime.mallocgc", "app", B(malloc) | B(library), 0),
	USER("main.(*server).handle", "app", 0, 0),
	USER("tokio::runtime::scheduler::multi_thread::queue::Steal<T>::steal_into", "app",
	     B(steal) | B(library), B(runtime_scheduler)),
	USER("rayon_core::registry::WorkerThread::wait_until_cold", "app", B(library), B(steal)),
	USER("gomp_team_barrier_wait_end", "libgomp.so.1.0.0", B(steal) | B(library), 0),
	USER("G1ParScanThreadState::copy_to_survivor_space(oopDesc*)", "libjvm.so",
	     B(gc) | B(library), 0),
	USER("SpinPause", "libjvm.so", B(gc) | B(library), 0),
	USER("v8::internal::Scavenger::Process()", "node", B(gc) | B(library), 0),
	USER("take_gil", "python3.11", B(interpreter_lock) | B(library), 0),
	USER("python3.11+0x584b24", "python3.11", B(library), 0),
	USER("LazyCompile:*go /srv/app.js:3", "[jit]", 0, 0),
	USER("[unknown]", "[jit]", B(library), 0),
	USER("java.lang.Object Gc.tree(int)", "[jit]", 0, 0),
	USER("boolean java.util.HashMap.containsKey(java.lang.Object)", "[jit]", B(library), 0),
	USER("<T as core::convert::Into<U>>::into", "app", B(library), 0),
	USER("<app::Job as core::future::future::Future>::poll", "app", 0, 0),
	USER("runtime.gcmarknewobject", "app", B(gc) | B(library), 0),
	USER("tokio::runtime::blocking::pool::Spawner::spawn_blocking", "app",
	     B(runtime_scheduler) | B(library), 0),
	USER("Monitor::wait(long)", "libjvm.so", B(user_lock) | B(library), 0),
	USER("SHA256_Update", "libcrypto.so.3", B(crypto) | B(library), 0),
	USER("do_work(int)", "app", 0, 0),
	USER("main", "app", 0, 0),
};

START_TEST(known_functions)
{
	_cleanup_(ruleset_freep) struct ruleset *rules = shipped();

	for (size_t i = 0; i < ARRAY_SIZE(known); i++) {
		struct symbol_meaning meaning = rule_symbol_meaning(
			rules, known[i].function, known[i].module, known[i].kernel);

		ck_assert_msg(meaning.classes == known[i].classes &&
				      meaning.leaf_classes == known[i].leaf,
			      "%s: %#llx at leaf %#llx, not %#llx and %#llx", known[i].function,
			      (unsigned long long)meaning.classes,
			      (unsigned long long)meaning.leaf_classes,
			      (unsigned long long)known[i].classes,
			      (unsigned long long)known[i].leaf);
	}
}
END_TEST

START_TEST(loops_of_kernel_threads)
{
	static const char *const loops[] = { "ret_from_fork_asm", "kthread",
					     "worker_thread",	  "process_one_work",
					     "smpboot_thread_fn", "run_ksoftirqd",
					     "handle_softirqs" };
	static const char *const work[] = { "net_rx_action", "wb_workfn", "balance_pgdat",
					    "rcu_gp_kthread" };
	_cleanup_(ruleset_freep) struct ruleset *rules = shipped();

	for (size_t i = 0; i < ARRAY_SIZE(loops); i++)
		ck_assert_msg(rule_symbol_meaning(rules, loops[i], "kernel", true).loop, "%s",
			      loops[i]);
	for (size_t i = 0; i < ARRAY_SIZE(work); i++)
		ck_assert_msg(!rule_symbol_meaning(rules, work[i], "kernel", true).loop, "%s",
			      work[i]);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("symbols");
	TCase *tests = tcase_create("symbols");

	tcase_add_test(tests, a_glob_gives_its_class);
	tcase_add_test(tests, a_leaf_counts_where_the_cpu_was);
	tcase_add_test(tests, modules);
	tcase_add_loop_test(tests, globs_see_plain_names, 0, ARRAY_SIZE(plain_names));
	tcase_add_loop_test(tests, globs_match_as_everywhere, 0, ARRAY_SIZE(globs));
	tcase_add_test(tests, a_long_name_is_cut_and_harmless);
	tcase_add_test(tests, an_overlay_adds);
	tcase_add_test(tests, replace_drops_what_was_there);
	tcase_add_test(tests, replace_works_within_a_layer);
	tcase_add_test(tests, a_refused_layer_changes_nothing);
	tcase_add_test(tests, combinations_are_kept_and_match_no_function);
	tcase_add_test(tests, every_class_has_a_row);
	tcase_add_test(tests, known_functions);
	tcase_add_test(tests, loops_of_kernel_threads);
	suite_add_tcase(suite, tests);
	return run_suite(suite);
}
