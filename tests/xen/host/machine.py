# SPDX-License-Identifier: MIT
"""The outer machine: QEMU with real Xen in it, its consoles, and the snapshot it starts from."""
import calendar
import json
import math
import os
import re
import selectors
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

from settings import CACHE, LabError, StandsStill, digest, locked, run, step

JOB_DISK = 6 << 30
# Where on it a disk for guests is, behind the tar.
GUEST_DISK_AT = 2 << 30
XEN_LINE = re.compile(rb"^\((XEN|d\d+)\)")
RUNNING = set()
SILENCE = 5
DAY = 86400
QEMU = "qemu-system-x86_64"


def host_nests():
    """Whether KVM here can run a hypervisor inside: the device alone does not say so."""
    flags = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    return bool(re.search(r"\b(svm|vmx)\b", flags)) and os.access("/dev/kvm", os.R_OK | os.W_OK)


def work_waits(lines):
    """Whether Xen's key r found, each time, a vCPU in the run queue and all processors idle."""
    looks = "\n".join(lines).split("RUNQ:")[1:]
    waiting = [re.search(r"\d+: \[\d+\.\d+\]", look.split("CPUs info:")[0]) for look in looks]
    running = [re.search(r"current=d\d", look) for look in looks]
    return len(looks) > 1 and all(waiting) and not any(running)


class Settings:
    """What a snapshot depends on: dom0's image, the clock, the machine's size, QEMU's program."""

    def __init__(self, dom0, exact, memory="6G", qemu=QEMU):
        self.qemu = qemu
        self.dom0 = dom0
        self.exact = exact
        self.memory = memory
        self.version = run(qemu, "--version").splitlines()[0]

    def arguments(self):
        """What QEMU must be told alike when a snapshot is made and when it is loaded."""
        cpu = "max,-la57,-rdtscp"
        # The one CPU of dom0 and one for a guest, at least.
        processors = max(2, min(os.cpu_count(), 8))
        if self.exact:
            accel = ["-accel", "tcg,thread=single,tb-size=512", "-icount", "shift=0,sleep=off"]
            # All on one thread, the second and third let busy waits end (README.md).
            processors = 3
        elif host_nests():
            accel, cpu = ["-accel", "kvm"], "host"
        else:
            accel = ["-accel", "tcg,thread=multi,tb-size=512"]
        # smap=0 smep=0: with them dom0 dies at its first instruction under TCG. Memory is zeroes already:
        # scrubbing it in the background keeps a processor busy that others may be waiting for.
        xen = (
            "com1=115200,8n1 console=com1 guest_loglvl=warning dom0_mem=2G,max:2G dom0_max_vcpus=1"
            " smap=0 smep=0 bootscrub=0"
        )
        return [
            self.qemu, "-machine", "q35", *accel, "-cpu", cpu, "-smp", str(processors),
            "-m", self.memory, "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot",
            "-rtc", "base=utc,clock=vm", "-kernel", str(self.dom0.xen), "-append", xen,
            "-initrd", f"{self.dom0.kernel} console=hvc0 quiet loglevel=5,{self.dom0.initrd}",
            "-device", "virtio-serial-pci",
            "-device", "virtserialport,chardev=lab,name=xengt-lab",
        ]  # fmt: skip

    def key(self):
        # An image made anew, even from the same packages, is not the one that a snapshot has open.
        made = self.dom0.disk.stat().st_mtime_ns
        return digest(self.arguments(), self.version, self.dom0.key, made)


