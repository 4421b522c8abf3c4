"""Faults and power cuts of the disk under a program, with tests/tools/disk_faults.c."""
import os
import random
import struct
from pathlib import Path

DISK_FAULTS = os.environ["DISK_FAULTS"]
PAGE = 4096


def environment(path, fault=None, trace=None, clock=None):
    """Variables with which a program runs over such a disk. fault: "CALL:N:WHAT"."""
    settings = {"LD_PRELOAD": DISK_FAULTS, "DISK_FILE": path, "DISK_FAULT": fault, "DISK_TRACE": trace, "DISK_CLOCK": clock,
                # AddressSanitizer must be the first library.
                "ASAN_OPTIONS": ":".join(filter(None, [os.environ.get("ASAN_OPTIONS"), "verify_asan_link_order=0"]))}
    return {name: str(value) for name, value in settings.items() if value is not None}


class Event:
    """One call that changed something. place: of a write in the file, or the new size."""
    HEADER = struct.Struct("16s3Q")

    def __init__(self, call, inode, place, data):
        self.call, self.inode, self.place, self.data = call, inode, place, data

    def names(self):
        return [Path(name).name for name in self.data.decode().split("\n")]


def read_trace(path):
    content, at, events = Path(path).read_bytes(), 0, []
    while at < len(content):
        call, inode, place, size = Event.HEADER.unpack_from(content, at)
        at += Event.HEADER.size + size
        events.append(Event(call.rstrip(b"\0").decode(), inode, place, content[at - size:at]))
    return events


def durable_before(events, inode):
    """Up to which event a file, or a directory, is durable: where its last sync that ended began."""
    begun = durable = 0
    for i, event in enumerate(events):
        if event.inode == inode and event.call == "sync begins":
            begun = i
        elif event.inode == inode and event.call == "sync ends":
            durable = begun
    return durable


class Content:
    """A file's bytes, and the versions that its pages and its size had since they were durable."""

    def __init__(self, durable):
        self.now, self.versions, self.sizes = bytearray(durable), {}, [len(durable)]

    def page(self, number):
        return bytes(self.now[number * PAGE:(number + 1) * PAGE]).ljust(PAGE, b"\0")

    def resize(self, size):
        self.write(min(size, len(self.now)), bytes(max(0, len(self.now) - size)))  # what is cut off reads 0
        del self.now[size:]
        self.now.extend(bytes(size - len(self.now)))
        self.sizes.append(size)

    def write(self, place, data):
        end = place + len(data)
        touched = range(place // PAGE, (end + PAGE - 1) // PAGE)
        for number in touched:
            self.versions.setdefault(number, [self.page(number)])
        if end > len(self.now):
            self.now.extend(bytes(end - len(self.now)))
            self.sizes.append(end)
        self.now[place:end] = data
        for number in touched:
            self.versions[number].append(self.page(number))

    def apply(self, event):
        if event.call == "write":
            self.write(event.place, event.data)
        elif event.call == "truncate":
            self.resize(0)
        elif event.call == "resize" or (event.call == "extend" and event.place > len(self.now)):
            self.resize(event.place)

    def survivor(self, choose):
        """What is found after a power cut: each page, and the size, of any version."""
        found = self.now.copy()
        for number, versions in self.versions.items():
            found[number * PAGE:(number + 1) * PAGE] = choose(versions)
        size = choose(self.sizes)
        return bytes(found[:size]).ljust(size, b"\0")


class Disk:
    """A directory as it was before the events of a trace: {name: (inode, bytes)}."""

    def __init__(self, directory, files=None):
        self.inode, self.files = directory.stat().st_ino, files or {}

    def rename_all(self, events, happens):
        names = {name: inode for name, (inode, _) in self.files.items()}
        for event in events:
            if event.call in ("create", "truncate") and happens(event):
                names[event.names()[0]] = event.inode
            elif event.call == "rename" and happens(event):
                old, new = event.names()
                if old in names:
                    names[new] = names.pop(old)
            elif event.call == "unlink" and happens(event):
                names.pop(event.names()[0], None)
        return names

    def content(self, events, inode):
        """The file after the events, those that are not durable as versions."""
        before = dict(self.files.values()).get(inode, b"")
        durable, content = durable_before(events, inode), Content(before)
        for i, event in enumerate(events):
            if i == durable:
                content = Content(content.now)
            if event.inode == inode:
                content.apply(event)
        return content

    def durable(self, events):
        """{name: bytes}: what must be there whatever happens to the rest."""
        count = durable_before(events, self.inode)
        names = self.rename_all(events[:count], lambda event: True)
        return {name: bytes(self.content(events[:durable_before(events, inode)], inode).now)
                for name, inode in names.items()}

    def after_kill(self, events):
        """{name: bytes}: the program dies after the events, the machine does not."""
        return {name: bytes(self.content(events, inode).now)
                for name, inode in self.rename_all(events, lambda event: True).items()}

    def after_power_cut(self, events, seed):
        """{name: bytes}: the machine dies after the events."""
        chance = random.Random(seed)
        count = durable_before(events, self.inode)
        synced = set(map(id, events[:count]))
        names = self.rename_all(events, lambda event: id(event) in synced or chance.random() < 0.5)
        return {name: self.content(events, inode).survivor(chance.choice) for name, inode in names.items()}
