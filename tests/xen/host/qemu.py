# SPDX-License-Identifier: MIT
"""Debian's QEMU with two mendings of its SVM.

Without the first it can give a guest an interrupt twice: helper_vmrun() delivers an injected
interrupt itself, and leaves its vector where pending exceptions are looked for
(CPUState.exception_index). If the processor's turn is over before the guest's next exit, by the
exact clock or by a stop, the vector is delivered once more, whether or not the guest has interrupts
on. So it is up to QEMU 10.2, at least.

Without the second it ends by an assertion when a guest lowers CR8 under an interrupt that waits, as
UEFI firmware does: helper_write_crN() raises the virtual interrupt without QEMU's lock."""
import os
import re

import apt
import source
from settings import CACHE, LabError, run, step

DELIVERY = re.compile(r"^(\s*)do_interrupt_x86_hardirq\(env, vector, 1\);\n", re.M)
# Around the other thing that helper_write_crN() does for CR8: how this version spells the lock.
LOCK = re.compile(r"^ *(\w*lock\w*\(\);)\n.*cpu_set_apic_tpr.*\n *(\w*unlock\w*\(\);)\n", re.M)
RAISING = re.compile(r"^( *)(cpu_interrupt\(cs, CPU_INTERRUPT_VIRQ\);)\n", re.M)
CONFIGURE = """--target-list=x86_64-softmmu --without-default-features --enable-tcg --enable-kvm
    --firmwarepath=/usr/share/qemu:/usr/share/seabios --disable-werror --disable-docs --disable-tools --disable-debug-info""".split()


def replace(folder, name, pattern, text_of):
    """The one place that @pattern finds in the file @name becomes what @text_of makes of the match."""
    file = next(folder.glob(f"target/i386/tcg/*/{name}"), None)
    text = file.read_text(encoding="utf-8") if file else ""
    mended, found = pattern.subn(lambda match: text_of(match, text), text)
    if found != 1:
        raise LabError(f"this QEMU has another {name}: see host/qemu.py")
    file.write_text(mended, encoding="utf-8")


def deliver_once(match, _):
    return f"{match[0]}{match[1]}cs->exception_index = -1;\n"


def raise_locked(match, text):
    lock = LOCK.search(text)
    if not lock:
        raise LabError("this QEMU has another lock: see host/qemu.py")
    indent = match[1]
    return "".join(f"{indent}{line}\n" for line in (lock[1], match[2], lock[2]))


def mend(folder):
    replace(folder, "svm_helper.c", DELIVERY, deliver_once)
    replace(folder, "misc_helper.c", RAISING, raise_locked)


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
    recipe = (CONFIGURE, DELIVERY.pattern, RAISING.pattern)
    return source.built(apt.host_codename(), "qemu", "qemu-system-x86_64", recipe, build)
