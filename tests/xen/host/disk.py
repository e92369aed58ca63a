# SPDX-License-Identifier: MIT
"""A whole Debian on a disk, for guests that boot as people's do: GRUB for BIOS and UEFI, systemd, Mesa, a user. Its kernel is
the last but one of its release; the last one is in an apt repository on the disk, for an upgrade without a network."""
import hashlib
import re
import shutil
import struct
import subprocess
from pathlib import Path

import apt
import build
import images
import initrd
import kernel
from settings import CACHE, XEN_DIR, LabError, digest, run

SECTOR = 512
MIB = 1 << 20
SIZE = 3 << 30
# Partitions of its GPT: GRUB's for BIOS, the firmware's for UEFI, the root file system; places and sizes in sectors.
BIOS_AT, BIOS_SIZE = 2048, 2048
ESP_AT, ESP_SIZE = 4096, 32 * MIB // SECTOR
ROOT_AT = ESP_AT + ESP_SIZE
ROOT_SIZE = SIZE // SECTOR - ROOT_AT - 2048
LAYOUT = f"""label: gpt
start={BIOS_AT}, size={BIOS_SIZE}, type=21686148-6449-6E6F-744E-656564454649
start={ESP_AT}, size={ESP_SIZE}, type=U
start={ROOT_AT}, size={ROOT_SIZE}, type=L
"""
ROOT_UUID = "5f1d6c0e-93a4-4e0b-9a55-1c7d2b8e4a61"
ESP_ID = "1A2B-3C4D"

PACKAGES = """systemd systemd-sysv udev dbus kmod procps iproute2 pciutils initramfs-tools apt grub-pc-bin grub-efi-amd64-bin
    grub2-common libpam-systemd login passwd
    libegl1 libgl1-mesa-dri mesa-utils-bin vainfo intel-media-va-driver""".split()
# What the newer kernel has, so that an emulated processor unpacks and looks through few files.
MODULES = """i915 vgem xen-blkfront xen-netfront ata_piix sd_mod ext4 vfat nls_cp437 nls_ascii nls_utf8 bochs cirrus
    simpledrm efivarfs crc32c_generic crc32c_intel""".split()


def make(release, dom0):
    """The disk's image file, SIZE bytes, sparse."""
    archive = apt.Archive(release)
    archive.refresh()
    older, newer = kernels(archive)
    setup = XEN_DIR / "guest/disk-setup"
    code = [setup, XEN_DIR / "guest/serve", Path(__file__)]
    home = images.keep(
        "guests", f"{release}-disk", digest(PACKAGES, MODULES, older, newer, archive.sources, *code),
        f"disk with a Debian of {release}",
        lambda home: fill(release, archive, older, newer, dom0.busybox, home),
    )  # fmt: skip
    return home / "disk"


def kernels(archive):
    """The last two kernels that a release has, of one line: the packages' names."""
    newest = re.search(r"linux-image-\d[^\s,]*", archive.show(kernel.META)["Depends"]).group()
    line = re.match(r"linux-image-\d+\.\d+\.", newest).group()
    names = run("apt-cache", *archive.options, "pkgnames", line).split()
    names = [name for name in names if re.fullmatch(r"linux-image-[\d.+a-z-]*\d(\+deb\d+)?-amd64", name)]
    names.sort(key=lambda name: [int(number) for number in re.findall(r"\d+", name)])
    if len(names) < 2 or names[-1] != newest:
        raise LabError(f"{kernel.META} is {newest}, of {' '.join(names)}")
    return names[-2], newest


def fill(release, archive, older, newer, busybox, home):
    root = home / "root"
    images.bootstrap(release, [*PACKAGES, older], root)
    with initrd.Tree(busybox) as tree:
        run("cp", "-a", tree.root / "lab", root)
    shutil.copy(XEN_DIR / "guest/serve", root / "lab")
    repository(archive, older, newer, root / "srv/kernel", home / "work")
    shutil.copy(XEN_DIR / "guest/disk-setup", root / "root/setup")
    script = f"ROOT_UUID={ROOT_UUID} ESP_ID={ESP_ID} OUT=/root/out sh /root/setup"
    build.in_root(root, script, CACHE / "xengt-disk.log", "the disk's Debian cannot be set up")
    out = home / "out"
    (root / "root/out").rename(out)
    (root / "root/setup").unlink()
    assemble(root, out, home / "disk.new")
    (home / "disk.new").rename(home / "disk")
    for folder in (root, out, home / "work"):
        shutil.rmtree(folder)


