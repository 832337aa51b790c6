/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
/* cmocka wants the above first */
#include <cmocka.h>

#include "daemon/core/text.h"
#include "tests/bus/harness.h"
#include "tests/bus/introspection.h"

/* The interface's elements of an introspection text, one a line, the attributes of each sorted;
 * the elements in the order they are in. */
static char *summarize(const char *xml, const char *interface)
{
    _cleanup_free_ char *start_tag = format_string("<interface name=\"%s\"", interface);
    const char *at = strstr(xml, start_tag);
    const char *end = at ? strstr(at, "</interface>") : NULL;
    char *summary = strdup("");

    assert_non_null(end);
    for (at++; (at = strchr(at, '<')) && at < end;) {
        _cleanup_free_ char *tag = NULL;
        _cleanup_strv_ char **parts = NULL;
        _cleanup_free_ char *old = NULL;
        const char *close;

        if (strncmp(at, "<!--", 4) == 0) {
            at = strstr(at, "-->");
            assert_non_null(at);
            continue;
        }
        close = strchr(at, '>');
        assert_non_null(close);
        tag = strndup(at + 1, (size_t)(close - at - 1));
        at = close;
        if (tag[0] == '/' || strncmp(tag, "annotation", 10) == 0)
            continue;
        if (tag[strlen(tag) - 1] == '/')
            tag[strlen(tag) - 1] = '\0';
        /* Attributes may come in any order. */
        parts = strv_split(tag, " \n");
        strv_sort(parts);
        free(tag);
        tag = strv_join(parts, " ");
        old = summary;
        summary = format_string("%s%s\n", old, tag);
    }
    return summary;
}

void introspection_compare(sd_bus *bus, const char *service, const char *file, const char *path,
                           const char *interface)
{
    _cleanup_free_ char *file_path =
        format_string("%s/dbus/%s", getenv("SELGUARD_SOURCE_ROOT"), file);
    size_t size = 0;
    _cleanup_free_ char *documented_xml = harness_read(file_path, &size);
    _cleanup_free_ char *documented = NULL, *running = NULL;
    sd_bus_message *reply = NULL;
    const char *xml;

    assert_non_null(documented_xml);
    assert_true(sd_bus_call_method(bus, service, path, "org.freedesktop.DBus.Introspectable",
                                   "Introspect", NULL, &reply, NULL) >= 0);
    assert_true(sd_bus_message_read(reply, "s", &xml) > 0);
    documented = summarize(documented_xml, interface);
    running = summarize(xml, interface);
    assert_string_equal(documented, running);
    assert_true(strlen(documented) > 100);
    sd_bus_message_unref(reply);
}
