"""The .keras archive: the same model back, files from and for Keras itself, and every unsafe or foreign file refused."""

import io
import json
import os
import re
import sys
import zipfile

import numpy as np
import pytest

import normexp.keras as nk
from normexp import ModelFileError
from normexp.keras._saving import _archive

h5py = pytest.importorskip("h5py", reason="h5py is in the extra keras")

RNG = np.random.default_rng(7)
X = RNG.normal(size=(24, 4)).astype(np.float32)
Y = RNG.integers(0, 3, 24)
KERNEL, BIAS = RNG.normal(size=(4, 3)).astype(np.float32), RNG.normal(size=3).astype(np.float32)
FLOAT32 = {"module": "keras", "class_name": "DTypePolicy", "config": {"name": "float32"}, "registered_name": None}


def keras_object(module, class_name, **config):
    return {"module": module, "class_name": class_name, "config": config, "registered_name": None}


def layer(class_name, **config):
    return keras_object("keras.layers", class_name, name=class_name.lower(), trainable=True, dtype=FLOAT32, **config)


def configuration():
    """What Keras writes for Sequential([Input((4,)), Dense(3)])."""
    glorot = keras_object("keras.initializers", "GlorotUniform", seed=None)
    entry = keras_object("keras.layers", "InputLayer", batch_shape=[None, 4], dtype="float32", sparse=False, ragged=False, name="input_layer")
    dense = layer("Dense", units=3, activation="linear", use_bias=True, kernel_initializer=glorot, bias_initializer=keras_object("keras.initializers", "Zeros"),
                  kernel_regularizer=None, bias_regularizer=None, kernel_constraint=None, bias_constraint=None)  # fmt: skip
    model = keras_object("keras", "Sequential", name="m", trainable=True, dtype=FLOAT32, layers=[entry, dense], build_input_shape=[None, 4])
    return model | {"build_config": {"input_shape": [None, 4]}, "compile_config": {}}


def weights(edit=None, **arrays):
    data = io.BytesIO()
    with h5py.File(data, "w") as file:
        for name, array in ({"layers/dense/vars/0": KERNEL, "layers/dense/vars/1": BIAS} | arrays).items():
            file[name] = array
        if edit:
            edit(file)
    return data.getvalue()


def members(config=None, h5=None):
    text = config if isinstance(config, str) else json.dumps(config or configuration())
    return {"metadata.json": b'{"keras_version": "3.15.1"}', "config.json": text.encode(), "model.weights.h5": h5 or weights()}


def archive(path, parts, compression=zipfile.ZIP_STORED):
    with zipfile.ZipFile(path, "w", compression) as file:
        for name, data in parts.items() if isinstance(parts, dict) else parts:
            file.writestr(zipfile.ZipInfo(name), data, compression)
    return path


@pytest.fixture
def path(tmp_path):
    return tmp_path / "model.keras"


def assert_refused(path, match):
    with pytest.raises(ModelFileError, match=match) as caught:
        nk.models.load_model(path)
    assert str(path) in str(caught.value)


