/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Contexts that the policy gives to ports, nodes, interfaces, initial SIDs and file systems. */
#include <errno.h>
#include <string.h>

#include "daemon/selinux/policy-build.h"
#include "daemon/selinux/security-context.h"

static int copy_level(const Policy *policy, const mls_level_t *level, uint32_t *ret_sensitivity,
                      uint64_t *categories)
{
    uint32_t bit = 0;

    if (level->sens == 0 || level->sens > policy->n_sensitivities)
        return -EBADMSG;
    BITMAP_FOREACH (&level->cat, bit) {
        if (bit >= policy->n_categories)
            return -EBADMSG;
        categories[bit / 64] |= UINT64_C(1) << (bit % 64);
    }
    *ret_sensitivity = level->sens;
    return 0;
}

int policy_build_context(Policy *policy, const context_struct_t *context, const char **ret_text)
{
    size_t words = policy_category_words(policy);
    _cleanup_free_ uint64_t *categories = NULL;
    _cleanup_free_ char *text = NULL;
    SecurityContext built = {
        .user = context->user,
        .role = context->role,
        .type = context->type,
        .n_category_words = (uint32_t)words,
    };

    if (!policy_user_name(policy, context->user) || !policy_role_name(policy, context->role) ||
        !policy_type_name(policy, context->type))
        return -EBADMSG;
    if (policy->mls) {
        categories = calloc(2 * words + 1, sizeof(*categories));
        if (!categories)
            return -ENOMEM;
        for (unsigned i = 0; i < 2; i++) {
            int r;

            built.categories[i] = categories + i * words;
            r = copy_level(policy, &context->range.level[i], &built.sensitivity[i],
                           built.categories[i]);
            if (r < 0)
                return r;
        }
    }

    text = security_context_to_string(policy, /* hypothesis= */ NULL, &built);
    if (!text)
        return -ENOMEM;
    /* Neighbours are often the same. */
    if (*ret_text && streq(*ret_text, text))
        return 0;
    *ret_text = policy_copy_string(policy, text, strlen(text));
    return *ret_text ? 0 : -ENOMEM;
}

static size_t count_contexts(const policydb_t *db, unsigned kind)
{
    size_t n = 0;

    for (const ocontext_t *at = db->ocontexts[kind]; at; at = at->next)
        n++;
    return n;
}

static int build_initial(Policy *policy, const policydb_t *db)
{
    for (const ocontext_t *at = db->ocontexts[OCON_ISID]; at; at = at->next) {
        uint32_t sid = at->sid[0];
        int r;

        if (sid >= INITIAL_SID_COUNT)
            continue;
        r = policy_build_context(policy, &at->context[0], &policy->initial_contexts[sid]);
        if (r < 0)
            return r;
        policy->initial_types[sid] = at->context[0].type;
    }
    return 0;
}

static int build_ports(Policy *policy, const policydb_t *db)
{
    const char *context = NULL;

    policy->ports = policy_allocate(policy, count_contexts(db, OCON_PORT), sizeof(*policy->ports));
    if (!policy->ports)
        return -ENOMEM;
    for (const ocontext_t *at = db->ocontexts[OCON_PORT]; at; at = at->next) {
        int r = policy_build_context(policy, &at->context[0], &context);

        if (r < 0)
            return r;
        policy->ports[policy->n_ports++] = (PortRecord){
            .protocol = at->u.port.protocol,
            .low = at->u.port.low_port,
            .high = at->u.port.high_port,
            .type = at->context[0].type,
            .context = context,
        };
    }
    return 0;
}

static int build_nodes(Policy *policy, const policydb_t *db)
{
    const char *context = NULL;
    size_t n = count_contexts(db, OCON_NODE) + count_contexts(db, OCON_NODE6);

    policy->nodes = policy_allocate(policy, n, sizeof(*policy->nodes));
    if (!policy->nodes)
        return -ENOMEM;
    for (unsigned six = 0; six < 2; six++)
        for (const ocontext_t *at = db->ocontexts[six ? OCON_NODE6 : OCON_NODE]; at;
             at = at->next) {
            NodeRecord *node = &policy->nodes[policy->n_nodes];
            int r = policy_build_context(policy, &at->context[0], &context);

            if (r < 0)
                return r;
            node->length = six ? 16 : 4;
            memcpy(node->address, six ? (const void *)at->u.node6.addr : &at->u.node.addr,
                   node->length);
            memcpy(node->mask, six ? (const void *)at->u.node6.mask : &at->u.node.mask,
                   node->length);
            node->context = context;
            policy->n_nodes++;
        }
    return 0;
}

static int build_netifs(Policy *policy, const policydb_t *db)
{
    const char *context = NULL;

    policy->netifs =
        policy_allocate(policy, count_contexts(db, OCON_NETIF), sizeof(*policy->netifs));
    if (!policy->netifs)
        return -ENOMEM;
    for (const ocontext_t *at = db->ocontexts[OCON_NETIF]; at; at = at->next) {
        NetifRecord *netif = &policy->netifs[policy->n_netifs];
        int r = policy_build_context(policy, &at->context[0], &context);

        if (r < 0)
            return r;
        if (!at->u.name)
            return -EBADMSG;
        netif->name = policy_copy_string(policy, at->u.name, strlen(at->u.name));
        netif->context = context;
        if (!netif->name)
            return -ENOMEM;
        policy->n_netifs++;
    }
    return 0;
}

/* The root of the root file system is labelled as any directory, once it is mounted. */
static int build_mounts(Policy *policy, const policydb_t *db)
{
    for (const genfs_t *fs = db->genfs; fs; fs = fs->next)
        for (const ocontext_t *at = fs->head; at; at = at->next) {
            const uint32_t type = at->context[0].type;

            if (!fs->fstype || !at->u.name || type == 0 || type > policy->n_types)
                return -EBADMSG;
            if (streq(at->u.name, "/") && !streq(fs->fstype, "rootfs"))
                policy->types[type - 1].is_from_mount = true;
        }
    return 0;
}

int policy_build_networks(Policy *policy, const struct policydb *db, const char **ret_problem)
{
    int (*const steps[])(Policy *, const policydb_t *) = {
        build_initial, build_ports, build_nodes, build_netifs, build_mounts,
    };

    for (size_t i = 0; i < ELEMENTS_OF(steps); i++) {
        int r = steps[i](policy, db);

        if (r < 0)
            *ret_problem =
                "the context of a port, node, interface, file system or initial SID is not valid";
        if (r < 0)
            return r;
    }
    return 0;
}
