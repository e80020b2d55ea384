"""Runs a program with one malloc underneath: in an environment of its own, output and errors apart, what it used counted.

A `Leg` is one program under one malloc. It fails when a command does, when the loader could not preload the library, or
when the library, asked by its environment variable to say that it was there, does not.
"""

import contextlib
import dataclasses
import hashlib
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

PATIENCE = 60.0  # seconds for one command; a program that hangs under a malloc is a finding, not a reason to wait
SHOWN = 2000  # characters of output in a message

# Only what every machine has before the user's own folders: version managers put scripts there that start programs.
SEARCH_PATH = os.pathsep.join(["/usr/bin", "/bin", "/usr/local/bin", os.environ.get("PATH", "")])


class Failed(Exception):
    """A program did not do under a malloc what it was to do."""


@dataclasses.dataclass(frozen=True)
class Malloc:
    """What is preloaded. Without a library, the C library's own."""

    name: str
    library: Path | None = None
    proof: str | None = None  # how a line starts that the library writes to stderr when it is asked for statistics
    environment: dict = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True)
class Usage:
    """Of one or several processes, one after the other: sums, and the largest peak."""

    seconds: float = 0.0
    cpu_seconds: float = 0.0
    peak_bytes: int = 0
    faults: int = 0

    def __add__(self, other):
        return Usage(
            self.seconds + other.seconds,
            self.cpu_seconds + other.cpu_seconds,
            max(self.peak_bytes, other.peak_bytes),
            self.faults + other.faults,
        )


def find(program):
    return shutil.which(program, path=SEARCH_PATH)


def c_library():
    """The file of the C library that this process runs on."""
    for line in Path("/proc/self/maps").read_text(encoding="utf-8").splitlines():
        path = line.split(" ")[-1]
        if Path(path).name.startswith("libc.so.") or Path(path).name.startswith("libc-2."):
            return Path(path)
    raise Failed("this process has no libc.so mapped: cannot tell which file is the C library")


def digest(data):
    return hashlib.sha256(data).hexdigest()


def shown(data):
    text = data.decode("utf-8", "replace")
    return text if len(text) <= SHOWN else f"... {text[-SHOWN:]}"


