/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The monitor on a private bus, as the unprivileged user it is to be, with the mock polkit and
 * two clients of different users.
 *
 * Environment, besides harness.h's: SELGUARD_MONITOR, SELGUARD_POLICY (a binary policy).
 */
#pragma once

#include "tests/bus/harness.h"

#define NGINX1    "org.selguard.Nginx1"
#define MANAGER   "org.selguard.Nginx1.Manager"
#define DIAGNOSIS "org.selguard.Nginx1.Diagnosis"
#define ROOT_PATH "/org/selguard/Nginx1"
#define POLKIT    "org.freedesktop.PolicyKit1"
#define ACTION    "org.selguard.nginx1.read"
#define SEC       UINT64_C(1000000)

/* Of the monitor and of a client: two that every system has (nobody, and daemon or bin). */
#define MONITOR_UID 65534
#define CLIENT_UID  1

typedef struct Fixture {
    Harness harness;
    pid_t polkit;  /* 0: it does not run */
    pid_t monitor; /* likewise */
    sd_bus *root;  /* clients */
    sd_bus *user;
} Fixture;

/* Group set-up and tear-down of cmocka; the state is a Fixture. The monitor does not run yet. */
int fixture_setup(void **state);
int fixture_teardown(void **state);

void fixture_start_polkit(Fixture *fixture, const char *answer);
void fixture_stop_polkit(Fixture *fixture);
void fixture_set_answer(Fixture *fixture, const char *action, const char *answer);
/* How many questions polkit was asked about since it started, and how many were withdrawn. */
size_t fixture_count_questions(Fixture *fixture);
size_t fixture_count_withdrawn(Fixture *fixture);

/* Copies a file into the harness' directory, readable for all, so that the monitor's user needs
 * no way through the source tree. The new path is static as harness_path()'s. */
const char *fixture_copy(Fixture *fixture, const char *path, const char *name);
void fixture_write(Fixture *fixture, const char *name, const char *content);

/* Starts a monitor; NULL ends the arguments. Its stderr goes to the named file in the harness'
 * directory. Does not wait. */
pid_t fixture_spawn_monitor(Fixture *fixture, const char *log, const char *const *arguments);
/* Starts the one of the fixture and waits until it has its name. */
void fixture_start_monitor(Fixture *fixture, const char *const *arguments);
/* The recorded incident under the policy. Waits until every diagnosis was analyzed. */
void fixture_start_incident(Fixture *fixture);
/* SIGTERM, and it must end well. */
void fixture_stop_monitor(Fixture *fixture);

/* A call of the Manager or of an object. The reply; or NULL with *error set. */
sd_bus_message *fixture_call(sd_bus *bus, const char *path, const char *interface,
                             const char *method, sd_bus_error *error, const char *types, ...);
/* That it fails, and with this name. */
void fixture_assert_refused(sd_bus_message *reply, sd_bus_error *error, const char *name);

/* Path and Id of the diagnosis of a port; to be freed. Needs polkit to say yes. */
char *fixture_find_port(sd_bus *bus, uint16_t port);
uint32_t fixture_get_number(sd_bus *bus, const char *property);
/* True if the property Problems has the code now. */
bool fixture_has_problem(sd_bus *bus, const char *code);
/* Waits up to 15 s for it to come or to go. */
void fixture_wait_problem(sd_bus *bus, const char *code, bool there);
/* All strings of a message from its current place on, in order, one a line; to be freed. */
char *fixture_strings(sd_bus_message *message);
