"""Makes a study that nothing can compress: slices of 512 x 512 x 16 bit, random bytes, Part 10 files (PS3.10 §7)."""
import os
import random
import struct

CT = "1.2.840.10008.5.1.4.1.1.2"
ROOT = "1.2.826.0.1.3680043.10.1442"
PIXEL_BYTES = 512 * 512 * 2


def element(group, number, vr, value):
    """One element of explicit VR little endian."""
    if isinstance(value, str):
        value = value.encode()
    if len(value) % 2:
        value += b"\0" if vr in ("UI", "OB") else b" "
    head = struct.pack("<HH", group, number) + vr.encode()
    if vr in ("OB", "OW"):
        return head + struct.pack("<HI", 0, len(value)) + value
    return head + struct.pack("<H", len(value)) + value


def short(value):
    return struct.pack("<H", value)


def slice_file(study, number, pixels):
    """One slice as a file."""
    uid = f"{study}.1.{number}"
    meta = element(2, 1, "OB", b"\0\1") + element(2, 2, "UI", CT) + element(2, 3, "UI", uid) + element(2, 0x10, "UI", "1.2.840.10008.1.2.1")
    meta += element(2, 0x12, "UI", ROOT + ".0")
    data = b"".join([
        element(8, 8, "CS", "ORIGINAL\\PRIMARY\\AXIAL"), element(8, 0x16, "UI", CT), element(8, 0x18, "UI", uid), element(8, 0x20, "DA", "20260102"),
        element(8, 0x30, "TM", "101112"), element(8, 0x50, "SH", "LAB"), element(8, 0x60, "CS", "CT"), element(0x10, 0x10, "PN", "Lab^Study"),
        element(0x10, 0x20, "LO", "LAB-" + study.rsplit(".", 1)[1]), element(0x18, 0x50, "DS", "1.25"), element(0x20, 0xD, "UI", study),
        element(0x20, 0xE, "UI", study + ".1"), element(0x20, 0x10, "SH", "1"), element(0x20, 0x11, "IS", "1"), element(0x20, 0x13, "IS", str(number)),
        element(0x28, 2, "US", short(1)), element(0x28, 4, "CS", "MONOCHROME2"), element(0x28, 0x10, "US", short(512)),
        element(0x28, 0x11, "US", short(512)), element(0x28, 0x100, "US", short(16)), element(0x28, 0x101, "US", short(16)),
        element(0x28, 0x102, "US", short(15)), element(0x28, 0x103, "US", short(0)), element(0x7FE0, 0x10, "OW", pixels),
    ])
    return b"\0" * 128 + b"DICM" + element(2, 0, "UL", struct.pack("<I", len(meta))) + meta + data


def make(folder, slices, seed):
    """Writes a study.

    Returns its Study Instance UID and the bytes of all files. The same seed makes the same files.
    """
    source = random.Random(seed)
    study = f"{ROOT}.{seed}"
    os.makedirs(folder, exist_ok=True)
    written = 0
    for number in range(1, slices + 1):
        data = slice_file(study, number, source.randbytes(PIXEL_BYTES))
        with open(os.path.join(folder, f"{number:04}.dcm"), "wb") as file:
            file.write(data)
        written += len(data)
    return study, written