class Machine:
    """One running QEMU. Everything that its consoles say goes to on_line(tag, text)."""

    def __init__(self, settings, overlay, job, on_line, state=None, outlives=False):
        self.on_line = on_line
        self.exact = settings.exact
        self.heard = time.monotonic()
        self.home = Path(tempfile.mkdtemp(prefix="xengt-lab-"))
        self.select = selectors.DefaultSelector()
        self.buffers = {}
        self.replies = []
        self.xen = []
        self.log = open(self.home / "qemu.log", "w", encoding="utf-8")
        # Whatever happens to the lab, no machine is left behind, unless it was asked for.
        owner = [] if outlives else ["setpriv", "--pdeathsig", "KILL", "--"]
        command = owner + settings.arguments() + [
            "-drive", f"file={overlay},if=virtio,format=qcow2,cache=unsafe",
            "-drive", f"file={job},if=virtio,format=raw,readonly=on",
            "-S",
        ]  # fmt: skip
        for name in ("com1", "lab", "qmp"):
            place = f"socket,id={name},path={self.home / name},server=on,wait=off"
            command += ["-chardev", place]
        command += ["-serial", "chardev:com1", "-mon", "chardev=qmp,mode=control"]
        if state:
            command += ["-incoming", f"exec:cat '{state}'"]
        self.process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=self.log, stderr=subprocess.STDOUT,
            start_new_session=True,
        )  # fmt: skip
        RUNNING.add(self)
        try:
            self.sockets = {name: self.connect(name) for name in ("com1", "lab", "qmp")}
            self.qmp("qmp_capabilities")
            if state:
                self.until_migrated(120)
            self.qmp("cont")
            self.began = self.clock()
        except BaseException:
            self.kill()
            raise

    def connect(self, name):
        deadline = time.monotonic() + 30
        while True:
            sock = socket.socket(socket.AF_UNIX)
            try:
                sock.connect(str(self.home / name))
                break
            except OSError as error:
                sock.close()
                if self.process.poll() is not None:
                    text = (self.home / "qemu.log").read_text(encoding="utf-8")
                    raise LabError(f"QEMU did not start:\n{text}") from error
                if time.monotonic() > deadline:
                    raise LabError("QEMU does not answer") from error
                time.sleep(0.05)
        self.select.register(sock, selectors.EVENT_READ, name)
        self.buffers[name] = b""
        return sock

    def pump(self, wait):
        """Take in what the consoles say, waiting at most so many seconds for more. False once
        the machine is gone."""
        for key, _ in self.select.select(max(wait, 0)):
            try:
                data = key.fileobj.recv(65536)
            except OSError:
                data = b""
            if not data:
                self.select.unregister(key.fileobj)
                continue
            *lines, rest = (self.buffers[key.data] + data).split(b"\n")
            self.buffers[key.data] = rest
            for line in lines:
                self.take(key.data, line)
        return bool(self.select.get_map())

    def take(self, name, line):
        if name == "qmp":
            self.replies.append(json.loads(line))
            return
        self.heard = time.monotonic()
        text = line.decode(errors="replace").rstrip("\r")
        if name == "com1":
            if XEN_LINE.match(line):
                self.xen.append(text)
            self.on_line("xen" if XEN_LINE.match(line) else "dom0", text.rstrip("\r"))
        else:
            tag, _, text = text.partition("| ")
            self.on_line(tag, text)

    def until(self, done, seconds, what, nudge=True):
        """Pump until done() gives something true and return that; LabError past so many seconds."""
        deadline = time.monotonic() + seconds
        while True:
            result = done()
            if result:
                return result
            left = deadline - time.monotonic()
            if left <= 0:
                raise TimeoutError(what)
            if nudge:
                self.nudge()
            if not self.pump(min(left, SILENCE)):
                result = done()
                if result:
                    return result
                text = (self.home / "qemu.log").read_text(encoding="utf-8").strip()
                raise LabError(f"the machine ended while waiting for {what}\n{text}".rstrip())

    def qmp(self, command, **arguments):
        """One QMP command and what it returns."""
        message = {"execute": command, "arguments": arguments}
        self.sockets["qmp"].sendall(json.dumps(message).encode() + b"\n")

        def answer():
            while self.replies:
                reply = self.replies.pop(0)
                if "error" in reply:
                    raise LabError(f"{command}: {reply['error']['desc']}")
                if "return" in reply:
                    return [reply["return"]]
            return None

        return self.until(answer, 60, f"QMP {command}", nudge=False)[0]

    def nudge(self):
        """Let a processor that has had no turn have one, when the consoles have long been silent.

        With the exact clock each runs up to the next event of the clock, where the time for all ends
        and it is the first one's turn again: one that waits for another, and does not say so with
        PAUSE, waits for ever. After a stop it is the next one's turn. The machine does not notice."""
        if self.exact and time.monotonic() - self.heard > SILENCE:
            self.heard = time.monotonic()
            self.qmp("stop")
            self.qmp("cont")
            if self.clock() - self.began > DAY:
                # Asked once: where all wait for one another, it is the time for all that ends.
                self.began = math.inf
                self.inquest()
                if work_waits(self.xen):
                    raise StandsStill("the machine stands still: Xen has work, and runs none of it")

    def clock(self):
        """The machine's time, in seconds."""
        now = self.qmp("qom-get", path="/machine", property="rtc-time")
        day = [now["tm_year"] + 1900, now["tm_mon"] + 1, now["tm_mday"]]
        return calendar.timegm(day + [now["tm_hour"], now["tm_min"], now["tm_sec"]])

    def until_migrated(self, seconds):
        deadline = time.monotonic() + seconds
        while True:
            status = self.qmp("query-migrate").get("status")
            if status == "completed":
                return
            if status == "failed" or time.monotonic() > deadline:
                raise LabError(f"snapshot: {status}")
            self.pump(0.1)

    def send(self, text):
        """A line to whoever reads the lab's port in dom0."""
        self.sockets["lab"].sendall(text.encode() + b"\n")

    def inquest(self):
        """What a machine that hangs is at, into the logs: QEMU's word on each CPU, then Xen's."""
        for _ in range(3):
            said = self.qmp("human-monitor-command", **{"command-line": "info registers -a"})
            for line in said.splitlines():
                if re.match(r"CPU#|[RE]AX|[RE]DI|[RE]IP", line):
                    self.on_line("machine", line)
            self.pump(1)
        # Three times Ctrl-A gives the console to Xen, whose keys d and r show CPUs and run queues.
        # Three more give it back.
        for keys in (b"\x01\x01\x01", b"d", b"r", b"r", b"\x01\x01\x01"):
            self.sockets["com1"].sendall(keys)
            end = time.monotonic() + 10
            while time.monotonic() < end:
                self.pump(1)

    def detach(self):
        """Let the machine run on without us; returns the folder of its sockets."""
        RUNNING.discard(self)
        for sock in self.sockets.values():
            sock.close()
        return self.home

    def kill(self):
        """End the machine, whatever state it is in, and drop its folder."""
        RUNNING.discard(self)
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self.log.close()
        for sock in getattr(self, "sockets", {}).values():
            sock.close()
        shutil.rmtree(self.home, ignore_errors=True)


