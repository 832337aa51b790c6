# Unix sockets: labels of directory and file, the peer's domain, modes, nobody there; php-fpm,
# which shares nginx's domain.
# needs: project
# timeout: 700
# takes: 66
# shellcheck shell=bash source=../guest/lib.sh
. "$SELGUARD_VM_LIB/lib.sh"

check "a monitor that knows nothing yet" monitor_forget
site=http://127.0.0.1:8008
fpm() { systemd-run --quiet --collect --unit="selguard-backend-$1" --service-type=notify php-fpm8.2 -F -y "$2"; }
pool() {
    cat >"/etc/php/8.2/fpm/pool.d/$1.conf" <<CONF
[$1]
user = www-data
group = www-data
listen = $2
$3
pm = static
pm.max_children = 1
CONF
}

check "an application on a socket" backend_start unix:/run/shop/app.sock
echo '<?php echo "pool ";' >/var/www/html/index.php
pool shop /run/php/shop.sock 'listen.owner = www-data'
pool modes /run/php/modes.sock $'listen.owner = root\nlisten.group = root\nlisten.mode = 0660'
check "php-fpm" systemctl start php8.2-fpm
check_match "it is in nginx's domain" ':httpd_t:' "$(ps -o label= -C php-fpm8.2 | head -n 1)"
# As a socket that was made elsewhere and moved: its directory is right, its own label is not.
check "a socket's label" chcon -t var_run_t /run/php/shop.sock
python3 -c 'import socket; socket.socket(socket.AF_UNIX).bind("/run/php/left.sock")'
chmod 666 /run/php/left.sock
restorecon /run/php/left.sock
check "a site" nginx_site shop <<'CONF'
server {
    listen 8008;
    server_name shop.example.com;
    root /var/www/html;
    include fastcgi_params;
    fastcgi_param SCRIPT_FILENAME /var/www/html/index.php;
    location /app/ { proxy_pass http://unix:/run/shop/app.sock:/; }
    location /pool/ { fastcgi_pass unix:/run/php/php8.2-fpm.sock; }
    location /label/ { fastcgi_pass unix:/run/php/shop.sock; }
    location /modes/ { fastcgi_pass unix:/run/php/modes.sock; }
    location /gone/ { proxy_pass http://unix:/run/php/gone.sock:/; }
    location /left/ { proxy_pass http://unix:/run/php/left.sock:/; }
    location /second/ { fastcgi_pass unix:/srv/shop/php.sock; }
}
CONF
keep /etc/nginx
expect_http 200 "$site/pool/"
for location in app label modes gone left; do
    expect_http 502 "$site/$location/"
done

# A pool of a second php-fpm, in a directory that is not for that: it does not start.
cat >/etc/php-second.conf <<'CONF'
[global]
error_log = /var/log/php-second-fpm.log
[second]
user = www-data
group = www-data
listen = /srv/shop/php.sock
listen.owner = www-data
pm = static
pm.max_children = 1
CONF
mkdir -p /srv/shop
restorecon /srv/shop
check_not "another php-fpm cannot make its socket" fpm second /etc/php-second.conf
expect_http 502 "$site/second/"
expect_table denied

check "the socket's label is restored" apply_first /run/php/shop.sock write
expect_http 200 "$site/label/"
check "the modes as advised" follow_advice /run/php/modes.sock connect:13
expect_http 200 "$site/modes/"
check "the application's socket" apply_first /run/shop/app.sock search
changes=("$change")
# Where it was not known who listens, that is the next obstacle.
if ! http_is 200 "$site/app/"; then
    check "and its domain" wait_until 30 apply_first /run/shop/app.sock connectto
    changes=("$change" "${changes[@]}")
fi
expect_http 200 "$site/app/"
for change in "${changes[@]}"; do
    check "change $change is taken back" as_user operator selguardctl revert "$change"
done
expect_http 502 "$site/app/"
systemctl stop php8.2-fpm
rm -f /etc/php/8.2/fpm/pool.d/{shop,modes}.conf /etc/php-second.conf
