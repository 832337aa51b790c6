/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/diagnose/incident.h"

#include <ctype.h>
#include <errno.h>

#include "daemon/core/macro.h"
#include "daemon/core/text.h"
#include "daemon/correlate/match.h"
#include "daemon/diagnose/evidence.h"
#include "daemon/diagnose/summary.h"

static bool failure_is_relevant(const Failure *failure)
{
    /* A backend's own words explain its denials, and are no failure of nginx. */
    if (failure_is_of_backend(failure))
        return false;
    if (error_is_refusal(failure->error))
        return true;
    switch (failure->error) {
    case EADDRINUSE:
    case EADDRNOTAVAIL:
    case ECONNREFUSED:
    case ENETUNREACH:
    case EHOSTUNREACH:
    case ETIMEDOUT:
        return failure->target_kind == FAILURE_TARGET_ADDRESS ||
               failure->target_kind == FAILURE_TARGET_SOCKET;
    case ENOENT:
        /* A missing file is a 404 like any other; a missing socket is a dead backend. */
        return failure->target_kind == FAILURE_TARGET_SOCKET;
    default:
        return false;
    }
}

bool incident_is_relevant(const Incident *incident)
{
    return incident->denial || failure_is_relevant(incident->failure);
}

static bool is_socket_class(const char *class)
{
    size_t length = strlen(class), suffix = strlen("_socket");

    return length > suffix && streq(class + length - suffix, "_socket");
}

/* The port of a name_connect or name_bind; -1 for anything else. */
static int denial_port(const Denial *denial)
{
    if (!is_socket_class(denial->target_class))
        return -1;
    if (strstr(denial->permissions, "name_bind"))
        return denial->source_port;
    if (strstr(denial->permissions, "name_connect"))
        return denial->dest_port;
    return -1;
}

static uint64_t hash_type(uint64_t hash, const char *context)
{
    size_t length;
    const char *type = context_type(context, &length);

    if (!type)
        return hash_string(hash, context);
    hash = hash_bytes(hash, type, length);
    return hash_string(hash, "");
}

/* Whether nginx's line says for certain which path the kernel named a component of. */
static bool is_path_told(const Incident *incident)
{
    const Failure *failure = incident->failure;

    return failure && incident->match == MATCH_CERTAIN && failure->target &&
           failure->target[0] == '/' && !failure->ambiguous && !failure_is_of_backend(failure);
}

/* How much of the path in nginx's line is the same for all that one label would mend: the
 * directory that was refused, or the one that a refused file is in; all of a socket's. */
static size_t told_length(const Denial *denial, const char *path)
{
    const char *last = strrchr(path, '/');
    const size_t length = denial->name ? strlen(denial->name) : 0;

    if (streq(denial->target_class, "sock_file"))
        return strlen(path);
    for (const char *end = last; streq(denial->target_class, "dir") && end > path; end--)
        if (*end == '/' && (size_t)(end - path) > length && end[-(ssize_t)length - 1] == '/' &&
            strncmp(end - length, strempty(denial->name), length) == 0)
            return (size_t)(end - path);
    return (size_t)(last - path);
}

static uint64_t hash_denial(const Incident *incident)
{
    const Denial *denial = incident->denial;
    const char *path = denial->path && denial->path[0] == '/' ? denial->path : NULL;
    int port = denial_port(denial);
    uint64_t hash = hash_string(HASH_SEED, "denial");

    hash = hash_type(hash, denial->source_context);
    hash = hash_type(hash, denial->target_context);
    hash = hash_string(hash, denial->target_class);
    hash = hash_string(hash, denial->permissions);
    hash = hash_bytes(hash, &port, sizeof(port));
    if (denial->capability >= 0)
        hash = hash_bytes(hash, &denial->capability, sizeof(denial->capability));
    if (denial->ioctl_command != 0)
        hash = hash_bytes(hash, &denial->ioctl_command, sizeof(denial->ioctl_command));
    if (!path && port < 0 && is_path_told(incident))
        return hash_bytes(hash, incident->failure->target,
                          told_length(denial, incident->failure->target));
    return hash_string(hash, path);
}

/* How much of a path is the same for all of its kind. nginx numbers its temporary files, in
 * directories of up to three digits or hexadecimal digits (client_body_temp_path, levels=): each
 * request has another, and one directory that refuses them is one problem. */
