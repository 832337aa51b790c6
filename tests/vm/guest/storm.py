#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Requests as fast as they go, and what came of them.

  storm.py client URL SECONDS          keep-alive requests; prints how many answers had status 502
  storm.py denials LOG OFFSET PORT     prints how many connections to PORT were denied httpd_t
  storm.py latency LOG OFFSET PORT SIGNALS FROM TO
                                       prints "N P50 P99 MAX" in milliseconds: from the kernel's
                                       stamp of each denial between FROM and TO (seconds since the
                                       epoch) to the first signal, as `busctl monitor --json=short`
                                       has them, that says it was seen
"""
import http.client
import json
import re
import sys
import time
import urllib.parse


def client(url, seconds):
    parts = urllib.parse.urlsplit(url)
    end = time.monotonic() + seconds
    refused = 0
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=30)
    while time.monotonic() < end:
        connection.request("GET", parts.path or "/")
        answer = connection.getresponse()
        answer.read()
        refused += answer.status == 502
    print(refused)


def denials(log, offset, port):
    """The stamps, in microseconds."""
    pattern = re.compile(
        rb"^type=AVC msg=audit\((\d+)\.(\d+):\d+\): avc:  denied  \{ name_connect \}.* dest=%d "
        rb"scontext=[^ :]*:[^ :]*:httpd_t" % port)
    with open(log, "rb") as stream:
        stream.seek(offset)
        for line in stream:
            match = pattern.match(line)
            if match:
                yield int(match[1]) * 1000000 + int(match[2]) * 1000


def signals(path):
    """(arrival, last denial that it tells of), in order of arrival."""
    found = []
    with open(path, encoding="utf-8", errors="replace") as stream:
        for line in stream:
            try:
                message = json.loads(line)
            except ValueError:
                continue
            seen = re.search(r'"LastSeen":\{"type":"t","data":(\d+)\}', line)
            if message.get("type") == "signal" and seen:
                found.append((message["timestamp-realtime"], int(seen[1])))
    return sorted(found)


def latency(log, offset, port, path, begin, end):
    arrivals, values, at = signals(path), [], 0
    for stamp in sorted(denials(log, offset, port)):
        if not begin <= stamp / 1e6 <= end:
            continue
        while at < len(arrivals) and arrivals[at][1] < stamp:
            at += 1
        if at == len(arrivals):
            break
        values.append((arrivals[at][0] - stamp) / 1000)
    values.sort()
    if not values:
        print("0 - - -")
        return
    print(len(values), *(f"{values[min(len(values) - 1, int(len(values) * p))]:.0f}" for p in (.5, .99, 1)))


def main(arguments):
    if arguments[0] == "client":
        client(arguments[1], float(arguments[2]))
    elif arguments[0] == "denials":
        print(sum(1 for _ in denials(arguments[1], int(arguments[2]), int(arguments[3]))))
    else:
        latency(arguments[1], int(arguments[2]), int(arguments[3]), arguments[4],
                float(arguments[5]), float(arguments[6]))


main(sys.argv[1:])
