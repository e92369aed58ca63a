# SPDX-License-Identifier: MIT
"""What one run hands to dom0: scripts, guest, and xengt's build, as one tar on the job disk."""
import io
import os
import shlex
import tarfile
from pathlib import Path

import build
import disk
import initrd
import kernel
import packages
from machine import GUEST_DISK_AT
from settings import CACHE, TREE, XEN_DIR, LabError, digest, locked, step

LAB = "var/lib/xengt-lab"
# Without them Xen cannot tell the length of RDTSCP on a software CPU, and the guest hangs early.
QUIRKS = ['tsc_mode="native"']
# A whole system's kernel and programs use AVX, of which this CPU refuses an instruction now and then: an invalid opcode in
# aesni_intel's first test. Its firmware reads 25 MB from the disk: from an IDE one word by word, and each trap is an age here.
DISK_QUIRKS = ['cpuid="host,avx=0,avx2=0"', 'hdtype="ahci"']


def guest_initrd(dom0, linux, added):
    """The guest's initial RAM file system, kept in the cache while nothing is added to it."""
    scripts = [XEN_DIR / "guest/init", XEN_DIR / "guest/serve"]
    code = Path(initrd.__file__)
    home = CACHE / "guests"
    home.mkdir(parents=True, exist_ok=True)
    plain = home / f"{digest(linux.name, *scripts, dom0.key, code, Path(__file__))}.initrd"

    def write(file, words):
        with initrd.Tree(dom0.busybox) as tree:
            for word in words:
                tree.add(word)
            linux.copy_modules(GUEST_MODULES, tree.root)
            init, serve = scripts
            tree.init(init)
            tree.add(f"{serve}:/lab/serve")
            tree.write(file)

    if added:
        file = home / f"{os.getpid()}.initrd"
        write(file, added)
        return file
    with locked("guests"):
        if not plain.exists():
            with step(f"guest with {linux.name}"):
                write(plain, [])
    return plain


# vgem is for IGT, whose tests hold work back by its fences.
GUEST_MODULES = ["i915", "vgem"]


class Job:
    """The tar, and how it is filled."""

    def __init__(self, file):
        self.file = file
        self.tar = tarfile.open(file, "w", format=tarfile.GNU_FORMAT)

    def put(self, path, place, mode=None):
        """A file or a folder, at a place in dom0."""

        def owned(info):
            info.uid = info.gid = 0
            info.uname = info.gname = "root"
            if mode and info.isfile():
                info.mode = mode
            return info

        self.tar.add(os.path.realpath(path) if Path(path).is_file() else path, place, filter=owned)

    def text(self, text, place):
        self.data(text.encode(), place)

    def data(self, data, place):
        info = tarfile.TarInfo(place)
        info.size = len(data)
        info.mode = 0o644
        self.tar.addfile(info, io.BytesIO(data))

    def installed(self, folder):
        """What make install made. Merged /usr: a file for /lib is put where /lib points to."""
        for path in sorted(folder.rglob("*")):
            if path.is_dir() and not path.is_symlink():
                continue
            place = str(path.relative_to(folder))
            if place.split("/")[0] in ("bin", "sbin", "lib", "lib64"):
                place = f"usr/{place}"
            if path.is_symlink():
                self.tar.add(path, place)
            else:
                self.put(path, place)

    def close(self):
        self.tar.close()


def write(file, dom0, options):
    """Fill the tar for a run with these options."""
    linux = kernel.find(options.guest_kernel or options.release, options.release)
    job = Job(file)
    if not options.no_xengt:
        folder = build.build(options.release)
        if folder:
            job.installed(folder)
    job.put(XEN_DIR / "dom0/job", "usr/local/lib/xengt-lab/job", 0o755)
    job.put(XEN_DIR / "dom0/lab-guest", "usr/local/bin/lab-guest", 0o755)
    job.put(linux.image, "var/lib/xengt/guest/vmlinuz", 0o644)
    own = [word.replace("@kernel", str(linux.image), 1) for word in options.guest_add]
    added = packages.root(options.release, options.guest_package) + own
    image = guest_initrd(dom0, linux, added)
    job.put(image, "var/lib/xengt/guest/initrd.img", 0o644)
    if not options.stock_boot:
        job.put(XEN_DIR / "dom0/quick-boot", f"{LAB}/quick-boot", 0o755)
        head, body = kernel.quick_boot(linux.image, image.stat().st_size)
        job.data(head, f"{LAB}/boot/head")
        job.data(body, f"{LAB}/boot/body")
        places = f"BODY_AT={kernel.BODY_AT}\nINITRD_AT={kernel.INITRD_AT}\n"
        job.text(places, f"{LAB}/boot/places")
    if added:
        image.unlink()
    job.put(options.config, f"{LAB}/config.cfg", 0o644)
    if (TREE / "xl-configs").is_dir():
        job.put(TREE / "xl-configs", "root/xl-configs")
    job.put(XEN_DIR / "plain.cfg", "root/xl-configs/plain.cfg", 0o644)
    for name in ("dom0", "guest"):
        script = getattr(options, name)
        if script:
            job.put(script, f"{LAB}/{name}-script", 0o755)
    for word in options.dom0_add:
        path, _, place = word.partition(":")
        if not Path(path).exists():
            raise LabError(f"--dom0-add {path}: no such file")
        job.put(path, place.lstrip("/") or f"root/{Path(path).resolve().name}")
    quirks = QUIRKS + (DISK_QUIRKS if options.disk else [])
    if options.vcpus:
        quirks.append(f"vcpus={options.vcpus}")
    if options.memory:
        quirks += [f"memory={options.memory}", f"maxmem={options.memory}"]
    job.text("\n".join(quirks) + "\n", f"{LAB}/quirks")
    job.text(linux.words, f"{LAB}/words")
    settings = {
        "WANT_GUEST": "1" if options.guest or not options.dom0 else "",
        "KEEP": "1" if options.keep else "",
        "DISK_AT": str(GUEST_DISK_AT >> 20) if options.disk else "",
        "DISK_SIZE": str(disk.SIZE >> 20),
        "TIMEOUT": str(options.timeout),
    }
    lines = [f"{name}={shlex.quote(value)}" for name, value in settings.items()]
    job.text("\n".join(lines) + "\n", f"{LAB}/job.env")
    job.close()