def network():
    model = nk.Sequential([nk.Input((4,)), nk.layers.Dense(5, activation="tanh"), nk.layers.BatchNormalization(), nk.layers.Dense(3, activation="softmax")], name="small")
    model.compile(optimizer=nk.optimizers.Adam(0.01), loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(X, Y, epochs=2, batch_size=8, verbose=0)
    return model


def test_a_handwritten_file_is_read(path):
    model = nk.models.load_model(archive(path, members()))
    np.testing.assert_allclose(model.predict(X, verbose=0), X @ KERNEL + BIAS, rtol=1e-5, atol=1e-6)
    assert model.name == "m"
    assert [one.name for one in model.layers] == ["dense"]
    model = nk.models.load_model(archive(path, members(), zipfile.ZIP_DEFLATED))
    np.testing.assert_array_equal(model.layers[0].get_weights()[0], KERNEL)


def test_everything_comes_back_and_training_goes_on(path):
    model = network()
    model.save(path)
    back = nk.models.load_model(path)
    np.testing.assert_array_equal(back.predict(X, verbose=0), model.predict(X, verbose=0))
    assert back.name == "small"
    assert [one.get_config() for one in back.layers] == [one.get_config() for one in model.layers]
    assert back.get_compile_config() == model.get_compile_config()
    assert back.optimizer.iterations == model.optimizer.iterations == 6
    for one, other in zip(back.optimizer.variables, model.optimizer.variables, strict=True):
        np.testing.assert_array_equal(one, other)
    assert nk.models.load_model(path, compile=False).optimizer is None
    assert [file.name for file in path.parent.iterdir()] == ["model.keras"]
    back.save(path.with_name("again.keras"))
    assert path.with_name("again.keras").read_bytes() == path.read_bytes()
    for one in (model, back):
        one.fit(X, Y, epochs=1, batch_size=24, shuffle=False, verbose=0)
    for one, other in zip(model.layers, back.layers, strict=True):
        for array, same in zip(one.get_weights(), other.get_weights(), strict=True):
            np.testing.assert_array_equal(array, same)


def test_what_cannot_be_saved(path, tmp_path, monkeypatch):
    model = network()
    with pytest.raises(ValueError, match=r"expected a path that ends in '\.keras', got .*model\.h5'; Keras loads no other"):
        model.save(tmp_path / "model.h5")
    with pytest.raises(ValueError, match="expected a built model, got one without an input shape"):
        nk.Sequential([nk.layers.Dense(3)]).save(path)
    with pytest.raises(FileNotFoundError, match="create it first"):
        model.save(tmp_path / "no" / "model.keras")
    assert list(tmp_path.iterdir()) == []
    model.save(path)
    with pytest.raises(FileExistsError, match=r"expected a path that is free, got .*; give another one, or overwrite=True"):
        model.save(path, overwrite=False)
    model.name = float("nan")
    with pytest.raises(ValueError, match="expected settings that are finite numbers, got others"):
        nk.saving.save_model(model, path)
    monkeypatch.setitem(sys.modules, "h5py", None)
    with pytest.raises(ImportError, match=r"install normexp\[keras\]"):
        nk.models.load_model(path)


def test_files_that_are_no_archive(path, tmp_path):
    assert_refused(tmp_path / "none.keras", "got a path where there is none")
    assert_refused(tmp_path, "got a path where there is none")
    path.write_bytes(b"not a zip")
    assert_refused(path, "one that does not read as such: File is not a zip file")
    for missing in members():
        assert_refused(archive(path, {name: data for name, data in members().items() if name != missing}), f"got one without {re.escape(missing)}")
    assert_refused(archive(path, members(h5=b"\x89HDF")), "expected weights in HDF5, got a part that does not read as such")


def test_paths_that_leave_the_archive(path):
    for name in ("/etc/x", "../x", "a/../../x", "C:/x", "a\\x", "a/.."):
        assert_refused(archive(path, members() | {name: b""}), "expected members with paths inside the archive")
    archive(path, members() | {"readme.txtXx": b""})
    path.write_bytes(path.read_bytes().replace(b"readme.txtXx", b"readme.txt\0x"))
    assert_refused(path, r"got 'readme\.txt\\x00x'")


def test_too_many_and_repeated_members(path):
    assert_refused(archive(path, members() | {f"a{i}": b"" for i in range(98)}), "at most 100 entries, got 101")
    with pytest.warns(UserWarning, match="Duplicate name"):
        archive(path, [*members().items(), ("config.json", b"{}")])
    assert_refused(path, "each member once, got one with a name twice")


def test_members_that_are_encrypted_exotic_or_of_another_size(path):
    data = bytearray(archive(path, members()).read_bytes())
    for signature, at in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        data[data.index(signature) + at] |= 1
    path.write_bytes(data)
    assert_refused(path, "'metadata.json', which is encrypted or compressed otherwise")
    assert_refused(archive(path, members(), zipfile.ZIP_BZIP2), "'metadata.json', which is encrypted or compressed otherwise")
    data = bytearray(archive(path, members()).read_bytes())
    at = data.index(b"PK\1\2")
    data[at + 24 : at + 28] = (5).to_bytes(4, "little")  # metadata.json claims to be 5 bytes long
    path.write_bytes(data)
    assert_refused(path, "does not read as such: Bad CRC-32")


def test_bombs(path, monkeypatch):
    bomb = members(h5=weights(big=np.zeros(1_000_000, np.float32)))
    assert_refused(archive(path, bomb, zipfile.ZIP_DEFLATED), r"at most 100 times their compressed size, got 'model\.weights\.h5'")
    monkeypatch.setattr(_archive, "_check_entries", print)  # as if the sizes in the headers were lies
    assert_refused(path, r"got more in model\.weights\.h5")
    archive(path, bomb)
    monkeypatch.setattr(_archive, "MAX_TEXT_BYTES", 100)
    assert_refused(path, r"and 100 of text, got more in config\.json")
    monkeypatch.setattr(_archive, "MAX_BYTES", 1_000_000)
    assert_refused(path, "expected at most 1000000 bytes")
    monkeypatch.undo()
    monkeypatch.setattr(_archive, "MAX_BYTES", 1_000_000)
    assert_refused(path, "expected an archive of at most 1000000 bytes uncompressed, got 4")


@pytest.mark.parametrize(("text", "match"), [
    ("[1]", "a list at the top"),
    ("{", "does not read as such"),
    ('{"a": NaN}', "NaN is not finite"),
    ('{"a": -Infinity}', "-Infinity is not finite"),
    ('{"a": 1e999}', "1e999 is not finite"),
    ("[" * 100_000, "does not read as such"),
    ('{"a":' * 100_000, "does not read as such"),
])  # fmt: skip
def test_text_that_is_no_configuration(path, text, match):
    assert_refused(archive(path, members(text)), match)
    assert_refused(archive(path, members() | {"metadata.json": text.encode()}), match)


def edited(edit):
    config = configuration()
    edit(config)
    return config


def dense(**changes):
    return lambda c: c["config"]["layers"][1]["config"].update(changes)


EDITS = {
    "functional": (lambda c: c.update(class_name="Functional"), "expected a Sequential model of Keras, got 'Functional'"),
    "own Sequential": (lambda c: c.update(module="evil", registered_name=None), "got 'Sequential' of 'evil'"),
    "registered": (lambda c: c.update(registered_name="Evil>Sequential"), "expected a Sequential model of Keras"),
    "keras-like module": (lambda c: c.update(module="kerasevil"), "expected a Sequential model of Keras"),
    "no layers": (lambda c: c["config"].pop("layers"), "a list of layers, got another"),
    "too many layers": (lambda c: c["config"].update(layers=c["config"]["layers"] * 501), "expected at most 1000 layers, in models at most 8 deep"),
    "empty": (lambda c: c["config"].update(layers=[]), "or without layers"),
    "no name": (lambda c: c["config"].update(name=3), "a model with a name"),
    "Lambda": (lambda c: c["config"]["layers"].append(layer("Lambda", function={"class_name": "__lambda__", "config": {}})), "got a Lambda layer"),
    "Conv2D": (lambda c: c["config"]["layers"].append(layer("Conv2D", filters=3)), "expected layers of Keras among Activation, .*, got 'Conv2D'"),
    "class a list": (lambda c: c["config"]["layers"][1].update(class_name=["Dense"]), r"got \['Dense'\]"),
    "layer a number": (lambda c: c["config"]["layers"].append(3), "got None of None"),
    "own Dense": (lambda c: c["config"]["layers"][1].update(module="os"), "got 'Dense' of 'os'"),
    "registered Dense": (lambda c: c["config"]["layers"][1].update(registered_name="mine>Dense"), "got 'Dense'"),
    "no config": (lambda c: c["config"]["layers"][1].update(config=None), "expected a configuration with a name for each Dense"),
    "no layer name": (dense(name=None), "expected a configuration with a name for each Dense"),
    "float64": (dense(dtype=FLOAT32 | {"config": {"name": "float64"}}), "expected dtype 'float32' for dense, got 'float64'"),
    "float16 input": (lambda c: c["config"]["layers"][0]["config"].update(dtype="float16"), "expected dtype 'float32' for input_layer"),
    "function": (dense(activation={"module": "builtins", "class_name": "function", "config": "f", "registered_name": "f"}), "got 'function' of 'builtins'"),
    "lambda": (dense(activation={"class_name": "__lambda__", "config": {"value": "x"}}), "got '__lambda__' of None"),
    "own initializer": (dense(kernel_initializer=keras_object("mine", "Zeros")), r"in Dense\.kernel_initializer, got 'Zeros' of 'mine'"),
    "layer as activation": (dense(activation=layer("ReLU")), r"in Dense\.activation, got 'ReLU' of 'keras.layers'"),
    "deep": (dense(units=json.loads("[" * 100 + "]" * 100)), "at most 40 levels"),
    "no units": (lambda c: c["config"]["layers"][1]["config"].pop("units"), r"settings of 'dense' that fit an input of shape \(4,\), got others: KeyError"),
    "units a text": (dense(units="3"), "settings of 'dense' that fit"),
    "units": (dense(units=2), r"expected shape \(4, 2\) for layers/dense/vars/0, as configured, got \(4, 3\)"),
    "flag": (dense(use_bias=10**6), "flags that are neither true nor false"),
    "huge units": (dense(units=10**18), r"expected shape \(4, 10{18}\)"),
    "no bias": (dense(use_bias=False), "expected 1 variables in layers/dense/vars, as configured, got 2"),
    "unbuilt": (lambda c: (c.pop("build_config"), c["config"].pop("build_input_shape"), c["config"]["layers"].pop(0)), "one whose input is not known"),
    "two inputs": (lambda c: c["config"]["layers"].append(c["config"]["layers"][0]), "expected a built model: one input, then layers"),
    "two shapes": (lambda c: c.update(build_config={"input_shape": [None, 5]}), r"expected one input shape, .*, got \[None, 4\] and \[None, 5\]"),
    "unknown activation": (dense(activation="evil"), "expected a model whose settings this package has, got another"),
    "unknown loss": (lambda c: c.update(compile_config={"optimizer": keras_object("keras.optimizers", "Evil"), "loss": "evil"}), "load it with compile=False"),
    "own loss": (lambda c: c.update(compile_config={"loss": keras_object("mine", "Loss")}), r"in compile_config\.loss, got 'Loss' of 'mine'"),
}  # fmt: skip


@pytest.mark.parametrize("what", EDITS)
def test_configurations_that_are_refused(path, what):
    edit, match = EDITS[what]
    assert_refused(archive(path, members(edited(edit))), match)


@pytest.mark.parametrize("shape", [[None], [None, 0], [None, -4], [None, None], [None, True], [None, 4.0], "ab", {}])
def test_input_shapes_that_are_refused(path, shape):
    def edit(config):
        config["config"]["layers"][0]["config"]["batch_shape"] = config["config"]["build_input_shape"] = config["build_config"]["input_shape"] = shape

    assert_refused(archive(path, members(edited(edit))), r"expected one input shape, such as \[null, 4\]")


def virtual(file):
    layout = h5py.VirtualLayout((3,), "f4")
    layout[:] = h5py.VirtualSource("other.h5", "x", (3,))
    file.create_virtual_dataset("x", layout)


H5_EDITS = {
    "soft link": (lambda f: f.update(x=h5py.SoftLink("/layers")), r"'x', a link \(SoftLink\)"),
    "external link": (lambda f: f["layers/dense"].update(x=h5py.ExternalLink("other.h5", "/")), r"'layers/dense/x', a link \(ExternalLink\)"),
    "cycle": (lambda f: f["layers/dense"].update(x=f["layers"]), "'layers/dense/x' above that, or a second name"),
    "root": (lambda f: f.update(x=f["/"]), "'x' above that, or a second name"),
    "external": (lambda f: f.create_dataset("x", shape=(3,), dtype="f4", external=[("/etc/passwd", 0, 12)]), "'x', whose data lie elsewhere"),
    "virtual": (virtual, "'x', whose data lie elsewhere"),
    "type": (lambda f: f.update(x=np.dtype("f4")), "expected groups and datasets in HDF5, got 'x', a Datatype"),
    "text": (lambda f: f.update(x="text"), "expected plain numbers, no larger than the file, got 'x'"),
    "compound": (lambda f: f.update(x=np.zeros(2, [("a", "f4")])), "expected plain numbers"),
    "enum": (lambda f: f.create_dataset("x", shape=(2,), dtype=h5py.enum_dtype({"A": 1})), "expected plain numbers"),
    "boolean": (lambda f: f.update(x=np.zeros(2, bool)), "expected plain numbers"),
    "compressed": (lambda f: f.create_dataset("x", data=np.zeros(9), compression="gzip"), "or compressed"),
    "claimed": (lambda f: f.create_dataset("x", shape=(10**9,), dtype="f4"), r"expected plain numbers, no larger than the file, got 'x' of dtype float32 and shape \(10{9},\)"),
    "empty": (lambda f: f.update(x=h5py.Empty("f4")), "expected plain numbers"),
    "missing": (lambda f: f["layers/dense/vars"].pop("1"), "expected 2 variables in layers/dense/vars, as configured, got 1"),
    "extra": (lambda f: f.update({"layers/dense/vars/2": BIAS}), "expected 2 variables in layers/dense/vars, as configured, got 3"),
    "transposed": (lambda f: (f.pop("layers/dense/vars/0"), f.update({"layers/dense/vars/0": KERNEL.T})), r"shape \(4, 3\) for layers/dense/vars/0, as configured, got \(3, 4\)"),
    "float64": (lambda f: (f.pop("layers/dense/vars/1"), f.update({"layers/dense/vars/1": np.zeros(3)})), r"expected float32 numbers in layers/dense/vars/1, got float64"),
    "integers": (lambda f: (f.pop("layers/dense/vars/1"), f.update({"layers/dense/vars/1": np.zeros(3, "i4")})), r"expected float32 numbers in layers/dense/vars/1, got int32"),
}  # fmt: skip


@pytest.mark.parametrize("what", H5_EDITS)
def test_weights_that_are_refused(path, what):
    edit, match = H5_EDITS[what]
    assert_refused(archive(path, members(h5=weights(edit))), match)


def test_a_damaged_file_is_refused_or_read_never_a_crash(path):
    archive(path, members())
    whole = path.read_bytes()
    for _ in range(300):
        data = bytearray(whole)
        for at in RNG.integers(0, len(data), 3):
            data[at] = RNG.integers(256)
        path.write_bytes(data)
        try:
            nk.models.load_model(path)
        except ModelFileError as error:
            assert str(path) in str(error)  # noqa: PT017


def test_state_of_the_optimizer_that_does_not_fit(path):
    network().save(path)
    with zipfile.ZipFile(path) as file:
        parts = {name: file.read(name) for name in file.namelist()}
    data = io.BytesIO(parts["model.weights.h5"])
    with h5py.File(data, "a") as file:
        last = max(file["optimizer/vars"], key=int)
        del file[f"optimizer/vars/{last}"]
    archive(path, parts | {"model.weights.h5": data.getvalue()})
    with pytest.warns(UserWarning, match="the optimizer starts afresh"):
        model = nk.models.load_model(path)
    assert model.optimizer.iterations == 0


@pytest.fixture(scope="module")
def keras():
    os.environ["KERAS_BACKEND"] = "jax"
    return pytest.importorskip("keras", minversion="3", reason="keras is in the extra parity")


STACKS = {
    "dense": ((4,), lambda n: [n.Normalization(name="normalization"), n.Dense(5, activation="relu", kernel_regularizer="l2"), n.Dense(3)]),
    "constraints": ((4,), lambda n: [n.Dense(5, kernel_constraint="max_norm", kernel_initializer="he_normal"), n.Dense(3, use_bias=False)]),
    "activations": ((4,), lambda n: [n.Dense(6), n.Activation("gelu"), n.ReLU(), n.LeakyReLU(negative_slope=0.1), n.ELU(alpha=0.5), n.Softmax()]),
    "noise": ((4,), lambda n: [n.Dropout(0.2), n.Dense(6), n.Dropout(0.5), n.GaussianNoise(0.1), n.Dense(3, activation="softmax")]),
    "batch normalization": ((4,), lambda n: [n.Dense(6), n.BatchNormalization(), n.BatchNormalization(scale=False), n.BatchNormalization(center=False)]),
    "layer normalization": ((4,), lambda n: [n.Dense(6), n.LayerNormalization(), n.LayerNormalization(center=False), n.LayerNormalization(scale=False)]),
    "rescaling": ((4,), lambda n: [n.Rescaling(0.5, offset=1.0), n.Normalization(mean=[1.0, 2.0, 3.0, 4.0], variance=[1.0, 2.0, 1.0, 3.0]), n.Dense(3)]),
    "prelu": ((4,), lambda n: [n.Dense(6), n.PReLU(alpha_initializer="ones"), n.Dense(3)]),
    "flatten": ((3, 4), lambda n: [n.Flatten(), n.Dense(3)]),
}  # fmt: skip


def stack(k, what):
    shape, make = STACKS[what]
    layers = make(k.layers)
    if what == "dense":
        layers[0].adapt(X)
    return k.Sequential([k.Input(shape), *layers]), np.random.default_rng(1).normal(size=(20, *shape)).astype(np.float32)


@pytest.mark.parity
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("what", STACKS)
def test_files_of_keras_are_read_and_ours_load_there(keras, path, tmp_path, what):
    theirs, x = stack(keras, what)
    for one in theirs.layers:
        if one.name != "normalization":  # keeps what it learned of X
            one.set_weights([np.random.default_rng(i).uniform(0.5, 1.5, w.shape).astype(w.dtype) for i, w in enumerate(one.get_weights())])
    theirs.save(path)
    read = nk.models.load_model(path)
    truth = theirs.predict(x, verbose=0)
    np.testing.assert_allclose(read.predict(x, verbose=0), truth, rtol=1e-4, atol=1e-5)
    read.save(tmp_path / "back.keras")
    np.testing.assert_array_equal(keras.models.load_model(tmp_path / "back.keras").predict(x, verbose=0), truth)
    ours, x = stack(nk, what)
    ours.save(tmp_path / "ours.keras")
    np.testing.assert_allclose(keras.models.load_model(tmp_path / "ours.keras").predict(x, verbose=0), ours.predict(x, verbose=0), rtol=1e-4, atol=1e-5)


@pytest.mark.parity
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("optimizer", ["SGD", "Adam", "schedule"])
def test_optimizers_go_to_keras_and_back(keras, path, tmp_path, optimizer):
    def model(k):
        rate = k.optimizers.schedules.ExponentialDecay(0.1, 10, 0.9) if optimizer == "schedule" else 0.01
        made = k.optimizers.SGD(rate, momentum=0.9) if optimizer != "Adam" else k.optimizers.Adam(rate)
        built = k.Sequential([k.Input((4,)), k.layers.Dense(5, activation="relu"), k.layers.Dense(3)])
        built.compile(optimizer=made, loss=k.losses.SparseCategoricalCrossentropy(from_logits=True), metrics=["accuracy"])
        built.fit(X, Y, epochs=3, batch_size=8, verbose=0)
        return built

    theirs = model(keras)
    theirs.save(path)
    nk.models.load_model(path).save(tmp_path / "back.keras")
    back = keras.models.load_model(tmp_path / "back.keras")
    for one, other in zip(theirs.optimizer.variables, back.optimizer.variables, strict=True):
        np.testing.assert_array_equal(one, other)
    ours = model(nk)
    ours.save(path)
    read = keras.models.load_model(path)
    assert int(read.optimizer.iterations) == ours.optimizer.iterations == 9
    first = len(read.optimizer.variables) - len(ours.optimizer.variables)
    for one, other in zip(read.optimizer.variables[first:], ours.optimizer.variables, strict=True):
        np.testing.assert_array_equal(one, other)
    np.testing.assert_allclose(read.evaluate(X, Y, verbose=0), ours.evaluate(X, Y, verbose=0), rtol=1e-4)
