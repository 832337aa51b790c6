#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A large enriched audit log, and nginx's log of the same time, from recorded events.

Usage: generate-log.py RECORDING-DIRECTORY MEBIBYTES OUTPUT-DIRECTORY

Denials of the recording follow one another, each with its other records, its line in nginx's log,
and a serial, a time and a request of its own; now and then one of the other events comes between.
The mix is that of the log that docs/PERFORMANCE.md speaks of: 381,000 lines with 123,000 denials
in 100 MiB. The same arguments give the same files.
"""
import calendar
import re
import sys
import time

STAMP = re.compile(r"audit\((\d+)\.(\d+):(\d+)\)")
START = 1795405800
DENIALS_A_SECOND = 200  # a storm: what a client can do that asks again at once
OTHERS_EVERY = 20       # denials between two other events


class Event:
    """All records of one serial, without their stamp."""

    def __init__(self, seconds):
        self.seconds = seconds
        self.parts = []
        self.denial = False
        self.pid = None
        self.line = None  # of nginx's log, without its time

    def add(self, line, match):
        self.parts.append((line[: match.start()], line[match.end():] + "\n"))
        if line.startswith("type=AVC"):
            self.denial = True
            self.pid = re.search(r" pid=(\d+)", line).group(1)

    def render(self, stamp):
        return "".join(head + stamp + tail for head, tail in self.parts)


def read_events(path):
    events = {}
    with open(path, encoding="utf-8") as stream:
        for line in stream:
            match = STAMP.search(line)
            # Starts and ends of the daemon have serials of another sequence.
            if not match or line.startswith("type=DAEMON"):
                continue
            event = events.setdefault(match.group(3), Event(int(match.group(1))))
            event.add(line.rstrip("\n"), match)
    return list(events.values())


def pair_lines(path, denials):
    """Gives each denial nginx's line about it."""
    with open(path, encoding="utf-8") as stream:
        lines = [line for line in stream]
    for line in lines:
        seconds = calendar.timegm(time.strptime(line[:19], "%Y/%m/%d %H:%M:%S"))
        pid = re.search(r" (\d+)#", line).group(1)
        for event in denials:
            first = event.parts[0][1]
            port = re.search(r"(?:dest|src)=(\d+)", first)
            named = port and f":{port.group(1)} failed" in line
            other = not port and "unix:" in line or "open()" in line
            if (not event.line and event.pid == pid and abs(event.seconds - seconds) <= 1
                    and (named or (not port and other))):
                event.line = line[19:]
                break


def vary(line, n):
    line = re.sub(r"\*\d+ ", f"*{n} ", line)
    return re.sub(r"/orders/\d+", f"/orders/{n}", line)


def main():
    recording, size, output = sys.argv[1], int(sys.argv[2]) << 20, sys.argv[3]
    events = read_events(f"{recording}/audit.log")
    # Those of early boot come without the other records.
    denials = [event for event in events if event.denial and len(event.parts) > 1]
    others = [event for event in events if not event.denial]
    pair_lines(f"{recording}/error.log", denials)
    paired = sum(event.line is not None for event in denials)
    assert denials and others and paired > 5, "the recording is not what it was"

    written, n, serial, lines, failures = 0, 0, 100, 0, 0
    with open(f"{output}/audit.log", "w", encoding="utf-8") as audit, \
            open(f"{output}/error.log", "w", encoding="utf-8") as error:
        while written < size:
            millis = START * 1000 + n * 1000 // DENIALS_A_SECOND
            event = denials[n % len(denials)]
            chosen = [event]
            if n % OTHERS_EVERY == 0:
                chosen.insert(0, others[n // OTHERS_EVERY % len(others)])
            for one in chosen:
                serial += 1
                text = one.render(f"audit({millis // 1000}.{millis % 1000:03}:{serial})")
                audit.write(text)
                written += len(text.encode())
                lines += len(one.parts)
            if event.line:
                error.write(time.strftime("%Y/%m/%d %H:%M:%S", time.gmtime(millis // 1000)))
                error.write(vary(event.line, n))
                failures += 1
            n += 1
    print(f"{written / 1048576:.0f} MiB, {lines} lines, {n} denials, {failures} lines of nginx")


if __name__ == "__main__":
    main()
