#!/usr/bin/env bash
# Installs the software WebGPU adapters, the browsers and the web servers that the tests use, on Debian 12.
# Needs root; does nothing if they are there.
#
#   Chromium with its SwiftShader    for the page and for Node    no shader-f16, subgroups of 4
#   Mesa's lavapipe                  for Node                     shader-f16, subgroups of 8
#   Firefox ESR on lavapipe          for the page                 shader-f16, no subgroups
#   nginx, Apache, Caddy             hosts of model files         started by the tests alone
#
# Debian 12's own Mesa is too old for Dawn, so Mesa comes from bookworm-backports, through the mirror that
# this machine already uses.
set -euo pipefail

swiftshader=/usr/lib/chromium/vk_swiftshader_icd.json
lavapipe_version() { dpkg-query -W -f '${Version}' mesa-vulkan-drivers 2> /dev/null || true; }

if [[ -f $swiftshader && -e /usr/bin/chromium && -e /usr/bin/firefox-esr ]] &&
  [[ -e /usr/sbin/nginx && -e /usr/sbin/apache2 && -e /usr/bin/caddy ]] &&
  dpkg --compare-versions "$(lavapipe_version)" ge 24; then
  exit 0
fi
if [[ $(id -u) != 0 ]] || ! grep -q '^VERSION_CODENAME=bookworm$' /etc/os-release; then
  echo 'adapters: needs root on Debian 12.' >&2
  echo 'Elsewhere, install chromium, firefox, libvulkan1, mesa-vulkan-drivers 24 or newer, nginx, apache2' >&2
  echo 'and caddy.' >&2
  exit 1
fi

echo 'adapters: installing Chromium, Firefox, Mesa and web servers (once)' >&2
mirror=$(awk '$1 == "URIs:" { print $2; exit } $1 == "deb" { print ($2 ~ /^\[/) ? $3 : $2; exit }' \
  "$(ls /etc/apt/sources.list.d/debian.sources /etc/apt/sources.list 2> /dev/null | head -n 1)")
if ! grep -rqs 'bookworm-backports' /etc/apt/sources.list /etc/apt/sources.list.d; then
  cat > /etc/apt/sources.list.d/hadal-backports.sources << SOURCE
Types: deb
URIs: $mirror
Suites: bookworm-backports
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg
SOURCE
fi
export DEBIAN_FRONTEND=noninteractive
apt-get -qq update
apt-get -qq install -y --no-install-recommends chromium firefox-esr libvulkan1 > /dev/null
apt-get -qq install -y --no-install-recommends -t bookworm-backports mesa-vulkan-drivers > /dev/null

# Debian starts a server that it installs, unless this file says no.
policy=/usr/sbin/policy-rc.d
if [[ ! -e $policy ]]; then
  trap 'rm -f "$policy"' EXIT
  printf '#!/bin/sh\nexit 101\n' > "$policy"
  chmod 755 "$policy"
fi
apt-get -qq install -y --no-install-recommends nginx apache2-bin caddy > /dev/null
if [[ -d /run/systemd/system ]]; then systemctl -q disable nginx caddy; fi
