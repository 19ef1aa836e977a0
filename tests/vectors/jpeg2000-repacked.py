"""Makes the repacked codestreams of jpeg2000-codestreams.txt out of one of opj_compress: other orders of its packets, and headers apart from bodies.

opj_compress writes neither PPM nor PPT, and no POC whose volumes share precincts. opj_decompress reads all three: each codestream
that this prints was decoded by it to the very image, or nothing is printed. Usage: jpeg2000-repacked.py codestreams|samples
"""

import struct
import subprocess
import sys
import tempfile
from math import cos, sin
from pathlib import Path
from random import Random

WIDTH, HEIGHT, TILE, RESOLUTIONS, LAYERS, COMPONENTS = 20, 17, 16, 3, 3, 3
LRCP, RLCP, RPCL, PCRL, CPRL = range(5)


def image():
    random = Random(1)
    return bytes(
        max(0, min(255, int(128 + 90 * sin((x + 9 * c) / 7) * cos(y / 9) + random.randint(-6, 6))))
        for y in range(HEIGHT) for x in range(WIDTH) for c in range(COMPONENTS))


def segment(marker, content):
    return struct.pack(">HH", marker, len(content) + 2) + content


def segments(header):
    """Marker and content of each segment."""
    at = 0
    while at < len(header):
        marker, length = struct.unpack_from(">HH", header, at)
        yield marker, header[at + 4:at + 2 + length]
        at += 2 + length


def numbers(content):
    """Lengths of packets in PLT, groups of seven bits."""
    value = 0
    for byte in content[1:]:
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            yield value
            value = 0


def read(stream):
    """Main header without SOC; for each tile its packets as {(layer, resolution, component): (SOP, header, body)}."""
    at = stream.index(b"\xff\x90")
    main, tiles = stream[2:at], []
    while stream[at:at + 2] == b"\xff\x90":
        length, = struct.unpack_from(">I", stream, at + 6)
        data = stream.index(b"\xff\x93", at)
        lengths = [n for marker, content in segments(stream[at + 12:data]) if marker == 0xFF58 for n in numbers(content)]
        keys = [(l, r, c) for l in range(LAYERS) for r in range(RESOLUTIONS) for c in range(COMPONENTS)]
        assert len(lengths) == len(keys)
        packets, at, data = {}, at + length, data + 2
        for key, n in zip(keys, lengths):
            packet = stream[data:data + n]
            end = packet.index(b"\xff\x92", 6)
            packets[key] = packet[:6], packet[6:end], packet[end + 2:]
            data += n
        assert data == at
        tiles.append(packets)
    return main, tiles


def ordered(volumes):
    """Keys of the packets of volumes (RS, CS, LYE, RE, CE, order), each packet once; a resolution has one precinct here."""
    done = []
    for first_resolution, first, end_layer, end_resolution, end, order in volumes:
        layers, resolutions, components = range(end_layer), range(first_resolution, min(end_resolution, RESOLUTIONS)), range(first, min(end, COMPONENTS))
        if order == LRCP:
            keys = [(l, r, c) for l in layers for r in resolutions for c in components]
        elif order == RLCP:
            keys = [(l, r, c) for r in resolutions for l in layers for c in components]
        elif order == RPCL:
            keys = [(l, r, c) for r in resolutions for c in components for l in layers]
        else:
            # All precincts of a tile lie in one place, at its corner.
            keys = [(l, r, c) for c in components for r in resolutions for l in layers]
        done += [key for key in keys if key[0] < LAYERS and key not in done]
    assert len(done) == LAYERS * RESOLUTIONS * COMPONENTS
    return done


def poc(volumes):
    return segment(0xFF5F, b"".join(struct.pack(">BBHBBB", *volume) for volume in volumes))


def tile_part(tile, part, header, data):
    return struct.pack(">HHHIBB", 0xFF90, 10, tile, 14 + len(header) + len(data), part, 0) + header + b"\xff\x93" + data


def with_style(main, style):
    return b"".join(segment(marker, bytes([style]) + content[1:] if marker == 0xFF52 else content) for marker, content in segments(main))


def bodies(packets, keys):
    return b"".join(packets[key][1] + packets[key][2] for key in keys)


def changing(main, tiles):
    """Three volumes in the main header; the second begins with layers that the first has had of some precincts."""
    volumes = [(0, 0, 1, 2, 3, RLCP), (0, 1, 2, 33, 3, CPRL), (0, 0, 65535, 33, 255, RPCL)]
    data = b"".join(tile_part(tile, 0, b"", bodies(packets, ordered(volumes))) for tile, packets in enumerate(tiles))
    return b"\xff\x4f" + with_style(main, 0) + poc(volumes) + data + b"\xff\xd9"


