# SPDX-License-Identifier: MIT
"""What the lab is made of: releases, packages, places, and the small helpers that all its parts use."""
import contextlib
import fcntl
import hashlib
import os
import pathlib
import subprocess
import sys
import time
import typing

XEN_DIR = pathlib.Path(__file__).resolve().parent.parent
TREE = XEN_DIR.parent.parent
CACHE = pathlib.Path(
    os.environ.get("XENGT_CACHE")
    or pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "xengt"
)
KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
RELEASES = ("bookworm", "trixie")


class Linux(typing.NamedTuple):
    """The kernel of one Debian release, for guests."""

    # Which suites of the archive have it: the release's own (""), "updates", "security". None: those that this host has of
    # its own release.
    pockets: typing.Optional[tuple] = None
    # Words that its command line needs in QEMU's software CPU, by dom0's release; None is for all others.
    words: dict = {}


# Oldest first. Testing has a security suite only while it is frozen.
#
# nopku: Linux 6.12 on Xen 4.17 and newer ones on any Xen find the frames of their signals bad with QEMU's protection keys.
# The older ones need the keys: without them, programs in a guest of 6.1 die of good instructions.
KERNELS = {
    "bullseye": Linux(pockets=("", "security")),
    "bookworm": Linux(),
    "trixie": Linux(words={"bookworm": "nopku"}),
    "forky": Linux(pockets=("",), words={None: "nopku cryptomgr.notests clearcpuid=avx2,avx,bmi2"}),
}

DOM0_PACKAGES = """systemd systemd-sysv udev dbus kmod procps iproute2 pciutils busybox-static
    xen-system-amd64 qemu-system-xen seabios ovmf libjson-c5 libsystemd0 libseccomp2 fuse3""".split()
BUILD_PACKAGES = """gcc libc6-dev make autoconf automake libtool pkg-config
    libxen-dev libsystemd-dev libjson-c-dev libfuse3-dev libseccomp-dev check""".split()


class LabError(Exception):
    """The machine itself failed: exit status 125."""


class StandsStill(LabError):
    """Xen has work and runs none of it, all processors being idle: exit status 123."""


def say(text):
    print(f"lab: {text}", file=sys.stderr, flush=True)


@contextlib.contextmanager
def step(text):
    """One line for a step that may be long, with the seconds that it took."""
    start = time.monotonic()
    say(f"{text} ...")
    yield
    say(f"{text}: {time.monotonic() - start:.0f} s")


def run(*command, log=None, **options):
    """Run a host command to its end; its output goes to the log, whose tail is in the error."""
    done = subprocess.run(
        [str(word) for word in command],
        stdin=options.pop("stdin", subprocess.DEVNULL),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        timeout=options.pop("timeout", 1800),
        check=False,
        **options,
    )
    if log:
        with open(log, "a", encoding="utf-8") as file:
            file.write(done.stdout)
    if done.returncode:
        tail = "\n".join(done.stdout.splitlines()[-20:])
        raise LabError(f"{command[0]} failed with status {done.returncode}:\n{tail}")
    return done.stdout


@contextlib.contextmanager
def locked(name):
    """Only one lab at a time makes or replaces a thing in the cache."""
    CACHE.mkdir(parents=True, exist_ok=True)
    with open(CACHE / f"{name}.lock", "w", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say(f"waiting for another lab that makes {name}")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def digest(*parts):
    """A short name for what defines a thing: strings, and files by their content."""
    total = hashlib.sha256()
    for part in parts:
        data = part.read_bytes() if isinstance(part, pathlib.Path) else str(part).encode()
        total.update(b"%d:" % len(data) + data)
    return total.hexdigest()[:16]
