# SPDX-License-Identifier: MIT
"""Debian's QEMU with one line more, without which its SVM can give a guest an interrupt twice.

helper_vmrun() delivers an injected interrupt itself, and leaves its vector where pending exceptions
are looked for (CPUState.exception_index). If the processor's turn is over before the guest's next
exit, by the exact clock or by a stop, the vector is delivered once more, whether or not the guest
has interrupts on. So it is up to QEMU 10.2, at least."""
import os
import re
import shutil

import apt
from settings import CACHE, LabError, digest, locked, run, step

DELIVERY = re.compile(r"^(\s*)do_interrupt_x86_hardirq\(env, vector, 1\);\n", re.M)
CONFIGURE = """--target-list=x86_64-softmmu --without-default-features --enable-tcg --enable-kvm
    --firmwarepath=/usr/share/qemu:/usr/share/seabios --disable-werror --disable-docs --disable-tools --disable-debug-info""".split()


def mend(source):
    file = next(source.glob("target/i386/tcg/*/svm_helper.c"), None)
    text = file.read_text(encoding="utf-8") if file else ""
    mended, found = DELIVERY.subn(r"\g<0>\1cs->exception_index = -1;\n", text)
    if found != 1:
        raise LabError("this QEMU delivers injected interrupts in another way: see host/qemu.py")
    file.write_text(mended, encoding="utf-8")


def make():
    """The mended program's path. Made once for each version of QEMU's source package."""
    archive = apt.Archive(apt.host_codename(), "deb-src")
    archive.refresh()
    files = archive.source("qemu", "--print-uris")
    home = CACHE / f"qemu-{digest(files, CONFIGURE, DELIVERY.pattern)}"
    program = home / "qemu-system-x86_64"
    with locked(home.name):
        if not program.exists():
            shutil.rmtree(home, ignore_errors=True)
            (home / "build").mkdir(parents=True)
            archive.source("qemu", folder=home)
            run("dpkg-source", "-x", next(home.glob("*.dsc")), "source", cwd=home)
            mend(home / "source")
            with step("building a mended QEMU, some minutes"):
                log = CACHE / "xengt-qemu.log"
                run("../source/configure", *CONFIGURE, cwd=home / "build", log=log)
                run("ninja", f"-j{os.cpu_count()}", program.name, cwd=home / "build", log=log,
                    timeout=7200)  # fmt: skip
            # In its build folder it would look for its firmware there.
            (home / "build" / program.name).rename(program)
            for folder in ("build", "source"):
                shutil.rmtree(home / folder)
    return program
