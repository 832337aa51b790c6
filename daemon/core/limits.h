/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Every number that bounds what somebody else controls, with its reason.
 * Nothing else in the tree sets such a limit.
 */
#pragma once

#include <stdint.h>

#define USEC_PER_SEC  UINT64_C(1000000)
#define USEC_PER_MSEC UINT64_C(1000)

/* --- audit records ------------------------------------------------------ */

/* MAX_AUDIT_MESSAGE_LENGTH of the kernel's audit interface (linux/audit.h has
 * 8560 for user messages); libaudit sizes its buffer to 8970. */
#define AUDIT_RECORD_LENGTH_MAX 8970u

/* Records of one event kept until it is complete. A denial has 4; a path-heavy
 * syscall rule adds PATH records; the rest of a larger event is counted, not kept. */
#define AUDIT_EVENT_RECORDS_MAX 16u

/* Events under assembly at once. The kernel emits the records of an event
 * within 1 ms, so more than a few open ones means EOE never came. */
#define AUDIT_EVENTS_OPEN_MAX 64u

/* AVCs in one event: a syscall rarely trips more than 2 checks. */
#define AUDIT_EVENT_DENIALS_MAX 8u

/* An event without EOE (an AVC alone, with `-a never,task`) is complete after
 * this long without a further record. */
#define AUDIT_EVENT_TIMEOUT_USEC (100 * USEC_PER_MSEC)

/* Permissions named in one AVC: a class has at most 32 by the policy format. */
#define DENIAL_PERMISSIONS_MAX 32u

/* Receive buffer asked for on the audit socket: some 6,000 denials of slack. */
#define AUDIT_SOCKET_BUFFER (8u * 1024 * 1024)

/* Records handled before other event sources get their turn. */
#define AUDIT_SOCKET_BATCH 512u

/* Such batches in a row where all that waits is wanted: the largest receive buffer. */
#define AUDIT_SOCKET_BATCHES_MAX 64u

/* What comes in within this time is taken at one look: the records of a denial and nginx's line are
 * there within some milliseconds, and nobody notices the delay. As long as each look finds
 * something the time doubles, up to about what the signals are held back for anyway. */
#define INTAKE_DELAY_USEC     (20 * USEC_PER_MSEC)
#define INTAKE_DELAY_MAX_USEC (160 * USEC_PER_MSEC)
/* Records and lines in one look from which on nothing waits: 400 in a second at the longest delay,
 * when the smallest receive buffer that a host grants has room for some hundred. */
#define INTAKE_FLOOD 64u

/* Text of one event's records kept until it is complete: three records of the largest
 * size. A denial has about 1 KiB; what does not fit is counted, not kept. */
#define AUDIT_EVENT_TEXT_MAX (32u * 1024)

/* Source types that the early filter holds: the domains of one web server. */
#define AUDIT_SOURCES_MAX 64u

/* Texts of records whose meaning is remembered, and their length: a worker process of nginx
 * is denied a handful of accesses, in records of some 200 bytes. 2 x 32 KiB. */
#define AUDIT_MEMO_ENTRIES  64u
#define AUDIT_MEMO_TEXT_MAX 512u

/* Whole events of one denial whose meaning is remembered: AVC, SYSCALL, SOCKADDR, PROCTITLE and
 * perhaps CWD and PATH. Some 220 KiB, of which a quiet host touches little. */
#define AUDIT_KNOWN_EVENTS      32u
#define AUDIT_KNOWN_RECORDS_MAX 6u
#define AUDIT_KNOWN_TEXT_MAX    1024u

/* A log has no EOE and no clock but its own stamps: an event is complete when the log
 * is this much further (the rule of ausearch as well). */
#define AUDIT_LOG_EVENT_TIMEOUT_USEC (2 * USEC_PER_SEC)

/* A log line: a record, its `node=` and `type=` prefix, and the interpreted fields that
 * auditd adds, which may be as long again. */
#define AUDIT_LOG_LINE_LENGTH_MAX (2 * AUDIT_RECORD_LENGTH_MAX)

/* Read buffer of a log: a share of the second-level cache. */
#define AUDIT_LOG_BUFFER (256u * 1024)