class Leg:
    """One program under one malloc, in a folder that is empty at first.

    `launcher` is a program that starts another and writes what it used to a file, or None where nobody asks.
    """

    def __init__(self, malloc, folder, launcher=None, patience=PATIENCE):
        self.malloc = malloc
        self.folder = Path(folder)
        self.launcher = launcher
        self.patience = patience
        self.usage = Usage()
        self.commands = 0

    def environment(self, over_c_library, more):
        """From nothing, so that no setting of whoever runs this reaches an allocator."""
        result = {
            "PATH": SEARCH_PATH,
            "HOME": str(self.folder),
            "TMPDIR": str(self.folder),
            "LC_ALL": "C.UTF-8",
            "TZ": "UTC",
            **self.malloc.environment,
            **more,
        }
        library = self.malloc.library
        if library is None and over_c_library:
            library = c_library()
        if library is not None:
            result["LD_PRELOAD"] = str(library)
        if self.malloc.proof is not None:
            result["CENOTE_STATS"] = "1"
        return result

    def streams(self):
        """Files for what the next command writes. No pipes: nobody's reading is to slow it down."""
        self.commands += 1
        return self.folder / f"{self.commands}.stdout", self.folder / f"{self.commands}.stderr"

    def run(self, *command, stdin=None, cwd=None, environment=None):
        """Runs a command to its end and returns its output. `stdin` is a file's path."""
        command = [str(part) for part in command]
        output, errors = self.streams()
        report = self.folder / f"{self.commands}.usage"
        launched = [str(self.launcher), str(report), *command] if self.launcher else command
        with open(output, "wb") as out, open(errors, "wb") as err, open(stdin or os.devnull, "rb") as source:
            process = subprocess.Popen(
                launched,
                stdin=source,
                stdout=out,
                stderr=err,
                cwd=cwd or self.folder,
                env=self.environment(False, environment or {}),
                start_new_session=True,
            )
            try:
                status = process.wait(timeout=self.patience)
            except subprocess.TimeoutExpired:
                raise Failed(f"{command[0]}: not at its end after {self.patience:.0f} s\n{shown(errors.read_bytes())}") from None
            finally:
                end_session(process)
        if status != 0:
            raise Failed(
                f"{' '.join(command[:6])}: {ending(status)}\n{shown(output.read_bytes())}{shown(errors.read_bytes())}"
            )
        if self.launcher:
            self.usage += usage_of(report)
        self.check_preloaded(command[0], errors)
        return output.read_bytes()

    @contextlib.contextmanager
    def serve(self, *command, ready, over_c_library=False):
        """Starts a server, waits until `ready()`, yields its process, and ends it with SIGTERM.

        `over_c_library` puts the C library in front where nothing else is preloaded: for programs that bring a malloc.
        The server must be alive until then, and end by itself with status 0.
        """
        command = [str(part) for part in command]
        output, errors = self.streams()
        started = time.monotonic()
        with open(output, "wb") as out, open(errors, "wb") as err:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                cwd=self.folder,
                env=self.environment(over_c_library, {}),
                start_new_session=True,
            )
        said = lambda: f"\n{shown(output.read_bytes())}{shown(errors.read_bytes())}"
        try:
            while not ready():
                if process.poll() is not None:
                    raise Failed(f"{command[0]}: {ending(process.returncode)} before it was ready{said()}")
                if time.monotonic() - started > self.patience:
                    raise Failed(f"{command[0]}: not ready after {self.patience:.0f} s{said()}")
                time.sleep(0.002)
            try:
                yield process
            except (Failed, OSError) as error:
                if process.poll() is None:
                    raise
                raise Failed(f"{command[0]}: {ending(process.returncode)}: {error}{said()}") from error
            if process.poll() is not None:
                raise Failed(f"{command[0]}: {ending(process.returncode)} on its own{said()}")
            # Until the work was done: some servers look only once a second whether they are to end.
            seconds = time.monotonic() - started
            # Not the peak of wait4: there the memory of whoever forked counts as well.
            peak = peak_bytes(process.pid)
            process.send_signal(signal.SIGTERM)
            status, resources = wait(process, self.patience)
            if status is None:
                raise Failed(f"{command[0]}: does not end{said()}")
            if status != 0:
                raise Failed(f"{command[0]}: {ending(status)} when told to end{said()}")
            self.usage += Usage(
                seconds,
                resources.ru_utime + resources.ru_stime,
                peak,
                resources.ru_minflt + resources.ru_majflt,
            )
        finally:
            end_session(process)
        self.check_preloaded(command[0], errors)

    def check_preloaded(self, program, errors):
        lines = errors.read_text(encoding="utf-8", errors="replace").splitlines()
        for line in lines:
            if "cannot be preloaded" in line:
                raise Failed(f"{program}: {line}")
        proof = self.malloc.proof
        if proof is not None and not any(line.startswith(proof) for line in lines):
            raise Failed(
                f"{program}: nothing proves that {self.malloc.library} was there: no line on stderr starts with {proof!r}\n"
                f"{shown(errors.read_bytes())}"
            )


def ending(status):
    return f"ended with status {status}" if status >= 0 else f"ended by signal {-status}"


def end_session(process):
    """Whatever of the session that `process` leads is still there."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    if process.returncode is None:
        process.wait()


def wait(process, patience):
    """The exit status of a process that is about to end and what it used; (None, None) when it does not end."""
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        found, status, resources = os.wait4(process.pid, os.WNOHANG)
        if found:
            process.returncode = os.waitstatus_to_exitcode(status)
            return process.returncode, resources
        time.sleep(0.001)
    return None, None


def peak_bytes(pid):
    for line in Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    raise Failed(f"/proc/{pid}/status has no VmHWM")


def usage_of(report):
    """What the launcher wrote: seconds, seconds of processor, KiB at the peak, page faults."""
    seconds, cpu_seconds, peak_kib, faults = report.read_text(encoding="ascii").split()
    return Usage(float(seconds), float(cpu_seconds), int(peak_kib) * 1024, int(faults))
