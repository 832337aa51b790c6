/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/diagnose/relabel-exposure.h"

#include <errno.h>

#include "daemon/core/macro.h"
#include "daemon/core/text.h"
#include "daemon/selinux/decide.h"

typedef struct Relabel {
    Fix *fix;
    const Hypothesis *hypothesis;
    uint32_t old_type, new_type;
    char **domains; /* that gain */
} Relabel;

static int add_change(AccessChange **list, size_t *n, const Policy *policy, uint32_t domain,
                      uint32_t type, uint32_t class, uint32_t permissions)
{
    AccessChange change = {}, *grown;

    if (*n >= EXPOSURE_GAINS_MAX)
        return 0;
    change.domain = strdup(policy_type_name(policy, domain));
    change.target_type = strdup(policy_type_name(policy, type));
    change.target_class = strdup(policy_class_name(policy, class));
    change.permissions = policy_permissions_to_string(policy, class, permissions);
    grown = reallocarray(*list, *n + 1, sizeof(*grown));
    if (grown)
        *list = grown;
    if (!grown || !change.domain || !change.target_type || !change.target_class ||
        !change.permissions) {
        access_change_clear(&change);
        return -ENOMEM;
    }
    grown[(*n)++] = change;
    return 0;
}

static int compare_domain(Relabel *relabel, uint32_t domain, uint32_t class)
{
    const Policy *policy = hypothesis_policy(relabel->hypothesis);
    Exposure *exposure = &relabel->fix->exposure;
    uint32_t before =
        decide_allowed_by_rules(relabel->hypothesis, domain, relabel->old_type, class);
    uint32_t after = decide_allowed_by_rules(relabel->hypothesis, domain, relabel->new_type, class);
    const char *name = policy_type_name(policy, domain);
    int r = 0;

    if (after & ~before) {
        exposure->gains_total++;
        r = add_change(&exposure->gains, &exposure->n_gains, policy, domain, relabel->new_type,
                       class, after & ~before);
        if (r >= 0 && !strv_contains(relabel->domains, name))
            r = strv_append(&relabel->domains, name);
    }
    if (r >= 0 && (before & ~after)) {
        relabel->fix->breaks_total++;
        r = add_change(&relabel->fix->breaks, &relabel->fix->n_breaks, policy, domain,
                       relabel->old_type, class, before & ~after);
    }
    return r;
}

static int compare_classes(Relabel *relabel, uint32_t domain, const char *class_name, bool tree)
{
    static const char *const classes[] = {"file", "dir", "lnk_file", "sock_file"};
    const Policy *policy = hypothesis_policy(relabel->hypothesis);
    int r = 0;

    for (size_t i = 0; i < ELEMENTS_OF(classes) && r >= 0; i++) {
        uint32_t class = policy_find_class(policy, classes[i]);

        if (class && (tree || streq(classes[i], class_name)))
            r = compare_domain(relabel, domain, class);
    }
    return r;
}

static int publish_domains(Relabel *relabel)
{
    Exposure *exposure = &relabel->fix->exposure;

    strv_sort(relabel->domains);
    exposure->n_domains += strv_length(relabel->domains);
    STRV_FOREACH (domain, relabel->domains)
        if (strv_length(exposure->domains) < EXPOSURE_TYPES_MAX &&
            !strv_contains(exposure->domains, *domain) &&
            strv_append(&exposure->domains, *domain) < 0)
            return -ENOMEM;
    return 0;
}

int relabel_exposure_add(Fix *fix, const Hypothesis *hypothesis, const char *focus,
                         const char *old_type, const char *new_type, const char *class_name,
                         bool tree)
{
    const Policy *policy = hypothesis_policy(hypothesis);
    const uint32_t attribute = policy_find_attribute(policy, "domain");
    const uint32_t first = policy_find_type(policy, focus);
    Relabel relabel = {
        .fix = fix,
        .hypothesis = hypothesis,
        .old_type = policy_find_type(policy, old_type),
        .new_type = policy_find_type(policy, new_type),
    };
    int r;

    if (!relabel.old_type || !relabel.new_type || !first)
        return -ENOENT;
    r = compare_classes(&relabel, first, class_name, tree);
    /* Without that attribute, every type is asked: what is no process has no rules. */
    for (uint32_t type = 1; r >= 0 && type <= policy_n_types(policy); type++) {
        if (type == first || !policy_type_name(policy, type) ||
            policy_type_is_attribute(policy, type) ||
            (attribute && !policy_type_has_attribute(policy, type, attribute)))
            continue;
        r = compare_classes(&relabel, type, class_name, tree);
    }
    if (r >= 0 && relabel.domains)
        r = publish_domains(&relabel);
    if (r >= 0 && fix->exposure.n_gains > 0) {
        fix->exposure.n_types++;
        r = strv_append(&fix->exposure.types, policy_type_name(policy, relabel.new_type));
    }
    strv_free(relabel.domains);
    return r;
}