/* Records taken by one system call from the audit socket. More gain nothing, and the
 * buffers should stay in the second-level cache. */
#define AUDIT_SOCKET_VECTOR 64u

/* --- nginx logs --------------------------------------------------------- */

/* nginx cuts its own lines at 2048 bytes (NGX_MAX_ERROR_STR); syslog and
 * journald prefixes add some. A longer line is skipped and counted. */
#define NGINX_LINE_LENGTH_MAX 8192u

/* Messages of nginx whose meaning is remembered, and their length: in a storm they repeat to the
 * byte but for time and connection. Some 60 KiB. */
#define NGINX_KNOWN_LINES    32u
#define NGINX_KNOWN_TEXT_MAX 768u

/* Error logs followed at once. */
#define NGINX_LOGS_MAX 512u

/* Bytes read from one log before the others get their turn. */
#define NGINX_LOG_BATCH (256u * 1024)

/* What one write of nginx can span, with slack for builds that raised
 * NGX_MAX_ERROR_STR: line ends injected by a client lie within this. */
#define NGINX_MESSAGE_LENGTH_MAX 4096u

/* A log that is missing or unreadable, or whose directory cannot be watched, is looked at
 * again after this long; every log after the longer time, in case an event was missed. */
#define NGINX_LOG_RETRY_USEC (2 * USEC_PER_SEC)
#define NGINX_LOG_CHECK_USEC (60 * USEC_PER_SEC)

/* Entries of the journal read before the others get their turn. */
#define NGINX_JOURNAL_BATCH 64u
/* How often it is looked at: its descriptor tells of every entry of the host, in a storm of denials
 * of thousands a second that are none of nginx's. */
#define NGINX_JOURNAL_INTERVAL_USEC USEC_PER_SEC
#define NGINX_JOURNAL_LOOKS_MAX     2u /* in that time */

/* The text of a place in the journal: six numbers of at most 128 bits, in hexadecimal. */
#define JOURNAL_CURSOR_MAX 512u

/* nginx goes on writing to a rotated log until it is told to reopen it. */
#define NGINX_LOG_ROTATED_GRACE_USEC (10 * USEC_PER_SEC)

/* Names looked at in a log's directory for the file that an earlier run was reading. */
#define NGINX_LOG_NAMES_MAX 16384u

/* --- nginx configuration ------------------------------------------------ */

#define NGINX_CONF_FILE_SIZE_MAX  (8u * 1024 * 1024)
#define NGINX_CONF_FILES_MAX      4096u
#define NGINX_CONF_DEPTH_MAX      64u     /* includes and blocks, each */
#define NGINX_CONF_DIRECTIVES_MAX 200000u /* over all files */
#define NGINX_CONF_TOKEN_MAX      65536u
#define NGINX_CONF_TOTAL_SIZE_MAX (64u * 1024 * 1024) /* read over all includes */
#define NGINX_CONF_INCLUDES_MAX   65536u /* a snippet is included by each of many servers */
#define NGINX_CONF_PROBLEMS_MAX   256u   /* kept; further ones are counted */
#define NGINX_CONF_LINKS_MAX      40u    /* symbolic links in one path, as the kernel has */

/* Intents: an upstream of many servers is multiplied by all that pass to it. */
#define NGINX_INTENTS_MAX 200000u

/* --- the host's files and processes -------------------------------------- */

/* Entries of one access control list: ext4 keeps some 500, people write a few. */
#define ACL_ENTRIES_MAX 64u
/* What getxattr(2) may have to return for that, and for a security context. */
#define HOST_ATTRIBUTE_MAX 4096u

/* Groups of one process. nginx's user is in a few. */
#define SUBJECT_GROUPS_MAX 256u

/* Obstacles kept of one path: a process meets the first. */
#define PERMISSION_REFUSALS_MAX 16u

/* Directories and links on the way to one path: PATH_MAX allows more, nobody has them. */
#define PATH_COMPONENTS_MAX 128u
/* Symbolic links in one path, as the kernel has it (MAXSYMLINKS). */
#define PATH_LINKS_MAX 40u

/* A mount table: hosts of many containers have some thousands. */
#define MOUNTS_MAX           8192u
#define MOUNT_TABLE_SIZE_MAX (4u * 1024 * 1024)

