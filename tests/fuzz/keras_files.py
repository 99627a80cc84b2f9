"""Seeded mutations of `.keras` files, read in a process of its own: `python keras_files.py FOLDER N SEED` prints what came of them as JSON."""

import io
import json
import resource
import struct
import sys
import time
import warnings
import zipfile
from collections import Counter
from copy import deepcopy
from pathlib import Path

import h5py
import numpy as np

from normexp import ModelFileError, keras

ROOM = 256 << 20  # bytes that reading and asking may take beside what the process has
WEIGHTS = "model.weights.h5"
NASTY = [
    None, True, False, 0, 1, -1, 2, 3, 7, 1.5, -0.5, 1e-30, 1e30, -1e30, 2**31, 2**63, 10**18, 2 * 10**8, 10**400, "", "x", "relu", "softmax", "Dense", "keras", "/", "\0",
    "é" * 50,
    [], {}, [None], [None, 2 * 10**8], [None, 10**6, 10**6], [0] * 20, [[[]]], {"a": 1}, {"class_name": "Lambda", "config": {}},
    {"class_name": "Zeros", "module": "keras.initializers"},
    {"class_name": "Sequential", "module": "keras", "config": {"name": "s", "layers": []}}, {"class_name": ["x"], "config": 3},
    {"class_name": "__numpy__", "config": {"value": [1.0, 2.0]}},
]  # fmt: skip


def seeds():
    """Models that have every layer, setting and kind of state that a file may hold."""
    layers, x = keras.layers, np.random.default_rng(0).standard_normal((24, 4)).astype(np.float32)
    y = np.arange(24) % 3
    inner = keras.Sequential([layers.Dense(5, activation="gelu"), layers.Dropout(0.2), layers.LayerNormalization()], name="inner")
    stacks = [
        [layers.Dense(5, activation="tanh", kernel_regularizer="l2", kernel_constraint="max_norm"), layers.BatchNormalization(), layers.Dense(3, activation="softmax")],
        [layers.Rescaling(0.5, 0.1), layers.Normalization(mean=[1.0, 2, 3, 4], variance=[1.0, 2, 3, 4]), layers.Dense(3, activation="softmax")],
        [layers.Normalization(), inner, layers.ReLU(6.0), layers.LeakyReLU(0.1), layers.ELU(0.5), layers.PReLU(), layers.Dense(3), layers.Softmax()],
        [layers.GaussianNoise(0.1), layers.Activation("softplus"), layers.Flatten(), layers.Dense(3, activation="softmax", use_bias=False)],
    ]
    decay = keras.optimizers.schedules.ExponentialDecay(0.01, 10, 0.9)
    o = keras.optimizers
    for stack, optimizer in zip(stacks, [o.Adam(0.01, amsgrad=True, use_ema=True), o.SGD(decay, momentum=0.9), o.Nadam(), o.RMSprop(centered=True)], strict=True):
        model = keras.Sequential([keras.Input((4,)), *stack])
        model.compile(optimizer, keras.losses.SparseCategoricalCrossentropy(), metrics=["accuracy", "sparse_top_k_categorical_accuracy"])
        model.fit(x, y, epochs=1, verbose=0)
        yield model
    yield keras.Sequential([keras.Input((4,)), layers.Rescaling(2.0), layers.Activation("tanh")])


def places(tree, path=()):
    """Every place of a JSON tree."""
    yield path
    for key, item in tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ():
        yield from places(item, (*path, key))


def with_other_settings(rng, parts):
    text = parts["config.json"].decode()
    if rng.random() < 0.15:  # everywhere alike, as a stranger would
        shape = [[2 * 10**8], [10**6], [10**5], [2, 2], [3000, 3000], [4] * 40, [10**30], [1], [7]][rng.integers(9)]
        text = text.replace("[null, 4]", json.dumps([None, *shape]))
    config = json.loads(text)
    for _ in range(int(rng.integers(4))):
        path = list(places(config))[1:]
        *above, last = path[rng.integers(len(path))]
        spot = config
        for key in above:
            spot = spot[key]
        choice = rng.integers(4)
        if choice == 0 and isinstance(spot, dict):
            del spot[last]
        elif choice == 1 and isinstance(spot, list):
            spot.extend(spot[: rng.integers(1, 4)])
        elif choice == 2:
            *from_above, from_last = path[rng.integers(len(path))]
            source = config
            try:
                for key in from_above:
                    source = source[key]
                spot[last] = json.loads(json.dumps(source[from_last]))
            except (KeyError, IndexError, TypeError):
                spot[last] = None
        else:
            spot[last] = deepcopy(NASTY[rng.integers(len(NASTY))])
    return parts | {"config.json": json.dumps(config).encode()}


