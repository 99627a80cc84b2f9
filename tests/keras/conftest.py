"""Keras itself, where it is installed, and a place for an archive."""

import os

import pytest


@pytest.fixture
def path(tmp_path):
    return tmp_path / "model.keras"


@pytest.fixture(scope="module")
def keras():
    os.environ["KERAS_BACKEND"] = "jax"
    return pytest.importorskip("keras", minversion="3", reason="keras is in the extra parity")
