/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/diagnose/path-need.h"

#include "daemon/core/macro.h"

/* The names that error-message.h gives. */
static const struct {
    const char *operation;
    PathNeed need;
    bool not_followed;
} operations[] = {
    {"open", PATH_NEED_READ, false},
    {"openat", PATH_NEED_READ, false},
    {"opendir", PATH_NEED_READ, false},
    {"glob", PATH_NEED_READ, false},
    {"read", PATH_NEED_READ, false},
    {"pread", PATH_NEED_READ, false},
    {"directory-index", PATH_NEED_READ, false},
    {"certificate", PATH_NEED_READ, false},
    {"certificate-key", PATH_NEED_READ, false},
    {"BIO_new_file", PATH_NEED_READ, false},
    {"SSL_CTX_load_verify_locations", PATH_NEED_READ, false},
    {"SSL_CTX_use_certificate", PATH_NEED_READ, false},
    {"SSL_CTX_use_PrivateKey_file", PATH_NEED_READ, false},
    {"stat", PATH_NEED_REACH, false},
    {"lstat", PATH_NEED_REACH, true},
    {"fstatat", PATH_NEED_REACH, false},
    {"realpath", PATH_NEED_REACH, false},
    {"access", PATH_NEED_REACH, false},
    {"chdir", PATH_NEED_EXECUTE, false},
    {"mkdir", PATH_NEED_CREATE, true},
    {"link", PATH_NEED_CREATE, true},
    {"symlink", PATH_NEED_CREATE, true},
    {"rename", PATH_NEED_REMOVE, true},
    {"unlink", PATH_NEED_REMOVE, true},
    {"rmdir", PATH_NEED_REMOVE, true},
    {"bind", PATH_NEED_CREATE, true},
    {"connect", PATH_NEED_CONNECT, false},
    {"sendto", PATH_NEED_CONNECT, false},
    {"chmod", PATH_NEED_OWN, false},
    {"chown", PATH_NEED_OWN, false},
    {"utimes", PATH_NEED_OWN, false},
    {"write", PATH_NEED_WRITE, false},
    {"pwrite", PATH_NEED_WRITE, false},
    {"execve", PATH_NEED_EXECUTE, false},
    {"dlopen", PATH_NEED_MAP, false},
};

/* open() is for reading, save where the configuration has nginx write. */
static bool is_written(const Diagnosis *diagnosis, const NginxIntents *intents)
{
    const NginxIntent *intent = NULL;

    while (intents && (intent = nginx_intent_find_path(intents, diagnosis->path, intent))) {
        switch (intent->kind) {
        case NGINX_INTENT_ERROR_LOG:
        case NGINX_INTENT_ACCESS_LOG:
        case NGINX_INTENT_CACHE_PATH:
        case NGINX_INTENT_TEMP_PATH:
        case NGINX_INTENT_STORE:
        case NGINX_INTENT_PID:
        case NGINX_INTENT_LOCK:
            return true;
        default:
            break;
        }
    }
    return false;
}

bool path_is_log(const char *path, const NginxIntents *intents)
{
    const NginxIntent *intent = NULL;

    while (path && intents && (intent = nginx_intent_find_path(intents, path, intent)))
        if (intent->kind == NGINX_INTENT_ERROR_LOG || intent->kind == NGINX_INTENT_ACCESS_LOG)
            return true;
    return false;
}

static bool has_level(const Diagnosis *diagnosis, const char *level)
{
    return streq(strempty(diagnosis->log_level), level);
}

bool path_operation_of(const Diagnosis *diagnosis, const NginxIntents *intents,
                       PathOperation *ret_operation)
{
    if (!diagnosis->operation || !diagnosis->path || diagnosis->path[0] != '/')
        return false;
    for (size_t i = 0; i < ELEMENTS_OF(operations); i++) {
        PathOperation operation = {
            .need = operations[i].need,
            .follow_last = !operations[i].not_followed,
            .by_master = !diagnosis->in_request &&
                         (has_level(diagnosis, "emerg") || has_level(diagnosis, "alert")),
            /* A static file that may not be read is an "error"; what nginx needs for itself
             * while it serves is "crit". */
            .may_create = has_level(diagnosis, "crit"),
        };

        if (!streq(operations[i].operation, diagnosis->operation))
            continue;
        if (operation.need == PATH_NEED_READ && streq(diagnosis->operation, "open") &&
            is_written(diagnosis, intents))
            operation.need = PATH_NEED_WRITE;
        *ret_operation = operation;
        return true;
    }
    return false;
}
