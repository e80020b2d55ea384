"""What the machine is, with the names that the other suites' results have."""

import os
import platform
from pathlib import Path


def first_line(path):
    """The first line of a small file of the kernel, or None where it has no such file."""
    try:
        return Path(path).read_text(encoding="ascii").splitlines()[0]
    except (OSError, IndexError):
        return None


def processor_fields():
    """Of the first processor in /proc/cpuinfo."""
    fields = {}
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").split("\n\n")[0].splitlines():
        name, _, value = line.partition(":")
        fields[name.strip()] = value.strip()
    return fields


def processors_in(shared):
    """How many there are in the kernel's way to write a list: 0-1,4."""
    count = 0
    for part in shared.split(","):
        first, _, last = part.partition("-")
        count += int(last or first) - int(first) + 1
    return count


def caches():
    found = []
    for index in sorted(Path("/sys/devices/system/cpu/cpu0/cache").glob("index*")):
        size = first_line(index / "size")
        if size is None:
            continue
        found.append(
            {
                "level": int(first_line(index / "level")),
                "type": first_line(index / "type"),
                "KiB": int(size.removesuffix("K")),
                "shared_by": processors_in(first_line(index / "shared_cpu_list")),
            }
        )
    return found


def describe_machine():
    fields = processor_fields()
    kernel = os.uname()
    page = os.sysconf("SC_PAGE_SIZE")
    return {
        "processor": fields.get("model name"),
        "cores": os.cpu_count(),
        "MHz": float(fields["cpu MHz"]) if "cpu MHz" in fields else None,
        "caches": caches(),
        "virtual": "hypervisor" in fields.get("flags", "").split(),
        "memory_MiB": os.sysconf("SC_PHYS_PAGES") * page >> 20,
        "os_page_bytes": page,
        "huge_pages": first_line("/sys/kernel/mm/transparent_hugepage/enabled"),
        "frequency_governor": first_line("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor"),
        "kernel": f"{kernel.sysname} {kernel.release} {kernel.machine}",
        "load_average_before": list(os.getloadavg()),
        "driver": f"python {platform.python_version()}",
    }
