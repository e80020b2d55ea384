"""The mallocs that are compared: where each is, which version, and whether it is what a process under it calls."""

import dataclasses
import os
import subprocess
import tempfile
from pathlib import Path

from process import Failed, Leg, Malloc, find

ROOT = Path(__file__).resolve().parents[2]
BASELINE = "glibc"
OURS = "cenote"

# By subject: the file of Debian's package. Of tcmalloc the minimal form, which its documentation advises where no
# profiler is wanted; of oneTBB's allocator the proxy that replaces malloc.
PEERS = {
    "jemalloc": "libjemalloc.so.2",
    "tcmalloc": "libtcmalloc_minimal.so.4",
    "mimalloc": "libmimalloc.so.2",
    "tbbmalloc": "libtbbmalloc_proxy.so.2",
}
OPTIONS = {
    BASELINE: "no tunables; preloaded over redis-server's jemalloc",
    "jemalloc": "defaults",
    "tcmalloc": "minimal; defaults",
    "mimalloc": "defaults",
    "tbbmalloc": "proxy; defaults",
}

# Prints the file that posix_memalign of its process is in. Not malloc: python takes its address, which by the rules of the
# loader is then one in python itself.
WHOSE_MALLOC = """
import ctypes
class Info(ctypes.Structure):
    _fields_ = [("file", ctypes.c_char_p), ("base", ctypes.c_void_p), ("name", ctypes.c_char_p), ("at", ctypes.c_void_p)]
process, found = ctypes.CDLL(None), Info()
process.dladdr.argtypes = [ctypes.c_void_p, ctypes.POINTER(Info)]
assert process.dladdr(ctypes.cast(process.posix_memalign, ctypes.c_void_p), ctypes.byref(found))
print(found.file.decode())
"""


@dataclasses.dataclass(frozen=True)
class Subject:
    malloc: Malloc
    version: str
    options: str

    @property
    def name(self):
        return self.malloc.name

    @property
    def ours(self):
        return self.name.startswith(OURS)


def library_file(name):
    """The file that the loader would take for a library's name."""
    table = subprocess.run(["/sbin/ldconfig", "-p"], capture_output=True, text=True, check=True).stdout
    for line in table.splitlines():
        if line.strip().startswith(name + " "):
            return Path(line.rsplit(" => ", 1)[1])
    return None


def own_library():
    """The library as the release preset builds it, or None."""
    return next(iter(sorted((ROOT / "build" / "release").rglob("libcenote-malloc.so"))), None)


def version_of(file):
    """The version of the Debian package that a file is of, or of the project."""
    if file.is_relative_to(ROOT):
        for line in (ROOT / "CMakeLists.txt").read_text(encoding="utf-8").splitlines():
            if line.startswith("project("):
                return line.split("VERSION ")[1].split(" ")[0]
    if find("dpkg-query") is None:
        return ""
    # Files in /lib are filed under either name since /lib is a link.
    for path in (file.resolve(), "/" + str(file.resolve()).removeprefix("/usr/"), file):
        owner = subprocess.run(["dpkg-query", "-S", path], capture_output=True, text=True, check=False).stdout
        if owner:
            package = owner.splitlines()[0].rsplit(": ", 1)[0]
            query = ["dpkg-query", "-W", "-f=${Version}", package]
            return subprocess.run(query, capture_output=True, text=True, check=True).stdout
    return ""


def require_active(malloc):
    """Raises Failed when a process under this malloc calls another one."""
    with tempfile.TemporaryDirectory(prefix="cenote_bench_") as folder:
        owner = Path(Leg(malloc, folder).run(find("python3"), "-c", WHOSE_MALLOC).decode().strip())
    wanted = malloc.library.resolve().name if malloc.library else "libc.so.6"
    if owner.resolve().name != wanted:
        raise Failed(f"{malloc.name}: posix_memalign of a process under {malloc.library or 'the C library'} is that of {owner}")


def subjects(libraries):
    """All of them, the baseline first and ours last; `libraries` are files by name, added or in place of others."""
    files = {name: library_file(file) for name, file in PEERS.items()}
    missing = [PEERS[name] for name, file in files.items() if file is None and name not in libraries]
    if missing:
        raise Failed(f"the loader knows no {', '.join(missing)}")
    files[OURS] = own_library()
    files.update({name: Path(os.path.abspath(file)) for name, file in libraries.items()})
    if files[OURS] is None:
        del files[OURS]
    found = [Subject(Malloc(BASELINE), os.confstr("CS_GNU_LIBC_VERSION").split(" ")[1], OPTIONS[BASELINE])]
    for name, file in files.items():
        malloc = Malloc(name, file)
        require_active(malloc)
        found.append(Subject(malloc, version_of(file), OPTIONS.get(name, "defaults")))
    return found
