# Denials as fast as a client can make them: each counted once, in little memory and time, and
# soon on the bus; what the monitor missed while it was stopped is read up from audit.log.
# needs: project
# timeout: 300
# takes: 100
# Run by its path: tests/vm/run --install-root root tests/vm/bench/storm.sh
# shellcheck shell=bash source=../guest/lib.sh
. "$SELGUARD_VM_LIB/lib.sh"

readonly STORM=30
storm() { python3 "$SELGUARD_VM_LIB/storm.py" "$@"; }
resident() { awk '/^VmRSS/ { print $2 }' "/proc/$(pid_of nginx-selguard)/status"; }
# cpu PID: user and system time of the process, in ticks of 10 ms; with its children's behind it.
cpu() { sed 's/.*) //' "/proc/$1/stat" | awk '{ print $12 + $13, $14 + $15 }'; }
statistic() {
    as_user reader selguardctl status --json | python3 -c '
import json, sys
status = json.load(sys.stdin)
print(status.get("statistics", {}).get(sys.argv[1], status.get(sys.argv[1], "?")))' "$1"
}
gaps() {
    as_user reader selguardctl status --json | python3 -c '
import json, sys
print(sum(1 for gap in json.load(sys.stdin)["statistics"]["gaps"] if gap[1] in sys.argv[1:]))' "$@"
}
count() {
    as_user reader selguardctl list --json | python3 -c '
import json, sys
print(sum(d["count"] for d in json.load(sys.stdin) if d.get("port") == 3000))'
}
settled() { [[ $(gaps open waiting filling) == 0 && $(statistic pending) == 0 ]]; }
counted() { settled && (($(count) >= $(storm denials "$AUDIT_LOG" "$AUDIT_MARK" 3000))); }
at_most() { (($1 <= $2)); }
rested() { (($(resident) <= 8192)); }