static size_t common_length(const char *path)
{
    const size_t number_length = 10; /* ngx_create_temp_file(): "%010d" */
    size_t length = strlen(path), digits = 0, level;

    while (digits < length && isdigit((unsigned char)path[length - 1 - digits]))
        digits++;
    if (digits != number_length || length == digits || !strchr("/.", path[length - 1 - digits]))
        return length;
    while (path[length - 1] != '/' && length > 1)
        length--;
    for (;; length -= level + 1) {
        level = 0;
        while (level + 1 < length && isxdigit((unsigned char)path[length - 2 - level]))
            level++;
        if (level == 0 || level > 3 || level + 1 >= length || path[length - 2 - level] != '/')
            return length;
    }
}

static uint64_t hash_failure(const Failure *failure)
{
    uint64_t hash = hash_string(HASH_SEED, "failure");

    hash = hash_string(hash, failure->operation);
    if (failure->target && failure->target_kind == FAILURE_TARGET_PATH &&
        common_length(failure->target) < strlen(failure->target))
        hash = hash_bytes(hash, failure->target, common_length(failure->target));
    else
        hash = hash_string(hash, failure->target);
    return hash_bytes(hash, &failure->error, sizeof(failure->error));
}

bool incident_signature_is_of_denial(const Incident *incident)
{
    return incident->denial && !is_path_told(incident);
}

void incident_signature(const Incident *incident, char ret_id[DIAGNOSIS_ID_SIZE])
{
    uint64_t hash = incident->denial ? hash_denial(incident) : hash_failure(incident->failure);

    /* Not snprintf(): this is done for every denial of a storm. */
    for (size_t i = DIAGNOSIS_ID_SIZE - 1; i-- > 0; hash >>= 4)
        ret_id[i] = "0123456789abcdef"[hash & 0xf];
    ret_id[DIAGNOSIS_ID_SIZE - 1] = '\0';
}

uint64_t incident_time(const Incident *incident)
{
    return incident->denial ? incident->denial->time_usec : incident->failure->time_usec;
}

static const char *class_protocol(const char *class)
{
    static const char *const protocols[][2] = {
        {"tcp_socket", "tcp"},
        {"udp_socket", "udp"},
        {"dccp_socket", "dccp"},
        {"sctp_socket", "sctp"},
    };

    for (size_t i = 0; i < ELEMENTS_OF(protocols); i++)
        if (streq(protocols[i][0], class))
            return protocols[i][1];
    return NULL;
}

static TargetKind denial_target_kind(const Denial *denial)
{
    static const char *const file_classes[] = {
        "file", "dir", "lnk_file", "fifo_file", "chr_file", "blk_file", "filesystem",
    };

    if (denial_port(denial) >= 0)
        return TARGET_PORT;
    if (streq(denial->target_class, "sock_file") ||
        streq(denial->target_class, "unix_stream_socket") ||
        streq(denial->target_class, "unix_dgram_socket"))
        return TARGET_SOCKET;
    if (streq(denial->target_class, "process") || strstr(denial->target_class, "capability"))
        return TARGET_PROCESS;
    for (size_t i = 0; i < ELEMENTS_OF(file_classes); i++)
        if (streq(file_classes[i], denial->target_class))
            return TARGET_PATH;
    return TARGET_OTHER;
}

static int set_escaped(char **target, const char *text)
{
    free(*target);
    *target = escape_for_terminal(text);
    return *target ? 0 : -ENOMEM;
}

static int set_denial_target(Diagnosis *diagnosis, const Incident *incident)
{
    const Denial *denial = incident->denial;
    const Failure *failure = incident->failure;

    diagnosis->target_kind = denial_target_kind(denial);
    diagnosis->inode = denial->inode;
    diagnosis->ioctl_command = denial->ioctl_command;
    if ((denial->comm && set_escaped(&diagnosis->program, denial->comm) < 0) ||
        (denial->exe && set_escaped(&diagnosis->exe, denial->exe) < 0))
        return -ENOMEM;
    if (streq(denial->target_class, "unix_stream_socket") &&
        string_replace(&diagnosis->peer_context, denial->target_context) < 0)
        return -ENOMEM;
    if (diagnosis->target_kind == TARGET_PORT) {
        diagnosis->port = denial_port(denial);
        return string_replace(&diagnosis->protocol, class_protocol(denial->target_class));
    }
    if (denial->path && denial->path[0] == '/')
        return set_escaped(&diagnosis->path, denial->path);
    if (is_path_told(incident)) {
        /* The kernel named a component only. nginx's line shows which path it was on the way
         * to; a directory on that way is not the path itself, so the target stays nginx's. */
        if (failure->target_kind == FAILURE_TARGET_SOCKET)
            diagnosis->target_kind = TARGET_SOCKET;
        diagnosis->path_from_log = true;
        if (denial->name && set_escaped(&diagnosis->component, denial->name) < 0)
            return -ENOMEM;
        return set_escaped(&diagnosis->path, failure->target);
    }
    /* The override that root needs is asked for without an object: nginx's line has it. */
    if (failure && denial->capability >= 0 && failure->target_kind == FAILURE_TARGET_PATH) {
        diagnosis->path_from_log = true;
        return set_escaped(&diagnosis->path, failure->target);
    }
    /* The root directory of some file system, mounted anywhere on the way. */
    if (denial->name && streq(denial->name, "/")) {
        if (!failure || !failure->target || failure->target[0] != '/' || failure->ambiguous ||
            failure_is_of_backend(failure))
            return 0;
        diagnosis->path_from_log = true;
        return set_escaped(&diagnosis->path, failure->target);
    }
    return denial->name ? set_escaped(&diagnosis->path, denial->name) : 0;
}

