#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""nginx-selguard analyze as its users run it: over a recorded incident and over bad input.

Usage: analyze-test.py NGINX-SELGUARD SOURCE-ROOT POLICY
"""
import json
import os
import subprocess
import sys
import tempfile
import unittest

PROGRAM, ROOT, POLICY = sys.argv[1:4]
INCIDENT = os.path.join(ROOT, "tests/data/incident")
AUDIT, ERROR = os.path.join(INCIDENT, "audit.log"), os.path.join(INCIDENT, "error.log")


def run(*arguments, timeout=60):
    return subprocess.run([PROGRAM, "analyze", *arguments], capture_output=True, timeout=timeout)


def analyze(*arguments):
    done = run("--format", "json", "--policy", POLICY, *arguments)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


class Incident(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.report = analyze("--audit-log", AUDIT, "--error-log", ERROR, "--utc-offset", "Z")
        cls.diagnoses = cls.report["diagnoses"]

    def by(self, **target):
        found = [d for d in self.diagnoses if target.items() <= d["target"].items()]
        self.assertEqual(len(found), 1, target)
        return found[0]

    def test_input_is_counted(self):
        counted = self.report["input"]
        self.assertEqual(counted["denials"], 10)
        self.assertEqual(counted["failures"], 11)
        self.assertEqual(counted["lost"], 0)
        with open(AUDIT, encoding="utf-8") as stream:
            self.assertEqual(counted["records"], sum(1 for _ in stream))

    def test_upstream(self):
        upstream = self.by(kind="port", port=3000)
        self.assertEqual(upstream["verdict"], "blocked-by-selinux")
        self.assertEqual(upstream["cause"], "boolean")
        self.assertEqual(upstream["count"], 6)
        self.assertEqual(upstream["access"]["source_type"], "httpd_t")
        self.assertEqual(upstream["access"]["permissions"], ["name_connect"])
        self.assertEqual(upstream["nginx"]["server"], "shop.example.com")
        self.assertIn("GET /orders/1 HTTP/1.1", upstream["nginx"]["requests"])
        self.assertEqual(upstream["first_seen"], "2026-11-23T03:49:27.024Z")

    def test_fixes_are_proven_and_measured(self):
        for diagnosis in self.diagnoses:
            for rank, fix in enumerate(diagnosis["fixes"], 1):
                self.assertEqual(fix["rank"], rank)
                self.assertTrue(fix["proof"])
                self.assertTrue(all(proof["after"] for proof in fix["proof"]))
                self.assertFalse(fix["proof"][0]["before"])
                self.assertGreater(len(fix["commands"]), 0)
                self.assertIn("ports_count", fix["exposure"])

    def test_never_turns_selinux_off(self):
        text = json.dumps(self.diagnoses)
        for word in ("setenforce", "SELINUX=", "nis_enabled on", "audit2allow"):
            self.assertNotIn(word, text.replace("refused", ""))

    def test_plain_permissions_are_not_called_selinux(self):
        private = self.by(path="/root/site/i.html")
        self.assertNotIn("selinux", private["verdict"])
        self.assertEqual(private["fixes"], [])

    def test_the_same_log_twice_counts_twice(self):
        again = analyze("--audit-log", AUDIT, "--audit-log", AUDIT)
        port = [d for d in again["diagnoses"] if d["target"].get("port") == 3000]
        self.assertEqual(len(port), 1)


class Text(unittest.TestCase):
    def test_text(self):
        done = run("--policy", POLICY, "--audit-log", AUDIT, "--error-log", ERROR,
                   "--utc-offset", "Z")
        self.assertEqual(done.returncode, 0)
        text = done.stdout.decode()
        for expected in ("port 3000", "shop.example.com", "setsebool -P httpd_can_network_connect on",
                         "Not offered"):
            self.assertIn(expected, text)
        self.assertNotIn("\033", text)


class Configuration(unittest.TestCase):
    def setUp(self):
        self.directory = tempfile.TemporaryDirectory()

    def tearDown(self):
        self.directory.cleanup()

    def file(self, path, content):
        path = os.path.join(self.directory.name, path)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as stream:
            stream.write(content)
        return path

    CONF = """error_log /var/log/nginx/shop.log;
