"""What was asked of train: checked before the work, not after it."""

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from normexp._system import memory_limit
from normexp.cli._console import say_notes
from normexp.cli._deciding import read_costs
from normexp.cli._outputs import writable
from normexp.cli._parts import Parts, equal_rows, folds_of, parts_of, single_rows, without_equals
from normexp.cli._reading import reading
from normexp.cli._record import check_record
from normexp.cli._replacing import refuse_other_columns, refuse_other_rows, refuse_other_target

if TYPE_CHECKING:
    from normexp.evaluation import Costs
    from normexp.tables import Table

__all__ = ["Asked"]


class Asked:
    """The options of `train`, by name in `given`, and what follows from them: target, the model's path, the report's, that of the rows to save."""

    def __init__(self, table: str, **given: Any) -> None:
        self.table, self.given = table, given
        self.costs: Costs | None = None
        self.target = _target(given["target"], table)
        self.path = _output_path(table, given["output"], given["force"], self.target)
        self._refuse_contradictions()
        kept = [table, self.path, *([given["test"]] if given["test"] else [])]
        self.report = None if given["report"] is None else writable(Path(given["report"]), "report", kept)
        self.log = None if given["log"] is None else writable(Path(given["log"]), "record", kept)
        if self.log is not None:
            check_record(self.log)
        self.save_test = None if given["save_test"] is None else _rows_path(given["save_test"], [*kept, *([self.report] if self.report else [])])

    def _refuse_contradictions(self) -> None:
        given = self.given
        if given["group"] is not None and given["when"] is not None:
            raise click.UsageError("expected --group or --time, got both; choose what is nearer to how the model will be used")
        if given["folds"] and (given["test"] or given["when"] or given["save_test"]):
            other = "--test" if given["test"] else "--time" if given["when"] else "--save-test"
            raise click.UsageError(f"expected --folds, which tests every row, or {other}, got both; choose one")
        context = click.get_current_context(silent=True)
        if given["folds"] and context is not None and context.get_parameter_source("test_fraction") is click.core.ParameterSource.COMMANDLINE:
            raise click.UsageError("expected --folds, which tests every row, or --test-fraction, got both; choose one")
        if given["save_test"] and (given["test"] or self.table == "-"):
            what = "--test, whose rows are in a file" if given["test"] else "standard input, which can be read only once"
            raise click.UsageError(f"expected a table to hold rows out of and save them with --save-test, got {what}")
        if given["members"] and given["quality"] == "fast":
            raise click.UsageError("expected --quality good or best with --members, got fast, which is one network")
        if given["cluster"] is not None and given["quality"] == "fast":
            raise click.UsageError("expected --quality good or best with --cluster, got fast, which is one network")
        if given["compact"] and given["quality"] == "fast":
            raise click.UsageError("expected --quality good or best with --compact, got fast, which is one network already")
        if given["costs_file"] and not given["report"]:
            raise click.UsageError("expected --costs with --report, where the test rows are decided by them, got no report; evaluate and predict take --costs too")
        if not given["test"] and not given["test_fraction"] and not given["folds"] and (given["report"] or given["save_test"]):
            option = "--report" if given["report"] else "--save-test"
            raise click.UsageError(f"expected rows to test on with {option}, got --test-fraction 0; a report of rows that the model has learnt from would flatter it")

    @property
    def source_options(self) -> dict[str, Any]:
        """How the table is opened."""
        return {"target": self.target, "ignore": self.given["ignore"], **self._columns, **reading(self.given)}

    @property
    def memory(self) -> int:
        """Bytes, as asked for, or half of what there is."""
        return int(self.given["memory"] or memory_limit() // 2)

    def read(self, data: "Table | None" = None) -> "Table":
        """The table, unless it was read already, and what there is to say of it."""
        from normexp.tables import read

        data = read(self.table, **self.source_options) if data is None else data
        self.check(data)
        data = without_equals(data) if self.given["drop_duplicates"] else data
        say_notes([*data.notes, *single_rows(data)])
        return data

    def check(self, data: "Table") -> None:
        """Refuse what would replace other work, and costs that are not of these classes: before the training, not after it."""
        refuse_other_columns(self.path, data, asked=self.given["force"] or self.given["output"] is not None)
        if self.save_test is not None and not self.given["force"]:
            refuse_other_rows(self.save_test, data)
        if self.given["costs_file"]:
            self.costs = read_costs(self.given["costs_file"], data.with_target()[0])

    def parts(self, data: "Table") -> Parts:
        """Which rows are learnt from and which are tested on; rows that are both, in a way, are told."""
        given = self.given
        if given["folds"]:
            parts = folds_of(data, given["folds"], given["seed"], given["group"])
        else:
            parts = parts_of(data, given["test"], given["test_fraction"], given["seed"], self._columns, given)
        say_notes(equal_rows(parts, given["test"]))
        return parts

    @property
    def _columns(self) -> dict[str, Any]:
        return {"weight": self.given["weight"], "group": self.given["group"], "time": self.given["when"]}

    @property
    def params(self) -> dict[str, Any]:
        """Those of SoftmaxClassifier."""
        given = self.given
        return {
            "hidden_layer_sizes": "auto" if given["hidden"] is None else given["hidden"], "epochs": given["epochs"] or "auto", "class_weight": given["class_weight"],
            "quality": given["quality"], "members": given["members"] or None, "random_state": given["seed"], "time_limit": given["time_limit"], "n_threads": given["threads"],
        }  # fmt: skip


def _target(target: str | None, source: str) -> str:
    """The target column: given, or an example's own."""
    from normexp.tables import EXAMPLES

    if target is None and (name := source.removeprefix("example:")) in EXAMPLES and source != name:
        return EXAMPLES[name]
    if target is None:
        raise click.UsageError("expected --target COLUMN, the column of the classes, got none; only example:NAME tables have one of their own")
    return target


def _output_path(source: str, output: str | None, force: bool, target: str) -> Path:
    """Where the model goes, refused now if it could not be written later, or is in use by what is no earlier model of this target."""
    if output is not None:
        path = Path(output)
    else:
        stem = source.removeprefix("example:").split("::")[-1] if source != "-" else "model"
        path = Path(re.sub(r"[*?\[\]]", "_", Path(stem).name.removesuffix(".gz")) or "model").with_suffix(".safetensors")
        if path.exists() and not force:
            refuse_other_target(path, target)
    return writable(path, "model", [source])


def _rows_path(name: str, kept: list[Any]) -> Path:
    path = Path(name)
    if path.suffix not in (".csv", ".parquet"):
        raise click.UsageError(f"expected a file of rows that ends in .csv or .parquet, got '{path}'")
    return writable(path, "rows", kept)
