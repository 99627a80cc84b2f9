"""Seeded mutations of model files: of their description, their declared tensors, their values, and byte by byte."""

import copy
import json
import math
from contextlib import suppress

import numpy as np

from forging import DTYPES, Parts, arrays_of, forged, parts_of, sealed, with_arrays

# What json.dumps cannot write stands for itself until the text is made.
RAW = {
    '"@deep"': "[" * 20_000 + "]" * 20_000, '"@open"': '{"a":' * 3_000, '"@digits"': "9" * 5_000, '"@beyond"': "-1e999", '"@half"': '"\\udfff"',
    '"@comment"': "/* */ 1", '"@nothing"': "",
}  # fmt: skip
HOSTILE = [
    None, True, False, 0, 1, -1, 2, 3, 0.5, -0.0, 1e-320, 1e308, -1e308, math.nan, math.inf, -math.inf, 2**31, 2**31 - 1, 2**32, 2**63, -(2**63), 2**64, 10**12,
    10**400, -(10**400), "", " ", "0", "1", "nan", "auto", "balanced", "text", "object", "relu", "linear", "number", "category", "date", "boolean", "'", '"', "';--",
    "'; DROP TABLE raw; --", '"; ATTACH \'x\' AS y; --', "$$", "%s%n", "{0.__class__}", "{{7*7}}", "../../etc/passwd", "/dev/zero", "os.system", "__class__",
    "__import__('os')", "\0", "a\0", "\n", "\x1b[2J", "\u202e", "\U0001f600", "\u0130", "\u00e9" * 300, "x" * 100_000, [], {}, [[]], [None], [0], [1.5, "a"], ["a", "a"],
    [""] * 300, list(range(300)), {"a": 1}, {"": None}, {"__class__": "x"}, [[[[[[[[0]]]]]]]], *[marker[1:-1] for marker in RAW],
]  # fmt: skip
NUMBERS = [np.nan, np.inf, -np.inf, 0, -0.0, 1, -1, 2, 255, 1e-45, 1e-300, 1e38, -3e38, 1e300, -1.7e308, 2**31, -(2**31), 2**62, -(2**63)]
SIZES = [-1, 0, 1, 2, 7, 8, 64, 2**31, 2**32, 2**40, 2**63, 2**64, 10**30, 1.5, True, None, "8", [1]]


def hostile(rng):
    return copy.deepcopy(rng.choice(HOSTILE))  # a later change of it is not one of the list


def places(data):
    """All (container, key) of a JSON tree."""
    for key in list(data) if isinstance(data, dict) else range(len(data)):
        yield data, key
        if isinstance(data[key], (dict, list)):
            yield from places(data[key])


def mutate_description(rng, data):
    """One change somewhere; the top is as likely as all of what lies below."""
    everywhere = list(places(data))
    container, key = rng.choice(everywhere) if rng.random() < 0.6 else (data, rng.choice(list(data)))
    kind = rng.randrange(9)
    if kind <= 3:
        container[key] = hostile(rng)
    elif kind == 4:
        del container[key]
    elif kind == 5:
        other, place = rng.choice(everywhere)
        container[key] = json.loads(json.dumps(other[place]))
    elif kind == 6 and isinstance(container, list):
        container.insert(key, container[key] if rng.random() < 0.5 else hostile(rng))
    elif kind == 7 and isinstance(container[key], (int, float)):
        container[key] = rng.choice([container[key] * rng.choice([-1, 0.5, 2, 1e30, 10**20]), container[key] + rng.choice([-1, 1, 0.5])])
    elif isinstance(container, dict):
        container[rng.choice(["extra", "@twice", "__class__", "n_threads", "; import os", "\u202e"])] = hostile(rng)


