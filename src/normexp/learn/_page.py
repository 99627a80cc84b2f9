"""One self-contained HTML file; its script is allowed by its hash, everything else from outside is forbidden."""

import base64
import hashlib
import json
import os
from importlib.resources import files
from pathlib import Path

from normexp._atomic import replaced
from normexp._version import __version__
from normexp.learn._examples import EXAMPLES, Example, rounded, run_examples
from normexp.learn._network import PROGRAM, record_network

__all__ = ["write_page"]


def write_page(path: str | os.PathLike[str]) -> None:
    """Write the page, whole or not at all; the network on it is trained now, which takes a fraction of a second.

    Raises
    ------
    OSError
        If the file cannot be written.
    """
    from jinja2 import Environment, PackageLoader
    from markupsafe import Markup

    folder = files("normexp.learn")
    script, style = ((folder / name).read_text("utf-8") for name in ("page.js", "page.css"))
    environment = Environment(loader=PackageLoader("normexp.learn", "."), autoescape=True, trim_blocks=True, lstrip_blocks=True)
    recorded = record_network()
    loss = rounded(recorded["loss"])
    examples = run_examples(EXAMPLES | {"mean": (f"np.exp(-{loss})",)})
    examples["program"] = [Example(PROGRAM.replace(" callbacks=callbacks,", ""), ""), Example("loss, accuracy", f"({loss}, {recorded['accuracy']})")]
    page = environment.get_template("page.html").render(
        version=__version__, style=Markup(style), script=Markup(script), script_hash=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
        data=Markup(json.dumps(recorded, separators=(",", ":"))), examples=examples, classes=recorded["classes"], loss=loss, accuracy=recorded["accuracy"],
    )  # fmt: skip
    with replaced(Path(path)) as temporary:
        temporary.write_text(page, "utf-8")
