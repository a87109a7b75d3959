# SPDX-License-Identifier: MIT
"""Trains one recipe with knack and with the Python reference and compares every tensor of every final set.

Exit status: 0 they agree, 1 they do not (or knack failed), 77 a Python package is missing.
"""

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

try:
    import torch
    from safetensors.torch import load_file

    from reference.models import write_initial_weights
    from reference.train import Result, train
except ImportError as error:
    print(f"skipped: {error}; install tests/parity/requirements.txt beside torch")
    sys.exit(77)

from cases import TRICKS, initial_seed, resnet_recipe

State = dict[str, torch.Tensor]

DTYPES = {"fp32": torch.float32, "fp64": torch.float64}
TOLERANCE = {"fp32": 1e-4, "fp64": 1e-9}
# In fp32 both sides must use the same kernels to stay comparable at all (README.md); in fp64 the plain loop of
# torch.optim also checks the fused kernel's formula.
KERNEL = {"fp32": "fused", "fp64": "loop"}


def relative_l2(found: torch.Tensor, expected: torch.Tensor) -> float:
    """||found - expected|| / ||expected||, in fp64. Where the expected tensor is zero: 0 if found is too, else inf."""
    found, expected = found.double(), expected.double()
    distance, norm = (found - expected).norm().item(), expected.norm().item()
    if norm < 1e-12:
        return 0.0 if distance < 1e-12 else float("inf")
    return distance / norm


def tensor_distance(found: torch.Tensor, expected: torch.Tensor) -> float:
    """Relative L2 of floating tensors; integers, shapes and element types must be the same."""
    if found.dtype != expected.dtype or found.shape != expected.shape:
        return float("inf")
    if not expected.is_floating_point():
        return 0.0 if torch.equal(found, expected) else float("inf")
    return relative_l2(found, expected)


def worst_tensor(found: State, expected: State) -> tuple[float, str]:
    """The largest distance and its tensor; infinite when the names differ."""
    if odd := sorted(found.keys() ^ expected.keys()):
        side = "unexpected" if odd[0] in found else "missing"
        return float("inf"), f"{odd[0]} ({side})"
    # A NaN must not hide behind the order of comparison.
    distances = ((tensor_distance(found[name], expected[name]), name) for name in expected)
    return max(distances, key=lambda item: float("inf") if item[0] != item[0] else item[0])


def run_knack(knack: str, recipe: dict, folder: Path) -> Path:
    """Trains `recipe` in `folder`, where its initial weights lie, and returns the run folder."""
    path, run = folder / f"{recipe['name']}.json", folder / f"{recipe['name']}-run"
    path.write_text(json.dumps(recipe, indent=2))
    command = [knack, "train", str(path), "--run-dir", str(run)]
    finished = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if finished.returncode != 0:
        print(f"{' '.join(command)} ended with status {finished.returncode}:\n{finished.stdout}")
        sys.exit(1)
    return run


def run_reference(recipe: dict, precision: str, folder: Path, kernel: str | None = None) -> Result:
    """Trains `recipe` with the Python reference from the same weights."""
    torch.set_num_threads(1)
    model = {**recipe["model"], "weights": str(folder / recipe["model"]["weights"])}
    return train({**recipe, "model": model}, DTYPES[precision], kernel=kernel or KERNEL[precision])


def load_final_sets(run: Path) -> dict[str, State]:
    """Final sets by name, without the copy of the chosen one."""
    return {path.stem: load_file(path) for path in (run / "final").glob("*.safetensors") if path.stem != "model"}


class Table:
    """Prints one line a comparison and remembers whether all of them held."""

    def __init__(self, case: str):
        self._case = case
        self.agrees = True

    def add(self, what: str, worst: str, distance: float, tolerance: float) -> None:
        holds = distance <= tolerance
        self.agrees &= holds
        verdict = "ok" if holds else f"MORE THAN {tolerance:.0e}"
        print(f"{self._case:28} {what:14} {worst:40} {distance:9.2e}  {verdict}")

    def require(self, what: str, found: object, expected: object) -> None:
        holds = found == expected
        self.agrees &= holds
        verdict = "ok" if holds else f"EXPECTED {expected}"
        print(f"{self._case:28} {what:14} {found!s:40} {'':9}  {verdict}")


def compare_run(table: Table, run: Path, reference: Result, tolerance: float) -> None:
    """Compares a run folder with a reference run: sets, their validation loss, epochs of the average."""
    found = load_final_sets(run)
    summary = json.loads((run / "final" / "summary.json").read_text())
    table.require("sets", sorted(found), sorted(reference.sets))
    for name, expected in reference.sets.items():
        if name not in found:
            continue
        distance, tensor = worst_tensor(found[name], expected.state)
        table.add(name, tensor, distance, tolerance)
        loss = summary["sets"][name]["valid"]["loss"]
        # The loss is a sum of logarithms that may be close to zero: fewer digits hold than in the weights.
        table.add(name, "valid loss", abs(loss - expected.loss) / expected.loss, 10 * max(tolerance, 1e-7))
    if reference.average_epochs:
        epochs = summary["tricks"]["weight_average"]["epochs"]
        table.require("average of", sorted(epochs), reference.average_epochs)


def compare_case(knack: str, case: str, precision: str, folder: Path) -> bool:
    recipe = resnet_recipe(case, precision)
    write_initial_weights(recipe["model"], initial_seed(case), folder / recipe["model"]["weights"])
    run = run_knack(knack, recipe, folder)
    table = Table(f"{case} {precision}")
    compare_run(table, run, run_reference(recipe, precision, folder), TOLERANCE[precision])
    return table.agrees


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--knack", required=True, help="the knack binary")
    parser.add_argument("--case", choices=TRICKS, required=True)
    parser.add_argument("--precision", choices=DTYPES, default="fp32")
    parser.add_argument("--keep", action="store_true", help="keep the recipe and the run folder, and say where")
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="knack-parity-"))
    try:
        return 0 if compare_case(options.knack, options.case, options.precision, folder) else 1
    finally:
        if options.keep:
            print(f"kept {folder}")
        else:
            shutil.rmtree(folder)


if __name__ == "__main__":
    sys.exit(main())