def mutate_declared(rng, tensors):
    name = rng.choice(list(tensors))
    kind = rng.randrange(7)
    if kind == 0:
        tensors[name]["dtype"] = rng.choice([*DTYPES, "F16", "U8", "object", "", None, 4, ["F32"]])
    elif kind == 1:
        tensors[name]["shape"] = rng.choice([[], [rng.choice(SIZES)], [1, *tensors[name]["shape"]], [2**33, 2**31], rng.choice(SIZES), [0] * 100])
    elif kind == 2:
        tensors[name]["data_offsets"][rng.randrange(2)] = rng.choice(SIZES)
    elif kind == 3:
        tensors[name]["data_offsets"] = list(tensors[rng.choice(list(tensors))]["data_offsets"])
    elif kind == 4:
        tensors[rng.choice(["parameters", "encoder/low", "other", "../x", "\0", ""])] = tensors.pop(name)
    elif kind == 5:
        tensors[name] = hostile(rng)
    else:
        tensors[name][rng.choice(["extra", "shape", "dtype"])] = hostile(rng)


def mutate_arrays(rng, arrays):
    name = "parameters" if rng.random() < 0.5 else rng.choice(list(arrays))
    array = arrays[name].reshape(-1)
    kind = rng.randrange(5)
    if kind == 0 and array.dtype.kind == "f":
        array[rng.randrange(len(array))] = np.array(rng.choice(NUMBERS)).astype(array.dtype)
    elif kind == 1 and array.dtype.kind == "f":
        arrays[name] = array * array.dtype.type(10.0 ** rng.randrange(-30, 38))
    elif kind == 2:
        raw = bytearray(array.tobytes())
        raw[rng.randrange(len(raw))] = rng.randrange(256)
        arrays[name] = np.frombuffer(bytes(raw), array.dtype)
    elif kind == 3:
        arrays[name] = rng.choice([array[:-1], np.concatenate([array, array]), array.astype(rng.choice(list(DTYPES.values())))])
    else:
        del arrays[name]


def structured(rng, content):
    """One to three changes of description, declared tensors or values, with the right checksum mostly."""
    parts = parts_of(content)
    for _ in range(rng.choice([1, 1, 1, 2, 3])):
        kind = rng.random()
        with suppress(KeyError, TypeError, IndexError, AttributeError, ValueError, OverflowError):  # where an earlier change left nothing to change
            if kind < 0.7:
                mutate_description(rng, parts.description)
            elif kind < 0.8:
                mutate_declared(rng, parts.tensors)
            else:
                arrays = arrays_of(parts)
                with np.errstate(all="ignore"):
                    mutate_arrays(rng, arrays)
                parts = with_arrays(parts, arrays)
    text = json.dumps(parts.description, ensure_ascii=False)
    for marker, raw in RAW.items():
        text = text.replace(marker, raw)
    text = text.replace('"@twice"', rng.choice(['"format"', '"classes"', '"kind"', '"units"']))
    checksum = (content[8:].startswith(b'{"__metadata__":{"sha256":"')) != (rng.random() < 0.02)
    return forged(Parts(text, parts.tensors, parts.data), checksum=checksum)


def bytewise(rng, content):
    """Flips, cuts, splices and fillings."""
    raw = bytearray(content)
    for _ in range(rng.choice([1, 1, 2, 5])):
        at = rng.choice([rng.randrange(len(raw)), rng.randrange(min(len(raw), 300)), rng.randrange(8)]) if raw else 0
        size = rng.choice([1, 2, 8, 64, 1000])
        kind = rng.randrange(7)
        if kind <= 2 and raw:
            raw[min(at, len(raw) - 1)] ^= 1 << rng.randrange(8)
        elif kind == 3:
            del raw[at : at + rng.choice([1, 8, len(raw)])]
        elif kind == 4:
            raw[at : at + size] = rng.choice([b"\0", b"\xff", b" ", b"[", b'"', b"9", b"\\"]) * size
        elif kind == 5:
            start = rng.randrange(len(raw)) if raw else 0
            raw[at:at] = raw[start : start + size]
        else:
            raw[at:at] = rng.randbytes(size)
    return bytes(raw)


def resealed(rng, content):
    """Bytes of the header changed, length and checksum right again."""
    length = int.from_bytes(content[:8], "little")
    return sealed(bytewise(rng, content[8 : 8 + length]).rstrip(b" "), content[8 + length :])
