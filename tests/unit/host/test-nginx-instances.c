/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Titles of master processes, as nginx writes them and as others might. */
#include <errno.h>

#include "daemon/core/macro.h"
#include "daemon/core/text.h"
#include "daemon/host/nginx-instances.h"
#include "tests/unit/test.h"

static void test_titles(void **state _unused_)
{
    static const struct {
        const char *title;
        const char *path; /* NULL: none */
    } rows[] = {
        {"nginx: master process nginx -c /etc/nginx-second/nginx.conf",
         "/etc/nginx-second/nginx.conf"},
        {"nginx: master process /usr/sbin/nginx -c /etc/a.conf -g daemon off;", "/etc/a.conf"},
        {"nginx: master process nginx -c/etc/b.conf", "/etc/b.conf"},
        {"nginx: master process nginx -c /etc/a.conf -c /etc/b.conf", "/etc/b.conf"},
        {"nginx: master process /usr/sbin/nginx -g daemon on; master_process on;", NULL},
        {"nginx: master process nginx -c conf/nginx.conf", NULL},
        {"nginx: master process nginx -c", NULL},
        {"nginx: master process ", NULL},
        {"nginx: worker process -c /etc/a.conf", NULL},
        {"evil nginx: master process nginx -c /etc/a.conf", NULL},
        {"", NULL},
    };

    for (size_t i = 0; i < ELEMENTS_OF(rows); i++) {
        _cleanup_free_ char *path = NULL;
        int r = nginx_title_configuration(rows[i].title, &path);

        assert_int_equal(r, rows[i].path ? 0 : -ENOENT);
        if (rows[i].path)
            assert_string_equal(path, rows[i].path);
        else
            assert_null(path);
    }
}

/* Whatever runs here: it looks through all processes. */
static void test_search(void **state _unused_)
{
    _cleanup_strv_ char **paths = NULL;

    assert_int_equal(nginx_instances_find(&paths), 0);
    STRV_FOREACH (path, paths)
        assert_int_equal((*path)[0], '/');
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_titles),
        cmocka_unit_test(test_search),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