def overlay_on(backing, backing_format, file):
    run("qemu-img", "create", "-q", "-f", "qcow2", "-F", backing_format, "-b", backing, file)


def empty_job(file):
    with open(file, "wb") as disk:
        disk.truncate(JOB_DISK)


def snapshot(settings, logs):
    """The folder of a machine saved with dom0 up and waiting: .disk and .state. Made when missing."""
    clock = "exact" if settings.exact else "fast"
    kind = f"{settings.dom0.release}-{clock}"
    if settings.qemu != QEMU:
        kind = f"other-{kind}"
    home = CACHE / "snapshots" / f"{kind}-{settings.key()}"
    with locked(f"snapshot-{kind}"):
        if not home.exists():
            for old in home.parent.glob(f"{kind}-*"):
                shutil.rmtree(old)
            with step(f"booting dom0 ({clock}) for its snapshot"):
                take_snapshot(settings, home, logs)
    return home


def take_snapshot(settings, home, logs):
    scratch = home.with_name(home.name + ".new")
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir(parents=True)
    overlay_on(settings.dom0.disk, "raw", scratch / "disk")
    empty_job(scratch / "job")
    said = []

    def on_line(tag, text):
        logs.write(tag, text, quiet=True)
        if tag == "lab":
            said.append(text)

    machine = Machine(settings, scratch / "disk", scratch / "job", on_line)
    try:
        word = machine.until(lambda: said and said[0], 600, "dom0 to come up")
        if word != "ready":
            raise LabError(f"dom0 is {word}")
        machine.until(settled(), 60, "dom0 to settle")
        machine.qmp("stop")
        machine.qmp("migrate-set-parameters", **{"max-bandwidth": 1 << 40})
        machine.qmp("migrate", uri=f"exec:cat > '{scratch / 'state'}'")
        machine.until_migrated(300)
    finally:
        machine.kill()
    (scratch / "job").unlink()
    scratch.rename(home)


def settled():
    """True 3 s after the first call: units that start late belong into the snapshot as well."""
    end = time.monotonic() + 3
    return lambda: time.monotonic() > end


def kill_all():
    for machine in list(RUNNING):
        machine.kill()


def job_disk(tar, file, guest_disk=None):
    """The run's files as a disk of the one size that the snapshot knows."""
    room = GUEST_DISK_AT if guest_disk else JOB_DISK
    if tar.stat().st_size > room:
        raise LabError(f"{tar}: more than {room >> 30} GiB for the job disk")
    os.rename(tar, file)
    os.truncate(file, JOB_DISK)
    if guest_disk:
        run("dd", f"if={guest_disk}", f"of={file}", "bs=1M", f"seek={GUEST_DISK_AT >> 20}",
            "conv=notrunc,sparse")  # fmt: skip
