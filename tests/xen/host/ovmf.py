# SPDX-License-Identifier: MIT
"""UEFI for Xen's HVM guests. Debian's package ovmf has none of its own: its OVMF.fd, which libxl takes for bios="ovmf", is edk2's
platform OvmfPkgX64, which has done without Xen since 2021. The one for Xen is OvmfXen; here it is made of Debian's source package, of
bookworm: later versions are reported to fault as they load a boot loader (tianocore/edk2 issue 11046)."""
import os
import re

import source
from settings import CACHE, LabError, run, step

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


def mend(folder):
    file = folder / PLATFORM
    text, found = re.subn(r"^\[LibraryClasses\]$", rf"\g<0>{LIBRARIES}", file.read_text(encoding="utf-8"), count=1, flags=re.M)
    if found != 1:
        raise LabError("edk2's platform for Xen has another form: see host/ovmf.py")
    file.write_text(text, encoding="utf-8")


def build(home):
    mend(home / "source")
    with step("building UEFI for Xen, some minutes"):
        run("bash", "-c", SCRIPT, cwd=home / "source", log=CACHE / "xengt-ovmf.log", timeout=7200)
    return next((home / "source/Build").glob("OvmfXen/*/FV/OVMF.fd"))


def make():
    """The firmware's path."""
    return source.built("bookworm", "edk2", "OVMF.fd", (LIBRARIES, SCRIPT), build)