def with_other_weights(rng, parts):
    data = io.BytesIO(parts[WEIGHTS])
    with h5py.File(data, "a") as file:
        names = []
        file.visititems(lambda name, item: names.append(name) if isinstance(item, h5py.Dataset) else None)
        name = names[rng.integers(len(names))] if names else "layers/dense/vars/0"
        array = np.array(file[name]) if names else np.zeros(3, np.float32)
        if names:
            del file[name]
        value = [np.nan, np.inf, -1.0, 0.0, 1e38, 2**62][rng.integers(6)]
        shape = [array.shape, (*array.shape, 1), array.shape[::-1], (), (0,), (1000, 1000)][rng.integers(6)]
        other = [np.float32, np.float64, np.int64, np.uint8, np.float16][rng.integers(5)] if rng.random() < 0.3 else array.dtype
        with np.errstate(all="ignore"):
            changed = np.resize(array, shape).astype(other)
            if changed.size and rng.random() < 0.7:
                changed.flat[rng.integers(changed.size)] = np.asarray(value).astype(other)
        if rng.random() < 0.9:
            file.create_dataset(name, data=changed, **({"chunks": True} if changed.size and changed.ndim and rng.random() < 0.2 else {}))
    return parts | {WEIGHTS: data.getvalue()}


def with_other_bytes(rng, data):
    changed = bytearray(data)
    for _ in range(int(rng.integers(1, 9))):
        at, what = int(rng.integers(len(changed))), rng.integers(5)
        if what == 0:
            changed[at] = rng.integers(256)
        elif what == 1:
            changed[at] ^= 1 << int(rng.integers(8))
        elif what == 2:
            del changed[at : at + int(rng.integers(1, 20))]
        elif what == 3:
            changed[at:at] = changed[at : at + int(rng.integers(1, 40))]
        else:
            number = [0, 1, 255, 2**31 - 1, 2**32 - 1, 2**40][rng.integers(6)]
            changed[at : at + 8] = struct.pack("<Q", number)
        if not changed:
            changed = bytearray(b"\0")
    return bytes(changed)


def archive(rng, parts):
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED if rng.random() < 0.3 else zipfile.ZIP_STORED) as file:
        for name, part in parts.items():
            file.writestr(zipfile.ZipInfo(name), part)
    return data.getvalue()


def mutation(rng, parts):
    """Bytes of a file that somebody made of a good one."""
    what = rng.integers(6)
    if what <= 1:
        return archive(rng, with_other_settings(rng, parts))
    if what == 2:
        return archive(rng, with_other_weights(rng, parts))
    if what == 3:
        return archive(rng, with_other_settings(rng, with_other_weights(rng, parts)))
    if what == 4:
        name = list(parts)[rng.integers(len(parts))]
        return archive(rng, parts | {name: with_other_bytes(rng, parts[name])})
    return with_other_bytes(rng, archive(rng, parts))


def may_overflow(model):
    """Are there weights or settings so large that float32 may overflow?"""
    values = model.parameters().values
    return "exponential" in str(model.get_config()) or (values.size and float(np.abs(values).max()) > 1e4) or "e+" in str(model.get_config())


def outcome(path):
    """'refused', or 'loaded' after predictions of the right shape; everything else is an error of ours."""
    try:
        model = keras.models.load_model(path)
    except ModelFileError as error:
        if isinstance(error.__cause__, MemoryError) or str(path) not in str(error):
            raise AssertionError("expected sizes to be checked before memory is asked for, and an error that names the file") from error
        return "refused"
    x = np.random.default_rng(1).standard_normal((3, *model.input_shape[1:])).astype(np.float32)
    outputs = model.predict(x, verbose=0)
    assert outputs.shape == (3, *model.output_shape[1:])
    assert np.isfinite(outputs).all() or may_overflow(model), "outputs that are not finite"
    model.summary(print_fn=len)
    return "loaded"


def outcome_of_weights(model, path):
    """The same of a file of weights alone, for a model that is there: refused, it keeps its own."""
    before = model.get_weights()
    try:
        model.load_weights(path)
    except ModelFileError:
        assert all((a == b).all() for a, b in zip(before, model.get_weights(), strict=True)), "a refused file left something behind"
        return
    assert all(np.isfinite(w).all() for w in model.get_weights())


def main(folder, n, seed):
    warnings.simplefilter("ignore")
    np.seterr(all="ignore")
    path, weights, good, models = Path(folder) / "model.keras", Path(folder) / "model.weights.h5", [], []
    for model in seeds():
        model.save(path)
        assert outcome(path) == "loaded"
        with zipfile.ZipFile(path) as file:
            good.append({name: file.read(name) for name in file.namelist()})
            models.append(model)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    asked = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize() if Path("/proc/self/statm").exists() else None
    if asked:
        resource.setrlimit(resource.RLIMIT_AS, (asked + ROOM, resource.RLIM_INFINITY))
    counts, slowest = Counter(), 0.0
    for i in range(n):
        rng = np.random.default_rng([seed, i])
        data = mutation(rng, good[i % len(good)])
        path.write_bytes(data)
        started = time.process_time()
        try:
            counts[outcome(path)] += 1
            parts = good[i % len(good)]
            weights.write_bytes(with_other_bytes(rng, parts[WEIGHTS]) if i % 2 else with_other_weights(rng, parts)[WEIGHTS])
            outcome_of_weights(models[i % len(good)], weights)
        except BaseException:
            sys.stderr.write(f"mutation {i} of seed {seed}\n")
            raise
        slowest = max(slowest, time.process_time() - started)
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 - before
    sys.stdout.write(json.dumps({**counts, "slowest": slowest, "grown": grown}))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
