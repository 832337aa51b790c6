/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which type a file should have for what nginx wants of it: by what the policy lets domains do
 * with the type. Names are only a preference among those that do.
 */
#include "daemon/core/macro.h"
#include "daemon/core/text.h"
#include "daemon/diagnose/candidates-file-internal.h"
#include "daemon/diagnose/path-need.h"
#include "daemon/selinux/type-traits.h"

static Purpose find_purpose(const Diagnosis *diagnosis, const NginxIntents *intents)
{
    const char *operation = strempty(diagnosis->operation);
    PathOperation wanted;

    if (diagnosis->target_kind == TARGET_SOCKET)
        return PURPOSE_SOCKET;
    if (starts_with(operation, "certificate"))
        return PURPOSE_CERTIFICATE;
    if (path_is_log(diagnosis->path, intents) ||
        (diagnosis->path && starts_with(diagnosis->path, "/var/log/")))
        return PURPOSE_LOG;
    /* A directory that may not be searched says nothing of what was wanted behind it. */
    if (path_operation_of(diagnosis, intents, &wanted) &&
        (wanted.need == PATH_NEED_WRITE || wanted.need == PATH_NEED_CREATE ||
         wanted.need == PATH_NEED_REMOVE))
        return PURPOSE_WRITE;
    if (words_overlap(diagnosis->access.permissions,
                      "write append create add_name remove_name unlink rename rmdir link setattr"))
        return PURPOSE_WRITE;
    return PURPOSE_READ;
}

/* Whether a domain could do with the type what the purpose takes, and no more than that. */
static bool type_fits(const TypeUse *use, Purpose purpose)
{
    switch (purpose) {
    case PURPOSE_READ:
    case PURPOSE_CERTIFICATE:
        return use->file_read && use->dir_search && !use->file_write;
    case PURPOSE_WRITE:
        return use->file_read && use->file_create && use->dir_write;
    case PURPOSE_SOCKET:
        return use->socket_connect && use->dir_search;
    case PURPOSE_LOG:
        return use->file_write && use->dir_search;
    }
    return false;
}

static const char *const *preferred_types(Purpose purpose)
{
    static const char *const read[] = {"httpd_sys_content_t", NULL};
    static const char *const write[] = {"httpd_sys_rw_content_t", "httpd_cache_t", NULL};
    static const char *const socket[] = {"httpd_var_run_t", "httpd_runtime_t", NULL};
    static const char *const log[] = {"httpd_log_t", NULL};
    static const char *const certificate[] = {"cert_t", NULL};

    switch (purpose) {
    case PURPOSE_READ:
        return read;
    case PURPOSE_WRITE:
        return write;
    case PURPOSE_SOCKET:
        return socket;
    case PURPOSE_LOG:
        return log;
    case PURPOSE_CERTIFICATE:
        return certificate;
    }
    return read;
}

static bool usable(const FileContext *context, const char *type, TypeTraits *ret_traits)
{
    const Hypothesis *current = context->base->current;
    TypeUse use;

    return !streq(type, context->type) &&
           type_use_read(current, context->domain, type, &use) >= 0 &&
           type_fits(&use, context->purpose) && type_traits_read(current, type, ret_traits) >= 0 &&
           type_traits_suit_files(ret_traits) &&
           (!ret_traits->holds_secrets || context->purpose == PURPOSE_CERTIFICATE);
}

/* Whether a name is of the web server's own family: "httpd_…" for httpd_t. */
static bool is_of_family(const char *name, const char *domain)
{
    const char *underscore = strrchr(domain, '_');

    return underscore && strncmp(name, domain, (size_t)(underscore - domain) + 1) == 0;
}

/* Among the types that fit, of the family or of all, the one that the fewest domains may write, and
 * then read: it is there for this one. */
static const char *search_type(const FileContext *context, bool of_family)
{
    const Policy *policy = hypothesis_policy(context->base->current);
    const char *best = NULL;
    TypeTraits best_traits = {};

    for (uint32_t type = 1; type <= policy_n_types(policy); type++) {
        const char *name = policy_type_name(policy, type);
        TypeTraits traits;

        if (!name || policy_type_is_attribute(policy, type) ||
            is_of_family(name, context->domain) != of_family || !usable(context, name, &traits))
            continue;
        if (!best || traits.writers < best_traits.writers ||
            (traits.writers == best_traits.writers && traits.readers < best_traits.readers)) {
            best = name;
            best_traits = traits;
        }
    }
    return best;
}

const char *file_context_choose_type(const FileContext *context)
{
    const Policy *policy = hypothesis_policy(context->base->current);
    const char *best;
    TypeTraits traits;

    for (const char *const *name = preferred_types(context->purpose); *name; name++) {
        uint32_t type = policy_find_type(policy, *name); /* it may be an alias of this policy */
        const char *primary = type ? policy_type_name(policy, type) : NULL;

        if (primary && usable(context, primary, &traits))
            return primary;
    }
    /* The family's types are what an administrator would look for. */
    best = search_type(context, /* of_family= */ true);
    return best ? best : search_type(context, /* of_family= */ false);
}

int file_context_init(FileContext *context, Diagnosis *diagnosis, const CandidateContext *base)
{
    int r;

    *context = (FileContext){.base = base, .diagnosis = diagnosis};
    r = context_type_copy(diagnosis->access.source_context, context->domain,
                          sizeof(context->domain));
    if (r >= 0)
        r = context_type_copy(diagnosis->access.target_context, context->type,
                              sizeof(context->type));
    context->purpose = find_purpose(diagnosis, base->intents);
    context->on_the_way = diagnosis->path_from_log && streq(diagnosis->access.target_class, "dir");
    return r;
}
