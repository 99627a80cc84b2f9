"""The softmax family against PyTorch, SciPy and a copy on two threads, in turn in one process.

usage: softmax.py [--quick]      medians in ms, and how many times faster normexp is; --quick leaves the largest arrays away

Every answer is checked before it is timed. Before each timed call the process rests 20 ms (idle threads of a peer's pool spin for a while) and
calls the function twice.
"""

import argparse
import concurrent.futures
import statistics
import time

import numpy as np
import scipy.special

import normexp
from normexp import functional

try:
    import torch

    torch.set_num_threads(2)
except ImportError:
    torch = None

SHAPES = ((250_000, 4), (100_000, 10), (30_000, 32), (15_000, 64), (20_000, 100), (4096, 1000), (4096, 4096), (512, 32_000), (128, 128_256), (16, 1_000_000), (1, 16_000_000))
SOME = ((100_000, 10), (4096, 1000), (512, 32_000))
POOL = concurrent.futures.ThreadPoolExecutor(1)


def copy_on_two_threads(out, x):
    a, b = out.reshape(-1), x.reshape(-1)
    half = a.size // 2
    other = POOL.submit(np.copyto, a[:half], b[:half])
    np.copyto(a[half:], b[half:])
    other.result()


def medians(functions, repeats):
    seen = {name: [] for name in functions}
    for _ in range(repeats):
        for name, function in functions.items():
            time.sleep(0.02)
            function()
            function()
            started = time.perf_counter()
            function()
            seen[name].append(1000 * (time.perf_counter() - started))
    return {name: statistics.median(values) for name, values in seen.items()}


def report(label, functions, repeats=9):
    found = medians(functions, repeats)
    ours = found.pop("normexp")
    print(f"{label:38} normexp {ours:8.3f}   " + "   ".join(f"{name} {value:8.3f} ({value / ours:.2f})" for name, value in found.items()), flush=True)


def softmax(x, axis, label):
    out = np.empty_like(x)
    exact = np.asarray(scipy.special.softmax(x.astype(np.float64), axis=axis))
    functions = {"normexp": lambda: normexp.softmax(x, axis, out=out), "SciPy": lambda: scipy.special.softmax(x, axis=axis), "copy": lambda: copy_on_two_threads(out, x)}
    functions["normexp"]()
    assert np.abs(out - exact).max() <= {2: 1e-3, 4: 1e-6, 8: 1e-14}[x.itemsize]
    if torch:
        tensor, into = torch.from_numpy(x), torch.empty(x.shape, dtype=torch.from_numpy(x).dtype)
        functions["PyTorch"] = lambda: torch._softmax(tensor, axis, False, out=into)
    report(label, functions, 5 if x.size > 5_000_000 else 9)


def cross_entropy(x, label):
    targets = np.random.default_rng(0).integers(0, x.shape[1], x.shape[0])
    functions = {"normexp": lambda: normexp.cross_entropy(x, targets, with_gradient=True)}
    loss, gradient = functions["normexp"]()
    p = scipy.special.softmax(x.astype(np.float64), axis=-1)
    rows = np.arange(len(x))
    assert abs(loss + np.log(p[rows, targets]).mean()) < 1e-5
    p[rows, targets] -= 1
    assert np.abs(gradient - p / len(x)).max() < 1e-6
    if torch:

        def step():
            logits = torch.from_numpy(x).requires_grad_(True)
            torch.nn.functional.cross_entropy(logits, torch.from_numpy(targets)).backward()
            return logits.grad

        functions["PyTorch"] = step
    report(label, functions, 5)


def top_k(x):
    functions = {"normexp": lambda: functional.top_k(x, 50)}
    indices, probabilities = functions["normexp"]()
    order = np.argsort(-x, axis=-1, kind="stable")[:, :50]
    assert (indices == order).all()
    assert np.abs(probabilities - np.take_along_axis(scipy.special.softmax(x.astype(float), axis=-1), order, -1)).max() < 1e-6

    def scipys():
        best = np.argpartition(x, -50, axis=-1)[:, -50:]
        return np.take_along_axis(scipy.special.softmax(x, axis=-1), best, -1)

    functions["SciPy"] = scipys
    if torch:
        functions["PyTorch"] = lambda: torch.topk(torch.softmax(torch.from_numpy(x), -1), 50)
    report("top 50 of 64 x 128256, probabilities", functions)


def small_calls():
    x = np.array([0.7, 1.5, 4.8], np.float32)

    def thousand(call):
        return lambda: [call() for _ in range(1000)]

    for name in ("softmax", "logsumexp"):
        functions = {"normexp": thousand(lambda name=name: getattr(normexp, name)(x)), "SciPy": thousand(lambda name=name: getattr(scipy.special, name)(x))}
        if torch:
            tensor = torch.from_numpy(x)
            functions["PyTorch"] = thousand(lambda name=name, tensor=tensor: getattr(torch, name)(tensor, -1))
        report(f"1000 calls of {name} on 3 logits", functions)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true")
    quick = parser.parse_args().quick
    rng = np.random.default_rng(0)
    for rows, n in SHAPES[:6] if quick else SHAPES:
        x = 3 * rng.standard_normal((rows, n), dtype=np.float32)
        softmax(x, -1, f"softmax {rows} x {n}")
        if rows > 1:
            cross_entropy(x, f"cross-entropy, gradient {rows} x {n}")
        if (rows, n) in SOME:
            softmax(x, 0, f"softmax, axis=0, {rows} x {n}")
            softmax(x.astype(np.float64), -1, f"softmax, float64, {rows} x {n}")
            softmax(x.astype(np.float16), -1, f"softmax, float16, {rows} x {n}")
    top_k(3 * rng.standard_normal((64, 128_256), dtype=np.float32))
    small_calls()


if __name__ == "__main__":
    main()
