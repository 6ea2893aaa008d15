/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Event formats as kernels print them, for tests. */
#ifndef TRIAGE_SOURCE_TEST_SCHED_FORMATS_H
#define TRIAGE_SOURCE_TEST_SCHED_FORMATS_H

#define COMMON_FIELDS                                                                  \
	"\tfield:unsigned short common_type;\toffset:0;\tsize:2;\tsigned:0;\n"         \
	"\tfield:unsigned char common_flags;\toffset:2;\tsize:1;\tsigned:0;\n"         \
	"\tfield:unsigned char common_preempt_count;\toffset:3;\tsize:1;\tsigned:0;\n" \
	"\tfield:int common_pid;\toffset:4;\tsize:4;\tsigned:1;\n\n"

#define MASK_6                                                                               \
	"((((0x00000000 | 0x00000001 | 0x00000002 | 0x00000004 | 0x00000008 | 0x00000010 | " \
	"0x00000020 | 0x00000040) + 1) << 1) - 1)"

/* 6.18: raw size 64. */
#define FORMAT_SWITCH                                                                              \
	"name: sched_switch\nID: 372\nformat:\n" COMMON_FIELDS                                     \
	"\tfield:char prev_comm[16];\toffset:8;\tsize:16;\tsigned:0;\n"                            \
	"\tfield:pid_t prev_pid;\toffset:24;\tsize:4;\tsigned:1;\n"                                \
	"\tfield:int prev_prio;\toffset:28;\tsize:4;\tsigned:1;\n"                                 \
	"\tfield:long prev_state;\toffset:32;\tsize:8;\tsigned:1;\n"                               \
	"\tfield:char next_comm[16];\toffset:40;\tsize:16;\tsigned:0;\n"                           \
	"\tfield:pid_t next_pid;\toffset:56;\tsize:4;\tsigned:1;\n"                                \
	"\tfield:int next_prio;\toffset:60;\tsize:4;\tsigned:1;\n\n"                               \
	"print fmt: \"prev_comm=%s prev_pid=%d prev_prio=%d prev_state=%s%s ==> "                  \
	"next_comm=%s next_pid=%d next_prio=%d\", REC->prev_comm, REC->prev_pid, "                 \
	"REC->prev_prio, (REC->prev_state & " MASK_6 ") ? __print_flags(REC->prev_state & " MASK_6 \
	", \"|\", { 0x00000001, \"S\" }, { 0x00000002, \"D\" }, "                                  \
	"{ 0x00000004, \"T\" }, { 0x00000008, \"t\" }, { 0x00000010, \"X\" }, "                    \
	"{ 0x00000020, \"Z\" }, { 0x00000040, \"P\" }, { 0x00000080, \"I\" }) : \"R\", "           \
	"REC->prev_state & (((0x00000000 | 0x00000001 | 0x00000002 | 0x00000004 | "                \
	"0x00000008 | 0x00000010 | 0x00000020 | 0x00000040) + 1) << 1) ? \"+\" : \"\", "           \
	"REC->next_comm, REC->next_pid, REC->next_prio\n"

#define WAKEUP_FIELDS                                                                      \
	COMMON_FIELDS "\tfield:char comm[16];\toffset:8;\tsize:16;\tsigned:0;\n"           \
		      "\tfield:pid_t pid;\toffset:24;\tsize:4;\tsigned:1;\n"               \
		      "\tfield:int prio;\toffset:28;\tsize:4;\tsigned:1;\n"                \
		      "\tfield:int target_cpu;\toffset:32;\tsize:4;\tsigned:1;\n\n"        \
		      "print fmt: \"comm=%s pid=%d prio=%d target_cpu=%03d\", REC->comm, " \
		      "REC->pid, REC->prio, REC->target_cpu\n"

/* Raw size 36. */
#define FORMAT_WAKING "name: sched_waking\nID: 375\nformat:\n" WAKEUP_FIELDS
#define FORMAT_WAKEUP "name: sched_wakeup\nID: 374\nformat:\n" WAKEUP_FIELDS
#define FORMAT_WAKEUP_NEW "name: sched_wakeup_new\nID: 373\nformat:\n" WAKEUP_FIELDS