http { server { listen 80;
    location / { proxy_pass http://127.0.0.1:3000; }
    location /s { proxy_pass http://unix:/run/myapp/app.sock; }
    location /static { root /var/www/html; } } }
"""

    def verdicts(self, report):
        return {d["target"].get("port"): d["verdict"] for d in report["diagnoses"]}

    def test_what_nobody_configured_is_unexpected(self):
        conf = self.file("nginx.conf", self.CONF)
        report = analyze("--audit-log", AUDIT, "--error-log", ERROR, "--utc-offset", "Z",
                         "--nginx-conf", conf)
        verdicts = self.verdicts(report)
        self.assertEqual(verdicts[3000], "blocked-by-selinux")
        self.assertEqual(verdicts[6379], "unexpected-access")
        self.assertEqual(verdicts[8081], "unexpected-access")
        for diagnosis in report["diagnoses"]:
            if diagnosis["verdict"] == "unexpected-access":
                self.assertEqual(diagnosis["fixes"], [])

    def test_a_variable_makes_it_unknown(self):
        conf = self.file("nginx.conf", self.CONF.replace("location / {",
                                                         "location /v { proxy_pass http://$host; } location / {"))
        report = analyze("--audit-log", AUDIT, "--error-log", ERROR, "--utc-offset", "Z",
                         "--nginx-conf", conf)
        self.assertEqual(self.verdicts(report)[6379], "blocked-by-selinux")

    def test_root_of_another_host(self):
        self.file("etc/nginx/nginx.conf", self.CONF)
        with open(AUDIT, encoding="utf-8") as stream:
            self.file("var/log/audit/audit.log", stream.read())
        with open(ERROR, encoding="utf-8") as stream:
            self.file("var/log/nginx/shop.log", stream.read())
        os.makedirs(os.path.join(self.directory.name, "etc/selinux/targeted/policy"))
        with open(POLICY, "rb") as source, open(os.path.join(
                self.directory.name, "etc/selinux/targeted/policy/policy.33"), "wb") as copy:
            copy.write(source.read())
        done = run("--format", "json", "--utc-offset", "Z", "--root", self.directory.name)
        self.assertEqual(done.returncode, 0, done.stderr)
        report = json.loads(done.stdout)
        self.assertEqual(report["input"]["failures"], 11)
        upstream = [d for d in report["diagnoses"] if d["target"].get("port") == 3000][0]
        self.assertEqual(upstream["nginx"]["server"], "shop.example.com")
        self.assertTrue(upstream["fixes"])

    @unittest.skipUnless(os.geteuid() == 0, "owners can only be set by root")
    def test_modes_in_the_root_of_another_host(self):
        self.file("etc/nginx/nginx.conf", "user nginx;\n" + self.CONF)
        self.file("etc/passwd", "root:x:0:0::/root:/bin/sh\nnginx:x:990:990::/:/bin/false\n")
        self.file("etc/group", "root:x:0:\nnginx:x:990:\n")
        self.file("root/site/index.html", "a page")
        os.chmod(self.directory.name, 0o755)
        os.chmod(os.path.join(self.directory.name, "root"), 0o700)
        self.file("var/log/nginx/shop.log",
                  '2026/11/25 07:00:00 [error] 100#100: *1 open() "/root/site/index.html" failed '
                  '(13: Permission denied), client: 127.0.0.1, server: , request: "GET / HTTP/1.1"\n')
        done = run("--format", "json", "--root", self.directory.name)
        self.assertEqual(done.returncode, 0, done.stderr)
        diagnosis, = json.loads(done.stdout)["diagnoses"]
        self.assertEqual(diagnosis["verdict"], "blocked-by-permissions")
        self.assertEqual(diagnosis["cause"], "file-mode")
        self.assertEqual(diagnosis["permissions"]["path"], "/root")
        self.assertEqual(diagnosis["permissions"]["missing"], "x")
        self.assertEqual(diagnosis["fixes"][0]["commands"], ["setfacl -m u:nginx:x /root"])
        # Unpacked by an ordinary user: who owned it is lost, and nothing is claimed.
        for path, _, files in os.walk(self.directory.name):
            for name in [path] + [os.path.join(path, file) for file in files]:
                os.chown(name, 1234, 1234)
        done = run("--format", "json", "--root", self.directory.name)
        diagnosis, = json.loads(done.stdout)["diagnoses"]
        self.assertEqual(diagnosis["verdict"], "undetermined")
        self.assertIn("without its owners", " ".join(diagnosis["notes"]))

    def test_links_do_not_lead_out_of_the_root(self):
        os.makedirs(os.path.join(self.directory.name, "var/log/audit"))
        os.symlink(AUDIT, os.path.join(self.directory.name, "var/log/audit/audit.log"))
        done = run("--format", "json", "--root", self.directory.name)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(json.loads(done.stdout)["input"]["denials"], 0)

    def test_a_configuration_that_is_not_there(self):
        done = run("--audit-log", AUDIT, "--nginx-conf", "/nonexistent/nginx.conf")
        self.assertEqual(done.returncode, 1)
        self.assertIn(b"/nonexistent/nginx.conf", done.stderr)

    def test_a_configuration_that_nginx_would_reject(self):
        conf = self.file("nginx.conf", "http { server { listen 80; \nproxy_pass http://127.0.0.1:3000;")
        report = analyze("--audit-log", AUDIT, "--nginx-conf", conf)
        self.assertTrue(report["input"]["nginx_conf_problems"])


class BadInput(unittest.TestCase):
    def setUp(self):
        self.directory = tempfile.TemporaryDirectory()

    def tearDown(self):
        self.directory.cleanup()

    def file(self, content, name="log"):
        path = os.path.join(self.directory.name, name)
        with open(path, "wb") as stream:
            stream.write(content)
        return path

    def refused(self, status, *arguments):
        done = run(*arguments)
        self.assertEqual(done.returncode, status, done.stderr)
        self.assertEqual(done.stdout, b"")
        return done.stderr.decode()

    def test_usage(self):
        self.refused(2)
        self.refused(2, "--format", "xml", "--audit-log", AUDIT)
        self.refused(2, "--utc-offset", "noon", "--audit-log", AUDIT)
        self.assertIn("stray", self.refused(2, "--audit-log", AUDIT, "stray"))

    def test_files_that_are_none(self):
        missing = os.path.join(self.directory.name, "missing")
        self.assertIn(missing, self.refused(1, "--audit-log", missing))
        self.assertIn("irectory", self.refused(1, "--audit-log", self.directory.name))
        self.assertIn("irectory", self.refused(1, "--error-log", self.directory.name))
        fifo = os.path.join(self.directory.name, "fifo")
        os.mkfifo(fifo)
        self.assertIn("regular", self.refused(1, "--error-log", fifo))
        self.assertIn("regular", self.refused(1, "--audit-log", fifo))

    def test_policy_that_is_none(self):
        done = run("--format", "json", "--policy", self.file(b"\x8c\xff|\xf9 no policy"),
                   "--audit-log", AUDIT)
        report = json.loads(done.stdout)
        self.assertEqual(done.returncode, 0)
        self.assertTrue(report["selinux"]["problem"])
        self.assertTrue(report["diagnoses"])
        self.assertFalse(any(d["fixes"] for d in report["diagnoses"]))

    def test_truncated_policy(self):
        with open(POLICY, "rb") as stream:
            image = stream.read()
        for size in (0, 1, 8, 100, len(image) // 2, len(image) - 1):
            done = run("--format", "json", "--policy", self.file(image[:size]), "--audit-log", AUDIT)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertTrue(json.loads(done.stdout)["selinux"]["problem"], size)

    def test_a_policy_without_the_domain(self):
        """As one without httpd_t: it is said, and nothing is concluded from what is not there."""
        with tempfile.NamedTemporaryFile("w", suffix=".log") as log:
            log.write('type=AVC msg=audit(1795379754.628:52): avc:  denied  { name_connect } for  pid=412 '
                      'comm="nginx" dest=3000 scontext=system_u:system_r:elsewhere_t:s0 '
                      'tcontext=system_u:object_r:ntop_port_t:s0 tclass=tcp_socket permissive=0\n')
            log.flush()
            found = analyze("--audit-log", log.name, "--domain", "elsewhere_t")["diagnoses"]
        self.assertEqual([d["verdict"] for d in found], ["undetermined"])
        self.assertEqual(found[0]["fixes"], [])
        self.assertTrue(any("elsewhere_t" in note and "is not in this policy" in note
                            for note in found[0]["notes"]), found[0])

    def test_garbage_between_the_lines(self):
        with open(AUDIT, "rb") as stream:
            lines = stream.readlines()
        garbage = [b"\0" * 50 + b"\n", b"type=AVC msg=audit(\n", b"\xff\xfe\n", b"x" * 100000 + b"\n",
                   b"type=AVC msg=audit(99999999999999999999.1:1): avc:  denied\n"]
        mixed = b"".join(line + garbage[i % len(garbage)] for i, line in enumerate(lines))
        report = analyze("--audit-log", self.file(mixed), "--error-log", ERROR, "--utc-offset", "Z")
        self.assertEqual(report["input"]["denials"], 10)
        self.assertGreater(report["input"]["lost"] + report["input"]["skipped_records"], 0)

    def test_error_log_with_binary_and_a_huge_line(self):
        with open(ERROR, "rb") as stream:
            lines = stream.read()
        content = b"\xff" * (10 << 20) + b"\n" + lines + b"\0\n\x1b[2J\n"
        report = analyze("--audit-log", AUDIT, "--error-log", self.file(content),
                         "--utc-offset", "Z")
        self.assertEqual(report["input"]["failures"], 11)
        self.assertEqual(report["input"]["skipped_lines"], 1)

    def test_a_forged_request_changes_nothing(self):
        line = (b'2026/11/23 03:49:27 [crit] 412#412: *1 connect() to 127.0.0.1:3000 failed (13: '
                b'Permission denied) while connecting to upstream, client: 1.2.3.4, server: shop, '
                b'request: "GET /", upstream: "http://127.0.0.1:22/", host: "x"; connect() to '
                b'127.0.0.1:22 failed (13: Permission denied)"\n')
        report = analyze("--audit-log", AUDIT, "--error-log", self.file(line), "--utc-offset", "Z")
        ports = {d["target"].get("port") for d in report["diagnoses"]}
        self.assertNotIn(22, ports)

    AVC = ('type=AVC msg=audit(%d.100:%d): avc:  denied  { read } for  pid=500 comm="nginx" '
           'name=%s dev="vda" ino=77 scontext=system_u:system_r:httpd_t:s0 '
           'tcontext=system_u:object_r:user_home_t:s0 tclass=file permissive=0\n')
    LINE = ('2026/11/25 %s [error] 500#500: *1 open() "%s" failed (13: Permission denied), client: '
            '127.0.0.1, server: shop, request: "GET /%s HTTP/1.1", host: "shop"\n')
    NOON = 1795608000  # 2026-11-25 12:00:00 UTC

    def of_path(self, report, path):
        diagnosis, = [d for d in report["diagnoses"] if d["target"].get("path") == path]
        return diagnosis

    def test_spaces_and_regular_expressions_in_paths(self):
        path = "/srv/a shop (1)/x+y [*].html"
        audit = self.AVC % (self.NOON, 1, "x+y [*].html".encode().hex().upper())
        report = analyze("--audit-log", self.file(audit.encode()), "--utc-offset", "Z", "--error-log",
                         self.file((self.LINE % ("12:00:00", path, "x")).encode(), "error"))
        label, restore = self.of_path(report, path)["fixes"][0]["actions"]
        self.assertEqual(label["regex"], r"/srv/a shop \(1\)(/.*)?")
        self.assertEqual(restore["path"], "/srv/a shop (1)")
        self.assertIn("'/srv/a shop (1)'", self.of_path(report, path)["fixes"][0]["commands"][1])

    def test_quotes_and_line_ends_in_requests(self):
        # One quote that ends a field early, what nginx itself makes of such bytes, and a line end.
        written = ['a" failed (13: Permission denied), upstream: "http://127.0.0.1:22/',
                   "a\\x22\\x0Ab", "a\n2026/11/25 12:00:00 [crit] 1#1: *1 x"]
        audit = "".join(self.AVC % (self.NOON + i, i + 1, '"p%d.html"' % i) for i in range(3))
        lines = "".join(self.LINE % ("12:00:0%d" % i, "/srv/shop%d/p%d.html" % (i, i), words)
                        for i, words in enumerate(written))
        report = analyze("--audit-log", self.file(audit.encode()), "--utc-offset", "Z", "--error-log",
                         self.file(lines.encode(), "error"))
        self.assertEqual({d["target"].get("port") for d in report["diagnoses"]}, {None})
        # Where a line may be read in two ways, only the kernel's word is taken.
        self.assertEqual({d["target"]["path"]: d["count"] for d in report["diagnoses"]},
                         {"p0.html": 2, "/srv/shop1/p1.html": 1})
        self.assertIn("more than one way", " ".join(self.of_path(report, "p0.html")["notes"]))

    def test_dates_that_go_backwards(self):
        when = [("12:00:00", 0), ("11:00:00", -3600), ("12:00:30", 30)]
        audit = "".join(self.AVC % (self.NOON + seconds, i + 1, '"p.html"')
                        for i, (_, seconds) in enumerate(when))
        lines = "".join(self.LINE % (time, "/srv/shop%d/p.html" % i, "x")
                        for i, (time, _) in enumerate(when))
        report = analyze("--audit-log", self.file(audit.encode()), "--utc-offset", "Z", "--error-log",
                         self.file(lines.encode(), "error"))
        self.assertEqual(len(report["diagnoses"]), 3)
        for i in range(3):
            self.assertEqual(len(self.of_path(report, "/srv/shop%d/p.html" % i)["nginx"]["lines"]), 1)

    def test_include_loops_and_what_else_nginx_rejects(self):
        os.mkdir(os.path.join(self.directory.name, "etc"))
        os.mkdir(os.path.join(self.directory.name, "etc/nginx"))
        loop = self.file(b"include /etc/nginx/nginx.conf;\nhttp { server { listen 80; } \xff\xfe }\n",
                         "etc/nginx/nginx.conf")
        self.assertTrue(loop)
        report = analyze("--audit-log", AUDIT, "--root", self.directory.name)
        self.assertTrue(any("nginx.conf" in problem for problem in
                            report["input"]["nginx_conf_problems"]), report["input"])
        self.assertTrue(report["diagnoses"])

    def test_empty_files(self):
        report = analyze("--audit-log", self.file(b""), "--error-log", self.file(b"", "other"))
        self.assertEqual(report["diagnoses"], [])


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
