"""normexp learn"""

import os
import sys
from pathlib import Path

import click

from normexp.cli._console import say
from normexp.cli._outputs import writable


@click.command()
@click.option("-o", "--output", metavar="PAGE", default="softmax.html", show_default=True, help="HTML file to write.")
@click.option("--open/--no-open", "opens", default=None, help="Open it in a browser.  [default: on a desktop]")
def learn(output: str, opens: bool | None) -> None:
    """Write the page that teaches softmax: sliders, pictures, a network that learns. One file, no network needed.

    \b
    Examples:
      normexp learn
      normexp learn -o lesson.html --no-open
    """
    path = writable(Path(output), "page")
    from normexp.learn import write_page

    write_page(path)
    say(f"page: {path}")
    if opens or (opens is None and _has_desktop()):
        import webbrowser

        if not webbrowser.open(path.resolve().as_uri()):
            say("note: found no browser to open it with")


def _has_desktop() -> bool:
    return sys.stdout.isatty() and (sys.platform == "darwin" or any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY")))
