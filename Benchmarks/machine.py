"""What a measurement needs to know of the machine: its kind, the page cache, and what a process uses."""
import os
import pathlib
import platform
import subprocess

TICKS = os.sysconf("SC_CLK_TCK")


def describe(root):
    processor = next((line.split(":", 1)[1].strip() for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines()
                      if line.startswith("model name")), platform.processor())
    commit = subprocess.run(["git", "-C", root, "describe", "--always", "--dirty"], capture_output=True, text=True).stdout.strip()
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {"processor": processor, "cores": os.cpu_count(), "memory_gib": round(memory / 2**30), "commit": commit or None}


def load_average():
    return os.getloadavg()[0]


def files_under(directory):
    return [p for p in pathlib.Path(directory).rglob("*") if p.is_file() and not p.is_symlink()]


def bytes_under(directory):
    return sum(p.stat().st_size for p in files_under(directory))


def drop_from_page_cache(directory):
    """As after a restart of the machine, for these files alone. Written pages must be on the disk first, or they stay."""
    for path in files_under(directory):
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
            os.posix_fadvise(handle, 0, 0, os.POSIX_FADV_DONTNEED)
        finally:
            os.close(handle)


def processor_seconds(pid):
    """User and system time of a process so far, of all its threads."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def resident_mib(pid, highest=False):
    wanted = "VmHWM:" if highest else "VmRSS:"
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(wanted):
            return int(line.split()[1]) / 1024
    return 0.0
