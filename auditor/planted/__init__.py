"""Overlays of known truth, planted in worlds that are drawn from a user's own base.

catalogue.py  what there is to plant, and what is true of it
draws.py      resampled rows, random runs, the best of many
returns.py    a base's returns -> both policies' returns in one world
blotters.py   a base's trades -> both policies' trades in one world, and the returns they book
"""
