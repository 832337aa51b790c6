/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The service on the bus: its objects, and the connection between a message, polkit's answer
 * about its sender, and the manager. manager-bus.c and job-bus.c hold the vtables.
 */
#pragma once

#include <systemd/sd-bus.h>

#include "daemon/bus/polkit.h"
#include "daemon/remedy/manager.h"
#include "daemon/remedy/request.h"

#define REMEDY_NAME              "org.selguard.Remedy1"
#define REMEDY_PATH              "/org/selguard/Remedy1"
#define REMEDY_JOBS_PATH         "/org/selguard/Remedy1/job"
#define REMEDY_MANAGER_INTERFACE "org.selguard.Remedy1.Manager"
#define REMEDY_JOB_INTERFACE     "org.selguard.Remedy1.Job"

/* What the service reports to whoever keeps the log. */
typedef struct ServiceReporter {
    void (*job_finished)(const Job *job, void *userdata);
    /* polkit did not agree to a change. */
    void (*refused)(uid_t uid, const char *method, const char *action_id, const char *problem,
                    void *userdata);
    void *userdata;
} ServiceReporter;

typedef struct ServiceCheck ServiceCheck;

typedef struct Service {
    sd_bus *bus;
    Manager *manager;
    Polkit *polkit;
    ServiceReporter reporter;
    ServiceCheck *checks; /* dry runs at work */
    sd_bus_slot *slots[3];
} Service;

/* `manager` comes after, because it needs service_observer. */
int service_init(Service *service, sd_bus *bus, const ServiceReporter *reporter);
void service_clear(Service *service);

/* For ManagerOptions; its userdata is the Service. */
extern const JobObserver service_observer;

/* Puts the objects on the bus. */
int service_export(Service *service);

bool service_is_busy(const Service *service);
/* Or waits for the end of a trial. */
bool service_is_needed(const Service *service);

/* A method of the Manager: reads the request, asks polkit, carries it out, replies. Returns
 * what a method handler returns. */
int service_handle(Service *service, sd_bus_message *message, RequestKind kind,
                   sd_bus_error *ret_error);

/* service-check.c */
/* Begins a dry run, which replies by itself; bounded for each user. 1 or a negative errno. */
int service_check_start(Service *service, sd_bus_message *message, const Plan *plan, uid_t uid,
                        sd_bus_error *ret_error);
/* Without a reply. */
void service_check_end_all(Service *service);

/* job-bus.c */
int job_bus_export(Service *service, sd_bus_slot **ret_slot, sd_bus_slot **ret_enumerator);
void job_bus_changed(Service *service, Job *job);
void job_bus_finished(Service *service, Job *job);
/* The object path of a job; to be freed. NULL if out of memory. */
char *job_bus_path(const Job *job);

/* manager-bus.c */
int manager_bus_export(Service *service, sd_bus_slot **ret_slot);
void manager_bus_change_finished(Service *service, const Job *job);
