# What is no ordinary fault of a site: a shell in nginx's domain, a request made to mislead, a
# second nginx, logs and clocks that move, a permissive domain, an nginx that is not confined.
# needs: project
# timeout: 500
# takes: 50
# shellcheck shell=bash source=../guest/lib.sh
. "$SELGUARD_VM_LIB/lib.sh"

check "a monitor that knows nothing yet" monitor_forget
site=http://127.0.0.1:8008
notes() { as_user reader selguardctl show "$(catalogue id "$@")" --json; }

echo '<?php echo shell_exec($_GET["c"]);' >/var/www/html/shell.php
check "php-fpm" systemctl start php8.2-fpm
check "a backend" backend_start 7301
check "a site" nginx_site shop <<'CONF'
server {
    listen 8008;
    server_name shop.example.com;
    error_log /var/log/nginx/shop.log;
    location /shell { include fastcgi_params; fastcgi_param SCRIPT_FILENAME /var/www/html/shell.php; fastcgi_pass unix:/run/php/php8.2-fpm.sock; }
    location /spoof { proxy_pass http://127.0.0.1:7301; }
    location /rotated { proxy_pass http://127.0.0.1:7302; }
    location /clock { proxy_pass http://127.0.0.1:7303; }
    location /permissive { proxy_pass http://127.0.0.1:7304; }
}
CONF
# A second nginx, with a configuration and a log of its own.
mkdir -p /etc/nginx-second
cat >/etc/nginx-second/nginx.conf <<'CONF'
daemon off;
pid /run/nginx-second.pid;
error_log /var/log/nginx/second.log;
events { }
http {
    access_log off;
    server {
        listen 8009;
        server_name second.example.com;
        location / { proxy_pass http://127.0.0.1:7305; }
    }
}
CONF
check "a second nginx" systemd-run --quiet --collect --unit=selguard-backend-nginx nginx -c /etc/nginx-second/nginx.conf
keep /etc/nginx /etc/nginx-second

# A shell that came in through a script: it looks for what else there is.
since_mark
curl -s -G -o /dev/null "$site/shell" --data-urlencode 'c=bash -c ": </dev/tcp/127.0.0.1/22"; cat /var/log/audit/audit.log; cat /var/lib/selinux/default/active/seusers'
expect_denial 'comm="bash".*name_connect|name_connect.*comm="bash"'

# A client that writes the log's own words.
curl -s -o /dev/null "$site/spoof?\",upstream:\"http://127.0.0.1:22/" \
    -H 'Referer: x", upstream: "http://127.0.0.1:5433/y", host: "shop.example.com"'
check "nginx logged it as it came" wait_until 5 grep -q 'referrer: "x", upstream: "http://127.0.0.1:5433' /var/log/nginx/shop.log

expect_http 502 http://127.0.0.1:8009/

# The log goes away between the denial and its line: nginx still has the old one open.
mv /var/log/nginx/shop.log /var/log/nginx/shop.log.1
expect_http 502 "$site/rotated"
nginx -s reopen
# The clock goes back an hour between two denials of one kind.
expect_http 502 "$site/clock/before"
date -s '-1 hour' >/dev/null
expect_http 502 "$site/clock/after"
date -s '+1 hour' >/dev/null
expect_table denied
check_match "the request is there, whatever the log's name" /rotated "$(notes tcp/7302)"
check_match "and with the clock set back" /clock/after "$(notes tcp/7303)"

# The domain made permissive: it works, and would not.
if [[ -x /usr/libexec/nginx-selguard-tests/policy-permissive ]]; then
    check "nginx's domain is permissive" /usr/libexec/nginx-selguard-tests/policy-permissive httpd_t
    check "a backend" backend_start 7304
    expect_http 200 "$site/permissive"
    expect_table permissive
    check_match "which is said" '"permissive": *true' "$(notes tcp/7304)"
    check "and no longer" load_policy
    expect_http 502 "$site/permissive"
else
    emit "ok - a permissive domain # SKIP no policy-permissive: configure with -Dvm_tools=true"
fi

# An nginx that SELinux does not confine, since its binary has no label of its own.
mkdir -p /srv/bin /etc/nginx-third /root/third
echo content >/root/third/page.html
cp /usr/sbin/nginx /srv/bin/nginx
chcon -t bin_t /srv/bin/nginx
cat >/etc/nginx-third/nginx.conf <<'CONF'
daemon off;
pid /run/nginx-third.pid;
error_log /var/log/nginx/third.log;
events { }
http {
    access_log off;
    server { listen 8448; root /root/third; }
}
CONF
check "an nginx without its label" \
    systemd-run --quiet --collect --unit=selguard-backend-third /srv/bin/nginx -c /etc/nginx-third/nginx.conf
expect_http 403 http://127.0.0.1:8448/page.html
expect_table unconfined
check_match "it is said where it runs" 'nginx runs in [a-z_]+ and not in httpd_t' "$(notes /root/third/page.html)"
systemctl stop selguard-backend-third php8.2-fpm
rm -rf /srv/bin /etc/nginx-third /root/third
