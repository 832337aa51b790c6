#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""selguardctl as its users run it, against the real monitor on a private bus.

Environment: SELGUARD_SOURCE_ROOT, SELGUARD_MONITOR, SELGUARD_CLIENT, SELGUARD_MOCK_POLKIT,
SELGUARD_POLICY (a binary policy).
"""
import http.server
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import unittest

SOURCE = os.environ["SELGUARD_SOURCE_ROOT"]
CLIENT = os.environ["SELGUARD_CLIENT"]
BUS_CONFIG = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-BUS Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>system</type><listen>unix:path=%s/bus</listen><auth>EXTERNAL</auth>
<policy context="default"><allow user="*"/><allow own="*"/><allow send_type="method_call"/>
<allow send_destination="*"/><allow receive_sender="*"/></policy></busconfig>
"""
NGINX_CONF = """user nginx;
http { server { listen 8008; server_name shop.example.com;
  location / { proxy_pass http://127.0.0.1:3000; }
  location /v { proxy_pass http://$backend; } } }
"""
# A client chose the request, and with it what ends up in these lines.
HOSTILE = (
    b'2026/11/23 03:49:57 [crit] 412#412: *99 connect() to 127.0.0.1:5000 failed (13: Permission '
    b'denied) while connecting to upstream, client: 127.0.0.1, server: evil.example.com, request: '
    b'"GET /\x1b[2J\x1b]0;owned\x07\xc2\x9b1m?$(id)`id` HTTP/1.1", upstream: '
    b'"http://127.0.0.1:5000/", host: "evil.example.com"\n')


class Server(http.server.BaseHTTPRequestHandler):
    """Answers as nginx would."""
    status, name, location = 502, "nginx/1.22.1", None
    seen = []

    def do_GET(self):
        Server.seen.append((self.command, self.path, self.headers["Host"]))
        self.send_response_only(Server.status)
        if Server.name:
            self.send_header("Server", Server.name)
        if Server.location:
            self.send_header("Location", Server.location)
        self.end_headers()
        self.wfile.write(b"x" * 100000)

    do_POST = do_HEAD = do_GET

    def log_message(self, *arguments):
        pass


class ClientTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.directory = tempfile.mkdtemp(prefix="selguard-client-")
        os.chmod(cls.directory, 0o755)
        cls.children = []
        with open(cls.path("bus.conf"), "w") as config:
            config.write(BUS_CONFIG % cls.directory)
        with open(cls.path("nginx.conf"), "w") as config:
            config.write(NGINX_CONF)
        with open(cls.path("selguard.conf"), "w") as config:
            config.write(f"[nginx]\nConfiguration={cls.path('nginx.conf')}\n")
        shutil.copy(f"{SOURCE}/tests/data/incident/error.log", cls.path("error.log"))
        with open(cls.path("error.log"), "ab") as log:
            log.write(HOSTILE)
        cls.environment = dict(os.environ, DBUS_SYSTEM_BUS_ADDRESS=f"unix:path={cls.path('bus')}")
        cls.start("dbus-daemon", f"--config-file={cls.path('bus.conf')}", "--nofork",
                  "--nopidfile", "--nosyslog")
        cls.wait(lambda: os.path.exists(cls.path("bus")))
        cls.start(os.environ["SELGUARD_MOCK_POLKIT"], cls.environment["DBUS_SYSTEM_BUS_ADDRESS"])
        cls.wait(lambda: cls.has_name("org.freedesktop.PolicyKit1"))
        cls.answer("yes")
        cls.start(os.environ["SELGUARD_MONITOR"], "--config", cls.path("selguard.conf"),
                  "--audit-log", f"{SOURCE}/tests/data/incident/audit.log",
                  "--error-log", cls.path("error.log"), "--utc-offset", "Z",
                  "--policy", os.environ["SELGUARD_POLICY"])
        cls.wait(lambda: cls.has_name("org.selguard.Nginx1"))
        cls.wait(lambda: any(d["fix_count"] for d in cls.read("list")))
        cls.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Server)
        threading.Thread(target=cls.server.serve_forever, daemon=True).start()
        cls.http_port = str(cls.server.server_address[1])

    @classmethod
    def tearDownClass(cls):
        cls.server.shutdown()
        for child in reversed(cls.children):
            child.terminate()
            child.wait()
        shutil.rmtree(cls.directory)

    def setUp(self):
        Server.status, Server.name, Server.location, Server.seen = 502, "nginx/1.22.1", None, []

    @classmethod
    def path(cls, name):
        return os.path.join(cls.directory, name)

    @classmethod
    def start(cls, *command):
        cls.children.append(subprocess.Popen(command, env=cls.environment,
                                             stderr=subprocess.DEVNULL))

    @staticmethod
    def wait(condition):
        for _ in range(300):
            if condition():
                return
            time.sleep(0.1)
        raise AssertionError("gave up waiting")

    @classmethod
    def has_name(cls, name):
        return subprocess.run(["busctl", "--system", "--quiet", "status", name],
                              env=cls.environment, capture_output=True).returncode == 0

    @classmethod
    def answer(cls, answer):
        subprocess.run(["busctl", "call", "org.freedesktop.PolicyKit1",
                        "/org/freedesktop/PolicyKit1/Authority", "org.selguard.MockPolkit",
                        "SetAnswer", "ss", "", answer], env=cls.environment, check=True,
                       stdout=subprocess.DEVNULL)

    @classmethod
    def run_client(cls, *arguments, given=b""):
        return subprocess.run([CLIENT, *arguments], env=cls.environment, input=given,
                              capture_output=True, timeout=120)

    @classmethod
    def read(cls, *arguments, given=b""):
        return json.loads(cls.run_client(*arguments, "--json", given=given).stdout)

    def id_of_port(self, port):
        return next(d["id"] for d in self.read("list") if d.get("port") == port)

    def assert_harmless(self, result):
        for byte in result.stdout + result.stderr:
            self.assertTrue(byte >= 0x20 or byte in b"\n\t", result)
        self.assertNotIn(b"\xc2\x9b", result.stdout + result.stderr)

    # --- what is asked of the monitor

    def test_explain(self):
        with open(f"{SOURCE}/tests/data/incident/audit.log", "rb") as log:
            text = log.read()
        found = self.read("explain", given=text)
        self.assertEqual(found["input"]["denials"], 10)
        self.assertIn(3000, [d["target"].get("port") for d in found["diagnoses"]])
        self.assertTrue(any(d["fixes"] for d in found["diagnoses"]))
        # The same as the monitor itself concluded.
        known = {d["id"] for d in self.read("list")}
        self.assertTrue({d["id"] for d in found["diagnoses"] if d["target"].get("port") == 3000}
                        <= known)
        result = self.run_client("explain", given=text)
        self.assertEqual(result.returncode, 0)
        self.assertIn(b"connect to tcp port 3000", result.stdout)

    def test_explain_lines_of_nginx(self):
        found = self.read("explain", given=HOSTILE)
        self.assertEqual(found["input"]["failures"], 1)
        self.assert_harmless(self.run_client("explain", given=HOSTILE))

    def test_explain_anything(self):
        for text in [b"", b"\0\0\0", b"\xff" * 5000, b"avc:  denied  {", b"type=AVC msg=audit(",
                     b"hello\n" * 40000, "\u202e\u2028".encode() * 100]:
            result = self.run_client("explain", given=text)
            self.assertEqual(result.returncode, 0, (text[:20], result))
            self.assert_harmless(result)

    def test_explain_too_much(self):
        result = self.run_client("explain", given=b"x" * (256 * 1024 + 1))
        self.assertEqual(result.returncode, 1)
        self.assertIn(b"nginx-selguard analyze", result.stderr)
        result = self.run_client("explain", "/nonexistent")
        self.assertEqual(result.returncode, 1)

    def test_preflight(self):
        found = self.read("preflight")
        denied = {d["target"].get("port"): d for d in found["denied"]}
        self.assertIn(3000, denied)
        self.assertEqual(denied[3000]["count"], 0)
        ask = denied[3000]["asked_by"][0]
        self.assertEqual((ask["directive"], ask["server"], ask["line"]),
                         ("proxy_pass", "shop.example.com", 3))
        self.assertIn("http://$backend", [u["value"] for u in found["unknown"]])
        result = self.run_client("preflight")
        self.assertEqual(result.returncode, 5)
        self.assertIn(b"connect to tcp port 3000", result.stdout)

    def test_export(self):
        port = self.id_of_port(3000)
        for name in ["shell", "semanage", "ansible"]:
            exported = self.read("export", port, "--format", name)
            self.assertTrue(exported["text"] or exported["before"], exported)
        self.assertEqual(self.run_client("export", port).returncode, 2)
        self.assertEqual(self.run_client("export", port, "--format", "puppet").returncode, 2)
        self.assertEqual(
            self.run_client("export", port, "--format", "shell", "--fix", "99").returncode, 1)
        target = self.path("exported")
        result = self.run_client("export", port, "--format", "ansible", "--output", target)
        self.assertEqual(result.returncode, 0, result)
        self.assertIn("selguard-vars.yml", os.listdir(target))
        # What is there is not written over.
        result = self.run_client("export", port, "--format", "ansible", "--output", target)
        self.assertEqual(result.returncode, 1)

    def test_doctor(self):
        checks = self.read("doctor")
        results = {c["check"]: c["result"] for c in checks}
        self.assertEqual(results["org.selguard.Nginx1"], "ok")
        self.assertEqual(results["org.selguard.Remedy1"], "bad")
        self.assertEqual(results["monitor"], "ok")
        for check in checks:
            self.assertTrue(check["result"] in ("ok", "unknown") or check.get("advice"), check)
        self.assertEqual(self.run_client("doctor").returncode, 5)

    # --- verify

    def verify(self, port=3000):
        result = self.run_client("verify", self.id_of_port(port), "--port", self.http_port)
        self.assert_harmless(result)
        return result

    def test_verify(self):
        self.assertEqual(self.verify().returncode, 5)
        self.assertEqual(Server.seen[-1], ("GET", "/orders/6", f"shop.example.com:{self.http_port}"))
        Server.status = 200
        result = self.verify()
        self.assertEqual(result.returncode, 0)
        self.assertIn(b"Fixed", result.stdout)
        self.assertEqual(len(Server.seen), 2)

    def test_verify_cannot_tell(self):
        Server.status, Server.name = 200, "Apache\x1b[2J"
        self.assertEqual(self.verify().returncode, 3)
        Server.status, Server.name, Server.location = 301, "nginx", "https://shop.example.com/"
        result = self.verify()
        self.assertEqual(result.returncode, 3)
        self.assertIn(b"By hand: curl", result.stdout)
        Server.location, Server.status = None, 504
        self.assertEqual(self.verify().returncode, 3)

    def test_verify_sends_nothing_hostile(self):
        result = self.verify(5000)
        self.assertEqual(result.returncode, 3)
        self.assertEqual(Server.seen, [])

    def test_verify_dry_run(self):
        result = self.run_client("verify", self.id_of_port(3000), "--dry-run")
        self.assertEqual(result.returncode, 3)
        self.assertIn(b"GET /orders/6, Host: shop.example.com, port 80", result.stdout)
        self.assertEqual(Server.seen, [])

    def test_verify_nobody_there(self):
        result = self.run_client("verify", self.id_of_port(3000), "--port", "1")
        self.assertEqual(result.returncode, 3)

    # --- everything

    def test_hostile_text_is_escaped(self):
        for arguments in [("list",), ("show", self.id_of_port(5000)), ("status",),
                          ("show", self.id_of_port(5000), "-v")]:
            self.assert_harmless(self.run_client(*arguments))

    def test_exit_status(self):
        for arguments, status in [(("nosuchverb",), 2), (("list", "x"), 2), (("--nosuch",), 2),
                                  (("trial", "x", "--for", "2d"), 2), (("dismiss",), 2),
                                  (("dismiss", "x", "--all"), 2), (("show", "zzz"), 1),
                                  (("export", "x", "--applied", "--format", "shell"), 2),
                                  (("list",), 0), (("--help",), 0), (("--version",), 0)]:
            self.assertEqual(self.run_client(*arguments).returncode, status, arguments)

    def test_empty_id(self):
        """It is not the beginning of every id."""
        for verb in ["show", "apply", "trial", "dismiss", "verify"]:
            result = self.run_client(verb, "")
            self.assertEqual(result.returncode, 1, result)
            self.assertIn(b"id of the diagnosis is empty", result.stderr)

    def test_refused(self):
        self.answer("no")
        try:
            for arguments in [("list",), ("explain",), ("preflight",)]:
                result = self.run_client(*arguments, given=b"x")
                self.assertEqual(result.returncode, 4, result)
                self.assertEqual(result.stdout, b"")
        finally:
            self.answer("yes")

    # --- other hosts

    def run_far(self, *arguments):
        """With no bus of its own, and an ssh that finds this one at the other end."""
        os.makedirs(self.path("bin"), exist_ok=True)
        with open(self.path("bin/ssh"), "w") as ssh:
            ssh.write(f"""#!/bin/sh
echo "$@" >>{self.path("ssh.log")}
case "$*" in *' systemd-stdio-bridge'*) ;; *) exit 255 ;; esac
case "$*" in *nobody.example*) exit 255 ;; esac
exec systemd-stdio-bridge -p unix:path={self.path("bus")}
""")
        os.chmod(self.path("bin/ssh"), 0o755)
        return subprocess.run([CLIENT, *arguments], capture_output=True, timeout=120, input=b"",
                              env=dict(self.environment, DBUS_SYSTEM_BUS_ADDRESS="unix:path=/none",
                                       PATH=self.path("bin") + ":" + os.environ["PATH"]))

    @unittest.skipUnless(shutil.which("systemd-stdio-bridge"), "there is no systemd-stdio-bridge")
    def test_other_host(self):
        result = self.run_far("list")
        self.assertEqual((result.returncode, result.stdout), (1, b""), result)
        result = self.run_far("-H", "admin@web.example", "list", "--json")
        self.assertEqual(result.returncode, 0, result)
        self.assertEqual(json.loads(result.stdout), self.read("list"))
        with open(self.path("ssh.log")) as log:
            self.assertRegex(log.read(), "admin.*web.example|admin@web.example")
        near = self.run_client("show", self.id_of_port(5000))
        self.assertEqual(self.run_far("-H", "web.example", "show", self.id_of_port(5000)).stdout,
                         near.stdout)
        # Nobody there, no such container: said, and nothing of this host is shown instead.
        for arguments in [("-H", "nobody.example"), ("-M", "nosuch")]:
            result = self.run_far(*arguments, "list")
            self.assertNotEqual(result.returncode, 0, arguments)
            self.assertEqual(result.stdout, b"")
            self.assertNotEqual(result.stderr, b"")
            self.assert_harmless(result)

    def test_zz_dismiss(self):
        port = self.id_of_port(5000)
        self.assertEqual(self.read("dismiss", port[:8])["dismissed"], [port])
        self.assertNotIn(port, self.read("dismiss", "--all")["dismissed"])
        self.assertTrue(all(d["state"] == "dismissed" or d["state"] == "resolved"
                            for d in self.read("list")))
        self.assertEqual(self.read("dismiss", "--all")["dismissed"], [])


if __name__ == "__main__":
    if os.geteuid() != 0 or not shutil.which("dbus-daemon") or not shutil.which("busctl"):
        print("skipped: it takes root, dbus-daemon and busctl", file=sys.stderr)
        sys.exit(77)
    unittest.main(verbosity=2)
