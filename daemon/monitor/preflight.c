/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/monitor/preflight.h"

#include <dirent.h>
#include <errno.h>
#include <sys/stat.h>

#include "daemon/core/json.h"
#include "daemon/core/limits.h"
#include "daemon/core/macro.h"
#include "daemon/core/text.h"
#include "daemon/diagnose/incident.h"
#include "daemon/selinux/kernel.h"
#include "daemon/selinux/ports.h"

/* What opening to read and to append takes, and what making files in a directory takes. */
#define READ_FILE    "getattr open read"
#define APPEND_FILE  "append getattr open"
#define WRITE_FILE   "getattr open write"
#define READ_DIR     "getattr search"
#define WRITE_DIR    "add_name getattr search write"
#define LOAD_LIBRARY "execute getattr map open read"

typedef struct Preflight {
    const WorkerSubject *subject;
    Hypothesis *current;
    char *source_context;
    Diagnosis **diagnoses;
    size_t n_diagnoses;
    json_object *asks, *missing, *unknown;
    bool truncated;
} Preflight;

/* --- what is reported --------------------------------------------------------- */

static int add_text(json_object *object, const char *name, const char *text)
{
    _cleanup_free_ char *escaped = NULL;

    if (!text)
        return 0;
    escaped = escape_for_terminal(text);
    return escaped ? json_add(object, name, json_object_new_string(escaped)) : -ENOMEM;
}

static int add_intent(json_object *array, const NginxIntent *intent, const char *id,
                      const char *path)
{
    json_object *object = json_object_new_object();

    if (!object || add_text(object, "id", id) < 0 ||
        add_text(object, "kind", nginx_intent_kind_to_string(intent->kind)) < 0 ||
        add_text(object, "directive", intent->directive) < 0 ||
        add_text(object, "value", intent->value) < 0 ||
        add_text(object, "server", intent->server_name) < 0 ||
        add_text(object, "location", intent->location) < 0 ||
        add_text(object, "file", intent->file) < 0 ||
        json_add(object, "line", json_object_new_int64(intent->line)) < 0 ||
        add_text(object, "path", path) < 0) {
        json_object_put(object);
        return -ENOMEM;
    }
    return json_append(array, object);
}

static int list_intent(Preflight *preflight, json_object *array, const NginxIntent *intent,
                       const char *path)
{
    if (json_length(array) >= PREFLIGHT_LISTED_MAX) {
        preflight->truncated = true;
        return 0;
    }
    return add_intent(array, intent, NULL, path);
}

/* --- accesses ------------------------------------------------------------------- */

static Diagnosis *find_diagnosis(const Preflight *preflight, const char *id)
{
    for (size_t i = 0; i < preflight->n_diagnoses; i++)
        if (streq(preflight->diagnoses[i]->id, id))
            return preflight->diagnoses[i];
    return NULL;
}

/* Nothing of it has happened. */
static void forget_occurrence(Diagnosis *diagnosis)
{
    diagnosis->count = 0;
    for (size_t i = 0; i < ELEMENTS_OF(diagnosis->evidence); i++) {
        free(diagnosis->evidence[i]);
        diagnosis->evidence[i] = NULL;
    }
}

/* The denial that there would be; `path` NULL for a port. */
static int add_access(Preflight *preflight, const NginxIntent *intent, const char *target_context,
                      const char *target_class, const char *permissions, int port, const char *path)
{
    const bool binding = strstr(permissions, "name_bind") != NULL;
    const Denial denial = {
        .source_context = preflight->source_context,
        .target_context = target_context,
        .target_class = target_class,
        .permissions = permissions,
        .comm = "nginx",
        .path = path,
        .source_port = binding ? port : -1,
        .dest_port = binding ? -1 : port,
        .capability = -1,
        .syscall = -1,
        .uid = -1,
        .euid = -1,
    };
    const Incident incident = {.denial = &denial};
    char id[DIAGNOSIS_ID_SIZE];
    Diagnosis *diagnosis = NULL;
    int r;

    incident_signature(&incident, id);
    if (!find_diagnosis(preflight, id)) {
        if (preflight->n_diagnoses >= PREFLIGHT_ACCESSES_MAX) {
            preflight->truncated = true;
            return 0;
        }
        r = incident_to_diagnosis(&incident, &diagnosis);
        if (r < 0)
            return r;
        forget_occurrence(diagnosis);
        preflight->diagnoses[preflight->n_diagnoses++] = diagnosis;
    }
    return add_intent(preflight->asks, intent, id, path);
}

