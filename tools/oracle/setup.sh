#!/bin/sh
# Makes (or completes) a Debian unstable chroot that can run the oracle scripts.
#
#   sudo sh setup.sh            # default location /opt/oracle
#   ORACLE_ROOT=/x sh setup.sh  # elsewhere
#   ORACLE_BIND=/a:/b           # extra host directories to bind into the chroot
#
# Safe to run again: every step is skipped when already done.  The Debian mirror is taken from this
# machine's own package sources at run time.
set -eu

ROOT=${ORACLE_ROOT:-/opt/oracle}
SUITE=${ORACLE_SUITE:-sid}
HERE=$(cd "$(dirname "$0")" && pwd)
REPOSITORY=$(cd "$HERE/../.." && pwd)
PKGS="python3 python3-numpy python3-torch python3-transformers python3-safetensors python3-tokenizers \
python3-jinja2"
CHECK='import numpy, torch, transformers, safetensors, tokenizers, jinja2; '\
'print("transformers", transformers.__version__, "torch", torch.__version__)'

say() { echo "setup: $*"; }
die() { echo "setup: $*" >&2; exit 1; }

[ "$(id -u)" = 0 ] || die "must run as root (debootstrap, mount, chroot)"

mirrors() {
    # one-line style: deb [opts] URI suite components...
    cat /etc/apt/sources.list /etc/apt/sources.list.d/*.list 2>/dev/null |
        sed -n 's/^[[:space:]]*deb[[:space:]]\{1,\}'\
'\(\[[^]]*\][[:space:]]*\)\{0,1\}\([^[:space:]]*\)[[:space:]].*/\2/p'
    # deb822 style
    cat /etc/apt/sources.list.d/*.sources 2>/dev/null | sed -n 's/^URIs:[[:space:]]*//p' | tr ' ' '\n'
}

pick_mirror() {
    for u in $(mirrors | sed 's,/*$,,' | awk 'NF && !seen[$0]++'); do
        case $u in mirror+file:*|cdrom:*|file:*) continue ;; esac
        t=$(mktemp)
        if /usr/lib/apt/apt-helper download-file "$u/dists/$SUITE/Release" "$t" >/dev/null 2>&1 &&
            grep -q '^Origin: Debian$' "$t"; then
            rm -f "$t"
            echo "$u"
            return 0
        fi
        rm -f "$t"
    done
    return 1
}

is_mounted() { awk -v m="$1" '$2 == m { f = 1 } END { exit !f }' /proc/mounts; }

bind() {    # bind SRC at the same path inside the chroot
    [ -e "$1" ] || return 0
    mkdir -p "$ROOT$1"
    is_mounted "$ROOT$1" && return 0
    mount --rbind "$1" "$ROOT$1"
    mount --make-rslave "$ROOT$1"
}

if [ ! -x "$ROOT/usr/bin/apt-get" ]; then
    command -v debootstrap >/dev/null ||
        { apt-get update && apt-get install -y --no-install-recommends debootstrap; }
    MIRROR=$(pick_mirror) || die "none of this machine's package sources serves Debian $SUITE"
    say "bootstrapping $SUITE into $ROOT"
    mkdir -p "$ROOT"
    SCRIPT=/usr/share/debootstrap/scripts/$SUITE
    [ -e "$SCRIPT" ] || die "debootstrap knows no suite $SUITE"
    debootstrap --variant=minbase --include=ca-certificates "$SUITE" "$ROOT" "$MIRROR"
    echo "deb $MIRROR $SUITE main" > "$ROOT/etc/apt/sources.list"
fi
[ -e /etc/resolv.conf ] && cp -L /etc/resolv.conf "$ROOT/etc/resolv.conf" 2>/dev/null || true
# follow this machine's own download policy (proxy, snapshot mirrors whose index date has passed)
apt-config dump 2>/dev/null |
    grep -E '^Acquire::(Check-Valid-Until|Retries|https?::[Pp]roxy)' \
        > "$ROOT/etc/apt/apt.conf.d/95host" || true

for d in /proc /sys /dev; do bind "$d"; done
bind "$REPOSITORY"
for d in $(echo "${ORACLE_BIND:-}" | tr ':' ' '); do bind "$d"; done

if ! chroot "$ROOT" python3 -c "$CHECK" >/dev/null 2>&1; then
    say "installing packages"
    printf '#!/bin/sh\nexit 101\n' > "$ROOT/usr/sbin/policy-rc.d"
    chmod 755 "$ROOT/usr/sbin/policy-rc.d"
    chroot "$ROOT" apt-get update
    DEBIAN_FRONTEND=noninteractive chroot "$ROOT" apt-get install -y --no-install-recommends $PKGS
    chroot "$ROOT" apt-get clean
fi

say "ready: $(chroot "$ROOT" python3 -W ignore -c "$CHECK" 2>/dev/null | tail -1)"
say "the committed golden values come from transformers 5.12.1; others should agree to ~1e-5 (see README.md)"
say "run:   chroot $ROOT sh -c 'cd $HERE && python3 make_fixture.py --help'"
