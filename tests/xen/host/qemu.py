# SPDX-License-Identifier: MIT
"""Debian's QEMU with one line more, without which its SVM can give a guest an interrupt twice.

helper_vmrun() delivers an injected interrupt itself, and leaves its vector where pending exceptions
are looked for (CPUState.exception_index). If the processor's turn is over before the guest's next
exit, by the exact clock or by a stop, the vector is delivered once more, whether or not the guest
has interrupts on. So it is up to QEMU 10.2, at least."""
import os
import re

import apt
import source
from settings import CACHE, LabError, run, step

DELIVERY = re.compile(r"^(\s*)do_interrupt_x86_hardirq\(env, vector, 1\);\n", re.M)
CONFIGURE = """--target-list=x86_64-softmmu --without-default-features --enable-tcg --enable-kvm
    --firmwarepath=/usr/share/qemu:/usr/share/seabios --disable-werror --disable-docs --disable-tools --disable-debug-info""".split()


def mend(folder):
    file = next(folder.glob("target/i386/tcg/*/svm_helper.c"), None)
    text = file.read_text(encoding="utf-8") if file else ""
    mended, found = DELIVERY.subn(r"\g<0>\1cs->exception_index = -1;\n", text)
    if found != 1:
        raise LabError("this QEMU delivers injected interrupts in another way: see host/qemu.py")
    file.write_text(mended, encoding="utf-8")


def build(home):
    mend(home / "source")
    folder, program = home / "build", "qemu-system-x86_64"
    folder.mkdir()
    with step("building a mended QEMU, some minutes"):
        log = CACHE / "xengt-qemu.log"
        run("../source/configure", *CONFIGURE, cwd=folder, log=log)
        run("ninja", f"-j{os.cpu_count()}", program, cwd=folder, log=log, timeout=7200)
    return folder / program


def make():
    """The mended program's path. In its build folder it would look for its firmware there."""
    recipe = (CONFIGURE, DELIVERY.pattern)
    return source.built(apt.host_codename(), "qemu", "qemu-system-x86_64", recipe, build)