#define FORMAT_FORK                                                                          \
	"name: sched_process_fork\nID: 366\nformat:\n" COMMON_FIELDS                         \
	"\tfield:__data_loc char[] parent_comm;\toffset:8;\tsize:4;\tsigned:0;\n"            \
	"\tfield:pid_t parent_pid;\toffset:12;\tsize:4;\tsigned:1;\n"                        \
	"\tfield:__data_loc char[] child_comm;\toffset:16;\tsize:4;\tsigned:0;\n"            \
	"\tfield:pid_t child_pid;\toffset:20;\tsize:4;\tsigned:1;\n\n"                       \
	"print fmt: \"comm=%s pid=%d child_comm=%s child_pid=%d\", __get_str(parent_comm), " \
	"REC->parent_pid, __get_str(child_comm), REC->child_pid\n"

#define FORMAT_EXIT                                                                  \
	"name: sched_process_exit\nID: 369\nformat:\n" COMMON_FIELDS                 \
	"\tfield:char comm[16];\toffset:8;\tsize:16;\tsigned:0;\n"                   \
	"\tfield:pid_t pid;\toffset:24;\tsize:4;\tsigned:1;\n"                       \
	"\tfield:int prio;\toffset:28;\tsize:4;\tsigned:1;\n"                        \
	"\tfield:bool group_dead;\toffset:32;\tsize:1;\tsigned:0;\n\n"               \
	"print fmt: \"comm=%s pid=%d prio=%d group_dead=%s\", REC->comm, REC->pid, " \
	"REC->prio, REC->group_dead ? \"true\" : \"false\"\n"

#define FORMAT_MIGRATE                                                                     \
	"name: sched_migrate_task\nID: 371\nformat:\n" COMMON_FIELDS                       \
	"\tfield:__rel_loc char[] comm;\toffset:8;\tsize:4;\tsigned:0;\n"                  \
	"\tfield:pid_t pid;\toffset:12;\tsize:4;\tsigned:1;\n"                             \
	"\tfield:int prio;\toffset:16;\tsize:4;\tsigned:1;\n"                              \
	"\tfield:int orig_cpu;\toffset:20;\tsize:4;\tsigned:1;\n"                          \
	"\tfield:int dest_cpu;\toffset:24;\tsize:4;\tsigned:1;\n\n"                        \
	"print fmt: \"comm=%s pid=%d prio=%d orig_cpu=%d dest_cpu=%d\", __get_str(comm), " \
	"REC->pid, REC->prio, REC->orig_cpu, REC->dest_cpu\n"

#define FORMAT_RUNTIME                                                                \
	"name: sched_stat_runtime\nID: 363\nformat:\n" COMMON_FIELDS                  \
	"\tfield:__data_loc char[] comm;\toffset:8;\tsize:4;\tsigned:0;\n"            \
	"\tfield:pid_t pid;\toffset:12;\tsize:4;\tsigned:1;\n"                        \
	"\tfield:u64 runtime;\toffset:16;\tsize:8;\tsigned:0;\n\n"                    \
	"print fmt: \"comm=%s pid=%d runtime=%Lu [ns]\", __get_str(comm), REC->pid, " \
	"(unsigned long long)REC->runtime\n"