static int add_port(Preflight *preflight, const NginxIntent *intent, int port,
                    PortProtocol protocol, const char *permission)
{
    _cleanup_free_ char *context = port_context(preflight->current, protocol, (uint16_t)port);

    return context ? add_access(preflight, intent, context, port_protocol_class(protocol),
                                permission, port, NULL)
                   : list_intent(preflight, preflight->unknown, intent, NULL);
}

/* NULL if it can be told neither from the disk nor from the rules. */
static char *label_of(const Preflight *preflight, const char *path, mode_t mode)
{
    char *context = NULL;

    if (preflight->subject->live && file_label_read(path, &context) >= 0)
        return context;
    if (preflight->subject->contexts &&
        file_contexts_lookup(preflight->subject->contexts, path, mode, &context) >= 0)
        return context;
    return NULL;
}

static int add_object(Preflight *preflight, const NginxIntent *intent, const char *path,
                      mode_t mode, const char *target_class, const char *permissions)
{
    _cleanup_free_ char *context = label_of(preflight, path, mode);

    return context ? add_access(preflight, intent, context, target_class, permissions, -1, path)
                   : list_intent(preflight, preflight->unknown, intent, path);
}

/* --- files ------------------------------------------------------------------------ */

/* Asking leaves no record; being refused would, and one of ours would look like an attack. */
static bool may_list(const char *directory)
{
    _cleanup_free_ char *context = NULL;

    return file_label_read(directory, &context) < 0 ||
           kernel_ask_self(context, "dir", "open read") != 0;
}

/* One of each label, for files that were moved here keep theirs. */
static int add_entries(Preflight *preflight, const NginxIntent *intent, const char *directory,
                       const char *permissions)
{
    DIR *stream = may_list(directory) ? opendir(directory) : NULL;
    _cleanup_strv_ char **seen = NULL;
    struct dirent *entry;
    size_t n = 0;
    int r = 0;

    /* nginx needs no list of it, so it may be closed to us. */
    while (stream && r >= 0 && (entry = readdir(stream))) {
        _cleanup_free_ char *path = NULL, *context = NULL;

        if (entry->d_type != DT_REG)
            continue;
        if (n++ >= PREFLIGHT_ENTRIES_MAX) {
            preflight->truncated = true;
            break;
        }
        path = format_string("%s/%s", directory, entry->d_name);
        if (!path) {
            r = -ENOMEM;
            break;
        }
        context = label_of(preflight, path, S_IFREG);
        if (!context || strv_contains(seen, context))
            continue;
        r = strv_append(&seen, context);
        if (r >= 0)
            r = add_access(preflight, intent, context, "file", permissions, -1, path);
    }
    if (stream)
        (void)closedir(stream);
    return r;
}

static const char *file_permissions(const NginxIntent *intent)
{
    switch (intent->kind) {
    case NGINX_INTENT_ERROR_LOG:
    case NGINX_INTENT_ACCESS_LOG:
        return APPEND_FILE;
    case NGINX_INTENT_MODULE:
        return LOAD_LIBRARY;
    default:
        return intent->write ? WRITE_FILE : READ_FILE;
    }
}

static int add_path(Preflight *preflight, const NginxIntent *intent)
{
    _cleanup_free_ char *real = NULL;
    struct stat status;
    int r;

    /* Where the labels are not those of this disk, its files say nothing either. */
    if (!preflight->subject->live)
        return intent->directory ? add_object(preflight, intent, intent->path, S_IFDIR, "dir",
                                              intent->write ? WRITE_DIR : READ_DIR)
                                 : add_object(preflight, intent, intent->path, S_IFREG, "file",
                                              file_permissions(intent));
    real = realpath(intent->path, NULL);
    if (!real || stat(real, &status) < 0)
        return list_intent(preflight, errno == ENOENT ? preflight->missing : preflight->unknown,
                           intent, intent->path);
    if (S_ISDIR(status.st_mode)) {
        r = add_object(preflight, intent, real, S_IFDIR, "dir",
                       intent->write ? WRITE_DIR : READ_DIR);
        return r < 0 ? r : add_entries(preflight, intent, real, READ_FILE);
    }
    if (S_ISREG(status.st_mode))
        return add_object(preflight, intent, real, S_IFREG, "file", file_permissions(intent));
    return 0; /* /dev/null and its kind */
}

static int add_socket(Preflight *preflight, const NginxIntent *intent)
{
    struct stat status;

    if (intent->socket[0] == '@')
        return list_intent(preflight, preflight->unknown, intent, intent->socket);
    if (preflight->subject->live && intent->kind != NGINX_INTENT_LISTEN &&
        stat(intent->socket, &status) < 0)
        return list_intent(preflight, errno == ENOENT ? preflight->missing : preflight->unknown,
                           intent, intent->socket);
    return add_object(preflight, intent, intent->socket, S_IFSOCK, "sock_file",
                      intent->kind == NGINX_INTENT_LISTEN ? "create setattr unlink" : "write");
}

