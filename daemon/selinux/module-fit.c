/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/selinux/module-fit.h"

#include <errno.h>
#include <string.h>

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

char *module_fit_context(const char *context, unsigned revision)
{
    size_t length;
    const char *type = context_type(context, &length);

    if (!type)
        return NULL;
    return format_string("%.*s:object_r:selguard_revision_%u_t%s", (int)strcspn(context, ":"),
                         context, revision, type + length);
}

/* Returns 1, 0, or a negative errno. */
static int ask(const char *own, unsigned revision)
{
    _cleanup_free_ char *context = module_fit_context(own, revision);

    if (!context)
        return -ENOMEM;
    errno = 0;
    if (security_check_context_raw(context) >= 0)
        return 1;
    return errno == EINVAL ? 0 : errno != 0 ? -errno : -EIO;
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
    has_own = ask(own, MODULE_REVISION);
    if (has_own < 0)
        return has_own;
    has_next = ask(own, MODULE_REVISION + 1);
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