check "a site whose upstream is denied" nginx_site shop <<'CONF'
server { listen 8008; location / { proxy_pass http://127.0.0.1:3000; } }
CONF
check "the monitor starts anew" monitor_forget
# audit.log is to have the whole storm, and not to be rotated within it.
sed -i 's/^max_log_file *=.*/max_log_file = 200/' /etc/audit/auditd.conf
check "auditd takes it on" kill -HUP "$(pid_of auditd)"
sleep 6
since_mark
busctl monitor org.selguard.Nginx1 --json=short >"$SCENARIO_DIR/signals" 2>/dev/null &
recorder=$!
lost_before=$(auditctl -s | awk '$1 == "lost" { print $2 }')
idle=$(resident)
check "idle it has at most 8 MiB ($idle KiB)" at_most "$idle" 8192

rest_begin=$(date +%s)
for _ in {1..10}; do
    curl -s -o /dev/null http://127.0.0.1:8008/rest
    sleep 0.6
done
sleep 2
rest_end=$(date +%s)

read -r monitor_before children_before < <(cpu "$(pid_of nginx-selguard)")
read -r auditd_before _ < <(cpu "$(pid_of auditd)")
storm_begin=$(date +%s)
storm client http://127.0.0.1:8008/storm "$STORM" >"$SCENARIO_DIR/refused" &
client=$!
largest=0
while kill -0 "$client" 2>/dev/null; do
    now=$(resident)
    ((now <= largest)) || largest=$now
    sleep 1
done
storm_end=$(date +%s)
sleep 1
read -r monitor_after children_after < <(cpu "$(pid_of nginx-selguard)")
read -r auditd_after _ < <(cpu "$(pid_of auditd)")
check "back to 8 MiB within 10 s" wait_until 10 rested
check "all that audit.log has is counted" wait_until 60 counted
kill "$recorder"

refused=$(<"$SCENARIO_DIR/refused")
logged=$(storm denials "$AUDIT_LOG" "$AUDIT_MARK" 3000)
counted=$(count)
lost=$(($(auditctl -s | awk '$1 == "lost" { print $2 }') - lost_before))
note "refused requests: $refused in $STORM s; denials in audit.log: $logged; counted: $counted;" \
    "lost by the kernel: $lost; read up: $(statistic read_up); overflows: $(statistic loss_episodes)"
# Under emulation a client gets no more out of nginx than some ten requests a second.
check "a storm it was" at_most 200 "$logged"
# Whoever lost some, it is said: the kernel (before both), or auditd (the monitor has more).
check "none is counted twice" at_most "$counted" $((refused + 10))
if ((counted < refused + 10)); then
    check "what is missing was lost by the kernel" at_most $((refused + 10 - counted)) "$lost"
fi
check "in the storm it has at most 16 MiB ($largest KiB)" at_most "$largest" 16384
monitor_cpu=$((monitor_after - monitor_before)) auditd_cpu=$((auditd_after - auditd_before))
note "CPU time in ticks: monitor $monitor_cpu, its workers $((children_after - children_before)), auditd $auditd_cpu"
check "it takes less time than auditd" at_most "$monitor_cpu" "$auditd_cpu"
rest=$(storm latency "$AUDIT_LOG" "$AUDIT_MARK" 3000 "$SCENARIO_DIR/signals" "$rest_begin" "$rest_end")
busy=$(storm latency "$AUDIT_LOG" "$AUDIT_MARK" 3000 "$SCENARIO_DIR/signals" "$storm_begin" "$storm_end")
note "from the kernel to the bus, n p50 p99 max in ms: at rest $rest; in the storm $busy"
check "at rest the bus has a denial within a second" at_most "$(awk '{ print int($3) }' <<<"$rest")" 1000
check "in the storm within five" at_most "$(awk '{ print int($3) }' <<<"$busy")" 5000
check "one problem, one diagnosis" test "$(as_user reader selguardctl list | grep -c 'port 3000 ')" -eq 1

# Stopped, the storm goes on; started again it knows.
check "the monitor stopped" systemctl stop nginx-selguard.service nginx-selguard-audit.socket
missed=$(storm client http://127.0.0.1:8008/missed 3)
check "and started" systemctl start nginx-selguard-audit.socket nginx-selguard.service
check_eq "it remembers" 1 "$(as_user reader selguardctl list | grep -c 'port 3000 ')"
check "and reads up what it missed" wait_until 60 counted
note "missed: $missed; read up: $(statistic read_up)"
check_eq "all of it, each once" "$(storm denials "$AUDIT_LOG" "$AUDIT_MARK" 3000)" "$(count)"
check_eq "no gap is left" 0 "$(gaps unfilled)"
# A power cut is the end of the process without a word.
check "the monitor killed" systemctl kill --signal=KILL --kill-whom=main nginx-selguard.service
check "it is back" wait_until 30 settled
check "with the same count" wait_until 30 counted
check_eq "and no more" "$(storm denials "$AUDIT_LOG" "$AUDIT_MARK" 3000)" "$(count)"

# A receive buffer for two denials, and a monitor that does not get to run: the kernel finds no room
# for the rest (ENOBUFS). That is seen, said, and read up.
overflowed() { (($(statistic loss_episodes) > 0)); }
of_overflow() {
    as_user reader selguardctl status --json | python3 -c '
import json, sys
print(*(gap[1] for gap in json.load(sys.stdin)["statistics"]["gaps"] if gap[0] == "overflow"))'
}
readonly DROP_IN=/run/systemd/system/nginx-selguard-audit.socket.d
mkdir -p "$DROP_IN"
printf '[Socket]\nReceiveBuffer=8K\n' >"$DROP_IN/small.conf"
rmem_max=$(sysctl -n net.core.rmem_max)
sysctl -q net.core.rmem_max=8192
systemctl daemon-reload
check "the monitor stopped again" systemctl stop nginx-selguard.service nginx-selguard-audit.socket
check "and started with a small buffer" systemctl start nginx-selguard-audit.socket nginx-selguard.service
check "at rest" wait_until 30 settled
note "its buffer: $(statistic socket_buffer)"
kill -STOP "$(pid_of nginx-selguard)"
unheard=$(storm client http://127.0.0.1:8008/unheard 2)
kill -CONT "$(pid_of nginx-selguard)"
check "an overflow is seen" wait_until 30 overflowed
check "and read up" wait_until 60 counted
note "denied meanwhile: $unheard; overflows: $(statistic loss_episodes); records lost:" \
    "$(statistic lost_records); read up: $(statistic read_up); gaps: $(of_overflow)"
check "it was a gap, and is filled" grep -qx '\(filled \?\)\+' <<<"$(of_overflow)"
check_eq "each counted once" "$(storm denials "$AUDIT_LOG" "$AUDIT_MARK" 3000)" "$(count)"
rm -r "$DROP_IN"
sysctl -q net.core.rmem_max="$rmem_max"
systemctl daemon-reload
