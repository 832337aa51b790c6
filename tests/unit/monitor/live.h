/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The real monitor in this process, fed by a socket pair with netlink framing and by files of a
 * temporary directory; an auditd that writes what it is told into audit.log. The bus is a
 * connection to a peer that reads and forgets.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-bus.h>
#include <systemd/sd-event.h>

#include "daemon/core/config.h"
#include "daemon/monitor/monitor.h"

typedef struct Live {
    char directory[64];
    Config config;
    sd_event *event;
    sd_bus *bus, *peer;
    Monitor *monitor;
    int audit_fd;    /* our end */
    uint64_t serial; /* of the last event */
    bool audit_stopped;
    uint64_t signals; /* that the peer got */
} Live;

enum {
    LIVE_SOCKET = 1 << 0, /* the kernel's multicast */
    LIVE_LOG = 1 << 1,    /* auditd's log */
};

/* Each aborts where the environment fails. */
void live_init(Live *live);
void live_clear(Live *live);
void live_start(Live *live);
/* As by SIGTERM, or as by a power cut. */
void live_stop(Live *live);
void live_cut(Live *live);

/* A denial of a connection to that port, in four records, to where `ways` says. `time_usec` 0:
 * now. Runs the monitor when its socket is full. */
void live_deny(Live *live, unsigned int ways, int port, uint64_t time_usec);
/* The kernel's record of a policy that was loaded. */
void live_load_policy(Live *live);
/* What nginx writes about it, into error.log. */
void live_log_failure(Live *live, int port, unsigned int n);
/* The same as what nginx says on its standard error output, in a journal of the directory, which
 * the monitor reads if it was started after the first. False without systemd-journal-remote. */
bool live_journal_failure(Live *live, int port, unsigned int n);
/* A record that is none of a denial, in auditd's log: it reaches from an hour ago; or beyond
 * now. */
void live_begin_log(Live *live);
void live_mark_log(Live *live);

/* Runs the monitor for that long, or until it has nothing to do for now. */
void live_run(Live *live, uint64_t usec);
void live_drain(Live *live);

/* A path in the directory; one static buffer for each of the last 4 calls. */
const char *live_path(const Live *live, const char *name);
/* How often the diagnosis of that port was seen; 0 if there is none. */
uint64_t live_count(const Live *live, int port);
