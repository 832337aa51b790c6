/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/core/macro.h"
#include "daemon/remedy/audit-record.h"
#include "tests/unit/test.h"

#define HTTP "system_u:object_r:http_port_t:s0"
#define WEB  "system_u:object_r:httpd_sys_content_t:s0"

static void test_text(void **state _unused_)
{
    static const struct {
        Action action;
        ActionState from, to;
        const char *text; /* NULL: no record */
    } rows[] = {
        {{.kind = ACTION_SET_BOOLEAN, .name = (char *)"httpd_x"},
         {.policy = SETTING_OFF, .runtime = SETTING_OFF},
         {.policy = SETTING_ON, .runtime = SETTING_ON},
         "resrc=boolean op=modify bool=httpd_x val=1 old_val=0"},
        {{.kind = ACTION_SET_PORT, .protocol = (char *)"tcp", .low = 3000, .high = 3000},
         {},
         {.record = HTTP},
         "resrc=port op=add lport=3000 proto=6 tcontext=" HTTP},
        {{.kind = ACTION_SET_PORT, .protocol = (char *)"udp", .low = 7, .high = 9},
         {.record = WEB},
         {.record = HTTP},
         "resrc=port op=modify lport=7-9 proto=17 tcontext=" HTTP},
        {{.kind = ACTION_SET_PORT, .protocol = (char *)"tcp", .low = 3000, .high = 3000},
         {.record = HTTP},
         {},
         "resrc=port op=delete lport=3000 proto=6"},
        {{.kind = ACTION_SET_FILE_CONTEXT,
          .regex = (char *)"/srv(/.*)?",
          .file_type = (char *)"all"},
         {},
         {.record = WEB},
         "resrc=fcontext op=add tglob=\"/srv(/.*)?\" ftype=any tcontext=" WEB},
        /* A blank would begin another field. */
        {{.kind = ACTION_SET_FILE_CONTEXT, .regex = (char *)"/a b", .file_type = (char *)"dir"},
         {.record = WEB},
         {},
         "resrc=fcontext op=delete tglob=2F612062 ftype=dir"},
        {{.kind = ACTION_INSTALL_MODULE, .name = (char *)"selguard_x"},
         {},
         {.record = "ab"},
         "resrc=module op=add module=selguard_x"},
        {{.kind = ACTION_RELABEL, .path = (char *)"/srv", .recursive = true},
         {.record = WEB},
         {.local = SETTING_ON},
         "resrc=label op=relabel path=\"/srv\" recursive=1"},
        {{.kind = ACTION_RELABEL, .path = (char *)"/srv/a\nop=add"},
         {.local = SETTING_ON},
         {.record = WEB},
         "resrc=label op=restore path=2F7372762F610A6F703D616464 recursive=0"},
        {{.kind = ACTION_RELOAD_NGINX}, {}, {}, NULL},
    };

    for (size_t i = 0; i < ELEMENTS_OF(rows); i++) {
        char *text = audit_record_text(&rows[i].action, &rows[i].from, &rows[i].to);

        if (rows[i].text)
            assert_string_equal(text, rows[i].text);
        else
            assert_null(text);
        free(text);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {cmocka_unit_test(test_text)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
