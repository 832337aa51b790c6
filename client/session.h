/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One run of selguardctl: its options, its connection to the bus, and how it talks to the two
 * services. Functions return 0 or a negative errno and have told the person what went wrong.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-bus.h>

typedef struct Session {
    sd_bus *bus;
    bool json;
    bool verbose; /* all requests and evidence, not only the newest */
    bool color;
    bool force; /* show and take fixes that are not put forward */
    bool dry_run;
    bool all;         /* list: dismissed diagnoses, too; dismiss: all that are open */
    bool applied;     /* export: all changes in force */
    uint64_t fix;     /* from 1 */
    uint64_t seconds; /* of a trial */
    uint64_t port;    /* verify: where nginx listens; 0: as the request says */
    const char *format;
    const char *output; /* export: a directory, or NULL */
    const char *reason; /* for the record, or NULL */
    const char *host;   /* user@host, or NULL */
    const char *machine;
} Session;

#define NGINX1_NAME      "org.selguard.Nginx1"
#define NGINX1_PATH      "/org/selguard/Nginx1"
#define NGINX1_MANAGER   "org.selguard.Nginx1.Manager"
#define NGINX1_DIAGNOSIS "org.selguard.Nginx1.Diagnosis"
#define REMEDY1_NAME     "org.selguard.Remedy1"
#define REMEDY1_PATH     "/org/selguard/Remedy1"
#define REMEDY1_MANAGER  "org.selguard.Remedy1.Manager"
#define REMEDY1_JOB      "org.selguard.Remedy1.Job"

int session_connect(Session *session);

/* A question to polkit may wait for a person as long as this. */
#define CALL_TIMEOUT_USEC (UINT64_C(330) * 1000000)

/* What a verb returns above 0 becomes the exit status. */
#define EXIT_USAGE   2 /* what was asked for is not understood */
#define EXIT_UNKNOWN 3 /* verify: it cannot be told */
#define EXIT_DENIED  4 /* polkit said no, or had nobody to ask (-EACCES) */
#define EXIT_FINDING 5 /* verify, preflight, doctor: the answer is that something is wrong */

/* Sends a prepared call and waits for the answer. An error of the service is printed, with
 * what to do about it. `what` says what was tried: "list the diagnoses". */
int session_call(Session *session, sd_bus_message *call, const char *what,
                 sd_bus_message **ret_reply);
void session_print_error(const char *what, const sd_bus_error *error, int r);
