# SPDX-License-Identifier: MIT
"""The command line of the lab."""
import argparse
import os
import select
import shutil
import signal
import socket
import sys
import tempfile
import termios
import time
import tty
from pathlib import Path

import build
import debs
import disk
import images
import job
import machine
import ovmf
import qemu
from logs import Logs
from settings import CACHE, KERNELS, RELEASES, TREE, XEN_DIR, LabError, StandsStill, say, step

STOOD_STILL, TIMED_OUT, BROKEN = 123, 124, 125


def parse():
    parser = argparse.ArgumentParser(prog="lab", description="Real Xen in QEMU, for xengt's tests.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    made = commands.add_parser("build", help="make the images and snapshots, run nothing")
    made.add_argument("--release", choices=RELEASES, action="append")
    made.add_argument("--fresh", action="store_true", help="drop all images first")
    ran = commands.add_parser(
        "run",
        help="boot, install this tree, run guests and scripts",
        description="Without a script: the guest is created, its driver's lines are shown, and it "
        "is powered off. --dom0 alone: no guest but those that the script makes with lab-guest. "
        "Both: the guest runs its script while dom0's runs. The status is dom0's script's, then "
        "the guest's; 124 when the time is over, 125 when the machine failed, 123 when it stood still.",
    )
    add = ran.add_argument
    add("--release", choices=RELEASES, default="bookworm", help="dom0's (default %(default)s)")
    add("--config", metavar="XL.CFG", help="the guest's (default xl-configs/one-vgpu.cfg)")
    add("--dom0", metavar="SCRIPT", help="run as root in dom0 once xengtd is up")
    add("--guest", metavar="SCRIPT", help="run as root in the guest once it is up")
    add("--guest-kernel", metavar="PACKAGE",
        help=f"a release ({', '.join(KERNELS)}), PACKAGE or PACKAGE/RELEASE")  # fmt: skip
    add("--guest-add", metavar="PATH[:PLACE]", action="append", default=[],
        help="a program with its libraries, a folder, a whole root file system, or @kernel, the "
        "guest's own")  # fmt: skip
    add("--guest-package", metavar="NAME", action="append", default=[],
        help="a package of --release's Debian, with all it depends on")  # fmt: skip
    add("--dom0-add", metavar="PATH[:PLACE]", action="append", default=[],
        help="a file or folder for dom0 (default place: /root)")  # fmt: skip
    add("--disk", action="store_true",
        help="a whole Debian of --release on a disk, as xl-configs/debian.cfg has it")  # fmt: skip
    add("--vcpus", type=int, metavar="N", help="the guest's")
    add("--memory", type=int, metavar="MIB", help="the guest's")
    add("--timeout", type=int, default=900, metavar="S", help="for the scripts (default %(default)s)")
    add("--logs", metavar="DIR", help="default: a new one in the cache")
    add("--keep", action="store_true", help="leave the machine running")
    add("--stock-boot", action="store_true",
        help="let the guest's firmware read its kernel, minutes slower")  # fmt: skip
    add("--no-xengt", action="store_true", help="Xen alone, without this tree's build")
    clocks = ran.add_mutually_exclusive_group()
    clocks.add_argument("--exact", action="store_true", help="time is executed instructions (default)")
    clocks.add_argument("--fast", action="store_true", help="all cores, the host's time")
    add("--qemu", metavar="PROGRAM", default=machine.QEMU,
        help="another QEMU than the host's, such as lab qemu's")  # fmt: skip
    commands.add_parser("qemu", help="make a QEMU whose SVM is mended, and print where it is")
    commands.add_parser("ovmf", help="make the UEFI firmware for Xen's guests that Debian lacks, and print where it is")
    packed = commands.add_parser("packages", help="make this tree's Debian packages, run nothing")
    packed.add_argument("--release", choices=RELEASES, default="bookworm")
    packed.add_argument("folder", help="where the .deb files are put")
    shell = commands.add_parser("shell", help="dom0's console of a machine that --keep left")
    shell.add_argument("folder", help="as printed by lab run --keep")
    options = parser.parse_args()
    if options.command == "run":
        options.exact = not options.fast
    return options


def check(options):
    """Fill in the defaults; a file that is not there is said before anything is booted."""
    if not options.config:
        vgpu = TREE / "xl-configs" / ("debian.cfg" if options.disk else "one-vgpu.cfg")
        options.config = vgpu if vgpu.exists() and not options.no_xengt else XEN_DIR / "plain.cfg"
    for name in ("config", "dom0", "guest"):
        path = getattr(options, name)
        if path and not Path(path).is_file():
            raise LabError(f"--{name} {path}: no such file")


def make_packages(options):
    folder = Path(options.folder)
    folder.mkdir(parents=True, exist_ok=True)
    for file in debs.make(options.release):
        print(shutil.copy(file, folder))


def build_all(options):
    if options.fresh:
        images.forget()
    for release in options.release or RELEASES:
        dom0 = images.Dom0(release)
        build.build(release)
        machine.snapshot(machine.Settings(dom0, True), Logs())


class Run:
    """One lab run, from the snapshot to the exit status."""

    def __init__(self, options):
        self.options = options
        self.logs = Logs(options.logs)
        self.status = None
        self.started = False

    def on_line(self, tag, text):
        self.logs.write(tag, text)
        if tag == "lab":
            word, _, rest = text.partition(" ")
            if word == "exit":
                self.status = int(rest)
            elif text == "dom0 takes the job":
                self.started = True

    def go(self):
        options = self.options
        settings = machine.Settings(
            images.Dom0(options.release), options.exact, qemu=options.qemu
        )
        say(f"clock: {'exact' if options.exact else 'fast'}; logs in {self.logs.folder}")
        # Sparse and as big as the job disk: next to the images, not in a small /tmp.
        sweep()
        with tempfile.TemporaryDirectory(prefix=f"run-{os.getpid()}-", dir=CACHE) as scratch:
            scratch = Path(scratch)
            guest_disk = disk.make(options.release, settings.dom0) if options.disk else None
            job.write(scratch / "tar", settings.dom0, options)
            machine.job_disk(scratch / "tar", scratch / "job", guest_disk)
            saved = machine.snapshot(settings, self.logs)
            machine.overlay_on(saved / "disk", "qcow2", scratch / "disk")
            with step("dom0"):
                lab = machine.Machine(
                    settings, scratch / "disk", scratch / "job", self.on_line, saved / "state",
                    outlives=options.keep,
                )  # fmt: skip
            try:
                lab.send(f"go {int(time.time())}")
                # Its files are QEMU's alone from here on.
                for name in ("disk", "job"):
                    (scratch / name).unlink()
                lab.until(lambda: self.started or self.status is not None, 300, "dom0")
                lab.until(lambda: self.status is not None, options.timeout, "the scripts")
                lab.pump(0.2)
                if options.keep:
                    self.leave(lab)
            except TimeoutError:
                lab.inquest()
                raise
            finally:
                if not options.keep or self.status is None:
                    lab.kill()
        return self.status

    def leave(self, lab):
        folder = lab.detach()
        say(f"the machine runs on: tests/xen/lab shell {folder}")
        say(f"stop it with: kill {lab.process.pid}; rm -r {folder}")


def sweep():
    """Drop what labs that were killed have left in the cache."""
    for folder in CACHE.glob("run-*-*"):
        if not Path("/proc", folder.name.split("-")[1]).exists():
            shutil.rmtree(folder, ignore_errors=True)


def shell(options):
    """This terminal on dom0's console; Ctrl-] leaves."""
    console = socket.socket(socket.AF_UNIX)
    try:
        console.connect(str(Path(options.folder) / "com1"))
    except OSError as error:
        raise LabError(f"{options.folder}: {error}") from error
    say("press Enter for a shell, Ctrl-] to leave")
    saved = termios.tcgetattr(0) if os.isatty(0) else None
    try:
        if saved:
            tty.setraw(0)
        while True:
            ready, _, _ = select.select([0, console], [], [])
            if console in ready:
                data = console.recv(65536)
                if not data:
                    return 0
                os.write(1, data)
            if 0 in ready:
                data = os.read(0, 4096)
                if not data or b"\x1d" in data:
                    return 0
                console.sendall(data)
    finally:
        if saved:
            termios.tcsetattr(0, termios.TCSADRAIN, saved)


def main():
    def end(number, _):
        raise SystemExit(128 + number)

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, end)
    options = parse()
    run = None
    try:
        if os.geteuid() and options.command != "shell":
            raise LabError("only root can make Debian's images")
        if options.command == "build":
            build_all(options)
            return 0
        if options.command == "packages":
            make_packages(options)
            return 0
        if options.command == "qemu":
            print(qemu.make())
            return 0
        if options.command == "ovmf":
            print(ovmf.make())
            return 0
        if options.command == "shell":
            return shell(options)
        check(options)
        run = Run(options)
        status = run.go()
    except TimeoutError as error:
        say(f"time is over while waiting for {error}")
        status = TIMED_OUT if run and run.started else BROKEN
    except LabError as error:
        say(str(error))
        status = STOOD_STILL if isinstance(error, StandsStill) else BROKEN
    finally:
        machine.kill_all()
    if status and run:
        run.logs.failure()
    return status


sys.exit(main())
