#!/bin/sh
# What the package does on a machine without systemd: installed, used, upgraded, removed and purged, and read by lintian.
#
#   package.sh PACKAGE NEWER_PACKAGE
#
# As root, on a fresh Debian 12 that is thrown away; it installs what it needs. tests/deploy/README.md says more.
set -eu

package=$(readlink -f "$1") newer=$(readlink -f "$2")
export DEBIAN_FRONTEND=noninteractive
quietly() { "$@" >/tmp/said 2>&1 || { cat /tmp/said; echo "WRONG: $*"; exit 1; }; }
claim() { printf 'ok     %s\n' "$*"; }
wrong() { printf 'WRONG  %s\n' "$*"; exit 1; }

quietly apt-get update -q
quietly apt-get install -y -q --no-install-recommends curl lintian man-db groff bash-completion zsh logrotate procps

said=$(lintian --fail-on error --tag-display-limit 0 "$package") || { echo "$said"; wrong "lintian finds errors"; }
[ -z "$said" ] || echo "$said"
claim "lintian finds no error"

quietly apt-get install -y -q --no-install-recommends "$package"
claim "installed with what it depends on: $(dpkg-deb -f "$package" Depends)"

[ "$(stat -c '%U %a' /var/log/colmeia)" = "colmeia 750" ] || wrong "the folder of the logs: $(stat -c '%U %a' /var/log/colmeia)"
colmeia -t 2>&1 | grep -q "/etc/colmeia/colmeia.conf test is successful" || wrong "colmeia -t"
[ ! -e /var/log/colmeia/access.log ] || wrong "colmeia -t has left a log that belongs to root"
claim "colmeia -t finds the configuration right, and leaves nothing behind"

colmeia 2>/dev/null
curl -fsS http://127.0.0.1/ | grep -q "What to do next" || wrong "the page"
[ "$(ps -o user= -C colmeia | sort -u | tr -d '\n ')" = colmeiaroot ] || wrong "workers are $(ps -o user= -C colmeia)"
colmeia ctl | grep -q serving || wrong "colmeia ctl"
claim "started by hand it serves the page that says what to do next, with workers of the user colmeia"
colmeia -s quit

for page in colmeia.8 colmeia.conf.5; do
  quietly man -l --warnings "/usr/share/man/man${page##*.}/$page.gz"
  [ -z "$(man -l --warnings "/usr/share/man/man${page##*.}/$page.gz" 2>&1 >/dev/null)" ] || wrong "man $page has warnings"
done
claim "man 8 colmeia and man 5 colmeia.conf are there: $(zcat /usr/share/man/man5/colmeia.conf.5.gz | grep -c '^\.SS') directives"
# shellcheck disable=SC2016
bash -c '. /usr/share/bash-completion/completions/colmeia; COMP_WORDS=(colmeia ctl rel) COMP_CWORD=2; _colmeia
  [ "${COMPREPLY[*]}" = reload ]' || wrong "completion for bash"
zsh -c 'autoload -Uz compinit && compinit -u -d /tmp/dump && [[ ${_comps[colmeia]} == _colmeia ]] &&
  zsh -n /usr/share/zsh/vendor-completions/_colmeia' || wrong "completion for zsh"
claim "bash and zsh complete verbs"
quietly logrotate -d /etc/logrotate.d/colmeia
claim "logrotate understands its configuration"

sed -i 's/keepalive_timeout  65/keepalive_timeout  30/' /etc/colmeia/colmeia.conf
echo '# of the operator' >/etc/colmeia/conf.d/own.conf
quietly dpkg -i "$newer"
grep -q 'keepalive_timeout  30' /etc/colmeia/colmeia.conf || wrong "the configuration was not kept"
claim "an upgrade keeps a configuration that was changed"
quietly dpkg -r colmeia
grep -q 'keepalive_timeout  30' /etc/colmeia/colmeia.conf || wrong "the configuration was not kept"
[ ! -e /usr/sbin/colmeia ] || wrong "the program is still there"
claim "removal keeps the configuration"
quietly dpkg -i "$newer"
quietly dpkg -P colmeia
left=$(find / -xdev -not -path '/proc/*' -not -path '/var/lib/dpkg/*' -not -path '/var/cache/*' -not -path '/etc/colmeia*' \
  -name '*colmeia*' -not -path '/tmp/*' -not -path '/root/*' -not -path '/srv/*' -not -path '/var/log/apt/*' | head)
[ -z "$left" ] || wrong "a purge leaves: $left"
[ "$(find /etc/colmeia -type f)" = /etc/colmeia/conf.d/own.conf ] || wrong "/etc/colmeia: $(find /etc/colmeia)"
claim "a purge leaves nothing but files of the operator's own"
echo "all claims hold"
