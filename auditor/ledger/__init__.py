"""Every look at an out-of-sample window, counted and kept: how many there were decides the level of the next one."""