def changing_in_tile_parts(main, tiles):
    """Four volumes in the first tile, two in the header of each of its parts; the other tiles are as COD says."""
    first, second = [(0, 0, 2, 1, 3, LRCP), (1, 2, 1, 3, 3, PCRL)], [(0, 0, 2, 33, 0, RLCP), (0, 0, 3, 33, 3, LRCP)]
    keys, plain = ordered(first + second), ordered([(0, 0, LAYERS, RESOLUTIONS, COMPONENTS, LRCP)])
    parts = [tile_part(0, 0, poc(first), bodies(tiles[0], keys[:8])), *(tile_part(tile, 0, b"", bodies(tiles[tile], plain)) for tile in range(1, len(tiles)))]
    return b"\xff\x4f" + with_style(main, 0) + b"".join(parts) + tile_part(0, 1, poc(second), bodies(tiles[0], keys[8:])) + b"\xff\xd9"


def parts_of(tiles, header_end):
    """Each tile in two parts, the second ones behind all first ones: tile, part, headers, bodies with SOP."""
    keys = ordered([(0, 0, LAYERS, RESOLUTIONS, COMPONENTS, LRCP)])
    for part, some in enumerate((keys[:12], keys[12:])):
        for tile, packets in enumerate(tiles):
            yield tile, part, b"".join(packets[key][1] + header_end for key in some), [packets[key] for key in some]


def in_main_header(main, tiles):
    """PPM in segments of 101 bytes, so that lengths and headers cross them; the last segment comes first. Bodies have SOP, headers EPH.

    OpenJPEG takes headers by tiles, so the parts of a tile stand together here.
    """
    parts = sorted(parts_of(tiles, b"\xff\x92"))
    packed = b"".join(struct.pack(">I", len(headers)) + headers for _, _, headers, _ in parts)
    ppm = [segment(0xFF60, bytes([i]) + packed[101 * i:101 * i + 101]) for i in range((len(packed) + 100) // 101)]
    data = b"".join(tile_part(tile, part, b"", b"".join(sop + body for sop, _, body in packets)) for tile, part, _, packets in parts)
    return b"\xff\x4f" + with_style(main, 6) + b"".join(reversed(ppm)) + data + b"\xff\xd9"


def in_tile_parts(main, tiles):
    """Two PPT in each tile-part, the second first, cut within a header; OpenJPEG wants other indices in each part of a tile."""
    def ppt(part, headers):
        return segment(0xFF61, bytes([2 * part + 1]) + headers[5:]) + segment(0xFF61, bytes([2 * part]) + headers[:5])
    data = b"".join(tile_part(tile, part, ppt(part, headers), b"".join(body for _, _, body in packets)) for tile, part, headers, packets in parts_of(tiles, b""))
    return b"\xff\x4f" + with_style(main, 0) + data + b"\xff\xd9"


def main(kind):
    samples = image()
    with tempfile.TemporaryDirectory() as folder:
        ppm, j2k, raw = (str(Path(folder) / name) for name in ("i.ppm", "i.j2k", "i.rawl"))
        Path(ppm).write_bytes(b"P6\n%d %d\n255\n" % (WIDTH, HEIGHT) + samples)
        options = f"-n {RESOLUTIONS} -r 20,5,1 -t {TILE},{TILE} -p LRCP -PLT -SOP -EPH".split()
        subprocess.run(["opj_compress", "-i", ppm, "-o", j2k, *options], check=True, capture_output=True)
        stream = read(Path(j2k).read_bytes())
        planes = b"".join(samples[c::COMPONENTS] for c in range(COMPONENTS))
        for name, make in (
                ("changing-progression", changing), ("changing-progression-in-tile-parts", changing_in_tile_parts),
                ("headers-in-main-header", in_main_header), ("headers-in-tile-parts", in_tile_parts)):
            Path(j2k).write_bytes(make(*stream))
            subprocess.run(["opj_decompress", "-i", j2k, "-o", raw], check=True, capture_output=True)
            assert Path(raw).read_bytes() == planes, name
            digits = (Path(j2k).read_bytes() if kind == "codestreams" else planes).hex()
            print(f"\n{name}:", *(digits[i:i + 128] for i in range(0, len(digits), 128)), sep="\n")


main(sys.argv[1])
