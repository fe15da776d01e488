"""What can go wrong on the user's side: one message that counts, shows the first case and says the fix."""


class AuditorError(Exception):
    """Base of every error that a user can cause and mend; the command line prints it and exits with 2."""


class InputError(AuditorError):
    """A file, a frame or an option that cannot be audited as it stands."""


class ConfigError(AuditorError):
    """A configuration file with an unknown key, a wrong type or a value out of range."""


class LedgerError(AuditorError):
    """A ledger of looks that cannot be reached, read or trusted."""


class Terminated(KeyboardInterrupt):  # an order, not an error
    """SIGTERM came, as from a scheduler or a CI that cancels a job: everything ends as by Ctrl-C."""


def of_system(error: OSError) -> str:
    """Say what the system refused, and of which file where it tells."""
    return f"{error.filename}: {error.strerror}" if error.filename else str(error)


def internal(error: Exception) -> str:
    """Say what no user caused: a defect of the program, or of a library."""
    return f"internal error: {type(error).__name__}: {error}"
