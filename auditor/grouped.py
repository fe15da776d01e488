"""Options under headings: a command whose --help lists them so, and which refuses one that is given twice."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

Command = TypeVar("Command", bound=Callable[..., Any])

OUTPUT = "Output"
"""Heading of the options that have none of their own, such as --help."""


class Grouped(click.Option):
    """An option that stands under a heading of --help."""

    def __init__(self, *args: Any, group: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.group = group


class GroupedCommand(click.Command):
    """A command whose --help lists its options by heading, and keeps the lines of its epilog."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Refuse an option given twice, of which only the last would count."""
        typed = [arg.partition("=")[0] for arg in (args[: args.index("--")] if "--" in args else args)]
        for param in self.params:
            if isinstance(param, click.Option) and not param.multiple and not param.is_flag:
                count = sum(typed.count(name) for name in param.opts)
                if count > 1:
                    raise click.UsageError(f"{param.opts[0]} is given {count} times; it takes one value.", ctx)
        return super().parse_args(ctx, args)

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options, heading by heading, in the order in which they are defined."""
        groups: dict[str, list[tuple[str, str]]] = {}
        for param in self.get_params(ctx):
            if isinstance(param, click.Argument):
                continue
            record = param.get_help_record(ctx)
            if record is not None:
                groups.setdefault(getattr(param, "group", OUTPUT), []).append(record)
        width = max(len(name) for records in groups.values() for name, _ in records)
        for title, records in groups.items():
            with formatter.section(title):
                # One width for all headings, so that the page has two columns and not one per heading.
                formatter.write_dl([(f"{name:<{width}}", words) for name, words in records], col_max=width + 2)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the epilog as it stands."""
        if self.epilog:
            formatter.write("\n" + self.epilog.strip("\n") + "\n")


def stacked(*options: Callable[[Command], Command]) -> Callable[[Command], Command]:
    """Options as one decorator, shown in the order given."""

    def decorate(command: Command) -> Command:
        for option in reversed(options):
            command = option(command)
        return command

    return decorate
