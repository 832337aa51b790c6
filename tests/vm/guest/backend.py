#!/usr/bin/python3
"""A live HTTP backend: backend.py PORT | ADDRESS:PORT | [ADDRESS]:PORT | unix:PATH

Answers 200 to everything; tells systemd when it listens, so that whoever started it as a
Type=notify service need not poll.
"""
import os
import socket
import socketserver
import sys
from http.server import BaseHTTPRequestHandler


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        body = f"backend {sys.argv[1]}\n".encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_GET

    def address_string(self):
        return str(self.client_address)


class Server(socketserver.ThreadingMixIn, socketserver.TCPServer):
    allow_reuse_address = True
    daemon_threads = True


def listen(where):
    if where.startswith("unix:"):
        path = where[len("unix:"):]
        # Open to all by file modes: what blocks a request shall be SELinux alone.
        os.makedirs(os.path.dirname(path), mode=0o755, exist_ok=True)
        if os.path.exists(path):
            os.unlink(path)
        Server.address_family = socket.AF_UNIX
        server = Server(path, Handler)
        os.chmod(path, 0o666)
        return server
    host, _, port = where.rpartition(":")
    host = host.strip("[]") or "127.0.0.1"
    Server.address_family = socket.AF_INET6 if ":" in host else socket.AF_INET
    return Server((host, int(port)), Handler)


def notify_ready():
    address = os.environ.get("NOTIFY_SOCKET")
    if address:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
            sock.sendto(b"READY=1", "\0" + address[1:] if address[0] == "@" else address)


server = listen(sys.argv[1])
notify_ready()
server.serve_forever()
