"""normexp demo"""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from normexp.cli._console import TrainingProgress, echo, say

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from normexp.network import History


@click.command()
@click.option("-o", "--output", metavar="FOLDER", default="demo", show_default=True, help="Folder for the pictures.")
@click.option("--seed", type=click.IntRange(0, 2**31 - 1), default=0, show_default=True, help="Of the first weights and the order.")
def demo(output: str, seed: int) -> None:
    """The tutorial's program: four blobs, a softmax network, its results, three pictures.

    1000 points around (15,0), (15,15), (0,15) and (30,15), the first 250 for testing; hidden layers of 12 and 8 relu units and a softmax
    output of 4; Adam 0.001, 30 epochs, batch size 5, the last fifth of the training part for validation.
    """
    import numpy as np

    from normexp import evaluation, network
    from normexp.functional import softmax
    from normexp.tables import read

    say("1000 points in four blobs, and a network of 2-12-8-4 units that learns from 600 of them (a moment)")
    table = read("example:blobs", target="class")
    assert table.targets is not None
    points, targets = table.matrix, table.targets
    echo(f"Feature shape: {points.shape[1:]}")
    folder = Path(output)
    folder.mkdir(parents=True, exist_ok=True)
    test_rows, rows = np.arange(250), np.arange(250, 1000)
    n_training = int(len(rows) * 0.8)
    layers = network.Network.classifier(2, (12, 8), 4)
    parameters = network.initial_parameters(layers, seed)
    training = network.Training(epochs=30, batch_size=5, learning_rate=0.001, seed=seed, restore_best=False)
    started = time.perf_counter()
    with TrainingProgress(training.epochs, n_training, None) as progress:
        history = network.fit(
            layers, parameters, points, targets, training, training_rows=rows[:n_training], validation_rows=rows[n_training:], on_epoch=progress.on_epoch, on_poll=progress.on_poll
        )
    milliseconds = 1000 * (time.perf_counter() - started)

    def probabilities(x: "NDArray[Any]") -> "NDArray[Any]":
        result: NDArray[Any] = softmax(network.predict_logits(layers, parameters, x))
        return result

    scores = evaluation.score(evaluation.Evaluation(np.arange(4), targets[test_rows], probabilities(points[test_rows])))
    say(f"{history.n_epochs} epochs of {n_training // training.batch_size} steps in {milliseconds:.1f} ms")
    echo(f"Results - Loss: {scores.log_loss:.6f} - Accuracy: {100 * scores.accuracy:.1f}%")
    say("three pictures: the points, the losses, the regions of the classes (2 s)")
    for path in _draw(folder, points, targets, test_rows, history, probabilities):
        echo(f"picture: {path}")
    echo("next:  normexp train example:iris")


def _draw(
    folder: Path, points: "NDArray[Any]", targets: "NDArray[Any]", test_rows: "NDArray[Any]", history: "History", probabilities: "Callable[[NDArray[Any]], NDArray[Any]]"
) -> "Iterator[Path]":
    from normexp import plots

    names = [f"class {i}" for i in range(4)]
    data, losses, regions = plots.figure(), plots.figure(), plots.figure()
    plots.scatter(points, targets, names, title="Nonlinear data", ax=data.add_subplot())
    plots.training_history(history, ax=losses.add_subplot())
    plots.decision_regions(probabilities, points[test_rows], targets[test_rows], names, title="Decision regions (test part)", ax=regions.add_subplot())
    for name, drawn in (("data.png", data), ("loss.png", losses), ("regions.png", regions)):
        plots.save_figure(drawn, folder / name)
        yield folder / name
