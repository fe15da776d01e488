"""The audits that a config file names are run, counted and judged."""
