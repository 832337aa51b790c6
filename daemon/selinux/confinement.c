/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/selinux/confinement.h"

#include <errno.h>
#include <string.h>

#include <selinux/selinux.h>

#include "daemon/core/access.h"
#include "daemon/core/text.h"
#include "daemon/selinux/kernel.h"
#include "daemon/selinux/labels.h"

const char *confinement_judge(const ConfinementFacts *facts)
{
    if (facts->permissive)
        return "is permissive: nothing is denied to it";
    if (facts->may_set_enforcing)
        return "may switch SELinux off";
    if (facts->may_load_policy)
        return "may load another policy";
    if (facts->init_type && streq(facts->type, facts->init_type))
        return "is the domain of PID 1";
    return NULL;
}

static char *copy_type(const char *context)
{
    size_t length;
    const char *type = context_type(context, &length);

    return type ? strndup(type, length) : NULL;
}

/* What the kernel checks its own interface by is the label of selinuxfs. */
static int ask(const char *context, const char *security, const char *permission,
               bool *ret_permissive)
{
    Access access = {};
    int r = access_init(&access, context, security, "security", permission);

    if (r < 0)
        return r;
    r = kernel_ask(&access, ret_permissive);
    access_clear(&access);
    return r;
}

int confinement_read(char **ret_why)
{
    _cleanup_free_ char *type = NULL;
    _cleanup_free_ char *init_type = NULL;
    char *context = NULL, *init_context = NULL, *security = NULL;
    ConfinementFacts facts = {};
    const char *why;
    int enforcing = -EIO, loading = -EIO;
    int r;

    r = kernel_read_own_context(&context);
    if (r < 0)
        return r;
    r = file_label_read("/sys/fs/selinux/policy", &security);
    if (r >= 0) {
        enforcing = ask(context, security, "setenforce", &facts.permissive);
        loading = ask(context, security, "load_policy", NULL);
        /* Not known is no reason to call it confined, nor to call it not. */
        r = enforcing < 0 ? enforcing : loading < 0 ? loading : 0;
    }
    if (getpidcon_raw(1, &init_context) >= 0)
        init_type = copy_type(init_context);
    type = copy_type(context);
    if (r >= 0 && !type)
        r = -EINVAL;
    freecon(context);
    freecon(init_context);
    freecon(security);
    if (r < 0)
        return r;

    facts.type = type;
    facts.init_type = init_type;
    facts.may_set_enforcing = enforcing > 0;
    facts.may_load_policy = loading > 0;
    why = confinement_judge(&facts);
    if (!why)
        return 1;
    *ret_why = format_string("its domain %s %s", type, why);
    return *ret_why ? 0 : -ENOMEM;
}