static int set_failure_target(Diagnosis *diagnosis, const Failure *failure)
{
    diagnosis->path_from_log = true;
    switch (failure->target_kind) {
    case FAILURE_TARGET_ADDRESS:
        diagnosis->target_kind = TARGET_PORT;
        diagnosis->port = failure->port;
        return 0;
    case FAILURE_TARGET_SOCKET:
        diagnosis->target_kind = TARGET_SOCKET;
        return set_escaped(&diagnosis->path, failure->target);
    case FAILURE_TARGET_PATH:
        diagnosis->target_kind = TARGET_PATH;
        return set_escaped(&diagnosis->path, failure->target);
    case FAILURE_TARGET_NONE:
        break;
    }
    return 0;
}

int incident_to_diagnosis(const Incident *incident, Diagnosis **ret_diagnosis)
{
    const Denial *denial = incident->denial;
    char id[DIAGNOSIS_ID_SIZE];
    Diagnosis *diagnosis = diagnosis_new();
    int r;

    if (!diagnosis)
        return -ENOMEM;
    incident_signature(incident, id);
    r = string_replace(&diagnosis->id, id);
    diagnosis->first_seen_usec = incident_time(incident);
    if (r >= 0 && denial) {
        diagnosis->verdict = VERDICT_BLOCKED_BY_SELINUX;
        diagnosis->denied = diagnosis->have_access = true;
        r = access_init(&diagnosis->access, denial->source_context, denial->target_context,
                        denial->target_class, denial->permissions);
        if (r >= 0)
            r = set_denial_target(diagnosis, incident);
    } else if (r >= 0) {
        diagnosis->verdict = error_is_refusal(incident->failure->error)
                                 ? VERDICT_UNDETERMINED
                                 : VERDICT_NOT_A_PERMISSION_PROBLEM;
        r = set_failure_target(diagnosis, incident->failure);
    }
    if (r >= 0)
        r = diagnosis_fold_incident(diagnosis, incident);
    if (r >= 0)
        r = summary_update(diagnosis);
    if (r < 0) {
        diagnosis_free(diagnosis);
        return r == -EINVAL ? -ENOMEM : r;
    }
    *ret_diagnosis = diagnosis;
    return 0;
}

static int remember(char **list, size_t size, const char *text)
{
    _cleanup_free_ char *escaped = NULL;

    if (!text || !*text)
        return 0;
    escaped = escape_for_terminal(text);
    return escaped ? diagnosis_remember(list, size, escaped) : -ENOMEM;
}

/* A storm is sampled, for rendering text is what folding costs most. */
static bool is_sampled_out(char *const *list, size_t size, uint64_t time_usec, uint64_t *kept_usec)
{
    if (list[size - 1] && time_usec >= *kept_usec && time_usec < *kept_usec + DIAGNOSIS_SAMPLE_USEC)
        return true;
    *kept_usec = time_usec;
    return false;
}

static int keep_evidence(Diagnosis *diagnosis, const Denial *denial)
{
    _cleanup_free_ char *line = NULL;

    if (is_sampled_out(diagnosis->evidence, ELEMENTS_OF(diagnosis->evidence), denial->time_usec,
                       &diagnosis->evidence_usec))
        return 0;
    line = evidence_of_denial(denial);
    return line ? diagnosis_remember(diagnosis->evidence, ELEMENTS_OF(diagnosis->evidence), line)
                : -ENOMEM;
}

