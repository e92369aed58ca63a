# SPDX-License-Identifier: MIT
"""UEFI for Xen's HVM guests. Debian's package ovmf has none of its own: its OVMF.fd, which libxl takes for bios="ovmf", is edk2's
platform OvmfPkgX64, which has done without Xen since 2021. The one for Xen is OvmfXen; here it is made of Debian's source package, of
bookworm: later versions are reported to fault as they load a boot loader (tianocore/edk2 issue 11046)."""
import os
import re
import shutil

import apt
from settings import CACHE, LabError, digest, locked, run, step

PLATFORM = "OvmfPkg/OvmfXen.dsc"
# Debian's shell asks whether Secure Boot is on, by a library that this platform does not name.
LIBRARIES = """
  SecureBootVariableLib|SecurityPkg/Library/SecureBootVariableLib/SecureBootVariableLib.inf
  PlatformPKProtectionLib|SecurityPkg/Library/PlatformPKProtectionLibVarPolicy/PlatformPKProtectionLibVarPolicy.inf"""
SCRIPT = f"""set -e
export PYTHON3_ENABLE=TRUE
. ./edksetup.sh
make -j{os.cpu_count()} -C BaseTools ARCH=X64
build -a X64 -t GCC5 -b RELEASE -n {os.cpu_count()} -p {PLATFORM} -D NETWORK_ENABLE=FALSE
"""


def mend(source):
    file = source / PLATFORM
    text, found = re.subn(r"^\[LibraryClasses\]$", rf"\g<0>{LIBRARIES}", file.read_text(encoding="utf-8"), count=1, flags=re.M)
    if found != 1:
        raise LabError("edk2's platform for Xen has another form: see host/ovmf.py")
    file.write_text(text, encoding="utf-8")


def make():
    """The firmware's path. Made once for each version of edk2's source package."""
    archive = apt.Archive("bookworm", "deb-src")
    archive.refresh()
    files = archive.source("edk2", "--print-uris")
    home = CACHE / f"ovmf-{digest(files, LIBRARIES, SCRIPT)}"
    firmware = home / "OVMF.fd"
    with locked(home.name):
        if not firmware.exists():
            shutil.rmtree(home, ignore_errors=True)
            home.mkdir(parents=True)
            archive.source("edk2", folder=home)
            run("dpkg-source", "-x", next(home.glob("*.dsc")), "source", cwd=home)
            mend(home / "source")
            with step("building UEFI for Xen, some minutes"):
                run("bash", "-c", SCRIPT, cwd=home / "source", log=CACHE / "xengt-ovmf.log", timeout=7200)
            shutil.copy(next((home / "source/Build").glob("OvmfXen/*/FV/OVMF.fd")), home / "OVMF.new")
            shutil.rmtree(home / "source")
            (home / "OVMF.new").rename(firmware)
    return firmware
