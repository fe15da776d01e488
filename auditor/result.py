"""What an audit found, as frozen plain data, and its ways out: one line, text, JSON, Markdown, HTML."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from auditor.breadth import Breadth
from auditor.coverage.direction import Direction
from auditor.coverage.library import LibraryMatch
from auditor.desk import TradeCoverage, TradeLines
from auditor.ledger.budget import Look
from auditor.pictures import Pictures
from auditor.report.rated import Calibrated
from auditor.shelf import PositionCoverage
from auditor.stability import Stability
from auditor.stats.selection import Selection
from auditor.stats.shape import PairShape
from auditor.stats.sharpe import SharpeTest
from auditor.stats.spanning import SpanningRegression, StreamTest
from auditor.verdict.checks import Check, Evidence, Finding, Label, Part, Standing

if TYPE_CHECKING:
    from auditor.report.plots import Plots


@dataclass(frozen=True, slots=True, kw_only=True)
class SharpePair:
    """The paired test on what the tuning saw and on what it did not."""

    in_sample: SharpeTest
    out_of_sample: SharpeTest


@dataclass(frozen=True, slots=True, kw_only=True)
class ShapePair:
    """Tails, memory and drawdowns of both policies, and what the gain is made of, in each span."""

    in_sample: PairShape
    out_of_sample: PairShape


@dataclass(frozen=True, slots=True, kw_only=True)
class SpanAttribution:
    """The exact split of one span's gain: gain = reweighting_part + edge_part, annualised Sharpe.

    edge_share  edge part over gain; None, with the reason, where there is no gain
    on_base     tuned regressed on the base alone, as people quote it; None where the base explains all of it
    new_mean    what the new part earns; new_alpha what it earns beyond the covered part; None where it is empty
    new_p       the larger one-sided p of the two
    """

    reweighting_part: Part
    edge_part: Part
    edge_part_upper: float
    edge_share: float | None
    edge_share_reason: str | None
    on_base: SpanningRegression | None
    new_mean: StreamTest | None
    new_alpha: StreamTest | None
    new_p: float | None
    new_reason: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Attribution:
    """Where the gain comes from; the four short names are those of the out-of-sample span.

    trades   tuned minus base P&L line by line; None without trades
    library  what of the new part is in the streams of --library; None without them or without a new part
    """

    reweighting_part: float
    edge_part: float
    edge_share: float | None
    new_p: float | None
    in_sample: SpanAttribution
    out_of_sample: SpanAttribution
    library: LibraryMatch | None
    trades: TradeLines | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """What the base could do, as the audit saw it.

    pure_sizing    tuned is base times a weight of zero or more in every period
    streams        reweightings of the base and known streams that tuned was projected on, out of sample
    r_squared      share of the tuned policy's variance they explain, out of sample
    trades         what both blotters say; None where they were not given
    positions      what both policies' positions say; None where they were not given
    tries          depth against breadth: of rollouts, or as a picture of trades or of sessions; arrays, so no part of
                   a comparison
    covered_return, new_return   what the two parts earn a year, out of sample
    """

    pure_sizing: bool
    streams: tuple[str, ...]
    r_squared: float
    covered_return: float
    new_return: float
    direction: Direction
    trades: TradeCoverage | None
    positions: PositionCoverage | None
    tries: Breadth = field(compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class SeedAudit:
    """The finding on one pair of rollouts; gain and p-values are those out of sample."""

    base: str
    tuned: str
    label: Label
    finding: Finding
    gain: float
    p_value: float
    new_p: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Seeds:
    """The findings over seeds.

    audits    one a pair of rollouts
    findings  pairs by finding, from the strongest claim to the weakest
    agree     share of pairs that give the most frequent finding, which is the label's
    hangs     fewer than 90 % do
    shown     the rollouts of base and tuned whose numbers stand in the report
    not_audited  pairs that were left out, each with its reason
    """

    audits: tuple[SeedAudit, ...]
    findings: Mapping[Finding, int]
    agree: float
    hangs: bool
    shown: tuple[str, str]
    not_audited: tuple[str, ...] = ()

    def __str__(self) -> str:
        """Say it in one line."""
        each = ", ".join(f"{count} {finding.replace('_', ' ')}" for finding, count in self.findings.items())
        hangs = "the label hangs on the seed" if self.hangs else "the label does not hang on the seed"
        left = f", {len(self.not_audited)} not audited" if self.not_audited else ""
        return f"Of {len(self.audits) + len(self.not_audited)} pairs of rollouts {each}{left}: {hangs}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Input:
    """One file or frame that was read."""

    role: str
    name: str
    column: str
    sha256: str
    rows: int
    first: str
    last: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """The calendar: what was in sample, what out of it. Dates are ISO, windows inclusive."""

    frequency: str
    periods_per_year: float
    first: str
    last: str
    in_sample: tuple[tuple[str, str], ...]
    out_of_sample: tuple[tuple[str, str], ...]
    n_in_sample: int
    n_out_of_sample: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Audit:
    """The audit of a tuned policy against its base: a label, and everything that led to it.

    label      new_edge | reweighting | no_gain
    finding    new_edge | efficiency | flattering | unproven | no_gain
    standing   shown | presumed
    evidence   returns | known | trades
    stability  the same audit under other choices; None where it was not asked for
    look       which look at this out-of-sample window it is, and the level left for it; None where none was counted
    calibration  how often such an audit is wrong on data like this; None where none was given. It never moves the label
    notes      what was done because the user asked, or assumed and said
    warnings   what the user should know before believing it
    seeds      findings over seeds, where single rollouts were audited
    settings   every option in force
    versions   of the programs that computed it
    pictures   the arrays that pictures are drawn from; neither in the JSON nor in comparisons, and None where somebody
               took them out to keep many audits small: replace(audit, pictures=None)
    """

    label: Label
    finding: Finding
    standing: Standing
    evidence: Evidence
    reason: str
    sharpe: SharpePair
    attribution: Attribution
    coverage: Coverage
    selection: Selection
    look: Look | None
    shape: ShapePair
    stability: Stability | None = None
    checks: tuple[Check, ...]
    not_assessed: tuple[str, ...]
    would_change: tuple[str, ...]
    warnings: tuple[str, ...]
    notes: tuple[str, ...]
    sample: Sample
    inputs: tuple[Input, ...]
    settings: Mapping[str, Any]
    versions: Mapping[str, str]
    seeds: Seeds | None = None
    calibration: Calibrated | None = None
    pictures: Pictures | None = field(default=None, repr=False, compare=False, metadata={"json": False})

    def __str__(self) -> str:
        """Give the verdict as plain text, as the command line prints it."""
        from auditor.report.text import plain_text

        return plain_text(self)

    def __repr__(self) -> str:
        """Give the label and the gain on one line."""
        return f"<Audit {self.finding} ({self.standing}): {self.sharpe.out_of_sample}>"

    def _repr_html_(self) -> str:
        """Give the verdict and its checks as a table, for notebooks."""
        from auditor.report.markup import notebook_html

        return notebook_html(self)

    @property
    def plot(self) -> Plots:
        """Pictures as matplotlib figures: called for the overview, `plot.growth()` and the like for one."""
        from auditor.report.plots import Plots

        return Plots(self)

    def to_dict(self) -> dict[str, Any]:
        """Give plain data as the JSON schema has it: numbers unrounded, dates ISO, null for what is not assessed."""
        from auditor.report.machine import as_dict

        return as_dict(self)

    def to_json(self, path: str | Path | None = None) -> str:
        """Give the JSON text, and write it to `path` where one is given."""
        from auditor.report.machine import as_json, saved

        return saved(as_json(self), path)

    def to_html(self, path: str | Path | None = None) -> str:
        """Give one self-contained page, and write it to `path` where one is given."""
        from auditor.report.html import as_html
        from auditor.report.machine import saved

        return saved(as_html(self), path)

    def to_markdown(self, path: str | Path | None = None) -> str:
        """Give the audit in Markdown, for a pull request, and write it to `path` where one is given."""
        from auditor.report.machine import saved
        from auditor.report.markdown import as_markdown

        return saved(as_markdown(self), path)
