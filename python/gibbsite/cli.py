"""The command ``gibbsite``: what is installed (``info``), and every method on real data (``demo``)."""

from __future__ import annotations

import argparse
import json
import sys
import webbrowser
from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit status."""
    options = _parser().parse_args(arguments)
    status: int = options.run(options)
    return status


def _parser() -> argparse.ArgumentParser:
    from gibbsite import __version__

    parser = argparse.ArgumentParser(prog="gibbsite", description=__doc__)
    parser.add_argument("--version", action="version", version=f"gibbsite {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    info = commands.add_parser("info", help="version, compiled modules, instruction set, threads, CUDA devices")
    info.add_argument("--json", action="store_true", help="the same for programs")
    info.set_defaults(run=_info)
    demo = commands.add_parser("demo", help="fit every method to real data and write an HTML report")
    demo.add_argument("--output", default="report.html", metavar="FILE", help="where to write it (%(default)s)")
    demo.add_argument("--open", action="store_true", help="show it in the browser")
    demo.set_defaults(run=_demo)
    return parser


def _info(options: argparse.Namespace) -> int:
    from gibbsite.report.facts import facts

    if options.json:
        print(json.dumps(facts(), indent=2))
    else:
        for name, value in facts().items():
            print(f"{name:<12} {value}")
    return 0


def _demo(options: argparse.Namespace) -> int:
    from gibbsite.report import write_report

    try:
        path = write_report(options.output)
    except ImportError as error:
        print(f"gibbsite demo: {error}", file=sys.stderr)
        return 1
    print(f"The report lies at {path}")
    if options.open:
        webbrowser.open(path.as_uri())
    return 0