/* --- intents ------------------------------------------------------------------------ */

static int add_listen(Preflight *preflight, const NginxIntent *intent)
{
    int last = intent->port_last > intent->port ? intent->port_last : intent->port, r = 0;

    if (last - intent->port >= (int)PREFLIGHT_PORTS_MAX) {
        last = intent->port + (int)PREFLIGHT_PORTS_MAX - 1;
        preflight->truncated = true;
    }
    for (int port = intent->port; port <= last && r >= 0; port++)
        r = add_port(preflight, intent, port, intent->udp ? PORT_UDP : PORT_TCP, "name_bind");
    return r;
}

static int take_intent(Preflight *preflight, const NginxIntent *intent)
{
    switch (intent->kind) {
    case NGINX_INTENT_USER:
        return 0;
    case NGINX_INTENT_PID:
    case NGINX_INTENT_LOCK:
        /* nginx makes them anew, and the policy then chooses the label. */
        return 0;
    case NGINX_INTENT_RESOLVER:
    case NGINX_INTENT_SYSLOG:
        /* To send by UDP is no matter of the port's label. */
        return intent->socket && intent->known ? add_socket(preflight, intent) : 0;
    case NGINX_INTENT_LISTEN:
    case NGINX_INTENT_PASS:
        if (intent->socket && intent->known)
            return add_socket(preflight, intent);
        if (intent->port < 0 || intent->port > UINT16_MAX)
            return list_intent(preflight, preflight->unknown, intent, NULL);
        if (intent->kind == NGINX_INTENT_LISTEN)
            return add_listen(preflight, intent);
        return intent->udp ? 0
                           : add_port(preflight, intent, intent->port, PORT_TCP, "name_connect");
    case NGINX_INTENT_ERROR_LOG:
    case NGINX_INTENT_ACCESS_LOG:
        return intent->path && intent->known ? add_path(preflight, intent) : 0;
    default:
        if (!intent->path || (!intent->known && !intent->directory))
            return list_intent(preflight, preflight->unknown, intent, intent->path);
        return add_path(preflight, intent);
    }
}

static int make_report(Preflight *preflight, json_object **ret_report)
{
    json_object *report = json_object_new_object();

    if (!report)
        return -ENOMEM;
    if (json_add(report, "asks", json_object_get(preflight->asks)) < 0 ||
        json_add(report, "checked", json_object_new_int64((int64_t)preflight->n_diagnoses)) < 0 ||
        json_add(report, "missing", json_object_get(preflight->missing)) < 0 ||
        json_add(report, "unknown", json_object_get(preflight->unknown)) < 0 ||
        json_add(report, "truncated", json_object_new_boolean(preflight->truncated)) < 0) {
        json_object_put(report);
        return -ENOMEM;
    }
    *ret_report = report;
    return 0;
}

int preflight_make(const WorkerSubject *subject, void *userdata _unused_,
                   Diagnosis ***ret_diagnoses, size_t *ret_n, json_object **ret_report)
{
    _cleanup_(hypothesis_cleanup) Hypothesis *current = hypothesis_new(subject->policy);
    _cleanup_free_ char *source = format_string("system_u:system_r:%s%s", subject->domain,
                                                policy_is_mls(subject->policy) ? ":s0" : "");
    _cleanup_json_ json_object *asks = json_object_new_array(), *missing = json_object_new_array(),
                               *unknown = json_object_new_array();
    Preflight preflight = {
        .subject = subject,
        .current = current,
        .source_context = source,
        .diagnoses = calloc(PREFLIGHT_ACCESSES_MAX, sizeof(Diagnosis *)),
        .asks = asks,
        .missing = missing,
        .unknown = unknown,
        .truncated = subject->intents && subject->intents->truncated,
    };
    int r = preflight.diagnoses && source && current && asks && missing && unknown ? 0 : -ENOMEM;

    for (size_t i = 0; r >= 0 && subject->intents && i < subject->intents->n_items; i++)
        r = take_intent(&preflight, &subject->intents->items[i]);
    if (r >= 0)
        r = make_report(&preflight, ret_report);
    if (r < 0) {
        for (size_t i = 0; i < preflight.n_diagnoses; i++)
            diagnosis_free(preflight.diagnoses[i]);
        free(preflight.diagnoses);
        return r;
    }
    *ret_diagnoses = preflight.diagnoses;
    *ret_n = preflight.n_diagnoses;
    return 0;
}
