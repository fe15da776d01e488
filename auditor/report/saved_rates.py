"""A calibration comes in, as it is or as JSON from anybody; how often the audit was wrong goes out, checked."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from auditor.errors import InputError
from auditor.report.machine import as_json
from auditor.report.plain import clean, shortened
from auditor.report.rated import NO_FILE, Calibrated, Given, PlantedRate, Provable
from auditor.report.untrusted import Reader, Wanted, parsed, text_of
from auditor.verdict.checks import Evidence

MOST_OVERLAYS = 100
"""More than are ever planted: a table of the page has a row each."""

LONGEST, LONGEST_NAME = 1_000, 60
"""Characters of the verdict and of a name; whole ones are far shorter."""

LARGEST = 1e6
"""No Sharpe ratio is larger."""

DECIDING = (
    "level", "gain_level", "min_edge_share", "block", "known_complete", "periods_per_year", "rf", "opportunity",
    "tolerance", "pnl", "capital", "compounding",
)  # fmt: skip
"""Settings that decide what an audit calls an overlay, beside its data and split; reps and seed only blur it."""

SPANS, COUNTS = ("in_sample", "out_of_sample"), ("n_in_sample", "n_out_of_sample")
"""Of a sample: its windows and their periods."""

WANTED = Wanted(
    what="a calibration", tells="smallest", source="the JSON of a calibration",
    wrote="auditor calibrate BASE --report json:PATH", again="Calibrate again",
)  # fmt: skip


def read_calibration(given: Any) -> Given:
    """Check a calibration and take what an audit tells of it.

    given  path of the JSON that `auditor calibrate` wrote, a Calibration, or what `to_dict` of one gives

    Raises InputError for a file that cannot be read, or is not the JSON of a calibration.
    """
    if isinstance(given, str | os.PathLike):
        name, text = os.fspath(given), text_of(given, WANTED)
    else:
        data = given.to_dict() if hasattr(given, "to_dict") else given
        if not isinstance(data, Mapping):
            raise InputError(f"{NO_FILE}: {type(given).__name__} is neither a path nor what calibrate() gives")
        name, text = NO_FILE, as_json(data)
    return _CalibrationReader(name, WANTED).calibration(parsed(text, name, WANTED))


class _CalibrationReader(Reader):
    """Takes a calibration out of parsed JSON."""

    def calibration(self, data: dict[str, Any]) -> Given:
        """Take the parts that an audit tells or is held against."""
        settings, sample = self.mapping(data, "settings"), self.mapping(data, "sample")
        worlds = self._count(data, ("worlds",), least=1)
        nulls, edges = (self._rates(data, name, worlds) for name in ("nulls", "edges"))
        held = bool(self.take(data, ("held",), bool))
        if held != (not any(one.over for one in nulls)):
            self.refuse("held is not what its nulls say")
        told = Calibrated(
            name=clean(Path(self.name).name),
            held=held,
            verdict=self._words(data, "verdict", LONGEST),
            evidence=self.one_of(data, "evidence", Evidence),
            level=self._share(settings, ("level",)),
            worlds=worlds,
            reps=self._count(settings, ("reps",), least=1),
            seed=self._count(settings, ("seed",)),
            base_sharpe=self._real(data, ("base_sharpe",)),
            nulls=nulls,
            edges=edges,
            smallest=self._provable(data),
            version=self._words(self.mapping(data, "versions"), "auditor", LONGEST_NAME),
        )
        for name in DECIDING:
            self.take(settings, (name,), object, null=True)
        return Given(
            told=told,
            inputs={self.text(one, ("role",)): self.text(one, ("sha256",)) for one in self.listed(data, ("inputs",))},
            split=self._split(sample),
            settings=settings,
        )

    def _split(self, sample: dict[str, Any]) -> dict[str, Any]:
        found: dict[str, Any] = {name: self._count(sample, (name,)) for name in COUNTS}
        for name in SPANS:
            found[name] = self.listed(sample, (name,))
            for one in found[name]:
                if not (isinstance(one, list) and len(one) == 2 and all(isinstance(end, str) for end in one)):
                    self.refuse(f"sample.{name} holds what is no window")
        return found

    def _rates(self, data: dict[str, Any], name: str, worlds: int) -> tuple[PlantedRate, ...]:
        found = self.listed(data, (name,))
        if not 0 < len(found) <= MOST_OVERLAYS:
            self.refuse(f"{name} has {len(found):,} entries")
        rates = tuple(self._rate(one, worlds, planted=name == "edges") for one in found)
        sharpes = [one.sharpe or 0.0 for one in rates]
        if name == "edges" and (min(sharpes) <= 0 or sharpes != sorted(set(sharpes))):
            self.refuse("the Sharpe ratios of its edges do not rise from above zero")
        return rates

    def _rate(self, one: Any, worlds: int, *, planted: bool) -> PlantedRate:
        way = ("called", "new_edge")
        low, high = self.listed(one, (*way, "ci"), exactly=2)
        ends = (self._share({"low": low}, ("low",)), self._share({"high": high}, ("high",)))
        count, share = self._count(one, (*way, "count")), self._share(one, (*way, "share"))
        presumed, refused = self._count(one, ("presumed",)), self._count(one, ("called", "refused", "count"))
        name = self._words(one, "name", LONGEST_NAME)
        if abs(share * worlds - count) > 1e-6 or not ends[0] - 1e-9 <= share <= ends[1] + 1e-9:
            self.refuse(f"the share, count and interval of {name!r} are not of {worlds:,} worlds")
        if presumed > count or count + refused > worlds:
            self.refuse(f"the counts of {name!r} are more than its worlds")
        return PlantedRate(
            name=name,
            what=self._words(one, "what", LONGEST),
            sharpe=self._real(one, ("sharpe",)) if planted else None,
            count=count,
            share=share,
            ci=ends,
            presumed=presumed,
            refused=refused,
            over=None if planted else bool(self.take(one, ("over",), bool)),
        )

    def _provable(self, data: dict[str, Any]) -> Provable:
        low, high = self.listed(data, ("smallest", "ci"), exactly=2)
        sharpe, *ends = (
            self._bounded(*one)
            for one in ((data, ("smallest", "sharpe")), ({"low": low}, ("low",)), ({"high": high}, ("high",)))
        )
        return Provable(
            power=self._share(data, ("smallest", "power")),
            sharpe=sharpe,
            sharpe_reason=None if sharpe is not None else self._words(data["smallest"], "sharpe_reason", LONGEST),
            ci=(ends[0], ends[1]),
            smallest=self._real(data, ("smallest", "smallest")),
            largest=self._real(data, ("smallest", "largest")),
        )

    def _real(self, data: Any, way: tuple[str, ...]) -> float:
        found = self._bounded(data, way)
        if found is None:
            self.refuse(f"{'.'.join(way)} is null")
        return found

    def _bounded(self, data: Any, way: tuple[str, ...]) -> float | None:
        found = self.number(data, way)
        if found is not None and abs(found) > LARGEST:
            self.refuse(f"{'.'.join(way)} is out of range")
        return found

    def _words(self, data: Any, name: str, longest: int) -> str:
        return shortened(clean(self.text(data, (name,))), longest)

    def _share(self, data: Any, way: tuple[str, ...]) -> float:
        found = self._real(data, way)
        if not 0 <= found <= 1:
            self.refuse(f"{'.'.join(way)} is {found:g}, no share")
        return found

    def _count(self, data: Any, way: tuple[str, ...], *, least: int = 0) -> int:
        found = cast(int, self.take(data, way, int))
        if not least <= found < 2**63:
            self.refuse(f"{'.'.join(way)} is out of range")
        return found