def repository(archive, older, newer, place, work):
    """An apt repository at place: linux-image-amd64 and the newer kernel that it leads to; and the file old.deb, a
    linux-image-amd64 that leads to the older one."""
    place.mkdir(parents=True)
    meta = unpacked(archive, kernel.META, work)
    packed(meta, place / "meta.deb")
    packed(thinned(unpacked(archive, newer, work)), place / "newer.deb")
    control = meta / "DEBIAN/control"
    version = archive.show(older)["Version"]
    text = re.sub(r"^Version: .*", f"Version: {version}", control.read_text(encoding="utf-8"), flags=re.M)
    control.write_text(re.sub(r"^Depends: .*", f"Depends: {older}", text, flags=re.M), encoding="utf-8")
    packed(meta, place / "old.deb")
    stanzas = []
    for file in (place / "meta.deb", place / "newer.deb"):
        sum256 = hashlib.sha256(file.read_bytes()).hexdigest()
        fields = run("dpkg-deb", "-f", file).rstrip("\n")
        stanzas.append(f"{fields}\nFilename: ./{file.name}\nSize: {file.stat().st_size}\nSHA256: {sum256}\n")
    (place / "Packages").write_text("\n".join(stanzas), encoding="utf-8")


def unpacked(archive, package, work):
    folder = work / package
    (deb,) = archive.download([package], work / f"{package}.debs")
    run("dpkg-deb", "-R", deb, folder)
    return folder


def packed(folder, deb):
    run("dpkg-deb", "-b", "-Znone", folder, deb)


def thinned(folder):
    """A kernel's unpacked package, without the modules that no guest of the lab's needs."""
    # From trixie on they are below /usr.
    merged = folder / "lib"
    if merged.exists():
        merged = None
    else:
        merged.symlink_to("usr/lib")
    version = next((folder / "lib/modules").iterdir()).name
    run("depmod", "-b", folder, version)
    linux = kernel.Kernel(folder)
    wanted = {linux.modules / name for name in linux.closure(MODULES)}
    for file in (linux.modules / "kernel").rglob("*.ko*"):
        if file not in wanted:
            file.unlink()
    for file in linux.modules.glob("modules.*"):
        if not file.name.startswith(("modules.builtin", "modules.order")) or file.suffix == ".bin":
            file.unlink()
    if merged:
        merged.unlink()
    return folder


def assemble(root, out, disk):
    """One disk of partitions, boot sectors and file systems, without a loop device."""
    with open(disk, "wb") as file:
        file.truncate(SIZE)
    subprocess.run(["sfdisk", "-q", disk], input=LAYOUT.encode(), check=True)
    esp = disk.with_name("esp")
    run("mformat", "-C", "-i", esp, "-T", ESP_SIZE, "-h", 64, "-s", 32, "-N", ESP_ID.replace("-", ""), "::")
    run("mcopy", "-i", esp, "-s", out / "efi/EFI", "::")
    tree = disk.with_name("ext4")
    run("mke2fs", "-q", "-t", "ext4", "-U", ROOT_UUID, "-m", "0", "-d", root, tree, f"{ROOT_SIZE // 2}k")
    for file, place in ((esp, ESP_AT), (tree, ROOT_AT)):
        run("dd", f"if={file}", f"of={disk}", "bs=1M", f"seek={place * SECTOR // MIB}", "conv=notrunc,sparse")
        file.unlink()
    boot, core = (out / "boot.img").read_bytes(), bytearray((out / "core.img").read_bytes())
    with open(disk, "r+b") as file:
        # GRUB's boot.S and diskboot.S: the first sector's code, to the partition table, with the place of the second at
        # 0x5c; the second ends in a list of blocks, of which the first says where the rest is.
        file.write(boot[:0x5C] + struct.pack("<Q", BIOS_AT) + boot[0x64:0x1B8])
        struct.pack_into("<Q", core, SECTOR - 12, BIOS_AT + 1)
        file.seek(BIOS_AT * SECTOR)
        file.write(core)
    if len(core) > BIOS_SIZE * SECTOR:
        raise LabError("GRUB's core is too big for its partition")
