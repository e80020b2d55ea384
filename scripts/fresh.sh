#!/usr/bin/env bash
# What a new user sees: a bare Debian in a folder, a clone of the last commit in it, and both commands of the README.
# Needs root and debootstrap. Packages come from where this machine's do.
#
# usage: scripts/fresh.sh [--quick]      --quick: a short demo, and the tests of one preset
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

arguments=()
if [ "${1:-}" = --quick ]; then arguments=(--quick); fi

if [ "$(id -u)" -ne 0 ]; then
    echo "fresh: needs root, for debootstrap and chroot" >&2
    exit 1
fi
release=$(. /etc/os-release && echo "$VERSION_CODENAME")
mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Origin: Debian' | head -n 1)
if [ -z "$mirror" ]; then
    echo "fresh: apt names no repository" >&2
    exit 1
fi

root=$(mktemp -d "${TMPDIR:-/tmp}/cenote-fresh.XXXXXX")
finish() {
    for folder in proc dev/shm dev sys; do
        if mountpoint -q "$root/$folder"; then umount -l "$root/$folder"; fi
    done
    rm -rf --one-file-system "$root" "$root.log"
}
trap finish EXIT

echo "== a bare Debian ($release)"
# Nothing beyond what Debian itself calls required, but for git, which gets the project, and certificates.
debootstrap --variant=minbase --include=ca-certificates,git "$release" "$root" "$mirror" >"$root.log" 2>&1 ||
    { tail -n 20 "$root.log" >&2; exit 1; }
# This machine's way to packages.
cp -L /etc/resolv.conf "$root/etc/resolv.conf"
rm -rf "$root"/etc/apt/{sources.list,sources.list.d,apt.conf.d}
for part in sources.list sources.list.d apt.conf apt.conf.d trusted.gpg.d keyrings auth.conf.d; do
    if [ -e "/etc/apt/$part" ]; then cp -a "/etc/apt/$part" "$root/etc/apt/"; fi
done
for keyrings in /usr/share/keyrings /etc/ssl/certs /usr/local/share/ca-certificates; do
    if [ -e "$keyrings" ]; then mkdir -p "$root$keyrings" && cp -aLn "$keyrings/." "$root$keyrings/" 2>/dev/null || true; fi
done
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
mount --make-rslave "$root/dev" # so that its end is not the end of ours
mount -t sysfs sysfs "$root/sys" || true

echo "== a clone"
git clone -q --bare . "$root/srv/cenote.git"
inside() { chroot "$root" /usr/bin/env -i HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 "$@"; }
inside git clone -q /srv/cenote.git /root/cenote

for command in demo test; do
    echo "== ./dev $command ${arguments[*]}"
    inside bash -c 'cd /root/cenote && exec ./dev "$@"' dev "$command" "${arguments[@]}"
done
echo "fresh: both commands work"
