"""Overlays of known truth, planted in worlds that are drawn from a user's own base.

catalogue.py  what there is to plant, and what is true of it
draws.py      resampled rows, random runs, the best of many
returns.py    a base's returns -> both policies' returns in one world
blotters.py   a base's trades -> those of one world
trades.py     those -> both policies' trades, and the returns they book
audited.py    one world -> what the audit calls each overlay;  pool.py  all worlds, on several processes
power.py      what was called what -> shares with errors, the smallest book;  words.py  both in words
"""
