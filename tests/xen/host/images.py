# SPDX-License-Identifier: MIT
"""The images that are built once and kept: dom0's disk, and a tree to compile for a release in."""
import gzip
import shutil
import tempfile
from pathlib import Path

import apt
import initrd
import kernel
from settings import (
    BUILD_PACKAGES, CACHE, DOM0_PACKAGES, KEYRING, XEN_DIR, LabError, digest, locked, run, say, step
)  # fmt: skip

DOM0_DISK = "8G"
DOM0_MODULES = ["virtio_pci", "virtio_blk", "ext4", "crc32c_generic", "crc32c_intel"]
# Needless in a machine that lives for minutes, and each costs seconds of an emulated processor.
DOM0_MASKED = """apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer
    fstrim.timer e2scrub_reap.service systemd-timesyncd.service systemd-hwdb-update.service
    systemd-journal-flush.service getty@tty1.service serial-getty@hvc0.service
    systemd-pcrphase.service systemd-pcrphase-sysinit.service ldconfig.service""".split()


def bootstrap(release, packages, target):
    """A minimal Debian of a release with these packages, as a folder."""
    run(
        "mmdebstrap", "--mode=root", "--variant=minbase", "--format=directory",
        "--dpkgopt=path-exclude=/usr/share/man/*",
        "--dpkgopt=path-exclude=/usr/share/doc/*",
        "--dpkgopt=path-exclude=/usr/share/locale/*",
        *apt.proxy_options(), "--include=" + ",".join(packages), release, target, "-",
        stdin=sources_file(release), log=CACHE / "build.log",
    )  # fmt: skip


def sources_file(release):
    file = tempfile.TemporaryFile("w+")
    file.write(apt.sources(release))
    file.seek(0)
    return file


def keep(kind, release, key, text, make):
    """The cached folder of a kind whose inputs have this key. make(folder) fills a new one; older
    ones of the same kind and release go."""
    home = CACHE / kind / f"{release}-{key}"
    with locked(f"{kind}-{release}"):
        if not home.exists():
            for old in home.parent.glob(f"{release}-*"):
                shutil.rmtree(old)
            scratch = home.with_name(home.name + ".new")
            scratch.mkdir(parents=True)
            with step(text):
                make(scratch)
            scratch.rename(home)
    return home


class Dom0:
    """dom0's disk with what boots it: .disk, .xen (multiboot), .kernel and .initrd."""

    def __init__(self, release):
        linux = kernel.find(release, release)
        files = sorted((XEN_DIR / "dom0").glob("loader*"))
        here = Path(__file__)
        key = digest(
            DOM0_PACKAGES, apt.sources(release), linux.name, *files, here, here.with_name("initrd.py")
        )
        self.key = key
        self.release = release
        self.home = keep(
            "dom0", release, key, f"dom0 of {release}", lambda home: make_dom0(home, release, linux)
        )
        self.disk = self.home / "disk"
        self.xen = self.home / "xen"
        self.kernel = self.home / "vmlinuz"
        self.initrd = self.home / "initrd"
        self.busybox = self.home / "busybox"


def make_dom0(home, release, linux):
    root = home / "root"
    bootstrap(release, DOM0_PACKAGES, root)
    shutil.copytree(linux.modules, root / "usr/lib/modules" / linux.version, symlinks=True)
    (root / "etc/hostname").write_text("dom0\n")
    (root / "etc/fstab").write_text("")
    (root / "etc/machine-id").write_text("6d3c1d0e5b1f4a56a1a4b9c8d7e6f501\n")
    # The console's log is how the lab hears its guests.
    with open(root / "etc/default/xen", "a", encoding="utf-8") as file:
        file.write("XENCONSOLED_ARGS=--log=guest\n")
    (root / "var/log/xen/console").mkdir(parents=True, exist_ok=True)
    shutil.copy(XEN_DIR / "dom0/loader", root / "usr/local/sbin/xengt-lab-loader")
    shutil.copy(XEN_DIR / "dom0/loader.service", root / "etc/systemd/system/xengt-lab.service")
    run("chroot", root, "systemctl", "mask", *DOM0_MASKED)
    run("chroot", root, "systemctl", "enable", "xengt-lab.service")
    # No shadowed password: root's shell on the console is for whoever runs the lab.
    run("chroot", root, "passwd", "-d", "root")
    images = sorted((root / "boot").glob("xen-*.gz"))
    if not images:
        raise LabError("no Xen in the image")
    (home / "xen").write_bytes(gzip.decompress(images[-1].read_bytes()))
    shutil.copy(linux.image, home / "vmlinuz")
    shutil.copy(root / "bin/busybox", home / "busybox")
    with initrd.Tree(home / "busybox") as tree:
        linux.copy_modules(DOM0_MODULES, tree.root)
        tree.init(XEN_DIR / "dom0/loader.init")
        tree.write(home / "initrd")
    run("mke2fs", "-q", "-t", "ext4", "-O", "^has_journal", "-i", "32768", "-m", "0",
        "-E", "lazy_itable_init=0", "-d", root, home / "disk", DOM0_DISK)  # fmt: skip
    shutil.rmtree(root)


def build_tree(release):
    """A root file system in which this release's compiler and libraries are, as a folder."""
    key = digest(BUILD_PACKAGES, apt.sources(release), KEYRING)
    home = keep(
        "build", release, key, f"build tree of {release}",
        lambda home: bootstrap(release, BUILD_PACKAGES, home / "root"),
    )  # fmt: skip
    return home / "root"


def forget():
    """Drop every image, for lab build --fresh: newer packages are taken from the archive."""
    for kind in ("dom0", "build", "snapshots", "kernels", "guests", "apt"):
        if (CACHE / kind).exists():
            say(f"dropping {CACHE / kind}")
            shutil.rmtree(CACHE / kind)
