"""The tutorial's fit: 1000 points in four blobs, 2-12-8-4, 30 epochs of 120 steps of 5 rows, validation each epoch.

usage: training.py       medians of 10 seeds; peers in the same process, in turn, where installed
"""

import statistics
import time
import warnings

import numpy as np

from normexp import network
from normexp.evaluation import Evaluation, score
from normexp.functional import softmax
from normexp.tables import read

warnings.filterwarnings("ignore")
ROWS = np.arange(250, 850), np.arange(850, 1000)


def normexp_fit(x, y, seed):
    layers = network.Network.classifier(2, (12, 8), 4)
    parameters = network.initial_parameters(layers, seed)
    started = time.perf_counter()
    network.fit(layers, parameters, x, y, network.Training(30, 5, seed=seed, restore_best=False), training_rows=ROWS[0], validation_rows=ROWS[1])
    return time.perf_counter() - started, softmax(network.predict_logits(layers, parameters, x[:250]))


def sklearn_fit(x, y, seed):
    from sklearn.neural_network import MLPClassifier

    model = MLPClassifier((12, 8), batch_size=5, max_iter=30, n_iter_no_change=99, random_state=seed)
    started = time.perf_counter()
    model.fit(x[250:850], y[250:850])
    return time.perf_counter() - started, model.predict_proba(x[:250])


def torch_fit(x, y, seed):
    import torch

    torch.manual_seed(seed)
    torch.set_num_threads(1)
    net = torch.nn.Sequential(torch.nn.Linear(2, 12), torch.nn.ReLU(), torch.nn.Linear(12, 8), torch.nn.ReLU(), torch.nn.Linear(8, 4))
    loss, optimizer = torch.nn.CrossEntropyLoss(), torch.optim.Adam(net.parameters(), fused=True)
    features, targets = torch.from_numpy(x[250:850]), torch.from_numpy(y[250:850]).long()
    started = time.perf_counter()
    for _ in range(30):
        order = torch.randperm(600)
        for first in range(0, 600, 5):
            rows = order[first : first + 5]
            optimizer.zero_grad(set_to_none=True)
            loss(net(features[rows]), targets[rows]).backward()
            optimizer.step()
    return time.perf_counter() - started, torch.softmax(net(torch.from_numpy(x[:250])), 1).detach().numpy()


def main():
    table = read("example:blobs", target="class")
    peers = {"normexp": normexp_fit, "scikit-learn": sklearn_fit}
    try:
        import torch  # noqa: F401

        peers["torch"] = torch_fit
    except ImportError:
        print("torch is not installed: not measured")
    seen = {name: [] for name in peers}
    for seed in range(10):
        for name, fit in peers.items():
            seconds, probabilities = fit(table.matrix, table.targets, seed)
            scores = score(Evaluation(table.classes, table.targets[:250], probabilities))
            seen[name].append((seconds, scores.log_loss, scores.accuracy))
            time.sleep(0.02)
    ours = statistics.median(row[0] for row in seen["normexp"])
    for name, rows in seen.items():
        seconds, loss, accuracy = (statistics.median(column) for column in zip(*rows, strict=True))
        assert accuracy > 0.9, f"{name} did not learn: accuracy {accuracy}"
        print(f"{name}: {1000 * seconds:.2f} ms, {seconds / ours:.1f} x normexp; test loss {loss:.5f}, accuracy {accuracy:.2%}")


if __name__ == "__main__":
    main()