/* passwd and group, each: a hundred thousand users. */
#define ACCOUNTS_FILE_SIZE_MAX (8u * 1024 * 1024)

/* Processes looked at for nginx's: the kernel's default limit of process ids is 4 million on large
 * machines, but directories of /proc beyond this many take seconds. */
#define PROCESSES_SCANNED_MAX 65536u
/* Of /proc/PID/net/unix: a hundred bytes a socket. */
#define UNIX_SOCKETS_SIZE_MAX (8u * 1024 * 1024)
/* Of /proc/PID/status and cmdline; a process in thousands of groups has a long line. */
#define PROCESS_STATUS_SIZE_MAX (64u * 1024)
/* Of /proc/PID/cmdline: nginx's arguments, of which one may be a list of directives (-g). */
#define PROCESS_TITLE_SIZE_MAX (64u * 1024)
/* Other nginx on one host with configurations of their own; a handful is much. */
#define NGINX_INSTANCES_MAX 16u

/* --- policy ------------------------------------------------------------- */

/* The largest distribution policies are below 10 MB. */
#define POLICY_FILE_SIZE_MAX (64u * 1024 * 1024)

/* Booleans searched together for one access. Expressions in real policies name
 * at most 5; the search is exponential in this number. */
#define POLICY_BOOLEAN_SET_MAX 12u

/* Minimal boolean sets reported for one problem: more than anybody reads. */
#define POLICY_BOOLEAN_SETS_MAX 64u

/* Partial boolean assignments kept while combining the rules of several
 * permissions; real ones stay below 50. */
#define POLICY_ASSIGNMENTS_MAX 4096u

/* Types, rules, ports and file labels in one hypothesis, each: a fix has a few. */
#define POLICY_HYPOTHESIS_ITEMS_MAX 128u

/* Changed accesses listed per fix; the totals are exact. */
#define POLICY_EXPOSURE_SAMPLE_MAX 64u

/* Names of one set shown in a constraint's text; an attribute may have thousands. */
#define POLICY_CONSTRAINT_NAMES_MAX 8u

/* Bounding types above one another. A chain in use has one or two; a corrupt
 * policy could hold a ring. */
#define POLICY_BOUNDS_DEPTH_MAX 8u

/* --- correlation -------------------------------------------------------- */

/* nginx logs a failure right after the syscall, but may write it late under
 * load, and its time has 1 s resolution. */
#define CORRELATE_WINDOW_USEC (2 * USEC_PER_SEC)

/* How long one half waits for the other before it is reported alone. */
#define CORRELATE_WAIT_USEC (3 * USEC_PER_SEC)

/* How long a half that was reported alone can still get context from the other: a busy
 * host may flush its logs late. */
#define CORRELATE_REMEMBER_USEC (60 * USEC_PER_SEC)

/* Live, what comes in within this time comes from one moment, whatever its stamps say. */
#define CORRELATE_TOGETHER_USEC USEC_PER_SEC

/* What nginx says while it starts, kept until it has said so twice: a start fails at the first. */
#define CORRELATE_START_LINES 32u

/* Looks at a path, a second, for the directory that was denied: each costs some 20 system calls,
 * and a denial of a directory can be repeated at any rate. */
#define CORRELATE_DIRECTORY_CHECKS_MAX 32u

/* Denials, and failures, waiting for their other half, and as many reported ones. */
#define CORRELATE_PENDING_MAX 4096u

/* --- diagnoses ---------------------------------------------------------- */

#define DIAGNOSES_MAX          512u
#define DIAGNOSIS_EVIDENCE_MAX 8u /* a ring: the newest */
/* Signatures of denials remembered: of as many as whole events are. */
#define STORE_SIGNATURES AUDIT_KNOWN_EVENTS
/* Of a storm, what is kept once the lists are full: one in this long. */
#define DIAGNOSIS_SAMPLE_USEC  USEC_PER_SEC
#define DIAGNOSIS_REQUESTS_MAX 16u /* distinct requests, servers, upstreams kept */
#define DIAGNOSIS_FIXES_MAX    16u
/* A text of a kept one: a record of the largest size, each byte of it escaped. */
#define DIAGNOSIS_TEXT_MAX (64u * 1024)
/* Places in nginx's configuration that ask for the same: what a person looks through. */
#define DIAGNOSIS_PLACES_MAX 8u
/* A change that opens something for more domains than this is no longer about the web server:
 * Apache's, nginx's and their helpers' domains are below a dozen in all policies looked at. */
