# What a dontaudit rule hides: nginx is refused, and the kernel says nothing.
# needs: project
# timeout: 200
# takes: 15
# shellcheck shell=bash source=../guest/lib.sh
. "$SELGUARD_VM_LIB/lib.sh"

check "a monitor that knows nothing yet" monitor_forget
mkdir -p /var/lib/snmp/mrtg
echo graphs >/var/lib/snmp/mrtg/index.html
restorecon -R /var/lib/snmp
check "a site" nginx_site shop <<'CONF'
server {
    listen 8008;
    location /graphs/ { alias /var/lib/snmp/mrtg/; }
}
CONF
keep /etc/nginx
since_mark
expect_http 403 http://127.0.0.1:8008/graphs/index.html
check_not "the kernel says nothing" denials_since httpd_t
expect_table denied
as_user reader selguardctl show "$(catalogue id /var/lib/snmp/mrtg/index.html)" --json |
    python3 -c 'import json, sys; print("\n".join(json.load(sys.stdin)["notes"]))' |
    while IFS= read -r line; do note "$line"; done
rm -rf /var/lib/snmp
