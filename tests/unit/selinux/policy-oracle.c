/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/unit/selinux/policy-oracle.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sepol/booleans.h>
#include <sepol/debug.h>
#include <sepol/policydb.h>

#include "daemon/selinux/libsepol.h"

#include <sepol/policydb/services.h>
#include <sepol/policydb/sidtab.h>

static sepol_handle_t *handle;
static sepol_policydb_t *policy;
static sidtab_t sids;

bool oracle_load(const char *path)
{
    sepol_policy_file_t *file = NULL;
    FILE *stream = fopen(path, "re");
    bool loaded;

    if (!stream)
        return false;
    handle = sepol_handle_create();
    sepol_msg_set_callback(handle, NULL, NULL);
    sepol_debug(0);
    if (!handle || sepol_policydb_create(&policy) < 0 || sepol_policy_file_create(&file) < 0)
        abort();
    sepol_policy_file_set_fp(file, stream);
    sepol_policy_file_set_handle(file, handle);
    loaded = sepol_policydb_read(policy, file) == 0;
    sepol_policy_file_free(file);
    (void)fclose(stream);
    if (!loaded)
        return false;
    sepol_set_policydb(&policy->p);
    sepol_set_sidtab(&sids);
    return policydb_load_isids(&policy->p, &sids) == 0;
}

void oracle_unload(void)
{
    sepol_sidtab_destroy(&sids);
    sepol_policydb_free(policy);
    sepol_handle_destroy(handle);
    policy = NULL;
    handle = NULL;
}

bool oracle_set_boolean(const char *name, bool value)
{
    sepol_bool_key_t *key = NULL;
    sepol_bool_t *boolean = NULL;
    bool done = false;

    if (sepol_bool_key_create(handle, name, &key) == 0 &&
        sepol_bool_query(handle, policy, key, &boolean) == 0 && boolean) {
        sepol_bool_set_value(boolean, value);
        done = sepol_bool_set(handle, policy, key, boolean) == 0;
    }
    sepol_bool_free(boolean);
    sepol_bool_key_free(key);
    return done;
}

static bool find_sid(const char *context, sepol_security_id_t *ret_sid)
{
    return sepol_context_to_sid(context, strlen(context) + 1, ret_sid) == 0;
}

bool oracle_is_valid(const char *context)
{
    sepol_security_id_t sid;

    return find_sid(context, &sid);
}

bool oracle_compute(const char *source, const char *target, uint32_t class, uint32_t requested,
                    uint32_t *ret_allowed, uint32_t *ret_audited, unsigned *ret_reason)
{
    struct sepol_av_decision decision = {};
    sepol_security_id_t source_sid, target_sid;
    unsigned reason = 0;

    if (!find_sid(source, &source_sid) || !find_sid(target, &target_sid))
        return false;
    if (sepol_compute_av_reason(source_sid, target_sid, (sepol_security_class_t) class, requested,
                                &decision, &reason) < 0)
        return false;
    *ret_allowed = decision.allowed;
    *ret_audited = decision.auditdeny;
    *ret_reason = reason;
    return true;
}