#define EXPOSURE_DOMAINS_OFFERED_MAX 24u
#define EXPOSURE_TYPES_MAX           32u  /* names listed; the count is of all */
#define EXPOSURE_GAINS_MAX           16u  /* samples listed; the count is of all */
#define EXPOSURE_PORTS_MAX           256u /* ranges */

/* --- plans and the remedy service --------------------------------------- */

#define PLAN_ACTIONS_MAX  128u
#define PLAN_STRING_MAX   4096u        /* a path or a regular expression */
#define PLAN_CIL_MAX      (64u * 1024) /* a module of a few rules */
#define PLAN_ACCESSES_MAX 64u

/* Questions to polkit that wait for an answer. A person answers one at a time; more from
 * one user is a program. All together stay below what a session of many users makes. */
#define POLKIT_CHECKS_PER_USER_MAX 8u
#define POLKIT_CHECKS_MAX          64u

/* Without a person polkit answers from its rules at once, but may have to start first;
 * a person may need to look up a password or read the plan. */
#define POLKIT_TIMEOUT_USEC             (25 * USEC_PER_SEC)
#define POLKIT_TIMEOUT_INTERACTIVE_USEC (300 * USEC_PER_SEC)

/* Jobs that wait for the one at work, which takes up to a minute: nobody wants to wait
 * longer than for a few of them. */
#define REMEDY_JOBS_MAX          16u
#define REMEDY_JOBS_PER_USER_MAX 4u

/* Dry runs at once; each is a process that reads the store. */
#define REMEDY_CHECKS_MAX          8u
#define REMEDY_CHECKS_PER_USER_MAX 2u

/* Another process holding semanage's lock is an administrator's command: it ends within a
 * minute on a slow machine, or hangs. */
#define REMEDY_LOCK_WAIT_USEC  (60 * USEC_PER_SEC)
#define REMEDY_LOCK_RETRY_USEC (200 * USEC_PER_MSEC)

/* A commit that rebuilds all modules took 59 s in an emulated machine. */
#define REMEDY_TRANSACTION_TIMEOUT_USEC (600 * USEC_PER_SEC)

/* nginx's own test looks up the names of all upstreams, and may wait for a resolver: its unit gives
 * it 60 s, a reload or start takes as long, and an emulated machine is slow. */
#define REMEDY_NGINX_TIMEOUT_USEC (180 * USEC_PER_SEC)

/* A trial: long enough to send a request, at most a day, since what is to stay is to be approved
 * as such. */
#define REMEDY_TRIAL_SECONDS_MIN 5u
#define REMEDY_TRIAL_SECONDS_MAX 86400u
/* Trials at once: each keeps the service running. */
#define REMEDY_TRIALS_MAX 16u
/* What could not be taken back at its time is tried again after this long. */
#define REMEDY_TRIAL_RETRY_USEC (30 * USEC_PER_SEC)

/* How long the service stays without work, and how long a finished job can be read. */
#define REMEDY_IDLE_USEC     (60 * USEC_PER_SEC)
#define REMEDY_JOB_KEEP_USEC (30 * USEC_PER_SEC)

/* Free text of a caller that goes into records and logs. */
#define REMEDY_REASON_MAX       256u
#define REMEDY_DIAGNOSIS_ID_MAX 64u

/* A prompt is read by a person: beyond this the summary says how much more there is. */
#define REMEDY_PROMPT_MAX 1024u

/* Change records kept: years of administration. A record holds a whole plan. */
#define REMEDY_CHANGES_MAX       1024u
#define REMEDY_CHANGE_RECORD_MAX (16u * 1024 * 1024)

/* Ports in one record: a fix is about one; a cluster of backends about a few dozen. */
#define REMEDY_PORT_RANGE_MAX 256u

