# SPDX-License-Identifier: MIT
"""Linux kernels out of Debian's packages: an image, its modules, and what a module depends on."""
import lzma
import os
import re
import shutil
import struct
import subprocess

import apt
from settings import CACHE, KERNELS, LabError, locked, run, step

META = "linux-image-amd64"
# Where dom0/quick-boot puts a guest's kernel and its initrd: clear of what hvmloader and SeaBIOS
# use, and of where the kernel unpacks itself.
PAGE = 4096
BODY_AT, INITRD_AT = (128 << 20) - PAGE, 256 << 20


class Kernel:
    """An unpacked kernel: .image is the vmlinuz, .modules the folder lib/modules/VERSION, .words what its command line needs
    in the lab."""

    def __init__(self, home, words=""):
        self.home = home
        self.name = home.name
        self.words = words
        self.modules = next((home / "lib/modules").iterdir())
        self.version = self.modules.name
        places = (home / "boot" / f"vmlinuz-{self.version}", self.modules / "vmlinuz")
        self.image = next(place for place in places if place.exists())

    def closure(self, wanted):
        """The files of the wanted modules and all they need, relative to .modules. A module that
        is built into this kernel, or that it does not have, is left out."""
        depends = {}
        for line in (self.modules / "modules.dep").read_text(encoding="utf-8").splitlines():
            path, _, needs = line.partition(":")
            depends[module_name(path)] = (path, [module_name(need) for need in needs.split()])
        soft = {}
        for line in (self.modules / "modules.softdep").read_text(encoding="utf-8").splitlines():
            found = re.match(r"softdep (\S+) (?:pre|post): (.*)", line)
            if found:
                names = re.sub(r"\b(pre|post):", "", found.group(2)).split()
                soft[found.group(1).replace("-", "_")] = [name.replace("-", "_") for name in names]
        todo, files = [name.replace("-", "_") for name in wanted], {}
        while todo:
            name = todo.pop()
            if name in depends and name not in files:
                files[name] = depends[name][0]
                todo += depends[name][1] + soft.get(name, [])
        return sorted(files.values())

    def copy_modules(self, wanted, root):
        """Put the wanted modules under root, unpacked, with the tables that modprobe reads."""
        target = root / "lib/modules" / self.version
        for file in self.closure(wanted):
            place = target / file
            place.parent.mkdir(parents=True, exist_ok=True)
            if place.suffix in UNPACK:
                place.with_suffix("").write_bytes(UNPACK[place.suffix](self.modules / file))
            else:
                shutil.copy(self.modules / file, place)
        target.mkdir(parents=True, exist_ok=True)
        for table in ("modules.order", "modules.builtin", "modules.builtin.modinfo"):
            if (self.modules / table).exists():
                shutil.copy(self.modules / table, target)
        run("depmod", "-b", root, self.version)


def quick_boot(image, initrd_size):
    """A bzImage as (head, body) for dom0/quick-boot. body is to be put at BODY_AT: a page with a
    few instructions that enter the initrd at INITRD_AT into the boot parameters (QEMU's option ROM
    writes its own idea of it there), then the protected-mode kernel. head is the real-mode part,
    told to jump to body. Fields as in Linux's Documentation/arch/x86/boot.rst: setup_sects 0x1f1,
    code32_start 0x214 (a boot loader may change it), ramdisk_image 0x218, ramdisk_size 0x21c; ESI
    points at the boot parameters on entry."""
    data = image.read_bytes()
    if data[0x202:0x206] != b"HdrS":
        raise LabError(f"{image} is not a bzImage")
    split = ((data[0x1F1] or 4) + 1) * 512
    head = bytearray(data[:split]) + bytes(512)
    struct.pack_into("<I", head, 0x214, BODY_AT)
    enter = b""
    for field, value in ((0x218, INITRD_AT), (0x21C, initrd_size)):
        enter += b"\xc7\x86" + struct.pack("<II", field, value)  # movl $value, field(%esi)
    enter += b"\xe9" + struct.pack("<I", PAGE - len(enter) - 5)  # jmp to the kernel's page
    return bytes(head), enter.ljust(PAGE, b"\0") + data[split:]


def unpack_zst(file):
    return subprocess.run(["zstd", "-dcq", file], stdout=subprocess.PIPE, check=True).stdout


# How Debian's modules may be compressed; busybox in a guest cannot load them so.
UNPACK = {".xz": lambda file: lzma.decompress(file.read_bytes()), ".zst": unpack_zst}


def module_name(path):
    return re.sub(r"\.ko(\.\w+)?$", "", os.path.basename(path)).replace("-", "_")


def find(name, release):
    """The kernel that a user's word names: a release, PACKAGE, or PACKAGE/RELEASE. A plain package
    is looked for in the given release, which is dom0's, first, then in the others."""
    package, _, where = name.partition("/")
    if package in KERNELS:
        package, where = META, package
    places = [where] if where else [release, *(other for other in KERNELS if other != release)]
    if any(place not in KERNELS for place in places):
        raise LabError(f"{name}: a release is one of {', '.join(KERNELS)}")
    with locked("kernels"):
        for look in (kept, fetch):
            for place in places:
                home = look(package, place)
                if home:
                    words = KERNELS[place].words
                    return Kernel(home, words.get(release, words.get(None, "")))
    raise LabError(f"no package {package} in {', '.join(places)}")


def by_name(package, release):
    return CACHE / "kernels/by-name" / f"{release}.{package}"


def kept(package, release):
    link = by_name(package, release)
    return link.resolve() if link.exists() else None


def fetch(package, release):
    archive = apt.Archive(release)
    archive.refresh()
    fields = archive.show(package)
    if not fields:
        return None
    real = package
    meta = re.search(r"\b(linux-image-\d[^\s,]*)", fields.get("Depends", ""))
    if meta:
        real = meta.group(1)
        fields = archive.show(real)
    home = CACHE / "kernels" / f"{real}_{fields['Version']}"
    if not home.exists():
        # Newer ones have the image and the modules in packages of their own.
        others = re.findall(r"\blinux-(?:binary|modules)-\d[^\s,]*", fields.get("Depends", ""))
        with step(f"kernel {home.name} of {release}"):
            unpack(archive, [real, *others], home)
    link = by_name(package, release)
    link.parent.mkdir(exist_ok=True)
    link.symlink_to(home)
    return home


def unpack(archive, packages, home):
    scratch = home.with_name(home.name + ".new")
    shutil.rmtree(scratch, ignore_errors=True)
    try:
        debs = archive.download(packages, scratch / "debs")
    except LabError:
        # The archive has moved on since the lists were read.
        archive.refresh(max_age=0)
        debs = archive.download(packages, scratch / "debs")
    for deb in debs:
        run("dpkg-deb", "-x", deb, scratch)
    shutil.rmtree(scratch / "debs")
    if (scratch / "usr/lib/modules").exists():
        (scratch / "lib").mkdir(exist_ok=True)
        (scratch / "usr/lib/modules").rename(scratch / "lib/modules")
    version = next((scratch / "lib/modules").iterdir()).name
    run("depmod", "-b", scratch, version)
    scratch.rename(home)
