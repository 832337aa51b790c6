/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The remedy service on a private bus, with the mock polkit and a scratch store, and a client's
 * view of it.
 */
#pragma once

#include "tests/bus/harness.h"

#define REMEDY  "org.selguard.Remedy1"
#define MANAGER "org.selguard.Remedy1.Manager"
#define JOB     "org.selguard.Remedy1.Job"
#define NOBODY  65534
#define BOOL_A  "httpd_can_network_connect"
#define BOOL_B  "httpd_enable_homedirs"
#define POLKIT  "org.freedesktop.PolicyKit1"
#define SEC     UINT64_C(1000000)

typedef struct Fixture {
    Harness harness;
    pid_t polkit;
    pid_t remedy;
    sd_bus *root;   /* a client */
    sd_bus *nobody; /* another user's */
} Fixture;

/* What a client sees of a job until its end. */
typedef struct JobOutcome {
    char result[32];
    char message[512];
    char error[128];
    char change_id[24];
    char phases[256]; /* in order, separated by a blank */
} JobOutcome;

/* Group set-up and tear-down of cmocka; the state is a Fixture. */
int fixture_setup(void **state);
int fixture_teardown(void **state);
/* Before each test: polkit says yes to everything, the service runs, and nothing is changed. */
int fixture_reset(void **state);

void fixture_start_remedy(Fixture *fixture, const char *extra_option);
/* SIGTERM, and it must end well. */
void fixture_stop_remedy(Fixture *fixture);
void fixture_set_answer(Fixture *fixture, const char *action, const char *answer);

/* One boolean as a plan. The reply or NULL; a NULL `error` means it must succeed. `options` is
 * a string for sd_bus_message_append() of a{sv} content that holds only strings: name, value,
 * …, NULL; may be NULL. */
sd_bus_message *fixture_call_apply(sd_bus *bus, const char *boolean, bool value, bool interactive,
                                   const char *const *options, sd_bus_error *error);
/* Apply and Revert to their end. They must be accepted. */
JobOutcome fixture_apply(Fixture *fixture, const char *boolean, bool value);
JobOutcome fixture_revert(Fixture *fixture, const char *change_id);
sd_bus_message *fixture_call_revert(sd_bus *bus, const char *change_id, sd_bus_error *error);
/* Waits for the Finished signal of a job; signals of others are passed over. */
JobOutcome fixture_wait_job(sd_bus *bus, const char *job);
/* A string property of a job. "" if it cannot be read. */
const char *fixture_job_property(sd_bus *bus, const char *job, const char *property);

/* The text of State in Check's answer for one boolean. Static. */
const char *fixture_state(Fixture *fixture, const char *boolean);
/* Of ListChanges' entry: a string value. Static; "" if there is none. */
const char *fixture_change(Fixture *fixture, const char *change_id, const char *key);
/* A hash over what the store has of local booleans and over its policy. */
uint64_t fixture_store_hash(Fixture *fixture);
size_t fixture_count_records(Fixture *fixture);
