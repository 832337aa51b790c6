/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A private message bus with the project's own bus policy, processes on it, and a scratch copy
 * of the policy store: what the bus tests share. Everything lives in one temporary directory
 * and ends with the test program. Only for root: the bus policies name it.
 *
 * Paths come from the environment that meson sets: SELGUARD_SOURCE_ROOT, and the programs as
 * SELGUARD_REMEDY, SELGUARD_MOCK_POLKIT.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <systemd/sd-bus.h>

/* The exit code with which a test says that it could not be run here. */
#define HARNESS_SKIP 77

typedef struct Harness {
    char directory[64];
    char address[128]; /* of the bus */
    pid_t bus_pid;
} Harness;

/* True if this test can run here; else says why not on stderr. */
bool harness_possible(bool need_store);

/* Creates the directory and starts the bus. Aborts on failure: a test cannot go on. */
void harness_start(Harness *harness);
void harness_stop(Harness *harness);

/* A path in the temporary directory. One static buffer for each of the last 8 calls. */
const char *harness_path(const Harness *harness, const char *name);

/* Copies the policy store of this host, made small (small-store); its root is harness_path(harness,
 * "root"). */
void harness_make_store(const Harness *harness);

/* Starts a program; NULL ends the arguments. It dies with the test. */
pid_t harness_spawn(const char *const *arguments);
/* Sends the signal and waits; the wait status. */
int harness_end(pid_t pid, int signal_number);
/* Waits up to 10 s for it to end by itself; the wait status, or -1. */
int harness_wait_end(pid_t pid);

/* A new connection, as that user. Calls may take 60 s. */
sd_bus *harness_connect(const Harness *harness, uid_t uid);
/* Waits up to 10 s until somebody owns the name (or nobody does). */
void harness_wait_name(sd_bus *bus, const char *name, bool owned);

/* A whole file, to be freed; NULL if it is not there. */
char *harness_read(const char *path, size_t *ret_size);
/* A hash over the file's content; 0 if it is not there. */
uint64_t harness_hash(const char *path);
uint64_t harness_now_usec(void);
