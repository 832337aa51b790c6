# What keeps the monitor from its whole job is one sentence in the status and in the journal,
# and the rest goes on.
# needs: project
# timeout: 300
# takes: 55
# shellcheck shell=bash source=../guest/lib.sh
. "$SELGUARD_VM_LIB/lib.sh"

diagnosed() { as_user reader selguardctl list | grep -q "port $1"; }
logged() { journalctl -q -u nginx-selguard --since "@$begin" -o cat | grep -q "$1"; }
site() {
    nginx_site shop <<CONF
server { listen 8008; location / { proxy_pass http://127.0.0.1:$1; } }
CONF
}
begin=$(date +%s)

check "at first there is none" no_problem

check "enforcing off" setenforce 0
check "is a problem" wait_until 15 has_problem 'SELinux is permissive'
check "and in the journal" logged 'SELinux is permissive'
check "a site" site 5001
check "a backend" backend_start 5001
expect_http 200 http://127.0.0.1:8008/
check "what would have been denied is shown" wait_until 15 diagnosed 5001
check_match "as that" 'would have kept' "$(as_user reader selguardctl list)"
check "enforcing on again" setenforce 1
check "is no problem" wait_until 15 no_problem
check "which the journal has, too" logged 'Solved: selinux-permissive'

# nginx's configuration is gone: the log that was followed still is.
check "nginx.conf moved away" mv /etc/nginx/nginx.conf /etc/nginx/nginx.conf.gone
check "is a problem" wait_until 15 has_problem "nginx's configuration cannot be read"
expect_http 502 http://127.0.0.1:8008/
check "nginx.conf back" mv /etc/nginx/nginx.conf.gone /etc/nginx/nginx.conf
check "is no problem" wait_until 15 no_problem

# A log that is rotated between the requests, both ways.
check "a site for another port" site 5002
check "the log renamed" mv /var/log/nginx/error.log /var/log/nginx/error.log.1
check "and reopened" nginx -s reopen
expect_http 502 http://127.0.0.1:8008/renamed
check "is read on" wait_until 15 diagnosed 5002
check_match "with the request" '/renamed' "$(as_user reader selguardctl show "$(as_user reader selguardctl list | awk '/port 5002/ {print $1}')")"
check "the log truncated" truncate -s 0 /var/log/nginx/error.log
check "a site for a third port" site 5003
expect_http 502 http://127.0.0.1:8008/truncated
check "is read on" wait_until 15 diagnosed 5003

# Without the socket unit, without the capability: the reason is said.
check "the socket stopped" systemctl stop nginx-selguard.service nginx-selguard-audit.socket
check "and kept from starting" systemctl mask --runtime nginx-selguard-audit.socket
check "the monitor starts without" systemctl start nginx-selguard.service
check "and says what is wrong" wait_until 15 has_problem 'audit messages cannot be received'
check_match "naming the capability" CAP_AUDIT_READ "$(problems)"
check "a site for a fourth port" site 5004
expect_http 502 http://127.0.0.1:8008/
check "the log alone makes a diagnosis" wait_until 20 diagnosed 5004
check "the socket back" systemctl unmask --runtime nginx-selguard-audit.socket
check "the monitor stopped" systemctl stop nginx-selguard.service
check "and started with it" systemctl start nginx-selguard-audit.socket nginx-selguard.service
check "no problem is left" wait_until 15 no_problem

# One that still runs for an earlier scenario is there, whatever the bus could start.
check "the remedy service stopped" systemctl stop nginx-selguard-remedy.service
check "and gone" mv /usr/share/dbus-1/system-services/org.selguard.Remedy1.service /root
check "the bus told" systemctl reload dbus
check "is in the status" wait_until 15 has_problem 'remedy service is not installed'
check "the remedy service back" mv /root/org.selguard.Remedy1.service /usr/share/dbus-1/system-services/
check "the bus told" systemctl reload dbus
check "is no problem" wait_until 15 no_problem
