/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/selinux/module-fit.h"

#include <errno.h>
#include <stdio.h>

#include <selinux/selinux.h>

#include "daemon/core/access.h"
#include "daemon/core/text.h"
#include "daemon/selinux/kernel.h"

ModuleFit module_fit_judge(bool has_own, bool has_next)
{
    if (!has_own)
        return MODULE_OLDER;
    return has_next ? MODULE_NEWER : MODULE_FITS;
}

const char *module_fit_to_string(ModuleFit fit)
{
    switch (fit) {
    case MODULE_OLDER:
        return "the module that is loaded is older than this program, which may be denied what it "
               "needs";
    case MODULE_NEWER:
        return "the module that is loaded is newer than this program, which works as before";
    case MODULE_FITS:
        break;
    }
    return NULL;
}

/* Returns 1, 0, or a negative errno. */
static int has_revision(unsigned revision)
{
    char type[sizeof "selguard_revision_4294967295_t"];

    (void)snprintf(type, sizeof type, "selguard_revision_%u_t", revision);
    return kernel_has_type(type);
}

static bool is_ours(const char *context)
{
    char type[sizeof "selguard_remedy_t"];

    return context_type_copy(context, type, sizeof type) >= 0 &&
           (streq(type, "selguard_t") || streq(type, "selguard_remedy_t"));
}

static int read_for(const char *own, ModuleFit *ret_fit)
{
    int has_own, has_next;

    if (!is_ours(own))
        return -ENOENT;
    has_own = has_revision(MODULE_REVISION);
    if (has_own < 0)
        return has_own;
    has_next = has_revision(MODULE_REVISION + 1);
    if (has_next < 0)
        return has_next;
    *ret_fit = module_fit_judge(has_own > 0, has_next > 0);
    return 0;
}

int module_fit_read(ModuleFit *ret_fit)
{
    char *own = NULL;
    int r = kernel_read_own_context(&own);

    if (r >= 0)
        r = read_for(own, ret_fit);
    freecon(own);
    return r;
}
