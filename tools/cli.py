"""The program ``nncc``: finds the command, and turns errors into messages and an exit status.

Only the module of the command that is asked for is imported, so that ``nncc --help`` answers at once.
"""

from __future__ import annotations

import argparse
import gc
import importlib
import sys
from collections.abc import Sequence

COMMANDS = {
    "compile": "compile a model (what nncc does when no command is named)",
    "optimize": "make a model smaller and faster in its own format",
    "opt": "run passes on IR text",
    "run": "execute a model on inputs",
    "compare": "run two models on the same inputs and show where they part",
    "dump": "show what a file holds",
    "support": "show what of a model converts to a target, and why the rest does not",
    "passes": "list the passes, with their options",
    "pipelines": "list the pipelines, with their steps",
    "ops": "list the operations of a dialect",
    "nnb-template": "write a settings file with all functions and variables, for NNB",
}

ALLOCATIONS_BETWEEN_COLLECTIONS = 50_000
"""Nearly all that a compilation makes lives to its end: Python's 700 would have it looked through all the time."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the program; the exit status is 0 (done), 1 (the model could not be converted) or 2 (wrong usage)."""
    gc.set_threshold(ALLOCATIONS_BETWEEN_COLLECTIONS)
    arguments = list(sys.argv[1:] if argv is None else argv)
    command = arguments.pop(0) if arguments and arguments[0] in COMMANDS else "compile"
    module = importlib.import_module(f".{command.replace('-', '_')}", __package__)
    parser = argparse.ArgumentParser(
        prog="nncc" if command == "compile" else f"nncc {command}",
        description=module.__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog=_command_list() if command == "compile" else None,
        allow_abbrev=False,
    )
    module.add_arguments(parser)
    parser.add_argument("--plugin", action="append", default=[], metavar="MODULE", help="import a plugin first")
    parser.add_argument("--debug", action="store_true", help="show the traceback of an error")
    return _guarded(module.run, parser.parse_args(arguments))


def _command_list() -> str:
    rows = [f"  {name:<13}{text}" for name, text in COMMANDS.items() if name != "compile"]
    return "\n".join(["commands (nncc COMMAND --help):", *rows])


def _guarded(run: object, args: argparse.Namespace) -> int:
    """Run a command; what goes wrong becomes messages on stderr and an exit status."""
    from ..ir.diagnostics import NnccError

    try:
        if args.plugin:
            from ..pipelines.registry import load_plugin

            for plugin in args.plugin:
                load_plugin(plugin)
        status: int = run(args)  # type: ignore[operator]  # the `run` of a command's module
        return status
    except NnccError as error:
        if args.debug:
            raise
        print(error, file=sys.stderr)
        return error.exit_status
    except BrokenPipeError:  # the reader of our output has gone: not an error of ours
        sys.stderr.close()
        return 0
    except OSError as error:
        if args.debug:
            raise
        place = f"{error.filename}: " if error.filename else ""
        print(f"{place}error: {error.strerror or error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("interrupted; nothing was written", file=sys.stderr)
        return 130
    except Exception as error:
        if args.debug:
            raise
        kind = type(error).__name__
        print(f"error: internal error ({kind}: {error})", file=sys.stderr)
        print("  remedy: this is a fault of nncc; please report it with what --debug shows", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