/* Files that one action relabels: what a large site has. Their old labels are kept for the
 * revert, at some 150 bytes each. */
#define REMEDY_RELABEL_FILES_MAX 100000u
/* Directories inside one another on the way; each takes a descriptor. */
#define REMEDY_RELABEL_DEPTH_MAX 64u
/* An undo file: those labels, or an earlier module of the same name. */
#define REMEDY_UNDO_SIZE_MAX (64u * 1024 * 1024)

/* What a worker process may send in one message (a socket takes 208 KiB by default), and how much
 * of what libsemanage and its helpers print is kept for the error text. */
#define REMEDY_WORKER_MESSAGE_MAX (128u * 1024)
#define REMEDY_WORKER_OUTPUT_MAX  4096u

/* The policy format gives identifiers no limit; libsemanage and the kernel work with names
 * of a few dozen bytes. */
#define REMEDY_BOOLEAN_NAME_MAX 128u

/* --- D-Bus -------------------------------------------------------------- */

/* Change signals of one object are held back this long and become one. */
#define NOTIFY_DELAY_USEC (100 * USEC_PER_MSEC)
/* Messages that the bus has not taken yet, beyond which signals are held back. libsystemd's own
 * bound for a queue is 64 Ki messages; a signal of ours has some 300 bytes. */
#define NOTIFY_QUEUED_MAX 2048u

/* --- selguard.conf ------------------------------------------------------ */

#define CONFIG_FILE_SIZE_MAX (256 * 1024)
#define CONFIG_LIST_MAX      256u

/* --- questions to the monitor ----------------------------------------------- */

/* Audit text that a person pastes: some 500 denials. A whole log is for `analyze`. */
#define EXPLAIN_TEXT_MAX (256u * 1024)
/* Problems answered in one go; a person reads a few. */
#define EXPLAIN_DIAGNOSES_MAX 64u

/* Diagnoses that analyze asks about while it still reads; the rest is asked about at the end. */
#define ANALYZE_AHEAD_MAX 32u

/* Ports, sockets and files looked at ahead of time: a host with a thousand sites. */
#define PREFLIGHT_ACCESSES_MAX 2048u
/* Entries of one directory that are looked at: enough to notice files that were moved there. */
#define PREFLIGHT_ENTRIES_MAX 256u
/* Of a port range, which nginx may listen on. */
#define PREFLIGHT_PORTS_MAX 64u
/* What is not there, or decided at run time: listed up to here, counted beyond. */
#define PREFLIGHT_LISTED_MAX 128u

/* Each is a process that reads the policy. */
#define QUESTIONS_MAX          4u
#define QUESTIONS_PER_USER_MAX 2u

/* --- sending a request again -------------------------------------------------- */

/* nginx takes a request line of 8 KiB; in its log a line ends at 2 KiB. */
#define VERIFY_TARGET_MAX 2048u
/* The status is in the first line, and nginx's own error pages fit as well. */
#define VERIFY_ANSWER_MAX (16u * 1024)
/* To this host itself; and what a person waits for. nginx gives a backend 60 s by default, but
 * one that takes so long says nothing about a denial. */
#define VERIFY_CONNECT_USEC  (2 * USEC_PER_SEC)
#define VERIFY_EXCHANGE_USEC (15 * USEC_PER_SEC)
/* A denial that the request meets again is on the list by then: 100 ms until its event is
 * complete, up to CORRELATE_WAIT_USEC for nginx's line. */
#define VERIFY_RECURRENCE_USEC (CORRELATE_WAIT_USEC + USEC_PER_SEC)

/* --- export --------------------------------------------------------------- */

/* A boolean, type or module: names in policies are a few dozen bytes long, and a module's is
 * part of a file name. */
#define EXPORT_NAME_MAX 200u

/* --- the analysis worker ------------------------------------------------ */