/* 3.10, with its states; the fields in another order and of other sizes than any kernel had them. */
#define FORMAT_SWITCH_3                                                                    \
	"name: sched_switch\nID: 279\nformat:\n" COMMON_FIELDS                             \
	"\tfield:pid_t next_pid;\toffset:8;\tsize:4;\tsigned:1;\n"                         \
	"\tfield:int next_prio;\toffset:12;\tsize:4;\tsigned:1;\n"                         \
	"\tfield:long prev_state;\toffset:16;\tsize:4;\tsigned:1;\n"                       \
	"\tfield:short prev_pid;\toffset:20;\tsize:2;\tsigned:1;\n"                        \
	"\tfield:char next_comm[24];\toffset:22;\tsize:24;\tsigned:1;\n"                   \
	"\tfield:char prev_comm[8];\toffset:46;\tsize:8;\tsigned:1;\n\n"                   \
	"print fmt: \"prev_comm=%s prev_pid=%d prev_prio=%d prev_state=%s%s ==> "          \
	"next_comm=%s next_pid=%d next_prio=%d\", REC->prev_comm, REC->prev_pid, "         \
	"REC->prev_prio, REC->prev_state & (1024-1) ? __print_flags(REC->prev_state & "    \
	"(1024-1), \"|\", { 1, \"S\"} , { 2, \"D\" }, { 4, \"T\" }, { 8, \"t\" }, "        \
	"{ 16, \"Z\" }, { 32, \"X\" }, { 64, \"x\" }, { 128, \"K\" }, { 256, \"W\" }, "    \
	"{ 512, \"P\" }) : \"R\", REC->prev_state & 1024 ? \"+\" : \"\", REC->next_comm, " \
	"REC->next_pid, REC->next_prio\n"

/* 3.10: a wakeup that found its thread already running has success=0. */
#define FORMAT_WAKEUP_3                                                                 \
	"name: sched_wakeup\nID: 281\nformat:\n" COMMON_FIELDS                          \
	"\tfield:char comm[16];\toffset:8;\tsize:16;\tsigned:1;\n"                      \
	"\tfield:pid_t pid;\toffset:24;\tsize:4;\tsigned:1;\n"                          \
	"\tfield:int prio;\toffset:28;\tsize:4;\tsigned:1;\n"                           \
	"\tfield:int success;\toffset:32;\tsize:4;\tsigned:1;\n"                        \
	"\tfield:int target_cpu;\toffset:36;\tsize:4;\tsigned:1;\n\n"                   \
	"print fmt: \"comm=%s pid=%d prio=%d success=%d target_cpu=%03d\", REC->comm, " \
	"REC->pid, REC->prio, REC->success, REC->target_cpu\n"

/* 2.6.32: no "signed", no preempted mark, no mask. */
#define FORMAT_SWITCH_2                                                                    \
	"name: sched_switch\nID: 57\nformat:\n"                                            \
	"\tfield:unsigned short common_type;\toffset:0;\tsize:2;\n"                        \
	"\tfield:unsigned char common_flags;\toffset:2;\tsize:1;\n"                        \
	"\tfield:unsigned char common_preempt_count;\toffset:3;\tsize:1;\n"                \
	"\tfield:int common_pid;\toffset:4;\tsize:4;\n"                                    \
	"\tfield:int common_lock_depth;\toffset:8;\tsize:4;\n\n"                           \
	"\tfield:char prev_comm[TASK_COMM_LEN];\toffset:12;\tsize:16;\n"                   \
	"\tfield:pid_t prev_pid;\toffset:28;\tsize:4;\n"                                   \
	"\tfield:int prev_prio;\toffset:32;\tsize:4;\n"                                    \
	"\tfield:long prev_state;\toffset:40;\tsize:8;\n"                                  \
	"\tfield:char next_comm[TASK_COMM_LEN];\toffset:48;\tsize:16;\n"                   \
	"\tfield:pid_t next_pid;\toffset:64;\tsize:4;\n"                                   \
	"\tfield:int next_prio;\toffset:68;\tsize:4;\n\n"                                  \
	"print fmt: \"task %s:%d [%d] (%s) ==> %s:%d [%d]\", REC->prev_comm, "             \
	"REC->prev_pid, REC->prev_prio, REC->prev_state ? __print_flags(REC->prev_state, " \
	"\"|\", { 1, \"S\"} , { 2, \"D\" }, { 4, \"T\" }, { 8, \"t\" }, { 16, \"Z\" }, "   \
	"{ 32, \"X\" }, { 64, \"x\" }, { 128, \"W\" }) : \"R\", REC->next_comm, "          \
	"REC->next_pid, REC->next_prio\n"

#endif