/* A line that a client wrote into is flagged for good: what it says is shown, and nothing rests on
 * it. */
static int flag_text(Diagnosis *diagnosis, const Failure *failure)
{
    _cleanup_free_ char *text = NULL;

    diagnosis->ambiguous |= failure->ambiguous;
    if (!failure->contradicted || diagnosis->disagreement)
        return 0;
    text =
        format_string("nginx was connecting to %s, and the same line names %s as the upstream: a "
                      "client wrote that. It changes nothing here.",
                      strempty(failure->target), strempty(failure->upstream));
    if (!text)
        return -ENOMEM;
    return set_escaped(&diagnosis->disagreement, text);
}

int diagnosis_add_context(Diagnosis *diagnosis, const Failure *failure)
{
    const struct {
        char **list;
        size_t size;
        const char *text;
    } context[] = {
        {diagnosis->servers, ELEMENTS_OF(diagnosis->servers), failure->server},
        {diagnosis->hosts, ELEMENTS_OF(diagnosis->hosts), failure->host},
        {diagnosis->requests, ELEMENTS_OF(diagnosis->requests), failure->request},
        {diagnosis->upstreams, ELEMENTS_OF(diagnosis->upstreams), failure->upstream},
        {diagnosis->lines, ELEMENTS_OF(diagnosis->lines), failure->line},
    };

    if (flag_text(diagnosis, failure) < 0)
        return -ENOMEM;
    if (!diagnosis->operation) {
        diagnosis->error = failure->error;
        diagnosis->in_request = failure->connection != 0;
        if (string_replace(&diagnosis->log_level, failure->level) < 0)
            return -ENOMEM;
        if (string_replace(&diagnosis->operation, failure->operation) < 0)
            return -ENOMEM;
    }
    diagnosis->pid = failure->pid;
    if (is_sampled_out(diagnosis->lines, ELEMENTS_OF(diagnosis->lines), failure->time_usec,
                       &diagnosis->context_usec))
        return 0;
    for (size_t i = 0; i < ELEMENTS_OF(context); i++) {
        int r = remember(context[i].list, context[i].size, context[i].text);

        if (r < 0)
            return r;
    }
    return 0;
}

int diagnosis_fold_incident(Diagnosis *diagnosis, const Incident *incident)
{
    uint64_t time_usec = incident_time(incident);
    int r = 0;

    if (!incident->denial_reported)
        diagnosis->count++;
    if (time_usec < diagnosis->first_seen_usec)
        diagnosis->first_seen_usec = time_usec;
    if (time_usec > diagnosis->last_seen_usec)
        diagnosis->last_seen_usec = time_usec;
    /* A change of the configuration has it judged again; until then it asks for this, too. */
    if (diagnosis->asked_for)
        diagnosis->asked_usec = diagnosis->last_seen_usec;
    if (incident->denial) {
        diagnosis->permissive = incident->denial->permissive;
        if (!incident->denial_reported)
            r = keep_evidence(diagnosis, incident->denial);
    }
    if (r >= 0 && incident->failure)
        r = diagnosis_add_context(diagnosis, incident->failure);
    return r;
}

bool diagnosis_explains_denial(const Diagnosis *diagnosis, const Denial *denial)
{
    const char *last = diagnosis->path ? strrchr(diagnosis->path, '/') : NULL;
    Access access = {};
    bool same;

    if (!last || !diagnosis->path_from_log || !diagnosis->have_access || !denial->name ||
        denial_port(denial) >= 0 || (denial->path && denial->path[0] == '/') ||
        !streq(denial->name, diagnosis->component ? diagnosis->component : last + 1) ||
        access_init(&access, denial->source_context, denial->target_context, denial->target_class,
                    denial->permissions) < 0)
        return false;
    same = access_equal(&access, &diagnosis->access);
    access_clear(&access);
    return same;
}

bool diagnosis_explains_failure(const Diagnosis *diagnosis, const Failure *failure)
{
    bool binding = streq(failure->operation, "bind");

    return error_is_refusal(failure->error) && diagnosis->have_access &&
           diagnosis->target_kind == TARGET_PORT && diagnosis->port == failure->port &&
           failure->target_kind == FAILURE_TARGET_ADDRESS &&
           binding == (strstr(diagnosis->access.permissions, "name_bind") != NULL) &&
           failure->time_usec <= diagnosis->last_seen_usec + CORRELATE_REMEMBER_USEC;
}
