# SPDX-License-Identifier: MIT
"""Initial RAM file systems: a folder with busybox, modules and whatever else, written as a cpio."""
import lzma
import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from settings import LabError, run

ROOT_SIGNS = ("usr/bin", "bin", "etc")


class Tree:
    """A folder to fill and then write as a cpio archive. busybox is at /lab/bin and, where nothing
    else is, at /bin, so that a whole root file system can be laid over it."""

    def __init__(self, busybox):
        self.busybox = busybox
        self.scratch = tempfile.TemporaryDirectory(prefix="xengt-initrd-")
        self.root = Path(self.scratch.name) / "root"
        for name in ("lab/bin", "proc", "sys", "dev", "run", "tmp", "root"):
            (self.root / name).mkdir(parents=True)
        self.root.chmod(0o755)
        shutil.copy(busybox, self.root / "lab/bin/busybox")
        for name in run(busybox, "--list").split():
            if name != "busybox":
                (self.root / "lab/bin" / name).symlink_to("busybox")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.scratch.cleanup()

    def init(self, script):
        shutil.copy(script, self.root / "init")
        (self.root / "init").chmod(0o755)

    def add(self, word):
        """PATH or PATH:PLACE. A program comes with its libraries, to /usr/local/bin by default; a
        folder as a tree, to /NAME; a folder that is a root file system becomes the root."""
        name, _, place = word.partition(":")
        path = Path(name).resolve()
        if not path.exists():
            raise LabError(f"--guest-add {name}: no such file")
        if path.is_dir():
            whole = all((path / sign).is_dir() for sign in ROOT_SIGNS)
            target = self.inside(place or ("/" if whole else path.name))
            target.mkdir(parents=True, exist_ok=True)
            run("cp", "-a", "--", f"{path}/.", target)
            return
        program = os.access(path, os.X_OK)
        target = self.inside(place or (("usr/local/bin/" if program else "root/") + path.name))
        if place.endswith("/"):
            target = target / path.name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, target)
        if program:
            for library in libraries(path):
                copy = self.inside(library)
                copy.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(library, copy)

    def inside(self, place):
        return self.root / str(place).lstrip("/")

    def write(self, file):
        for name in ("bin", "sbin"):
            folder = self.root / name
            if not folder.exists() and not folder.is_symlink():
                folder.symlink_to("lab/bin")
        if not os.path.lexists(self.root / "bin/sh"):
            (self.root / "bin/sh").symlink_to("/lab/bin/sh")
        names = subprocess.run(
            ["find", ".", "-mindepth", "1", "-print0"],
            cwd=self.root, stdout=subprocess.PIPE, check=True,
        ).stdout  # fmt: skip
        names = b"\0".join(sorted(names.rstrip(b"\0").split(b"\0"))).replace(b"\0", b"\n") + b"\n"
        done = subprocess.run(
            [self.busybox, "cpio", "-o", "-H", "newc", "-R", "0:0"],
            input=names, cwd=self.root, capture_output=True, check=False,
        )  # fmt: skip
        if done.returncode:
            raise LabError(f"cpio: {done.stderr.decode(errors='replace')}")
        scratch = file.with_name(file.name + ".new")
        # A guest's firmware reads this byte by byte through a port: 8 s for each MB under TCG.
        scratch.write_bytes(lzma.compress(done.stdout, check=lzma.CHECK_CRC32, preset=6))
        scratch.rename(file)


def libraries(program):
    """The absolute paths of a program's libraries and of its loader; none for a script or a static
    program."""
    with open(program, "rb") as file:
        if file.read(4) != b"\x7fELF":
            return []
    done = subprocess.run(
        ["ldd", program], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=False
    )
    if "not found" in done.stdout:
        raise LabError(f"{program}: {done.stdout}")
    return re.findall(r"(/\S+) \(0x", done.stdout)