/* Twenty times what the largest distribution policy takes. */
#define WORKER_MEMORY_MAX      (512u * 1024 * 1024)
#define WORKER_CPU_SECONDS_MAX 60u
/* An emulated machine is 20 times slower than a real one, which needs a second. */
#define WORKER_TIMEOUT_USEC (120 * USEC_PER_SEC)
/* One answer: 16 fixes with their samples are below 200 KiB. */
#define WORKER_ANSWER_MAX (4u * 1024 * 1024)
/* Incidents come in bursts: one worker answers for all that came meanwhile. */
#define WORKER_DELAY_USEC (20 * USEC_PER_MSEC)
/* After a failed analysis; a policy that is being replaced is whole again by then. */
#define WORKER_RETRY_USEC (10 * USEC_PER_SEC)
/* Diagnoses asked about by one worker. */
#define WORKER_BATCH 32u
/* Of those that have an answer, and may have another by now: a denial that is new waits for no
 * more than these. */
#define WORKER_BATCH_AGAIN 8u

/* How often the monitor looks at what tells it nothing by itself: nginx's configuration, logs
 * that cannot be read, the kernel's SELinux state. */
#define MONITOR_TICK_USEC (5 * USEC_PER_SEC)
/* How often a diagnosis of plain permissions is asked about again, since nobody announces a chmod:
 * after a minute, the time in which a person tries whether it helped; then after this part of the
 * time that nothing failed for it. Each asking reads the policy, a tenth of a second's work. */
#define STORE_RECHECK_USEC     (60 * USEC_PER_SEC)
#define STORE_RECHECK_FRACTION 16u
/* Denials between two such looks that make a storm, after which memory is given back. */
#define MONITOR_STORM_DENIALS 500u

/* --- what survives a restart ---------------------------------------------- */

/* All diagnoses at their usual 3 KB are below 2 MB; one filled to its limits is below 2 MB. */
#define STATE_FILE_SIZE_MAX (16u * 1024 * 1024)
#define STATE_LINE_MAX      (4u * 1024 * 1024)
/* What a power cut may cost is read again from the audit log; this bounds the writing. */
#define STATE_SAVE_DELAY_USEC (10 * USEC_PER_SEC)
/* Without anything to keep, how old the mark may be from which the audit log is read on. */
#define STATE_REFRESH_USEC (300 * USEC_PER_SEC)

/* --- losses, and reading them up ------------------------------------------ */

/* Events known by their stamp, to count each once: half a minute of the worst storm that a host
 * makes. 8 bytes each. */
#define AUDIT_SEEN_EVENTS (128u * 1024)
/* Of those, what is kept over a restart. Records reach the socket and the log within
 * milliseconds of each other; the span allows for a log written late. */
#define AUDIT_SEEN_RECENT    1024u
#define AUDIT_SEEN_SPAN_USEC (2 * USEC_PER_SEC)

/* Gaps shown: more than a person looks into. One that begins this shortly after another belongs
 * to it. Whoever asks about a gap of more than a week ago looks into an archive. */
#define AUDIT_GAPS_MAX      16u
#define AUDIT_GAP_JOIN_USEC (5 * USEC_PER_SEC)
#define AUDIT_GAP_KEEP_USEC (UINT64_C(7) * 24 * 3600 * USEC_PER_SEC)

/* One reading of the logs for a gap: twice what auditd keeps by default (5 files of 8 MiB) on
 * the hosts that keep most; more denials than that are one problem a million times. */
#define BACKFILL_BYTES_MAX   (UINT64_C(512) * 1024 * 1024)
#define BACKFILL_DENIALS_MAX 1000000u
#define BACKFILL_TIME_USEC   (600 * USEC_PER_SEC)
/* Read between two turns of the event loop: a millisecond's work. */
#define BACKFILL_STEP_BYTES   (256u * 1024)
#define BACKFILL_STEP_ENTRIES 256u
/* auditd and journald write a record some time after the kernel made it. */
#define BACKFILL_SETTLE_USEC (3 * USEC_PER_SEC)
/* auditd.conf has some 40 settings. */
#define AUDITD_CONF_LINES_MAX 1000u
/* Rotated logs looked at; auditd makes at most 999. */
#define BACKFILL_FILES_MAX 1000u

/* How often the kernel's log is looked at for what the kernel lost itself, and how much of it at
 * once: more than it writes between two looks. */
#define KERNEL_LOSS_CHECK_USEC  (60 * USEC_PER_SEC)
#define KERNEL_LOSS_ENTRIES_MAX 50000u
