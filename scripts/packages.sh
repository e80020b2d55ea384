# shellcheck shell=bash
# What the commands of ./dev need, and how it gets there. Sourced by ./dev.

# Debian's and Ubuntu's package names, by what they are for.
packages_build="g++ cmake ninja-build python3"
packages_server="libasio-dev libcli11-dev nlohmann-json3-dev redis-tools"
packages_tool="libcli11-dev nlohmann-json3-dev libzstd-dev libxxhash-dev libdw-dev node-d3"
packages_programs="redis-server redis-tools memcached sqlite3 python3 libpython3.11-testsuite nodejs git perl g++ clang"
packages_package="dpkg-dev file"
packages_docs="doxygen python3"
packages_fresh="debootstrap"
packages_aarch64="g++-aarch64-linux-gnu qemu-user"
packages_analyse="clang-tidy cppcheck python3 $packages_server"
packages_charts="python3 python3-matplotlib"
packages_test="clang libclang-rt-dev gcc make pkgconf libcmocka-dev libgtest-dev libgmock-dev libboost-dev spin valgrind chromium $packages_server $packages_programs $packages_tool
               $packages_package $packages_docs $packages_analyse $packages_charts"
packages_bench="libbenchmark-dev libcli11-dev nlohmann-json3-dev libboost-dev libfoonathan-memory-dev
                libjemalloc-dev libgoogle-perftools-dev libmimalloc-dev libtbb-dev"
packages_coverage="clang llvm binutils"
packages_lint="clang-format shellcheck python3 g++"

# need PACKAGE...: installs those that are missing, or says which they are.
need() {
    if ! command -v dpkg-query >/dev/null; then
        echo "dev: no dpkg on this system; these have to be installed (Debian's names): $*" >&2
        return 0
    fi
    local missing=() package
    for package in $(printf '%s\n' "$@" | sort -u); do
        if ! dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed'; then
            missing+=("$package")
        fi
    done
    [ ${#missing[@]} -eq 0 ] && return 0

    local as_root=()
    if [ "$(id -u)" -ne 0 ]; then
        if ! command -v sudo >/dev/null; then
            echo "dev: please install as root: apt-get install ${missing[*]}" >&2
            exit 1
        fi
        as_root=(sudo)
    fi
    echo "dev: installing ${missing[*]}" >&2
    "${as_root[@]}" apt-get update -q >/dev/null
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
        apt-get install -y -q --no-install-recommends "${missing[@]}" >/dev/null
}
