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
    bool dry_run;
    bool all;         /* dismissed diagnoses, too */
    uint64_t fix;     /* from 1 */
    const char *host; /* user@host, or NULL */
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

/* Sends a prepared call and waits for the answer. An error of the service is printed, with
 * what to do about it. `what` says what was tried: "list the diagnoses". */
int session_call(Session *session, sd_bus_message *call, const char *what,
                 sd_bus_message **ret_reply);
void session_print_error(const char *what, const sd_bus_error *error, int r);
