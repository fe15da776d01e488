"""Files and frames become checked arrays on one calendar, or a refusal."""
